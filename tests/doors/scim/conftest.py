"""A provisioning client that signs in as the administrator, and the world behind the door."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from housekey.conf.house import House
from tests.doors.scim.support import Scim
from tests.operations.support import World, new_world


@pytest.fixture
def world(db: None, house: House, tmp_path: Path, now: datetime) -> World:
    return new_world(house, tmp_path, now, administrator=True)


@pytest.fixture
def scim(world: World) -> Scim:
    return Scim("admin", "admin")
