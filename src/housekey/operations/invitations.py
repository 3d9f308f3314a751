"""What is out: the newest invitation, reset or confirmation of everybody who still has to do something with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args
from uuid import UUID

from django.db.models import Count, Exists, F, OrderBy, OuterRef, Prefetch, Q, QuerySet

from housekey.core.errors import Invalid
from housekey.core.names import UserName, name_key, searched
from housekey.core.principal import USER_LIST, USER_VIEW, Principal
from housekey.core.scenario import SCENARIOS
from housekey.core.users import Invitation
from housekey.operations import accounts, onboarding, reminders
from housekey.operations.costly import Costly
from housekey.store.models import Attempt, Code, Message

State = Literal["waiting", "failed", "opened", "soon", "expired", "revoked", "redeemed"]
STATES: tuple[State, ...] = get_args(State)
"""`waiting`: all that can still be used; failed, opened and soon are parts of it. `redeemed`: in the last 30 days."""
PURPOSES = ("invitation", "reset", "confirmation")
ORDERS: dict[str, tuple[OrderBy, OrderBy]] = {
    "": (F("issued").desc(), F("id").asc()),
    "expires": (F("expires").asc(nulls_last=True), F("id").asc()),
    "-expires": (F("expires").desc(nulls_last=True), F("id").asc()),
}
"""`-expires`: what never ends comes last here too, since it is not what somebody looks for who sorts by the end."""
SOON = timedelta(hours=24)
RECENT = timedelta(days=30)
_PENDING = ("PENDING_AP", "PENDING_FUPR", "PENDING_EV")
_UNDONE = Q(spent__isnull=True, dead__isnull=True)
_TAKEN_BACK = ("revoked", "exhausted")


@dataclass(frozen=True, slots=True)
class Sending:
    """One row of the list. `delivery` is the state of its message, `""` if none was to be sent; `outcome` that of the last try."""

    user_id: UUID
    name: UserName
    it: Invitation
    delivery: str = ""
    outcome: str = ""
    message_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Sendings:
    rows: list[Sending]
    total: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list shows: a state, a purpose and words of a user name or address; empty means all."""

    state: str = ""
    purpose: str = ""
    search: str = ""


def listing(by: Principal, wanted: Wanted, now: datetime, *, order: str = "", offset: int = 0, limit: int = 50) -> Sendings:
    """A page of what is out. Raises NotPermitted, Invalid for a state, purpose or order that does not exist."""
    if order not in ORDERS:
        raise Invalid(f"There is no order called {order[:60]}.", field="sort")
    rows = _found(by, wanted, now)
    total = rows.count()
    last = Attempt.objects.within(by.tenant).order_by("at", "id")
    messages = Message.objects.aside(by.tenant).prefetch_related(Prefetch("tries", last))
    page = list(rows.order_by(*ORDERS[order]).prefetch_related(Prefetch("messages", messages))[offset : offset + limit])
    names = accounts.names(by.tenant, [code.account_id for code in page])
    return Sendings([_sending(code, names[code.account_id], now) for code in page if code.account_id in names], total)


def matching(by: Principal, wanted: Wanted, now: datetime, *, most: int) -> list[UUID]:
    """Whose they are: the users of everything `listing` finds, newest first, `most` at most."""
    return list(_found(by, wanted, now).order_by(*ORDERS[""]).values_list("account_id", flat=True)[:most])


def counts(by: Principal, now: datetime) -> dict[str, int]:
    """How many are in each state but those that are over, and in all of them (`""`), in one query. Raises NotPermitted."""
    _must(by)
    return _counted.get(by.tenant.id, lambda: _counts(by, now))


_counted: Costly[dict[str, int]] = Costly()


def _counts(by: Principal, now: datetime) -> dict[str, int]:
    alive = _base(by).filter(_UNDONE)
    counted = {state: Count("id", filter=_condition(state, by, now)) for state in STATES if state not in {"revoked", "redeemed"}}
    found = alive.order_by().aggregate(total=Count("id"), **counted)
    return {"": found.pop("total")} | found


def _must(by: Principal) -> None:
    by.must(USER_LIST)
    by.must(USER_VIEW)


def _base(by: Principal, purpose: str = "", changed_since: datetime | None = None) -> QuerySet[Code]:
    """Codes of accounts that wait for somebody, or that changed since then: found by the account's state or change, of which there are
    indexes, not by going through codes."""
    accounts = {"account__modified__gte": changed_since} if changed_since else {"account__pending__in": _PENDING}
    ours = [item.name for item in SCENARIOS if (item.purpose == purpose if purpose else item.purpose in PURPOSES)]
    return Code.objects.within(by.tenant).filter(account__tenant_id=by.tenant.id, scenario__in=ours, **accounts)


def _found(by: Principal, wanted: Wanted, now: datetime) -> QuerySet[Code]:
    _must(by)
    if wanted.state not in {"", *STATES}:
        raise Invalid(f"There is no state called {wanted.state[:60]}.", field="state")
    if wanted.purpose not in {"", *PURPOSES}:
        raise Invalid(f"There is no purpose called {wanted.purpose[:60]}.", field="purpose")
    rows = _base(by, wanted.purpose, now - RECENT if wanted.state == "redeemed" else None).filter(_condition(wanted.state, by, now))
    for word in searched(wanted.search):
        rows = rows.filter(Q(account__name_key__contains=name_key(word)) | Q(recipient__icontains=word))
    return rows


def _condition(state: str, by: Principal, now: datetime) -> Q:
    good = _UNDONE & (Q(expires__isnull=True) | Q(expires__gt=now))
    messages = reminders.proper(Message.objects.aside(by.tenant)).filter(code=OuterRef("pk"))
    undelivered = Exists(messages.filter(Q(state="failed") | Q(state="withdrawn", code__sent__isnull=True)))
    match state:
        case "waiting":
            return good
        case "failed":
            return good & Q(opened__isnull=True) & Q(undelivered)
        case "opened":
            return good & Q(opened__isnull=False)
        case "soon":
            return good & Q(expires__lte=now + SOON)
        case "expired":
            return _UNDONE & Q(expires__lte=now)
        case "redeemed":
            return Q(spent__gte=now - RECENT)
    later = Exists(Code.objects.within(by.tenant).filter(account_id=OuterRef("account_id"), issued__gt=OuterRef("issued")))
    taken_back = Q(spent__isnull=True, dead_reason__in=_TAKEN_BACK) & ~Q(later)
    return taken_back if state == "revoked" else _UNDONE | taken_back


def _sending(code: Code, name: UserName, now: datetime) -> Sending:
    it = onboarding.seen(code, now)
    message = reminders.main(code.messages.all())
    if message is None:
        return Sending(code.account_id, name, it)
    tries = list(message.tries.all())
    return Sending(code.account_id, name, it, message.state, tries[-1].outcome if tries else "", message.id)
