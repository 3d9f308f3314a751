"""The list of users as people look through it: by where an account stands and by words in names and addresses, in one of three orders.

`pages` answers the filters that programs send; this is the console's list, which must open at once however many users there are.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any
from uuid import UUID

from django.db import connection

from housekey.core.account import ADMIN_INITIATED, MAX_ATTEMPTS
from housekey.core.errors import Invalid
from housekey.core.names import PRIMARY, Tenant, findable, name_key, searched
from housekey.userstores.filtering import bound_id, on_sqlite, prefix_range
from housekey.userstores.registry import domains

FEW = 2_000
"""So many are found and put in order faster than the whole list is gone through in order to find them."""
SORTS: dict[str, str] = {"name": "name_key", "created": "created", "changed": "modified"}
"""What can be sorted by, and its column."""

_BARRED = f"(has(a.locks, '{ADMIN_INITIATED}') > 0 OR has(a.locks, '{MAX_ATTEMPTS}') > 0)"
_OPEN = f"NOT a.disabled AND NOT {_BARRED}"
STATUSES: dict[str, str] = {
    "": "",
    "active": f"{_OPEN} AND a.pending = '' AND a.has_password",
    "invited": f"{_OPEN} AND a.pending = 'PENDING_AP'",
    "unconfirmed": f"{_OPEN} AND a.pending = 'PENDING_EV'",
    "reset": f"{_OPEN} AND a.pending = 'PENDING_FUPR'",
    "locked": f"NOT a.disabled AND NOT (a.locks = '') AND {_BARRED}",
    "disabled": "a.disabled",
    "not-invited": f"{_OPEN} AND a.pending = '' AND NOT a.has_password",
}
"""`Standing.label` as a condition; who only has to confirm an address stands apart. Indexes know `disabled` and `NOT (locks = '')`."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What is looked for. `sort`: a key of `SORTS`, with `-` in front for the other way round. Raises Invalid (field status or sort)."""

    tenant: Tenant
    status: str = ""
    search: str = ""
    sort: str = "name"
    domain: str = ""
    """Only users of this one; `""`: of all."""

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise Invalid(f"There is no status called {self.status[:100]}.", field="status")
        if self.sort.removeprefix("-") not in SORTS:
            raise Invalid(f"Users cannot be sorted by {self.sort[:100]}.", field="sort")

    @property
    def words(self) -> list[str]:
        return [name_key(word) for word in searched(self.search)]


def look(listed: Listed, *, offset: int, limit: int) -> tuple[int, list[UUID]]:
    """How many users are found, and the ids of one page of them."""
    few = _few(listed) if listed.words else []
    if not listed.words or len(few) > FEW:
        total = count(listed)
        return total, page(listed, total, offset=offset, limit=limit)
    return len(few), _in_order(listed, few)[offset : offset + limit]


def suggested(listed: Listed, limit: int) -> list[UUID]:
    """The ids of those whose name begins with what is searched, then of others whom it finds; nobody is counted."""
    key = name_key(findable(listed.search))
    begun: list[UUID] = []
    if key:
        text = "SELECT a.id FROM store_account a WHERE a.tenant_id = %s AND a.domain = %s AND a.name_key >= %s AND a.name_key < %s"
        begun = _ids(f"{text} ORDER BY a.name_key LIMIT %s", [listed.tenant.id, PRIMARY, *prefix_range(key), limit])
    others = page(listed, sys.maxsize, offset=0, limit=limit) if len(begun) < limit else []
    return list(dict.fromkeys([*begun, *others]))[:limit]


def _few(listed: Listed) -> list[UUID]:
    """Words are looked for in every row, once, until there are more than a few."""
    where, values = _where(listed, "u")
    text = f"SELECT u.id FROM {_tables(replace(listed, sort='name'), 'u')} WHERE {where} LIMIT %s"  # noqa: S608 - composed of our own pieces
    return _ids(text, [*values, FEW + 1])


def _in_order(listed: Listed, ids: list[UUID]) -> list[UUID]:
    if not ids:
        return []
    column, order = SORTS[listed.sort.removeprefix("-")], " DESC" if listed.sort.startswith("-") else ""
    places = ", ".join(["%s"] * len(ids))
    text = f"SELECT a.id FROM store_account a WHERE a.id IN ({places}) ORDER BY a.{column}{order}, a.id{order}"  # noqa: S608 - as above
    return _ids(text, [bound_id(one) for one in ids])


def count(listed: Listed) -> int:
    """How many users are found."""
    driver, listed = "u" if listed.words else "a", replace(listed, sort="name")
    where, values = _where(listed, driver)
    text = f"SELECT count(*) FROM {_tables(listed, driver)} WHERE {where}"  # noqa: S608 - composed of our own pieces
    return int(_rows(text, values)[0][0])


def page(listed: Listed, total: int, *, offset: int, limit: int) -> list[UUID]:
    """The ids of at most `limit` users in the order asked for. `total` is what `count` said: it decides on which way they are found."""
    if offset >= total or limit < 1:
        return []
    column = SORTS[listed.sort.removeprefix("-")]
    found_first = total <= FEW and bool(listed.status)
    driver = "u" if listed.words and column == "name_key" else "a"
    key = f"{driver if column == 'name_key' else 'a'}.{column}"
    walked = column != "name_key" or bool(listed.domain) or domains(listed.tenant) == [PRIMARY]
    where, values = _where(listed, driver)
    if column == "name_key" and walked and not listed.domain:
        where, values = f"{where} AND {driver}.domain = %s", [*values, PRIMARY]
    order = " DESC" if listed.sort.startswith("-") else ""
    # Within one domain a name says all; the id would keep SQLite from taking the index of names for the order.
    rest = "" if column == "name_key" and walked else f", {driver}.id{order}"
    text = f"SELECT {driver}.id FROM {_tables(listed, driver)} WHERE {where}"  # noqa: S608 - composed of our own pieces
    text += f" ORDER BY {_plus(found_first)}{key}{order}{rest} LIMIT %s OFFSET %s"
    return _ids(text, [*values, limit, offset])


def _plus(found_first: bool) -> str:
    """In front of a column on SQLite: no index is taken for the order, so that it is free for what is looked for."""
    return "+" if found_first and on_sqlite() else ""


def _tables(listed: Listed, driver: str) -> str:
    """The table that is gone through comes first; SQLite keeps that order with CROSS JOIN."""
    names = {"a": "store_account a", "u": "store_sqluser u"}
    both = bool(listed.words) and (driver == "a" or bool(listed.status) or listed.sort.removeprefix("-") != "name")
    if not both:
        return names[driver]
    other = "u" if driver == "a" else "a"
    if not on_sqlite():
        return f"{names[driver]} JOIN {names[other]} ON {other}.id = {driver}.id"
    # Neighbours in one table are neighbours in the index of names of the other, which takes half the time that ids at random take.
    same = " AND ".join(f"{other}.{key} = {driver}.{key}" for key in ("tenant_id", "domain", "name_key"))
    return f"{names[driver]} CROSS JOIN {names[other]} ON {same} AND +{other}.id = {driver}.id"


def _where(listed: Listed, driver: str) -> tuple[str, list[Any]]:
    has = "instr" if on_sqlite() else "strpos"
    word = "(" + " OR ".join(f"{has}(u.{key}, %s) > 0" for key in ("name_key", "mail_key", "given_key", "family_key")) + ")"
    parts = [f"{driver}.tenant_id = %s", *([STATUSES[listed.status].replace("has(", f"{has}(")] if listed.status else [])]
    parts += [word] * len(listed.words)
    values: list[Any] = reduce(lambda found, text: [*found, *[text] * 4], listed.words, [listed.tenant.id])
    if listed.domain:
        parts, values = [*parts, f"{driver}.domain = %s"], [*values, listed.domain]
    return " AND ".join(parts), values


def _ids(text: str, values: list[Any]) -> list[UUID]:
    return [row if isinstance(row, UUID) else UUID(row) for (row,) in _rows(text, values)]


def _rows(text: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return list(cursor.fetchall())
