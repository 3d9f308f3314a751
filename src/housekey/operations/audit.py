"""The audit log: every operation leaves one row, in its own transaction; refusals of sign-in too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from housekey.core.names import Tenant
from housekey.core.principal import USER_VIEW, Principal
from housekey.store import hot
from housekey.store.models import AuditEntry


@dataclass(frozen=True, slots=True)
class AuditView:
    at: datetime
    actor: str
    event: str
    outcome: str
    network: str
    detail: dict[str, Any]


def record(
    by: Principal, event: str, now: datetime, *, target: str = "", target_id: UUID | None = None, outcome: str = "done", **detail: Any
) -> None:
    """A step inside an operation's transaction. `detail` never holds a secret."""
    row = AuditEntry(
        tenant_id=by.tenant.id,
        at=now,
        actor=by.name[:300],
        network=by.network,
        event=event,
        target=target[:400],
        target_id=target_id,
        outcome=outcome,
        detail=detail,
    )
    hot.insert(row)


def signed_in_from(tenant: Tenant, account_id: UUID, network: str) -> bool:
    """Has this account signed in from this address before?"""
    rows = AuditEntry.objects.within(tenant).filter(
        target_id=account_id, network=network, outcome="done", event__in=("sign-in", "sign-in:basic")
    )
    return network != "" and bool(rows.exists())


def recent(by: Principal, user_id: UUID, limit: int = 50) -> list[AuditView]:
    """What happened to one user, newest first."""
    by.must(USER_VIEW)
    return _rows(by, user_id, limit)


def mine(by: Principal, limit: int = 20) -> list[AuditView]:
    """What happened to the caller's own account, newest first."""
    return _rows(by, by.account_id, limit) if by.account_id else []


def _rows(by: Principal, user_id: UUID, limit: int) -> list[AuditView]:
    rows = AuditEntry.objects.within(by.tenant).filter(target_id=user_id).order_by("-at", "-id")[:limit]
    return [AuditView(row.at, row.actor, row.event, row.outcome, row.network, row.detail) for row in rows]
