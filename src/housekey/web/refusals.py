"""How a refusal looks as a page, and the answers for addresses nobody owns."""

from __future__ import annotations

import json
from typing import cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from housekey.core.errors import (
    Conflict,
    DeadCode,
    Invalid,
    NotFound,
    NotPermitted,
    NotSignedIn,
    Refused,
    Stale,
    Throttled,
    Unavailable,
    WrongCredentials,
)
from housekey.web.request import Asked

STATUS: tuple[tuple[type[Refused], int], ...] = (
    (Conflict, 409),
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


def status_of(refusal: Refused) -> int:
    """The HTTP status of a refusal, the same at every door that speaks HTTP statuses."""
    if isinstance(refusal, DeadCode) and refusal.reason == "unknown":
        return 404
    return next((status for kind, status in STATUS if isinstance(refusal, kind)), 400)


def page(request: Asked, refusal: Refused) -> HttpResponse:
    """A whole page that says what is wrong and where to go on."""
    return _page(request, status_of(refusal), _(refusal.sentence), retry_after=getattr(refusal, "retry_after", 0))


def _page(request: HttpRequest, status: int, sentence: str, *, retry_after: int = 0) -> HttpResponse:
    response = render(request, "refusal.html", {"status": status, "sentence": sentence}, status=status)
    if retry_after:
        response["Retry-After"] = str(retry_after)
    return response


def unknown_tenant(request: HttpRequest) -> HttpResponse:
    """WSO2's words for it, as JSON for callers that speak it (reference server 4.0)."""
    sentence = f"{request.path_info.split('/')[2][:253]} is an invalid tenant domain."
    if "json" in request.headers.get("Accept", "") or "json" in request.headers.get("Content-Type", ""):
        return JsonResponse({"code": 404, "message": "Not Found", "description": sentence}, status=404)
    return _page(request, 404, sentence)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django calls it with the reason
    sentence = _("This form was not opened on this site, or your browser blocks cookies. Go back, reload the page and try again.")
    return _page(request, 403, sentence)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    return _page(request, 400, _("The request could not be understood."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    if request.path_info.startswith(("/scim2", "/api")):
        schema = "urn:ietf:params:scim:api:messages:2.0:Error"
        body = {"schemas": [schema], "status": "404", "detail": "There is nothing at this address."}
        return HttpResponse(json.dumps(body), status=404, content_type="application/scim+json")
    return _page(cast(Asked, request), 404, _("There is no page at this address."))


def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    return HttpResponse("Something went wrong on our side. Nothing was changed.\n", status=500, content_type="text/plain; charset=utf-8")
