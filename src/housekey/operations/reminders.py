"""Reminders: what somebody was sent and has not used, sent once more before it ends.

A reminder is a message of the outbox like any other, of the same code and the same kind, that must not leave before its time. Whatever
ends the code withdraws it, and what is due for a dead code is not sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from housekey.core.messages import REMINDER, NewMessage
from housekey.core.names import Tenant
from housekey.core.policy import Policy
from housekey.core.scenario import of
from housekey.delivery import outbox
from housekey.store.models import Code, Message

EARLIEST = timedelta(hours=1)
"""Nobody is reminded sooner than this after she was written to."""
_POINTLESS = "Not sent: what it would remind of has no end any more, or ends too soon."
_ALONE = "Not sent: the message that it repeats was taken back."


def plan(tenant: Tenant, policy: Policy, code: Code, message: NewMessage, now: datetime) -> None:
    """A step where a code is issued: queue the reminder of what `message` brings, if the tenant wants one and there is time for it."""
    at = _moment(policy, code, now)
    if at is not None:
        outbox.enqueue(tenant, _again(code, message, at), now)


def move(tenant: Tenant, policy: Policy, code: Code, now: datetime) -> None:
    """A step where a code gets another end: its reminder moves along, comes to be or is taken back."""
    at = _moment(policy, code, now)
    rows = Message.objects.aside(tenant).filter(code=code)
    waiting = _waiting(tenant, code.id)
    if at is None:
        waiting.update(state="withdrawn", finished=now, error=_POINTLESS)
    elif not waiting.update(due=at, retry_from=at) and (code.sealed or not code.shape):
        first = main(rows)
        if first is not None:
            sent = NewMessage(first.kind, first.recipient, dict(first.fields), first.locale, first.account_id, code.id, first.channel)
            outbox.enqueue(tenant, _again(code, sent, at), now)


def take_back(tenant: Tenant, code_id: UUID, now: datetime) -> None:
    """A step where the message itself is withdrawn: nobody is reminded of what she never got."""
    _waiting(tenant, code_id).update(state="withdrawn", finished=now, error=_ALONE)


def _waiting(tenant: Tenant, code_id: UUID) -> QuerySet[Message]:
    return Message.objects.aside(tenant).filter(code_id=code_id, state="queued", fields__has_key=REMINDER)


def _moment(policy: Policy, code: Code, now: datetime) -> datetime | None:
    """When to remind; None: not at all."""
    minutes = policy.reminder(of(code.scenario))
    if not minutes or code.expires is None:
        return None
    at = code.expires - timedelta(minutes=minutes)
    return at if at >= now + EARLIEST else None


def _again(code: Code, message: NewMessage, at: datetime) -> NewMessage:
    # The kind for sending again says that earlier links are dead; a reminder carries the same one.
    return replace(message, kind=of(code.scenario).first, fields=message.fields | {REMINDER: "true"}, not_before=at)


def proper(rows: QuerySet[Message]) -> QuerySet[Message]:
    """The messages that are no reminders."""
    return rows.exclude(fields__has_key=REMINDER)


def main(rows: Iterable[Message]) -> Message | None:
    """Of the messages of one code the newest that is no reminder."""
    return max((row for row in rows if not is_one(row)), key=lambda row: row.created, default=None)


def is_one(row: Any) -> bool:
    return REMINDER in row.fields
