"""OAuth clients: programs that ask with a token of their own instead of somebody's password."""

from __future__ import annotations

import hmac
import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from housekey.conf.house import House
from housekey.core.codes import digest, new_token
from housekey.core.errors import Conflict, Invalid, NotFound, NotPermitted, WrongCredentials
from housekey.core.names import Tenant, UserName, findable
from housekey.core.principal import (
    CLIENT_CREATE,
    CLIENT_DELETE,
    CLIENT_VIEW,
    GRANTABLE,
    Principal,
)
from housekey.operations import audit, throttle
from housekey.operations.transactions import durable
from housekey.store.models import Client, Token

MAX_NAME = 100
"""Characters of a client's name."""

_SHAPE = re.compile(r"client_[0-9a-f]{32}")
_KEYSPACE = "oauth2"
"""Stands where a user store's name stands when wrong secrets are counted. Those are upper case, so no user's count is met."""


class WrongClient(WrongCredentials):
    """Wrong secret or unknown client: one sentence for both (reference server 7)."""

    SENTENCE = "Client credentials are invalid."


@dataclass(frozen=True, slots=True)
class ClientView:
    client_id: str
    name: str
    scopes: tuple[str, ...]
    created: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class NewClient:
    """The only time that the secret is shown."""

    client_id: str
    client_secret: str = field(repr=False)
    name: str
    scopes: tuple[str, ...]


def add(house: House, by: Principal, name: str, scopes: Iterable[str], now: datetime) -> NewClient:
    """A new client with a secret of 43 characters. Nobody grants what they do not hold. Raises Invalid, Conflict, NotPermitted."""
    by.must(CLIENT_CREATE)
    name, granted = _named(name), _grantable(by, scopes)
    secret = new_token()
    row = Client(
        tenant_id=by.tenant.id,
        client_id=f"client_{secrets.token_hex(16)}",
        name=name,
        secret=digest(house.keys.newest[1], "client", secret),
        scopes=list(granted),
        created=now,
        created_by=by.name[:300],
    )
    with durable(taken=Conflict(f"There is a client {name} already.", field="name")):
        row.save(force_insert=True)
        audit.record(by, "client:add", now, target=name, target_id=row.id, client_id=row.client_id, scopes=list(granted))
    return NewClient(row.client_id, secret, name, granted)


def listing(by: Principal) -> list[ClientView]:
    """The tenant's clients by name."""
    by.must(CLIENT_VIEW)
    return [_view(row) for row in Client.objects.within(by.tenant).order_by("name")]


def set_scopes(by: Principal, client_id: str, scopes: Iterable[str], now: datetime) -> ClientView:
    """What the client may do from now on; tokens that are out lose what it lost (A-148). Raises Invalid, NotFound, NotPermitted."""
    by.must(CLIENT_CREATE)
    granted = _grantable(by, scopes)
    with durable():
        row = _hold(by, client_id)
        before, row.scopes = row.scopes, list(granted)
        row.save(update_fields=["scopes"])
        audit.record(by, "client:scopes", now, target=row.name, target_id=row.id, before=before, after=row.scopes)
    return _view(row)


def rotate(house: House, by: Principal, client_id: str, now: datetime) -> NewClient:
    """A new secret; the old one and every token it was good for end at once. Raises NotFound, NotPermitted.

    Whoever sees the secret can do what the client can, so the caller must hold all of it.
    """
    by.must(CLIENT_CREATE)
    secret = new_token()
    with durable():
        row = _hold(by, client_id)
        _must_hold(by, row.scopes)
        row.secret = digest(house.keys.newest[1], "client", secret)
        row.save(update_fields=["secret"])
        Token.objects.within(by.tenant).filter(client=row).delete()
        audit.record(by, "client:rotate", now, target=row.name, target_id=row.id, client_id=row.client_id)
    return NewClient(row.client_id, secret, row.name, tuple(row.scopes))


def delete(by: Principal, client_id: str, now: datetime) -> None:
    """The client and its tokens end at once. Raises NotFound, NotPermitted."""
    by.must(CLIENT_DELETE)
    with durable():
        row = _hold(by, client_id)
        audit.record(by, "client:delete", now, target=row.name, target_id=row.id, client_id=row.client_id)
        row.delete()


def is_client_shaped(text: str) -> bool:
    """Could this be a client's id? Told by its shape alone, so that a lookup's time gives nothing away."""
    return bool(_SHAPE.fullmatch(text))


def authenticate(house: House, tenant: Tenant, client_id: str, secret: str, network: str, now: datetime) -> Principal:
    """The client whose secret this is, holding its scopes. Raises WrongClient, Throttled, Unavailable."""
    return principal(tenant, verified(house, tenant, client_id, secret, network, now), network)


def principal(tenant: Tenant, row: Client, network: str, scopes: Iterable[str] | None = None) -> Principal:
    """The client as the one who asks: with `scopes`, as far as it still has them, or with all it has."""
    held = frozenset(row.scopes)
    return asking(tenant, row.client_id, row.name, held if scopes is None else held & frozenset(scopes), network)


def asking(tenant: Tenant, client_id: str, name: str, scopes: frozenset[str], network: str) -> Principal:
    """Whatever was stored: no client holds what none may be given."""
    return Principal(tenant, f"client {name}", scopes & GRANTABLE, network=network, client_id=client_id)


def verified(house: House, tenant: Tenant, client_id: str, secret: str, network: str, now: datetime) -> Client:
    """A step of other operations. Raises WrongClient, Throttled, Unavailable.

    Only a wrong secret is counted, after it was looked at: 256 random bits are not guessed, and a program that asks every minute must
    not be held up by somebody who types its name elsewhere (A-039). What the count holds back is the load of wrong ones.
    """
    shaped = is_client_shaped(client_id)
    row = Client.objects.within(tenant).filter(client_id=client_id if shaped else "").first()
    expected = bytes(row.secret) if row else bytes(32)
    given = [digest(key, "client", findable(secret)) for _, key in house.keys.ring]
    matches = [hmac.compare_digest(one, expected) for one in given]
    if row is not None and any(matches):
        return row  # type: ignore[no-any-return] # the scoped manager is typed loosely
    _refuse(tenant, findable(client_id), row, network, now)
    raise WrongClient("wrong secret" if row else "unknown client")


def _refuse(tenant: Tenant, client_id: str, row: Client | None, network: str, now: datetime) -> None:
    """Count and write down one wrong try. Raises Throttled."""
    tried = throttle.keys(tenant, UserName(_KEYSPACE, client_id), network)
    throttle.reserve(tried, now, known=lambda: False)
    with durable():
        audit.record(
            Principal(tenant, "anonymous", network=network),
            "client:sign-in",
            now,
            target=row.name if row else client_id,
            outcome="refused",
            target_id=row.id if row else None,
            why="wrong secret" if row else "unknown client",
        )


def _hold(by: Principal, client_id: str) -> Client:
    row = Client.objects.within(by.tenant).select_for_update().filter(client_id=findable(client_id)).first()
    if row is None:
        raise NotFound(f"There is no client with the id {client_id[:64]}.")
    return row  # type: ignore[no-any-return] # the scoped manager is typed loosely


def _named(name: str) -> str:
    name = unicodedata.normalize("NFC", name).strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise Invalid(f"Give the client a name of 1 to {MAX_NAME} printable characters.", field="name")
    return name


def _grantable(by: Principal, scopes: Iterable[str]) -> tuple[str, ...]:
    """Sorted, each once. Raises Invalid for an unknown one, NotPermitted for one that the caller does not hold."""
    wanted = frozenset(scopes)
    unknown = sorted(wanted - GRANTABLE)
    if unknown:
        raise Invalid(f"There is no scope {unknown[0][:80]}. The scopes are: {', '.join(sorted(GRANTABLE))}.", field="scope")
    if not wanted:
        raise Invalid(f"Give the client at least one scope. The scopes are: {', '.join(sorted(GRANTABLE))}.", field="scope")
    _must_hold(by, wanted)
    return tuple(sorted(wanted))


def _must_hold(by: Principal, scopes: Iterable[str]) -> None:
    missing = sorted(frozenset(scopes) - by.permissions)
    if missing:
        raise NotPermitted(missing[0])


def _view(row: Client) -> ClientView:
    return ClientView(row.client_id, row.name, tuple(row.scopes), row.created, row.created_by)
