"""Which store answers for which domain of a tenant, and the directory behind it where there is one."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID

from django.conf import settings

from housekey.conf.house import House
from housekey.core import directories as core
from housekey.core.errors import Invalid
from housekey.core.names import PRIMARY, SUPER_TENANT, Tenant
from housekey.store.models import Directory
from housekey.store.models import Tenant as TenantRow
from housekey.store.sealed import unseal
from housekey.userstores.base import UserStore
from housekey.userstores.directory import DirectoryClient, Down
from housekey.userstores.sql import SqlStore

_SQL = SqlStore()
_KEEP = 5.0
"""Seconds for which the directories of a tenant are remembered in this process: so long may another process not know of a change."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A directory as a domain of a tenant."""

    id: UUID
    tenant: Tenant
    domain: str
    version: int
    settings: core.Directory
    client: DirectoryClient
    enabled: bool = True

    @property
    def read_only(self) -> bool:
        return self.settings.read_only


class _Closed:
    """Stands for the client of a directory that is switched off: whatever it is asked, it does not answer."""

    def __getattr__(self, name: str) -> Any:
        raise Down("The user store is switched off.")


_lock = threading.Lock()
_known: dict[int, tuple[float, dict[str, Placed]]] = {}
_clients: dict[tuple[UUID, int], DirectoryClient] = {}
_lanes: dict[int, threading.Semaphore] = {}


def store_for(tenant: Tenant, domain: str) -> UserStore:
    """The store of `domain`. What we know of the people of a directory is in our database too. Raises Invalid naming the domain."""
    if domain == PRIMARY or domain in domains(tenant):
        return _SQL
    raise Invalid(
        f"There is no user store with the domain {domain!r} in {tenant.domain}. Use one of: {', '.join(domains(tenant))}.", field="userName"
    )


def is_served(tenant: Tenant, domain: str) -> bool:
    """Not so for a directory that is switched off: whoever is signed in is not any more."""
    placed = directory_for(tenant, domain)
    return placed is None or placed.enabled


def own_domains() -> list[str]:
    """The domains that every tenant has in our own database, PRIMARY first, in upper case."""
    return [PRIMARY, *dict.fromkeys(name.upper() for name in settings.HOUSE.config.user_stores.domains)]


def domains(tenant: Tenant) -> list[str]:
    """The domains of a tenant, PRIMARY first, in upper case: those of our own database, then its directories, switched on or off."""
    return list(dict.fromkeys([*own_domains(), *directories(tenant)]))


def directory_for(tenant: Tenant, domain: str) -> Placed | None:
    """The directory that the people of `domain` are in; None where they are in our own database."""
    return directories(tenant).get(domain)


def mirror_for(tenant_id: int, domain: str) -> Placed | None:
    """The directory of `domain` that lock and state are written to; None for every other domain (docs/adr/0020). Where the server mirrors
    nothing, the database is not asked."""
    if settings.HOUSE.config.identity_data == "own":
        return None
    known = _remembered(tenant_id)
    if known is None:
        known = directories(TenantRow.objects.get(pk=tenant_id).brief)
    placed = known.get(domain)
    return placed if placed and placed.settings.mirrored and not placed.read_only else None


def directories(tenant: Tenant) -> dict[str, Placed]:
    """The directories of a tenant by domain. PRIMARY is in our own database again once its directory is switched off."""
    known = _remembered(tenant.id)
    if known is not None:
        return known
    rows = Directory.objects.within(tenant).exclude(domain=PRIMARY, enabled=False).order_by("domain")
    placed = {row.domain: place(settings.HOUSE, tenant, row) for row in rows}
    if len(_known) > 10_000:
        _known.clear()
    _known[tenant.id] = time.monotonic() + _KEEP, placed
    return placed


def _remembered(tenant_id: int) -> dict[str, Placed] | None:
    until, known = _known.get(tenant_id, (0.0, None))
    return known if until > time.monotonic() else None


def place(house: House, tenant: Tenant, row: Directory) -> Placed:
    """The directory of a row, with the client that this process keeps for it."""
    spoken = core.directory(row.kind, row.properties, row.attributes, private=row.private)
    if house.config.identity_data == "own":
        spoken = replace(spoken, mirrored={})
    if not row.enabled:
        return Placed(row.id, tenant, row.domain, row.version, spoken, cast(DirectoryClient, _Closed()), enabled=False)
    with _lock:
        client = _clients.get((row.id, row.version))
        if client is None:
            for key in [key for key in _clients if key[0] == row.id]:
                _clients.pop(key).close()
            client = _clients[row.id, row.version] = connect(spoken, password_of(house, row), tenant)
    return Placed(row.id, tenant, row.domain, row.version, spoken, client)


def connect(spoken: core.Directory, password: str, tenant: Tenant) -> DirectoryClient:
    """A client of its own, e.g. to try settings that are not stored. Nothing is connected yet."""
    from housekey.userstores.ldap import client

    return client.connect(spoken, password, _lane(tenant))


def _lane(tenant: Tenant) -> threading.Semaphore | None:
    """At most a quarter of the server's threads waits for the directories of one tenant; the server's own are trusted with all."""
    if tenant.domain == SUPER_TENANT:
        return None
    return _lanes.setdefault(tenant.id, threading.BoundedSemaphore(max(1, settings.HOUSE.config.server.threads // 4)))


def password_of(house: House, row: Directory) -> str:
    """What the directory is connected to with; `""` also where the key it is sealed with is gone: the directory then refuses us."""
    if not row.sealed:
        return ""
    try:
        return unseal(house.keys.by_id(row.key_name), row.id, bytes(row.sealed))
    except (KeyError, ValueError):
        return ""


def forget(tenant_id: int | None = None) -> None:
    """Look again: the directories of a tenant, or of all, were changed."""
    if tenant_id is None:
        _known.clear()
    else:
        _known.pop(tenant_id, None)
