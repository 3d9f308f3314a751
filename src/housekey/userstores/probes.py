"""Where the database is to begin: the term of a filter that few users satisfy and that an index answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from housekey.core.attributes import WSO2_URN
from housekey.core.filters import And, Compare, Filter, Operator, Some, Value
from housekey.core.names import PRIMARY, split_username
from housekey.core.searchable import MOST, MOST_MAIL
from housekey.userstores.filtering import KEYS, TIMES, Sql, account, bound_id, prefix_range, time, uuid_of


@dataclass(frozen=True, slots=True)
class Probe:
    """`rank`: 0 is best. `by`: the index is that of the ids, or one that begins with the tenant."""

    rank: int
    condition: Sql
    by: Literal["id", "tenant"] = "tenant"


def probe_of(filter: Filter, tenant_id: int, domains: tuple[str, ...]) -> Probe | None:
    """The best of the terms that must all hold, written once more so that an index serves it; None if none is any good."""
    terms = filter.parts if isinstance(filter, And) else (filter,)
    found = [probe for term in terms if (probe := _probe(term, tenant_id, domains))]
    return min(found, key=lambda probe: probe.rank) if found else None


def _probe(term: Filter, tenant_id: int, domains: tuple[str, ...]) -> Probe | None:
    match term:
        case Some(ref, inner) if ref.path == "emails":
            return _mail(inner, tenant_id)
        case Some(ref, Compare(part, "eq", value)) if ref.path == "groups" and part.leaf.name == "value":
            group = uuid_of(value)
            member = "SELECT m.account_id FROM store_groupmember m WHERE m.group_id = %s"
            return Probe(3, Sql(f"{{d}}.id IN ({member})", (bound_id(group),)), "id") if group else None
        case Compare(ref, op, value) if ref.path == "userName":
            return _name(op, str(value), domains)
        case Compare(ref, op, value):
            return _single(ref.path, op, value)
    return None


def _single(path: str, op: Operator, value: Value) -> Probe | None:
    if path == "id":
        user = uuid_of(value)
        return Probe(0, Sql("{d}.id = %s", (bound_id(user),)), "id") if user else None
    if path in KEYS and op in {"eq", "sw"}:
        rank, found = _beginning(f"u.{KEYS[path]}", op, str(value)[:MOST])
        return Probe(rank, Sql(found.text, found.values, frozenset({"u"})))
    if path in TIMES:
        return Probe(6, time(f"a.{TIMES[path]}", op, value))
    rare = _RARE.get((path, value)) if op == "eq" else None
    return Probe(5, account(rare)) if rare else None


def _name(op: Operator, text: str, domains: tuple[str, ...]) -> Probe | None:
    """The beginning of a name can be that of a domain, too: no index serves both."""
    if op != "eq" and (op != "sw" or domains != (PRIMARY,)):
        return None
    sought = split_username(text)
    domain, key = (sought.domain, sought.bare) if op == "eq" else (PRIMARY, text)
    rank, found = _beginning("{d}.name_key", op, key)
    return Probe(rank - 1, Sql("{d}.domain = %s AND " + found.text, (domain, *found.values)))


def _beginning(column: str, op: Operator, text: str) -> tuple[int, Sql]:
    """A key holds the first characters only: a longer text is looked up by these, and the document decides."""
    if op == "eq":
        return 1, Sql(f"{column} = %s", (text,))
    return 4, Sql(f"{column} >= %s AND {column} < %s", prefix_range(text))


_RARE: dict[tuple[str, Value], str] = {
    (f"{WSO2_URN}:accountState", "disabled"): "a.disabled",
    (f"{WSO2_URN}:accountState", "locked"): "NOT (a.locks = '')",
    **{(f"{WSO2_URN}:accountState", state.casefold()): f"a.pending = '{state}'" for state in ("PENDING_AP", "PENDING_FUPR", "PENDING_EV")},
    (f"{WSO2_URN}:accountLocked", True): "NOT (a.locks = '')",
}
"""Standings that few accounts are in, and the indexed condition each implies."""


def _mail(inner: Filter, tenant_id: int) -> Probe | None:
    """The address mail goes to is a column of the user, every other one a row of its own."""
    for part in inner.parts if isinstance(inner, And) else (inner,):
        if isinstance(part, Compare) and part.ref.leaf.name == "value" and part.op in {"eq", "sw"}:
            text = str(part.value)[:MOST_MAIL]
            rank, first = _beginning("p.mail_key", part.op, text)
            _, other = _beginning("s.key", part.op, text)
            users = f"SELECT p.id FROM store_sqluser p WHERE p.tenant_id = %s AND {first.text}"  # noqa: S608 - our own columns
            rows = f"SELECT s.user_id FROM store_sqlmail s WHERE s.tenant_id = %s AND {other.text}"  # noqa: S608 - our own columns
            return Probe(rank, Sql(f"{{d}}.id IN ({users} UNION ALL {rows})", (tenant_id, *first.values, tenant_id, *other.values)), "id")
    return None
