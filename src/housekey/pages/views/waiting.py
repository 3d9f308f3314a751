"""Come again later, after too many tries or in an outage: the same header on every page of this door."""

from __future__ import annotations

from django.http import HttpResponse

from housekey.core.errors import Throttled, Unavailable
from housekey.web import refusals


def sentence(refusal: Throttled) -> str:
    return refusals.told(refusal)


def told(response: HttpResponse, refusal: Throttled | Unavailable) -> HttpResponse:
    """The page that says so, with the status and the header for programs."""
    response.status_code = refusals.status_of(refusal)
    response["Retry-After"] = str(refusal.retry_after)
    return response
