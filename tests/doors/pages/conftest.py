"""A browser that checks CSRF like the real one, and the world behind the pages."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from housekey.conf.house import House
    from tests.doors.pages.support import Browser
    from tests.operations.support import World


@pytest.fixture
def world(db: None, house: House, tmp_path: Path, now: datetime) -> World:
    from tests.operations.support import new_world

    return new_world(house, tmp_path, now, administrator=True)


@pytest.fixture
def guest(world: World) -> Browser:
    from tests.doors.pages.support import Browser

    return Browser()
