"""The outbox: messages are rows, written in the transaction of the deed they tell of, sent afterwards by whoever leases them.

    queued ──lease──▶ sending ──settle──▶ sent | kept | failed | withdrawn | queued again
                          └── lease ran out ──▶ leased anew

Delivery is at least once. A worker that lost its lease cannot overwrite what its successor wrote (`leased_by` is the fence).
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q

from housekey.core.messages import CHANNELS, EMAIL, NewMessage
from housekey.core.names import Tenant
from housekey.delivery.leased import LeasedMessage, leased
from housekey.delivery.outcomes import Change, Outcome, decide, in_words, spoken
from housekey.store import hot
from housekey.store.models import Account, Attempt, Code, Message, Sender
from housekey.store.models import Tenant as TenantRow

LEASE = timedelta(seconds=60)
"""How long a message stays, at least, with a worker that does not answer any more."""

ACROSS = "the outbox sends for all tenants"

bells = {channel: threading.Event() for channel in CHANNELS}
"""Set when a transaction that enqueued something commits: the worker of this process need not wait for its next look."""
wake = bells[EMAIL]
own_bell = threading.Event()
"""Set together with either: it wakes whoever sends through tenants' own senders."""


def ring() -> None:
    """Have every channel of this process look at once."""
    for bell in (*bells.values(), own_bell):
        bell.set()


def _ring(channel: str) -> None:
    bells[channel].set()
    own_bell.set()


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a leased message. `failures`: connection failures in a row, this one included."""

    message: LeasedMessage
    outcome: Outcome
    failures: int = 1


def enqueue(tenant: Tenant, message: NewMessage, now: datetime) -> uuid.UUID:
    """Put a message into the outbox and return its id. Call it inside the transaction of the deed it tells of."""
    due = message.not_before or now
    row = hot.made(
        Message, id=uuid.uuid4(), tenant_id=tenant.id, kind=message.kind, channel=message.channel, recipient=message.recipient,
        locale=(message.locale or "en")[:35], fields=message.fields, account_id=message.account_id, code_id=message.code_id,
        created=now, due=due, retry_from=due,
    )
    hot.insert(row)
    transaction.on_commit(partial(_ring, message.channel))
    return row.id


def withdraw_for(code_ids: Iterable[uuid.UUID], now: datetime) -> int:
    """Withdraw the waiting messages of codes that have died; returns how many. Call it where the codes die.

    A message that is being sent at this moment is left alone: if that try fails, the next lease finds the code dead.
    """
    waiting = Message.objects.across_tenants("code ids are unique over all tenants").filter(code_id__in=list(code_ids), state="queued")
    return waiting.update(state="withdrawn", finished=now, error="Not sent: its link or code was replaced, withdrawn or used before.")


def lease(who: str, now: datetime, limit: int, span: timedelta = LEASE, channel: str = EMAIL,
          tenant: int | None = None) -> list[LeasedMessage]:
    """Take at most `limit` due messages of one channel, oldest first, for `span`. `who` names one sending thread of one process.

    `tenant`: of that one only; None: of all that have no sender of their own for the channel.

    Raises django.db.DatabaseError when the database cannot be used.
    """
    due = Message.objects.across_tenants(ACROSS).filter(_is_due(now), channel=channel)
    if tenant is None:
        due = due.exclude(Exists(Sender.objects.across_tenants(ACROSS).filter(tenant_id=OuterRef("tenant_id"), channel=channel)))
    else:
        due = due.aside(tenant)
    if not due.exists():
        return []
    with transaction.atomic(durable=True):
        features = connection.features
        locked = due.select_for_update(skip_locked=features.has_select_for_update_skip_locked, of=("self",))
        rows = list(locked.select_related("tenant", "code__account").order_by("due")[:limit])
        Message.objects.across_tenants(ACROSS).filter(pk__in=[row.pk for row in rows]).update(
            state="sending", leased_by=who, leased_until=now + span)
        known = _existing_accounts(rows)
    return [leased(row, who, known, now) for row in rows]


def _is_due(now: datetime) -> Q:
    return Q(state__in=("queued", "sending"), due__lte=now) & (Q(state="queued") | Q(leased_until__lte=now)) & _awake()


def _awake() -> Q:
    """Of a suspended tenant nothing is sent, and nothing given up: it waits until the tenant is resumed or deleted."""
    return ~Q(tenant_id__in=TenantRow.objects.filter(active=False).values("pk"))


def waiting_for_own(now: datetime) -> dict[tuple[int, str], tuple[uuid.UUID, int]]:
    """Those own senders for which something is due, in the order of the tenants: tenant id and channel -> the sender's id and version."""
    due = Message.objects.across_tenants(ACROSS).filter(_is_due(now), channel=OuterRef("channel")).aside(OuterRef("tenant_id"))
    rows = Sender.objects.across_tenants(ACROSS).filter(Exists(due)).order_by("tenant_id", "channel")
    return {(row.tenant_id, row.channel): (row.id, row.version) for row in rows.only("tenant_id", "channel", "version")}


def _existing_accounts(rows: Sequence[Message]) -> set[uuid.UUID]:
    wanted = {row.account_id for row in rows if row.account_id is not None}
    found = Account.objects.across_tenants(ACROSS).filter(pk__in=wanted).values_list("pk", flat=True) if wanted else ()
    return set(found)


def settle(results: Sequence[Result], now: datetime, give_up_after: timedelta) -> None:
    """Write down what became of leased messages, in one transaction. A message that another worker holds by now is left as it is.

    Raises django.db.DatabaseError; calling again with the same results is safe.
    """
    if not results:
        return
    with transaction.atomic(durable=True):
        _lock_codes(results)
        mine = _still_mine(results)
        changes = [(result, _change(result, now, give_up_after)) for result in results if result.message.id in mine]
        _write_done([(result, change) for result, change in changes if change.state in {"sent", "kept"}], now)
        for result, change in changes:
            if change.state not in {"sent", "kept"}:
                _write(result.message, change, keep_error=result.outcome.kind == "released")
        Attempt.objects.bulk_create([_attempt(result, now) for result, _ in changes
                                     if result.outcome.kind not in {"released", "withdrawn"}])


def _lock_codes(results: Sequence[Result]) -> None:
    """Codes before messages, as everybody locks them who ends a code or deletes its owner: else the two would wait for each other."""
    codes = _codes_sent(results)
    if codes:
        list(Code.objects.across_tenants(ACROSS).filter(pk__in=codes).order_by("pk").select_for_update(no_key=True).values_list("pk"))


def _codes_sent(results: Iterable[Result]) -> list[uuid.UUID]:
    return [result.message.secret.code_id for result in results if result.outcome.kind in {"sent", "kept"} and result.message.secret]


def _still_mine(results: Sequence[Result]) -> set[uuid.UUID]:
    who = {result.message.leased_by for result in results}
    ids = [result.message.id for result in results]
    rows = Message.objects.across_tenants(ACROSS).filter(pk__in=ids, state="sending", leased_by__in=who)
    return set(rows.order_by("pk").select_for_update().values_list("pk", flat=True))


def _change(result: Result, now: datetime, give_up_after: timedelta) -> Change:
    message = result.message
    return decide(result.outcome, since=message.retry_from, attempts=message.attempts, failures=result.failures, now=now,
                  give_up_after=give_up_after, not_after=message.secret.expires if message.secret else None)


def _write_done(done: Sequence[tuple[Result, Change]], now: datetime) -> None:
    for state in ("sent", "kept"):
        ids = [result.message.id for result, change in done if change.state == state]
        if ids:
            Message.objects.across_tenants(ACROSS).filter(pk__in=ids).update(
                state=state, finished=now, error="", attempts=F("attempts") + 1, leased_by="", leased_until=None)
    codes = _codes_sent(result for result, _ in done)
    if codes:
        Code.objects.across_tenants(ACROSS).filter(pk__in=codes, sent__isnull=True).update(sent=now)
    read = [result.message.secret.code_id for result, change in done
            if change.state == "sent" and result.message.secret and result.message.secret.length]
    if read:  # its owner can read the one-time code now; nobody else is to, unless a reminder of it waits to be sent
        waiting = Message.objects.across_tenants(ACROSS).filter(code_id__in=read, state__in=("queued", "sending")).values("code_id")
        Code.objects.across_tenants(ACROSS).filter(pk__in=read).exclude(pk__in=waiting).update(sealed=None)


def _write(message: LeasedMessage, change: Change, *, keep_error: bool) -> None:
    values: dict[str, object] = {"state": change.state, "leased_by": "", "leased_until": None, "finished": change.finished}
    if change.counts:
        values["attempts"] = F("attempts") + 1
    if not keep_error:
        values["error"] = change.error
        if change.due is not None:
            values["due"] = change.due
    Message.objects.across_tenants(ACROSS).filter(pk=message.id).update(**values)


def _attempt(result: Result, now: datetime) -> Attempt:
    message = result.message
    return Attempt(tenant_id=message.tenant.id, message_id=message.id, at=now, outcome=result.outcome.kind,
                   detail=in_words(result.outcome.detail))


def waiting(now: datetime | None = None) -> int:
    """How many messages have not left yet; at `now`, those that wait for their time left out."""
    rows = Message.objects.across_tenants(ACROSS).filter(_awake(), state__in=("queued", "sending"))
    return rows.filter(retry_from__lte=now).count() if now else rows.count()


def give_up(now: datetime, give_up_after: timedelta) -> int:
    """End the messages that waited through an outage longer than `give_up_after`; returns how many.

    While a server is down only one message at a time is tried. Those behind it must not wait for ever, so the worker calls
    this now and then. A message put back by an administrator a moment ago is left alone: it was due a moment ago.
    """
    waiting = Message.objects.across_tenants(ACROSS).filter(
        _awake(), state="queued", due__lte=now - min(give_up_after, timedelta(minutes=15)), retry_from__lte=now - give_up_after)
    return waiting.update(state="failed", finished=now,
                          error=f"Given up after {spoken(give_up_after)}: the server could not be used in all that time.")
