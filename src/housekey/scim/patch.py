"""PATCH (RFC 7644 section 3.5.2) on a user as shown: add, replace, remove, with and without a path.

Takes the deviations that Entra ID and Okta are known for: any case of `op`, a filter on a value that matches nothing, a whole
object as value without path. The result is read again by `dialect`, so nothing unchecked gets further.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

from housekey.scim.dialect import ALIASES, CORE, EXTENSIONS, USER
from housekey.scim.errors import ScimInvalid
from housekey.scim.reading import check_text

MOST_OPERATIONS = 100
MOST_ROWS = 100
_PATH = re.compile(r"(?P<name>[A-Za-z$][\w$-]*)(\[(?P<filter>[^\[\]]{1,500})\])?(\.(?P<sub>[A-Za-z$][\w$-]*))?")
_TERM = re.compile(r'\s*(?P<name>[A-Za-z]\w*)\s+(?P<op>eq|ne|co|sw|ew)\s+(?P<value>"(?:[^"\\]|\\.)*"|true|false)\s*', re.IGNORECASE)
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "co": lambda a, b: b in a,
    "sw": lambda a, b: a.startswith(b),
    "ew": lambda a, b: a.endswith(b),
}


def apply(resource: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """The patched copy of `resource`. Raises ScimInvalid: invalidSyntax, invalidPath, invalidFilter, noTarget, mutability."""
    operations = next((value for key, value in request.items() if key.lower() == "operations"), None)
    if not isinstance(operations, list) or not operations:
        raise ScimInvalid(
            "Invalid JSON schema. Operations must be a list with at least one operation.", "invalidSyntax", field="Operations"
        )
    if len(operations) > MOST_OPERATIONS:
        raise ScimInvalid(f"At most {MOST_OPERATIONS} operations in one request.", "invalidSyntax", field="Operations")
    patched = copy.deepcopy(resource)
    for operation in operations:
        if not isinstance(operation, dict):
            raise ScimInvalid("Each of Operations must be an object.", "invalidSyntax", field="Operations")
        _apply_one(patched, {key.lower(): value for key, value in operation.items()})
    return patched


def _apply_one(resource: dict[str, Any], operation: dict[str, Any]) -> None:
    op, path = str(operation.get("op", "")).lower(), operation.get("path")
    if op not in {"add", "replace", "remove"}:
        raise ScimInvalid(f"Unknown operation: {op[:40]}", "invalidSyntax", field="op")
    if op != "remove" and "value" not in operation:
        raise ScimInvalid(f"{op} needs a value.", "invalidValue", field="value")
    value = operation.get("value")
    if not path:
        if op == "remove":
            raise ScimInvalid("remove needs a path.", "noTarget", field="path")
        if not isinstance(value, dict):
            raise ScimInvalid("Without a path, the value must be an object.", "invalidValue", field="value")
        for key, item in value.items():
            _at(resource, key, op, item)
        return
    if not isinstance(path, str) or len(path) > 1_000:
        raise ScimInvalid("path must be a text of at most 1000 characters.", "invalidPath", field="path")
    _at(resource, path, op, value)


def _at(resource: dict[str, Any], path: str, op: str, value: Any) -> None:
    """Carry one operation out at a path that may begin with a schema URN."""
    urn, rest = _split_urn(path)
    holder = resource
    if urn and urn != USER:
        if not rest:
            _put(resource, urn, op, value)
            return
        holder = resource.setdefault(urn, {})
        if not isinstance(holder, dict):
            raise ScimInvalid(f"{urn} must be an object.", "invalidValue", field=urn)
    elif urn and not rest:
        if not isinstance(value, dict):
            raise ScimInvalid(f"The value at {urn} must be an object.", "invalidValue", field="value")
        for key, item in value.items():
            _at(resource, key, op, item)
        return
    match = _PATH.fullmatch(rest)
    if match is None:
        raise ScimInvalid(f"The path {path[:100]} cannot be understood.", "invalidPath", field="path")
    name = _name_in(holder, match["name"])
    if match["filter"]:
        _in_rows(holder, name, match["filter"], match["sub"], op, value)
    elif match["sub"]:
        _in_complex(holder, name, match["sub"], op, value)
    else:
        _put(holder, name, op, value)


def _split_urn(path: str) -> tuple[str, str]:
    lower = path.lower()
    for prefix, urn in (*ALIASES.items(), *((urn.lower(), urn) for urn in (*EXTENSIONS, USER))):
        if lower == prefix:
            return urn, ""
        if lower.startswith((prefix + ":", prefix + ".")):
            return urn, path[len(prefix) + 1 :]
    return "", path


def _name_in(holder: dict[str, Any], name: str) -> str:
    """The spelling under which an attribute is there or belongs."""
    lower = name.lower()
    if lower in {"id", "meta", "schemas", "groups", "roles"}:
        raise ScimInvalid(f"{name} cannot be changed here.", "mutability", field=name)
    return next((key for key in holder if key.lower() == lower), CORE.get(lower, name))


def _put(holder: dict[str, Any], name: str, op: str, value: Any) -> None:
    present = holder.get(name)
    if op == "remove":
        holder.pop(name, None)
    elif op == "add" and isinstance(present, list):
        holder[name] = _merged(present, value if isinstance(value, list) else [value])
    elif isinstance(present, dict) and isinstance(value, dict):
        present |= {_spelling(present, key): item for key, item in value.items()}
    else:
        holder[name] = value


def _spelling(holder: dict[str, Any], name: str) -> str:
    return next((key for key in holder if key.lower() == name.lower()), name)


def _few(rows: list[Any]) -> None:
    """Each value is compared with each: no more of them than `dialect` takes in the end."""
    if len(rows) > MOST_ROWS:
        raise ScimInvalid(f"At most {MOST_ROWS} values in one attribute.", "invalidValue", field="value")


def _merged(rows: list[Any], added: list[Any]) -> list[Any]:
    """Added values, once each; a new primary takes the place of the old one (RFC 7644 section 3.5.2)."""
    _few(rows)
    _few(added)
    added = [{"value": row} if isinstance(row, str) else row for row in added]
    if any(isinstance(row, dict) and row.get("primary") for row in added):
        rows = [{**row, "primary": False} if isinstance(row, dict) else row for row in rows]
    return rows + [row for row in added if row not in rows]


def _in_complex(holder: dict[str, Any], name: str, sub: str, op: str, value: Any) -> None:
    inner = holder.get(name)
    if isinstance(inner, list):
        for row in inner:
            if not isinstance(row, dict):
                raise ScimInvalid(f"The values of {name} have no {sub}.", "invalidPath", field="path")
            _put(row, _spelling(row, sub), op, value)
        return
    if not isinstance(inner, dict):
        inner = holder[name] = {}
    _put(inner, _spelling(inner, sub), op, value)


def _in_rows(holder: dict[str, Any], name: str, text: str, sub: str | None, op: str, value: Any) -> None:
    terms = _terms(text)
    rows = holder.setdefault(name, [])
    if not isinstance(rows, list):
        raise ScimInvalid(f"{name} has no values to choose from.", "invalidPath", field="path")
    _few(rows)
    chosen = [row for row in rows if isinstance(row, dict) and all(_holds(row, term) for term in terms)]
    if op == "remove" and not sub:
        holder[name] = [row for row in rows if row not in chosen]
        return
    if not chosen:
        if op == "remove":
            return
        # Entra ID replaces emails[type eq "work"].value on users that have no such address, and means: add it
        chosen = [{term[0]: term[2] for term in terms if term[1] == "eq"}]
        rows.extend(chosen)
    for row in chosen:
        if sub:
            _put(row, _spelling(row, sub), op, value)
        elif isinstance(value, dict):
            row |= value
        else:
            raise ScimInvalid(f"The value at {name}[…] must be an object.", "invalidValue", field="value")


def _terms(text: str) -> list[tuple[str, str, Any]]:
    terms = []
    for part in re.split(r"\s+and\s+", text, flags=re.IGNORECASE):
        match = _TERM.fullmatch(part)
        if match is None:
            raise ScimInvalid(f"The filter [{text[:100]}] cannot be understood.", "invalidFilter", field="path")
        try:
            terms.append(
                (match["name"], match["op"].lower(), json.loads(match["value"] if match["value"][0] == '"' else match["value"].lower()))
            )
        except ValueError:
            raise ScimInvalid(f"The filter [{text[:100]}] cannot be understood.", "invalidFilter", field="path") from None
    for _, _, wanted in terms:
        if isinstance(wanted, str):
            check_text(wanted)  # escapes in the filter were not yet read when the body was checked
    return terms


def _holds(row: dict[str, Any], term: tuple[str, str, Any]) -> bool:
    name, op, wanted = term
    present = row.get(_spelling(row, name))
    if isinstance(wanted, bool):
        return (bool(present) == wanted) == (op == "eq")
    return isinstance(present, str) and _TESTS[op](present.lower(), str(wanted).lower())
