"""An administrator at a browser. Imports wait until Django is loaded: pytest reads this file before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.doors.pages.support import Browser
    from tests.operations.support import World


@pytest.fixture
def admin(world: World) -> Browser:
    from tests.doors.pages.support import Browser

    return Browser().signed_in("admin", "admin")
