"""Attributes that a tenant adds to its users: who may, which names, how many, and what is left when one goes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from housekey.core.attributes import CUSTOM_URN
from housekey.core.custom import MOST, CustomAttribute, CustomType, held
from housekey.core.errors import Conflict, Invalid, NotFound, NotPermitted
from housekey.core.principal import CLAIM_UPDATE, CLAIM_VIEW, USER_UPDATE, Principal
from housekey.core.users import Changes, Profile
from housekey.operations import custom_attributes, own_profile, users
from housekey.store.models import AuditEntry
from housekey.store.models import CustomAttribute as Row
from tests.operations.support import World, other_world

BADGE = CustomAttribute("badge", "string", "The number on the badge.")


def add(world: World, name: str = "badge", type: CustomType = "string", description: str = "") -> None:
    custom_attributes.add(world.by, CustomAttribute(name, type, description), world.now)


def shown(world: World, profile: Profile) -> dict[str, object]:
    """What doors show of the tenant's own attributes."""
    schema = custom_attributes.kind_of_users(world.tenant).extension(CUSTOM_URN)
    return held(schema, profile.more.get(CUSTOM_URN, {}))


def test_an_attribute_is_listed_by_name_until_it_is_removed(world: World) -> None:
    assert custom_attributes.listing(world.by) == []
    add(world, "zone")
    custom_attributes.add(world.by, BADGE, world.now)
    assert [one.name for one in custom_attributes.listing(world.by)] == ["badge", "zone"]
    assert custom_attributes.listing(world.by)[0] == BADGE
    custom_attributes.remove(world.by, "BADGE", world.now)
    assert [one.name for one in custom_attributes.listing(world.by)] == ["zone"]
    with pytest.raises(NotFound):
        custom_attributes.remove(world.by, "badge", world.now)


def test_each_verb_needs_its_permission(world: World) -> None:
    reader = Principal(world.tenant, "reader", frozenset({CLAIM_VIEW}))
    writer = Principal(world.tenant, "writer", frozenset({CLAIM_UPDATE}))
    custom_attributes.add(writer, BADGE, world.now)
    assert custom_attributes.listing(reader) == [BADGE]
    for refused in (lambda: custom_attributes.listing(writer), lambda: custom_attributes.add(reader, CustomAttribute("zone"), world.now),
                    lambda: custom_attributes.remove(reader, "badge", world.now)):
        with pytest.raises(NotPermitted):
            refused()
    custom_attributes.remove(writer, "badge", world.now)


@pytest.mark.parametrize("name", ["userName", "USERNAME", "id", "meta", "schemas", "externalId", "password", "emails", "active", "roles",
                                  "department", "manager", "accountLocked", "askPassword", "forcepasswordreset", "invitation", "givenname",
                                  "oneTimePassword"])
def test_a_name_that_every_user_has_is_taken_in_any_case(world: World, name: str) -> None:
    """An attribute of that name would shadow the one that decides who gets in."""
    with pytest.raises(Invalid) as refusal:
        add(world, name)
    assert (refusal.value.field, custom_attributes.listing(world.by)) == ("name", [])


@pytest.mark.parametrize("name", ["badge", "Badge", "BADGE"])
def test_a_name_is_there_once_in_any_case(world: World, name: str) -> None:
    add(world, "badge")
    with pytest.raises(Conflict) as refusal:
        add(world, name)
    assert refusal.value.field == "name"


@pytest.mark.parametrize(("attribute", "field"), [
    *((CustomAttribute(name), "name") for name in ("", "1st", "_x", "a b", "a.b", "a:b", "a-b", "a$", "ä", "badge\n", "a\0", "x" * 61)),
    (CustomAttribute("badge", "complex"), "type"), (CustomAttribute("badge", "String"), "type"),  # type: ignore[arg-type] # a client's
    (CustomAttribute("badge", description="x" * 301), "description"), (CustomAttribute("badge", description="a\0b"), "description"),
])
def test_what_cannot_be_is_refused_by_the_part(world: World, attribute: CustomAttribute, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        custom_attributes.add(world.by, attribute, world.now)
    assert (refusal.value.field, custom_attributes.listing(world.by)) == (field, [])


def test_the_longest_of_everything_is_taken(world: World) -> None:
    custom_attributes.add(world.by, CustomAttribute("x" * 60, description="y" * 300), world.now)
    assert len(custom_attributes.listing(world.by)) == 1


def test_a_tenant_has_fifty_at_most(world: World) -> None:
    for number in range(MOST):
        add(world, f"a{number}")
    with pytest.raises(Invalid, match="50") as refusal:
        add(world, "last")
    assert refusal.value.field == "name"
    custom_attributes.remove(world.by, "a7", world.now)
    add(world, "last")
    assert Row.objects.within(world.tenant).count() == MOST


def test_another_tenant_sees_nothing_of_it(world: World) -> None:
    other = other_world(world)
    add(world, "badge")
    assert custom_attributes.listing(other.by) == []
    assert custom_attributes.kind_of_users(other.tenant).extension(CUSTOM_URN).attributes == ()
    with pytest.raises(NotFound):
        custom_attributes.remove(other.by, "badge", world.now)
    add(other, "badge", "boolean")
    custom_attributes.remove(other.by, "badge", world.now)
    assert [one.type for one in custom_attributes.listing(world.by)] == ["string"]


def test_what_was_done_is_in_the_audit_log_and_what_was_refused_is_not(world: World) -> None:
    add(world, "badge", "boolean")
    with pytest.raises(Conflict):
        add(world, "Badge")
    custom_attributes.remove(world.by, "badge", world.now)
    rows = AuditEntry.objects.within(world.tenant).filter(event__startswith="attribute:").order_by("id")
    assert [(row.event, row.target, row.outcome) for row in rows] == [
        ("attribute:add", "badge", "done"), ("attribute:remove", "badge", "done")]
    assert rows[0].detail == {"type": "boolean"}


@pytest.mark.parametrize(("before", "kept", "after"), [
    ("string", "yes", "boolean"), ("boolean", True, "string"), ("boolean", False, "dateTime"), ("string", "soon", "dateTime"),
    ("string", "2026-03-01", "dateTime"), ("string", "2026-03-01T09:00:00+02:00", "dateTime"),
    ("dateTime", "2026-03-01T09:00:00.000Z", "boolean"),
])
def test_removed_and_added_with_another_type_it_shows_no_misfit(world: World, before: CustomType, kept: object, after: CustomType) -> None:
    add(world, "badge", before)
    user = world.add()
    given = replace(user.profile, more={CUSTOM_URN: {"badge": kept}})
    user = users.change(world.house, world.by, user.id, Changes(profile=given), world.now)
    assert shown(world, user.profile) == {"badge": kept}
    custom_attributes.remove(world.by, "badge", world.now)
    assert shown(world, user.profile) == {}
    add(world, "badge", after)
    assert shown(world, users.get(world.by, user.id).profile) == {}
    custom_attributes.remove(world.by, "badge", world.now)
    add(world, "badge", before)
    assert shown(world, users.get(world.by, user.id).profile) == {"badge": kept}


def test_its_owner_does_not_write_one_but_keeps_changing_the_rest_after_it_is_gone(world: World) -> None:
    """A-132: what a tenant keeps about a person is not the person's to change. What nobody sees any more is in nobody's way."""
    add(world, "badge")
    user = world.add()
    given = replace(user.profile, more={CUSTOM_URN: {"badge": "7"}})
    user = users.change(world.house, world.by, user.id, Changes(profile=given), world.now)
    own = world.acting_as("jane")
    assert USER_UPDATE not in own.permissions
    for more in ({}, {CUSTOM_URN: {"badge": "8"}}):
        with pytest.raises(NotPermitted):
            own_profile.change(world.house, own, replace(user.profile, more=more), world.now)
    custom_attributes.remove(world.by, "badge", world.now)
    assert own_profile.change(world.house, own, replace(user.profile, more={}, given_name="Jane"), world.now).profile.given_name == "Jane"
