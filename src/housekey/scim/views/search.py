"""/.search: what lists are asked for, in the body of a POST instead of an address that ends up in logs (RFC 7644 section 3.4.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.http import HttpResponse

from housekey.core.attributes import GROUPS, ROLES, USERS, ResourceType
from housekey.core.errors import NotPermitted
from housekey.core.filters import BadFilter
from housekey.operations.cursors import BadCursor
from housekey.scim import mapping
from housekey.scim.asking import Asking, by_body
from housekey.scim.door import door, not_possible
from housekey.scim.errors import ScimInvalid, answer
from housekey.scim.reading import read_object
from housekey.scim.views import groups, roles, users
from housekey.web.house import house
from housekey.web.request import Asked

Listing = Callable[[Asked, Asking], dict[str, Any]]


@door
def of_users(request: Asked) -> HttpResponse:
    """/scim2/Users/.search"""
    return answer(users.found(request, _asked(request)))


@door
def of_groups(request: Asked) -> HttpResponse:
    """/scim2/Groups/.search"""
    return answer(groups.found(request, _asked(request)))


@door
def of_roles(request: Asked) -> HttpResponse:
    """/scim2/Roles/.search and /scim2/v2/Roles/.search"""
    return answer(roles.found(request, _asked(request)))


@door
def everything(request: Asked) -> HttpResponse:
    """/scim2/.search: users, groups and roles, as one list. A type that lacks an attribute of the filter has none that fits."""
    asking = _asked(request)
    if asking.cursor is not None:
        raise BadCursor("invalidCursor", "Here pages are counted by startIndex. Cursors are for /Users/.search.")
    if asking.sort_by:
        raise ScimInvalid("Different kinds of resources cannot be sorted together. Use /Users/.search.", "invalidValue", field="sortBy")
    resources: list[dict[str, Any]] = []
    refusals: list[Exception] = []
    total = 0
    for kind, listing in _EVERYTHING:
        try:
            asking.tree(kind)
            begun = max(asking.start - total, 1)
            body = listing(request, replace(asking, start=begun, count=max(0, asking.count - len(resources))))
        except (BadFilter, NotPermitted) as refusal:
            if isinstance(refusal, BadFilter) and refusal.secret:
                raise
            refusals.append(refusal)
            continue
        resources += body.get("Resources", [])
        total += body["totalResults"]
    if len(refusals) == len(_EVERYTHING):
        raise refusals[0]
    return answer(mapping.page(house(), resources, total, asking.start))


def _asked(request: Asked) -> Asking:
    if request.method != "POST":
        raise not_possible(request, "POST")
    return by_body(read_object(request))


_EVERYTHING: tuple[tuple[ResourceType, Listing], ...] = ((USERS, users.found), (GROUPS, groups.found), (ROLES, roles.found))
