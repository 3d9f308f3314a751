"""Deleting a tenant with everything in it, a little at a time: it may have a million rows, and others are at work meanwhile.

`begin` marks it, which ends it for everybody at once; `step` takes away a piece, again and again, from the jobs' loop or the command
line. Whoever is killed half way leaves the mark, and the next one goes on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.models import ForeignKey, QuerySet

from housekey.core.errors import Invalid, Unavailable
from housekey.core.principal import TENANT_DELETE, Principal, system
from housekey.operations import audit, tenants
from housekey.operations.login import reauthenticate
from housekey.operations.tenants import TenantView
from housekey.operations.transactions import durable
from housekey.store.models import Tenant as Row
from housekey.store.scope import Scoped

BATCH = 500
"""Rows taken away in one transaction, so that nobody waits long for it."""
SPAN = 1.0
"""Seconds of one step: jobs wait behind it."""


def begin_proved(by: Principal, tenant_id: int, typed: str, password: str, now: datetime) -> TenantView:
    """As `begin`, for somebody who typed the tenant's domain and proves again who they are. Raises Invalid (field typed), NotFound,
    WrongCredentials, Throttled, NotPermitted."""
    tenants.must(by, TENANT_DELETE)
    tenant = tenants.get(by, tenant_id)
    if typed.strip().lower() != tenant.domain:
        raise Invalid(f"Type {tenant.domain} to show that you mean this one.", field="typed")
    reauthenticate(by, password, now)
    return begin(by, tenant_id, now)


def begin(by: Principal, tenant_id: int, now: datetime) -> TenantView:
    """From here on there is no such tenant for anybody; its rows go afterwards. Beginning twice is no mistake.

    Raises NotFound, NotPermitted, Invalid for the default tenant.
    """
    tenants.must(by, TENANT_DELETE)
    with durable():
        row = tenants.hold(tenant_id)
        tenants.must_not_be_super(row)
        if row.deleting is None:
            row.active, row.deleting, row.deleted_by = False, now, by.name[:300]
            row.save(update_fields=["active", "deleting", "deleted_by"])
            audit.record(by, "tenant:delete", now, target=row.domain, tenant=row.pk)
    tenants.forget(row.domain)
    return tenants.view_of(row)


def step(now: datetime) -> bool:
    """A piece of the oldest deletion. False: there was nothing to take away. Raises Unavailable, DatabaseError."""
    row = Row.objects.filter(deleting__isnull=False).order_by("deleting", "pk").first()
    return row is not None and _piece(row, now) > 0


def pieces(tenant_id: int, now: datetime) -> Iterator[int]:
    """Delete what is left of one tenant that `begin` marked; after each piece how many rows are gone. Raises Unavailable."""
    rows = 0
    while (row := Row.objects.filter(pk=tenant_id, deleting__isnull=False).first()) is not None:
        rows += _piece(row, now)
        yield rows


def _piece(row: Row, now: datetime) -> int:
    """Work for `SPAN` seconds; how many rows went, not counting what hung on them."""
    ends, done = time.monotonic() + SPAN, 0
    for model in _in_order():
        own = _rows(model, row.pk)
        while own.exists():
            gone = _batch(own)
            done += gone
            if not gone or time.monotonic() > ends:
                return done
    _finish(row, now)
    return done


def _rows(model: type[models.Model], tenant_id: int) -> QuerySet[Any]:
    if issubclass(model, Scoped):
        return model.objects.within(tenant_id)
    return model._base_manager.filter(tenant_id=tenant_id)


def _batch(rows: QuerySet[Any]) -> int:
    with durable():
        # Rows that another node is deleting at this moment are passed over: the two never wait for each other.
        locked = rows.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
        keys = list(locked.values_list("pk", flat=True)[:BATCH])
        rows.filter(pk__in=keys).delete()
    return len(keys)


def _finish(row: Row, now: datetime) -> None:
    """The tenant itself, and the entry that tells of it where it can be read. Something that was written meanwhile is met by the next
    step."""
    by = system(tenants.default())
    try:
        with durable():
            if Row.objects.filter(pk=row.pk, deleting__isnull=False).delete()[0]:
                audit.record(by, "tenant:deleted", now, target=row.domain, tenant=row.pk, asked_by=row.deleted_by)
    except Unavailable:
        return


@cache
def of_tenants() -> tuple[type[models.Model], ...]:
    """Every table with a tenant."""
    every = apps.get_app_config("store").get_models()
    return tuple(model for model in every if any(_is_tenant(field) for field in model._meta.concrete_fields))


def _is_tenant(field: Any) -> bool:
    return isinstance(field, ForeignKey) and field.remote_field.model is Row


@cache
def _in_order() -> tuple[type[models.Model], ...]:
    """Whatever points at something comes before it; and first those that can be found by their tenant, since what hangs on their rows goes
    with them by its own index. The others are looked through once, at the end."""
    left, order = list(of_tenants()), list[type[models.Model]]()
    while left:
        free = next((model for model in left if not any(_points(other, model) for other in left if other is not model)), left[0])
        left.remove(free)
        order.append(free)
    return tuple(sorted(order, key=lambda model: not _found_by_tenant(model)))


def _points(one: type[models.Model], other: type[models.Model]) -> bool:
    return any(isinstance(field, ForeignKey) and field.remote_field.model is other for field in one._meta.concrete_fields)


def _found_by_tenant(model: type[models.Model]) -> bool:
    meta = model._meta
    rules = [rule for rule in meta.constraints if isinstance(rule, models.UniqueConstraint)]
    return "tenant" in [found.fields[0] for found in (*meta.indexes, *rules) if found.fields and not found.condition]
