"""The console's keys, and whether this browser wants them: single keys can be turned off (WCAG 2.2, success criterion 2.1.4)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

COOKIE = "console_keys"
_YEAR = 365 * 24 * 3600
SEARCH, SHORTCUTS = "/", "?"
KEYS: dict[str, str] = {
    "console-home": "g h", "console-users": "g u", "console-groups": "g g", "console-roles": "g r", "console-invitations": "g i",
    "console-jobs": "g j", "console-outbox": "g o", "console-audit": "g a", "console-claims": "g t", "console-clients": "g c",
    "console-login-registration": "g s", "console-add-user": "n", "console-import": "m",
}
"""What is pressed, one key after another, for the page of this URL name."""


def on(request: HttpRequest) -> bool:
    return request.COOKIES.get(COOKIE) != "off"


def remember(response: HttpResponse, *, on: bool) -> None:
    """For a year, in this browser."""
    response.set_cookie(COOKIE, "on" if on else "off", max_age=_YEAR, secure=settings.CSRF_COOKIE_SECURE, httponly=True, samesite="Lax")
