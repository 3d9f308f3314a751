"""Who calls: an administrator, and an ordinary user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.doors.soap.support import Soap
    from tests.operations.support import World


@pytest.fixture
def soap(world: World) -> Soap:
    """The administrator."""
    from tests.doors.soap.support import Soap

    return Soap("admin", "admin")


@pytest.fixture
def sam(world: World) -> Soap:
    """Sam, who may sign in and nothing else."""
    from tests.doors.soap.support import Soap
    from tests.operations.support import PASSWORD

    world.add("sam", mail="sam@example.com")
    return Soap("sam", PASSWORD)
