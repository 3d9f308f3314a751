"""Roles: what they allow, who may make them, and the login permission both ways."""

from __future__ import annotations

from functools import partial

import pytest

from housekey.core.errors import Conflict, Invalid, NotFound, NotPermitted, WrongCredentials
from housekey.core.principal import ADMINISTRATOR, EVERYONE, LOGIN, OWN_PASSWORD, ROLE_CREATE, USER_VIEW, Principal
from housekey.operations import login, roles, users
from tests.operations.support import NETWORK, PASSWORD, World

LEGACY_LOGIN = "/permission/admin/login"


def basic(world: World, name: str) -> object:
    return login.basic(world.house, world.tenant, name, PASSWORD, network=NETWORK, now=world.now)


@pytest.mark.parametrize("spelling", [LOGIN, LEGACY_LOGIN])
def test_taken_from_everyone_the_login_permission_belongs_to_the_holders_of_a_role(world: World, spelling: str) -> None:
    """Seed 004, step 5; decisions, one permission vocabulary."""
    world.add("tom", mail="tom@example.com")
    world.add("jane")
    assert basic(world, "jane")
    roles.add(world.by, "test role", [spelling], world.now)
    roles.grant(world.by, users.by_name(world.by, "tom").id, "test role", world.now)
    roles.set_permissions(world.by, EVERYONE, [OWN_PASSWORD], world.now)
    assert world.sign_in("tom")
    assert basic(world, "tom")
    for way in (partial(world.sign_in, "jane"), partial(basic, world, "jane")):
        with pytest.raises(WrongCredentials):
            way()
    roles.set_permissions(world.by, EVERYONE, [LOGIN, OWN_PASSWORD], world.now)
    assert world.sign_in("jane")


def test_nobody_makes_a_role_of_what_they_lack(world: World) -> None:
    """A-133."""
    clerk = Principal(world.tenant, "clerk", frozenset({ROLE_CREATE, LOGIN}))
    assert roles.add(clerk, "may sign in", [LOGIN], world.now).permissions == (LOGIN,)
    with pytest.raises(NotPermitted):
        roles.add(clerk, "may look", [USER_VIEW], world.now)


@pytest.mark.parametrize("name", ["", "x" * 101, "Internal/x", "internal/X", "two\nlines"])
def test_a_role_needs_a_name_that_can_be_read(world: World, name: str) -> None:
    with pytest.raises(Invalid):
        roles.add(world.by, name, [], world.now)


def test_a_role_exists_once_and_knows_only_real_permissions(world: World) -> None:
    roles.add(world.by, "test role", [], world.now)
    with pytest.raises(Conflict):
        roles.add(world.by, "Test Role", [], world.now)
    with pytest.raises(Invalid, match="no permission called"):
        roles.add(world.by, "other", ["internal_everything"], world.now)


def test_shipped_roles_stay_and_the_administrators_role_stays_whole(world: World) -> None:
    with pytest.raises(Invalid):
        roles.remove(world.by, EVERYONE, world.now)
    with pytest.raises(Invalid):
        roles.set_permissions(world.by, ADMINISTRATOR, [], world.now)
    with pytest.raises(Invalid, match="own account"):
        roles.set_permissions(world.by, EVERYONE, [LOGIN, USER_VIEW], world.now)


def test_removing_a_role_takes_what_it_allowed_at_once(world: World) -> None:
    """A-148."""
    user = world.add("jane")
    roles.add(world.by, "viewers", [USER_VIEW], world.now)
    roles.grant(world.by, user.id, "viewers", world.now)
    assert USER_VIEW in world.acting_as("jane").permissions
    assert [member.id for member in roles.members(world.by, "viewers")] == [user.id]
    roles.remove(world.by, "viewers", world.now)
    assert USER_VIEW not in world.acting_as("jane").permissions
    with pytest.raises(NotFound):
        roles.get(world.by, "viewers")
