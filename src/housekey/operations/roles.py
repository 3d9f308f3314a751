"""Roles and what they allow."""

from __future__ import annotations

from uuid import UUID

from housekey.core.names import Tenant
from housekey.core.principal import EVERYONE
from housekey.store import hot


def permissions_of(tenant: Tenant, account_id: UUID) -> frozenset[str]:
    """What everyone holds and what the account's roles add."""
    return frozenset(permission for held in hot.permissions(tenant.id, account_id, EVERYONE) for permission in held)
