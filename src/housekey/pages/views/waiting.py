"""Too many tries: the same words and the same header on every page of this door."""

from __future__ import annotations

from django.http import HttpResponse

from housekey.core.errors import Throttled
from housekey.web import refusals


def sentence(refusal: Throttled) -> str:
    return refusals.told(refusal)


def told(response: HttpResponse, refusal: Throttled) -> HttpResponse:
    """The page that says so, with the status and the header for programs."""
    response.status_code = 429
    response["Retry-After"] = str(refusal.retry_after)
    return response
