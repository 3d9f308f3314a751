"""Which store answers for which domain of a tenant."""

from __future__ import annotations

from django.conf import settings

from housekey.core.errors import Invalid
from housekey.core.names import PRIMARY, Tenant
from housekey.userstores.base import UserStore
from housekey.userstores.sql import SqlStore

_SQL = SqlStore()


def store_for(tenant: Tenant, domain: str) -> UserStore:
    """The store of `domain`. Raises Invalid naming the domain if the tenant has no such store."""
    if domain == PRIMARY or domain in domains(tenant):
        return _SQL
    raise Invalid(
        f"There is no user store with the domain {domain!r} in {tenant.domain}. Use one of: {', '.join(domains(tenant))}.", field="userName"
    )


def domains(tenant: Tenant) -> list[str]:  # noqa: ARG001 - every tenant has the same ones; directories of their own come with their issue
    """The domains of a tenant, PRIMARY first, in upper case."""
    return [PRIMARY, *dict.fromkeys(name.upper() for name in settings.HOUSE.config.user_stores.domains)]
