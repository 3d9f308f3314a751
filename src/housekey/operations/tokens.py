"""Access tokens: issue, recognise, look into, take back. The client holds 43 random characters, we their HMAC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from housekey.conf.house import House
from housekey.core.codes import digest, digests, is_link_shaped, new_token
from housekey.core.names import Tenant
from housekey.core.principal import CLIENT_VIEW, Principal
from housekey.operations import audit, clients
from housekey.operations.clients import WrongClient
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Client, Token

LIFETIME = timedelta(hours=1)
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


def issue(
    house: House, tenant: Tenant, client_id: str, secret: str, asked: tuple[str, ...], network: str, now: datetime
) -> NewToken:
    """Client credentials against a token (RFC 6749 section 4.4). Of the scopes asked for, those not granted are left out without a
    word; none asked for means all. Raises WrongClient, Throttled, Unavailable."""
    client = clients.verified(house, tenant, client_id, secret, network, now)
    token = new_token()
    with durable():
        held = _hold(client)
        _renew(house, held, secret)
        wanted = None if not asked or EVERYTHING in asked else asked
        by = clients.principal(tenant, held, network, wanted)
        scopes = tuple(sorted(by.permissions))
        Token.objects.within(tenant).filter(client=held, expires__lte=now).delete()
        hot.insert(
            Token(
                tenant_id=tenant.id,
                digest=digest(house.keys.newest[1], "token", token),
                client=held,
                scopes=list(scopes),
                issued=now,
                expires=now + LIFETIME,
            )
        )
        audit.record(by, "token:issue", now, target=held.name, target_id=held.id, client_id=held.client_id, scopes=list(scopes))
    return NewToken(token, int(LIFETIME.total_seconds()), scopes)


def _hold(verified: Client) -> Client:
    """The client whose secret was just checked, held until the transaction ends. Raises WrongClient if it is gone or has a new one."""
    rows = Client.objects.within(verified.tenant_id).select_for_update().filter(id=verified.id)
    held: Client | None = rows.first()
    if held is None or bytes(held.secret) != bytes(verified.secret):
        raise WrongClient("changed meanwhile")
    return held


def _renew(house: House, held: Client, secret: str) -> None:
    """A step inside `issue`: under the newest key from now on, so that an older one can be taken off the ring some day."""
    newest = digest(house.keys.newest[1], "client", secret)
    if bytes(held.secret) != newest:
        held.secret = newest
        held.save(update_fields=["secret"])


def recognise(house: House, tenant: Tenant, token: str, network: str, now: datetime) -> Principal | None:
    """Who asks with this token, or None: unknown, expired, taken back, another tenant's, or the tenant is switched off."""
    if not is_link_shaped(token):
        return None
    found = hot.token(tenant.id, digests(house.keys, "token", token), now)
    if found is None:
        return None
    client_id, name, held, issued = found
    return clients.asking(tenant, client_id, name, frozenset(held) & frozenset(issued), network)


def _live(house: House, tenant: Tenant, token: str, now: datetime) -> Token | None:
    """As `recognise` reads it, with the rows."""
    if not is_link_shaped(token):
        return None
    rows = Token.objects.within(tenant).filter(digest__in=digests(house.keys, "token", token), expires__gt=now, tenant__active=True)
    for row in rows.select_related("client"):
        return row  # type: ignore[no-any-return] # the scoped manager is typed loosely
    return None


def introspect(house: House, by: Principal, token: str, now: datetime) -> TokenView | None:
    """What a live token is good for now (RFC 7662). A client sees its own, a holder of CLIENT_VIEW all of the tenant; for anything else
    the answer is None and never says why."""
    row = _live(house, by.tenant, token, now)
    if row is None or not (by.may(CLIENT_VIEW) or (by.client_id and by.client_id == row.client.client_id)):
        return None
    present = clients.principal(by.tenant, row.client, by.network, row.scopes)
    return TokenView(row.client.client_id, tuple(sorted(present.permissions)), row.issued, row.expires)


def revoke(house: House, by: Principal, token: str, now: datetime) -> None:
    """End one of the caller's own tokens (RFC 7009); any other text is passed over without a word."""
    row = _live(house, by.tenant, token, now)
    if row is None or not by.client_id or row.client.client_id != by.client_id:
        return
    with durable():
        if Token.objects.within(by.tenant).filter(digest=row.digest).delete()[0]:
            audit.record(by, "token:revoke", now, target=row.client.name, target_id=row.client_id, client_id=by.client_id)
