"""The statements of the hottest paths, composed once instead of at every call.

Django composes a query anew each time (about 0.2 ms of CPU), the database answers it in a tenth of that. Who is asking, one user by
name or id, and the inserts of an invitation are on every request, so they are written down here. Everything else uses the ORM.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, models
from django.db.models import AutoField, BinaryField, BooleanField, CharField, ForeignKey, IntegerField, JSONField, UUIDField
from django.db.models.base import ModelState

from housekey.core.batches import batches
from housekey.store.models import Account, Kept, SqlUser

M = TypeVar("M", bound=models.Model)

_PERMISSIONS = (
    "SELECT permissions FROM store_role WHERE tenant_id = %s AND "
    "(name = %s OR id IN (SELECT role_id FROM store_rolemember WHERE tenant_id = %s AND account_id = %s))"
)
_BELONGING = (
    "SELECT r.name, '', '' FROM store_rolemember m JOIN store_role r ON r.id = m.role_id WHERE m.tenant_id = %s AND m.account_id = %s "
    "UNION ALL SELECT g.name, g.domain, CAST(g.id AS text) FROM store_groupmember m JOIN store_group g ON g.id = m.group_id "
    "WHERE m.tenant_id = %s AND m.account_id = %s ORDER BY 1, 3"
)
_ASKING = (
    "SELECT c.client_id, c.name, c.scopes, t.scopes, t.grant_id FROM store_token t JOIN store_client c ON c.id = t.client_id "
    "JOIN store_tenant n ON n.id = t.tenant_id WHERE t.tenant_id = %s AND n.active AND t.expires > %s AND t.digest IN ({})"
)
_TEMPLATES = (
    "SELECT locale, subject, html, text FROM store_messagetemplate WHERE tenant_id = %s AND channel = %s AND kind_key = %s ORDER BY locale"
)
_HASH = "SELECT password FROM store_sqluser WHERE tenant_id = %s AND id = %s"
_SETTINGS = "SELECT name, value, version FROM store_setting WHERE tenant_id = %s"


def account(tenant_id: int, account_id: UUID) -> Account | None:
    return find(Account, tenant_id=tenant_id, id=account_id)


def account_by_name(tenant_id: int, domain: str, name_key: str) -> Account | None:
    return find(Account, tenant_id=tenant_id, domain=domain, name_key=name_key)


def sql_user(tenant_id: int, account_id: UUID) -> SqlUser | None:
    return find(SqlUser, tenant_id=tenant_id, id=account_id)


def password(tenant_id: int, account_id: UUID) -> str:
    """The hash of a user of our own database, `""` for nobody."""
    found = _rows(_HASH, [tenant_id, _id(account_id)])
    return str(found[0][0]) if found else ""


def kept(tenant_id: int, handle: bytes) -> Kept | None:
    return find(Kept, tenant_id=tenant_id, handle=handle)


def find(model: type[M], *, hold: bool = False, keep: bool = False, **wanted: Any) -> M | None:
    """The row whose columns have these values, as an instance of `model`; of a list of values, any. `tenant_id` is always one of them.

    `hold`: until the transaction ends it is ours alone; `keep`: others may keep it, too, but nobody deletes it or holds it. SQLite lets
    nobody else write anyway.
    """
    names = tuple((name, len(value) if isinstance(value, list) else 0) for name, value in wanted.items())
    lock = "FOR UPDATE" if hold else "FOR KEY SHARE" if keep else ""
    statement, columns, converters, prepare = _select(model, names, connection.vendor, lock)
    given = [one for value in wanted.values() for one in (value if isinstance(value, list) else [value])]
    with connection.cursor() as cursor:
        cursor.execute(statement, [step(value) for step, value in zip(prepare, given, strict=True)])
        found = cursor.fetchone()
    if found is None:
        return None
    row = list(found)
    for index, expression, steps in converters:
        for convert in steps:
            row[index] = convert(row[index], expression, connection)
    return model.from_db(connection.alias, columns, row)


def change(row: models.Model, **values: Any) -> bool:
    """Write these columns of one row of a tenant, and put them into the object; was it still there?"""
    statement, prepare = _update(type(row), tuple(values), connection.vendor)
    given = [*values.values(), row.pk, getattr(row, "tenant_id")]  # noqa: B009 - every table here has one, the base class does not say so
    with connection.cursor() as cursor:
        cursor.execute(statement, [step(value) for step, value in zip(prepare, given, strict=True)])
        done = bool(cursor.rowcount == 1)
    for name, value in values.items():
        setattr(row, name, value)
    return done


def settings(tenant_id: int) -> dict[str, tuple[str, int]]:
    """name -> (value, version) of everything a tenant has stored."""
    return {name: (value, version) for name, value, version in _rows(_SETTINGS, [tenant_id])}


def templates(tenant_id: int, channel: str, kind_key: str) -> dict[str, tuple[str, str, str]]:
    """locale -> (subject, html, text) of what a tenant wrote itself for one kind of message."""
    found = _rows(_TEMPLATES, [tenant_id, channel, kind_key])
    return {locale: (subject, html, text) for locale, subject, html, text in found}


def permissions(tenant_id: int, account_id: UUID, everyone: str) -> list[list[str]]:
    """The permissions of each role the account is in, and of the role called `everyone`."""
    own = _id(account_id)
    return [_texts(row[0]) for row in _rows(_PERMISSIONS, [tenant_id, everyone, tenant_id, own])]


def token(tenant_id: int, digests: list[bytes], now: datetime) -> tuple[str, str, list[str], list[str], bool] | None:
    """A live token of an active tenant: its client's id, name and scopes, the scopes it was issued with, and whether it speaks for a
    person."""
    statement = _ASKING.format(", ".join(["%s"] * len(digests)))
    for client_id, name, held, issued, grant in _rows(statement, [tenant_id, connection.ops.adapt_datetimefield_value(now), *digests]):
        return client_id, name, _texts(held), _texts(issued), grant is not None
    return None


def belonging(tenant_id: int, account_id: UUID) -> tuple[tuple[str, ...], list[tuple[UUID, str, str]]]:
    """The names of the account's roles, and id, domain and name of its groups."""
    own = _id(account_id)
    found = _rows(_BELONGING, [tenant_id, own, tenant_id, own])
    return tuple(name for name, _, group in found if not group), [(UUID(group), domain, name) for name, domain, group in found if group]


def made(model: type[M], **values: Any) -> M:
    """A new row of `model`: as `model(**values)`, which takes ten times as long, for rows of which hundreds are made. The names are those
    of attributes (`tenant_id`, not `tenant`); nothing is converted, and no signal is sent."""
    blank, callables = _blank(model)
    row = model.__new__(model)
    row.__dict__ = {**blank, **values, "_state": ModelState()}
    if len(row.__dict__) != len(blank) + 1:
        raise TypeError(f"{model.__name__} has no {', '.join(sorted(values.keys() - blank.keys()))}")
    for name, default in callables:
        if name not in values:
            setattr(row, name, default())
    return row


@cache
def _blank(model: type[models.Model]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    """The defaults of a model, and those that are made anew for each row."""
    fields = model._meta.concrete_fields
    own = [(field.attname, field.default) for field in fields if callable(field.default) and field.has_default()]
    anew = {name for name, _ in own}
    return {field.attname: None if field.attname in anew else field.get_default() for field in fields}, own


def insert(row: models.Model) -> None:
    """As `row.save(force_insert=True)`, without reading back a generated key. Raises IntegrityError like it.

    Inside `gathered` the row is written when that ends.
    """
    if (waiting := getattr(_gathering, "rows", None)) is not None:
        waiting.setdefault(type(row), []).append(row)
        return
    statement, fields = _insert(type(row), connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(statement, [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields])
    row._state.adding = False


@cache
def _insert(model: type[models.Model], vendor: str) -> tuple[str, tuple[models.Field[Any, Any], ...]]:  # noqa: ARG001 - part of the cache's key
    quote = connection.ops.quote_name
    fields = tuple(field for field in model._meta.concrete_fields if not isinstance(field, AutoField))
    columns = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({places})", fields  # noqa: S608 - names of our own tables


_gathering = threading.local()


@contextmanager
def gathered() -> Iterator[None]:
    """What this thread inserts meanwhile is written at the end, the rows of each table together: a tenth of the work where there are
    hundreds. For a transaction that does the same to many and reads nothing of what it inserts. Raises IntegrityError at the end.
    """
    rows: dict[type[models.Model], list[models.Model]] = {}
    tallies: dict[Hashable, tuple[int, Callable[[int], None]]] = {}
    _gathering.rows, _gathering.tallies = rows, tallies
    try:
        yield
    finally:
        _gathering.rows = _gathering.tallies = None
    for of_one in rows.values():
        insert_many(of_one)
    for count, write in tallies.values():
        write(count)


@contextmanager
def roomy() -> Iterator[None]:
    """While very many rows are written: SQLite keeps more of its indexes in memory (64 MB) and moves its log into the file less often."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        before = [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in _ROOM]
        for name, value in _ROOM.items():
            cursor.execute(f"PRAGMA {name}={value}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for name, value in zip(_ROOM, before, strict=True):
                cursor.execute(f"PRAGMA {name}={value}")


_ROOM = {"cache_size": -65_536, "wal_autocheckpoint": 16_000}


def tallied(key: Hashable, count: int, write: Callable[[int], None]) -> bool:
    """Inside `gathered`, add `count` to what `write` is called with at the end, once for each `key`; elsewhere do nothing and say so."""
    tallies = getattr(_gathering, "tallies", None)
    if tallies is None:
        return False
    tallies[key] = (tallies.get(key, (0, write))[0] + count, write)
    return True


MOST_PLACES = 30_000
"""Values in one statement: SQLite takes 32,766."""


def insert_many(rows: Sequence[models.Model]) -> None:
    """Rows of one table, in as few statements as possible. Raises IntegrityError, and then none of them is there."""
    if not rows:
        return
    statement, fields = _insert(type(rows[0]), connection.vendor)
    head, _, places = statement.partition(" VALUES ")
    columns = [_column([getattr(row, field.attname) for row in rows], field) for field in fields]
    prepared = list(zip(*columns, strict=True))
    at_once = max(1, MOST_PLACES // len(fields))
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":  # no way to and fro, so one small statement many times is the quickest
            cursor.executemany(statement, prepared)
            return
        for piece in batches(prepared, at_once):
            cursor.execute(f"{head} VALUES {', '.join([places] * len(piece))}", [value for row in piece for value in row])


def _column(values: list[Any], field: models.Field[Any, Any]) -> list[Any]:
    """What the database takes for these values. Texts and numbers go as they are; what repeats is prepared once."""
    kind: Any = field.target_field if isinstance(field, ForeignKey) else field
    on_sqlite = connection.vendor == "sqlite"
    if isinstance(kind, CharField | IntegerField | BooleanField | BinaryField) or (isinstance(kind, UUIDField) and not on_sqlite):
        return values
    if isinstance(kind, UUIDField):
        return [None if value is None else value.hex for value in values]
    if isinstance(kind, JSONField) and on_sqlite:
        return [json.dumps(value) for value in values]
    prepare: Callable[..., Any] = field.get_db_prep_save
    last, made, prepared = None, prepare(None, connection), []
    for value in values:
        if value is not last and value != last:
            last, made = value, prepare(value, connection)
        prepared.append(made)
    return prepared


Prepare = Callable[[Any], Any]


@cache
def _select(
    model: type[models.Model], names: tuple[tuple[str, int], ...], vendor: str, lock: str
) -> tuple[str, list[str], list[tuple[int, Any, list[Any]]], list[Prepare]]:
    """The statement, the names of the columns, what turns the database's values into Python's, and ours into the database's."""
    if not any(name == "tenant_id" for name, _ in names):
        raise TypeError(f"{model.__name__} is asked for outside a tenant")
    quote, table = connection.ops.quote_name, model._meta.db_table
    fields = model._meta.concrete_fields
    columns = ", ".join(quote(str(field.column)) for field in fields)
    converters = []
    for index, field in enumerate(fields):
        expression = field.get_col(table)
        steps = [*connection.ops.get_db_converters(expression), *expression.get_db_converters(connection)]
        if steps:
            converters.append((index, expression, steps))
    conditions, prepare = [], []
    for name, count in names:
        conditions.append(f"{quote(name)} IN ({', '.join(['%s'] * count)})" if count else f"{quote(name)} = %s")
        prepare += [_prepare(model, name)] * (count or 1)
    statement = f"SELECT {columns} FROM {quote(table)} WHERE {' AND '.join(conditions)}"  # noqa: S608 - names of our own tables
    return f"{statement} {lock if vendor != 'sqlite' else ''}", [field.attname for field in fields], converters, prepare


@cache
def _update(model: type[models.Model], names: tuple[str, ...], vendor: str) -> tuple[str, list[Prepare]]:  # noqa: ARG001 - part of the cache's key
    quote, key = connection.ops.quote_name, model._meta.pk.attname
    changes = ", ".join(f"{quote(name)} = %s" for name in names)
    statement = f"UPDATE {quote(model._meta.db_table)} SET {changes} WHERE {quote(key)} = %s AND tenant_id = %s"  # noqa: S608 - our own names
    return statement, [_prepare(model, name) for name in (*names, key, "tenant_id")]


def _prepare(model: type[models.Model], name: str) -> Prepare:
    """What the database takes for a value of this column."""
    field: Any = next(field for field in model._meta.concrete_fields if field.attname == name)
    return lambda value: field.get_db_prep_save(value, connection)


def _id(value: UUID) -> Any:
    """SQLite keeps ids as text, PostgreSQL as uuid."""
    return Account._meta.pk.get_db_prep_value(value, connection)


def _texts(value: Any) -> list[str]:
    """SQLite gives JSON as text, PostgreSQL as what it stands for."""
    texts: list[str] = json.loads(value) if isinstance(value, str) else value
    return texts


def _rows(statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
