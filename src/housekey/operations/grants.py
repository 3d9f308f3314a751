"""One sign-in of a person to an application: from the authorization code to the last of its tokens (RFC 6749, 7636, 9700).

    authorize ──code──▶ redeem ──▶ access + refresh token ──refresh──▶ access + refresh token …
                          │ a code or refresh token shown twice                 │
                          └──────────────▶ everything of this grant ends ◀──────┘

The account is held before its grant, as everywhere: a lock or a new password either comes first, and there is nothing to give, or it comes
second and finds what was given.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from housekey.conf.house import House
from housekey.core.codes import digest, digests, is_link_shaped, new_token
from housekey.core.errors import NotFound, NotSignedIn, Refused
from housekey.core.names import Tenant
from housekey.core.openid import OFFLINE, known
from housekey.core.principal import LOGIN, Principal
from housekey.core.users import User
from housekey.operations import accounts, audit, clients, consents, ending, sessions
from housekey.operations.clients import Known
from housekey.operations.login import Proved
from housekey.operations.roles import permissions_of
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Account, Client, Grant, RefreshToken, Token
from housekey.userstores.registry import is_served


class WrongGrant(Refused):
    """A code or refresh token that is unknown, used, expired, ended or another client's. Never says which."""

    def __init__(self) -> None:
        super().__init__("The authorization code or refresh token is no longer good. Send the person to sign in again.")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an application asks for, checked by the door: the redirect URI is the client's, the challenge is one of S256."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    nonce: str = ""
    challenge: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """What the application gets. `user`, `sid` and `authenticated` are what an ID token tells of."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    """Seconds."""
    scopes: tuple[str, ...]
    user: User
    sid: UUID
    authenticated: datetime
    nonce: str


def allowed(own: Collection[str], scopes: Collection[str]) -> tuple[str, ...]:
    """Of the scopes asked for, those a client with these of its `own` can have; the others are left out (reference server 7)."""
    return (*known(scopes), *sorted(set(own) & set(scopes)))


def authorize(house: House, by: Principal, asked: Asked, now: datetime, *, agreed: bool = False) -> str:
    """An authorization code (43 characters) for the person signed in. `agreed`: she has just been asked.

    Raises NotSignedIn for one who was not there a moment ago, WrongGrant if the client has changed meanwhile.
    """
    if by.account_id is None:
        raise NotSignedIn("Sign in first.")
    code = new_token()
    with durable():
        account, session = accounts.held(by.tenant, by.account_id), sessions.here(by)
        if account is None or session is None:
            raise NotSignedIn("Sign in first.")
        client = clients.find(by.tenant, asked.client_id, keep=True)
        if client is None or not clients.application_of(client).answers_at(asked.redirect_uri):
            raise WrongGrant
        consents.note(by, client, asked.scopes, now, agreed=agreed)
        hot.insert(Grant(
            id=uuid4(), tenant_id=by.tenant.id, client=client, account_id=by.account_id, session=session, sid=session.sid,
            code=digest(house.keys.newest[1], "authorization", code),
            code_expires=now + timedelta(seconds=house.config.tokens.authorization_code_validity),
            redirect_uri=asked.redirect_uri, scopes=list(allowed(client.scopes, asked.scopes)),
            nonce=asked.nonce, challenge=asked.challenge,
            authenticated=session.authenticated, created=now, expires=_end(house, session.authenticated, now, asked.scopes),
        ))
        audit.record(by, "application:sign-in", now, target=client.name, target_id=by.account_id, client_id=client.client_id)
    return code


def _end(house: House, began: datetime, now: datetime, scopes: Collection[str]) -> datetime:
    """When the grant ends in any case (A-168)."""
    if OFFLINE in scopes:
        return now + timedelta(seconds=house.config.tokens.offline_access_validity)
    return began + timedelta(minutes=house.config.sessions.absolute)


@dataclass(frozen=True, slots=True)
class Shown:
    """A code that is good: what it was asked with, for the door to compare."""

    grant_id: UUID
    account_id: UUID
    client_pk: UUID
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str


def show(house: House, tenant: Tenant, client: Known, code: str, now: datetime) -> Shown | None:
    """What this code would give the client. None: unknown, another client's, or too late.

    A code that was redeemed before is no mistake of its holder's: whoever had it first may have stolen it. Everything it gave ends
    (RFC 6749 section 4.1.2, R-OA-04).
    """
    if not is_link_shaped(code):
        return None
    grant = hot.find(Grant, tenant_id=tenant.id, code=digests(house.keys, "authorization", code))
    if grant is None or grant.client_id != client.id:
        return None
    if grant.redeemed is not None:
        _abandon(tenant, grant, now, "code:reuse")
        return None
    if now >= grant.code_expires:
        return None
    return Shown(grant.id, grant.account_id, grant.client_id, grant.redirect_uri, tuple(grant.scopes), grant.challenge)


def redeem(house: House, tenant: Tenant, shown: Shown, now: datetime) -> Given:
    """The tokens of a code, once. Raises WrongGrant: of two that come at the same moment the second ends what the first got."""
    with durable():
        held, given = _hold(tenant, shown.account_id, shown.client_pk, shown.grant_id), None
        if held is not None and held.redeemed is None:
            hot.change(held, redeemed=now)
            given = _give(house, tenant, held, tuple(held.scopes), now)
    if held is not None and given is None:
        _abandon(tenant, held, now, "code:reuse")
    if given is None:
        raise WrongGrant
    return given


def refresh(house: House, tenant: Tenant, client: Known, token: str, scopes: Collection[str], now: datetime) -> Given:
    """New tokens for a refresh token, which is used up. `scopes`: fewer than were granted, or none for all of them.

    Raises WrongGrant. A token that was used before ends the grant: it is in two hands (RFC 9700 section 4.14.2).
    """
    row = _refresh_token(house, tenant, token)
    if row is None or row.grant.client_id != client.id:
        raise WrongGrant
    given, used = None, False
    with durable():
        held = _hold(tenant, row.grant.account_id, row.grant.client_id, row.grant_id)
        if held is not None:  # whoever may not come in for a while finds her application where she left it
            used = RefreshToken.objects.within(tenant).filter(digest=row.digest, used__isnull=True).update(used=now) == 0
        if held is not None and not used and now < row.expires and now < held.expires:
            narrowed = tuple(scope for scope in allowed(client.scopes, held.scopes) if not scopes or scope in scopes)
            given = _give(house, tenant, held, narrowed, now)
    if used:
        _abandon(tenant, row.grant, now, "token:reuse")
    if given is None:
        raise WrongGrant
    return replace(given, nonce="")


def by_password(house: House, tenant: Tenant, client: Known, proved: Proved, scopes: Collection[str], now: datetime) -> Given:
    """Tokens for somebody whose password a program has shown (RFC 6749 section 4.3): there is no session. Raises WrongGrant: her
    password, or the client's secret, may have changed while it was checked."""
    with durable():
        account = accounts.held(tenant, proved.account_id)
        if account is None or account.credential_version != proved.version:
            raise WrongGrant
        if not _may_enter(tenant, account, permissions_of(tenant, account.id)):
            raise WrongGrant
        row = clients.find(tenant, client.client_id, keep=True)
        if row is None or bytes(row.secret) != client.proof:
            raise WrongGrant
        grant = Grant(
            id=uuid4(), tenant_id=tenant.id, client=row, account=account, sid=uuid4(),
            code=digest(house.keys.newest[1], "authorization", new_token()), code_expires=now, redeemed=now, redirect_uri="",
            scopes=list(allowed(row.scopes, scopes)), authenticated=now, created=now, expires=_end(house, now, now, scopes),
        )
        hot.insert(grant)
        given = _give(house, tenant, grant, tuple(grant.scopes), now)
        audit.record(proved.by, "application:sign-in", now, target=row.name, target_id=account.id, client_id=row.client_id,
                     grant="password")
    return given


def revoke(house: House, tenant: Tenant, client: Known, token: str, now: datetime) -> None:
    """End the grant of this refresh token (RFC 7009 section 2.1), if it is one of this client's."""
    row = _refresh_token(house, tenant, token)
    if row is None or row.grant.client_id != client.id:
        return
    with durable():
        accounts.held(tenant, row.grant.account_id)
        if ending.given(tenant, Grant.objects.within(tenant).filter(id=row.grant_id), now, tell=False):
            audit.record(_by(tenant, row.grant), "token:revoke", now, target=client.name, target_id=row.grant.client_id,
                         client_id=client.client_id)


def live_refresh_token(house: House, tenant: Tenant, token: str, now: datetime) -> RefreshToken | None:
    """The row of a refresh token that could be used now, for introspection."""
    row = _refresh_token(house, tenant, token)
    return row if row is not None and row.used is None and now < row.expires and now < row.grant.expires else None


def _refresh_token(house: House, tenant: Tenant, token: str) -> RefreshToken | None:
    if not is_link_shaped(token):
        return None
    row = hot.find(RefreshToken, tenant_id=tenant.id, digest=digests(house.keys, "refresh", token))
    grant = hot.find(Grant, tenant_id=tenant.id, id=row.grant_id) if row is not None else None
    if row is None or grant is None:
        return None
    row.grant = grant
    return row


def _hold(tenant: Tenant, account_id: UUID, client_pk: UUID, grant_id: UUID) -> Grant | None:
    """Inside a transaction, the account, the client and then the grant, if all still stand. The account is in the grant."""
    account = accounts.held(tenant, account_id)
    if account is None or not _may_enter(tenant, account, permissions_of(tenant, account_id)):
        return None
    ending.keep([client_pk])
    grant = hot.find(Grant, hold=True, tenant_id=tenant.id, id=grant_id)
    if grant is not None:
        grant.account = account
    return grant


def _may_enter(tenant: Tenant, account: Account, permissions: frozenset[str]) -> bool:
    """As for a browser that is signed in: what an application gets goes no further."""
    return LOGIN in permissions and accounts.standing_of(account).may_sign_in and is_served(tenant, account.domain)


def _give(house: House, tenant: Tenant, grant: Grant, scopes: tuple[str, ...], now: datetime) -> Given:
    """Inside a transaction: an access token and the next refresh token, neither longer than the grant."""
    lives, access, following = house.config.tokens, new_token(), new_token()
    user = accounts.user(tenant, grant.account)
    ends = min(now + timedelta(seconds=lives.user_access_token_validity), grant.expires)
    key = house.keys.newest[1]
    hot.insert(Token(
        tenant_id=tenant.id, digest=digest(key, "token", access), client_id=grant.client_id, grant=grant, scopes=list(scopes), issued=now,
        expires=ends,
    ))
    hot.insert(RefreshToken(
        tenant_id=tenant.id, digest=digest(key, "refresh", following), grant=grant, issued=now,
        expires=min(now + timedelta(seconds=lives.refresh_token_validity), grant.expires),
    ))
    return Given(access, following, int((ends - now).total_seconds()), scopes, user, grant.sid, grant.authenticated, grant.nonce)


def _abandon(tenant: Tenant, grant: Grant, now: datetime, event: str) -> None:
    """Something of this grant was shown twice: it is in two hands, and nobody can tell whose are the right ones."""
    with durable():
        accounts.held(tenant, grant.account_id)
        if ending.given(tenant, Grant.objects.within(tenant).filter(id=grant.id), now):
            audit.record(_by(tenant, grant), event, now, target=grant.client.name, target_id=grant.account_id, outcome="refused",
                         client_id=grant.client.client_id)


def _by(tenant: Tenant, grant: Grant) -> Principal:
    return clients.principal(tenant, grant.client, "")


def speaker(tenant: Tenant, client: Client, grant: Grant, scopes: Collection[str], network: str) -> Principal | None:
    """The person for whom an application asks with her token: what the token, the client and she herself may do, no more.

    None if she may no longer sign in.
    """
    found = present(tenant, grant)
    if found is None:
        return None
    user, held = found
    both = frozenset(client.scopes) & frozenset(scopes) & held
    return Principal(tenant, str(user.name), both, user.id, network=network, client_id=client.client_id)


def present(tenant: Tenant, grant: Grant) -> tuple[User, frozenset[str]] | None:
    """Whom a grant speaks for and what she may do; None if she is gone or may no longer sign in."""
    account = hot.account(tenant.id, grant.account_id)
    if account is None:
        return None
    held = permissions_of(tenant, account.id)
    if not _may_enter(tenant, account, held):
        return None
    try:
        return accounts.user(tenant, account), held
    except NotFound:
        return None
