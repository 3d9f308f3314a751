"""What people agreed to: which application may learn what about them. They see it in My Account, and take it back there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from housekey.core.errors import NotFound, NotSignedIn, Refused
from housekey.core.names import findable
from housekey.core.principal import USER_UPDATE, USER_VIEW, Principal
from housekey.operations import accounts, audit, ending
from housekey.operations.clients import Known
from housekey.operations.roles import must_outrank
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Client, Consent, Grant


class Unasked(Refused):
    """She must be asked before the application gets this: perhaps she has just taken back what she had agreed to."""

    def __init__(self) -> None:
        super().__init__("The person must be asked first.")


@dataclass(frozen=True, slots=True)
class Connected:
    """An application that somebody has signed in to."""

    client_id: str
    name: str
    access_url: str
    """Where it is opened, `""` if nobody wrote that down."""
    scopes: tuple[str, ...]
    """What she agreed to; empty where the application asks nobody."""
    given: datetime | None
    used: datetime


def mine(by: Principal) -> list[Connected]:
    """The applications the caller has signed in to, last used first."""
    return _connected(by, by.account_id)


def of_user(by: Principal, user_id: UUID) -> list[Connected]:
    """As `mine`, of somebody else. Raises NotPermitted."""
    by.must(USER_VIEW)
    return _connected(by, user_id)


def _connected(by: Principal, account_id: UUID | None) -> list[Connected]:
    rows = Consent.objects.within(by.tenant).filter(account_id=account_id).select_related("client").order_by("-used", "-id")
    return [
        Connected(row.client.client_id, row.client.name, row.client.access_url, tuple(row.scopes), row.given, row.used) for row in rows
    ]


def withdraw(by: Principal, client_id: str, now: datetime) -> None:
    """The application must ask again, and everything it was given ends at once. Raises NotFound, NotSignedIn."""
    if by.account_id is None:
        raise NotSignedIn("Sign in first.")
    with durable():
        accounts.hold(by.tenant, by.account_id)
        _end(by, by.account_id, client_id, now)


def withdraw_of(by: Principal, user_id: UUID, client_id: str, now: datetime) -> None:
    """As `withdraw`, of somebody else. Raises NotFound, NotPermitted."""
    by.must(USER_UPDATE)
    with durable():
        account = accounts.hold(by.tenant, user_id)
        must_outrank(by, account.id)
        _end(by, account.id, client_id, now)


def _end(by: Principal, account_id: UUID, client_id: str, now: datetime) -> None:
    """Inside a transaction, the account held. Raises NotFound."""
    rows = Consent.objects.within(by.tenant).filter(account_id=account_id, client__client_id=findable(client_id))
    row = rows.select_related("client").first()
    if row is None:
        raise NotFound("There is no such application.")
    grants = Grant.objects.within(by.tenant).filter(account_id=account_id, client_id=row.client_id)
    ended = ending.given(by.tenant, grants, now)
    row.delete()
    audit.record(by, "consent:withdraw", now, target=row.client.name, target_id=account_id, client_id=row.client.client_id,
                 sign_ins=ended)


def missing(by: Principal, client: Known, scopes: Collection[str]) -> bool:
    """Must the person be asked before this application gets these scopes?"""
    if not client.application.consent:
        return False
    row = _of(by, client.id)
    return row is None or row.given is None or not set(scopes) <= set(row.scopes)


def note(by: Principal, client: Client, scopes: Collection[str], now: datetime, *, agreed: bool) -> None:
    """A step inside the transaction that gives the application its code. `agreed`: she has just been asked for these scopes.

    Raises Unasked: what the page saw a moment ago may not be so any more.
    """
    if by.account_id is None:
        return
    row = _of(by, client.id)
    if client.consent and not agreed and (row is None or row.given is None or not set(scopes) <= set(row.scopes)):
        raise Unasked
    wanted = {"scopes": sorted({*(row.scopes if row else ()), *scopes}), "given": now} if agreed else {}
    if row is None:
        hot.insert(Consent(tenant_id=by.tenant.id, account_id=by.account_id, client=client, used=now, **wanted))
    else:
        hot.change(row, used=now, **wanted)
    if agreed:
        audit.record(by, "consent:give", now, target=client.name, target_id=by.account_id, client_id=client.client_id,
                     scopes=sorted(scopes))


def _of(by: Principal, client_pk: UUID) -> Consent | None:
    return hot.find(Consent, tenant_id=by.tenant.id, account_id=by.account_id, client_id=client_pk)
