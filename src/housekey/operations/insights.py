"""How inviting goes: of those who were added and invited on a day, how many were written to, opened what they got and set a password.

And the story of one user, put together from what was issued, sent and done.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Count, Prefetch, Q, TextField
from django.db.models.functions import Cast, Substr

from housekey.core.principal import USER_LIST, USER_VIEW, Principal
from housekey.core.scenario import SCENARIOS
from housekey.core.users import Invitation
from housekey.operations import audit, onboarding, reminders
from housekey.operations.audit import AuditView
from housekey.operations.costly import Costly
from housekey.store.models import Account, Attempt, Code, Message

DAYS = 30
"""How far the funnel looks back, today included."""


@dataclass(frozen=True, slots=True)
class Step:
    """One day of the funnel. Each number counts people among those before it: `opened` of `sent`, `sent` of `created`."""

    day: date
    created: int = 0
    sent: int = 0
    opened: int = 0
    done: int = 0


def funnel(by: Principal, now: datetime, days: int = DAYS) -> list[Step]:
    """The last days, oldest first, by the day (UTC) on which somebody was added; only those who were invited count.

    One query over the index of accounts by creation: what it costs depends on how many were added in these days. Raises NotPermitted.
    """
    by.must(USER_LIST)
    return _funnels.get((by.tenant.id, days), lambda: _funnel(by, now, days))


_funnels: Costly[list[Step]] = Costly()


def _funnel(by: Principal, now: datetime, days: int) -> list[Step]:
    first = now.astimezone(UTC).date() - timedelta(days=days - 1)
    ours = Q(codes__scenario__in=[item.name for item in SCENARIOS if item.purpose == "invitation"])
    done = ours & Q(codes__spent__isnull=False)
    opened = done | ours & Q(codes__opened__isnull=False)
    sent = opened | ours & (Q(codes__sent__isnull=False) | Q(codes__recipient=""))
    rows = (
        Account.objects.within(by.tenant).filter(ours, created__gte=datetime.combine(first, time(), UTC), created__lte=now)
        .order_by().values(day=Substr(Cast("created", TextField()), 1, 10))
        .annotate(
            made=Count("id", distinct=True), sent=Count("id", filter=sent, distinct=True),
            opened=Count("id", filter=opened, distinct=True), done=Count("id", filter=done, distinct=True),
        )
    )
    found = {row["day"]: Step(date.fromisoformat(row["day"]), row["made"], row["sent"], row["opened"], row["done"]) for row in rows}
    every = (first + timedelta(days=number) for number in range(days))
    return [found.get(day.isoformat(), Step(day)) for day in every]


@dataclass(frozen=True, slots=True)
class Tried:
    """One try to deliver: when, its outcome and what the server said."""

    at: datetime
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class Reminder:
    """A message that reminds of a code. `due`: when it may leave."""

    message_id: UUID
    queued: datetime
    due: datetime
    state: str
    finished: datetime | None
    tries: tuple[Tried, ...]


@dataclass(frozen=True, slots=True)
class Issued:
    """A code of a user with its messages: when they were queued, the tries, and where that can be read."""

    it: Invitation
    queued: datetime | None = None
    message_id: UUID | None = None
    tries: tuple[Tried, ...] = ()
    reminders: tuple[Reminder, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """`events` and `issued` are newest first."""

    events: list[AuditView]
    issued: list[Issued]


def story(by: Principal, user_id: UUID, now: datetime, *, events: int = 50, codes: int = 20) -> Story:
    """What happened to one user: the audit log, and each code with the fate of its message. Raises NotPermitted."""
    by.must(USER_VIEW)
    tries = Attempt.objects.within(by.tenant).order_by("at", "id")
    messages = Message.objects.aside(by.tenant).order_by("created").prefetch_related(Prefetch("tries", tries))
    found = Code.objects.within(by.tenant).filter(account_id=user_id).order_by("-issued").prefetch_related(Prefetch("messages", messages))
    return Story(audit.recent(by, user_id, events), [_issued(code, now) for code in found[:codes]])


def _issued(code: Code, now: datetime) -> Issued:
    messages = [row for row in code.messages.all() if not reminders.is_one(row)]
    again = tuple(Reminder(row.id, row.created, row.due, row.state, row.finished, _tries(row))
                  for row in code.messages.all() if reminders.is_one(row))
    if not messages:
        return Issued(onboarding.seen(code, now), reminders=again)
    tries = tuple(one for message in messages for one in _tries(message))
    return Issued(onboarding.seen(code, now), messages[-1].created, messages[-1].id, tries, again)


def _tries(message: Message) -> tuple[Tried, ...]:
    return tuple(Tried(row.at, row.outcome, row.detail) for row in message.tries.all())
