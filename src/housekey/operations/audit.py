"""The audit log: every operation leaves one row, in its own transaction; refusals of sign-in too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from housekey.core.errors import Invalid
from housekey.core.names import Tenant, findable, split_username
from housekey.core.principal import AUDIT_VIEW, USER_VIEW, Principal
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import AuditEntry

OUTCOMES = ("done", "refused")
MOST_EXPORTED = 100_000
"""Rows of one export."""
_READ_AT_ONCE = 1_000
_CURSOR_LENGTH = 60


@dataclass(frozen=True, slots=True)
class AuditView:
    at: datetime
    actor: str
    event: str
    outcome: str
    network: str
    detail: dict[str, Any]
    id: int = 0
    target: str = ""
    target_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Sought:
    """What of the log is wanted; empty means all. `person`: who did it, or to whom. `network`: an address, or how it begins."""

    event: str = ""
    person: str = ""
    network: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """Not included."""


@dataclass(frozen=True, slots=True)
class AuditPage:
    """`older`: where the next page begins, `""` on the last."""

    rows: list[AuditView] = field(default_factory=list)
    older: str = ""


def record(
    by: Principal, event: str, now: datetime, *, target: str = "", target_id: UUID | None = None, outcome: str = "done", **detail: Any
) -> None:
    """A step inside an operation's transaction. `detail` never holds a secret."""
    row = hot.made(
        AuditEntry,
        tenant_id=by.tenant.id,
        at=now,
        actor=by.name[:300],
        network=by.network,
        event=event,
        target=target[:400],
        target_id=target_id,
        outcome=outcome,
        detail=detail,
    )
    hot.insert(row)


def signed_in_from(tenant: Tenant, account_id: UUID, network: str) -> bool:
    """Has this account signed in from this address before?"""
    rows = AuditEntry.objects.within(tenant).filter(
        target_id=account_id, network=network, outcome="done", event__in=("sign-in", "sign-in:basic")
    )
    return network != "" and bool(rows.exists())


def recent(by: Principal, user_id: UUID, limit: int = 50) -> list[AuditView]:
    """What happened to one user, newest first."""
    by.must(USER_VIEW)
    return _rows(by, user_id, limit)


def mine(by: Principal, limit: int = 20) -> list[AuditView]:
    """What happened to the caller's own account, newest first. From where an administrator acted is no business of the user's."""
    rows = _rows(by, by.account_id, limit) if by.account_id else []
    return [row if row.actor in {by.name, "anonymous"} else replace(row, network="") for row in rows]


def _rows(by: Principal, user_id: UUID, limit: int) -> list[AuditView]:
    rows = AuditEntry.objects.within(by.tenant).filter(target_id=user_id).order_by("-at", "-id")[:limit]
    return [_view(row) for row in rows]


def _view(row: AuditEntry) -> AuditView:
    return AuditView(row.at, row.actor, row.event, row.outcome, row.network, row.detail, row.id, row.target, row.target_id)


def search(by: Principal, sought: Sought, *, before: str = "", limit: int = 50) -> AuditPage:
    """A page of the log, newest first. `before` is the `older` of the page above; one that was never given out begins at the top.

    Raises NotPermitted, Invalid (field outcome).
    """
    by.must(AUDIT_VIEW)
    rows = list(_older_than(_sought(by, sought), _place(before)).order_by("-at", "-id")[: limit + 1])
    more = len(rows) > limit
    return AuditPage([_view(row) for row in rows[:limit]], _mark(rows[limit - 1]) if more else "")


def export(by: Principal, sought: Sought, now: datetime) -> Iterator[AuditView]:
    """Every row that `search` would page through up to now, newest first, `MOST_EXPORTED` at most. That somebody took it away is written
    down at once; the rows are read a few at a time while they are taken. Raises NotPermitted, Invalid.
    """
    by.must(AUDIT_VIEW)
    found = _sought(by, sought).filter(at__lt=now)
    with durable():
        record(by, "audit:export", now, sought={name: findable(str(value)) for name, value in asdict(sought).items() if value})
    return _pieces(found)


def _pieces(found: QuerySet[AuditEntry]) -> Iterator[AuditView]:
    left, place = MOST_EXPORTED, None
    while left:
        rows = list(_older_than(found, place).order_by("-at", "-id")[: min(_READ_AT_ONCE, left)])
        yield from map(_view, rows)
        if len(rows) < _READ_AT_ONCE:
            return
        left, place = left - len(rows), (rows[-1].at, rows[-1].id)


def _sought(by: Principal, sought: Sought) -> QuerySet[AuditEntry]:
    if sought.outcome not in {"", *OUTCOMES}:
        raise Invalid(f"There is no outcome called {sought.outcome[:60]}.", field="outcome")
    rows = AuditEntry.objects.within(by.tenant)
    if sought.since:
        rows = rows.filter(at__gte=sought.since)
    if sought.until:
        rows = rows.filter(at__lt=sought.until)
    if sought.event:
        rows = rows.filter(event=findable(sought.event))
    if sought.outcome:
        rows = rows.filter(outcome=sought.outcome)
    if sought.network:
        rows = rows.filter(network__startswith=findable(sought.network))
    return rows.filter(_about(by.tenant, sought.person)) if sought.person else rows


def _about(tenant: Tenant, person: str) -> Q:
    """Whoever is called so now is found under former names too, by the id; a word of a name finds the rows that hold it."""
    text = findable(person)
    found = Q(actor__icontains=text) | Q(target__icontains=text)
    name = split_username(text)
    account = hot.account_by_name(tenant.id, name.domain, name.key)
    return found | Q(target_id=account.id) if account else found


def _older_than(rows: QuerySet[AuditEntry], place: tuple[datetime, int] | None) -> QuerySet[AuditEntry]:
    return rows.filter(Q(at__lt=place[0]) | Q(id__lt=place[1]), at__lte=place[0]) if place else rows


def _mark(row: AuditEntry) -> str:
    return f"{row.at.astimezone(UTC).isoformat()}_{row.id}"


def _place(mark: str) -> tuple[datetime, int] | None:
    moment, found, number = mark[:_CURSOR_LENGTH].partition("_")
    try:
        at, row = datetime.fromisoformat(moment), int(number)
        place = at.astimezone(UTC), row
    except (ValueError, OverflowError):
        return None
    return place if found and at.tzinfo is not None and 0 <= row < 1 << 63 else None
