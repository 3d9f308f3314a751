"""The same domain of users, in every kind of store. Imports wait until Django is loaded: pytest reads this file before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.operations.support import World
    from tests.stores.support import Domain
    from tests.support.slapd import Place, Server


@pytest.fixture
def place(slapd: Place) -> Place:
    """A directory of this test's own."""
    return slapd


@pytest.fixture(params=["sql", "ldap", "ad"])
def domain(request: pytest.FixtureRequest, world: World) -> Iterator[Domain]:
    """PRIMARY in our own database, a directory over LDAP, and one that speaks as Active Directory does."""
    from tests.stores.support import Domain, connected

    if request.param == "sql":
        yield Domain(world, "PRIMARY")
        return
    start: Callable[[str], Server] = request.getfixturevalue("slapds")
    place = start(request.param).place()
    yield connected(world, place, "STAFF")
    place.close()


@pytest.fixture
def staff(world: World, place: Place) -> Domain:
    """An LDAP directory as the domain STAFF."""
    from tests.stores.support import connected

    return connected(world, place, "STAFF")


@pytest.fixture
def windows(world: World, active_directory: Place) -> Domain:
    """One that speaks as Active Directory does, under the same name."""
    from tests.stores.support import connected

    return connected(world, active_directory, "STAFF")
