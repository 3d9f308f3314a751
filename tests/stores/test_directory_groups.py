"""Groups of a directory stand beside our own, follow what happens over there, and are changed there only."""

from __future__ import annotations

from datetime import timedelta

import pytest

from housekey.core.errors import Invalid
from housekey.core.groups import GroupChanges, NewGroup
from housekey.core.names import UserName
from housekey.operations import groups, stores, users
from housekey.operations.groups import Wanted
from tests.operations.support import World
from tests.stores.support import Domain, connected
from tests.support.slapd import Place


def seen(domain: Domain) -> dict[str, list[str]]:
    """Group -> names of its members."""
    return {str(group.name): [str(member.name) for member in group.members] for group in groups.listing(domain.by).groups}


def looked(domain: Domain, minutes: int = 1) -> None:
    now = domain.world.now + timedelta(minutes=minutes)
    stores.look(domain.by, domain.name, now)
    domain.work(now)


def test_groups_and_their_members_appear_follow_and_go(world: World, place: Place) -> None:
    for uid in ("anna", "bert", "carl"):
        place.add(uid)
    place.group("Staff", "anna", "bert")
    domain = connected(world, place)
    assert seen(domain) == {"STAFF/Staff": ["STAFF/anna", "STAFF/bert"]}

    others = [("MODIFY_REPLACE", [place.dn("bert"), place.dn("carl")])]
    place.server.done(place.server.admin().modify(f"cn=Staff,{place.groups}", {"member": others}))
    looked(domain)
    assert seen(domain) == {"STAFF/Staff": ["STAFF/bert", "STAFF/carl"]}

    place.server.done(place.server.admin().modify_dn(f"cn=Staff,{place.groups}", "cn=Crew"))
    looked(domain, 2)
    assert seen(domain) == {"STAFF/Crew": ["STAFF/bert", "STAFF/carl"]}

    place.server.done(place.server.admin().delete(f"cn=Crew,{place.groups}"))
    looked(domain, 3)
    assert seen(domain) == {}


def test_a_user_shows_the_groups_she_is_in_over_there(world: World, place: Place) -> None:
    place.add("anna")
    place.group("Staff", "anna")
    domain = connected(world, place)
    anna = domain.find("anna")
    assert anna is not None
    assert [str(group.name) for group in anna.groups] == ["STAFF/Staff"]


def test_a_group_of_a_directory_is_changed_there_only(world: World, place: Place) -> None:
    place.add("anna")
    place.group("Staff", "anna")
    domain = connected(world, place)
    (group,) = groups.listing(domain.by, Wanted(name=UserName("STAFF", "Staff"))).groups
    assert group.in_directory
    with pytest.raises(Invalid, match="Change it there"):
        groups.change(domain.by, group.id, GroupChanges(members=frozenset()), world.now)
    with pytest.raises(Invalid, match="Change it there"):
        groups.delete(domain.by, group.id, world.now)


def test_a_group_made_here_stays_ours_whatever_the_directory_holds(world: World, place: Place) -> None:
    place.add("anna")
    domain = connected(world, place)
    anna = domain.find("anna")
    assert anna is not None
    own = groups.create(domain.by, NewGroup(UserName("STAFF", "Staff"), (anna.id,)), world.now)
    place.group("staff", "anna")
    looked(domain)
    assert seen(domain) == {"STAFF/Staff": ["STAFF/anna"]}
    assert not groups.get(domain.by, own.id).in_directory
    (view,) = [view for view in stores.listing(domain.by) if view.domain == "STAFF"]
    assert any("another group of that name" in sentence for sentence in view.findings["refused"])


def test_members_that_are_nobody_here_are_left_out(world: World, place: Place) -> None:
    place.add("anna")
    place.group("Staff", "anna", "nobody")
    assert seen(connected(world, place)) == {"STAFF/Staff": ["STAFF/anna"]}


def test_groups_are_left_alone_where_they_are_not_read(world: World, place: Place) -> None:
    place.add("anna")
    place.group("Staff", "anna")
    domain = connected(world, place, ReadGroups="false")
    assert seen(domain) == {}
    assert users.by_name(domain.by, "STAFF/anna").groups == ()
