"""WSO2's user tables: UM_USER and UM_USER_ATTRIBUTE as a dump of SQL, or UM_USER as CSV, further columns being attributes.

A dump has all people first and all attributes behind them, so it is put into a database of its own that lives in a temporary file and
holds nothing else; it is gone when the import ends.
"""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import BinaryIO

from housekey.core.errors import Invalid
from housekey.core.foreign_hashes import of_wso2
from housekey.core.intake.ldif import person
from housekey.core.intake.lines import lines, marked
from housekey.core.intake.people import PLAIN
from housekey.core.intake.rows import MOST_VALUE, Row, Source
from housekey.core.intake.sql_text import Inserted, rows
from housekey.core.intake.table import heading, records

_USER, _ATTRIBUTE = "um_user", "um_user_attribute"
_BY_WIDTH: dict[tuple[str, int], tuple[str, ...]] = {
    (_USER, 7): ("um_id", "um_user_name", "um_user_password", "um_salt_value", "um_require_change", "um_changed_time", "um_tenant_id"),
    (_USER, 8): ("um_id", "um_user_id", "um_user_name", "um_user_password", "um_salt_value", "um_require_change", "um_changed_time",
                 "um_tenant_id"),
    (_ATTRIBUTE, 6): ("um_id", "um_attr_name", "um_attr_value", "um_profile_id", "um_user_id", "um_tenant_id"),
}
"""The columns in WSO2's order, for statements that do not name them."""
_COLUMNS = ("um_id", "um_user_name", "um_user_password", "um_salt_value", "um_require_change", "um_tenant_id")
_TRUE = {"1", "true", "t", "\x01", "yes"}
_SPOOL = """
CREATE TABLE people (number INTEGER PRIMARY KEY, line INTEGER, id TEXT, tenant TEXT, name TEXT, password TEXT, salt TEXT, change TEXT);
CREATE TABLE more (id TEXT, tenant TEXT, name TEXT, value TEXT);
"""


def read(stream: BinaryIO, head: bytes, source: Source) -> Iterator[Row]:
    """SQL, or CSV if that is what the first line looks like. Raises Invalid (field file)."""
    text = head.decode(marked(head) or "utf-8", "replace")
    first = next((line for line in text.splitlines() if line.strip()), "").lower()
    if "um_user_name" in first and "insert" not in first and "copy" not in first and "create" not in first:
        return _table(stream, head, source)
    return _dump(stream, head, source)


def _table(stream: BinaryIO, head: bytes, source: Source) -> Iterator[Row]:
    table = records(lines(stream, head, source))
    first = next(table, (1, [], "The file is empty."))
    if first[2]:
        raise Invalid(f"Line {first[0]}: {first[2]}", field="file")
    known = heading(first[1], {name: name for name in (*_COLUMNS, *PLAIN)})
    for number, cells, fault in table:
        if fault:
            yield Row(number, "", fault=fault)
        elif len(cells) > len(known):
            yield Row(number, "", fault=f"There are {len(cells)} cells where the first line has {len(known)} columns.")
        elif any(cells):
            found = {name: cell for name, cell in zip(known, cells, strict=False) if name and cell and cell != "NULL"}
            yield _row(number, found, {name: [value] for name, value in found.items() if name in PLAIN}, source)


def _dump(stream: BinaryIO, head: bytes, source: Source) -> Iterator[Row]:
    encoding = marked(head) or source.encoding or "utf-8"
    with closing(sqlite3.connect("", isolation_level=None)) as spool:  # "": a file of its own, removed when it is closed
        spool.executescript(_SPOOL)
        spool.execute("BEGIN")
        try:
            for inserted in rows(io.TextIOWrapper(stream, encoding), {_USER, _ATTRIBUTE}.__contains__):
                _spool(spool, inserted)
        except UnicodeDecodeError:
            raise Invalid(f"The file is not {encoding}. Say which encoding it has.", field="file") from None
        spool.execute("CREATE INDEX more_of ON more (id, tenant)")
        people = spool.execute("SELECT line, id, tenant, name, password, salt, change FROM people ORDER BY number")
        for line, own, tenant, name, password, salt, change in people:
            found: dict[str, list[str]] = {}
            for attribute, value in spool.execute("SELECT name, value FROM more WHERE id = ? AND tenant = ? ORDER BY rowid", (own, tenant)):
                found.setdefault(attribute, []).append(value)
            values = {"um_user_name": name, "um_user_password": password, "um_salt_value": salt, "um_require_change": change,
                      "um_tenant_id": tenant}
            yield _row(line, values, found, source)


def _spool(spool: sqlite3.Connection, inserted: Inserted) -> None:
    columns = inserted.columns or _BY_WIDTH.get((inserted.table, len(inserted.values)), ())
    found = {name: (value or "")[: MOST_VALUE + 1] for name, value in zip(columns, inserted.values, strict=False)}
    if inserted.table == _USER:
        if not found.get("um_user_name"):
            raise Invalid(f"The row in line {inserted.number} has no UM_USER_NAME, or its columns are not WSO2's.", field="file")
        kept = [found.get(name, "") for name in ("um_id", "um_tenant_id", *_COLUMNS[1:5])]
        spool.execute("INSERT INTO people (line, id, tenant, name, password, salt, change) VALUES (?, ?, ?, ?, ?, ?, ?)",
                      (inserted.number, *kept))
    elif found.get("um_profile_id", "default") in {"", "default"} and found.get("um_attr_value"):
        name = found.get("um_attr_name", "").lower()
        if name in PLAIN and name != "userpassword":
            spool.execute("INSERT INTO more VALUES (?, ?, ?, ?)",
                          (found.get("um_user_id", ""), found.get("um_tenant_id", ""), name, found["um_attr_value"]))


def _row(number: int, values: Mapping[str, str], found: dict[str, list[str]], source: Source) -> Row:
    name = values.get("um_user_name", "")
    if source.tenant is not None and values.get("um_tenant_id", str(source.tenant)) != str(source.tenant):
        return Row(number, name[:200], aside="of another tenant")
    if not name:
        return Row(number, "", fault="There is no UM_USER_NAME.")
    if any("\0" in value for row in found.values() for value in row) or "\0" in name:
        return Row(number, name[:200].replace("\0", "?"), fault="A value contains a character that cannot be stored (NUL).")
    if any(len(value) > MOST_VALUE for row in found.values() for value in row):
        return Row(number, name[:200], fault=f"A value is longer than {MOST_VALUE} characters.")
    brought = of_wso2(values.get("um_user_password", ""), values.get("um_salt_value", ""), source.digest)
    made = person(number, name, {key: value for key, value in found.items() if key != "userpassword"}, source)
    new = replace(made.new, password=brought.password) if made.new else None
    change = made.must_change or values.get("um_require_change", "").lower() in _TRUE
    return replace(made, new=new, hashed=brought.stored, note=brought.why, must_change=change)
