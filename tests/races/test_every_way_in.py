"""Everything that can happen to one account's code, all at once: no deadlock, no second winner, no code left that nobody knows of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from housekey.core.errors import DeadCode, Refused
from housekey.core.properties import RESET_EMAIL_OTP, RESET_LINK
from housekey.operations import forgotten, onboarding, pending, recovery, resets, users
from tests.operations.support import NETWORK, World
from tests.support.at_once import at_once, with_own_connection

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize("attempt", range(3))
def test_a_password_set_while_resets_resends_and_guesses_rain_down(world: World, attempt: int) -> None:
    """A-002, A-004, A-031: whoever comes last decides; the account ends either open by the password or waiting for a live code."""
    world.set(**{RESET_LINK: False, RESET_EMAIL_OTP: True})
    user = world.add()
    resets.force(world.house, world.by, user.id, world.now)
    code = world.otp()
    ticket = recovery.open_otp(world.house, world.tenant, "jane", code, NETWORK, world.now).ticket
    house, tenant, by, now = world.house, world.tenant, world.by, world.now
    deeds: list[Callable[[], Any]] = [
        *[partial(recovery.set_password, house, tenant, ticket, f"green lamp number {number}", NETWORK, now) for number in range(4)],
        lambda: resets.force(house, by, user.id, now),
        lambda: pending.resend(house, by, user.id, now),
        lambda: forgotten.start(house, tenant, "jane", None, "192.0.2.77", now),
        lambda: onboarding.revoke(house, by, user.id, now),
        *[partial(recovery.open_otp, house, tenant, "jane", code, f"192.0.2.{number}", now) for number in range(80, 84)],
    ]
    results = at_once([with_own_connection(deed) for deed in deeds])
    broken = [result for result in results if isinstance(result, Exception) and not isinstance(result, Refused)]
    assert not broken, broken
    won = [result for result in results[:4] if not isinstance(result, Exception)]
    assert len(won) <= 1
    assert all(isinstance(result, DeadCode) for result in results[:4] if isinstance(result, Exception))
    standing = users.get(by, user.id).standing
    assert world.live_count() <= 1
    assert standing.pending == "PENDING_FUPR" or (won and world.live_count() == 0)
