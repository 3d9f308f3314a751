"""SCIM filters (RFC 7644 section 3.4.2.2): the text -> a typed tree, and the tree evaluated over a resource.

`evaluate` is the definition of what a filter means; `userstores.filtering` says the same in SQL and a property test holds them together.
What the RFC leaves open is settled here, while parsing, so that the tree has few forms:

- A value that is null, empty or of another type than its attribute's is absent. `eq null`, `eq ""` -> not present.
- `ne` is the opposite of `eq`: it finds who has another value and who has none.
- A filter on a multi-valued attribute holds if one of the values holds; `ne` if none is equal. Its value is `value` where none is named.
- A boolean that is absent is false (RFC 7643 section 2.4).
- Texts compare by code point; those that are not caseExact after NFKC and casefold, as user names do. Times compare to the millisecond.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from housekey.core.characteristics import Attribute, Reference
from housekey.core.errors import Invalid
from housekey.core.names import name_key

Operator = Literal["eq", "co", "sw", "ew", "gt", "ge", "lt", "le"]
Value = str | bool | datetime

LAST = "\U0010ffff"
"""Sorts behind every text; no text of ours contains it. Stored for what is absent, so that absent comes last (RFC 7644 section 3.4.2.3)."""


class BadFilter(Invalid):
    """A filter, or a path in one, that cannot be taken. `secret`: it names a password or a code (A-106)."""

    def __init__(self, sentence: str, *, secret: bool = False) -> None:
        super().__init__(sentence, field="filter")
        self.secret = secret


@dataclass(frozen=True, slots=True)
class Compare:
    """One value against a literal. Inside `Some`, `ref.sub` names what of the row is compared. A boolean is only compared with True."""

    ref: Reference
    op: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Present:
    """A single value is there."""

    ref: Reference


@dataclass(frozen=True, slots=True)
class Some:
    """Of the values of a multi-valued attribute, at least one satisfies `inner`."""

    ref: Reference
    inner: Filter


@dataclass(frozen=True, slots=True)
class Not:
    inner: Filter


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Filter, ...]


Filter = Compare | Present | Some | Not | And | Or


def fold(attribute: Attribute, text: str) -> str:
    """The form in which texts of an attribute compare."""
    folded = text if attribute.case_exact else name_key(text)
    return folded.replace(LAST, "\ufffd").replace("\0", "\ufffd")


def comparable(attribute: Attribute, value: Any) -> Value | None:
    """A stored value as it compares; None if it is absent."""
    if attribute.type == "boolean":
        return value if isinstance(value, bool) else None
    if not isinstance(value, str) or not value:
        return None
    return moment(value) if attribute.type == "dateTime" else fold(attribute, value)


def rows(attribute: Attribute, value: Any) -> Iterator[dict[str, Value]]:
    """The values of a multi-valued attribute: of each, what compares, by the canonical names. Rows with nothing of that are left out."""
    for row in value if isinstance(value, list) else [value]:
        if not isinstance(row, dict):
            continue
        lower = {key.lower(): item for key, item in reversed(row.items())}
        given = ((sub, row[sub.name] if sub.name in row else lower.get(sub.name.lower())) for sub in attribute.sub_attributes)
        found = {sub.name: known for sub, item in given if item is not None and (known := comparable(sub, item)) is not None}
        if found:
            yield found


def moment(text: str) -> datetime | None:
    """An ISO 8601 time, to the millisecond, in UTC; None for what is none. Without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found.replace(microsecond=found.microsecond // 1000 * 1000)


def moment_text(moment: datetime) -> str:
    """A time as SCIM shows it: UTC, to the millisecond, always of the same length, so that the texts sort as the times do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def paths(filter: Filter) -> set[str]:
    """The attributes a filter asks about, value paths by the attribute they choose from."""
    match filter:
        case And(parts) | Or(parts):
            return set().union(*(paths(part) for part in parts))
        case Not(inner):
            return paths(inner)
        case Some(ref) | Present(ref) | Compare(ref):
            return {ref.path}


def evaluate(filter: Filter, resource: Mapping[str, Any]) -> bool:
    """Does `resource`, as it is shown, satisfy the filter?"""
    match filter:
        case And(parts):
            return all(evaluate(part, resource) for part in parts)
        case Or(parts):
            return any(evaluate(part, resource) for part in parts)
        case Not(inner):
            return not evaluate(inner, resource)
        case Some(ref, inner):
            return any(holds(inner, row) for row in rows(ref.attribute, _get(_holder(resource, ref), ref.attribute.name)))
        case Present(ref):
            return _single(resource, ref) is not None
        case Compare(ref, op, value):
            return _compared(_single(resource, ref), op, value)


def holds(filter: Filter, row: Mapping[str, Value]) -> bool:
    """As `evaluate`, for the inside of `Some` and one row as `rows` gives it."""
    match filter:
        case And(parts):
            return all(holds(part, row) for part in parts)
        case Or(parts):
            return any(holds(part, row) for part in parts)
        case Not(inner):
            return not holds(inner, row)
        case Present(ref):
            return row.get(ref.leaf.name) is not None
        case Compare(ref, op, value):
            return _compared(row.get(ref.leaf.name), op, value)
        case Some():
            raise TypeError("a value path inside a value path")


def _compared(present: Value | None, op: Operator, wanted: Value) -> bool:
    if present is None:
        return False
    if isinstance(present, str) and isinstance(wanted, str):
        match op:
            case "co":
                return wanted in present
            case "sw":
                return present.startswith(wanted)
            case "ew":
                return present.endswith(wanted)
    return compared(present, op, wanted)


def compared(present: Any, op: Operator, wanted: Any) -> bool:
    """`eq`, `gt`, `ge`, `lt` and `le` on two values of one type."""
    match op:
        case "eq":
            return bool(present == wanted)
        case "gt":
            return bool(present > wanted)
        case "ge":
            return bool(present >= wanted)
        case "lt":
            return bool(present < wanted)
        case "le":
            return bool(present <= wanted)
    return False


def _single(resource: Mapping[str, Any], ref: Reference) -> Value | None:
    value = _get(_holder(resource, ref), ref.attribute.name)
    return comparable(ref.leaf, _get(value, ref.sub.name) if ref.sub else value)


def _holder(resource: Mapping[str, Any], ref: Reference) -> Any:
    return _get(resource, ref.urn) if ref.urn else resource


def _get(holder: Any, name: str) -> Any:
    """The value under a name in any case: what a client wrote inside a complex value is kept in the client's spelling."""
    if not isinstance(holder, Mapping):
        return None
    if name in holder:
        return holder[name]
    lower = name.lower()
    return next((value for key, value in holder.items() if key.lower() == lower), None)
