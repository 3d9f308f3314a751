"""Refusals in SCIM's words (RFC 7644 section 3.12): status as a string, scimType where one fits."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse

from housekey.core.errors import Conflict, FeatureOff, Invalid, NotPermitted, NotSignedIn, Refused, TooMany
from housekey.core.filters import BadFilter
from housekey.operations.cursors import BadCursor
from housekey.web import authentication
from housekey.web.house import house
from housekey.web.refusals import status_of

MEDIA_TYPE = "application/scim+json"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
NOT_PERMITTED = "Operation is not permitted. You do not have permissions to make this request."


class ScimInvalid(Invalid):
    """A request that SCIM has a scimType of its own for: invalidSyntax, invalidPath, invalidFilter, noTarget, mutability."""

    def __init__(self, sentence: str, scim_type: str, *, field: str = "") -> None:
        super().__init__(sentence, field=field)
        self.scim_type = scim_type


class Unsupported(Refused):
    """What this address does not do: `status` is 403, 405, 406, 409, 413, 415 or 501."""

    def __init__(self, status: int, sentence: str, *, allow: str = "") -> None:
        super().__init__(sentence)
        self.status, self.allow = status, allow


class Sensitive(Unsupported):
    """Something secret stands in an address, where logs keep it (RFC 7644 section 7.5.2)."""

    scim_type = "sensitive"

    def __init__(self, sentence: str) -> None:
        super().__init__(403, sentence)


def answer(body: dict[str, Any] | list[dict[str, Any]], status: int = 200) -> HttpResponse:
    return HttpResponse(json.dumps(body, ensure_ascii=False, separators=(",", ":")), status=status, content_type=MEDIA_TYPE)


def refused(refusal: Refused) -> HttpResponse:
    status = refusal.status if isinstance(refusal, Unsupported) else status_of(refusal)
    body: dict[str, Any] = {"schemas": [ERROR], "status": str(status), "detail": _detail(refusal)}
    if house().config.scim2.wso2_responses and isinstance(refusal, NotPermitted):
        # WSO2's valve, which stands in front of its SCIM, writes the number as one, and always this sentence (reference 4.0)
        body |= {"status": status, "detail": NOT_PERMITTED}
    elif house().config.scim2.wso2_responses and isinstance(refusal, NotSignedIn):
        body |= {"status": status, "detail": authentication.SENTENCE}
    scim_type = _scim_type(refusal)
    if scim_type:
        body["scimType"] = scim_type
    response = answer(body, status)
    challenge = authentication.challenge(refusal)
    if challenge:
        response["WWW-Authenticate"] = challenge
    if isinstance(refusal, Unsupported) and refusal.allow:
        response["Allow"] = refusal.allow
    if hasattr(refusal, "retry_after"):
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _detail(refusal: Refused) -> str:
    """The sentence; WSO2's number in front where it is one (reference 4B.3)."""
    numbered = refusal.code.isdigit() and not isinstance(refusal, NotSignedIn)
    return f"{refusal.code} - {refusal.sentence}" if numbered else refusal.sentence


def _scim_type(refusal: Refused) -> str:
    if isinstance(refusal, ScimInvalid | BadCursor | Sensitive):
        return refusal.scim_type
    if isinstance(refusal, TooMany):
        return "tooMany"
    if isinstance(refusal, BadFilter):
        return "invalidFilter"
    if isinstance(refusal, Conflict):
        return "uniqueness"
    return "invalidValue" if isinstance(refusal, Invalid | FeatureOff) else ""
