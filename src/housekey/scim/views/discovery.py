"""/scim2/ServiceProviderConfig, /ResourceTypes, /Schemas: what this server says about itself. Nothing here is secret, yet /Schemas asks
who is reading, as WSO2's does (reference 4.0)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from housekey.core.errors import NotFound
from housekey.scim import mapping, schemas, wso2
from housekey.scim.door import door, not_possible, open_door
from housekey.scim.errors import Unsupported, answer
from housekey.web.house import house
from housekey.web.request import Asked


@open_door
def provider(request: Asked) -> HttpResponse:
    """/scim2/ServiceProviderConfig"""
    _reads(request)
    return answer(schemas.provider(house(), request.tenant))


@open_door
def resource_types(request: Asked) -> HttpResponse:
    """/scim2/ResourceTypes"""
    _reads(request)
    return _list(schemas.resource_types(house(), request.tenant))


@open_door
def resource_type(request: Asked, name: str) -> HttpResponse:
    """/scim2/ResourceTypes/{name}"""
    _reads(request)
    return answer(_one(schemas.resource_types(house(), request.tenant), name, "resource type"))


@door
def all_schemas(request: Asked) -> HttpResponse:
    """/scim2/Schemas: a ListResponse, and a bare array with `wso2_responses`."""
    _reads(request)
    rows = schemas.documents(house(), request.tenant)
    return answer(rows) if wso2.on(house()) else _list(rows)


@door
def one_schema(request: Asked, name: str) -> HttpResponse:
    """/scim2/Schemas/{URN}"""
    _reads(request)
    return answer(_one(schemas.documents(house(), request.tenant), name, "schema"))


def _reads(request: Asked) -> None:
    """RFC 7644 section 4: these are read only; sorting and paging are passed over, a filter is refused with 403."""
    if request.method not in {"GET", "HEAD"}:
        raise not_possible(request, "GET")
    if "filter" in request.GET:
        raise Unsupported(403, "There is no filtering here (RFC 7644 section 4). Read all of it.")


def _list(rows: list[dict[str, Any]]) -> HttpResponse:
    return answer(mapping.page(house(), rows, len(rows), 1))


def _one(rows: list[dict[str, Any]], name: str, noun: str) -> dict[str, Any]:
    found = next((row for row in rows if row["id"].lower() == name.lower()), None)
    if found is None:
        raise NotFound(f"There is no {noun} called {name[:200]}.")
    return found
