"""The first administrator's name is kept for the first administrator."""

from __future__ import annotations

from dataclasses import replace

from housekey.conf.schema import SuperAdmin
from tests.intake.support import taken
from tests.operations.support import World


def test_nobody_takes_the_first_administrators_name_before_there_is_one(world: World) -> None:
    """A dump of WSO2's users has an `admin`; the server would not start after her."""
    first = SuperAdmin("root", "", create_admin_account=True)
    world = replace(world, house=replace(world.house, config=replace(world.house.config, super_admin=first)))
    mark, remarks = taken(world, "username\nRoot\ntom\n", invite=False)
    assert (mark.created, mark.refused) == (1, 1)
    assert "first administrator" in remarks[0].reason
