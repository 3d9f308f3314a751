"""The outbox as an administrator sees it: what is waiting, what went out, what failed and why; send again, withdraw."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Count

from housekey.conf.house import House
from housekey.core.errors import Invalid, NotFound
from housekey.core.messages import EMAIL, SMS
from housekey.core.principal import OUTBOX_UPDATE, OUTBOX_VIEW, Principal
from housekey.delivery import letter, outbox
from housekey.operations import audit
from housekey.operations.roles import outranks
from housekey.operations.transactions import durable
from housekey.store.models import Attempt, Message

STATES = ("queued", "sending", "sent", "kept", "failed", "withdrawn")


@dataclass(frozen=True, slots=True)
class MessageView:
    """`subject`, `text` and `html` are empty in a list. `tries`: when, outcome, detail."""

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
    server: bool = False
    """Is there a server that messages of this channel leave through? If not, they are read here, code and all."""


@dataclass(frozen=True, slots=True)
class OutboxPage:
    rows: list[MessageView]
    total: int


def listing(by: Principal, *, state: str = "", offset: int = 0, limit: int = 50) -> OutboxPage:
    """Newest first. Raises NotPermitted, Invalid for a state that does not exist."""
    by.must(OUTBOX_VIEW)
    if state and state not in STATES:
        raise Invalid(f"There is no message state called {state}.", field="state")
    rows = Message.objects.within(by.tenant)
    if state:
        rows = rows.filter(state=state)
    return OutboxPage([_view(row) for row in rows.order_by("-created", "-id")[offset : offset + limit]], rows.count())


def counts(by: Principal) -> dict[str, int]:
    """How many messages are in each state, in one query. Raises NotPermitted."""
    by.must(OUTBOX_VIEW)
    found = Message.objects.within(by.tenant).order_by().values_list("state").annotate(Count("id"))
    return dict.fromkeys(STATES, 0) | dict(found)


def _view(row: Message) -> MessageView:
    times = (row.created, row.due, row.finished)
    return MessageView(row.id, row.kind, row.recipient, row.state, *times, row.attempts, row.error, channel=row.channel)


def get(house: House, by: Principal, message_id: UUID) -> MessageView:
    """One message as its reader gets it. The link or code in it is live: while there is no server for it, this is how it is read.

    Where messages do go out, that is left out: an administrator should not hold somebody's way in (A-044). Nobody reads it of a user who
    may do more than they (A-135).
    """
    by.must(OUTBOX_VIEW)
    row = _load(by, message_id)
    server = has_server(house, row.channel)
    rendered = letter.preview(house, row, show_code=not server and (row.account_id is None or outranks(by, row.account_id)))
    tries = Attempt.objects.within(by.tenant).filter(message=row).order_by("at", "id").values_list("at", "outcome", "detail")
    return replace(
        _view(row), subject=rendered.subject, text=rendered.text, html=rendered.html, tries=list(tries), server=server
    )


def has_server(house: House, channel: str) -> bool:
    """Do messages of this channel leave the house, or are they kept as files?"""
    return house.config.sms.configured if channel == SMS else house.config.email.configured


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
    """Take a waiting message back. Raises Invalid once it is on its way."""
    by.must(OUTBOX_UPDATE)
    _move(by, message_id, ("queued",), "withdrawn", now, "message:withdraw", finished=now)


def _move(by: Principal, message_id: UUID, before: tuple[str, ...], after: str, now: datetime, event: str, **columns: object) -> None:
    with durable():
        row = _load(by, message_id)
        if Message.objects.within(by.tenant).filter(id=message_id, state__in=before).update(state=after, error="", **columns) != 1:
            raise Invalid(f"The message is {row.state}; this needs one that is {' or '.join(before)}.", field="state")
        audit.record(by, event, now, target=row.kind, target_id=row.account_id)
