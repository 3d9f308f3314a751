"""/scim2/Roles and /scim2/v2/Roles: what people may do, and who may do it."""

from __future__ import annotations

import dataclasses
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from housekey.core.attributes import ROLES, Reference
from housekey.core.errors import NotFound, Stale
from housekey.core.filter_text import parse
from housekey.core.filters import comparable, evaluate
from housekey.core.principal import ROLE_DELETE, ROLE_UPDATE
from housekey.operations import role_resources as roles
from housekey.operations.cursors import BadCursor
from housekey.operations.role_resources import WholeRole
from housekey.scim import conditions, mapping, role_dialect
from housekey.scim.asking import Asking, by_query
from housekey.scim.conditions import tag
from housekey.scim.door import View, door, not_possible
from housekey.scim.errors import ScimInvalid, answer
from housekey.scim.once import Also, once
from housekey.scim.projection import Projection, of_query
from housekey.scim.reading import read_object
from housekey.web.house import house, now
from housekey.web.request import Asked


def collection(endpoint: str) -> View:
    """All roles, at one of the two addresses."""

    @door
    def view(request: Asked) -> HttpResponse:
        if request.method == "POST":
            return create(request, read_object(request), endpoint)
        if request.method == "GET":
            return answer(found(request, by_query(request), endpoint))
        raise not_possible(request, "GET, POST")

    return view


def single(endpoint: str) -> View:
    """One role, at one of the two addresses."""

    @door
    def view(request: Asked, role_id: str) -> HttpResponse:
        wanted = _id(role_id)
        match request.method:
            case "GET":
                return show(request, wanted, endpoint)
            case "PUT" | "PATCH":
                return change(request, wanted, read_object(request), endpoint)
            case "DELETE":
                return delete(request, wanted)
        raise not_possible(request, "GET, PUT, PATCH, DELETE")

    return view


def _id(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise NotFound(f"There is no role with the id {text[:100]}.")
    return int(text)


def create(request: Asked, body: dict[str, Any], endpoint: str) -> HttpResponse:
    """POST: 201 with the whole new role."""
    projection = of_query(request, ROLES)
    name, permissions, users, external_id = role_dialect.read_new(body)
    return once(
        request,
        lambda also: roles.create(request.by, name, permissions, users, now(), external_id=external_id, also=also),
        lambda role: _told(request, role, projection, endpoint, 201),
    )


def _told(request: Asked, role: WholeRole, projection: Projection, endpoint: str, status: int = 200) -> HttpResponse:
    body = role_dialect.shown(house(), request.by.tenant, role, endpoint)
    response = answer(mapping.finished(house(), body, projection), status)
    response["ETag"] = tag(role.version)
    if status == 201:
        response["Location"] = body["meta"]["location"]
    return response


def show(request: Asked, role_id: int, endpoint: str) -> HttpResponse:
    """GET"""
    projection, role = of_query(request, ROLES), roles.get(request.by, role_id)
    return conditions.known(request, tag(role.version)) or _told(request, role, projection, endpoint)


def change(request: Asked, role_id: int, body: dict[str, Any], endpoint: str) -> HttpResponse:
    """PUT and PATCH (RFC 7644 sections 3.5.1, 3.5.2). Repeated if somebody else was faster, unless the client said which version it
    means."""
    projection = of_query(request, ROLES)

    def deed(also: Also[WholeRole]) -> WholeRole:
        for last in (False, False, True):
            present = roles.get(request.by, role_id, permission=ROLE_UPDATE)
            conditions.check(request, tag(present.version))
            read = role_dialect.read_replacement(body) if request.method == "PUT" else _patched(request, body, present)
            try:
                return roles.change(request.by, role_id, dataclasses.replace(read, version=present.version), now(), also=also)
            except Stale:
                if last or conditions.conditional(request):
                    raise
        raise AssertionError("the last try returns or raises")

    return once(request, deed, lambda role: _told(request, role, projection, endpoint))


def _patched(request: Asked, body: dict[str, Any], present: WholeRole) -> roles.RoleChanges:
    def choose(text: str) -> frozenset[UUID]:
        tree = parse(f"users[{text}]", ROLES)
        rows = _compared(request, present).get("users", [])
        return frozenset(UUID(row["value"]) for row in rows if evaluate(tree, {"users": [row]}))

    return role_dialect.read_patch(body, present, choose)


def delete(request: Asked, role_id: int) -> HttpResponse:
    """DELETE: 204, and 404 from then on."""

    def deed(also: Also[None]) -> None:
        version = None
        if conditions.conditional(request):
            version = roles.get(request.by, role_id, permission=ROLE_DELETE).version
            conditions.check(request, tag(version))
        roles.delete(request.by, role_id, now(), version=version, also=also)

    return once(request, deed, lambda _: HttpResponse(status=204))


def found(request: Asked, asking: Asking, endpoint: str = "/v2/Roles") -> dict[str, Any]:
    """A ListResponse. A tenant has few roles: all are read, then chosen and sorted here, by the definition that users are chosen by in
    SQL. Raises BadFilter, BadCursor, ScimInvalid (invalidPath), NotPermitted."""
    if asking.cursor is not None:
        raise BadCursor("invalidCursor", "Here pages are counted by startIndex. Cursors are for users.")
    tree, sort, projection = asking.tree(ROLES), asking.sort(ROLES), asking.projection(ROLES)
    chosen = [role for role in roles.listing(request.by) if tree is None or evaluate(tree, _compared(request, role))]
    if sort is not None:
        chosen = _sorted(request, chosen, sort, descending=asking.descending)
    page = chosen[asking.start - 1 : asking.start - 1 + asking.count]
    told = [mapping.finished(house(), role_dialect.shown(house(), request.by.tenant, role, endpoint), projection) for role in page]
    return mapping.page(house(), told, len(chosen), asking.start)


def _compared(request: Asked, role: WholeRole) -> dict[str, Any]:
    """The role in the shape that filters know."""
    return role_dialect.shown(house(), request.by.tenant, role, "/v2/Roles")


def _sorted(request: Asked, chosen: list[WholeRole], sort: Reference, *, descending: bool) -> list[WholeRole]:
    """By one attribute; roles that lack it come last, or first when descending (RFC 7644 section 3.4.2.3)."""
    if sort.attribute.multi_valued or sort.leaf.type == "complex":
        raise ScimInvalid(f"Roles cannot be sorted by {sort.path}.", "invalidPath", field="sortBy")

    def key(role: WholeRole) -> str:
        value = _compared(request, role).get(sort.attribute.name)
        return str(comparable(sort.leaf, value.get(sort.sub.name) if sort.sub and isinstance(value, dict) else value) or "")

    present = sorted((role for role in chosen if key(role)), key=key, reverse=descending)
    absent = [role for role in chosen if not key(role)]
    return absent + present if descending else present + absent
