"""/scim2/Users: people."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from housekey.core.attributes import HOUSEKEY_URN, WSO2_URN
from housekey.core.errors import Stale
from housekey.core.principal import USER_DELETE, USER_UPDATE
from housekey.core.users import Changes, Invitation, User
from housekey.operations import onboarding, resets, users
from housekey.operations.custom_attributes import kind_of_users
from housekey.operations.searching import Query, search
from housekey.scim import conditions, mapping, patch
from housekey.scim.asking import Asking, by_query
from housekey.scim.conditions import tag_of
from housekey.scim.dialect import read_changes, read_new_user, read_replacement, to_patch
from housekey.scim.door import door, not_possible, uuid
from housekey.scim.errors import answer
from housekey.scim.once import Also, once
from housekey.scim.projection import Projection, of_query
from housekey.scim.reading import read_object
from housekey.web.house import house, now
from housekey.web.request import Asked


@door
def collection(request: Asked) -> HttpResponse:
    """/scim2/Users"""
    if request.method == "POST":
        return create(request, read_object(request))
    if request.method == "GET":
        return answer(found(request, by_query(request)))
    raise not_possible(request, "GET, POST")


def create(request: Asked, body: dict[str, Any]) -> HttpResponse:
    """POST: 201 with the whole new user."""
    kind = kind_of_users(request.by.tenant)
    projection = of_query(request, kind)
    new = read_new_user(body, kind, extensions_on=_extensions_on())

    def answered(user: User) -> HttpResponse:
        response = told(request, user, projection, 201)
        response["Location"] = mapping.location(house(), request.by.tenant, user)
        return response

    return once(request, lambda also: users.create(house(), request.by, new, now(), also=also), answered)


def told(request: Asked, user: User, projection: Projection, status: int = 200) -> HttpResponse:
    """The user; beside her the code that another system delivers, in WSO2's header (reference 3.2), or the link to hand over."""
    body = mapping.told(house(), request.by.tenant, user, projection, invitations(request, [user], projection))
    if user.code.startswith("http"):
        mapping.extend(body, HOUSEKEY_URN, {"invitation": body.get(HOUSEKEY_URN, {}).get("invitation", {}) | {"link": user.code}})
    response = answer(body, status)
    response["ETag"] = tag_of(user)
    if user.code and not user.code.startswith("http"):
        response["Ask-Password-Confirmation-Code"] = user.code
    return response


def invitations(request: Asked, page: list[User], projection: Projection) -> dict[UUID, Invitation]:
    """What became of each one's invitation, if that was asked for: one look for a whole page."""
    if not projection.asks(HOUSEKEY_URN, "invitation"):
        return {}
    return onboarding.newest(request.by, [user.id for user in page], now())


def show(request: Asked, user_id: UUID) -> HttpResponse:
    """GET: oneTimePassword is returned only when asked for by name, and then only to who may read it (decisions, At rest)."""
    projection = of_query(request, kind_of_users(request.by.tenant))
    user = users.get(request.by, user_id, now=now())
    if not (projection.asks(HOUSEKEY_URN, "invitation") or projection.asks(WSO2_URN, "oneTimePassword", by_name=True)):
        # what is returned on request only changes without the version
        unchanged = conditions.known(request, tag_of(user))
        if unchanged is not None:
            return unchanged
    body = mapping.told(house(), request.by.tenant, user, projection, invitations(request, [user], projection))
    if projection.asks(WSO2_URN, "oneTimePassword", by_name=True) and _extensions_on():
        code = resets.readable_code(house(), request.by, user_id, now())
        if code:
            mapping.extend(body, WSO2_URN, {"oneTimePassword": code})
    response = answer(body)
    response["ETag"] = tag_of(user)
    return response


def found(request: Asked, asking: Asking) -> dict[str, Any]:
    """A ListResponse: a page by index, or by cursor (RFC 9865). Raises BadFilter, BadCursor, ScimInvalid, NotPermitted."""
    kind = kind_of_users(request.by.tenant)
    tree, sort = asking.tree(kind), asking.sort(kind)
    query = Query(tree, sort, asking.descending, asking.start - 1, asking.count, asking.cursor, asking.domain)
    page = search(house(), request.by, query, now())
    projection = asking.projection(kind)
    told = invitations(request, page.users, projection)
    body = mapping.listed(house(), request.by.tenant, page.users, page.total, asking.start, projection, told)
    if asking.cursor is None:
        return body
    cursors = {"nextCursor": page.next_cursor, "previousCursor": page.previous_cursor}
    return {key: value for key, value in body.items() if key != "startIndex"} | {key: value for key, value in cursors.items() if value}


@door
def single(request: Asked, user_id: str) -> HttpResponse:
    """/scim2/Users/{id}"""
    wanted = uuid(user_id)
    match request.method:
        case "GET":
            return show(request, wanted)
        case "PUT":
            return replace(request, wanted, read_object(request))
        case "PATCH":
            return change(request, wanted, read_object(request))
        case "DELETE":
            return delete(request, wanted)
    raise not_possible(request, "GET, PUT, PATCH, DELETE")


def _extensions_on() -> bool:
    return house().config.scim2.enable_schema_extension


def replace(request: Asked, user_id: UUID, body: dict[str, Any]) -> HttpResponse:
    """PUT (RFC 7644 section 3.5.1)."""

    def changes(user: User) -> Changes:
        return read_replacement(body, mapping.shown(house(), request.by.tenant, user), user, kind, extensions_on=_extensions_on())

    kind = kind_of_users(request.by.tenant)
    return _write(request, user_id, changes)


def change(request: Asked, user_id: UUID, body: dict[str, Any]) -> HttpResponse:
    """PATCH (RFC 7644 section 3.5.2)."""

    def changes(user: User) -> Changes:
        before = to_patch(mapping.shown(house(), request.by.tenant, user))
        return read_changes(patch.apply(before, body, kind), before, user, kind, extensions_on=_extensions_on())

    kind = kind_of_users(request.by.tenant)
    return _write(request, user_id, changes)


def _write(request: Asked, user_id: UUID, changes: Callable[[User], Changes]) -> HttpResponse:
    """Applied to the user as she is when it is written: read again and repeated if somebody else was faster, unless the client said
    which version it means."""
    projection = of_query(request, kind_of_users(request.by.tenant))

    def deed(also: Also[User]) -> User:
        for last in (False, False, True):
            user = users.get(request.by, user_id, permission=USER_UPDATE)
            conditions.check(request, tag_of(user))
            try:
                wanted = dataclasses.replace(changes(user), version=user.version)
                return users.change(house(), request.by, user_id, wanted, now(), also=also)
            except Stale:
                if last or conditions.conditional(request):
                    raise
        raise AssertionError("the last try returns or raises")

    return once(request, deed, lambda user: told(request, user, projection))


def delete(request: Asked, user_id: UUID) -> HttpResponse:
    """DELETE: 204, and 404 from then on."""

    def deed(also: Also[None]) -> None:
        version = None
        if conditions.conditional(request):
            user = users.get(request.by, user_id, permission=USER_DELETE)
            conditions.check(request, tag_of(user))
            version = user.version
        users.delete(request.by, user_id, now(), version=version, also=also)

    return once(request, deed, lambda _: HttpResponse(status=204))
