"""/scim2/Groups: sets of users."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from housekey.core.attributes import GROUPS
from housekey.core.errors import Stale, TooMany
from housekey.core.filter_text import parse
from housekey.core.filters import And, Compare, Filter, Some, evaluate, paths
from housekey.core.groups import Group, GroupChanges, split_group
from housekey.core.principal import GROUP_DELETE, GROUP_UPDATE
from housekey.operations import groups
from housekey.operations.cursors import BadCursor
from housekey.operations.groups import Sort, Wanted
from housekey.scim import conditions, group_dialect, mapping
from housekey.scim.asking import Asking, by_query
from housekey.scim.conditions import tag
from housekey.scim.door import door, not_possible, uuid
from housekey.scim.errors import ScimInvalid, answer
from housekey.scim.once import Also, once
from housekey.scim.projection import Projection, of_query
from housekey.scim.reading import read_object
from housekey.web.house import house, now
from housekey.web.request import Asked

MOST_LOOKED_AT = 10_000
"""Groups that one filter other than the quick ones may look through."""


@door
def collection(request: Asked) -> HttpResponse:
    """/scim2/Groups"""
    if request.method == "POST":
        return create(request, read_object(request))
    if request.method == "GET":
        return answer(found(request, by_query(request)))
    raise not_possible(request, "GET, POST")


@door
def single(request: Asked, group_id: str) -> HttpResponse:
    """/scim2/Groups/{id}"""
    wanted = uuid(group_id, "group")
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


def create(request: Asked, body: dict[str, Any]) -> HttpResponse:
    """POST: 201 with the whole new group."""
    projection = of_query(request, GROUPS)
    new = group_dialect.read_new(body)
    return once(
        request, lambda also: groups.create(request.by, new, now(), also=also), lambda group: _told(request, group, projection, 201)
    )


def _told(request: Asked, group: Group, projection: Projection, status: int = 200) -> HttpResponse:
    body = group_dialect.shown(house(), request.by.tenant, group)
    response = answer(mapping.finished(house(), body, projection), status)
    response["ETag"] = tag(group.version)
    if status == 201:
        response["Location"] = body["meta"]["location"]
    return response


def show(request: Asked, group_id: UUID) -> HttpResponse:
    """GET"""
    projection = of_query(request, GROUPS)
    group = groups.get(request.by, group_id, members=projection.shows("members"))
    return conditions.known(request, tag(group.version)) or _told(request, group, projection)


def replace(request: Asked, group_id: UUID, body: dict[str, Any]) -> HttpResponse:
    """PUT (RFC 7644 section 3.5.1)."""
    changes = group_dialect.read_replacement(body)
    return _write(request, lambda also: _changed(request, group_id, changes, also))


def change(request: Asked, group_id: UUID, body: dict[str, Any]) -> HttpResponse:
    """PATCH (RFC 7644 section 3.5.2). Who comes and who goes does not depend on who is there; only a filter must see them."""

    def deed(also: Also[Group]) -> Group:
        for last in (False, False, True):
            chooser = _Chooser(request, group_id)
            changes = group_dialect.read_patch(body, chooser)
            try:
                return _changed(request, group_id, dataclasses.replace(changes, version=chooser.version), also)
            except Stale:
                if last or conditions.conditional(request):
                    raise
        raise AssertionError("the last try returns or raises")

    return _write(request, deed)


class _Chooser:
    """Finds the members that a filter in a path means. `version`: that at which they were looked at, None if they were not."""

    def __init__(self, request: Asked, group_id: UUID) -> None:
        self._request, self._group_id = request, group_id
        self.version: int | None = None
        self._members: list[tuple[UUID, dict[str, Any]]] = []
        self._in_time = _clock()

    def __call__(self, text: str) -> frozenset[UUID]:
        tree = parse(f"members[{text}]", GROUPS)
        if self.version is None:
            group = groups.get(self._request.by, self._group_id, permission=GROUP_UPDATE)
            base = mapping.base(house(), self._request.by.tenant)
            self.version = group.version
            self._members = [(member.id, {"members": [group_dialect.shown_member(member, base)]}) for member in group.members]
        return frozenset(member_id for member_id, body in self._members if self._in_time() and evaluate(tree, body))


def _clock() -> Callable[[], bool]:
    """True until `limits.search` seconds have passed, then raises TooMany: what is looked through here may have any size (A-107)."""
    seconds = house().config.limits.search
    ends = time.monotonic() + seconds

    def in_time() -> bool:
        if time.monotonic() > ends:
            sentence = f"The search was given up after {seconds} seconds: too many groups or members have to be looked at."
            raise TooMany(f"{sentence} Ask by eq for displayName, externalId, id or members.", field="filter")
        return True

    return in_time


def _write(request: Asked, deed: Callable[[Also[Group]], Group]) -> HttpResponse:
    projection = of_query(request, GROUPS)
    return once(request, deed, lambda group: _told(request, group, projection))


def _changed(request: Asked, group_id: UUID, changes: GroupChanges, also: Also[Group]) -> Group:
    if conditions.conditional(request):
        present = groups.get(request.by, group_id, permission=GROUP_UPDATE, members=False)
        conditions.check(request, tag(present.version))
        changes = dataclasses.replace(changes, version=changes.version or present.version)
    members = of_query(request, GROUPS).shows("members")
    return groups.change(request.by, group_id, changes, now(), members=members, also=also)


def delete(request: Asked, group_id: UUID) -> HttpResponse:
    """DELETE"""

    def deed(also: Also[None]) -> None:
        version = None
        if conditions.conditional(request):
            version = groups.get(request.by, group_id, permission=GROUP_DELETE, members=False).version
            conditions.check(request, tag(version))
        groups.delete(request.by, group_id, now(), version=version, also=also)

    return once(request, deed, lambda _: HttpResponse(status=204))


def found(request: Asked, asking: Asking) -> dict[str, Any]:
    """A ListResponse. What an index answers is asked of the database; the rest is looked through.

    Raises BadFilter, BadCursor, ScimInvalid (invalidPath, tooMany), NotPermitted.
    """
    if asking.cursor is not None:
        raise BadCursor("invalidCursor", "Here pages are counted by startIndex. Cursors are for users.")
    tree, sort, projection = asking.tree(GROUPS), _sortable(asking), asking.projection(GROUPS)
    wanted = Wanted() if tree is None else _quick(tree)
    if tree is None or wanted is not None:
        page = groups.listing(
            request.by,
            wanted or Wanted(),
            offset=asking.start - 1,
            limit=asking.count,
            members=projection.shows("members"),
            sort=sort,
            descending=asking.descending,
        )
        bodies, total = [_body(request, group) for group in page.groups], page.total
    else:
        chosen = _looked_through(request, tree, sort, descending=asking.descending)
        shown = chosen[asking.start - 1 : asking.start - 1 + asking.count]
        if projection.shows("members") and "members" not in paths(tree):
            shown = groups.with_members(request.by, shown)
        bodies, total = [_body(request, group) for group in shown], len(chosen)
    return mapping.page(house(), [mapping.finished(house(), body, projection) for body in bodies], total, asking.start)


def _looked_through(request: Asked, tree: Filter, sort: Sort, *, descending: bool) -> list[Group]:
    """The groups that satisfy the filter, with their members if it asks for them. Raises ScimInvalid (tooMany), TooMany."""
    in_time = _clock()
    page = groups.listing(request.by, limit=MOST_LOOKED_AT, sort=sort, descending=descending, members="members" in paths(tree))
    if page.total > MOST_LOOKED_AT:
        sentence = f"There are more than {MOST_LOOKED_AT} groups to look through. Filter by displayName, externalId, id or members."
        raise ScimInvalid(sentence, "tooMany", field="filter")
    return [group for group in page.groups if in_time() and evaluate(tree, _body(request, group))]


def _body(request: Asked, group: Group) -> dict[str, Any]:
    return group_dialect.shown(house(), request.by.tenant, group)


def _quick(tree: Filter) -> Wanted | None:
    """The filter as what indexes answer: `eq` on id, displayName, externalId or members, or several of them with `and`."""
    wanted = Wanted()
    for part in tree.parts if isinstance(tree, And) else (tree,):
        inner = part.inner if isinstance(part, Some) else part
        if not isinstance(inner, Compare) or inner.op != "eq" or not isinstance(inner.value, str):
            return None
        column = _COLUMNS.get(inner.ref.path)
        if column is None or getattr(wanted, column) is not None:
            return None
        wanted = dataclasses.replace(wanted, **{column: _value(column, inner.value)})
    return wanted


_COLUMNS = {"id": "id", "displayName": "name", "externalId": "external_id", "members.value": "member"}
_NOBODY = UUID(int=0)


def _value(column: str, text: str) -> Any:
    if column in {"id", "member"}:
        return group_dialect.maybe(text) or _NOBODY
    return split_group(text) if column == "name" else text


_SORTS: dict[str, Sort] = {
    "displayName": "name",
    "id": "id",
    "externalId": "external_id",
    "meta.created": "created",
    "meta.lastModified": "modified",
}


def _sortable(asking: Asking) -> Sort:
    """Raises ScimInvalid for what groups have no order by."""
    ref = asking.sort(GROUPS)
    if ref is None:
        return "name"
    if ref.path not in _SORTS:
        sentence = f"Groups cannot be sorted by {ref.path}. Possible: {', '.join(_SORTS)}."
        raise ScimInvalid(sentence, "invalidPath", field="sortBy")
    return _SORTS[ref.path]
