"""/scim2/Bulk: many operations in one request, each through the view that takes it alone, each in its own transaction."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass, replace
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, URLResolver
from django.urls.resolvers import RegexPattern

from housekey.core.attributes import HOUSEKEY_URN
from housekey.core.errors import NotFound, NotPermitted, Refused
from housekey.core.principal import BULK, BULK_GIVES, Principal
from housekey.operations import idempotency
from housekey.operations.idempotency import Slip
from housekey.scim import bulk, mapping, wso2
from housekey.scim.bulk import Bulk, Operation
from housekey.scim.door import door, not_possible
from housekey.scim.errors import MEDIA_TYPE, ScimInvalid, Unsupported, answer, refused
from housekey.scim.once import again, carry, of, written
from housekey.scim.reading import read_object
from housekey.web.house import house, now
from housekey.web.request import Asked

MOST_VALUES = 400_000
"""Of the whole request; each operation is held to the limit of a single request besides."""
_ADDRESSES = URLResolver(RegexPattern(r""), "housekey.scim.urls")
_GROUPED = ("Users", "Groups", "Roles")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one operation."""

    operation: Operation
    response: HttpResponse
    location: str

    @property
    def failed(self) -> bool:
        return self.response.status_code >= 400

    @property
    def passing(self) -> bool:
        """Failed for a reason that may be gone next time."""
        return self.response.status_code >= 500 or self.response.status_code == 429


@door
def collection(request: Asked) -> HttpResponse:
    """/scim2/Bulk"""
    if request.method != "POST":
        raise not_possible(request, "POST")
    request.by = permitted(request.by)
    limits = house().config.scim2
    if len(request.body) > limits.max_bulk_payload:
        raise Unsupported(413, f"A Bulk has at most {limits.max_bulk_payload} bytes (maxPayloadSize).")
    asked = bulk.read(read_object(request, most_values=MOST_VALUES), limits.max_bulk_operations)
    slip = of(request)
    if slip is None:
        return _answer(_all(request, asked, None))
    with idempotency.in_flight(slip):
        kept = idempotency.begin(house(), slip, now())
        if kept:
            return again(kept)
        results = _all(request, asked, slip)
        response = _answer(results)
        # What failed in passing is to be tried when the client sends the same again: then this is not the last word
        if not any(result.passing for result in results):
            idempotency.finish(house(), slip, written(response))
        return response


def permitted(by: Principal) -> Principal:
    """The caller with what the scopes for Bulk allow inside one (reference 4.0). Raises NotPermitted for none of them."""
    given = set(BULK_GIVES.values()) if by.may(BULK) else {inside for scope, inside in BULK_GIVES.items() if by.may(scope)}
    if not given:
        raise NotPermitted(BULK)
    return replace(by, permissions=by.permissions | given, lent=frozenset(given - by.permissions))


def _all(request: Asked, asked: Bulk, slip: Slip | None) -> list[Result]:
    """The operations in the order their references ask for, until enough of them failed; the results in the order of the request."""
    ordered, circling = bulk.in_order(asked.operations)
    known = {row.bulk_id for row in asked.operations if row.bulk_id}
    ids: dict[str, str] = {}
    results: list[Result] = []
    waiting = {row.number for row in circling}
    errors = 0
    for operation in (*ordered, *circling):
        if asked.most_errors and errors >= asked.most_errors:
            break
        refusal = operation.refusal or _unresolved(operation, known, ids, circling=operation.number in waiting)
        result = _refused(request, operation, refusal) if refusal else _one(request, operation, ids, slip)
        results.append(result)
        errors += result.failed
        if operation.bulk_id and operation.method == "POST" and not result.failed:
            ids[operation.bulk_id] = result.location.rpartition("/")[2]
    return sorted(results, key=lambda result: result.operation.number)


def _unresolved(operation: Operation, known: set[str], ids: dict[str, str], *, circling: bool) -> Refused | None:
    missing = sorted(name for name in operation.needs if name not in ids)
    if circling:
        sentence = f"bulkId:{missing[0]}: these operations wait for one another in a circle. Create first, refer afterwards by PATCH."
        return Unsupported(409, sentence)
    if not missing:
        return None
    why = "stands for an operation that failed or creates nothing" if missing[0] in known else "stands for no operation of this request"
    return ScimInvalid(f"bulkId:{missing[0]} {why}.", "invalidValue", field="bulkId")


def _one(request: Asked, operation: Operation, ids: dict[str, str], slip: Slip | None) -> Result:
    address, query = bulk.split(bulk.resolved(operation.path, ids))
    inner = _inner(request, operation, address, query, ids)
    part = slip.part(operation.number, operation.text) if slip else None
    carry(inner, part)
    try:
        found = _ADDRESSES.resolve(address)
        response = inspect.unwrap(found.func)(inner, *found.args, **found.kwargs)
    except Resolver404:
        response = refused(NotFound(f"There is nothing at /{address[:100]}."))
    except Refused as refusal:
        response = refused(refusal)
    return Result(operation, response, response.get("Location") or _location(request, operation, address))


def _inner(request: Asked, operation: Operation, address: str, query: str, ids: dict[str, str]) -> Asked:
    """The request that the operation would have been alone."""
    inner = cast(Asked, HttpRequest())
    inner.method, inner.path = operation.method, f"/scim2/{address}"
    inner.path_info, inner.GET = inner.path, QueryDict(query or _unsaid(operation))
    inner.by, inner.tenant, inner.network = request.by, request.tenant, request.network
    inner.META = {"CONTENT_TYPE": MEDIA_TYPE, "REMOTE_ADDR": request.META.get("REMOTE_ADDR", "")}
    if operation.version:
        inner.META["HTTP_IF_MATCH"] = operation.version
    body = b"" if operation.data is None else json.dumps(bulk.resolved(operation.data, ids, "data")).encode()
    inner._body = body  # where Django keeps a body it has read
    return inner


def _unsaid(operation: Operation) -> str:
    """The query of an operation that has none. A group's body is left out of the answer: its members, of any number, need not be read."""
    return "excludedAttributes=members" if operation.type == "Groups" and not wso2.on(house()) else ""


def _refused(request: Asked, operation: Operation, refusal: Refused) -> Result:
    return Result(operation, refused(refusal), _location(request, operation, bulk.split(operation.path)[0]))


def _location(request: Asked, operation: Operation, address: str) -> str:
    """Where the resource is, if the operation names one; a creation that failed has none (RFC 7644 section 3.7)."""
    if operation.method == "POST" or not operation.type or "/" not in address.removeprefix("v2/"):
        return ""
    return f"{mapping.base(house(), request.by.tenant)}/{address}"


def _answer(results: list[Result]) -> HttpResponse:
    if not wso2.on(house()):
        return answer({"schemas": [bulk.RESPONSE], "Operations": [_shown(result) for result in results]})
    grouped = sorted(results, key=lambda result: _GROUPED.index(result.operation.type.rpartition("/")[2] or "Users"))
    return answer({"schemas": [bulk.RESPONSE], "Operations": [_shown_as_wso2(result) for result in grouped]})


def _shown(result: Result) -> dict[str, Any]:
    """Bodies of what went well are left out, as RFC 7644 section 3.7 allows, unless they hold what is told only once."""
    row = _common(result)
    if "ETag" in result.response and not result.failed:
        row["version"] = result.response["ETag"]
    row["status"] = str(result.response.status_code)
    told_once = _told_once(result)
    if result.failed or told_once:
        row["response"] = json.loads(result.response.content) | told_once
    return row


def _shown_as_wso2(result: Result) -> dict[str, Any]:
    """An object for the status, a text for the body (reference 4B.4)."""
    row = _common(result)
    row["status"] = {"code": result.response.status_code}
    if result.response.content:
        told_once = _told_once(result)
        text = result.response.content.decode()
        row["response"] = json.dumps(json.loads(text) | told_once) if told_once else text
    return row


def _common(result: Result) -> dict[str, Any]:
    row: dict[str, Any] = {"method": result.operation.method}
    if result.operation.bulk_id:
        row["bulkId"] = result.operation.bulk_id
    if result.location:
        row["location"] = result.location
    return row


def _told_once(result: Result) -> dict[str, Any]:
    """A code or link that this answer alone carries; a single request has the code in a header (reference 3.2)."""
    code = result.response.get("Ask-Password-Confirmation-Code")
    if code:
        return {HOUSEKEY_URN: {"invitation": {"code": code}}}
    body = json.loads(result.response.content) if result.response.content and not result.failed else {}
    own = body.get(HOUSEKEY_URN, {}) if isinstance(body, dict) else {}
    return {HOUSEKEY_URN: own} if "link" in own.get("invitation", {}) else {}
