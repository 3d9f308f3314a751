"""Cross-site request forgery: Django's token check, without its demand for a Referer.

Django asks for one on HTTPS when no Origin came, against a token planted by a sibling host or a plain-text page. The `__Host-` prefix
of the cookie keeps both from planting anything; browsers send Origin anyway, and scripts that fill in our forms send neither.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware


class Csrf(CsrfViewMiddleware):
    def _check_referer(self, request: HttpRequest) -> None:
        """A foreign Referer is refused; none at all leaves it to the token."""
        if request.headers.get("Referer"):
            super()._check_referer(request)  # type: ignore[misc] # private in the stubs
