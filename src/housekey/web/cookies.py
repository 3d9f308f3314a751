"""The cookies: a session, and a ticket of its own, so that opening a link in somebody's browser never touches their session."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse


@dataclass(frozen=True, slots=True)
class Cookie:
    """One of ours. `age` in seconds; None ends with the browser."""

    word: str
    age: int | None = None

    @property
    def _name(self) -> str:
        """`__Host-` where cookies are Secure (always, but for plain HTTP on loopback)."""
        return f"__Host-{self.word}" if settings.CSRF_COOKIE_SECURE else self.word

    def of(self, request: HttpRequest) -> str:
        """Its value, `""` without one."""
        return request.COOKIES.get(self._name, "")

    def put(self, response: HttpResponse, value: str) -> None:
        self._set(response, value, self.age)

    def clear(self, response: HttpResponse) -> None:
        self._set(response, "", 0)

    def _set(self, response: HttpResponse, value: str, age: int | None) -> None:
        # Lax: the click on a link in web mail is a cross-site navigation, and the redirect after it must bring the ticket along
        response.set_cookie(self._name, value, max_age=age, secure=settings.CSRF_COOKIE_SECURE, httponly=True, samesite="Lax", path="/")


SESSION = Cookie("session")
"""The server's own limits decide besides."""
TICKET = Cookie("ticket", 3_600)
WAY = Cookie("way", 900)
"""What the pages of the recovery hand on from one to the next; signed by them, and no secret."""
HEADING = Cookie("heading", 3_600)
"""Where this browser was heading when it came to sign in, for a link that is opened from a mail; signed, and no secret."""


def mark(ticket: str) -> str:
    """What a form carries (22 characters) to say for which ticket it was shown: the browser holds one ticket, its tabs many forms."""
    digest = hmac.digest(ticket.encode("utf-8", "surrogatepass"), b"form", hashlib.sha256)
    return base64.urlsafe_b64encode(digest)[:22].decode()


def marked(ticket: str, given: str) -> bool:
    return hmac.compare_digest(mark(ticket).encode(), given.encode("utf-8", "surrogatepass"))
