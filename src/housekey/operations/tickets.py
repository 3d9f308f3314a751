"""A ticket: this browser has shown a genuine code and may fill in one set-password form. A step of sign-in and of recovery."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from housekey.conf.house import House
from housekey.core.codes import digest, digests, is_link_shaped, new_token
from housekey.core.errors import DeadCode
from housekey.core.names import Tenant
from housekey.operations import codes
from housekey.store import hot
from housekey.store.models import Code, Ticket

TICKET_LIFE = timedelta(minutes=60)
"""How long an opened form may be filled in, if the code lives that long."""

MOST_GOAL = 3_000
"""Characters of the address where a browser was heading: an application's whole request, its `state` included."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The set-password form is open: `ticket` goes into its cookie. `tenant` may differ from the one in the address (`user@tenant`).
    `confirmed`: the code confirmed an address instead, and there is no form."""

    ticket: str = field(repr=False)
    tenant: Tenant
    confirmed: bool = False


def start(house: House, tenant: Tenant, code: Code, now: datetime, goal: str = "") -> str:
    """Inside a transaction: a new ticket (43 characters) for `code`. `goal`: where this browser was heading."""
    token = new_token()
    Code.objects.within(tenant).filter(id=code.id, opened__isnull=True).update(opened=now)
    Ticket.objects.within(tenant).filter(code=code, expires__lte=now).delete()
    row = Ticket(
        tenant_id=tenant.id,
        digest=digest(house.keys.newest[1], "ticket", token),
        code=code,
        created=now,
        expires=now + TICKET_LIFE,
        goal=goal[:MOST_GOAL],
    )
    hot.insert(row)
    return token


def of(house: House, tenant: Tenant, ticket: str, now: datetime) -> Ticket:
    """The row with its live code. Raises DeadCode: "unknown" for a ticket that is none or too old, else what became of its code."""
    found = None
    if is_link_shaped(ticket):
        found = Ticket.objects.within(tenant).filter(digest__in=digests(house.keys, "ticket", ticket)).select_related("code").first()
    if found is None:
        raise DeadCode("unknown")
    codes.must_live(found.code, now)
    if found.expires <= now:
        raise DeadCode("expired", found.code.scenario)
    return found  # type: ignore[no-any-return] # the scoped manager is typed loosely
