"""Rows that are really committed, and the world they live in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import environment

if TYPE_CHECKING:
    from housekey.conf.house import House
    from tests.operations.support import World


@pytest.fixture(autouse=True)
def on_postgres() -> None:
    """`HOUSEKEY_TEST_DATABASE=postgres` decides; run otherwise, these tests would prove nothing."""
    if not environment.on_postgres():
        pytest.skip("races are looked for on PostgreSQL: HOUSEKEY_TEST_DATABASE=postgres")


@pytest.fixture
def world(on_postgres: None, transactional_db: None, house: House, tmp_path: Path, now: datetime) -> World:
    # Imported here: a conftest named on the command line is read before Django is loaded.
    from tests.operations.support import new_world

    return new_world(house, tmp_path, now, administrator=True)
