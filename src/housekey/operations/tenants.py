"""Tenants: find, list, add. The default tenant is `carbon.super`."""

from __future__ import annotations

import re
import time
from datetime import datetime

from housekey.core.errors import Conflict, Invalid
from housekey.core.names import SUPER_TENANT, Tenant
from housekey.core.principal import SERVER, SHIPPED_ROLES, Principal, system
from housekey.operations import audit
from housekey.operations.transactions import durable
from housekey.store.models import Role
from housekey.store.models import Tenant as Row

_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+")
_KEEP = 2.0
"""Seconds for which a tenant found by name is remembered in this process."""
_found: dict[str, tuple[float, Tenant]] = {}


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
    _found[domain] = (time.monotonic() + _KEEP, _view(row))
    return _view(row)


def _view(row: Row) -> Tenant:
    return Tenant(row.pk, row.domain, row.name)


def default() -> Tenant:
    """The default tenant. Raises Invalid on a database that was never set up."""
    found = by_domain(SUPER_TENANT)
    if found is None:
        raise Invalid("The database has no tenants yet. Run `housekey migrate`.")
    return found


def listing() -> list[Tenant]:
    return [_view(row) for row in Row.objects.filter(active=True).order_by("domain")]


def add(by: Principal, domain: str, name: str, now: datetime) -> Tenant:
    """A new tenant with the shipped roles. Only for the command line's principal. Raises Invalid, Conflict."""
    by.must(SERVER)
    domain = domain.strip().lower()
    if not _DOMAIN.fullmatch(domain) or len(domain) > 253:
        raise Invalid(
            f"“{domain[:80]}” cannot be a tenant's domain. Use letters, digits and dashes with at least one dot, e.g. acme.example.",
            field="domain",
        )
    if Row.objects.filter(domain=domain).exists():
        raise Conflict(f"There is a tenant {domain} already.", field="domain")
    with durable(taken=Conflict(f"There is a tenant {domain} already.", field="domain")):
        tenant = _create(domain, name, now)
        audit.record(by, "tenant:add", now, target=domain)
    return tenant


def _create(domain: str, name: str, now: datetime) -> Tenant:
    row = Row.objects.create(domain=domain, name=name, created=now)
    for role, permissions in SHIPPED_ROLES.items():
        Role(tenant_id=row.pk, name=role, permissions=sorted(permissions), shipped=True).save(force_insert=True)
    return _view(row)


def ensure_default(now: datetime) -> Tenant:
    """The default tenant, created with the shipped roles if the database is new."""
    _found.clear()
    row = Row.objects.filter(domain=SUPER_TENANT).first()
    if row is not None:
        return _view(row)
    with durable():
        tenant = _create(SUPER_TENANT, "", now)
        audit.record(system(tenant), "tenant:add", now, target=SUPER_TENANT)
    return tenant
