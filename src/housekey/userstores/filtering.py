"""A filter tree as SQL over accounts and the users of the built-in store: the same answers as `core.filters.evaluate`.

Every value is bound; the names of columns and of attributes come from tables in the code. A fragment is never NULL, so that NOT means
the opposite: what is absent is read as `LAST`. `a` is the account, `u` the user; each fragment notes which of them it reads.

SQLite plans without statistics and would take any index that begins with the tenant, so there a column is written `+column` wherever no
index is wanted: only the probe (`probes`), or else the order, is left for an index. PostgreSQL knows its tables and needs no such help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django.db import connection

from housekey.core.account import PRECEDENCE
from housekey.core.attributes import WSO2_URN
from housekey.core.characteristics import Reference
from housekey.core.filters import LAST, And, Compare, Filter, Not, Operator, Or, Present, Some, Value, compared, holds, rows
from housekey.core.names import PRIMARY
from housekey.core.searchable import stored

Table = Literal["a", "u"]
_FIRST, _FINAL = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

KEYS = {"externalId": "external_key", "name.givenName": "given_key", "name.familyName": "family_key", "displayName": "display_key"}
"""Paths that have a column with an index beside the document."""
TIMES = {"meta.created": "created", "meta.lastModified": "modified"}


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of a statement and what is bound in it, in order."""

    text: str
    values: tuple[Any, ...] = ()
    tables: frozenset[Table] = frozenset()

    def __and__(self, other: Sql) -> Sql:
        return Sql(f"{self.text} AND {other.text}", self.values + other.values, self.tables | other.tables)


NOBODY, EVERYBODY = Sql("1 = 0"), Sql("1 = 1")


@dataclass(frozen=True, slots=True)
class Belongings:
    """What of other tables a filter asks about, read before: id -> name of the tenant's roles. `tenant_id` bounds what is joined."""

    tenant_id: int
    roles: dict[int, str]


NAME = "{name}"
"""Stands for the folded name of the user, which is a column where all who are searched are in PRIMARY."""


def on_sqlite() -> bool:
    return connection.vendor == "sqlite"


def unindexed(column: str) -> str:
    """The column, so that SQLite takes no index for it."""
    return f"+{column}" if on_sqlite() else column


def joined(word: str, parts: Iterable[Sql], empty: Sql) -> Sql:
    found = tuple(parts)
    if not found:
        return empty
    text = f" {word} ".join(f"({part.text})" for part in found)
    return Sql(text, tuple(value for part in found for value in part.values), frozenset().union(*(part.tables for part in found)))


def condition(filter: Filter, known: Belongings) -> Sql:
    """The filter as a condition that is true or false for each pair of account and user."""
    match filter:
        case And(parts):
            return joined("AND", (condition(part, known) for part in parts), EVERYBODY)
        case Or(parts):
            return joined("OR", (condition(part, known) for part in parts), NOBODY)
        case Not(inner):
            return negated(condition(inner, known))
        case Some(ref, inner):
            return _some(ref, inner, known)
        case Present(ref):
            return single(ref.path, None, "")
        case Compare(ref, op, value):
            return single(ref.path, op, value)


def negated(inner: Sql) -> Sql:
    return Sql(f"NOT ({inner.text})", inner.values, inner.tables)


def single(path: str, op: Operator | None, value: Value) -> Sql:
    """A single-valued attribute compared; `op` None: present."""
    if path == "id":
        return _id(op, value)
    if path == "userName":
        return _text(Sql(NAME), op, value)
    if path in TIMES and (op is None or isinstance(value, datetime)):
        return EVERYBODY if op is None else time(unindexed(f"a.{TIMES[path]}"), op, value)
    if path in STANDING:
        return _standing(path, op, value)
    return _text(document(path), op, value if isinstance(value, str) else stored(value))


def _id(op: Operator | None, value: Value) -> Sql:
    if op is None:
        return EVERYBODY
    found = uuid_of(value)
    return Sql(f"{unindexed('{d}.id')} = %s", (bound_id(found),)) if found else NOBODY


def uuid_of(value: Value) -> UUID | None:
    """The id, if the text is one in its canonical form: ids are compared exactly."""
    try:
        found = UUID(str(value))
    except ValueError:
        return None
    return found if str(found) == value else None


def bound_id(value: UUID) -> Any:
    """SQLite keeps ids as text, PostgreSQL as uuid."""
    return value.hex if on_sqlite() else value


def shown_name(alias: str) -> str:
    """The name of a user or group as it is shown, folded: outside PRIMARY with its domain in front."""
    text = f"(CASE WHEN {alias}.domain = '{PRIMARY}' THEN {alias}.name_key ELSE lower({alias}.domain) || '/' || {alias}.name_key END)"
    return text if on_sqlite() else f'{text} COLLATE "C"'


def document(path: str) -> Sql:
    """A text of the document, `LAST` where it is absent."""
    if on_sqlite():
        return Sql("COALESCE(json_extract(u.search, %s), %s)", (f'$."{path}"', LAST), frozenset({"u"}))
    return Sql('COALESCE(u.search ->> %s, %s) COLLATE "C"', (path, LAST), frozenset({"u"}))


def _text(subject: Sql, op: Operator | None, value: Value) -> Sql:
    """`subject` is a text that is `LAST` where it is absent."""

    def said(template: str, *values: Any) -> Sql:
        times = template.count("{x}")
        return Sql(template.replace("{x}", subject.text), subject.values * times + values, subject.tables)

    text = str(value)
    match op:
        case None:
            return said("{x} <> %s", LAST)
        case "eq":
            return said("{x} = %s", text)
        case "co":
            return said("instr({x}, %s) > 0" if on_sqlite() else "strpos({x}, %s) > 0", text)
        case "sw":
            low, high = prefix_range(text)
            return Sql(f"{subject.text} >= %s AND {subject.text} < %s", (*subject.values, low, *subject.values, high), subject.tables)
        case "ew":
            return said("substr({x}, %s) = %s", -len(text), text) if on_sqlite() else said("right({x}, %s) = %s", len(text), text)
    sign = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}[op]
    return Sql(f"{subject.text} <> %s AND {subject.text} {sign} %s", (*subject.values, LAST, *subject.values, text), subject.tables)


def prefix_range(text: str) -> tuple[str, str]:
    """All texts that begin with `text` are at least the first and less than the second, by code point."""
    end = ord(text[-1]) + 1
    if 0xD800 <= end <= 0xDFFF:  # halves of surrogate pairs, which no text holds
        end = 0xE000
    return text, text[:-1] + chr(min(end, 0x10FFFF))


def time(column: str, op: Operator, value: Value) -> Sql:
    """Times are shown to the millisecond and compared as they are shown; the column holds microseconds."""
    moment = max(_FIRST, min(value if isinstance(value, datetime) else _FINAL, _FINAL))
    at, after = bound_time(moment), bound_time(moment + _MILLISECOND)
    tables: frozenset[Table] = frozenset({"a"})
    match op:
        case "eq":
            return Sql(f"{column} >= %s AND {column} < %s", (at, after), tables)
        case "ge":
            return Sql(f"{column} >= %s", (at,), tables)
        case "lt":
            return Sql(f"{column} < %s", (at,), tables)
        case "gt":
            return Sql(f"{column} >= %s", (after,), tables)
        case "le":
            return Sql(f"{column} < %s", (after,), tables)
    return NOBODY


def bound_time(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


def account(text: str) -> Sql:
    return Sql(text, (), frozenset({"a"}))


def _reasons() -> dict[Value, str]:
    """Which lock reason is told: the first by precedence that is in the set."""
    found: dict[Value, str] = {}
    above = ""
    for reason in PRECEDENCE:
        there = f"{HAS}(a.locks, '{reason}') > 0"
        found[reason.casefold()] = above + there
        above += f"NOT ({there}) AND "
    return found


HAS = "{has}"
"""Stands for the function that tells where a text is in another; it has two names."""

_UNDER = "a.pending = '' AND NOT a.disabled"
_STATES: dict[Value, str] = {
    "disabled": "a.disabled",
    "locked": f"{_UNDER} AND NOT (a.locks = '')",
    "unlocked": f"{_UNDER} AND a.locks = ''",
    **{state.casefold(): f"NOT a.disabled AND a.pending = '{state}'" for state in ("PENDING_AP", "PENDING_FUPR", "PENDING_EV")},
}
STANDING: dict[str, dict[Value, str]] = {
    "active": {True: "NOT a.disabled", False: "a.disabled"},
    f"{WSO2_URN}:accountLocked": {True: "NOT (a.locks = '')", False: "a.locks = ''"},
    f"{WSO2_URN}:accountState": _STATES,
    f"{WSO2_URN}:lockedReason": _reasons(),
    f"{WSO2_URN}:emailVerified": {True: "a.email_verified"},
    f"{WSO2_URN}:phoneVerified": {True: "a.phone_verified"},
    "meta.resourceType": {"User": "1 = 1"},
}
"""What is shown of an account's standing, and when. Few values each: which of them a filter means is decided in Python."""


_REMOVABLE = {
    "active": "a.disabled AND a.unassigned IN ('active', 'accountLocked active')",
    f"{WSO2_URN}:accountLocked": "a.locks = '' AND a.unassigned IN ('accountLocked', 'accountLocked active')",
}
"""When an attribute of the standing, which a client may take away, is not there (`Account.unassigned`)."""


def _standing(path: str, op: Operator | None, value: Value) -> Sql:
    if op is None and path in _REMOVABLE:
        return account(unhelped(f"NOT ({_REMOVABLE[path]})"))
    chosen = [text for shown, text in STANDING[path].items() if op is None or _means(shown, op, value)]
    has = "instr" if on_sqlite() else "strpos"
    return joined("OR", (account(unhelped(text).replace(HAS, has)) for text in chosen), NOBODY)


def unhelped(text: str) -> str:
    """The condition on the account so that SQLite takes no index for it."""
    return text.replace("a.", "+a.") if on_sqlite() else text


def _means(shown: Value, op: Operator, value: Value) -> bool:
    if isinstance(shown, str) and isinstance(value, str):
        match op:
            case "co":
                return value in shown
            case "sw":
                return shown.startswith(value)
            case "ew":
                return shown.endswith(value)
    return type(shown) is type(value) and compared(shown, op, value)


def _some(ref: Reference, inner: Filter, known: Belongings) -> Sql:
    """A multi-valued attribute: one of its values satisfies `inner`."""
    path = ref.path
    if path == "roles":
        return _roles(ref, inner, known)
    if path == "groups":
        return _groups(inner, known)
    row = _row(inner, _json_leaf)
    if on_sqlite():
        source, place = "json_each(u.search, %s) r", f'$."{path}"'
    else:
        source, place = "jsonb_array_elements(COALESCE(u.search -> %s, '[]'::jsonb)) AS r(value)", path
    text = f"EXISTS (SELECT 1 FROM {source} WHERE {row.text})"  # noqa: S608 - composed of this module's own pieces
    return Sql(text, (place, *row.values), frozenset({"u"}))


Leaf = Callable[[str, Operator | None, Value], Sql]


def _row(inner: Filter, leaf: Leaf) -> Sql:
    match inner:
        case And(parts):
            return joined("AND", (_row(part, leaf) for part in parts), EVERYBODY)
        case Or(parts):
            return joined("OR", (_row(part, leaf) for part in parts), NOBODY)
        case Not(part):
            return negated(_row(part, leaf))
        case Present(ref):
            return leaf(ref.leaf.name, None, "")
        case Compare(ref, op, value):
            return leaf(ref.leaf.name, op, value)
        case Some():
            raise TypeError("a value path inside a value path")


def _json_leaf(name: str, op: Operator | None, value: Value) -> Sql:
    """One part of a value in the document; `r.value` is the value."""
    path = f'$."{name}"' if on_sqlite() else name
    if name == "primary":
        if on_sqlite():
            there = Sql("json_extract(r.value, %s)", (path,))
            return Sql(f"{there.text} IS NOT NULL" if op is None else f"COALESCE({there.text}, 0) = 1", there.values)
        there = Sql("r.value -> %s", (path,))
        return Sql(f"({there.text}) IS NOT NULL" if op is None else f"COALESCE({there.text}, 'false'::jsonb) = 'true'::jsonb", there.values)
    if on_sqlite():
        return _text(Sql("COALESCE(json_extract(r.value, %s), %s)", (path, LAST)), op, value)
    return _text(Sql('COALESCE(r.value ->> %s, %s) COLLATE "C"', (path, LAST)), op, value)


def _roles(ref: Reference, inner: Filter, known: Belongings) -> Sql:
    """A tenant has few roles: which of them satisfy the filter is decided in Python."""
    shown = {role: next(rows(ref.attribute, {"value": name, "display": name})) for role, name in known.roles.items()}
    chosen = tuple(role for role, row in shown.items() if holds(inner, row))
    if not chosen:
        return NOBODY
    places = ", ".join(["%s"] * len(chosen))
    inside = f"SELECT m.account_id FROM store_rolemember m WHERE m.role_id IN ({places})"  # noqa: S608 - places for values only
    return Sql(f"{unindexed('{d}.id')} IN ({inside})", chosen)


def _groups(inner: Filter, known: Belongings) -> Sql:
    row = _row(inner, _group_leaf)
    inside = "SELECT m.account_id FROM store_groupmember m JOIN store_group g ON g.id = m.group_id WHERE m.tenant_id = %s"
    return Sql(f"{unindexed('{d}.id')} IN ({inside} AND ({row.text}))", (known.tenant_id, *row.values))


def _group_leaf(name: str, op: Operator | None, value: Value) -> Sql:
    if op is None:
        return EVERYBODY
    if name == "value":
        found = uuid_of(value)
        return Sql("g.id = %s", (bound_id(found),)) if found else NOBODY
    return _text(Sql(shown_name("g")), op, value)
