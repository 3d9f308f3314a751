"""RFC 6749's rules as Authlib knows them, over our operations: which grant is meant, whether the client may use it, PKCE, what is missing.

Authlib says what a request must look like, and calls what is written here when something is to be looked up or given. It stores nothing:
what must be one transaction is one operation, called from `generate_token`. Two of its habits are kept away: it writes tokens into its
debug log, and it fails with ValueError where a text of the client's own would stand in the description of an error.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, cast

from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error
from authlib.oauth2.rfc6749.grants import (
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    RefreshTokenGrant,
    ResourceOwnerPasswordCredentialsGrant,
)
from authlib.oauth2.rfc6749.models import AuthorizationCodeMixin, TokenMixin
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7636 import CodeChallenge

from housekey.core.errors import NotSignedIn, WrongCredentials
from housekey.oauth import reading, telling
from housekey.oauth.door import OAuthError
from housekey.operations import clients as known
from housekey.operations import grants, login, signing, tokens
from housekey.operations.clients import Known
from housekey.operations.grants import Given, Shown, WrongGrant
from housekey.operations.login import Proved
from housekey.web.house import house, now
from housekey.web.request import Asked

logging.getLogger("authlib").setLevel(logging.WARNING)

S256 = "S256"
METHODS = ("client_secret_basic", "client_secret_post", "none")
"""How clients show who they are; `none` is a public one, which PKCE protects."""
GRANTS = ("authorization_code", "refresh_token", "client_credentials")


class Reading(OAuth2Request):
    """A request with its parameters, read by `reading`. Whether the connection is safe was settled when the server was set up, so the
    address here is but a name."""

    def __init__(self, asked: Asked, fields: dict[str, str]) -> None:
        super().__init__(asked.method or "", "https://localhost")
        self.asked, self.fields = asked, fields
        self.payload = BasicOAuth2Payload(fields)

    @property
    def form(self) -> dict[str, str]:
        return self.fields

    @property
    def args(self) -> dict[str, str]:
        return self.fields


class Client(ClientMixin):
    """A client as Authlib asks about it."""

    def __init__(self, found: Known) -> None:
        self.known = found

    def get_client_id(self) -> str:
        return self.known.client_id

    def get_default_redirect_uri(self) -> str:
        """The only one; with several the request must say which."""
        uris = self.known.application.redirect_uris
        return uris[0] if len(uris) == 1 else ""

    def get_allowed_scope(self, scope: str | None) -> str:
        return scope or ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Raises OAuthError: Authlib's own words do not say what to change."""
        if not self.known.application.answers_at(redirect_uri):
            shown = f" {redirect_uri[:200]}" if redirect_uri.isascii() and redirect_uri.isprintable() else ""
            raise OAuthError("invalid_request", f"redirect_uri{shown} is not registered for this application. It is compared character by "
                                                "character, a slash at its end included.")
        return True

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and bool(self.known.application.redirect_uris)

    def check_grant_type(self, grant_type: str) -> bool:
        if grant_type in {"authorization_code", "refresh_token"}:
            return bool(self.known.application.redirect_uris) or house().config.password_grant.enable
        return bool(self.known.proof) and (grant_type == "password" or bool(self.known.scopes))


class Server(AuthorizationServer):
    """One request's server: it knows the tenant by the address."""

    def __init__(self, reading_: Reading) -> None:
        super().__init__()
        self.reading = reading_
        self.register_grant(Code, [Pkce(required=True)])
        self.register_grant(Refresh)
        self.register_grant(OfClient)
        if house().config.password_grant.enable:
            self.register_grant(Password)

    def query_client(self, client_id: str) -> Client | None:
        found = known.known(self.reading.asked.tenant, client_id)
        return Client(found) if found is not None else None

    def authenticate_client(self, request: OAuth2Request, methods: list[str], endpoint: str = "token") -> Client:
        """Raises WrongClient, Throttled, Unavailable, OAuthError."""
        asked, fields = self.reading.asked, self.reading.fields
        found = client(asked, fields)
        request.auth_method = "client_secret_basic" if found.proof else "none"
        return Client(found)

    def create_oauth2_request(self, request: Any) -> OAuth2Request:
        return self.reading

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """It was kept when it was made."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def handle_response(self, status: int, body: Any, headers: Any) -> Any:
        return status, body, dict(headers)

    def handle_error_response(self, request: OAuth2Request, error: OAuth2Error) -> Any:
        raise translated(error)


def client(asked: Asked, fields: dict[str, str]) -> Known:
    """Who calls: a client by its secret, or a public one by its name. Raises WrongClient, Throttled, Unavailable, OAuthError."""
    client_id, secret = reading.client(asked, fields)
    if not secret:
        found = known.known(asked.tenant, client_id)
        if found is not None and found.application.public:
            return found
    return known.prove(house(), asked.tenant, client_id, secret, asked.network, now())


def translated(error: OAuth2Error) -> OAuthError:
    """An error of Authlib's as one of ours. What it says of a client that may not use a grant is RFC 6749's 400."""
    word = str(error.error)
    said = "" if word == "unsupported_response_type" else error.description  # it would only repeat what was sent
    return OAuthError(word, str(said or _WORDS.get(word, "The request cannot be taken.")), int(error.status_code or 400))


_WORDS = {
    "unsupported_response_type": "The only response_type is code.",
    "unsupported_grant_type": f"The grant types are: {', '.join(GRANTS)}.",
    "invalid_grant": WrongGrant().sentence,
}


def token(asked: Asked) -> dict[str, Any]:
    """The answer of the token endpoint. Raises Refused."""
    server = Server(Reading(asked, reading.form(asked)))
    reading.required(server.reading.fields, "grant_type")
    try:
        return cast(dict[str, Any], server.create_token_response()[1])
    except ValueError:
        raise OAuthError("invalid_request", "A parameter holds characters that are not possible there.") from None
    except WrongGrant as refusal:
        raise OAuthError("invalid_grant", refusal.sentence) from None


def consent(asked: Reading) -> Any:
    """The grant of an authorization request that may be made, with its `redirect_uri`; the client is in `asked`. Raises OAuth2Error, and
    ValueError for characters that no error can quote."""
    server: Any = Server(asked)
    return server.get_consent_grant()


class Pkce(CodeChallenge):
    """RFC 7636 with S256 alone, demanded of public clients (RFC 9700 section 2.1.1)."""

    DEFAULT_CODE_CHALLENGE_METHOD = S256
    SUPPORTED_CODE_CHALLENGE_METHOD = [S256]

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        fields = cast(Reading, grant.request).fields
        challenge = fields.get("code_challenge", "")
        if not challenge and cast(Client, grant.request.client).known.application.public:
            raise InvalidRequestError("A public client must send a code_challenge (RFC 7636).")
        if challenge and (fields.get("code_challenge_method") != S256 or len(challenge) != 43):
            raise InvalidRequestError("Send code_challenge_method=S256, and a code_challenge of 43 characters.")
        super().validate_code_challenge(grant, redirect_uri)


class _ShownCode(AuthorizationCodeMixin):
    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self.code_challenge, self.code_challenge_method = shown.challenge, S256

    def get_redirect_uri(self) -> str:
        return self.shown.redirect_uri

    def get_scope(self) -> str:
        return " ".join(self.shown.scopes)


class Code(AuthorizationCodeGrant):
    """RFC 6749 section 4.1."""

    def query_authorization_code(self, code: str, client: Any) -> _ShownCode | None:
        shown = grants.show(house(), _asked(self).tenant, client.known, code, now())
        return _ShownCode(shown) if shown is not None else None

    def authenticate_user(self, authorization_code: Any) -> Any:
        return authorization_code

    def generate_token(self, user: Any = None, **rest: Any) -> dict[str, Any]:
        return _answer(self, lambda: grants.redeem(house(), _asked(self).tenant, user.shown, now()))

    def delete_authorization_code(self, authorization_code: Any) -> None:
        """It is used up; that it was is remembered for as long as its tokens live."""


class _ShownToken(TokenMixin):
    """A refresh token that nobody has looked at yet."""

    def __init__(self, text: str, scope: str) -> None:
        self.text, self.scope = text, scope

    def check_client(self, client: Any) -> bool:
        return True

    def get_scope(self) -> str:
        return self.scope


class Refresh(RefreshTokenGrant):
    """RFC 6749 section 6, with rotation. What of a narrower scope was never granted is left out without a word."""

    def authenticate_refresh_token(self, refresh_token: str) -> _ShownToken:
        return _ShownToken(refresh_token, _scope(self) or "openid")

    def authenticate_user(self, refresh_token: Any) -> Any:
        return refresh_token

    def issue_token(self, user: Any, refresh_token: Any) -> dict[str, Any]:
        tenant, scopes = _asked(self).tenant, _scope(self).split()
        return _answer(self, lambda: grants.refresh(house(), tenant, _known(self), refresh_token.text, scopes, now()))

    def revoke_old_credential(self, refresh_token: Any) -> None:
        """It was used up when the next one was made."""


class OfClient(ClientCredentialsGrant):
    """RFC 6749 section 4.4."""

    def generate_token(self, user: Any = None, **rest: Any) -> dict[str, Any]:
        asked, scopes = _asked(self), tuple(_scope(self).split())
        issued = tokens.issue(house(), asked.tenant, _known(self), scopes, asked.network, now())
        return telling.bearer(issued.access_token, issued.expires_in, issued.scopes)


class Password(ResourceOwnerPasswordCredentialsGrant):
    """RFC 6749 section 4.3, only where the configuration allows it."""

    def authenticate_user(self, username: str, password: str) -> Proved:
        asked = _asked(self)
        try:
            return login.prove(house(), asked.tenant, username, password, network=asked.network, now=now(), by_path=True)
        except (WrongCredentials, NotSignedIn):
            raise OAuthError("invalid_grant", f"Authentication failed for {username[:100]}") from None

    def generate_token(self, user: Any = None, **rest: Any) -> dict[str, Any]:
        tenant, scopes = _asked(self).tenant, _scope(self).split()
        return _answer(self, lambda: grants.by_password(house(), tenant, _known(self), user, scopes, now()))


def _asked(grant: Any) -> Asked:
    return cast(Reading, grant.request).asked


def _scope(grant: Any) -> str:
    return cast(Reading, grant.request).fields.get("scope", "")


def _known(grant: Any) -> Known:
    return cast(Client, grant.request.client).known


def _answer(grant: Any, give: Callable[[], Given]) -> dict[str, Any]:
    """The key is looked at first: where nothing can be signed, no code and no refresh token is used up. Raises Unavailable."""
    tenant, client = _asked(grant).tenant, _known(grant)
    signing.signer(house(), tenant, client.application.signed_with, now())
    return telling.tokens(tenant, client, give())


__all__ = ["GRANTS", "METHODS", "S256", "Client", "OAuth2Error", "Reading", "Server", "client", "token", "translated"]
