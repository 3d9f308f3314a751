"""How a refusal looks as a page, and the answers for addresses nobody owns."""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import cast
from urllib.parse import urlencode

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import RawPostDataException
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from housekey.core.errors import (
    Conflict,
    DeadCode,
    InFlight,
    Invalid,
    KeyReused,
    NotFound,
    NotPermitted,
    NotSignedIn,
    Refused,
    Stale,
    Throttled,
    Unavailable,
    WrongCredentials,
)
from housekey.core.languages import FALLBACK, canonical, right_to_left
from housekey.web.request import Asked

STATUS: tuple[tuple[type[Refused], int], ...] = (
    (Conflict, 409),
    (InFlight, 409),
    (KeyReused, 422),
    (Invalid, 400),
    (WrongCredentials, 401),
    (NotSignedIn, 401),
    (NotPermitted, 403),
    (NotFound, 404),
    (Stale, 412),
    (DeadCode, 410),
    (Throttled, 429),
    (Unavailable, 503),
)

OUTAGE = (OperationalError, InterfaceError)
"""What Django raises when the database is away or does not take the request now."""
_LOG = logging.getLogger("housekey.web")
_LONGEST = 3_000
"""Characters of a path that is carried along (`web.heading`)."""


def status_of(refusal: Refused) -> int:
    """The HTTP status of a refusal, the same at every door that speaks HTTP statuses."""
    if isinstance(refusal, DeadCode) and refusal.reason == "unknown":
        return 404
    return next((status for kind, status in STATUS if isinstance(refusal, kind)), 400)


def told(refusal: Refused) -> str:
    """The sentence of a refusal in the reader's language. Core's own has its number or name in it already, which no catalogue knows."""
    if isinstance(refusal, Throttled):
        seconds = refusal.retry_after
        return ngettext("Too many attempts. Please wait %(n)d second and try again.",
                        "Too many attempts. Please wait %(n)d seconds and try again.", seconds) % {"n": seconds}
    if isinstance(refusal, NotPermitted):
        return _("Operation is not permitted. This needs the permission %(name)s.") % {"name": refusal.permission}
    return _(refusal.sentence)


def page(request: Asked, refusal: Refused) -> HttpResponse:
    """A whole page that says what is wrong and where to go on."""
    return _page(request, status_of(refusal), told(refusal), retry_after=getattr(refusal, "retry_after", 0))


def _page(request: HttpRequest, status: int, sentence: str, *, retry_after: int = 0, again: str = "") -> HttpResponse:
    try:
        response = render(request, "refusal.html", {"status": status, "sentence": sentence, "again": again}, status=status)
    except OUTAGE:
        return unavailable(request)
    if retry_after:
        response["Retry-After"] = str(retry_after)
    return response


def unavailable(request: HttpRequest) -> HttpResponse:
    """503 without a look at the database: it is what cannot be reached. The broken connection is given up."""
    connection.close()
    refusal = Unavailable("The service cannot be reached at the moment. Nothing was changed; please try again shortly.", retry_after=5)
    response = _in_dialect(request, 503, refusal.sentence)
    if response is None:
        language = canonical(get_language() or FALLBACK)
        # Without the request: what every page knows about itself comes from the database.
        context = {"sentence": _(refusal.sentence), "language": language, "right_to_left": right_to_left(language)}
        response = HttpResponse(render_to_string("unavailable.html", context), status=503)
    response["Retry-After"] = str(refusal.retry_after)
    return response


def _scim(status: int, detail: str) -> HttpResponse:
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(status), "detail": detail}
    return HttpResponse(json.dumps(body), status=status, content_type="application/scim+json")


def _rest(status: int, sentence: str) -> HttpResponse:
    """The body of the REST APIs, from outside their door (reference server 4.0)."""
    phrase, trace = HTTPStatus(status).phrase, str(uuid.uuid4())
    _LOG.info("refused: %s, trace %s", status, trace)
    return JsonResponse({"code": status, "message": phrase, "description": sentence, "traceId": trace}, status=status)


def _oauth(status: int, sentence: str) -> HttpResponse:
    """RFC 6749 section 5.2 has words for what is wrong with a request, and section 4.1.2.1 for a server that cannot."""
    error = "temporarily_unavailable" if status == 503 else "invalid_request"
    return JsonResponse({"error": error, "error_description": sentence}, status=status)


def _soap(status: int, sentence: str) -> HttpResponse:
    side = "Server" if status == 503 else "Client"
    fault = (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault>'
        f"<faultcode>soapenv:{side}</faultcode><faultstring>{escape(sentence)}</faultstring>"
        "</soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    )
    return HttpResponse(fault, status=status, content_type="text/xml; charset=utf-8")


_DIALECTS: tuple[tuple[re.Pattern[str], Callable[[int, str], HttpResponse]], ...] = (
    (re.compile(r"(/t/[^/]+)?/scim2"), _scim),
    (re.compile(r"(/t/[^/]+)?/(api(?!/docs)|openapi\.json)"), _rest),
    (re.compile(r"(/t/[^/]+)?/(oauth2|\.well-known)/"), _oauth),
    (re.compile(r"(/t/[^/]+)?/services/."), _soap),
)


def _in_dialect(request: HttpRequest, status: int, sentence: str) -> HttpResponse | None:
    """A refusal from outside the door whose address was asked for, in that door's words; None: a page is wanted."""
    speak = next((speak for place, speak in _DIALECTS if place.match(request.path_info)), None)
    return speak(status, sentence) if speak else None


def unknown_tenant(request: HttpRequest) -> HttpResponse:
    """WSO2's words for it, as JSON for callers that speak it (reference server 4.0)."""
    name = request.path_info.split("/")[2][:253]
    sentence = f"{name} is an invalid tenant domain."
    spoken = _in_dialect(request, 404, sentence)
    if spoken is not None:
        return spoken
    if "json" in request.headers.get("Accept", "") or "json" in request.headers.get("Content-Type", ""):
        return JsonResponse({"code": 404, "message": "Not Found", "description": sentence}, status=404)
    return _page(request, 404, _("%(name)s is an invalid tenant domain.") % {"name": name})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django calls it with the reason
    sentence = _("This form was not opened on this site, or your browser blocks cookies. Go back, reload the page and try again.")
    return _page(request, 403, sentence, again=_again(request))


def _again(request: HttpRequest) -> str:
    """Where a sign-in that has lost its cookies on the way begins anew, with where it was heading; `""` for any other form. Either page
    looks at what comes along as if somebody had typed it."""
    try:
        if request.path == reverse("login"):
            goal = request.POST.get("next", "")[:_LONGEST]
            return f"{request.path}?{urlencode({'next': goal})}" if goal else request.path
        if request.path == reverse("consent"):
            return f"{reverse('authorize')}?{request.POST.get('request', '')[:_LONGEST]}"
    except (OSError, SuspiciousOperation, BadRequest, MultiPartParserError, RawPostDataException):
        return ""
    return ""


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    spoken = _in_dialect(request, 400, "Your client has issued a malformed or illegal request.")
    return spoken or _page(request, 400, _("The request could not be understood."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    spoken = _in_dialect(request, 404, "There is nothing at this address.")
    return spoken or _page(cast(Asked, request), 404, _("There is no page at this address."))


def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    sentence = _("Something went wrong on our side. Nothing was changed.")
    return HttpResponse(f"{sentence}\n", status=500, content_type="text/plain; charset=utf-8")
