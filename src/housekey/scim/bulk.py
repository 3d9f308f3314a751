"""Bulk requests (RFC 7644 section 3.7): reading them, and the order that the references in them ask for."""

from __future__ import annotations

import heapq
import json
import re
from dataclasses import dataclass, field, replace
from typing import Any

from housekey.core.errors import Refused
from housekey.scim.errors import ScimInvalid, Unsupported

REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
METHODS = ("POST", "PUT", "PATCH", "DELETE")
_MARK = "bulkid:"
_PLACES = {"value", "manager", "members", "$ref", "path"}
"""Where a reference can stand: elsewhere the same letters are only a text."""
_REFERENCE = re.compile(r'bulkId:([^"\s/\]]{1,200})', re.IGNORECASE)
_PATH = re.compile(r"/(?P<type>Users|Groups|(?:v2/)?Roles)(?:/(?P<id>[^/?#.][^/?#]{0,299}))?(?:\?(?P<query>[^#]{0,2000}))?")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as the client wrote it. `refusal`: why it cannot even be tried."""

    number: int
    method: str
    path: str
    bulk_id: str = ""
    version: str = ""
    data: Any = None
    type: str = ""
    refusal: Refused | None = None
    needs: frozenset[str] = field(default_factory=frozenset)
    """The bulkIds it refers to."""

    @property
    def text(self) -> str:
        """What makes this operation this one, for the Idempotency-Key."""
        return json.dumps([self.method, self.path, self.bulk_id, self.version, self.data], sort_keys=True)


@dataclass(frozen=True, slots=True)
class Bulk:
    """`most_errors`: after so many the rest is not tried; 0: all are tried."""

    operations: tuple[Operation, ...]
    most_errors: int


def read(body: dict[str, Any], most: int) -> Bulk:
    """Raises ScimInvalid for a request that is none, Unsupported (413) for too many operations. Single bad operations are marked."""
    parts = {key.lower(): value for key, value in body.items()}
    rows = parts.get("operations")
    if not isinstance(rows, list) or not rows:
        raise ScimInvalid("Operations must be a list with at least one operation.", "invalidSyntax", field="Operations")
    if len(rows) > most:
        raise Unsupported(413, f"A Bulk has at most {most} operations (maxOperations); this one has {len(rows)}.")
    operations = tuple(_operation(number, row) for number, row in enumerate(rows))
    seen: set[str] = set()
    for operation in operations:
        if operation.bulk_id and operation.bulk_id in seen:
            raise ScimInvalid(f"The bulkId {operation.bulk_id[:100]} is there twice. Give each operation its own.", "invalidValue")
        seen.add(operation.bulk_id)
    return Bulk(operations, _most_errors(parts.get("failonerrors")))


def _most_errors(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ScimInvalid("failOnErrors must be a whole number from 1, or absent to try everything.", "invalidValue", field="failOnErrors")
    return value


def _operation(number: int, row: Any) -> Operation:
    if not isinstance(row, dict):
        return Operation(number, "", "", refusal=_bad(number, "must be an object", "invalidSyntax"))
    parts = {key.lower(): value for key, value in row.items()}
    method, path, bulk_id = _text(parts, "method").upper()[:20], _text(parts, "path")[:3_000], _text(parts, "bulkid")
    match = _PATH.fullmatch(_inside(path))
    read = Operation(
        number, method, path, bulk_id[:200], _text(parts, "version")[:200], parts.get("data"), match["type"] if match else "",
        _refusal(number, method, path, bulk_id, parts, found=match is not None),
    )
    return replace(read, needs=frozenset(_needs(read.path, "path") | _needs(read.data, "data")))


def _text(parts: dict[str, Any], name: str) -> str:
    value = parts.get(name)
    return value.strip() if isinstance(value, str) else ""


def _inside(path: str) -> str:
    return path.removeprefix("/scim2")


def _refusal(number: int, method: str, path: str, bulk_id: str, parts: dict[str, Any], *, found: bool) -> Refused | None:
    if method not in METHODS:
        return Unsupported(405, f"Operations[{number}]: {method[:20] or 'no method'} is not possible in a Bulk. Use {', '.join(METHODS)}.")
    if not found:
        return _bad(number, f"has a path that nothing is at: {path[:100]}. Paths are /Users, /Users/id, /Groups …", "invalidPath")
    if len(bulk_id) > 200:
        return _bad(number, "has a bulkId longer than 200 characters", "invalidValue")
    if method == "POST" and not bulk_id:
        return _bad(number, "creates something and so needs a bulkId", "invalidValue")
    if method != "DELETE" and not isinstance(parts.get("data"), dict):
        return _bad(number, "has no data. Give it the object that a single request would have as its body", "invalidSyntax")
    return None


def _bad(number: int, what: str, scim_type: str) -> ScimInvalid:
    return ScimInvalid(f"Operations[{number}] {what}.", scim_type, field=f"Operations[{number}]")


def _needs(value: Any, key: str) -> set[str]:
    """The bulkIds referred to in a value of the request, wherever a reference can stand."""
    found: set[str] = set()
    todo = [(value, key)]
    while todo:
        item, name = todo.pop()
        if isinstance(item, dict):
            todo += [(inner, key.lower()) for key, inner in item.items()]
        elif isinstance(item, list):
            todo += [(inner, name) for inner in item]
        elif isinstance(item, str) and name in _PLACES and _MARK in item.lower():
            found |= {item[len(_MARK) :]} if _whole(item, name) else {match[1] for match in _REFERENCE.finditer(item)}
    return found


def _whole(text: str, key: str) -> bool:
    """Is the text nothing but one reference? In a path it can only be a part."""
    return key != "path" and text.lower().startswith(_MARK)


def resolved(value: Any, ids: dict[str, str], key: str = "path") -> Any:
    """`value` with ids in the place of references."""
    if isinstance(value, dict):
        return {name: resolved(item, ids, name.lower()) for name, item in value.items()}
    if isinstance(value, list):
        return [resolved(item, ids, key) for item in value]
    if isinstance(value, str) and key in _PLACES and _MARK in value.lower():
        if _whole(value, key):
            return ids.get(value[len(_MARK) :], value)
        return _REFERENCE.sub(lambda match: ids.get(match[1], match[0]), value)
    return value


def split(path: str) -> tuple[str, str]:
    """A path inside /scim2 -> the address without the leading slash, and its query."""
    address, _, query = _inside(path).partition("?")
    return address.removeprefix("/"), query


def in_order(operations: tuple[Operation, ...]) -> tuple[list[Operation], list[Operation]]:
    """As the client wrote them, but what is referred to comes first; and those that wait for one another, which never can begin."""
    owners = {operation.bulk_id: operation.number for operation in operations if operation.bulk_id}
    waits = {row.number: {owners[name] for name in row.needs if name in owners} for row in operations}
    followers: dict[int, list[int]] = {}
    for number, before in waits.items():
        for other in before:
            followers.setdefault(other, []).append(number)
    ready = [number for number, before in waits.items() if not before]
    heapq.heapify(ready)
    ordered: list[Operation] = []
    while ready:
        number = heapq.heappop(ready)
        ordered.append(operations[number])
        for follower in followers.get(number, ()):
            waits[follower].discard(number)
            if not waits[follower]:
                heapq.heappush(ready, follower)
    done = {operation.number for operation in ordered}
    return ordered, [operation for operation in operations if operation.number not in done]
