"""Groups: names, members, what a change of nothing leaves alone, and what deleting takes along."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from housekey.core.errors import Conflict, Invalid, NotFound, NotPermitted, Stale
from housekey.core.groups import Group, GroupChanges, NewGroup, split_group
from housekey.core.principal import (
    ADMINISTRATOR,
    ADMINISTRATOR_PERMISSIONS,
    GROUP_CREATE,
    GROUP_DELETE,
    GROUP_UPDATE,
    GROUP_VIEW,
    Principal,
)
from housekey.operations import groups, users
from housekey.operations.groups import Wanted
from housekey.store.models import AuditEntry
from tests.operations.support import World, other_world


def add(world: World, name: str = "Staff", *members: object, external_id: str = "") -> Group:
    return groups.create(world.by, NewGroup(split_group(name), members, external_id), world.now)  # type: ignore[arg-type] # ids


def test_a_group_lists_its_users_and_they_list_it(world: World) -> None:
    jane, tom = world.add("jane"), world.add("tom")
    group = add(world, "Staff", tom.id, jane.id, tom.id)
    assert [str(member.name) for member in group.members] == ["jane", "tom"]
    assert groups.get(world.by, group.id) == group
    [mine] = users.get(world.by, jane.id).groups
    assert (mine.id, str(mine.name)) == (group.id, "Staff")
    assert [row.groups for row in users.listing(world.by).users if row.id == jane.id] == [(mine,)]


@pytest.mark.parametrize("name", ["staff", "STAFF", "primary/Staff", "Ｓtaff"])
def test_a_name_is_there_once_in_any_spelling(world: World, name: str) -> None:
    add(world, "Staff")
    with pytest.raises(Conflict) as refusal:
        add(world, name)
    assert refusal.value.field == "displayName"
    other = add(world, "Others")
    with pytest.raises(Conflict):
        groups.change(world.by, other.id, GroupChanges(name=split_group(name)), world.now)


@pytest.mark.parametrize("name", ["", " ", " Staff", "a\tb", "a\u200bb", "x" * 256, "Internal/everyone", "application/x", "NOWHERE/x"])
def test_a_name_that_cannot_be_is_refused_by_the_part(world: World, name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        add(world, name)
    assert refusal.value.field == "displayName"


def test_two_tenants_do_not_meet(world: World) -> None:
    """A-025's kin."""
    acme, jane = other_world(world), world.add("jane")
    group = add(world)
    add(acme, "Staff")
    for deed in (
        lambda: groups.get(acme.by, group.id),
        lambda: groups.change(acme.by, group.id, GroupChanges(), world.now),
        lambda: groups.delete(acme.by, group.id, world.now),
    ):
        with pytest.raises(NotFound):
            deed()
    with pytest.raises(Invalid):
        add(acme, "Theirs", jane.id)
    assert [str(row.name) for row in groups.listing(acme.by).groups] == ["Staff"]


def test_a_group_in_a_group_is_refused_in_a_sentence_that_says_what_to_do(world: World) -> None:
    inner = add(world, "Inner")
    with pytest.raises(Invalid, match=r"is a group.*add its users themselves"):
        add(world, "Outer", inner.id)
    with pytest.raises(Invalid, match="no user with the id"):
        add(world, "Outer", uuid4())
    assert groups.listing(world.by).total == 1


def test_what_changes_nothing_leaves_version_and_time_alone(world: World) -> None:
    """RFC 7644 section 3.5.2.1."""
    jane = world.add("jane")
    group, later = add(world, "Staff", jane.id), world.now + timedelta(minutes=1)
    same = GroupChanges(name=split_group("Staff"), external_id="", added=frozenset({jane.id}), removed=frozenset({uuid4()}))
    assert groups.change(world.by, group.id, same, later) == group
    gone = groups.change(world.by, group.id, GroupChanges(removed=frozenset({jane.id})), later)
    assert (gone.members, gone.version, gone.modified) == ((), 2, later)


def test_members_are_replaced_as_a_whole_and_then_changed(world: World) -> None:
    people = [world.add(name) for name in ("ann", "bob", "cem", "dan")]
    ann, bob, cem, dan = [person.id for person in people]
    group = add(world, "Staff", ann, bob)
    changes = GroupChanges(members=frozenset({bob, cem}), added=frozenset({dan}), removed=frozenset({bob}))
    changed = groups.change(world.by, group.id, changes, world.now)
    assert [str(member.name) for member in changed.members] == ["cem", "dan"]


def test_who_saw_another_version_changes_nothing(world: World) -> None:
    group = add(world)
    groups.change(world.by, group.id, GroupChanges(external_id="x"), world.now)
    with pytest.raises(Stale):
        groups.change(world.by, group.id, GroupChanges(external_id="y", version=group.version), world.now)
    with pytest.raises(Stale):
        groups.delete(world.by, group.id, world.now, version=group.version)
    assert groups.get(world.by, group.id).external_id == "x"


def test_a_deleted_user_leaves_her_groups_and_a_deleted_group_its_users(world: World) -> None:
    jane, tom = world.add("jane"), world.add("tom")
    group, other = add(world, "Staff", jane.id, tom.id), add(world, "Others", tom.id)
    users.delete(world.by, jane.id, world.now)
    left = groups.get(world.by, group.id)
    assert ([str(member.name) for member in left.members], left.version) == (["tom"], 2)
    groups.delete(world.by, group.id, world.now)
    assert [str(row.name) for row in users.get(world.by, tom.id).groups] == ["Others"]
    assert groups.listing(world.by, Wanted(member=tom.id)).groups == [groups.get(world.by, other.id)]


def test_a_group_gives_no_rank_so_it_takes_none(world: World) -> None:
    """`must_outrank` is for what could take an account over; membership in a group cannot."""
    boss = world.add("boss", role=ADMINISTRATOR)
    clerk = Principal(world.tenant, "clerk", frozenset({GROUP_CREATE}))
    assert groups.create(clerk, NewGroup(split_group("Bosses"), (boss.id,)), world.now).members[0].id == boss.id


@pytest.mark.parametrize("scope", [GROUP_CREATE, GROUP_VIEW, GROUP_UPDATE, GROUP_DELETE])
def test_each_deed_needs_its_own_permission(world: World, scope: str) -> None:
    group = add(world)
    deeds: dict[str, Callable[[Principal], object]] = {
        GROUP_CREATE: lambda by: groups.create(by, NewGroup(split_group("New")), world.now),
        GROUP_VIEW: lambda by: (groups.listing(by), groups.get(by, group.id)),
        GROUP_UPDATE: lambda by: groups.change(by, group.id, GroupChanges(external_id="x"), world.now),
        GROUP_DELETE: lambda by: groups.delete(by, group.id, world.now),
    }
    with pytest.raises(NotPermitted, match=scope):
        deeds[scope](Principal(world.tenant, "clerk", ADMINISTRATOR_PERMISSIONS - {scope}))
    deeds[scope](Principal(world.tenant, "clerk", frozenset({scope})))


def test_lists_are_sorted_paged_and_found_by_what_they_are_asked_for(world: World) -> None:
    for name, external_id in (("b", "1"), ("a", ""), ("C", "2")):
        add(world, name, external_id=external_id)

    def names(**asked: object) -> list[str]:
        return [str(group.name) for group in groups.listing(world.by, **asked).groups]  # type: ignore[arg-type] # any of them

    assert names() == ["a", "b", "C"]
    assert names(descending=True) == ["C", "b", "a"]
    assert names(offset=1, limit=1) == ["b"]
    assert names(sort="external_id") == ["b", "C", "a"]
    assert names(sort="external_id", descending=True) == ["a", "C", "b"]
    assert names(wanted=Wanted(name=split_group("primary/B"))) == ["b"]
    assert names(wanted=Wanted(external_id="2")) == ["C"]
    assert groups.listing(world.by, limit=0).total == 3


def test_the_audit_log_tells_of_each(world: World) -> None:
    jane = world.add("jane")
    group = add(world, "Staff", jane.id)
    groups.change(world.by, group.id, GroupChanges(name=split_group("Team"), removed=frozenset({jane.id})), world.now)
    groups.delete(world.by, group.id, world.now)
    told = [
        (row.event, row.target, row.detail) for row in AuditEntry.objects.within(world.tenant).filter(target_id=group.id).order_by("id")
    ]
    assert told == [
        ("group:create", "Staff", {"members": 1}),
        ("group:change", "Team", {"renamed": True, "added": 0, "removed": 1}),
        ("group:delete", "Team", {}),
    ]
