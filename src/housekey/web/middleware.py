"""The gate every request passes: tenant, client address, language, headers, and refusals that nobody caught."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import set_script_prefix
from django.utils import translation

from housekey.core.errors import Refused
from housekey.core.languages import FALLBACK
from housekey.core.principal import anonymous
from housekey.operations import sessions, tenants
from housekey.web import cookies, languages, refusals
from housekey.web.house import house, now
from housekey.web.network import client_address
from housekey.web.refusals import OUTAGE
from housekey.web.request import Asked

_READY = "/readyz"
_TENANT = re.compile(r"/t/([^/]+)(/.*)?")
_BROWSED = ("/oauth2/authorize", "/oauth2/consent")
"""Of what begins like an API, what browsers are sent to."""
_APIS = ("/scim2", "/api", "/oauth2", "/.well-known", "/services", "/openapi.json", "/healthz", "/readyz")

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Strict-Transport-Security": "max-age=31536000",
}

Answer = Callable[[HttpRequest], HttpResponse]


def _for_programs(path: str) -> bool:
    return path.startswith(_APIS) and path not in _BROWSED


class Gate:
    """First middleware. Settles `tenant`, `network` and `by`, and puts the headers on whatever comes back."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, raw: HttpRequest) -> HttpResponse:
        request = cast(Asked, raw)
        request.network = client_address(request.META, house().config.server.trusted_proxies)
        readable = self._read_query(request)
        place = _TENANT.fullmatch(request.path_info)
        program = _for_programs((place[2] or "/") if place else request.path_info)
        asked = "" if program else languages.asked(request)
        with translation.override(FALLBACK if program else languages.chosen(request)):
            response = self._admit(request, readable=readable)
        if asked:
            languages.remember(response, asked)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A refusal a page did not turn into something better. Doors with a dialect of their own catch theirs themselves."""
        if isinstance(error, OUTAGE):
            return refusals.unavailable(request)
        return refusals.page(cast(Asked, request), error) if isinstance(error, Refused) else None

    def _admit(self, request: Asked, *, readable: bool) -> HttpResponse:
        """Settle who is asking and where, then let the request in."""
        if request.path_info == _READY and readable:
            # It must be able to say that there is no database, so it waits for none here.
            return self.answer(request)
        try:
            known = self._settle_tenant(request)
            if known:
                self._settle_person(request)
        except (*OUTAGE, Refused):
            return refusals.unavailable(request)
        if not known:
            return refusals.unknown_tenant(request)
        return self.answer(request) if readable else refusals.bad_request(request)

    def _read_query(self, request: Asked) -> bool:
        """An address of too many parts (`limits.form_fields`) has none: even the page that refuses it looks at them (A-182)."""
        try:
            return request.GET is not None
        except TooManyFieldsSent:
            request.GET = QueryDict()
            return False

    def _settle_tenant(self, request: Asked) -> bool:
        """Take `/t/<tenant>` off the path, so that every door exists under it and every link made here keeps it."""
        match = _TENANT.fullmatch(request.path_info)
        tenant = tenants.by_domain(match[1]) if match else tenants.default()
        if tenant is None:
            request.tenant, request.by = tenants.default(), anonymous(tenants.default(), request.network)
            return False
        request.tenant, request.by = tenant, anonymous(tenant, request.network)
        if match:
            request.path_info = match[2] or "/"
        set_script_prefix(f"/t/{tenant.domain}/" if match else "/")
        return True

    def _settle_person(self, request: Asked) -> None:
        """Only pages and console look at the session cookie: SCIM, REST and SOAP refuse to be driven by one (A-068)."""
        token = "" if _for_programs(request.path_info) else cookies.SESSION.of(request)
        if token:
            request.by = sessions.recognise(house(), request.tenant, token, request.network, now()) or request.by
