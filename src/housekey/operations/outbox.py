"""The outbox as an administrator sees it: what is waiting, what went out, what failed and why; send again, withdraw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db.models import Count

from housekey.conf.house import House
from housekey.core.errors import Invalid, NotFound
from housekey.core.messages import CHANNELS, EMAIL, SMS
from housekey.core.names import Tenant, findable
from housekey.core.principal import OUTBOX_UPDATE, OUTBOX_VIEW, Principal
from housekey.delivery import letter, outbox
from housekey.operations import audit, reminders
from housekey.operations.costly import Costly
from housekey.operations.reminders import is_one
from housekey.operations.roles import outranks
from housekey.operations.transactions import durable
from housekey.store.models import Attempt, Code, Message, Sender

MOST = 500
"""Messages that can be moved at once."""
STATES = ("queued", "sending", "sent", "kept", "failed", "withdrawn")


@dataclass(frozen=True, slots=True)
class MessageView:
    """`subject`, `text` and `html` are empty in a list. `tries`: when, outcome, detail, oldest first."""

    id: UUID
    kind: str
    recipient: str
    state: str
    created: datetime
    due: datetime
    finished: datetime | None
    attempts: int
    error: str
    subject: str = ""
    text: str = ""
    html: str = ""
    tries: list[tuple[datetime, str, str]] = field(default_factory=list)
    channel: str = EMAIL
    """EMAIL or SMS. A text message has neither `subject` nor `html`."""
    reminder: bool = False
    """It reminds of an earlier one."""
    server: bool = False
    """Is there a server that messages of this channel leave through? If not, they are read here, code and all."""


@dataclass(frozen=True, slots=True)
class OutboxPage:
    rows: list[MessageView]
    total: int


def listing(
    by: Principal, *, state: str = "", channel: str = "", kind: str = "", search: str = "", offset: int = 0, limit: int = 50
) -> OutboxPage:
    """Newest first, each with its tries. `search` is a part of the recipient. Raises NotPermitted, Invalid for a state or channel that
    does not exist."""
    by.must(OUTBOX_VIEW)
    if state and state not in STATES:
        raise Invalid(f"There is no message state called {state}.", field="state")
    if channel and channel not in CHANNELS:
        raise Invalid(f"There is no channel called {channel[:60]}.", field="channel")
    rows = Message.objects.within(by.tenant)
    if search:
        rows = rows.filter(recipient__icontains=findable(search))
    asked = {name: value for name, value in (("state", state), ("channel", channel), ("kind", findable(kind))) if value}
    rows = rows.filter(**asked)
    page = list(rows.order_by("-created", "-id")[offset : offset + limit])
    tries = _tries(by, page)
    return OutboxPage([replace(_view(row), tries=tries.get(row.id, [])) for row in page], rows.count())


def _tries(by: Principal, page: list[Message]) -> dict[UUID, list[tuple[datetime, str, str]]]:
    """The tries of these messages, oldest first, in one query."""
    found: dict[UUID, list[tuple[datetime, str, str]]] = {}
    rows = Attempt.objects.within(by.tenant).filter(message_id__in=[row.id for row in page]).order_by("at", "id") if page else ()
    for row in rows:
        found.setdefault(row.message_id, []).append((row.at, row.outcome, row.detail))
    return found


def counts(by: Principal) -> dict[str, int]:
    """How many messages are in each state, in one query. Raises NotPermitted."""
    by.must(OUTBOX_VIEW)
    return _counted.get(by.tenant.id, lambda: _counts(by))


_counted: Costly[dict[str, int]] = Costly()


def _counts(by: Principal) -> dict[str, int]:
    found = Message.objects.within(by.tenant).order_by().values_list("state").annotate(Count("id"))
    return dict.fromkeys(STATES, 0) | dict(found)


def _view(row: Message) -> MessageView:
    times = (row.created, row.due, row.finished)
    return MessageView(row.id, row.kind, row.recipient, row.state, *times, row.attempts, row.error, channel=row.channel,
                       reminder=is_one(row))


def get(house: House, by: Principal, message_id: UUID) -> MessageView:
    """One message as its reader gets it. The link or code in it is live: while there is no server for it, this is how it is read.

    Where messages do go out, that is left out: an administrator should not hold somebody's way in (A-044). Nobody reads it of a user who
    may do more than they (A-135).
    """
    by.must(OUTBOX_VIEW)
    row = _load(by, message_id)
    server = has_server(house, by.tenant, row.channel)
    rendered = letter.preview(house, row, show_code=not server and (row.account_id is None or outranks(by, row.account_id)))
    tries = Attempt.objects.within(by.tenant).filter(message=row).order_by("at", "id").values_list("at", "outcome", "detail")
    return replace(
        _view(row), subject=rendered.subject, text=rendered.text, html=rendered.html, tries=list(tries), server=server
    )


def has_server(house: House, tenant: Tenant, channel: str) -> bool:
    """Do a tenant's messages of this channel leave the house, through its own sender or the server's, or are they kept as files?"""
    ours = house.config.sms.configured if channel == SMS else house.config.email.configured
    return ours or bool(Sender.objects.within(tenant).filter(channel=channel).exists())


def _load(by: Principal, message_id: UUID) -> Message:
    row = Message.objects.within(by.tenant).filter(id=message_id).select_related("tenant", "code__account").first()
    if row is None:
        raise NotFound("There is no such message.")
    return row  # type: ignore[no-any-return] # the scoped manager is typed loosely


def redrive(by: Principal, message_id: UUID, now: datetime) -> None:
    """Try a failed message again, from the beginning, or send one that was kept before there was a mail server.

    Raises Invalid for any other state. A kept message without a server is written to its file anew.
    """
    by.must(OUTBOX_UPDATE)
    _move(by, message_id, ("failed", "kept"), "queued", now, "message:redrive", due=now, retry_from=now, finished=None)
    outbox.ring()


def withdraw(by: Principal, message_id: UUID, now: datetime) -> None:
    """Take a waiting message back, and the reminder of it. Raises Invalid once it is on its way."""
    by.must(OUTBOX_UPDATE)
    _move(by, message_id, ("queued",), "withdrawn", now, "message:withdraw", finished=now)


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of many messages: how many were moved, and of those that were not, the recipient and why."""

    done: int
    refused: list[tuple[str, str]]


def chosen(by: Principal, ids: Sequence[UUID]) -> list[MessageView]:
    """The messages of this tenant among `ids`, newest first. Raises NotPermitted, Invalid for more than `MOST`."""
    by.must(OUTBOX_VIEW)
    if len(ids) > MOST:
        raise Invalid(f"At most {MOST} messages at once.", field="ids")
    rows = Message.objects.within(by.tenant).filter(id__in=ids).order_by("-created", "-id") if ids else ()
    return [_view(row) for row in rows]


def move_many(by: Principal, verb: Literal["redrive", "withdraw"], ids: Sequence[UUID], now: datetime) -> Moved:
    """Each on its own, as `redrive` and `withdraw` do it: one that moved on meanwhile keeps no other back. Raises NotPermitted, Invalid."""
    by.must(OUTBOX_UPDATE)
    deed, done, refused = (redrive if verb == "redrive" else withdraw), 0, []
    for row in chosen(by, ids):
        try:
            deed(by, row.id, now)
            done += 1
        except (Invalid, NotFound) as refusal:
            refused.append((row.recipient, refusal.sentence))
    return Moved(done, refused)


def _move(by: Principal, message_id: UUID, before: tuple[str, ...], after: str, now: datetime, event: str, **columns: object) -> None:
    with durable():
        row = _load(by, message_id)
        if row.code_id is not None:  # before its messages, as everybody holds them who ends a code
            Code.objects.within(by.tenant).select_for_update(no_key=True).filter(id=row.code_id).first()
        if Message.objects.within(by.tenant).filter(id=message_id, state__in=before).update(state=after, error="", **columns) != 1:
            raise Invalid(f"The message is {row.state}; this needs one that is {' or '.join(before)}.", field="state")
        if after == "withdrawn" and row.code_id is not None and not is_one(row):
            reminders.take_back(by.tenant, row.code_id, now)
        audit.record(by, event, now, target=row.kind, target_id=row.account_id)
