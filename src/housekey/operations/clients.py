"""OAuth clients: programs that ask with a token of their own, and applications that people sign in to."""

from __future__ import annotations

import hmac
import re
import secrets
import time
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from housekey.conf.house import House
from housekey.core.applications import Application, checked, origin_of
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
from housekey.operations import audit, ending, throttle
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Client, Grant, Token

MAX_NAME = 100
"""Characters of a client's name."""

_KEEP = 5.0
"""Seconds for which the origins of a tenant's applications are remembered in this process."""
_KEEP_UNKNOWN = 0.5
"""The same for an origin that is not among them."""
_origins: dict[int, tuple[float, frozenset[str]]] = {}

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
    application: Application
    """Without redirect URIs: people do not sign in to it."""


@dataclass(frozen=True, slots=True)
class Known:
    """A client at the doors of OAuth. `proof` is the digest of the secret it has shown, empty where it has shown none."""

    id: UUID
    client_id: str
    name: str
    scopes: tuple[str, ...]
    application: Application
    proof: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class NewClient:
    """The only time that the secret is shown; a public client has none (`""`)."""

    client_id: str
    client_secret: str = field(repr=False)
    name: str
    scopes: tuple[str, ...]


NO_APPLICATION = Application()


def add(
    house: House, by: Principal, name: str, scopes: Iterable[str], now: datetime, application: Application = NO_APPLICATION
) -> NewClient:
    """A new client with a secret of 43 characters, none if it is public. Nobody grants what they do not hold.

    Raises Invalid, Conflict, NotPermitted.
    """
    by.must(CLIENT_CREATE)
    application = checked(application)
    name, granted = _named(name), _grantable(by, scopes, application)
    secret = "" if application.public else new_token()
    row = Client(
        tenant_id=by.tenant.id,
        client_id=f"client_{secrets.token_hex(16)}",
        name=name,
        secret=digest(house.keys.newest[1], "client", secret) if secret else b"",
        scopes=list(granted),
        created=now,
        created_by=by.name[:300],
    )
    _settle(row, application)
    with durable(taken=_taken(name)):
        row.save(force_insert=True)
        _origins.pop(by.tenant.id, None)
        audit.record(by, "client:add", now, target=name, target_id=row.id, client_id=row.client_id, scopes=list(granted),
                     redirect_uris=row.redirect_uris)
    return NewClient(row.client_id, secret, name, granted)


def listing(by: Principal) -> list[ClientView]:
    """The tenant's clients by name."""
    by.must(CLIENT_VIEW)
    return [_view(row) for row in Client.objects.within(by.tenant).order_by("name")]


def view(by: Principal, client_id: str) -> ClientView:
    """Raises NotFound, NotPermitted."""
    by.must(CLIENT_VIEW)
    row = find(by.tenant, client_id)
    if row is None:
        raise _unknown(client_id)
    return _view(row)


def find(tenant: Tenant, client_id: str, *, keep: bool = False) -> Client | None:
    """A step of other operations: the client of this id. `keep`: it stays as it is until the transaction ends (`ending.keep`)."""
    return hot.find(Client, keep=keep, tenant_id=tenant.id, client_id=client_id if is_client_shaped(client_id) else "")


def has_origin(tenant: Tenant, origin: str) -> bool:
    """Do people come to one of the tenant's applications from pages of this origin (`https://host:port`)?

    One that is not remembered may be new, so it is looked up sooner; but strangers who ask from everywhere cannot have it looked up always.
    """
    now = time.monotonic()
    looked, origins = _origins.get(tenant.id, (float("-inf"), frozenset()))
    if now - looked > (_KEEP if origin in origins else _KEEP_UNKNOWN):
        rows = Client.objects.within(tenant).exclude(redirect_uris=[]).values_list("redirect_uris", flat=True)
        origins = frozenset(origin_of(uri) for uris in rows for uri in uris)
        _origins[tenant.id] = now, origins
    return origin in origins


def forget() -> None:
    """Look the origins up anew."""
    _origins.clear()


def known(tenant: Tenant, client_id: str) -> Known | None:
    """The client of this id, which has shown nothing yet."""
    row = find(tenant, client_id)
    return _known(row) if row is not None else None


def prove(house: House, tenant: Tenant, client_id: str, secret: str, network: str, now: datetime) -> Known:
    """The client whose secret this is. Raises WrongClient, Throttled, Unavailable."""
    row = verified(house, tenant, client_id, secret, network, now)
    return replace(_known(row), proof=bytes(row.secret))


def _known(row: Client) -> Known:
    return Known(row.id, row.client_id, row.name, tuple(row.scopes), application_of(row))


def application_of(row: Client) -> Application:
    """What the row says about people's signing in."""
    return Application(
        tuple(row.redirect_uris), tuple(row.post_logout_redirect_uris), row.backchannel_logout_uri, row.access_url,
        public=not bytes(row.secret), consent=row.consent, signed_with="ES256" if row.signed_with == "ES256" else "RS256",
    )


def _settle(row: Client, application: Application) -> None:
    row.redirect_uris, row.post_logout_redirect_uris = list(application.redirect_uris), list(application.post_logout_redirect_uris)
    row.backchannel_logout_uri, row.access_url = application.backchannel_logout_uri, application.access_url
    row.consent, row.signed_with = application.consent, application.signed_with


_SETTLED = ("redirect_uris", "post_logout_redirect_uris", "backchannel_logout_uri", "access_url", "consent", "signed_with")


def set_application(by: Principal, client_id: str, application: Application, now: datetime, name: str = "") -> ClientView:
    """Where the application is answered, and how. What was granted at an address that is gone ends with it (A-167).

    Whether it keeps a secret is decided when it is added. `name`: it is called so from now on. Raises Invalid, Conflict, NotFound,
    NotPermitted.
    """
    by.must(CLIENT_CREATE)
    name = _named(name) if name else ""
    with durable(taken=_taken(name) if name else None):
        row = _hold(by, client_id)
        called, row.name = row.name, name or row.name
        before = application_of(row)
        application = checked(replace(application, public=before.public))
        if not application.redirect_uris and not row.scopes:
            raise Invalid("Give at least one redirect URI or one scope: without both the client can do nothing.", field="redirect_uris")
        _settle(row, application)
        row.save(update_fields=["name", *_SETTLED])
        _origins.pop(by.tenant.id, None)
        if before.redirect_uris != application.redirect_uris:
            grants = Grant.objects.within(by.tenant).filter(client=row).exclude(redirect_uri="")
            used = grants.order_by().values_list("redirect_uri", flat=True).distinct()
            # A native application's port is not on the list, so what is compared is where it may be answered now.
            ending.given(by.tenant, grants.filter(redirect_uri__in=[uri for uri in used if not application.answers_at(uri)]), now)
        changed = [field for field in _SETTLED if getattr(before, field) != getattr(application, field)]
        changed += ["name"] if row.name != called else []
        audit.record(by, "client:application", now, target=row.name, target_id=row.id, client_id=row.client_id, changed=changed,
                     redirect_uris=row.redirect_uris)
    return _view(row)


def set_scopes(by: Principal, client_id: str, scopes: Iterable[str], now: datetime) -> ClientView:
    """What the client may do from now on; tokens that are out lose what it lost (A-148). Raises Invalid, NotFound, NotPermitted."""
    by.must(CLIENT_CREATE)
    with durable():
        row = _hold(by, client_id)
        granted = _grantable(by, scopes, application_of(row))
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
        if application_of(row).public:
            raise Invalid(f"{row.name} is a public client and has no secret.", field="client_id")
        row.secret = digest(house.keys.newest[1], "client", secret)
        row.save(update_fields=["secret"])
        Token.objects.within(by.tenant).filter(client=row, grant__isnull=True).delete()
        ending.given(by.tenant, Grant.objects.within(by.tenant).filter(client=row), now)
        audit.record(by, "client:rotate", now, target=row.name, target_id=row.id, client_id=row.client_id)
    return NewClient(row.client_id, secret, row.name, tuple(row.scopes))


def delete(by: Principal, client_id: str, now: datetime) -> None:
    """The client and its tokens end at once. Raises NotFound, NotPermitted."""
    by.must(CLIENT_DELETE)
    with durable():
        row = _hold(by, client_id)
        audit.record(by, "client:delete", now, target=row.name, target_id=row.id, client_id=row.client_id)
        ending.given(by.tenant, Grant.objects.within(by.tenant).filter(client=row), now, tell=False)
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
    row = find(tenant, client_id)
    expected = (bytes(row.secret) if row else b"") or bytes(32)
    given = [digest(key, "client", findable(secret)) for _, key in house.keys.ring]
    matches = [hmac.compare_digest(one, expected) for one in given]
    if row is not None and any(matches) and row.secret:
        return _renewed(row, given[0])
    _refuse(tenant, findable(client_id), row, network, now)
    raise WrongClient("wrong secret" if row else "unknown client")


def _renewed(row: Client, newest: bytes) -> Client:
    """Under the newest key from now on, so that an older one can be taken off the ring some day."""
    if bytes(row.secret) != newest:
        with durable():
            Client.objects.within(row.tenant_id).filter(id=row.id, secret=row.secret).update(secret=newest)
        row.secret = newest
    return row


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
        raise _unknown(client_id)
    return row  # type: ignore[no-any-return] # the scoped manager is typed loosely


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a client {name} already.", field="name")


def _unknown(client_id: str) -> NotFound:
    return NotFound(f"There is no client with the id {client_id[:64]}.")


def _named(name: str) -> str:
    name = unicodedata.normalize("NFC", name).strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise Invalid(f"Give the client a name of 1 to {MAX_NAME} printable characters.", field="name")
    return name


def _grantable(by: Principal, scopes: Iterable[str], application: Application) -> tuple[str, ...]:
    """Sorted, each once; only an application needs none. Raises Invalid for an unknown one, NotPermitted for one the caller lacks."""
    wanted = frozenset(scopes)
    unknown = sorted(wanted - GRANTABLE)
    if unknown:
        raise Invalid(f"There is no scope {unknown[0][:80]}. The scopes are: {', '.join(sorted(GRANTABLE))}.", field="scope")
    if not wanted and not application.redirect_uris:
        raise Invalid(f"Give the client at least one scope. The scopes are: {', '.join(sorted(GRANTABLE))}.", field="scope")
    _must_hold(by, wanted)
    return tuple(sorted(wanted))


def _must_hold(by: Principal, scopes: Iterable[str]) -> None:
    missing = sorted(frozenset(scopes) - by.permissions)
    if missing:
        raise NotPermitted(missing[0])


def _view(row: Client) -> ClientView:
    return ClientView(row.client_id, row.name, tuple(row.scopes), row.created, row.created_by, application_of(row))
