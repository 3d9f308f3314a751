"""What every OAuth address does: one method, no cookies (so no CSRF token), JSON nobody may cache, refusals by RFC 6749 section 5.2."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.core.exceptions import RequestDataTooBig
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from housekey.core.errors import NotSignedIn, Refused, Throttled, Unavailable
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


def door(method: str) -> Callable[[View], Callable[..., HttpResponse]]:
    """A view gives the body of its answer, or None for an empty one."""

    def made(view: View) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def opened(raw: HttpRequest, **parts: str) -> HttpResponse:
            try:
                if raw.method != method:
                    raise OAuthError("invalid_request", f"Only {method} is possible here.", 405, allow=method)
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
            return _private(HttpResponse() if body is None else JsonResponse(body))

        return opened

    return made


def refused(refusal: Refused) -> HttpResponse:
    status = refusal.status if isinstance(refusal, OAuthError) else status_of(refusal)
    response = _private(JsonResponse({"error": _word(refusal), "error_description": refusal.sentence}, status=status))
    if status == 401:
        response["WWW-Authenticate"] = authentication.challenge(refusal) or authentication.BASIC
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
    return "temporarily_unavailable" if isinstance(refusal, Throttled | Unavailable) else "invalid_request"


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"], response["Pragma"] = "no-store", "no-cache"
    return response
