"""Rows that nothing will ask for again: old tickets, ended sessions, forgotten counters. Deleted a little at a time.

Here, because the worker is what runs all the time. What is somebody's record (messages, attempts, the audit log) is never touched.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from housekey.conf.schema import Config
from housekey.store.models import Session, Throttle, Ticket

BATCH = 500
"""Rows deleted in one transaction, so that nobody waits long for it."""
SPAN = 1.0
"""Seconds after which the rest is left to the next sweep: mail is waiting behind this one."""
TICKETS_STAY = timedelta(days=1)
"""After its end, so that a form left open still tells what became of the link."""
COUNTERS_STAY = timedelta(hours=1)
"""After the last counted try: by then its failures hardly count any more."""
ACROSS = "what is over is over in every tenant"


def sweep(config: Config, now: datetime) -> int:
    """Delete what is over at `now`; how many rows. Raises DatabaseError."""
    last = time.monotonic() + SPAN
    return sum(_delete(rows, last) for rows in _over(config, now))


def _over(config: Config, now: datetime) -> tuple[QuerySet[Any], ...]:
    # A session past the absolute limit is not seen again, so it is found by idling too; and only `last_seen` has an index.
    ended = now - timedelta(minutes=config.sessions.idle)
    return (
        Ticket.objects.across_tenants(ACROSS).filter(expires__lt=now - TICKETS_STAY),
        Session.objects.across_tenants(ACROSS).filter(last_seen__lt=ended),
        Throttle.objects.filter(last__lt=(now - COUNTERS_STAY).timestamp()),
    )


def _delete(rows: QuerySet[Any], last: float) -> int:
    gone = 0
    while time.monotonic() < last and rows.exists():
        with transaction.atomic(durable=True):
            # Rows another node is deleting, or somebody is using after all, are passed over: two sweeps never wait for each other.
            locked = rows.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
            keys = list(locked.values_list("pk", flat=True)[:BATCH])
            rows.filter(pk__in=keys).delete()
        gone += len(keys)
        if len(keys) < BATCH:
            break
    return gone
