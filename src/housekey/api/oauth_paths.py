"""What the OAuth door answers, described for the document (RFC 6749, 7009, 7662, 8414). The door itself is `housekey.oauth`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

TAG = "OAuth 2.0"
_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_TEXT: dict[str, Any] = {"type": "string"}
_CLIENT = {"client_id": _TEXT, "client_secret": _TEXT}

SCHEMAS: dict[str, Any] = {
    "OAuthError": {
        "title": "OAuthError", "type": "object", "required": ["error"],
        "properties": {"error": {"type": "string", "description": "RFC 6749 section 5.2."}, "error_description": _TEXT},
    },
    "AccessToken": {
        "title": "AccessToken", "type": "object", "required": ["access_token", "token_type", "expires_in", "scope"],
        "properties": {
            "access_token": _TEXT, "token_type": {"const": "Bearer"}, "expires_in": {"type": "integer", "description": "Seconds."},
            "scope": {"type": "string", "description": "What was granted, separated by spaces."},
        },
    },
    "Introspection": {
        "title": "Introspection", "type": "object", "required": ["active"],
        "properties": {
            "active": {"type": "boolean"}, "scope": _TEXT, "client_id": _TEXT, "sub": _TEXT, "token_type": _TEXT, "iss": _TEXT,
            "iat": {"type": "integer"}, "exp": {"type": "integer"},
        },
    },
    "AuthorizationServer": {
        "title": "AuthorizationServer", "type": "object", "required": ["issuer", "token_endpoint"],
        "properties": {"issuer": _TEXT, "token_endpoint": _TEXT, "introspection_endpoint": _TEXT, "revocation_endpoint": _TEXT},
    },
}

Refusal = Callable[[int, str], dict[str, Any]]


def paths(refusal: Refusal) -> dict[str, Any]:
    """The paths. `refusal(status, schema)` describes an answer that says no."""
    return {
        "/oauth2/token": {"post": _post(
            refusal, "oauth2_token", "Get an access token",
            "client_credentials only. Scopes that the client was not granted are left out without a word; none asked for means all.",
            {"grant_type": {"const": "client_credentials"}, "scope": _TEXT}, ("grant_type",), "AccessToken",
            "grant_type=client_credentials&scope=internal_user_code_mgt_create",
        )},
        "/oauth2/introspect": {"post": _post(
            refusal, "oauth2_introspect", "Look into a token",
            "A client sees its own tokens, whoever holds internal_application_mgt_view those of all. The rest is inactive.",
            {"token": _TEXT}, ("token",), "Introspection", "token=…", by_people=True,
        )},
        "/oauth2/revoke": {"post": _post(
            refusal, "oauth2_revoke", "Take a token back", "200 whether or not there was such a token.", {"token": _TEXT}, ("token",), "",
            "token=…",
        )},
        "/.well-known/oauth-authorization-server": {"get": {
            "operationId": "oauth_authorization_server", "summary": "Addresses and abilities of the token service", "tags": [TAG],
            "security": [], "responses": {"200": _good("AuthorizationServer")} | _refusals(refusal, (405, 503)),
        }},
    }


def _post(refusal: Refusal, name: str, summary: str, description: str, fields: dict[str, Any], required: tuple[str, ...], answer: str,
          example: str, *, by_people: bool = False) -> dict[str, Any]:
    schema = {"type": "object", "required": list(required), "properties": fields | _CLIENT}
    people = [{"basic": []}, {"oauth2": ["internal_application_mgt_view"]}] if by_people else []
    return {
        "operationId": name, "summary": summary, "description": description, "tags": [TAG], "security": [{"client": []}, {}, *people],
        "requestBody": {"required": True, "content": {_FORM: {"schema": schema, "example": example}}},
        "responses": {"200": _good(answer)} | _refusals(refusal, (400, 401, 405, 413, 429, 503)),
    }


def _good(schema: str) -> dict[str, Any]:
    return {"description": "Done."} | ({"content": {_JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}} if schema else {})


def _refusals(refusal: Refusal, statuses: tuple[int, ...]) -> dict[str, Any]:
    return {str(status): refusal(status, "OAuthError") for status in statuses}
