"""The world, fresh for each test. Imports wait until Django is loaded: pytest reads this file before."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from housekey.conf.house import House
    from tests.operations.support import World


@pytest.fixture
def world(db: None, house: House, tmp_path: Path, now: datetime) -> World:
    from tests.operations.support import new_world

    return new_world(house, tmp_path, now)
