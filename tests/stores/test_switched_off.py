"""A directory that is switched off: its people are known and cannot come in, and nothing is asked of it or made up for it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from housekey.core.errors import Conflict, Unavailable, WrongCredentials
from housekey.operations import domains, stores, users
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World
from tests.stores.support import Domain, connected
from tests.support.slapd import Place


@pytest.fixture
def off(world: World, place: Place) -> Domain:
    place.add("anna", password=PASSWORD)
    domain = connected(world, place)
    assert domain.enter("anna")
    stores.switch(domain.by, "STAFF", False, world.now)
    return domain


def test_its_users_are_seen_and_cannot_sign_in(off: Domain) -> None:
    assert [str(user.name) for user in off.search().users] == ["STAFF/anna"]
    with pytest.raises(WrongCredentials):
        off.enter("anna")
    with pytest.raises(WrongCredentials):
        off.enter("nobody", later=60)


def test_no_password_is_set_for_them_here(off: Domain) -> None:
    anna = users.by_name(off.by, "STAFF/anna")
    with pytest.raises(Unavailable, match="switched off"):
        off.change(anna, password=OTHER_PASSWORD)
    with pytest.raises(WrongCredentials):
        off.enter("anna", OTHER_PASSWORD, later=60)


def test_nobody_is_added_to_it(off: Domain) -> None:
    assert "STAFF" not in domains.for_new_users(off.by)[0]
    with pytest.raises(Unavailable, match="switched off"):
        off.create("bert")
    assert off.search().total == 1


def test_switched_on_again_everything_is_as_it_was(off: Domain) -> None:
    stores.switch(off.by, "STAFF", True, off.world.now)
    assert off.enter("anna", later=3_600)


def test_it_is_taken_away_once_its_users_are_forgotten_and_the_directory_keeps_them(off: Domain, place: Place) -> None:
    with pytest.raises(Conflict):
        stores.remove(off.by, "STAFF", off.world.now)
    assert stores.forget_people(off.by, "STAFF", off.world.now) == 0
    stores.remove(off.by, "STAFF", off.world.now + timedelta(seconds=1))
    assert place.read("anna") is not None
    assert users.find(off.by, "STAFF/anna", off.world.now) is None
