"""How many accounts there are, without counting them: a list of a million says its total as fast as a list of ten."""

from __future__ import annotations

from functools import partial
from secrets import randbelow

from django.db import connection
from django.db.models import Sum

from housekey.store import hot
from housekey.store.models import Population

SLOTS = 16

_CHANGE = (
    "INSERT INTO store_population (tenant_id, domain, slot, accounts) VALUES (%s, %s, %s, %s) "
    "ON CONFLICT (tenant_id, domain, slot) DO UPDATE SET accounts = store_population.accounts + excluded.accounts"
)


def change(tenant_id: int, domain: str, by: int) -> None:
    """`by` is +1 where an account is inserted and -1 where one is deleted, in the same transaction. SQLite has one writer at a time,
    so one slot will do there."""
    if not hot.tallied((tenant_id, domain), by, partial(_write, tenant_id, domain)):
        _write(tenant_id, domain, by)


def _write(tenant_id: int, domain: str, by: int) -> None:
    slot = randbelow(SLOTS) if connection.vendor == "postgresql" else 0
    with connection.cursor() as cursor:
        cursor.execute(_CHANGE, [tenant_id, domain, slot, by])


def accounts(tenant_id: int, domain: str) -> int:
    """How many accounts the domain of the tenant has."""
    found = Population.objects.within(tenant_id).filter(domain=domain).aggregate(total=Sum("accounts"))["total"]
    return max(0, found or 0)
