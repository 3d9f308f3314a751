"""Who is in a role or a group, changed from two sides at once: nobody waits for one who waits for her."""

from __future__ import annotations

from functools import partial
from uuid import UUID

import pytest

from housekey.core.groups import NewGroup, split_group
from housekey.operations import groups, role_resources, roles, users
from housekey.operations.role_resources import RoleChanges
from tests.operations.support import World
from tests.support.at_once import at_once, with_own_connection

pytestmark = pytest.mark.postgres


def people(world: World, size: int) -> list[UUID]:
    return [world.add(f"guest{number}", mail=f"guest{number}@example.com").id for number in range(size)]


def test_a_role_is_filled_while_its_users_are_given_and_denied_it(world: World) -> None:
    ids = people(world, 3)
    roles.add(world.by, "Readers", (), world.now)
    [role] = [row.id for row in role_resources.listing(world.by) if row.name == "Readers"]

    def whole() -> None:
        for _ in range(25):
            role_resources.change(world.by, role, RoleChanges(added=frozenset(ids)), world.now)
            role_resources.change(world.by, role, RoleChanges(removed=frozenset(ids)), world.now)

    def single() -> None:
        for number in range(40):
            roles.grant(world.by, ids[number % 3], "Readers", world.now)
            roles.deny(world.by, ids[number % 3], "Readers", world.now)

    assert at_once([with_own_connection(whole), with_own_connection(single)]) == [None, None]


def test_users_of_the_same_groups_are_deleted_at_once(world: World) -> None:
    ids = people(world, 40)
    for number in range(12):
        groups.create(world.by, NewGroup(split_group(f"G{number}"), tuple(ids)), world.now)

    def deleting(some: list[UUID]) -> None:
        for user_id in some:
            users.delete(world.by, user_id, world.now)

    parts = [ids[start::4] for start in range(4)]
    assert at_once([with_own_connection(partial(deleting, part)) for part in parts]) == [None] * 4
    assert [len(group.members) for group in groups.listing(world.by).groups] == [0] * 12
