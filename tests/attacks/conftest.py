"""An administrator at a browser. Imports wait until Django is loaded: pytest reads this file before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.doors.pages.support import Browser
    from tests.operations.support import World
    from tests.support.ldap_hostile import Hostile


@pytest.fixture
def admin(world: World) -> Browser:
    from tests.doors.pages.support import Browser

    return Browser().signed_in("admin", "admin")


@pytest.fixture
def evil() -> Iterator[Hostile]:
    """A directory server that says what a test has it say."""
    from tests.support.ldap_hostile import Hostile

    server = Hostile()
    yield server
    server.close()
