"""Refusals in SCIM's words (RFC 7644 section 3.12): status as a string, scimType where one fits."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse

from housekey.core.errors import Conflict, FeatureOff, Invalid, NotSignedIn, Refused
from housekey.web import authentication
from housekey.web.refusals import status_of

MEDIA_TYPE = "application/scim+json"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimInvalid(Invalid):
    """A request that SCIM has a scimType of its own for: invalidSyntax, invalidPath, invalidFilter, noTarget, mutability."""

    def __init__(self, sentence: str, scim_type: str, *, field: str = "") -> None:
        super().__init__(sentence, field=field)
        self.scim_type = scim_type


class Unsupported(Refused):
    """A method or media type this address does not take. `status` is 405, 413 or 415."""

    def __init__(self, status: int, sentence: str, *, allow: str = "") -> None:
        super().__init__(sentence)
        self.status, self.allow = status, allow


def answer(body: dict[str, Any], status: int = 200) -> HttpResponse:
    return HttpResponse(json.dumps(body, ensure_ascii=False, separators=(",", ":")), status=status, content_type=MEDIA_TYPE)


def refused(refusal: Refused) -> HttpResponse:
    status = refusal.status if isinstance(refusal, Unsupported) else status_of(refusal)
    body: dict[str, Any] = {"schemas": [ERROR], "status": str(status), "detail": _detail(refusal)}
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
    if isinstance(refusal, ScimInvalid):
        return refusal.scim_type
    if isinstance(refusal, Conflict):
        return "uniqueness"
    return "invalidValue" if isinstance(refusal, Invalid | FeatureOff) else ""
