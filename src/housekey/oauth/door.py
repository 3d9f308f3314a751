"""What every OAuth address does: one method, no cookies (so no CSRF token), JSON nobody may cache, refusals by RFC 6749 section 5.2."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal, cast

from django.core.exceptions import RequestDataTooBig
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from housekey.core.errors import NotPermitted, NotSignedIn, Refused, Throttled, Unavailable
from housekey.operations import clients
from housekey.web import authentication
from housekey.web.house import house
from housekey.web.refusals import OUTAGE, status_of
from housekey.web.request import Asked

View = Callable[..., dict[str, Any] | None]


class OAuthError(Refused):
    """A refusal that has one of RFC 6749's words of its own. `status` is the HTTP status."""

    def __init__(self, error: str, sentence: str, status: int = 400, *, allow: str = "") -> None:
        super().__init__(sentence)
        self.error, self.status, self.allow = error, status, allow


Who = Literal["nobody", "anybody", "applications"]


def door(*methods: str, scripts: Who = "nobody") -> Callable[[View], Callable[..., HttpResponse]]:
    """A view gives the body of its answer, or None for an empty one.

    `scripts`: of which pages scripts may call it: of any page what is public, of applications' pages what they get tokens with. No cookie
    is looked at here, so a script can do no more than a program that somebody runs (A-068).
    """

    def made(view: View) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def opened(raw: HttpRequest, **parts: str) -> HttpResponse:
            return _shared(cast(Asked, raw), answered(raw, **parts), scripts, methods)

        def answered(raw: HttpRequest, **parts: str) -> HttpResponse:
            try:
                if raw.method == "OPTIONS" and scripts != "nobody":
                    return HttpResponse(status=204)
                if raw.method not in methods:
                    allow = ", ".join(methods)
                    raise OAuthError("invalid_request", f"Only {allow} is possible here.", 405, allow=allow)
                body = view(cast(Asked, raw), **parts)
            except Refused as refusal:
                return refused(refusal)
            except RequestDataTooBig:
                return refused(OAuthError("invalid_request", f"The body is larger than {house().config.limits.body} bytes.", 413))
            except (UnreadablePostError, RawPostDataException):
                return refused(OAuthError("invalid_request", "The body ended too early."))
            except OUTAGE:
                connection.close()
                return refused(Unavailable())
            return _private(_empty() if body is None else JsonResponse(body))

        return opened

    return made


def _shared(request: Asked, response: HttpResponse, scripts: Who, methods: tuple[str, ...]) -> HttpResponse:
    """Lets a page's script read the answer (the Fetch standard's CORS protocol)."""
    origin = request.headers.get("Origin", "")
    if scripts == "nobody" or not origin:
        return response
    response["Vary"] = "Origin"
    known = clients.has_origin(request.tenant, origin)
    if scripts == "anybody" or known:
        response["Access-Control-Allow-Origin"] = origin if known else "*"
        response["Access-Control-Expose-Headers"] = "WWW-Authenticate, Retry-After"
        if request.method == "OPTIONS":
            response["Access-Control-Allow-Methods"] = ", ".join(methods)
            response["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Accept"
            response["Access-Control-Max-Age"] = "600"
    if known:
        # WSO2's libraries send cookies along unless told not to, and the browser then wants to hear that this is all right.
        response["Access-Control-Allow-Credentials"] = "true"
    return response


def _empty() -> HttpResponse:
    """Without the type that Django gives it: a script that expects JSON would take offence at it."""
    response = HttpResponse()
    del response["Content-Type"]
    return response


def refused(refusal: Refused) -> HttpResponse:
    status = refusal.status if isinstance(refusal, OAuthError) else status_of(refusal)
    response = _private(JsonResponse({"error": _word(refusal), "error_description": refusal.sentence}, status=status))
    challenge = authentication.challenge(refusal) or (authentication.BASIC if status == 401 else "")
    if challenge:
        response["WWW-Authenticate"] = challenge
    if isinstance(refusal, OAuthError) and refusal.allow:
        response["Allow"] = refusal.allow
    if isinstance(refusal, Throttled | Unavailable):
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _word(refusal: Refused) -> str:
    """RFC 6749 has no word for a pause; its section 4.1.2.1 lends one."""
    if isinstance(refusal, OAuthError):
        return refusal.error
    if isinstance(refusal, authentication.WrongToken):
        return "invalid_token"
    if isinstance(refusal, NotSignedIn):
        return "invalid_client"
    if isinstance(refusal, NotPermitted):
        return "insufficient_scope"
    return "temporarily_unavailable" if isinstance(refusal, Throttled | Unavailable) else "invalid_request"


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"], response["Pragma"] = "no-store", "no-cache"
    return response
