"""Pages of accounts: which ids a filter finds, in which order, from where on (`filtering` says what the pieces mean)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from django.db import connection

from housekey.core.characteristics import Reference
from housekey.core.filters import LAST, Filter, paths
from housekey.core.names import PRIMARY, Tenant
from housekey.core.searchable import MOST, OWN, STORED
from housekey.store.models import Role
from housekey.userstores.filtering import (
    HAS,
    KEYS,
    NAME,
    STANDING,
    TIMES,
    Belongings,
    Sql,
    bound_id,
    bound_time,
    condition,
    document,
    joined,
    on_sqlite,
    shown_name,
    unindexed,
)
from housekey.userstores.probes import Probe, probe_of

Direction = Literal["after", "from", "before"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after, at, or before a user of that sort key and id, in the order that is asked for."""

    direction: Direction
    key: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Found:
    """A user on a page and the key by which she is sorted."""

    id: UUID
    key: str

    def place(self, direction: Direction) -> Place:
        return Place(direction, self.key, self.id)


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for in the built-in store of a tenant. `sort_by`: the path of a single-valued attribute. `domains`: at least one."""

    tenant: Tenant
    filter: Filter | None = None
    sort_by: str = "userName"
    descending: bool = False
    domains: tuple[str, ...] = (PRIMARY,)


def sortable(ref: Reference) -> str:
    """The path to sort by, `""` if the attribute cannot be sorted by. Addresses sort by the one mail goes to (RFC 7644 section 3.4.2.3)."""
    if ref.path in {"emails", "emails.value"}:
        return "emails"
    if ref.attribute.multi_valued or not ref.attribute.filterable or not ref.leaf.filterable or ref.leaf.secret:
        return ""
    if ref.path in {"userName", "id", *KEYS, *TIMES, *STANDING}:
        return ref.path
    if ref.urn in OWN:
        return ref.path
    known = {kept.path for kept in STORED}
    own = Reference(ref.urn, ref.attribute).path
    return ref.path if own in known and ref.leaf.type != "complex" else ""


def is_laborious(search: Search) -> bool:
    """May the database have to look at many more users than it finds? Not where an index has the order and everybody is wanted."""
    by_name = search.sort_by == "userName" and len(search.domains) > 1
    return search.filter is not None or by_name or search.sort_by not in {"userName", "id", "emails", *KEYS, *TIMES}


def page(search: Search, *, offset: int = 0, limit: int, place: Place | None = None) -> list[Found]:
    """At most `limit` users in the order asked for. One query, two where the filter asks for roles."""
    statement = _Statement(search)
    backwards = place is not None and place.direction == "before"
    text, values = statement.page(place, backwards)
    with connection.cursor() as cursor:
        cursor.execute(f"{text} LIMIT %s OFFSET %s", [*values, limit, offset])
        found = [Found(_uuid(row[0]), _key(row[1])) for row in cursor.fetchall()]
    return found[::-1] if backwards else found


def count(search: Search) -> int:
    """How many users the filter finds."""
    text, values = _Statement(search).count()
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return int(cursor.fetchone()[0])


class _Statement:
    """The FROM and WHERE of one search."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.sort = Sql(shown_name("{d}")) if search.sort_by == "userName" and len(search.domains) > 1 else _sort(search.sort_by)
        self.probe: Probe | None = None
        self.condition = Sql("1 = 1")
        if search.filter is not None:
            self.probe = probe_of(search.filter, search.tenant.id, search.domains)
            self.condition = condition(search.filter, Belongings(search.tenant.id, _roles(search)))

    def page(self, place: Place | None, backwards: bool) -> tuple[str, list[Any]]:
        driver = self._driver(self.sort)
        key = self.sort if self._walks() else _unordered(self.sort, self.search.sort_by)
        descending = self.search.descending != backwards
        parts = [self._where(driver)]
        if place is not None:
            parts.append(_onwards(self.search.sort_by, key, place, descending))
        where = joined("AND", parts, Sql("1 = 1"))
        order = " DESC" if descending else ""
        by = f"{key.text}{order}" if self.search.sort_by == "userName" else f"{key.text}{order}, {{d}}.id{order}"
        text = f"SELECT {{d}}.id, {key.text} FROM {self._tables(driver, self.sort)} WHERE {where.text} ORDER BY {by}"  # noqa: S608 - ours
        return self._filled(text, driver), [*key.values, *where.values, *key.values]

    def count(self) -> tuple[str, list[Any]]:
        driver = self._driver(Sql(""))
        where = self._where(driver)
        text = f"SELECT count(*) FROM {self._tables(driver, Sql(''))} WHERE {where.text}"  # noqa: S608 - composed of our own pieces
        return self._filled(text, driver), list(where.values)

    def _filled(self, text: str, driver: str) -> str:
        shown = unindexed("{d}.name_key") if self.search.domains == (PRIMARY,) else shown_name("{d}")
        return text.replace(NAME, shown).replace("{d}", driver)

    def _walks(self) -> bool:
        """Is the order what an index is taken for? Not if there is a better beginning, unless that beginning has the same order."""
        return self.probe is None or self.sort.text in self.probe.condition.text

    def _driver(self, sort: Sql) -> str:
        """The table the database goes through; the other one, if it is needed at all, is looked up by id."""
        if self.probe and self.probe.condition.tables:
            return min(self.probe.condition.tables)
        if sort.tables:
            return min(sort.tables)
        return "u" if self.condition.tables == {"u"} else "a"

    def _tables(self, driver: str, sort: Sql) -> str:
        needed = self.condition.tables | sort.tables | {driver}
        names = {"a": "store_account a", "u": "store_sqluser u"}
        if len(needed) == 1:
            return names[driver]
        other = "u" if driver == "a" else "a"
        # SQLite keeps the order of a CROSS JOIN: the driver is gone through, the other looked up
        return f"{names[driver]} {'CROSS JOIN' if on_sqlite() else 'JOIN'} {names[other]} ON {other}.id = {driver}.id"

    def _where(self, driver: str) -> Sql:
        tenant, domain, domains = f"{driver}.tenant_id", unindexed(f"{driver}.domain"), self.search.domains
        if self.probe and self.probe.by == "id":
            tenant = unindexed(tenant)
        if self.probe is None and self.search.sort_by == "userName":
            domain = f"{driver}.domain"
        inside = "= %s" if len(domains) == 1 else f"IN ({', '.join(['%s'] * len(domains))})"
        own = Sql(f"{tenant} = %s AND {domain} {inside}", (self.search.tenant.id, *domains))
        return joined("AND", [own, *([self.probe.condition] if self.probe else []), self.condition], own)


def _roles(search: Search) -> dict[int, str]:
    """The roles of the tenant, only if the filter asks for any."""
    if search.filter is None or "roles" not in paths(search.filter):
        return {}
    return dict(Role.objects.within(search.tenant).values_list("id", "name"))


def _sort(path: str) -> Sql:
    """What is sorted by: never NULL, `LAST` where it is absent."""
    if path in {"userName", "id"}:
        return Sql("{d}.name_key" if path == "userName" else "{d}.id")
    if path in KEYS or path == "emails":
        return Sql(f"u.{KEYS.get(path, 'mail_key')}", (), frozenset({"u"}))
    if path in TIMES:
        return Sql(f"a.{TIMES[path]}", (), frozenset({"a"}))
    if path in STANDING:
        has = "instr" if on_sqlite() else "strpos"
        cases = " ".join(f"WHEN {when} THEN '{str(shown).lower()}'" for shown, when in STANDING[path].items())
        text = f"CASE {cases} ELSE %s END".replace(HAS, has)
        return Sql(text if on_sqlite() else f'({text}) COLLATE "C"', (LAST,), frozenset({"a"}))
    whole = document(path)
    # As the keys with a column are: a cursor holds the last user's key, and has to fit into an address
    return Sql(f"substr({whole.text}, 1, {MOST})", whole.values, whole.tables)


def _unordered(sort: Sql, path: str) -> Sql:
    """The same key, so that no index is taken for the order."""
    if on_sqlite():
        return Sql(f"+{sort.text}", sort.values, sort.tables)
    return sort if path == "id" or path in TIMES else Sql(f"({sort.text} || '')", sort.values, sort.tables)


def _onwards(path: str, key: Sql, place: Place, descending: bool) -> Sql:
    """The users that come after, or from, a place."""
    sign = "<" if descending else ">"
    if place.direction == "from":
        sign += "="
    value: Any = place.key
    if path in TIMES:
        value = bound_time(datetime.fromisoformat(place.key))
    elif path == "id":
        value = bound_id(UUID(place.key))
    if path == "userName":
        return Sql(f"{key.text} {sign} %s", (*key.values, value))
    return Sql(f"({key.text}, {{d}}.id) {sign} (%s, %s)", (*key.values, value, bound_id(place.id)))


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _key(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value)
