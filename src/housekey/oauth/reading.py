"""Requests as they come in: the form in the body, and the client's credentials in the header or in that form."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote_plus

from housekey.core.errors import NotSignedIn
from housekey.oauth.door import OAuthError
from housekey.operations.clients import WrongClient
from housekey.web import authentication
from housekey.web.house import house
from housekey.web.request import Asked

FORM = "application/x-www-form-urlencoded"
_PRIVATE = {
    "client_id", "client_secret", "client_assertion", "code", "code_verifier", "refresh_token", "grant_type", "scope", "token", "username",
    "password",
}
"""Parameters that have no place in an address: addresses are written to logs (RFC 6749 section 2.3.1)."""


LONGEST_ADDRESS = 2_600
"""Characters of a request that comes through a browser, the application's `state` included: it travels on as a part of other addresses and
of a cookie."""


class TooLong(OAuthError):
    def __init__(self) -> None:
        super().__init__("invalid_request", f"The request is longer than {LONGEST_ADDRESS} characters.")


class NoClient(OAuthError):
    def __init__(self) -> None:
        super().__init__("invalid_client", "Client ID not found in the request.", 401)


def form(request: Asked) -> dict[str, str]:
    """The parameters of the body; one without a value counts as left out (RFC 6749 section 3.2). Raises OAuthError."""
    if _PRIVATE & set(request.GET):
        raise _wrong("Parameters belong into the body, not into the address.")
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != FORM:
        raise _wrong(f"Send the parameters as {FORM}.")
    most = house().config.limits.form_fields
    try:
        pairs = parse_qsl(request.body.decode(), keep_blank_values=True, errors="strict", max_num_fields=most)
    except ValueError:
        raise _wrong(f"The body is not UTF-8, or holds more than {most} parameters.") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _wrong("A parameter stands there twice.")
    return {name: value for name, value in found.items() if value}


def address(request: Asked) -> dict[str, str]:
    """The parameters of an address that a browser was sent to; one without a value counts as left out. Raises OAuthError."""
    found = {name: values for name, values in request.GET.lists() if any(values)}
    if any(len(values) > 1 for values in found.values()):
        raise _wrong("A parameter stands there twice.")
    if any("\0" in text for text in (*found, *(values[0] for values in found.values()))):
        raise _wrong("A parameter holds a NUL character.")
    if len(request.META.get("QUERY_STRING", "")) > LONGEST_ADDRESS:
        raise TooLong
    return {name: values[0] for name, values in found.items()}


def required(fields: dict[str, str], name: str) -> str:
    """Raises OAuthError."""
    if name not in fields:
        raise _wrong(f"Missing {name} parameter value.")
    return fields[name]


def client(request: Asked, fields: dict[str, str]) -> tuple[str, str]:
    """The client's id and secret, sent in one of two ways (RFC 6749 section 2.3.1). Raises OAuthError, WrongClient."""
    if "Authorization" not in request.headers:
        if "client_id" not in fields:
            raise NoClient
        return fields["client_id"], fields.get("client_secret", "")
    if "client_secret" in fields:
        raise _wrong("The client's credentials stand in the header and in the body. Send them in one place only.")
    name, secret = _in_header(request)
    if fields.get("client_id", name) != name:
        raise _wrong("The header and the body name different clients.")
    return name, secret


def basic_name(request: Asked) -> str:
    """The name in a Basic header as it stands there, `""` if there is none that can be read."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    try:
        return authentication.credentials(given)[0] if scheme.lower() == "basic" else ""
    except NotSignedIn:
        return ""


def _in_header(request: Asked) -> tuple[str, str]:
    """Both halves were percent-encoded before they were joined, unlike a person's name and password."""
    scheme, _, given = request.headers["Authorization"].partition(" ")
    if scheme.lower() != "basic":
        raise NoClient
    try:
        name, secret = (unquote_plus(half, errors="strict") for half in authentication.credentials(given))
    except (NotSignedIn, UnicodeDecodeError):
        raise WrongClient("unreadable") from None
    if not name:
        raise NoClient
    return name, secret


def _wrong(sentence: str) -> OAuthError:
    return OAuthError("invalid_request", sentence)
