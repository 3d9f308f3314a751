"""What a tenant asks of the values of attributes: it holds at every door, for what is set from then on, and for itself only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from housekey.core.attributes import CUSTOM_URN
from housekey.core.claim_rules import Rule
from housekey.core.claims import DIALECT, EMAIL, GIVEN_NAME, LAST_NAME, MOBILE
from housekey.core.custom import CustomAttribute
from housekey.core.errors import Invalid, NotFound
from housekey.core.names import split_username
from housekey.core.users import Changes, Email, NewUser, Profile, User
from housekey.operations import claim_rules, claims, custom_attributes, own_profile, users
from housekey.store.models import AuditEntry, Setting
from tests.operations.support import World, other_world

WITHOUT = r"^([a-zA-Z0-9_\.\-])+\@(([a-zA-Z0-9\-])+\.)+([a-zA-Z0-9]{2,4})+$"
WITH_HASH = r"^([a-zA-Z0-9_\.\-#])+\@(([a-zA-Z0-9#\-])+\.)+([a-zA-Z0-9#]{2,4})+$"
WITH_DOLLAR = r"^([a-zA-Z0-9_\.\-\\$])+\@(([a-zA-Z0-9\\$\-])+\.)+([a-zA-Z0-9\\$]{2,4})+$"


def ask(world: World, uri: str = EMAIL, **parts: Any) -> None:
    claims.update(world.by, uri, **parts, now=world.now)


def profile(mail: str = "jane@example.com", **more: Any) -> Profile:
    return Profile(emails=(Email(mail, primary=True),), **more)


@pytest.mark.parametrize(("pattern", "address"), [(WITH_HASH, "abc#def@example.com"), (WITH_DOLLAR, "abc$def@example.com")])
def test_the_walk_of_the_documentation_lets_one_more_character_in(world: World, pattern: str, address: str) -> None:
    ask(world, regex=WITHOUT)
    with pytest.raises(Invalid) as refused:
        world.invite(mail=address)
    assert refused.value.field == "emails[0]"
    ask(world, regex=pattern)
    world.invite(mail=address)


def test_a_pattern_is_asked_of_every_address_that_is_new_and_of_none_that_was_there(world: World) -> None:
    user = world.add(mail="jane+old@example.com")
    ask(world, regex=WITHOUT)
    before = users.get(world.by, user.id).profile
    users.change(world.house, world.by, user.id, Changes(profile=replace(before, given_name="Jane")), world.now)
    added = replace(before, emails=(*before.emails, Email("jane+new@example.com", "home")))
    with pytest.raises(Invalid) as refused:
        users.change(world.house, world.by, user.id, Changes(profile=added), world.now)
    assert refused.value.field == "emails[1]"
    assert users.get(world.by, user.id).profile.mail == "jane+old@example.com"


def test_a_rule_holds_for_its_own_tenant_and_is_on_record(world: World) -> None:
    other = other_world(world)
    ask(world, regex=WITHOUT, required=True)
    other.invite(mail="a+b@example.com")
    row = AuditEntry.objects.within(world.tenant).get(event="claim:change")
    assert row.detail == {"before": {"regex": "", "required": False}, "after": {"regex": WITHOUT, "required": True}}
    ask(world, regex="", required=False)
    assert not Setting.objects.within(world.tenant).filter(name__endswith=EMAIL).exists()
    assert not claims.get(world.by, EMAIL).changed


def test_nobody_is_added_without_what_is_required_and_it_cannot_be_emptied(world: World) -> None:
    user = world.add("bare", mail="")
    ask(world, LAST_NAME, required=True)
    ask(world, EMAIL, required=True)
    new = NewUser(split_username("john"), profile("john@example.com"))
    with pytest.raises(Invalid) as refused:
        users.create(world.house, world.by, new, world.now)
    assert refused.value.field == LAST_NAME
    users.create(world.house, world.by, replace(new, profile=profile("john@example.com", family_name="Doe")), world.now)
    john = users.by_name(world.by, "john")
    with pytest.raises(Invalid):
        users.change(world.house, world.by, john.id, Changes(profile=Profile(family_name="Doe")), world.now)
    users.change(world.house, world.by, user.id, Changes(profile=Profile(given_name="Bea")), world.now)


def test_what_is_read_only_is_changed_by_an_administrator_alone(world: World) -> None:
    user = world.add()
    ask(world, GIVEN_NAME, read_only=True)
    her = world.acting_as("jane")
    mine = replace(users.get(world.by, user.id).profile, given_name="Janet")
    with pytest.raises(Invalid) as refused:
        own_profile.change(world.house, her, mine, world.now)
    assert refused.value.field == GIVEN_NAME
    users.change(world.house, world.by, user.id, Changes(profile=mine), world.now)
    assert own_profile.change(world.house, her, replace(mine, family_name="Doe"), world.now).profile.family_name == "Doe"


def test_a_pattern_holds_for_ones_own_profile_too(world: World) -> None:
    world.add()
    ask(world, MOBILE, regex=r"\+49[0-9 ]+")
    mine = profile(more={"phoneNumbers": [{"value": "+43 1 234567", "type": "mobile"}]})
    with pytest.raises(Invalid):
        own_profile.change(world.house, world.acting_as("jane"), mine, world.now)


@pytest.mark.parametrize("pattern", [r"(a)\1", "(?=a)a", "a++", "[", "(" * 30, "((a{20}){20}){20}", "x" * 256, "a\0", "\ud800"])
def test_a_pattern_that_the_engine_does_not_take_is_refused_and_not_stored(world: World, pattern: str) -> None:
    """A-086."""
    with pytest.raises(Invalid) as refused:
        ask(world, regex=pattern)
    assert refused.value.field == "regex"
    assert not Setting.objects.within(world.tenant).exists()


def test_a_stored_pattern_that_is_not_taken_any_more_locks_nobody_out(world: World) -> None:
    Setting(tenant_id=world.tenant.id, name=f"regEx:{EMAIL}", value="(?=x)", changed=world.now, changed_by="an older release").save()
    world.invite()


def test_nothing_is_asked_of_what_nobody_writes(world: World) -> None:
    with pytest.raises(Invalid):
        ask(world, f"{DIALECT}/userid", regex="[0-9]+")
    with pytest.raises(Invalid):
        ask(world, f"{DIALECT}/role", required=True)


@pytest.fixture
def badge(world: World) -> CustomAttribute:
    attribute = CustomAttribute("badgeNumber")
    custom_attributes.add(world.by, attribute, world.now)
    return attribute


def with_badge(world: World, number: str, name: str = "jane") -> User:
    new = NewUser(split_username(name), profile(f"{name}@example.com", more={CUSTOM_URN: {"badgeNumber": number}}))
    return users.create(world.house, world.by, new, world.now)


def test_an_attribute_of_ones_own_has_rules_until_it_is_removed(world: World, badge: CustomAttribute) -> None:
    claim_rules.change(world.by, "BADGENUMBER", Rule(regex="[0-9]{4}", required=True), world.now)
    with pytest.raises(Invalid) as refused:
        with_badge(world, "12x4")
    assert refused.value.field == badge.uri
    with pytest.raises(Invalid):
        world.invite("john", "john@example.com")
    with_badge(world, "1234")
    custom_attributes.remove(world.by, "badgenumber", world.now)
    world.invite("john", "john@example.com")
    with pytest.raises(NotFound):
        claim_rules.get(world.by, "badgeNumber")


def test_whom_a_pattern_would_concern_is_counted_up_to_a_bound(world: World) -> None:
    for number in range(4):
        world.invite(f"user{number}", f"user{number}{'+x' if number % 2 else ''}@example.com")
    found = claim_rules.concerned(world.by, EMAIL, WITHOUT)
    assert (found.count, found.all) == (2, True)
    few = claim_rules.concerned(world.by, EMAIL, WITHOUT, most=1)
    assert (few.looked_at, few.all) == (1, False)
