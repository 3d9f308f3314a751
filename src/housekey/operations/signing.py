"""The keys that ID and logout tokens are signed with: one ring for each tenant and algorithm, made when first needed.

The private half rests sealed under a key that the database does not hold. The newest signs; one that was replaced is shown for a while
longer, so that what it signed can still be checked, and then forgotten.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from housekey.conf.house import House
from housekey.core.applications import ALGORITHMS, Algorithm
from housekey.core.errors import Conflict, Invalid, Unavailable
from housekey.core.links import tenant_prefix
from housekey.core.names import Tenant
from housekey.core.principal import CLIENT_CREATE, CLIENT_VIEW, Principal, system
from housekey.operations import audit
from housekey.operations.transactions import durable
from housekey.store.models import SigningKey
from housekey.store.sealed import seal, unseal

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, KeyParameters, RSAKey

    Private = ECKey | RSAKey

LIFE = timedelta(days=90)
"""After which the next use makes a new key."""
SHOWN = timedelta(days=2)
"""How long a replaced key is still published: longer than anything it signed is good for."""
RSA_BITS = 2_048
_KEEP = 5.0
"""Seconds for which a tenant's keys are remembered in this process."""

_known: dict[tuple[int, str], tuple[float, list[SigningKey]]] = {}
_opened: dict[Any, Private] = {}


@dataclass(frozen=True, slots=True)
class KeyView:
    """A signing key as administrators see it. `signs`: the newest of its algorithm; `replaced`: since when it no longer is."""

    kid: str
    alg: str
    created: datetime
    signs: bool
    replaced: datetime | None = None


def issuer(house: House, tenant: Tenant) -> str:
    """Who signs (`iss`): the address below which the tenant's discovery document is (Discovery 1.0 section 4)."""
    return base(house, tenant) + ("/oauth2/token" if house.config.oauth.wso2_issuer else "")


def base(house: House, tenant: Tenant) -> str:
    """The public address of the tenant, below which everything is."""
    return f"{house.config.base_url}{tenant_prefix(tenant.domain)}"


def sign(house: House, tenant: Tenant, alg: Algorithm, claims: Mapping[str, object], now: datetime, typ: str = "JWT") -> str:
    """A signed token of the tenant, with `iss` and `iat`. Raises Unavailable where the key cannot be opened."""
    from joserfc import jwt

    key, kid = signer(house, tenant, alg, now)
    stated = {"iss": issuer(house, tenant), "iat": int(now.timestamp()), **claims}
    return jwt.encode({"typ": typ, "alg": alg, "kid": kid}, stated, key, algorithms=[alg])


def signer(house: House, tenant: Tenant, alg: Algorithm, now: datetime) -> tuple[Private, str]:
    """The private key that signs now, and its id. One is made where there is none, or none young enough. Raises Unavailable."""
    row = _young(house, tenant, alg, _rows(tenant, alg), now)[0]
    return _open(house, row), str(row.public["kid"])


def jwks(house: House, tenant: Tenant, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """The public keys (RFC 7517): for each algorithm the newest, and those replaced a short time ago.

    Looked up each time: another node may have begun to sign with a new one a moment ago. Raises Unavailable.
    """
    rings = [_young(house, tenant, alg, _fresh(tenant, alg), now) for alg in ALGORITHMS]
    return {"keys": [row.public for rows in rings for row in _shown(rows, now)]}


def read(house: House, tenant: Tenant, token: str) -> dict[str, Any] | None:
    """The claims of an ID token that this tenant signed once, however old; None for anything else.

    Only with our own keys and algorithms, never with what the token says of itself (R-OA-01, A-008). That it has expired is no objection
    to a hint (RP-Initiated Logout 1.0 section 2).
    """
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    rows = [row for alg in ALGORITHMS for row in _rows(tenant, alg)]
    if not rows or len(token) > 8_192:
        return None
    try:
        found = jwt.decode(token, KeySet.import_key_set({"keys": [row.public for row in rows]}), algorithms=list(ALGORITHMS))
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    claims = found.claims
    ours = found.header.get("typ") == "JWT" and claims.get("iss") == issuer(house, tenant) and isinstance(claims.get("aud"), str)
    return claims if ours else None


def listing(by: Principal, now: datetime) -> list[KeyView]:
    """The tenant's keys, the newest of each algorithm first. Raises NotPermitted."""
    by.must(CLIENT_VIEW)
    return [_view(rows, place) for alg in ALGORITHMS for rows in [_rows(by.tenant, alg)] for place in range(len(_shown(rows, now)))]


def rotate(house: House, by: Principal, alg: Algorithm, now: datetime, *, at_once: bool = False) -> KeyView:
    """A new key signs from now on. `at_once`: the older ones are forgotten with it, as after a leak: what they signed no longer holds.

    Raises Invalid, NotPermitted, Conflict.
    """
    by.must(CLIENT_CREATE)
    if alg not in ALGORITHMS:
        raise Invalid(f"There is no algorithm {str(alg)[:20]}. It is one of {', '.join(ALGORITHMS)}.", field="alg")
    _make(house, by, alg, _fresh(by.tenant, alg), now, at_once=at_once)
    return _view(_rows(by.tenant, alg), 0)


def forget() -> None:
    """Look everything up anew."""
    _known.clear()
    _opened.clear()


def _rows(tenant: Tenant, alg: str) -> list[SigningKey]:
    """Newest first."""
    known = _known.get((tenant.id, alg))
    return known[1] if known is not None and known[0] > time.monotonic() else _fresh(tenant, alg)


def _fresh(tenant: Tenant, alg: str) -> list[SigningKey]:
    rows = list(SigningKey.objects.within(tenant).filter(alg=alg).order_by("-number"))
    _known[tenant.id, alg] = time.monotonic() + _KEEP, rows
    return rows


def _shown(rows: list[SigningKey], now: datetime) -> list[SigningKey]:
    """A key is shown until some time after the one that took its place was made."""
    return [row for place, row in enumerate(rows) if place == 0 or now - rows[place - 1].created <= SHOWN]


def _young(house: House, tenant: Tenant, alg: Algorithm, rows: list[SigningKey], now: datetime) -> list[SigningKey]:
    """The ring, with one more key where the newest is too old; of two nodes that make it at once, both use the one that was first."""
    if rows and now - rows[0].created <= LIFE:
        return rows
    try:
        _make(house, system(tenant), alg, _fresh(tenant, alg), now)
    except Conflict:
        rows = _fresh(tenant, alg)
    return _rows(tenant, alg) or rows


def _make(house: House, by: Principal, alg: Algorithm, rows: list[SigningKey], now: datetime, *, at_once: bool = False) -> None:
    from joserfc.jwk import ECKey, RSAKey

    row_id, number = uuid4(), rows[0].number + 1 if rows else 1
    about: KeyParameters = {"use": "sig", "alg": alg, "kid": row_id.hex}
    key = RSAKey.generate_key(RSA_BITS, about) if alg == "RS256" else ECKey.generate_key("P-256", about)
    key_name, secret = house.keys.newest
    row = SigningKey(
        id=row_id, tenant_id=by.tenant.id, alg=alg, number=number, public=key.as_dict(private=False), created=now, key_name=key_name,
        sealed=seal(secret, row_id, json.dumps(key.as_dict(private=True))),
    )
    with durable(taken=Conflict("Another server made the next key at the same moment.", field="alg")):
        row.save(force_insert=True)
        over = SigningKey.objects.within(by.tenant).filter(alg=alg, number__lt=number)
        (over if at_once else over.filter(created__lt=now - LIFE - LIFE)).delete()
        audit.record(by, "signing-key:make", now, target=row_id.hex, alg=alg, at_once=at_once)
    _known.pop((by.tenant.id, alg), None)


def _open(house: House, row: SigningKey) -> Private:
    """Raises Unavailable for a key whose secret is lost."""
    from joserfc.jwk import ECKey, RSAKey

    found = _opened.get(row.id)
    if found is None:
        text = _text(house, row)
        if not text:
            raise Unavailable("The tenant's signing key cannot be opened: keys.json lacks its secret. Make a new one: "
                              "`housekey signing-key rotate`.")
        found = (RSAKey if row.alg == "RS256" else ECKey).import_key(json.loads(text))
        _opened[row.id] = found
    return found


def _text(house: House, row: SigningKey) -> str:
    """The private JWK, `""` where the server's secret for it is lost."""
    try:
        return unseal(house.keys.by_id(row.key_name), row.id, bytes(row.sealed))
    except (KeyError, ValueError):
        return ""


def _view(rows: list[SigningKey], place: int) -> KeyView:
    row = rows[place]
    return KeyView(str(row.public["kid"]), row.alg, row.created, place == 0, rows[place - 1].created if place else None)
