"""What nothing will ask for again: old tickets, ended sessions, tokens and sign-ins to applications, kept answers, counters; the text of
expired one-time codes.

Ended a little at a time.

Here, because the worker is what runs all the time. What is somebody's record (messages, attempts, the audit log) is never touched.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from housekey.conf.schema import Config
from housekey.store.models import Code, Grant, Kept, RefreshToken, Session, Throttle, Ticket, Token

BATCH = 500
"""Rows ended in one transaction, so that nobody waits long for it."""
SPAN = 1.0
"""Seconds after which the rest is left to the next sweep: mail is waiting behind this one."""
TICKETS_STAY = timedelta(days=1)
"""After its end, so that a form left open still tells what became of the link."""
COUNTERS_STAY = timedelta(hours=25)
"""After the last counted try: by then even the slowest counter, that of one-time codes, has leaked empty."""
ANSWERS_STAY = timedelta(hours=24)
"""How long a request may be sent again under its Idempotency-Key."""
UNREDEEMED_STAYS = timedelta(days=1)
"""After the end of its code, so that one that comes late is known for what it is."""
BORN_DEAD_STAYS = timedelta(days=1)
"""A code with validity 0 is over when it is issued; its owner is to get the message all the same, and the true answer."""
ACROSS = "what is over is over in every tenant"


def sweep(config: Config, now: datetime) -> int:
    """Delete what is over at `now` and erase expired codes; how many rows. Raises DatabaseError."""
    last = time.monotonic() + SPAN
    return sum(_end(rows, last, QuerySet.delete) for rows in _over(config, now)) + _end(_expired(now), last, _erase)


def _over(config: Config, now: datetime) -> tuple[QuerySet[Any], ...]:
    # A session past the absolute limit is not seen again, so it is found by idling too; and only `last_seen` has an index.
    ended = now - timedelta(minutes=config.sessions.idle)
    return (
        Ticket.objects.across_tenants(ACROSS).filter(expires__lt=now - TICKETS_STAY),
        Session.objects.across_tenants(ACROSS).filter(last_seen__lt=ended),
        Token.objects.across_tenants(ACROSS).filter(expires__lt=now),
        RefreshToken.objects.across_tenants(ACROSS).filter(expires__lt=now),
        Grant.objects.across_tenants(ACROSS).filter(expires__lt=now),
        Grant.objects.across_tenants(ACROSS).filter(redeemed__isnull=True, code_expires__lt=now - UNREDEEMED_STAYS),
        Kept.objects.across_tenants(ACROSS).filter(created__lt=now - ANSWERS_STAY),
        Throttle.objects.filter(last__lt=(now - COUNTERS_STAY).timestamp()),
    )


def _expired(now: datetime) -> QuerySet[Any]:
    """Codes whose text is still sealed though they have expired. The rest of the row is somebody's record."""
    over = Q(expires__gt=F("issued")) | Q(expires__lte=now - BORN_DEAD_STAYS)
    return Code.objects.across_tenants(ACROSS).filter(over, expires__lte=now, sealed__isnull=False)


def _erase(rows: QuerySet[Any]) -> None:
    rows.update(sealed=None)


def _end(rows: QuerySet[Any], last: float, deed: Callable[[QuerySet[Any]], object]) -> int:
    gone = 0
    while time.monotonic() < last and rows.exists():
        with transaction.atomic(durable=True):
            # Rows another node is deleting, or somebody is using after all, are passed over: two sweeps never wait for each other.
            locked = rows.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
            keys = list(locked.values_list("pk", flat=True)[:BATCH])
            deed(rows.filter(pk__in=keys))
        gone += len(keys)
        if len(keys) < BATCH:
            break
    return gone
