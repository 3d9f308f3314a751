"""/oauth2/token, /introspect, /revoke, and the address at which programs look those up."""

from __future__ import annotations

from typing import Any

from housekey.core.errors import NotFound
from housekey.core.links import tenant_prefix
from housekey.core.names import Tenant
from housekey.core.principal import GRANTABLE, Principal
from housekey.oauth import reading
from housekey.oauth.door import OAuthError, door
from housekey.operations import clients, tenants, tokens
from housekey.web import authentication
from housekey.web.house import house, now
from housekey.web.request import Asked

GRANT = "client_credentials"
_REFUSED_GRANTS = {
    "password": "The password grant is switched off. Use client_credentials, or HTTP Basic at the APIs.",
    "refresh_token": "There are no refresh tokens. Ask for a new token with client_credentials.",
}


@door("POST")
def token(request: Asked) -> dict[str, Any]:
    """RFC 6749 section 4.4. No refresh token comes with it (4.4.3)."""
    fields = reading.form(request)
    grant = reading.required(fields, "grant_type")
    if grant != GRANT:
        raise OAuthError("unsupported_grant_type", _REFUSED_GRANTS.get(grant, f"The only grant type is {GRANT}."))
    client_id, secret = reading.client(request, fields)
    asked = tuple(fields.get("scope", "").split())
    issued = tokens.issue(house(), request.tenant, client_id, secret, asked, request.network, now())
    return {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "scope": " ".join(issued.scopes),
    }


@door("POST")
def introspect(request: Asked) -> dict[str, Any]:
    """RFC 7662. Whatever the asker may not see is as inactive as what never was."""
    fields = reading.form(request)
    asked = reading.required(fields, "token")
    by = _asker(request, fields)
    found = tokens.introspect(house(), by, asked, now())
    if found is None:
        return {"active": False}
    return {
        "active": True,
        "scope": " ".join(found.scopes),
        "client_id": found.client_id,
        "sub": found.client_id,
        "token_type": "Bearer",
        "iat": int(found.issued.timestamp()),
        "exp": int(found.expires.timestamp()),
        "iss": _issuer(by.tenant),
    }


@door("POST")
def revoke(request: Asked) -> None:
    """RFC 7009: 200 whether or not there was such a token."""
    fields = reading.form(request)
    asked = reading.required(fields, "token")
    tokens.revoke(house(), _client(request, fields), asked, now())


@door("GET")
def metadata(request: Asked, domain: str = "") -> dict[str, Any]:
    """RFC 8414. `domain`: a tenant in the place where section 3.1 puts the path of its issuer."""
    tenant = tenants.by_domain(domain) if domain else request.tenant
    if tenant is None:
        raise NotFound(f"{domain[:253]} is an invalid tenant domain.")
    issuer = _issuer(tenant)
    ways = ["client_secret_basic", "client_secret_post"]
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/oauth2/token",
        "token_endpoint_auth_methods_supported": ways,
        "introspection_endpoint": f"{issuer}/oauth2/introspect",
        "introspection_endpoint_auth_methods_supported": ways,
        "revocation_endpoint": f"{issuer}/oauth2/revoke",
        "revocation_endpoint_auth_methods_supported": ways,
        "grant_types_supported": [GRANT],
        "response_types_supported": [],
        "scopes_supported": sorted(GRANTABLE),
    }


def _issuer(tenant: Tenant) -> str:
    return f"{house().config.base_url}{tenant_prefix(tenant.domain)}"


def _client(request: Asked, fields: dict[str, str]) -> Principal:
    client_id, secret = reading.client(request, fields)
    return clients.authenticate(house(), request.tenant, client_id, secret, request.network, now())


def _asker(request: Asked, fields: dict[str, str]) -> Principal:
    """A client by its secret; else a person by password, or whoever a bearer token belongs to."""
    if "Authorization" not in request.headers or clients.is_client_shaped(reading.basic_name(request)):
        return _client(request, fields)
    return authentication.principal(request)
