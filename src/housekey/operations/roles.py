"""Roles and what they allow."""

from __future__ import annotations

from uuid import UUID

from housekey.core.errors import NotPermitted
from housekey.core.names import Tenant
from housekey.core.principal import EVERYONE, EVERYONE_PERMISSIONS, Principal
from housekey.store import hot


def permissions_of(tenant: Tenant, account_id: UUID) -> frozenset[str]:
    """What everyone holds and what the account's roles add."""
    return frozenset(permission for held in hot.permissions(tenant.id, account_id, EVERYONE) for permission in held)


def must_outrank(by: Principal, account_id: UUID) -> None:
    """Nobody touches an account that holds permissions they lack: the help desk cannot take over an administrator. Raises NotPermitted."""
    if not permissions_of(by.tenant, account_id) <= by.permissions | EVERYONE_PERMISSIONS:
        raise NotPermitted("of everything this user may do")
