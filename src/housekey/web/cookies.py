"""The cookies: a session, and a ticket of its own, so that opening a link in somebody's browser never touches their session."""

from __future__ import annotations

import base64
import hashlib
import hmac

from django.conf import settings
from django.http import HttpRequest, HttpResponse


def _name(name: str) -> str:
    """`__Host-` where cookies are Secure (always, but for plain HTTP on loopback)."""
    return f"__Host-{name}" if settings.CSRF_COOKIE_SECURE else name


def _set(response: HttpResponse, name: str, value: str, *, age: int | None) -> None:
    # Lax: the click on a link in web mail is a cross-site navigation, and the redirect after it must bring the ticket along
    response.set_cookie(_name(name), value, max_age=age, secure=settings.CSRF_COOKIE_SECURE, httponly=True, samesite="Lax", path="/")


def _clear(response: HttpResponse, name: str) -> None:
    _set(response, name, "", age=0)


def set_session(response: HttpResponse, token: str) -> None:
    """Ends with the browser; the server's own limits decide besides."""
    _set(response, "session", token, age=None)


def clear_session(response: HttpResponse) -> None:
    _clear(response, "session")


def session(request: HttpRequest) -> str:
    return request.COOKIES.get(_name("session"), "")


def set_ticket(response: HttpResponse, token: str) -> None:
    _set(response, "ticket", token, age=3600)


def clear_ticket(response: HttpResponse) -> None:
    _clear(response, "ticket")


def ticket(request: HttpRequest) -> str:
    return request.COOKIES.get(_name("ticket"), "")


def set_way(response: HttpResponse, value: str, *, age: int) -> None:
    """What the pages of the recovery hand on from one to the next; signed by them, and no secret."""
    _set(response, "way", value, age=age)


def clear_way(response: HttpResponse) -> None:
    _clear(response, "way")


def way(request: HttpRequest) -> str:
    return request.COOKIES.get(_name("way"), "")


def set_heading(response: HttpResponse, value: str, *, age: int) -> None:
    """Where this browser was heading when it came to sign in; signed, and no secret."""
    _set(response, "heading", value, age=age)


def clear_heading(response: HttpResponse) -> None:
    _clear(response, "heading")


def heading(request: HttpRequest) -> str:
    return request.COOKIES.get(_name("heading"), "")


def mark(ticket: str) -> str:
    """What a form carries (22 characters) to say for which ticket it was shown: the browser holds one ticket, its tabs many forms."""
    digest = hmac.digest(ticket.encode("utf-8", "surrogatepass"), b"form", hashlib.sha256)
    return base64.urlsafe_b64encode(digest)[:22].decode()


def marked(ticket: str, given: str) -> bool:
    return hmac.compare_digest(mark(ticket).encode(), given.encode("utf-8", "surrogatepass"))
