"""A reminder is due at the moment at which its code is used: one of the two comes first, and neither waits for the other for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from housekey.core.messages import REMINDER
from housekey.core.properties import INVITE_REMINDER
from housekey.delivery import worker
from housekey.operations import onboarding, recovery
from housekey.store.models import Code, Message
from tests.operations.support import NETWORK, PASSWORD, World
from tests.support.at_once import at_once, with_own_connection

pytestmark = pytest.mark.postgres

ROUNDS = 6


@pytest.mark.parametrize("deed", ["use", "withdraw", "extend"])
def test_a_reminder_leaves_before_its_code_ends_or_not_at_all(world: World, deed: str) -> None:
    world.set(**{INVITE_REMINDER: 120})
    due = world.now + timedelta(hours=22)
    for number in range(ROUNDS):
        user = world.invite(f"user{number}", f"user{number}@example.com")
        code = world.newest_code(f"user{number}@example.com", now=world.now)
        ticket = recovery.open_link(world.house, world.tenant, code, due)
        deeds: dict[str, Callable[[], object]] = {
            "use": partial(recovery.set_password, world.house, world.tenant, ticket, PASSWORD, NETWORK, due),
            "withdraw": partial(onboarding.revoke, world.house, world.by, user.id, due),
            "extend": partial(onboarding.extend, world.house, world.by, user.id, 2_880, due),
        }
        hands: list[Callable[[], object]] = [partial(worker.drain, world.house, due), deeds[deed]]
        ends = at_once([with_own_connection(hand) for hand in hands])
        assert not [end for end in ends if isinstance(end, Exception)]
    worker.drain(world.house, due)
    rows = Message.objects.within(world.tenant).filter(fields__has_key=REMINDER)
    states = {row.state for row in rows.filter(due__lte=due)}
    assert states <= {"kept", "withdrawn"}
    assert not rows.filter(state="queued", due__lte=due).exists()
    ended = Code.objects.within(world.tenant).filter(spent__isnull=True, dead__isnull=True).count()
    assert ended == (ROUNDS if deed == "extend" else 0)
