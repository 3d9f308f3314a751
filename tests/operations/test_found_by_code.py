"""What belongs to one code, or is due, is found by that: what it costs does not grow with everything the tenant has ever sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from housekey.core.messages import EMAIL
from housekey.core.properties import INVITE_REMINDER
from housekey.delivery import outbox as queue
from housekey.operations import insights, invitations, onboarding, pending, senders
from housekey.operations.invitations import Wanted
from housekey.operations.senders import NewSender
from tests.operations.support import World

DEEDS: dict[str, Callable[[World], object]] = {
    "send again": lambda world: pending.resend(world.house, world.by, world.live_code().account_id, world.now),
    "more time": lambda world: onboarding.extend(world.house, world.by, world.live_code().account_id, 3_000, world.now),
    "story": lambda world: insights.story(world.by, world.live_code().account_id, world.now),
    "invitations": lambda world: onboarding.invitations(world.by, world.live_code().account_id, world.now),
    "newest": lambda world: onboarding.newest(world.by, [world.live_code().account_id], world.now),
    "list": lambda world: invitations.listing(world.by, Wanted("failed"), world.now),
    "all of the list": lambda world: invitations.listing(world.by, Wanted(), world.now),
    "counts": lambda world: invitations.counts(world.by, world.now),
    "own senders": lambda world: queue.waiting_for_own(world.now),
    "a lane": lambda world: queue.lease("somebody", world.now, 50, tenant=world.tenant.id),
    "the server's own": lambda world: queue.lease("somebody", world.now, 50),
}


@pytest.mark.sqlite
@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_goes_through_all_messages_of_a_tenant(world: World, deed: str) -> None:
    """SQLite has no statistics to choose an index by, so the query itself has to leave it only the right one.

    What PostgreSQL chooses depends on what it knows of the table.
    """
    world.set(**{INVITE_REMINDER: 120})
    world.invite()
    mail = {"host": "smtp.a.example", "from_address": "hello@a.example", "username": "mailer"}
    senders.save(world.house, world.by, EMAIL, NewSender("SMTP", mail, "pw"), world.now)
    with CaptureQueriesContext(connection) as asked:
        DEEDS[deed](world)
    for query in (query["sql"] for query in asked if query["sql"].startswith(("SELECT", "UPDATE"))):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {query}")
            steps = [step for *_, step in cursor.fetchall()]
        assert not [step for step in steps if "message_by_tenant" in step or step == "SCAN store_message"], query
