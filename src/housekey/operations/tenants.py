"""Tenants: find, list, add, rename, suspend, resume. The default tenant is `carbon.super`; only from there others are looked after.

A suspended tenant keeps everything it has and answers nobody: no door finds it, the outbox and the jobs pass it over.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import QuerySet, Sum

from housekey.core.errors import Conflict, Invalid, NotFound, NotPermitted
from housekey.core.names import SUPER_TENANT, Tenant, findable
from housekey.core.principal import TENANT_CREATE, TENANT_UPDATE, TENANT_VIEW, Principal, shipped_roles, system
from housekey.operations import audit
from housekey.operations.transactions import durable, nothing
from housekey.store.models import Message, Population, Role
from housekey.store.models import Tenant as Row

State = Literal["active", "suspended", "deleting"]
STATES: tuple[State, ...] = ("active", "suspended", "deleting")
MAX_NAME = 255
"""Characters of the organisation's name."""
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+")
_KEEP = 0.5
"""Seconds for which a tenant found by name is remembered in this process: so long a suspended one may still answer (A-142)."""
_BATCH = 1_000
_found: dict[str, tuple[float, Tenant]] = {}


@dataclass(frozen=True, slots=True)
class TenantView:
    """A tenant as administrators of the default one see it. `users` is how many it has, -1 while it is being deleted."""

    id: int
    domain: str
    name: str
    state: State
    created: datetime
    users: int = 0
    deleting: datetime | None = None
    deleted_by: str = ""

    @property
    def is_super(self) -> bool:
        return self.domain == SUPER_TENANT


@dataclass(frozen=True, slots=True)
class TenantPage:
    tenants: list[TenantView]
    total: int


def by_domain(domain: str) -> Tenant | None:
    """The active tenant of that name, or None."""
    domain = domain.lower()
    known = _found.get(domain)
    if known and known[0] > time.monotonic():
        return known[1]
    if not _DOMAIN.fullmatch(domain):
        return None
    row = Row.objects.filter(domain=domain, active=True).first()
    if row is None:
        return None
    if len(_found) > 10_000:
        _found.clear()
    _found[domain] = (time.monotonic() + _KEEP, row.brief)
    return row.brief


def forget(domain: str = "") -> None:
    """Look this one up anew, or all of them."""
    if domain:
        _found.pop(domain, None)
    else:
        _found.clear()


def default() -> Tenant:
    """The default tenant. Raises Invalid on a database that was never set up."""
    found = by_domain(SUPER_TENANT)
    if found is None:
        raise Invalid("The database has no tenants yet. Run `housekey migrate`.")
    return found


def listing() -> list[Tenant]:
    """Those that can be entered, by domain."""
    return [row.brief for row in Row.objects.filter(active=True).order_by("domain")]


def must(by: Principal, permission: str) -> None:
    """Raise NotPermitted unless `by` holds the permission in the default tenant: the same name in another one is worth nothing (A-142)."""
    if by.tenant.domain != SUPER_TENANT:
        raise NotPermitted(permission)
    by.must(permission)


def search(by: Principal, *, search: str = "", state: str = "", offset: int = 0, limit: int = 50) -> TenantPage:
    """Those whose domain or name holds `search`, by domain. Raises NotPermitted, Invalid (field state)."""
    must(by, TENANT_VIEW)
    rows = _in_state(Row.objects.all(), state)
    text = findable(search.strip())
    if text:
        rows = rows.filter(domain__icontains=text) | rows.filter(name__icontains=text)
    found = list(rows.order_by("domain")[offset : offset + limit])
    return TenantPage(_shown(found), rows.count())


def _in_state(rows: QuerySet[Row], state: str) -> QuerySet[Row]:
    match state:
        case "":
            return rows
        case "active":
            return rows.filter(active=True)
        case "suspended":
            return rows.filter(active=False, deleting__isnull=True)
        case "deleting":
            return rows.filter(deleting__isnull=False)
    raise Invalid(f"There is no state called {state[:60]}.", field="state")


def get(by: Principal, tenant_id: int) -> TenantView:
    """Raises NotFound, NotPermitted."""
    must(by, TENANT_VIEW)
    return view_of(_found_row(_rows(tenant_id).first(), str(tenant_id)))


def by_name(by: Principal, domain: str) -> TenantView:
    """The tenant of that domain whatever its state. Raises NotFound, NotPermitted."""
    must(by, TENANT_VIEW)
    known = domain.strip().lower()
    row = Row.objects.filter(domain=known).first() if _DOMAIN.fullmatch(known) else None
    return view_of(_found_row(row, domain))


def _rows(tenant_id: int) -> QuerySet[Row]:
    """No database takes a number of more than 63 bits."""
    return Row.objects.filter(pk=tenant_id) if tenant_id < 1 << 63 else Row.objects.none()


def _found_row(row: Row | None, asked: str) -> Row:
    if row is None:
        raise NotFound(f"There is no tenant {asked[:253]}.")
    return row


def view_of(row: Row) -> TenantView:
    return _shown([row])[0]


def _shown(rows: list[Row]) -> list[TenantView]:
    sizes = Population.objects.across_tenants("the list of tenants says how many users each has").filter(tenant__in=rows)
    users = dict(sizes.values("tenant_id").annotate(n=Sum("accounts")).values_list("tenant_id", "n"))
    return [
        TenantView(row.pk, row.domain, row.name, state_of(row), row.created, -1 if row.deleting else max(0, users.get(row.pk, 0)),
                   row.deleting, row.deleted_by)
        for row in rows
    ]


def state_of(row: Row) -> State:
    if row.deleting is not None:
        return "deleting"
    return "active" if row.active else "suspended"


def add(by: Principal, domain: str, name: str, now: datetime, *, also: Callable[[Tenant], object] = nothing) -> Tenant:
    """A new tenant with the shipped roles. `also` is done in the same transaction. Raises NotPermitted, Invalid, Conflict."""
    must(by, TENANT_CREATE)
    domain, name = domain.strip().lower(), _named(name)
    if not _DOMAIN.fullmatch(domain) or len(domain) > 253:
        raise Invalid(
            f"“{domain[:80]}” cannot be a tenant's domain. Use letters, digits and dashes with at least one dot, e.g. acme.example.",
            field="domain",
        )
    there = Row.objects.filter(domain=domain).first()
    if there is not None:
        raise _taken(domain) if there.deleting is None else _leaving(domain)
    with durable(taken=_taken(domain)):
        tenant = _create(domain, name, now)
        audit.record(by, "tenant:add", now, target=domain, tenant=tenant.id)
        also(tenant)
    return tenant


def _taken(domain: str) -> Conflict:
    return Conflict(f"There is a tenant {domain} already.", field="domain")


def _leaving(domain: str) -> Conflict:
    return Conflict(f"The tenant {domain} is still being deleted. Try again when it has gone.", field="domain")


def _named(name: str) -> str:
    """An organisation's name as it is kept. Raises Invalid."""
    name = unicodedata.normalize("NFC", name.strip()[: MAX_NAME + 1])
    if len(name) > MAX_NAME or not all(char.isprintable() for char in name):
        raise Invalid(f"A name has at most {MAX_NAME} characters, on one line.", field="name")
    return name


def _create(domain: str, name: str, now: datetime) -> Tenant:
    row = Row.objects.create(domain=domain, name=name, created=now)
    for role, permissions in shipped_roles(domain).items():
        Role(tenant_id=row.pk, name=role, permissions=sorted(permissions), shipped=True).save(force_insert=True)
    return row.brief


def ensure_default(now: datetime) -> Tenant:
    """The default tenant, created with the shipped roles if the database is new."""
    forget()
    row = Row.objects.filter(domain=SUPER_TENANT).first()
    if row is not None:
        return row.brief
    with durable():
        tenant = _create(SUPER_TENANT, "", now)
        audit.record(system(tenant), "tenant:add", now, target=SUPER_TENANT)
    return tenant


def rename(by: Principal, tenant_id: int, name: str, now: datetime) -> TenantView:
    """What people see of it; the domain, which is in every link, stays. Raises NotFound, Invalid, NotPermitted."""
    must(by, TENANT_UPDATE)
    name = _named(name)
    with durable():
        row = hold(tenant_id)
        if row.deleting is not None:
            raise gone(row)
        before, row.name = row.name, name
        if before != name:
            row.save(update_fields=["name"])
            audit.record(by, "tenant:rename", now, target=row.domain, before=before, after=name)
    forget(row.domain)
    return view_of(row)


def suspend(by: Principal, tenant_id: int, now: datetime) -> TenantView:
    """Nobody comes in and nothing leaves until it is resumed; nothing is lost. One that is suspended already stays so.

    Raises NotFound, NotPermitted, Invalid for the default tenant.
    """
    must(by, TENANT_UPDATE)
    with durable():
        row = hold(tenant_id)
        must_not_be_super(row)
        if row.active:
            row.active = False
            row.save(update_fields=["active"])
            audit.record(by, "tenant:suspend", now, target=row.domain)
    forget(row.domain)
    return view_of(row)


def resume(by: Principal, tenant_id: int, now: datetime) -> TenantView:
    """Everything goes on as it was; what waited to be sent counts its tries from now. Raises NotFound, NotPermitted, Invalid for one
    that is being deleted."""
    must(by, TENANT_UPDATE)
    _found_row(_rows(tenant_id).first(), str(tenant_id))
    _refresh_messages(tenant_id, now)
    with durable():
        row = hold(tenant_id)
        if row.deleting is not None:
            raise gone(row)
        if not row.active:
            row.active = True
            row.save(update_fields=["active"])
            audit.record(by, "tenant:resume", now, target=row.domain)
    forget(row.domain)
    return view_of(row)


def _refresh_messages(tenant_id: int, now: datetime) -> None:
    """The time in which nothing was tried is no reason to give up."""
    if Row.objects.filter(pk=tenant_id, active=True).exists():
        return
    late = Message.objects.within(tenant_id).filter(state__in=("queued", "sending"), retry_from__lt=now)
    while ids := list(late.values_list("pk", flat=True)[:_BATCH]):
        with durable():
            Message.objects.within(tenant_id).filter(pk__in=ids).update(retry_from=now)


def hold(tenant_id: int) -> Row:
    """The row, locked until the transaction ends. Raises NotFound."""
    return _found_row(_rows(tenant_id).select_for_update().first(), str(tenant_id))


def must_not_be_super(row: Row) -> None:
    if row.domain == SUPER_TENANT:
        raise Invalid(f"{SUPER_TENANT} is the server itself: it can be neither suspended nor deleted.", field="domain")


def gone(row: Row) -> Invalid:
    return Invalid(f"{row.domain} is being deleted.", field="domain")
