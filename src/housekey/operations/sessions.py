"""Signed-in browsers: start, recognise, list, end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from housekey.conf.house import House
from housekey.core.codes import digest, digests, is_link_shaped, new_token
from housekey.core.errors import Invalid, NotFound
from housekey.core.names import Tenant
from housekey.core.principal import LOGIN, USER_UPDATE, USER_VIEW, Principal
from housekey.operations import accounts, audit, ending
from housekey.operations.roles import must_outrank, permissions_of
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Account, Session
from housekey.userstores.registry import is_served

SEEN_EVERY = timedelta(seconds=60)
"""`last_seen` is not written more often than this."""

MOST_SHOWN = 200
"""Sessions of one account that a list looks at, last used first."""


@dataclass(frozen=True, slots=True)
class SessionView:
    id: int
    created: datetime
    last_seen: datetime
    network: str
    agent: str
    current: bool


def start(
    house: House, tenant: Tenant, account: Account, network: str, agent: str, now: datetime, *, before: Principal | None = None
) -> str:
    """A step inside sign-in: always a new token (A-161). Returns it.

    `before`: who this browser was signed in as. The same person's session goes on under the new token, so that signing in again for one
    application signs out of no other; anybody else's ends.
    """
    token = new_token()
    present = before.session_id if before is not None and before.account_id == account.id and before.tenant.id == tenant.id else None
    renewed = {"digest": digest(house.keys.newest[1], "session", token), "authenticated": now, "last_seen": now,
               "credential_version": account.credential_version, "network": network, "agent": agent[:300]}
    held = hot.find(Session, tenant_id=tenant.id, id=present, account_id=account.id) if present is not None else None
    if held is not None and hot.change(held, **renewed):
        return token
    hot.insert(Session(tenant_id=tenant.id, account=account, created=now, **renewed))
    return token


def recognise(house: House, tenant: Tenant, token: str, network: str, now: datetime) -> Principal | None:
    """Who this browser is signed in as, or None: ended, idle too long, too old, or an account that may no longer come in."""
    if not is_link_shaped(token):
        return None
    session = hot.find(Session, tenant_id=tenant.id, digest=digests(house.keys, "session", token))
    account = hot.account(tenant.id, session.account_id) if session is not None else None
    if session is None or account is None or not _fresh(house, session, account, now) or not accounts.standing_of(account).may_sign_in:
        return None
    if not is_served(tenant, account.domain):
        return None
    if now - session.last_seen > SEEN_EVERY:
        hot.change(session, last_seen=now)
    permissions = permissions_of(tenant, account.id)
    if LOGIN not in permissions:
        return None
    name = str(accounts.user(tenant, account).name)
    return Principal(tenant, name, permissions, account.id, session.id, network)


def _fresh(house: House, session: Session, account: Account, now: datetime) -> bool:
    limits = house.config.sessions
    return (
        session.credential_version == account.credential_version
        and now - session.last_seen <= timedelta(minutes=limits.idle)
        and now - session.authenticated <= timedelta(minutes=limits.absolute)
    )


def sign_out(by: Principal, now: datetime) -> None:
    """End the caller's own session, and what applications were given in it."""
    if by.session_id is not None:
        _end(by, by.session_id, now, "sign-out")


def here(by: Principal) -> Session | None:
    """A step of other operations: the caller's own session, if she has one."""
    if by.session_id is None or by.account_id is None:
        return None
    return hot.find(Session, tenant_id=by.tenant.id, id=by.session_id, account_id=by.account_id)


def my_sessions(house: House, by: Principal, now: datetime) -> list[SessionView]:
    """The caller's sessions that have not ended by idling or age, last used first."""
    return _open(house, by, by.account_id, now) if by.account_id else []


def of_user(house: House, by: Principal, user_id: UUID, now: datetime) -> list[SessionView]:
    """As `my_sessions`, of somebody else. Raises NotPermitted."""
    by.must(USER_VIEW)
    return _open(house, by, user_id, now)


def _open(house: House, by: Principal, account_id: UUID, now: datetime) -> list[SessionView]:
    rows = Session.objects.within(by.tenant).filter(account_id=account_id).select_related("account").order_by("-last_seen", "-id")
    return [
        SessionView(row.id, row.created, row.last_seen, row.network, row.agent, row.id == by.session_id)
        for row in rows[:MOST_SHOWN]
        if _fresh(house, row, row.account, now)
    ]


def end_session(by: Principal, session_id: int, now: datetime) -> None:
    """End one of the caller's own sessions. Raises NotFound for anybody else's."""
    if not _end(by, session_id, now, "session:end"):
        raise NotFound("There is no such session.")


def end_others(by: Principal, now: datetime) -> int:
    """End the caller's sessions except the one that asks. Returns how many there were."""
    if by.account_id is None:
        return 0
    with durable():
        accounts.hold(by.tenant, by.account_id)
        rows = Session.objects.within(by.tenant).filter(account_id=by.account_id).exclude(id=by.session_id)
        ended = ending.sessions(by.tenant, rows, now)
        ending.left_over(by.tenant, by.account_id, now)
        if ended:
            audit.record(by, "session:end-others", now, target=by.name, target_id=by.account_id, sessions=ended)
    return ended


def end_of(by: Principal, user_id: UUID, now: datetime, session_id: int | None = None) -> int:
    """End one session of another user, or all of them. Returns how many there were: one that ended by itself is no mistake.

    Raises NotFound, NotPermitted, Invalid for the caller's own.
    """
    by.must(USER_UPDATE)
    with durable():
        account = accounts.hold(by.tenant, user_id)
        must_outrank(by, account.id)
        if account.id == by.account_id:
            raise Invalid("Your own sessions are ended in My Account.", field="id")
        rows = Session.objects.within(by.tenant).filter(account=account)
        ended = ending.sessions(by.tenant, rows.filter(id=session_id) if session_id is not None else rows, now)
        if session_id is None:
            ending.left_over(by.tenant, account.id, now)
        if ended:
            name = str(accounts.user(by.tenant, account).name)
            audit.record(by, "session:end", now, target=name, target_id=account.id, sessions=ended)
    return ended


def _end(by: Principal, session_id: int, now: datetime, event: str) -> int:
    if by.account_id is None:
        return 0
    with durable():
        accounts.hold(by.tenant, by.account_id)
        ended = ending.sessions(by.tenant, Session.objects.within(by.tenant).filter(id=session_id, account_id=by.account_id), now)
        if ended:
            audit.record(by, event, now, target=by.name, target_id=by.account_id)
    return ended
