"""PATCH (RFC 7644 section 3.5.2) on a resource as shown: add, replace, remove, with and without a path.

What may be named and what may be written says the table of attributes. A path must name something that the resource has and that can be
written; in a value without path the rest is passed over, since Okta and others send ids and what they read back with it. Takes the
deviations that Entra ID is known for: any case of `op`, a filter on a value that matches nothing, names with dots and URNs as keys of
a value, the values to be removed beside the path. The result is read again by `dialect`, so nothing unchecked gets further.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from housekey.core.attributes import HOUSEKEY_URN, Attribute, Reference, ResourceType, resolve
from housekey.core.filter_text import parse
from housekey.core.filters import BadFilter, Some, holds, rows
from housekey.core.resource import ALIASES
from housekey.scim.errors import ScimInvalid
from housekey.scim.reading import check_text

MOST_OPERATIONS = 100
MOST_ROWS = 100
MOST_CHARACTERS = 2_500
_NAME = r"[A-Za-z$][\w$-]*"
_PATH = re.compile(rf"(?P<head>[A-Za-z$][\w.:$-]*)(?:\[(?P<filter>.+)\](?:\.(?P<sub>{_NAME}))?)?", re.DOTALL)
_EQUAL = re.compile(r'\s*(?P<name>[A-Za-z]\w*)\s+eq\s+(?P<value>"(?:[^"\\]|\\.)*"|true|false)\s*', re.IGNORECASE)


def apply(resource: dict[str, Any], request: dict[str, Any], kind: ResourceType) -> dict[str, Any]:
    """The patched copy of `resource`. Raises ScimInvalid: invalidSyntax, invalidPath, invalidFilter, noTarget, mutability."""
    patched = copy.deepcopy(resource)
    for op, path, value in operations(request):
        if path:
            _at(patched, kind, path, op, value, asked=True)
        else:
            _without_path(patched, kind, op, value)
    return patched


def operations(request: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """`op`, `path` (`""` for none) and `value` of each operation, so far as they make sense without the resource. Raises ScimInvalid."""
    given = next((value for key, value in request.items() if key.lower() == "operations"), None)
    if not isinstance(given, list) or not given:
        sentence = "Invalid JSON schema. Operations must be a list with at least one operation."
        raise ScimInvalid(sentence, "invalidSyntax", field="Operations")
    if len(given) > MOST_OPERATIONS:
        raise ScimInvalid(f"At most {MOST_OPERATIONS} operations in one request.", "invalidSyntax", field="Operations")
    return [_operation(row) for row in given]


def _operation(row: Any) -> tuple[str, str, Any]:
    if not isinstance(row, dict):
        raise ScimInvalid("Each of Operations must be an object.", "invalidSyntax", field="Operations")
    row = {key.lower(): value for key, value in row.items()}
    op, path = str(row.get("op", "")).lower(), row.get("path") or ""
    if op not in {"add", "replace", "remove"}:
        raise ScimInvalid(f"Unknown operation: {op[:40]}", "invalidSyntax", field="op")
    if op != "remove" and "value" not in row:
        raise ScimInvalid(f"{op} needs a value.", "invalidValue", field="value")
    if not isinstance(path, str) or len(path) > MOST_CHARACTERS:
        raise ScimInvalid(f"path must be a text of at most {MOST_CHARACTERS} characters.", "invalidPath", field="path")
    path = path.strip()
    if op == "remove" and not path:
        raise ScimInvalid("remove needs a path.", "noTarget", field="path")
    if not path and not isinstance(row.get("value"), dict):
        raise ScimInvalid("Without a path, the value must be an object.", "invalidValue", field="value")
    return op, path, row.get("value")


def _without_path(resource: dict[str, Any], kind: ResourceType, op: str, value: dict[str, Any]) -> None:
    for key, item in value.items():
        _at(resource, kind, key, op, item, asked=False)


def _at(resource: dict[str, Any], kind: ResourceType, path: str, op: str, value: Any, *, asked: bool) -> None:
    """Carry one operation out at a path. `asked`: the client wrote it as one, so it must lead somewhere."""
    urn = _schema_at(kind, path)
    if urn:
        _whole_schema(resource, kind, urn, op, value)
        return
    match = _PATH.fullmatch(path)
    if match is None:
        if asked:
            raise ScimInvalid(f"The path {path[:100]} cannot be understood.", "invalidPath", field="path")
        return
    if path.lower().startswith(HOUSEKEY_URN.lower() + ":invitation"):
        _instruction(resource, match["head"][len(HOUSEKEY_URN) + 1 :], op, value)
        return
    ref = _reference(kind, match["head"], match["sub"])
    if ref is None:
        if asked:
            raise ScimInvalid(f"The path {path[:100]} names nothing that there is.", "invalidPath", field="path")
        return
    if _fixed(ref):
        if asked:
            raise ScimInvalid(f"{ref.path} cannot be changed here.", "mutability", field=ref.path)
        return
    holder = resource.setdefault(ref.urn, {}) if ref.urn else resource
    if match["filter"]:
        _in_rows(holder, kind, ref, match["filter"], op, value)
    elif ref.sub:
        _in_complex(holder, ref.attribute, ref.sub, op, value)
    else:
        _put(holder, ref.attribute, op, value)


def _schema_at(kind: ResourceType, path: str) -> str:
    """The URN, if the path is a whole schema."""
    lower = path.lower()
    return next((schema.urn for schema in kind.schemas if lower == schema.urn.lower() or ALIASES.get(lower) == schema.urn), "")


def _whole_schema(resource: dict[str, Any], kind: ResourceType, urn: str, op: str, value: Any) -> None:
    if op == "remove":
        if urn == kind.schema.urn:
            raise ScimInvalid(f"{urn} cannot be removed.", "mutability", field="path")
        resource.pop(urn, None)
        return
    if not isinstance(value, dict):
        raise ScimInvalid(f"The value at {urn} must be an object.", "invalidValue", field=urn)
    for key, item in value.items():
        _at(resource, kind, key if key.lower().startswith("urn:") else f"{urn}:{key}", op, item, asked=False)


def _instruction(resource: dict[str, Any], name: str, op: str, value: Any) -> None:
    """Housekey's own extension shows what became of an invitation; written, it says how the next one is to go."""
    holder = resource.setdefault(HOUSEKEY_URN, {})
    if op == "remove":
        holder.pop(name, None)
    else:
        holder[name] = value


def _reference(kind: ResourceType, head: str, sub: str | None) -> Reference | None:
    ref = resolve(kind, head)
    if ref is None or sub is None:
        return ref
    found = ref.attribute.sub(sub) if ref.sub is None else None
    return Reference(ref.urn, ref.attribute, found) if found else None


def _fixed(ref: Reference) -> bool:
    return "readOnly" in {ref.attribute.mutability, ref.leaf.mutability} or ref.attribute.name == "schemas"


def _put(holder: dict[str, Any], attribute: Attribute, op: str, value: Any) -> None:
    """The whole of one attribute. A value of null takes it away (RFC 7643 section 2.5)."""
    name, present = attribute.name, holder.get(attribute.name)
    if op == "remove" and attribute.multi_valued and value and isinstance(present, list):
        holder[name] = _less(present, value if isinstance(value, list) else [value])
    elif op == "remove" or value is None:
        if attribute.required:
            raise ScimInvalid(f"{name} cannot be taken away. Write what it is to be.", "mutability", field=name)
        holder.pop(name, None)
    elif attribute.multi_valued:
        given = _rows(attribute, value)
        holder[name] = _merged(present, given) if op == "add" and isinstance(present, list) else given
    elif attribute.type == "complex":
        holder[name] = (present if isinstance(present, dict) else {}) | _parts(attribute, value)
    else:
        holder[name] = value


def _rows(attribute: Attribute, value: Any) -> list[Any]:
    rows = value if isinstance(value, list) else [value]
    if len(rows) > MOST_ROWS:
        raise ScimInvalid(f"At most {MOST_ROWS} values in one attribute.", "invalidValue", field=attribute.name)
    return [_parts(attribute, row) for row in rows]


def _parts(attribute: Attribute, value: Any) -> dict[str, Any]:
    """A complex value with the names of its parts in their own spelling; what is not there or cannot be written is passed over."""
    if isinstance(value, str) and attribute.sub("value"):
        value = {"value": value}
    if not isinstance(value, dict):
        raise ScimInvalid(f"The value of {attribute.name} must be an object.", "invalidValue", field=attribute.name)
    found = {sub.name: item for key, item in value.items() if (sub := attribute.sub(key)) and sub.mutability != "readOnly"}
    return {name: item for name, item in found.items() if item is not None}


def _same(one: Any, other: Any) -> bool:
    """Do two values stand for the same? Those that have a `value` are told apart by it alone."""
    if isinstance(one, dict) and isinstance(other, dict) and one.get("value") and other.get("value"):
        return bool(one["value"] == other["value"])
    return bool(one == other)


def _less(rows: list[Any], gone: list[Any]) -> list[Any]:
    gone = [{"value": row} if isinstance(row, str) else row for row in gone[:MOST_ROWS]]
    return [row for row in rows if not any(_same(row, other) for other in gone)]


def _merged(rows: list[Any], added: list[Any]) -> list[Any]:
    """Added values, once each; a new primary takes the place of the old one (RFC 7644 section 3.5.2). What is there under the same value
    and type is not added again but gets the parts that it lacks (RFC 7643 section 2.4)."""
    merged = [{**row, "primary": False} for row in rows] if any(row.get("primary") for row in added) else list(rows)
    for row in added:
        at = next((number for number, other in enumerate(merged) if _again(other, row)), len(merged))
        merged[at : at + 1] = [merged[at] | row] if at < len(merged) else [row]
    if len(merged) > MOST_ROWS:
        raise ScimInvalid(f"At most {MOST_ROWS} values in one attribute.", "invalidValue", field="value")
    return merged


def _again(row: dict[str, Any], added: dict[str, Any]) -> bool:
    """Is `added` there already, as `row`?"""
    if "value" not in added:
        return row == added
    return (row.get("value"), row.get("type")) == (added["value"], added.get("type"))


def _in_complex(holder: dict[str, Any], attribute: Attribute, sub: Attribute, op: str, value: Any) -> None:
    """One part of a complex attribute, of each of its values if there are several."""
    inner = holder.get(attribute.name)
    if attribute.multi_valued:
        rows = inner if isinstance(inner, list) else []
        if not rows and op != "remove":
            rows = holder[attribute.name] = [{}]
        for row in rows:
            _set(row, sub, op, value)
        return
    if not isinstance(inner, dict):
        inner = holder[attribute.name] = {}
    _set(inner, sub, op, value)


def _set(row: dict[str, Any], sub: Attribute, op: str, value: Any) -> None:
    if op == "remove" or value is None:
        row.pop(sub.name, None)
    else:
        row[sub.name] = value


def _in_rows(holder: dict[str, Any], kind: ResourceType, ref: Reference, text: str, op: str, value: Any) -> None:
    """The values that a filter selects, or one part of each."""
    attribute = ref.attribute
    if not attribute.multi_valued or attribute.type != "complex":
        raise ScimInvalid(f"{attribute.name} has no values to choose from.", "invalidPath", field="path")
    present = holder.setdefault(attribute.name, [])
    chosen = _chosen(present, kind, ref, text)
    if op == "remove" and not ref.sub:
        gone = {id(row) for row in chosen}
        holder[attribute.name] = [row for row in present if id(row) not in gone]
        return
    if not chosen:
        if op == "remove":
            return
        chosen = [_described(attribute, text)]
        present.extend(chosen)
    for row in chosen:
        if ref.sub:
            _set(row, ref.sub, op, value)
        else:
            row |= _parts(attribute, value)
    if any(row.get("primary") for row in chosen) and (ref.sub is None or ref.sub.name == "primary"):
        _only_primary(present, chosen)


def _only_primary(rows: list[Any], chosen: list[Any]) -> None:
    for row in rows:
        if all(row is not other for other in chosen):
            row.pop("primary", None)


def _chosen(present: list[Any], kind: ResourceType, ref: Reference, text: str) -> list[dict[str, Any]]:
    path = f"{ref.urn}:{ref.attribute.name}" if ref.urn else ref.attribute.name
    try:
        tree = parse(f"{path}[{text}]", kind)
    except BadFilter as bad:
        raise ScimInvalid(bad.sentence, "invalidFilter", field="path") from None
    if not isinstance(tree, Some):
        raise ScimInvalid(f"The filter [{text[:100]}] cannot be understood.", "invalidFilter", field="path")
    return [row for row in present if holds(tree.inner, next(rows(ref.attribute, row), {}))]


def _described(attribute: Attribute, text: str) -> dict[str, Any]:
    """The value that a filter describes, where there is none. Entra ID replaces emails[type eq "work"].value on users that have no such
    address, and means: add it. Raises ScimInvalid (noTarget) if the filter is more than a description."""
    row: dict[str, Any] = {}
    for part in re.split(r"(?<!\s)\s+and\s+", text, flags=re.IGNORECASE):
        match = _EQUAL.fullmatch(part)
        sub = attribute.sub(match["name"]) if match else None
        if match is None or sub is None:
            raise ScimInvalid(f"No value of {attribute.name} is chosen by [{text[:100]}].", "noTarget", field="path")
        literal = match["value"]
        row[sub.name] = json.loads(literal if literal[0] == '"' else literal.lower())
        check_text(str(row[sub.name]))  # escapes in the filter were not yet read when the body was checked
    return row
