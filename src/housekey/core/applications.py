"""What makes a client an application that people sign in to: where it may be answered, and how it is told that somebody left.

A value and its rules; nothing here knows a database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args
from urllib.parse import SplitResult, urlsplit

from housekey.core.errors import Invalid

Algorithm = Literal["RS256", "ES256"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
Kind = Literal["web", "app", "program"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""A server that keeps a secret; a browser, desktop or phone that cannot; a program without people."""

MOST_URIS = 20
LONGEST_URI = 1_000
"""Characters."""

_URI = re.compile(r"[A-Za-z0-9._~:/?\[\]@!$&'()+,;=%-]+")
"""RFC 3986's characters but `#` (no fragment, RFC 6749 section 3.1.2) and `*` (no wildcard: it would not be one)."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_NATIVE = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::[0-9]{0,5})?((?:[/?].*)?)")
"""Told by the text alone: `urlsplit` takes `http://evil.example[::1]` for the loopback."""
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_OWN_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")


@dataclass(frozen=True, slots=True)
class Application:
    """The settings of a client that people sign in to. Without `redirect_uris` it is none, and the rest means nothing."""

    redirect_uris: tuple[str, ...] = ()
    """Where the answer to a sign-in may go: compared character by character (RFC 9700 section 4.1.3)."""
    post_logout_redirect_uris: tuple[str, ...] = ()
    """Where a browser may be sent after signing out (RP-Initiated Logout 1.0 section 3)."""
    backchannel_logout_uri: str = ""
    """Called when somebody's session ends here (Back-Channel Logout 1.0 section 2.2)."""
    access_url: str = ""
    """Where people open it; My Account links there."""
    public: bool = False
    """It runs in a browser or on a phone and keeps no secret; PKCE protects it."""
    consent: bool = True
    """People are asked before it learns who they are. Off for an application of one's own."""
    signed_with: Algorithm = "RS256"

    @property
    def kind(self) -> Kind:
        return "program" if not self.redirect_uris else "app" if self.public else "web"

    def answers_at(self, uri: str) -> bool:
        """May an answer go to `uri`? Exactly one of the list; on the loopback interface the port of a public client is its own affair,
        as a program on somebody's machine cannot know it beforehand (RFC 8252 section 7.3)."""
        return uri in self.redirect_uris or (self.public and _portless(uri) in {_portless(one) for one in self.redirect_uris} - {""})

    def leaves_to(self, uri: str) -> bool:
        """May a browser be sent to `uri` after signing out? As with WSO2, to where people sign in unless other addresses were given."""
        return uri in (self.post_logout_redirect_uris or self.redirect_uris)


def _portless(uri: str) -> str:
    """The address without its port where it is a loopback IP literal of a native application; else `""`."""
    found = _NATIVE.fullmatch(uri) if _URI.fullmatch(uri) and _split(uri) is not None else None
    return found[1] + found[2] if found is not None else ""


def origin_of(uri: str) -> str:
    """`https://host:port` of an address, or `scheme:` for one of an app's own; `""` if it is neither."""
    found = _split(uri)
    if found is None or not found.scheme:
        return ""
    return f"{found.scheme}://{found.netloc}" if found.scheme in {"https", "http"} else f"{found.scheme}:"


def checked(application: Application) -> Application:
    """The same, without blanks around addresses, each address once. Raises Invalid, naming the field and what to change."""
    application = replace(
        application, redirect_uris=_plain_list(application.redirect_uris),
        post_logout_redirect_uris=_plain_list(application.post_logout_redirect_uris),
        backchannel_logout_uri=application.backchannel_logout_uri.strip(), access_url=application.access_url.strip(),
    )
    if application.signed_with not in ALGORITHMS:
        raise Invalid(f"signed_with is one of {', '.join(ALGORITHMS)}.", field="signed_with")
    if not application.redirect_uris:
        if application.public:
            raise Invalid("A public client needs at least one redirect URI.", field="redirect_uris")
        if application != Application(consent=application.consent, signed_with=application.signed_with):
            raise Invalid("Give at least one redirect URI: without it nobody can sign in to the application.", field="redirect_uris")
    for field in ("backchannel_logout_uri", "access_url"):
        if getattr(application, field):
            _web(getattr(application, field), field)
    for field in ("redirect_uris", "post_logout_redirect_uris"):
        _check(getattr(application, field), field, public=application.public)
    return application


def _plain_list(uris: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(uri.strip() for uri in uris if uri.strip()))


def _check(uris: Sequence[str], field: str, *, public: bool) -> None:
    if len(uris) > MOST_URIS:
        raise Invalid(f"At most {MOST_URIS} addresses are possible.", field=field)
    for uri in uris:
        if public and _OWN_SCHEME.fullmatch((_split(uri) or SplitResult("", "", "", "", "")).scheme):
            _plain(uri, field)
        else:
            _web(uri, field)


def _web(uri: str, field: str) -> None:
    _plain(uri, field)
    found = _split(uri)
    if found is None or not _HOST.fullmatch(found.netloc) or found.scheme not in {"https", "http"}:
        raise Invalid(f"{uri[:200]} is no address of a web page: it must begin with https:// and a host name.", field=field)
    if found.scheme == "http" and found.hostname not in _LOOPBACK:
        raise Invalid(f"{uri[:200]} must begin with https://. Plain http:// is possible for localhost only.", field=field)


def _plain(uri: str, field: str) -> None:
    if len(uri) > LONGEST_URI:
        raise Invalid(f"An address has at most {LONGEST_URI} characters.", field=field)
    if "*" in uri or uri.lower().startswith("regexp="):
        raise Invalid(f"{uri[:200]} holds a pattern. Addresses are compared character by character: list each of them.", field=field)
    if "#" in uri:
        raise Invalid(f"{uri[:200]} has a fragment (#), which is not possible here.", field=field)
    if not _URI.fullmatch(uri):
        raise Invalid(f"{uri[:200]} holds a character that no address has. Write it percent-encoded.", field=field)


def _split(uri: str) -> SplitResult | None:
    try:
        found = urlsplit(uri)
        _ = found.port
    except ValueError:
        return None
    return found
