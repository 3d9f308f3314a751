"""Sessions and what applications were given in them end together, and the applications are told. Steps inside other operations."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from housekey.core.names import Tenant
from housekey.core.openid import OFFLINE
from housekey.operations import farewells
from housekey.store.models import Grant, RefreshToken, Session, Token


def keep(client_pks: Collection[UUID]) -> None:
    """Inside a transaction: these clients stay as they are until it ends; others may keep them too. Between the account and its grants.

    Whoever deletes or changes a client holds it before its grants. Without this PostgreSQL would ask for it when we commit, with the
    grants in our hands that the other waits for. SQLite lets nobody else write anyway.
    """
    if client_pks and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM store_client WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE", [list(client_pks)])


def _hold(grants: QuerySet[Grant]) -> bool:
    """Keep the clients of these grants, then hold them before what hangs on them, as the sweep does, which knows no account. False: there
    are none."""
    owners = list(grants.order_by().values_list("client_id", flat=True).distinct())
    if owners and connection.vendor == "postgresql":
        keep(owners)
        list(grants.order_by("id").select_for_update().values_list("id", flat=True))
    return bool(owners)


def _drop(tenant: Tenant | int, grants: QuerySet[Grant]) -> int:
    """Delete grants with their tokens, in as many statements for a million as for one."""
    ids = grants.order_by().values("id")
    for tokens in (Token, RefreshToken):
        tokens.objects.within(tenant).filter(grant__in=ids).delete()
    return int(grants.order_by()._raw_delete(grants.db))


def given(tenant: Tenant | int, grants: QuerySet[Grant], now: datetime, *, tell: bool = True) -> int:
    """End these sign-ins to applications with all that came of them; how many there were. `tell`: the applications do not know yet.

    The caller holds their account, or their client so that nobody else keeps it.
    """
    if not _hold(grants):
        return 0
    if tell:
        farewells.owe(tenant, grants, now)
    return _drop(tenant, grants)


def sessions(tenant: Tenant | int, rows: QuerySet[Session], now: datetime) -> int:
    """End these sessions; how many there were. Tokens that were meant to outlive the browser (`offline_access`) stay.

    The caller holds the account: what is being issued to an application at this moment waits for it.
    """
    ids = list(rows.select_for_update().order_by("id").values_list("id", flat=True))
    if not ids:
        return 0
    grants = Grant.objects.within(tenant).filter(session_id__in=ids)
    if _hold(grants):
        farewells.owe(tenant, grants, now)
        lasting = [grant.id for grant in grants.only("id", "scopes") if OFFLINE in grant.scopes]
        _drop(tenant, grants.exclude(id__in=lasting))
    return int(rows.filter(id__in=ids).delete()[0])


def everything(tenant: Tenant | int, account_id: UUID, now: datetime) -> None:
    """End every session of the account and every token that speaks for it. The caller holds the account."""
    own = Session.objects.within(tenant).filter(account_id=account_id)
    if connection.vendor == "postgresql":  # before the grants: the sweep takes them off a session that it holds
        list(own.select_for_update().order_by("id").values_list("id", flat=True))
    given(tenant, Grant.objects.within(tenant).filter(account_id=account_id), now)
    own.delete()


def left_over(tenant: Tenant, account_id: UUID, now: datetime) -> None:
    """End what was given in sessions that nobody sees any more, as they ended by themselves; with `sessions`, where all are to end.

    What a program got for a password was never part of a session; its owner ends it otherwise.
    """
    grants = Grant.objects.within(tenant).filter(account_id=account_id, session__isnull=True).exclude(redirect_uri="")
    brief = [grant.id for grant in grants.only("id", "scopes") if OFFLINE not in grant.scopes]
    if brief:
        given(tenant, grants.filter(id__in=brief), now)
