"""What every SCIM address does before and after its view: who is asking, refusals in SCIM's words; and a reader for ids."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import cast
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from housekey.core.errors import NotFound, Refused
from housekey.scim.errors import ScimInvalid, Unsupported, refused
from housekey.scim.reading import MEDIA_TYPES
from housekey.web import authentication
from housekey.web.house import house
from housekey.web.request import Asked

View = Callable[..., HttpResponse]


def door(view: View) -> View:
    """What every SCIM address does: HTTP Basic or a bearer token, no cookies (so no CSRF token), refusals in SCIM's words."""

    def admitted(request: Asked, **parts: str) -> HttpResponse:
        request.by = authentication.principal(request)
        must_be_readable(request)
        return view(request, **parts)

    return open_door(wraps(view)(admitted))


def open_door(view: View) -> View:
    """As `door`, for what anybody may read (RFC 7644 section 4)."""

    @csrf_exempt
    @wraps(view)
    def opened(raw: HttpRequest, **parts: str) -> HttpResponse:
        request = cast(Asked, raw)
        try:
            return view(request, **parts)
        except RequestDataTooBig:
            return refused(Unsupported(413, f"The body is larger than {house().config.limits.body} bytes."))
        except (UnreadablePostError, RawPostDataException):
            return refused(ScimInvalid("The body ended too early.", "invalidSyntax"))
        except Refused as refusal:
            return refused(refusal)

    return opened


def must_be_readable(request: Asked) -> None:
    """WSO2 answers 406 to a client that takes no JSON (reference 4B); RFC 9110 section 12.4.1 lets us answer with it all the same."""
    accepted = {part.partition(";")[0].strip().lower() for part in request.headers.get("Accept", "").split(",")}
    if house().config.scim2.wso2_responses and not accepted & MEDIA_TYPES:
        raise Unsupported(406, "Only application/scim+json and application/json can be answered with.")


def uuid(text: str, noun: str = "user") -> UUID:
    """The id in an address. Raises NotFound: what is no id is nobody's."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(f"There is no {noun} with the id {text[:100]}.") from None


def not_possible(request: Asked, allow: str) -> Unsupported:
    """405, naming the methods that are."""
    return Unsupported(405, f"{request.method} is not possible here.", allow=allow)
