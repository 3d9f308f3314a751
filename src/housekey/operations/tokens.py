"""Access tokens: issue, recognise, look into, take back. The client holds 43 random characters, we their HMAC."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from housekey.conf.house import House
from housekey.core.codes import digest, digests, is_link_shaped, new_token
from housekey.core.errors import NotPermitted
from housekey.core.names import Tenant
from housekey.core.openid import OPENID, claims_of, known
from housekey.core.principal import CLIENT_VIEW, Principal
from housekey.operations import audit, clients, grants
from housekey.operations.clients import Known, WrongClient
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Client, Grant, Token

EVERYTHING = "SYSTEM"
"""WSO2's word for all that the client was granted (reference server 7)."""


@dataclass(frozen=True, slots=True)
class NewToken:
    access_token: str = field(repr=False)
    expires_in: int
    """Seconds."""
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TokenView:
    """A live token, as introspection tells of it."""

    client_id: str
    scopes: tuple[str, ...]
    issued: datetime
    expires: datetime
    subject: str
    """Whom it speaks for: a person's id, or the client's own."""
    username: str = ""
    """The person's name."""
    refresh: bool = False


def issue(house: House, tenant: Tenant, client: Known, asked: tuple[str, ...], network: str, now: datetime) -> NewToken:
    """Client credentials against a token (RFC 6749 section 4.4), for a client that has shown its secret.

    Of the scopes asked for, those not granted are left out without a word; none asked for means all. Raises WrongClient, Unavailable.
    """
    token, lifetime = new_token(), timedelta(seconds=house.config.tokens.app_access_token_validity)
    with durable():
        held = _hold(tenant, client)
        wanted = None if not asked or EVERYTHING in asked else asked
        by = clients.principal(tenant, held, network, wanted)
        scopes = tuple(sorted(by.permissions))
        hot.insert(
            Token(
                tenant_id=tenant.id,
                digest=digest(house.keys.newest[1], "token", token),
                client=held,
                scopes=list(scopes),
                issued=now,
                expires=now + lifetime,
            )
        )
        audit.record(by, "token:issue", now, target=held.name, target_id=held.id, client_id=held.client_id, scopes=list(scopes))
    return NewToken(token, int(lifetime.total_seconds()), scopes)


def _hold(tenant: Tenant, client: Known) -> Client:
    """The client's row until the transaction ends. Raises WrongClient if it is gone or has a new secret."""
    held = hot.find(Client, hold=True, tenant_id=tenant.id, client_id=client.client_id)
    if held is None or bytes(held.secret) != client.proof:
        raise WrongClient("changed meanwhile")
    return held


def recognise(house: House, tenant: Tenant, token: str, network: str, now: datetime) -> Principal | None:
    """Who asks with this token, or None: unknown, expired, taken back, another tenant's, or the tenant is switched off."""
    if not is_link_shaped(token):
        return None
    found = hot.token(tenant.id, digests(house.keys, "token", token), now)
    if found is None:
        return None
    client_id, name, held, issued, for_person = found
    if for_person:
        row = _live(house, tenant, token, now)
        return _speaker(tenant, row, network) if row is not None else None
    return clients.asking(tenant, client_id, name, frozenset(held) & frozenset(issued), network)


def _live(house: House, tenant: Tenant, token: str, now: datetime) -> Token | None:
    """As `recognise` reads it, with the rows."""
    if not is_link_shaped(token):
        return None
    rows = Token.objects.within(tenant).filter(digest__in=digests(house.keys, "token", token), expires__gt=now, tenant__active=True)
    for row in rows.select_related("client", "grant"):
        return row  # type: ignore[no-any-return] # the scoped manager is typed loosely
    return None


def _speaker(tenant: Tenant, row: Token, network: str) -> Principal | None:
    """Who asks with this token: the client itself, or a person who may still sign in."""
    if row.grant is None:
        return clients.principal(tenant, row.client, network, row.scopes)
    return grants.speaker(tenant, row.client, row.grant, row.scopes, network)


def userinfo(house: House, tenant: Tenant, token: str, now: datetime) -> dict[str, object] | None:
    """What a person's token tells about her (OpenID Connect Core 1.0 section 5.3); None for a token that tells nothing (any more).

    Raises NotPermitted for one that was issued without `openid`.
    """
    row = _live(house, tenant, token, now)
    found = grants.present(tenant, row.grant) if row is not None and row.grant is not None else None
    if row is None or found is None:
        return None
    if OPENID not in row.scopes:
        raise NotPermitted(OPENID)
    return claims_of(found[0], row.scopes)


def introspect(house: House, by: Principal, token: str, now: datetime) -> TokenView | None:
    """What a live token is good for now (RFC 7662). A client sees its own, a holder of CLIENT_VIEW all of the tenant; for anything else
    the answer is None and never says why."""
    row = _live(house, by.tenant, token, now)
    if row is None:
        return _introspect_refresh(house, by, token, now)
    if not _may_look(by, row.client):
        return None
    present = _speaker(by.tenant, row, by.network)
    return _view(row.client, row.grant, row.scopes, present, row.issued, row.expires) if present is not None else None


def _may_look(by: Principal, client: Client) -> bool:
    return by.may(CLIENT_VIEW) or (by.account_id is None and bool(by.client_id) and by.client_id == client.client_id)


def _introspect_refresh(house: House, by: Principal, token: str, now: datetime) -> TokenView | None:
    row = grants.live_refresh_token(house, by.tenant, token, now)
    if row is None or not _may_look(by, row.grant.client):
        return None
    present = grants.speaker(by.tenant, row.grant.client, row.grant, row.grant.scopes, by.network)
    if present is None:
        return None
    found = _view(row.grant.client, row.grant, row.grant.scopes, present, row.issued, min(row.expires, row.grant.expires))
    return replace(found, refresh=True)


def _view(client: Client, grant: Grant | None, scopes: list[str], by: Principal, issued: datetime, expires: datetime) -> TokenView:
    """Of the scopes that are permissions, those that still hold."""
    present = (*known(scopes), *sorted(by.permissions & set(scopes)))
    if grant is None:
        return TokenView(client.client_id, present, issued, expires, client.client_id)
    return TokenView(client.client_id, present, issued, expires, str(grant.account_id), by.name)


def revoke(house: House, tenant: Tenant, client: Known, token: str, now: datetime) -> None:
    """End one of the client's own tokens (RFC 7009), with a refresh token the whole sign-in; any other text is passed over."""
    row = _live(house, tenant, token, now)
    if row is None or row.client.client_id != client.client_id:
        grants.revoke(house, tenant, client, token, now)
        return
    by = clients.principal(tenant, row.client, "")
    with durable():
        if Token.objects.within(by.tenant).filter(digest=row.digest).delete()[0]:
            audit.record(by, "token:revoke", now, target=client.name, target_id=row.client_id, client_id=client.client_id)
