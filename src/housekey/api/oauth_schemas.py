"""The bodies of the OAuth door's answers, and the parameters of its token endpoint, as JSON Schema."""

from __future__ import annotations

from typing import Any

TEXT: dict[str, Any] = {"type": "string"}
_WHOLE: dict[str, Any] = {"type": "integer"}
_TEXTS: dict[str, Any] = {"type": "array", "items": TEXT}

FIELDS: dict[str, Any] = {
    "grant_type": {"enum": ["authorization_code", "refresh_token", "client_credentials", "password"]},
    **dict.fromkeys(("code", "redirect_uri", "code_verifier", "refresh_token", "scope", "username", "password"), TEXT),
}
"""What the token endpoint reads, besides the client's credentials."""

SCHEMAS: dict[str, Any] = {
    "OAuthError": {
        "title": "OAuthError", "type": "object", "required": ["error"],
        "properties": {"error": {"type": "string", "description": "RFC 6749 section 5.2."}, "error_description": TEXT},
    },
    "Tokens": {
        "title": "Tokens", "type": "object", "required": ["access_token", "token_type", "expires_in", "scope"],
        "properties": {
            "access_token": TEXT, "token_type": {"const": "Bearer"}, "expires_in": {"type": "integer", "description": "Seconds."},
            "scope": {"type": "string", "description": "What was granted, separated by spaces."},
            "refresh_token": {"type": "string", "description": "Where a person signed in."},
            "id_token": {"type": "string", "description": "A signed JWT, where the scope openid was granted."},
        },
    },
    "Introspection": {
        "title": "Introspection", "type": "object", "required": ["active"],
        "properties": {
            "active": {"type": "boolean"}, "scope": TEXT, "client_id": TEXT, "sub": TEXT, "username": TEXT, "aud": TEXT, "iss": TEXT,
            "token_type": {"enum": ["Bearer", "refresh_token"]}, "iat": _WHOLE, "exp": _WHOLE,
        },
    },
    "UserInfo": {
        "title": "UserInfo", "type": "object", "required": ["sub"],
        "properties": {
            **dict.fromkeys(("sub", "name", "given_name", "family_name", "nickname", "preferred_username", "website", "locale"), TEXT),
            "updated_at": {"type": "integer", "description": "Seconds since 1970."},
            "email": TEXT, "email_verified": {"type": "boolean"}, "phone_number": TEXT, "phone_number_verified": {"type": "boolean"},
            "groups": _TEXTS, "roles": _TEXTS,
        },
    },
    "Keys": {
        "title": "Keys", "type": "object", "required": ["keys"],
        "properties": {"keys": {"type": "array", "items": {
            "type": "object", "required": ["kty", "kid", "alg", "use"],
            "properties": {"kty": {"enum": ["RSA", "EC"]}, "kid": TEXT, "alg": {"enum": ["RS256", "ES256"]}, "use": {"const": "sig"}},
        }}},
    },
    "AuthorizationServer": {
        "title": "AuthorizationServer", "type": "object",
        "required": ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported"],
        "properties": {
            **dict.fromkeys((
                "issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "introspection_endpoint",
                "revocation_endpoint", "end_session_endpoint"), TEXT),
            **dict.fromkeys((
                "response_types_supported", "grant_types_supported", "scopes_supported", "claims_supported",
                "id_token_signing_alg_values_supported", "code_challenge_methods_supported",
                "token_endpoint_auth_methods_supported"), _TEXTS),
        },
    },
}
