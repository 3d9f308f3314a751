"""Cross-site request forgery: Django's token check, made to work with `Referrer-Policy: no-referrer`.

Under that policy browsers send `Origin: null` with our own forms and no Referer. What the two headers would prove is proved otherwise:
`Sec-Fetch-Site`, which pages cannot set, and the `__Host-` prefix, which keeps a sibling host from planting the token's cookie.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware


class Csrf(CsrfViewMiddleware):
    def _origin_verified(self, request: HttpRequest) -> bool:
        if request.headers.get("Origin") == "null":
            return request.headers.get("Sec-Fetch-Site") == "same-origin"
        return bool(super()._origin_verified(request))  # type: ignore[misc] # private in the stubs

    def _check_referer(self, request: HttpRequest) -> None:
        """A foreign Referer is refused; none at all leaves it to the token."""
        if request.headers.get("Referer"):
            super()._check_referer(request)  # type: ignore[misc] # private in the stubs
