"""What the OAuth door answers, described for the document (RFC 6749, 7009, 7517, 7662, 8414; OpenID Connect Core 1.0). The door itself is
`housekey.oauth`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from housekey.api.oauth_schemas import FIELDS, SCHEMAS, TEXT

TAG = "OAuth 2.0"
_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_CLIENT = {"client_id": TEXT, "client_secret": TEXT}
_ASKING: Mapping[str, tuple[str, bool]] = {
    "client_id": ("The application.", True),
    "response_type": ("code; there is no other.", True),
    "redirect_uri": ("One of the application's, character by character. May be left out if it has only one.", False),
    "scope": ("openid, profile, email, phone, groups, roles, offline_access, and scopes that the client was granted. Others are left out.",
              False),
    "state": ("Comes back as it was sent.", False),
    "nonce": ("Stands in the ID token. At most 500 characters.", False),
    "code_challenge": ("PKCE, 43 characters. Required of public clients.", False),
    "code_challenge_method": ("S256.", False),
    "prompt": ("none alone, or some of login, consent and select_account.", False),
    "max_age": ("Seconds since somebody last typed a password; 0 asks again.", False),
    "login_hint": ("A user name for the sign-in page.", False),
    "id_token_hint": ("An ID token of who should sign in.", False),
    "ui_locales": ("Languages of the pages, the best first.", False),
}
_LEAVING: Mapping[str, tuple[str, bool]] = {
    "id_token_hint": ("An ID token of the session that is to end. Without it the person is asked.", False),
    "client_id": ("The application, where no ID token says it.", False),
    "post_logout_redirect_uri": ("One of the application's, character by character.", False),
    "state": ("Comes back with the browser.", False),
}
_GRANTS = (
    "What is needed besides depends on grant_type. authorization_code: code, code_verifier if there was a challenge, redirect_uri if it "
    "was sent. refresh_token: refresh_token; each use brings a new one, and a second use of an old one ends the sign-in. "
    "client_credentials: nothing. password: username and password, where the server allows it at all. Scopes that the client was not "
    "granted are left out without a word. Scripts of the pages of applications may call this address."
)

Refusal = Callable[[int, str], dict[str, Any]]


def paths(refusal: Refusal) -> dict[str, Any]:
    """The paths. `refusal(status, schema)` describes an answer that says no."""
    return _of_browsers() | _of_programs(refusal) | _in_the_open(refusal)


def _of_programs(refusal: Refusal) -> dict[str, Any]:
    return {
        "/oauth2/token": {"post": _post(
            refusal, "oauth2_token", "Get tokens", _GRANTS, FIELDS, ("grant_type",), "Tokens",
            "grant_type=authorization_code&code=…&code_verifier=…&redirect_uri=https://shop.example/signed-in",
        )},
        "/oauth2/introspect": {"post": _post(
            refusal, "oauth2_introspect", "Look into a token",
            "A client sees its own tokens, whoever holds internal_application_mgt_view those of all. The rest is inactive.",
            {"token": TEXT}, ("token",), "Introspection", "token=…", by_people=True,
        )},
        "/oauth2/revoke": {"post": _post(
            refusal, "oauth2_revoke", "Take a token back",
            "With a refresh token the whole sign-in to the application ends. 200 whether or not there was such a token.", {"token": TEXT},
            ("token",), "", "token=…",
        )},
        "/oauth2/userinfo": {method: {
            "operationId": f"oauth2_userinfo_{method}", "summary": "Read who signed in", "tags": [TAG],
            "description": "The claims that the scopes of the token ask for. It must be one of a person, with the scope openid.",
            "security": [{"oauth2": ["openid"]}],
            "responses": {"200": _good("UserInfo")} | _refusals(refusal, (401, 403, 405, 503)),
        } for method in ("get", "post")},
    }


def _in_the_open(refusal: Refusal) -> dict[str, Any]:
    def read(name: str, summary: str, schema: str) -> dict[str, Any]:
        return {"get": {"operationId": name, "summary": summary, "tags": [TAG], "security": [],
                        "responses": {"200": _good(schema)} | _refusals(refusal, (405, 503))}}

    return {
        "/oauth2/jwks": read("oauth2_jwks", "Public keys of ID tokens and logout tokens", "Keys"),
        "/.well-known/openid-configuration": read(
            "openid_configuration", "Addresses and abilities, for applications", "AuthorizationServer"),
        "/oauth2/token/.well-known/openid-configuration": read(
            "oauth2_token_configuration", "The same, where WSO2's libraries look for it", "AuthorizationServer"),
        "/.well-known/oauth-authorization-server": read(
            "oauth_authorization_server", "The same, as RFC 8414 has it", "AuthorizationServer"),
    }


def _of_browsers() -> dict[str, Any]:
    """Addresses that an application sends people to. A POST is answered by the same address with GET."""
    wrong = {"400": {"description": "A page that says what is wrong: the client or the address to go back to is unknown."}}
    return {
        "/oauth2/authorize": {"get": {
            "operationId": "oauth2_authorize", "summary": "Send somebody to sign in", "tags": [TAG], "security": [],
            "description": "For a browser. It comes back to redirect_uri with code, state and iss, or with error, error_description, state "
                           "and iss (RFC 6749 section 4.1.2, RFC 9207). At most 2,600 characters.",
            "parameters": _asked(_ASKING),
            "responses": {
                "200": {"description": "A page that asks whether the application may learn what it asks for."},
                "302": _redirected("Back to the application, with a code or an error."),
                "303": _redirected("To the sign-in page."),
            } | wrong,
        }},
        "/oidc/logout": {"get": {
            "operationId": "oidc_logout", "summary": "Send somebody to sign out", "tags": [TAG], "security": [],
            "description": "For a browser (OpenID Connect RP-Initiated Logout 1.0).",
            "parameters": _asked(_LEAVING),
            "responses": {
                "200": {"description": "A page that asks whether to sign out."},
                "302": _redirected("Signed out, and back to the application."),
                "303": _redirected("Signed out, and to the sign-in page."),
            } | wrong,
        }},
    }


def _asked(parameters: Mapping[str, tuple[str, bool]]) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "required": required, "description": words, "schema": TEXT}
            for name, (words, required) in parameters.items()]


def _redirected(words: str) -> dict[str, Any]:
    return {"description": words, "headers": {"Location": {"schema": TEXT}}}


def _post(refusal: Refusal, name: str, summary: str, description: str, fields: Mapping[str, Any], required: tuple[str, ...], answer: str,
          example: str, *, by_people: bool = False) -> dict[str, Any]:
    schema = {"type": "object", "required": list(required), "properties": {**fields, **_CLIENT}}
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


__all__ = ["SCHEMAS", "TAG", "paths"]
