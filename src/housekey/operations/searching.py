"""Looking for users: a filter, an order, and a page of them by index or by cursor (RFC 7644 section 3.4.2, RFC 9865)."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime

from housekey.conf.house import House
from housekey.core.characteristics import Reference
from housekey.core.errors import Invalid
from housekey.core.filters import Compare, Filter
from housekey.core.names import Tenant, UserName, split_username
from housekey.core.principal import USER_LIST, Principal
from housekey.core.users import User
from housekey.operations import accounts, cursors, entries
from housekey.operations.cursors import Mark
from housekey.store import patience, population
from housekey.userstores import pages
from housekey.userstores.pages import Search
from housekey.userstores.registry import domains


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for. `cursor` None: by index, from `offset` on; `""`: the first page of a walk."""

    filter: Filter | None = None
    sort_by: Reference | None = None
    """None: by user name."""
    descending: bool = False
    offset: int = 0
    count: int = 100
    cursor: str | None = None
    domain: str = ""
    """Only this user store; `""` for all."""


@dataclass(frozen=True, slots=True)
class Page:
    """`total` is that of all pages; on the later pages of a walk, what it was when the walk began."""

    users: list[User]
    total: int
    next_cursor: str = ""
    previous_cursor: str = ""


def search(house: House, by: Principal, query: Query, now: datetime) -> Page:
    """Raises NotPermitted, Invalid (field sortBy, domain), BadCursor, TooMany.

    A walk by cursor gives every user who is there throughout exactly once, whoever else comes and goes: it is the user's own key that
    the next page begins after. Sorted by what can change meanwhile, that holds for the users whose key did not.
    """
    by.must(USER_LIST)
    wanted = Search(by.tenant, query.filter, _sort_path(query.sort_by), query.descending, _domains(by.tenant, query.domain))
    exact = _named(query)
    if exact is not None and query.cursor is None:
        return _one(wanted, exact, query, now)
    if not query.cursor and query.offset == 0:
        entries.met(by.tenant, wanted.domains, query.filter, now)
    with patience.at_most(house.config.limits.search) if pages.is_laborious(wanted) else nullcontext():
        return _walk(house, wanted, query, now) if query.cursor is not None else _indexed(wanted, query)


def _domains(tenant: Tenant, domain: str) -> tuple[str, ...]:
    """Where to look: in the one that is named, else everywhere. Raises Invalid."""
    known = tuple(domains(tenant))
    if domain and domain.upper() not in known:
        raise Invalid(
            f"Invalid user store domain: '{domain[:100]}'. The specified domain does not exist or is currently disabled.", field="domain"
        )
    return (domain.upper(),) if domain else known


def _sort_path(ref: Reference | None) -> str:
    if ref is None:
        return "userName"
    path = pages.sortable(ref)
    if not path:
        raise Invalid(f"Users cannot be sorted by {ref.path}. Choose an attribute with a single value, or emails.", field="sortBy")
    return path


def _named(query: Query) -> UserName | None:
    """The one name that is asked for: the commonest question of a provisioning client has a short way."""
    wanted = query.filter
    if isinstance(wanted, Compare) and wanted.ref.path == "userName" and wanted.op == "eq":
        return split_username(str(wanted.value))
    return None


def _one(wanted: Search, name: UserName, query: Query, now: datetime) -> Page:
    tenant = wanted.tenant
    account = entries.account_named(tenant, name, now) if name.domain in wanted.domains else None
    shown = [account] if account and query.offset == 0 and query.count else []
    return Page([accounts.user(tenant, row) for row in shown], 1 if account else 0)


def _indexed(wanted: Search, query: Query) -> Page:
    found = pages.page(wanted, offset=query.offset, limit=query.count) if query.count else []
    complete = found and len(found) < query.count
    total = query.offset + len(found) if complete else _total(wanted)
    return Page(accounts.in_order(wanted.tenant, [row.id for row in found]), total)


def _total(wanted: Search) -> int:
    if wanted.filter is not None:
        return pages.count(wanted)
    return sum(population.accounts(wanted.tenant.id, domain) for domain in wanted.domains)


def _walk(house: House, wanted: Search, query: Query, now: datetime) -> Page:
    if query.count < 1:
        raise cursors.BadCursor("invalidCount", "With a cursor, count must be at least 1.")
    question = f"{wanted.tenant.id}\0{wanted.sort_by}\0{wanted.descending}\0{query.domain.upper()}\0{wanted.filter!r}"
    mark = cursors.read(house.keys, question, query.cursor, now) if query.cursor else None
    found = pages.page(wanted, limit=query.count + 1, place=mark.place if mark else None)
    backwards = mark is not None and mark.place.direction == "before"
    more = len(found) > query.count
    if more:
        found = found[1:] if backwards else found[:-1]
    total = mark.total if mark else (_total(wanted) if more or wanted.filter is None else len(found))

    def cursor(place: pages.Place | None) -> str:
        return cursors.write(house.keys, question, Mark(place, total), now) if place else ""

    first, last = (found[0], found[-1]) if found else (None, None)
    if backwards:
        onwards = last.place("after") if last else _from(mark)
        back = first.place("before") if first and more else None
    else:
        onwards = last.place("after") if last and more else None
        back = first.place("before") if first and mark else None
    return Page(accounts.in_order(wanted.tenant, [row.id for row in found]), total, cursor(onwards), cursor(back))


def _from(mark: Mark | None) -> pages.Place | None:
    """Whoever came before has gone: onwards is where the walk came from."""
    return pages.Place("from", mark.place.key, mark.place.id) if mark else None
