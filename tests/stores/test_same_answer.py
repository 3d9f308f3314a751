"""Nobody learns by asking who is in a directory: whoever there is, it is asked as often, and our database with the same statements (A-051).

Counted in front of the directory, not timed: on a busy machine a count is the sharper question.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from housekey.core.errors import Throttled, WrongCredentials
from housekey.core.properties import RECOVERY_LINK
from housekey.operations import forgotten, resets
from tests.operations.support import NETWORK, PASSWORD, World
from tests.stores.support import Domain, connected
from tests.support.slapd import Place

KINDS = ("known", "locked", "disabled", "pending", "forced", "nobody")
PASSWORDS = {"wrong": "wrong", "empty": "", "short": "x", "long": "x" * 64, "endless": "x" * 10_000, "not text": "a\0b"}


@pytest.fixture
def staff(world: World, place: Place) -> Domain:
    """One user of each kind, called so."""
    world.set(**{RECOVERY_LINK: True})
    staff = connected(world, place, "STAFF")
    for name in ("known", "locked", "disabled", "forced"):
        user = staff.create(name, password=PASSWORD)
        if name == "forced":
            resets.force(world.house, world.by, user.id, world.now)
        elif name != "known":
            staff.change(user, **{name: True})
    staff.create("pending", ask=True)
    staff.work()
    return staff


def asked(staff: Domain, deed: Callable[[], object]) -> tuple[int, int, int]:
    """Messages to the directory, sign-ins to it, and statements to the database."""
    assert staff.place
    front = staff.place.front
    before = front.messages, len(front.plain_binds)
    with CaptureQueriesContext(connection) as statements:
        deed()
    return front.messages - before[0], len(front.plain_binds) - before[1], len(statements)


def refused(staff: Domain, name: str, password: str) -> None:
    with pytest.raises((WrongCredentials, Throttled)):
        staff.enter(name, password, later=120)


@pytest.mark.parametrize("password", PASSWORDS.values(), ids=PASSWORDS)
def test_every_name_costs_a_sign_in_the_same(staff: Domain, password: str) -> None:
    for _ in range(2):  # connections and caches
        for name in KINDS:
            refused(staff, name, "warm")
    costs = {name: asked(staff, lambda name=name: refused(staff, name, password)) for name in KINDS}  # type: ignore[misc] # bound at once
    assert {(messages, binds) for messages, binds, _ in costs.values()} == {costs["nobody"][:2]}, costs
    asked_of_it = password in {"wrong", "x", "x" * 64}
    assert costs["nobody"][1] == asked_of_it, "what can be nobody's password is not sent"
    statements = {count for _, _, count in costs.values()}
    assert max(statements) - min(statements) <= 1, costs


def test_every_name_costs_a_forgotten_password_the_same(staff: Domain) -> None:
    later = staff.world.now + timedelta(hours=2)
    costs = {}
    for name in KINDS:
        costs[name] = asked(staff, lambda name=name: forgotten.start(  # type: ignore[misc] # bound at once
            staff.world.house, staff.world.tenant, f"STAFF/{name}", None, NETWORK, later))[:2]
    assert set(costs.values()) == {costs["nobody"]}, costs
