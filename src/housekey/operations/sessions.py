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
from housekey.operations import accounts, audit
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


def start(house: House, tenant: Tenant, account: Account, network: str, agent: str, now: datetime) -> str:
    """A step inside sign-in: a new session, always under a new token (A-161). Returns the token."""
    token = new_token()
    oldest = now - timedelta(minutes=house.config.sessions.absolute)
    Session.objects.within(tenant).filter(account=account, created__lt=oldest).delete()
    row = Session(
        tenant_id=tenant.id,
        digest=digest(house.keys.newest[1], "session", token),
        account=account,
        credential_version=account.credential_version,
        created=now,
        last_seen=now,
        network=network,
        agent=agent[:300],
    )
    hot.insert(row)
    return token


def recognise(house: House, tenant: Tenant, token: str, network: str, now: datetime) -> Principal | None:
    """Who this browser is signed in as, or None: ended, idle too long, too old, or an account that may no longer come in."""
    if not is_link_shaped(token):
        return None
    session = Session.objects.within(tenant).filter(digest__in=digests(house.keys, "session", token)).select_related("account").first()
    if session is None or not _fresh(house, session, now) or not accounts.standing_of(session.account).may_sign_in:
        return None
    if not is_served(tenant, session.account.domain):
        return None
    if now - session.last_seen > SEEN_EVERY:
        Session.objects.within(tenant).filter(id=session.id).update(last_seen=now)
    permissions = permissions_of(tenant, session.account_id)
    if LOGIN not in permissions:
        return None
    name = str(accounts.user(tenant, session.account).name)
    return Principal(tenant, name, permissions, session.account_id, session.id, network)


def _fresh(house: House, session: Session, now: datetime) -> bool:
    limits = house.config.sessions
    return (
        session.credential_version == session.account.credential_version
        and now - session.last_seen <= timedelta(minutes=limits.idle)
        and now - session.created <= timedelta(minutes=limits.absolute)
    )


def sign_out(by: Principal, now: datetime) -> None:
    """End the caller's own session."""
    if by.session_id is not None:
        _end(by, by.session_id, now, "sign-out")


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
        if _fresh(house, row, now)
    ]


def end_session(by: Principal, session_id: int, now: datetime) -> None:
    """End one of the caller's own sessions. Raises NotFound for anybody else's."""
    if not _end(by, session_id, now, "session:end"):
        raise NotFound("There is no such session.")


def end_others(by: Principal, now: datetime) -> int:
    """End the caller's sessions except the one that asks. Returns how many there were."""
    with durable():
        rows = Session.objects.within(by.tenant).filter(account_id=by.account_id).exclude(id=by.session_id)
        ended = int(rows.delete()[0])
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
        ended = int((rows.filter(id=session_id) if session_id is not None else rows).delete()[0])
        if ended:
            name = str(accounts.user(by.tenant, account).name)
            audit.record(by, "session:end", now, target=name, target_id=account.id, sessions=ended)
    return ended


def _end(by: Principal, session_id: int, now: datetime, event: str) -> int:
    with durable():
        ended = int(Session.objects.within(by.tenant).filter(id=session_id, account_id=by.account_id).delete()[0])
        if ended:
            audit.record(by, event, now, target=by.name, target_id=by.account_id)
    return ended
