"""What programs call: tokens and what stands behind them, keys, and where all of this is."""

from __future__ import annotations

from typing import Any

from housekey.core.applications import ALGORITHMS
from housekey.core.errors import NotFound
from housekey.core.languages import LANGUAGES
from housekey.core.names import Tenant
from housekey.core.openid import MAPPED, PASSWORD_CLASS, SCOPES
from housekey.core.principal import GRANTABLE, Principal
from housekey.oauth import protocol, reading
from housekey.oauth.door import door
from housekey.operations import clients, signing, tenants, tokens
from housekey.web import authentication
from housekey.web.house import house, now
from housekey.web.request import Asked


@door("POST", scripts="applications")
def token(request: Asked) -> dict[str, Any]:
    """RFC 6749 sections 4 to 6."""
    return protocol.token(request)


@door("POST")
def introspect(request: Asked) -> dict[str, Any]:
    """RFC 7662. Whatever the asker may not see is as inactive as what never was."""
    fields = reading.form(request)
    asked = reading.required(fields, "token")
    by = _asker(request, fields)
    found = tokens.introspect(house(), by, asked, now())
    if found is None:
        return {"active": False}
    told = {
        "active": True,
        "scope": " ".join(found.scopes),
        "client_id": found.client_id,
        "sub": found.subject,
        "token_type": "refresh_token" if found.refresh else "Bearer",
        "iat": int(found.issued.timestamp()),
        "exp": int(found.expires.timestamp()),
        "iss": signing.issuer(house(), by.tenant),
    }
    return told | {"username": found.username, "aud": found.client_id} if found.username else told


@door("POST", scripts="applications")
def revoke(request: Asked) -> None:
    """RFC 7009: 200 whether or not there was such a token."""
    fields = reading.form(request)
    asked = reading.required(fields, "token")
    tokens.revoke(house(), request.tenant, protocol.client(request, fields), asked, now())


@door("GET", "POST", scripts="applications")
def userinfo(request: Asked) -> dict[str, Any]:
    """OpenID Connect Core 1.0 section 5.3. Raises WrongToken, NotPermitted."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    found = tokens.userinfo(house(), request.tenant, given.strip(), now()) if scheme.lower() == "bearer" else None
    if found is None:
        raise authentication.WrongToken
    return found


@door("GET", scripts="anybody")
def jwks(request: Asked) -> dict[str, Any]:
    """RFC 7517."""
    return {**signing.jwks(house(), request.tenant, now())}


@door("GET", scripts="anybody")
def metadata(request: Asked, domain: str = "") -> dict[str, Any]:
    """OpenID Connect Discovery 1.0 section 3 and RFC 8414. `domain`: a tenant in the place where RFC 8414 section 3.1 puts the path of
    its issuer."""
    tenant = tenants.by_domain(domain) if domain else request.tenant
    if tenant is None:
        raise NotFound(f"{domain[:253]} is an invalid tenant domain.")
    return {**_addresses(tenant), **_abilities()}


def _addresses(tenant: Tenant) -> dict[str, str]:
    base = signing.base(house(), tenant)
    return {
        "issuer": signing.issuer(house(), tenant),
        "authorization_endpoint": f"{base}/oauth2/authorize",
        "token_endpoint": f"{base}/oauth2/token",
        "userinfo_endpoint": f"{base}/oauth2/userinfo",
        "jwks_uri": f"{base}/oauth2/jwks",
        "introspection_endpoint": f"{base}/oauth2/introspect",
        "revocation_endpoint": f"{base}/oauth2/revoke",
        "end_session_endpoint": f"{base}/oidc/logout",
    }


def _abilities() -> dict[str, Any]:
    secret = [method for method in protocol.METHODS if method != "none"]
    grants = [*protocol.GRANTS, *(["password"] if house().config.password_grant.enable else [])]
    return {
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": grants,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(ALGORITHMS),
        "token_endpoint_auth_methods_supported": list(protocol.METHODS),
        "introspection_endpoint_auth_methods_supported": secret,
        "revocation_endpoint_auth_methods_supported": list(protocol.METHODS),
        "code_challenge_methods_supported": [protocol.S256],
        "scopes_supported": [*SCOPES, *sorted(GRANTABLE)],
        "claims_supported": [*MAPPED, "email_verified", "groups", "auth_time", "acr", "amr", "sid", "nonce"],
        "acr_values_supported": [PASSWORD_CLASS],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": list(LANGUAGES),
        "authorization_response_iss_parameter_supported": True,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }


def _asker(request: Asked, fields: dict[str, str]) -> Principal:
    """A client by its secret; else a person by password, or whoever a bearer token belongs to."""
    if "Authorization" not in request.headers or clients.is_client_shaped(reading.basic_name(request)):
        client_id, secret = reading.client(request, fields)
        return clients.authenticate(house(), request.tenant, client_id, secret, request.network, now())
    return authentication.principal(request)
