"""Settings under many hands: every change is judged by the end state, also of what somebody else stores at that moment."""

from __future__ import annotations

import pytest

from housekey.core.properties import INVITE_EMAIL_OTP, INVITE_SMS_OTP
from housekey.operations import policies
from tests.operations.support import World
from tests.support.at_once import at_once, with_own_connection

pytestmark = pytest.mark.postgres


def test_two_methods_switched_on_at_once_leave_one_on(world: World) -> None:
    for _ in range(10):
        deeds = [with_own_connection(lambda name=name: policies.change(world.house, world.by, {name: "true"}, {}, world.now))  # type: ignore[misc] # bound now
                 for name in (INVITE_EMAIL_OTP, INVITE_SMS_OTP)]
        results = at_once(deeds)
        policy = policies.effective(world.house, world.tenant)
        assert policy.on(INVITE_EMAIL_OTP) != policy.on(INVITE_SMS_OTP), results
        policies.revert(world.house, world.by, INVITE_EMAIL_OTP, INVITE_SMS_OTP, now=world.now)
