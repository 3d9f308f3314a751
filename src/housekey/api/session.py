"""The one way in for a signed-in browser: a page of this very server may call a route that says so, with its session cookie.

Everywhere else the REST door refuses cookies (A-068). Here a cookie counts only beside a JSON body, which no form of another site can
send, and only if the browser says that the page asking is ours.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from housekey.api.routes import Problem
from housekey.core.principal import Principal
from housekey.operations import sessions
from housekey.web import authentication, cookies
from housekey.web.authentication import NoBasic
from housekey.web.house import house, now
from housekey.web.request import Asked


def browser_or_token(request: Asked) -> Principal:
    """A bearer token or this browser's session; never HTTP Basic (reference 4.0). Raises NotSignedIn, Problem 403 and 415."""
    scheme = request.headers.get("Authorization", "").partition(" ")[0].lower()
    if scheme == "bearer":
        return authentication.principal(request)
    token = "" if scheme else cookies.SESSION.of(request)
    by = sessions.recognise(house(), request.tenant, token, request.network, now()) if token else None
    if by is None:
        raise NoBasic(authentication.SENTENCE)
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, 415, "Send application/json.")
    if not _from_here(request):
        raise Problem(403, 403, "This request was not made by a page of this server.")
    return by


def _from_here(request: Asked) -> bool:
    """Sec-Fetch-Site decides where the browser sends it, else Origin; without either the request is not trusted."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    ours = urlsplit(house().config.base_url)
    return request.headers.get("Origin") == f"{ours.scheme}://{ours.netloc}"
