"""Whoever visits the console here is signed in as its administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.doors.pages.support import Browser
    from tests.operations.support import World


@pytest.fixture
def guest(world: World) -> Browser:
    from tests.doors.pages.support import Browser

    return Browser().signed_in("admin", "admin")
