"""What a client is told: tokens, the ID token among them, and who stands behind one."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from housekey.core.names import Tenant
from housekey.core.openid import OPENID, PASSWORD_CLASS, PASSWORD_METHODS, claims_of
from housekey.operations import signing
from housekey.operations.clients import Known
from housekey.operations.grants import Given
from housekey.web.house import house, now

ID_TOKEN_LIFE = timedelta(hours=1)


class Tokens(dict[str, Any]):
    """An answer that holds tokens. Authlib writes it into its debug log, which so learns nothing (A-017)."""

    def __repr__(self) -> str:
        return f"<{', '.join(self)}>"


def bearer(access_token: str, expires_in: int, scopes: Collection[str]) -> Tokens:
    """RFC 6749 section 5.1."""
    return Tokens(access_token=access_token, token_type="Bearer", expires_in=expires_in, scope=" ".join(scopes))  # noqa: S106 - its kind


def tokens(tenant: Tenant, client: Known, given: Given) -> Tokens:
    """Access and refresh token; with `openid` an ID token (OpenID Connect Core 1.0 section 3.1.3.3). Raises Unavailable."""
    found = bearer(given.access_token, given.expires_in, given.scopes)
    found["refresh_token"] = given.refresh_token
    if OPENID in given.scopes:
        found["id_token"] = _id_token(tenant, client, given)
    return found


def _id_token(tenant: Tenant, client: Known, given: Given) -> str:
    """Signed with the application's algorithm. It carries what `userinfo` would tell, too: WSO2's SDKs read it there."""
    moment = now()
    claims: dict[str, object] = {
        **claims_of(given.user, given.scopes), "aud": client.client_id, "azp": client.client_id,
        "exp": int((moment + ID_TOKEN_LIFE).timestamp()), "auth_time": int(given.authenticated.timestamp()), "acr": PASSWORD_CLASS,
        "amr": list(PASSWORD_METHODS), "sid": str(given.sid), "at_hash": half_hash(given.access_token),
    }
    if given.nonce:
        claims["nonce"] = given.nonce
    return signing.sign(house(), tenant, client.application.signed_with, claims, moment)


def half_hash(text: str) -> str:
    """The left half of the hash of a token, in base64url (section 3.1.3.6). Both our algorithms go with SHA-256."""
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).rstrip(b"=").decode()
