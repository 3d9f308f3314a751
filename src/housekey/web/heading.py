"""Where a browser is heading when it signs in: to an application that has sent it here, as its authorization request says.

The request travels as a path of this site (`next`), so nothing is kept on the server: reloading and going back always work, and what it
says is looked at anew each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.core import signing
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from housekey.core.applications import origin_of
from housekey.operations import clients
from housekey.web import cookies
from housekey.web.middleware import CSP
from housekey.web.request import Asked

LONGEST = 3_000
"""Characters of a path that is carried along."""
MOST_IN_COOKIE = 3_800
"""Bytes: browsers drop a cookie that has more than 4,096 with its name and attributes (RFC 6265 section 6.1)."""
_SALT = "housekey.web.heading"


@dataclass(frozen=True, slots=True)
class Heading:
    """The application at the end of the way."""

    name: str
    origin: str
    hint: str
    """The name that the application thinks will sign in (`login_hint`)."""


def own_path(text: str) -> str:
    """`text` if it is a path of this site, else `""`: nobody is sent elsewhere by a link to our sign-in (A-062)."""
    plain = text.startswith("/") and text.isprintable() and "\\" not in text and len(text) <= LONGEST
    # Without the query, which decides nothing here: Django refuses whatever is longer than 2,048 characters
    path = text.partition("?")[0]
    return text if plain and url_has_allowed_host_and_scheme(path, allowed_hosts=None) and not urlsplit(path).netloc else ""


def of(request: Asked, goal: str) -> Heading | None:
    """The application that `goal` leads to, if it is an authorization request of one of this tenant's."""
    parts = urlsplit(own_path(goal))
    if parts.path != reverse("authorize"):
        return None
    asked = QueryDict(parts.query)
    found = clients.known(request.tenant, asked.get("client_id", ""))
    uri = asked.get("redirect_uri", "") or next(iter(found.application.redirect_uris if found else ()), "")
    if found is None or not found.application.answers_at(uri):
        return None
    return Heading(found.name, origin_of(uri), asked.get("login_hint", "")[:255])


def let_through(response: HttpResponse, origin: str) -> None:
    """Let a form of this page end at `origin`: browsers apply `form-action` to the redirects that follow a form, too (CSP Level 3)."""
    if origin:
        response["Content-Security-Policy"] = CSP.replace("form-action 'self'", f"form-action 'self' {origin}")


def remember(request: Asked, response: HttpResponse, goal: str) -> None:
    """Note where this browser is heading, for a link that is opened from a mail meanwhile. What no cookie can hold is forgotten."""
    text = signing.dumps([request.tenant.domain, goal], salt=_SALT, compress=True)
    if len(text) > MOST_IN_COOKIE:
        cookies.HEADING.clear(response)
    else:
        cookies.HEADING.put(response, text)


def remembered(request: Asked) -> str:
    """The path noted last, if it is of this tenant and not too long ago; else `""`. It opens nothing."""
    try:
        domain, goal = signing.loads(cookies.HEADING.of(request), salt=_SALT, max_age=cookies.HEADING.age)
    except (signing.BadSignature, TypeError, ValueError):
        return ""
    return own_path(goal) if domain == request.tenant.domain and isinstance(goal, str) else ""
