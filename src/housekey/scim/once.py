"""`Idempotency-Key` at this door: a write that comes again under its key gets the answer it got the first time."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

from django.http import HttpResponse

from housekey.core.errors import Refused
from housekey.operations import idempotency
from housekey.operations.idempotency import HEADER, Slip
from housekey.operations.transactions import nothing
from housekey.scim.errors import MEDIA_TYPE
from housekey.web.house import house, now
from housekey.web.request import Asked

T = TypeVar("T")
Also = Callable[[T], object]
_KEPT = ("Location", "ETag", "Ask-Password-Confirmation-Code")
_ASIDE = "slip"
"""Where an operation of a Bulk carries its part of the Bulk's slip."""


def once(request: Asked, deed: Callable[[Also[T]], T], told: Callable[[T], HttpResponse]) -> HttpResponse:
    """Carry `deed` out and tell of it, or repeat what was told. `deed` gets what it is to do inside its transaction.

    Raises what the deed raises, and Invalid, KeyReused, InFlight.
    """
    slip = of(request)
    if slip is None:
        return told(deed(nothing))
    made: list[HttpResponse] = []

    def also(outcome: T) -> None:
        made.append(told(outcome))
        idempotency.keep(house(), slip, written(made[-1]), now())

    with idempotency.in_flight(slip):
        kept = idempotency.find(house(), slip)
        if kept is None:
            try:
                deed(also)
                return made[-1]
            except Refused:
                # Another node may have been faster with the same request: then its answer is the answer
                kept = idempotency.find(house(), slip)
                if kept is None:
                    raise
    return again(kept)


def of(request: Asked) -> Slip | None:
    """What this request is recognised by; None without a key. Raises Invalid."""
    part: Slip | None = getattr(request, _ASIDE, None)
    if part is not None or HEADER not in request.headers:
        return part
    body = request.body.decode("utf-8", "replace")
    asked = json.dumps([request.method, request.get_full_path(), request.headers.get("If-Match"), body])
    return idempotency.slip(request.by, request.headers[HEADER], asked)


def carry(request: Asked, slip: Slip | None) -> None:
    """Make `request`, an operation of a Bulk, one that is recognised by `slip`."""
    setattr(request, _ASIDE, slip)


def written(response: HttpResponse) -> str:
    headers = {name: response[name] for name in _KEPT if name in response}
    return json.dumps({"status": response.status_code, "headers": headers, "body": response.content.decode()})


def again(text: str) -> HttpResponse:
    """The answer that `written` made a text of."""
    kept = json.loads(text)
    response = HttpResponse(kept["body"], status=kept["status"], content_type=MEDIA_TYPE if kept["body"] else None)
    for name, value in kept["headers"].items():
        response[name] = value
    return response
