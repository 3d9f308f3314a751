"""A visitor who checks CSRF like a browser, a provisioning client, and the world behind them.

Imports wait until Django is loaded: pytest reads this file before.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from housekey.conf.house import House
    from tests.doors.pages.support import Browser
    from tests.doors.scim.support import Scim
    from tests.operations.support import World


@pytest.fixture
def world(db: None, house: House, tmp_path: Path, now: datetime) -> World:
    from tests.operations.support import new_world

    return new_world(house, tmp_path, now, administrator=True)


@pytest.fixture
def guest(world: World) -> Browser:
    from tests.doors.pages.support import Browser

    return Browser()


@pytest.fixture
def admin(world: World) -> Browser:
    from tests.doors.pages.support import Browser

    return Browser().signed_in("admin", "admin")


@pytest.fixture
def scim(world: World) -> Scim:
    from tests.doors.scim.support import Scim

    return Scim("admin", "admin")
