"""/scim2/Users: a request in, one operation, an answer out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import cast
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from housekey.core.errors import NotFound, Refused, Stale
from housekey.core.principal import USER_UPDATE
from housekey.core.users import User
from housekey.operations import resets, users
from housekey.scim import mapping, patch
from housekey.scim.dialect import HOUSEKEY, WSO2, read_changes, read_new_user
from housekey.scim.errors import ScimInvalid, Unsupported, answer, refused
from housekey.scim.reading import read_object
from housekey.web import authentication
from housekey.web.house import house, now
from housekey.web.request import Asked

_EQ = re.compile(r'\s*(?:urn:ietf:params:scim:schemas:core:2\.0:User:)?userName\s+eq\s+("(?:[^"\\]|\\.)*")\s*', re.IGNORECASE)

View = Callable[..., HttpResponse]


def door(view: View) -> View:
    """What every SCIM address does: HTTP Basic or a bearer token, no cookies (so no CSRF token), refusals in SCIM's words."""

    @csrf_exempt
    @wraps(view)
    def opened(raw: HttpRequest, **parts: str) -> HttpResponse:
        request = cast(Asked, raw)
        try:
            request.by = authentication.principal(request)
            return view(request, **parts)
        except RequestDataTooBig:
            return refused(Unsupported(413, f"The body is larger than {house().config.limits.body} bytes."))
        except (UnreadablePostError, RawPostDataException):
            return refused(ScimInvalid("The body ended too early.", "invalidSyntax"))
        except Refused as refusal:
            return refused(refusal)

    return opened


@door
def collection(request: Asked) -> HttpResponse:
    """/scim2/Users"""
    if request.method == "POST":
        return _create(request)
    if request.method == "GET":
        return _list(request)
    raise Unsupported(405, f"{request.method} is not possible here.", allow="GET, POST")


def _create(request: Asked) -> HttpResponse:
    new = read_new_user(read_object(request), extensions_on=house().config.scim2.enable_schema_extension)
    user = users.create(house(), request.by, new, now())
    response = _told(request, user, 201)
    response["Location"] = mapping.location(house(), request.by.tenant, user)
    return response


def _told(request: Asked, user: User, status: int = 200) -> HttpResponse:
    """The user; beside her the code that another system delivers, in WSO2's header (reference 3.2), or the link to hand over."""
    body = mapping.shown(house(), request.by.tenant, user)
    if user.code.startswith("http"):
        body["schemas"].append(HOUSEKEY)
        body[HOUSEKEY] = {"invitation": {"link": user.code}}
    response = answer(body, status)
    if user.code and HOUSEKEY not in body:
        response["Ask-Password-Confirmation-Code"] = user.code
    return response


def _show(request: Asked, user_id: UUID) -> HttpResponse:
    """oneTimePassword is returned only when asked for by name, and then only to who may read it (decisions, At rest)."""
    body = mapping.shown(house(), request.by.tenant, users.get(request.by, user_id))
    wanted = request.GET.get("attributes", "")[:2_000].lower().replace(" ", "").split(",")
    if any(name.rpartition(":")[2] == "onetimepassword" for name in wanted) and WSO2 in body:
        code = resets.readable_code(house(), request.by, user_id, now())
        if code:
            body[WSO2]["oneTimePassword"] = code
    return answer(body)


def _list(request: Asked) -> HttpResponse:
    wanted = request.GET.get("filter")
    if wanted is None:
        start, count = max(1, _number(request, "startIndex", 1)), _number(request, "count", 100)
        count = min(max(0, count), house().config.limits.page)
        page = users.listing(request.by, offset=start - 1, limit=count)
        return answer(mapping.listed(house(), request.by.tenant, page.users, page.total, start))
    match = _EQ.fullmatch(wanted[:1_000])
    if match is None:
        raise ScimInvalid('This filter is not supported. Supported is: userName eq "name".', "invalidFilter", field="filter")
    found = users.find(request.by, _literal(match[1]))
    rows = [found] if found else []
    return answer(mapping.listed(house(), request.by.tenant, rows, len(rows), 1))


def _literal(text: str) -> str:
    try:
        value = json.loads(text)
        value.encode()
    except (ValueError, UnicodeEncodeError):
        raise ScimInvalid("The value in the filter is not a JSON text.", "invalidFilter", field="filter") from None
    return str(value).replace("\0", "\ufffd")


def _number(request: Asked, name: str, default: int) -> int:
    text = request.GET.get(name, "")
    if not text:
        return default
    try:
        return max(-1, min(int(text[:20]), 2**31))
    except ValueError:
        raise ScimInvalid(f"{name} must be a whole number.", "invalidValue", field=name) from None


@door
def single(request: Asked, user_id: str) -> HttpResponse:
    """/scim2/Users/{id}"""
    try:
        wanted = UUID(user_id)
    except ValueError:
        raise NotFound(f"There is no user with the id {user_id[:100]}.") from None
    match request.method:
        case "GET":
            return _show(request, wanted)
        case "PATCH":
            return _patch(request, wanted)
        case "DELETE":
            users.delete(request.by, wanted, now())
            return HttpResponse(status=204)
    raise Unsupported(405, f"{request.method} is not possible here.", allow="GET, PATCH, DELETE")


def _patch(request: Asked, user_id: UUID) -> HttpResponse:
    """Applied to the user as she is when it is written: read again and repeated if somebody else was faster."""
    body = read_object(request)
    for last in (False, False, True):
        user = users.get(request.by, user_id, permission=USER_UPDATE)
        before = mapping.shown(house(), request.by.tenant, user)
        # What stands there afterwards the client has written: an invited account is locked already, and may be locked for cause besides
        before.get(WSO2, {}).pop("accountLocked", None)
        patched = read_changes(
            patch.apply(before, body), before, user.profile, extensions_on=house().config.scim2.enable_schema_extension
        )
        changes = replace(patched, version=user.version)
        try:
            changed = users.change(house(), request.by, user_id, changes, now())
            break
        except Stale:
            if last:
                raise
    return _told(request, changed)
