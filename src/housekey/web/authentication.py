"""Who is asking at an API door: HTTP Basic or a bearer token, from the Authorization header and nowhere else.

Cookies are never looked at, so another site's page cannot make a browser drive an API (A-068); a token in the address or the body is no
token either (RFC 6750 section 2 leaves both optional, RFC 9700 section 4.3.2 advises against the address).
"""

from __future__ import annotations

import base64

from housekey.core.errors import NotPermitted, NotSignedIn, Refused
from housekey.core.principal import Principal
from housekey.operations import login, tokens
from housekey.web.house import house, now
from housekey.web.request import Asked

SENTENCE = "Authorization failure. Authorization information was invalid or missing from your request."
"""WSO2's words for a missing, malformed or dead credential (reference server 4.0)."""

BASIC = 'Basic realm="Housekey", charset="UTF-8"'
_BEARER = 'Bearer realm="Housekey"'


class WrongToken(NotSignedIn):
    """A bearer token that is unknown, expired, revoked or another tenant's. Never says which."""

    def __init__(self) -> None:
        super().__init__(SENTENCE)


class NoBasic(NotSignedIn):
    """A route that takes no HTTP Basic: a program that holds a password could do more with it than with a token."""


def principal(request: Asked) -> Principal:
    """Who sent this request. Raises NotSignedIn (WrongToken for a bearer), WrongCredentials, Throttled, Unavailable."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    match scheme.lower():
        case "basic":
            return _basic(request, given)
        case "bearer":
            return _bearer(request, given)
    raise NotSignedIn(SENTENCE)


def credentials(given: str) -> tuple[str, str]:
    """The two halves of a Basic credential (RFC 7617: base64 of UTF-8 `name:password`). Raises NotSignedIn."""
    try:
        name, colon, password = base64.b64decode(given.strip(), validate=True).decode().partition(":")
    except ValueError:
        colon = ""
    if not colon:
        raise NotSignedIn(SENTENCE)
    return name, password


def _basic(request: Asked, given: str) -> Principal:
    username, password = credentials(given)
    by_path = request.path.startswith("/t/")
    by = login.basic(house(), request.tenant, username, password, network=request.network, now=now(), by_path=by_path)
    if by_path and by.tenant.id != request.tenant.id:
        raise NotSignedIn(SENTENCE)
    return by


def _bearer(request: Asked, given: str) -> Principal:
    by = tokens.recognise(house(), request.tenant, given.strip(), request.network, now())
    if by is None:
        raise WrongToken
    return by


def challenge(refusal: Refused) -> str:
    """The WWW-Authenticate header that goes with a refusal (RFC 7617, RFC 6750 section 3), `""` where none does."""
    if isinstance(refusal, WrongToken):
        return f'{BASIC}, {_BEARER}, error="invalid_token"'
    if isinstance(refusal, NoBasic):
        return _BEARER
    if isinstance(refusal, NotSignedIn):
        return BASIC
    if isinstance(refusal, NotPermitted):
        return f'{_BEARER}, error="insufficient_scope", scope="{refusal.permission}"'
    return ""
