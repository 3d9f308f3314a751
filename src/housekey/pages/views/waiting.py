"""Too many tries: the same words and the same header on every page of this door."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import ngettext

from housekey.core.errors import Throttled


def sentence(refusal: Throttled) -> str:
    seconds = refusal.retry_after
    return ngettext("Too many attempts. Please wait %(n)d second and try again.",
                    "Too many attempts. Please wait %(n)d seconds and try again.", seconds) % {"n": seconds}


def told(response: HttpResponse, refusal: Throttled) -> HttpResponse:
    """The page that says so, with the status and the header for programs."""
    response.status_code = 429
    response["Retry-After"] = str(refusal.retry_after)
    return response
