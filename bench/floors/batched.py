"""The batched insert floors: rows put into SQLite by hundreds, by nothing but `sqlite3`."""

from __future__ import annotations

import sqlite3
import time
import uuid
from contextlib import closing
from pathlib import Path

AT_ONCE = 100
_TABLES = """
PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
CREATE TABLE u(id TEXT PRIMARY KEY, k TEXT UNIQUE, d TEXT); CREATE TABLE c(id TEXT PRIMARY KEY, u TEXT, d TEXT);
CREATE TABLE o(id TEXT PRIMARY KEY, u TEXT, d TEXT); CREATE TABLE a(id INTEGER PRIMARY KEY, d TEXT);
"""


def small(path: Path, count: int) -> float:
    """Users a second: one select and four inserts for each, of the tables of the onboarding floor, `AT_ONCE` users in a transaction."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(_TABLES)
        began = time.perf_counter()
        for begin in range(0, count, AT_ONCE):
            database.execute("BEGIN IMMEDIATE")
            for number in range(begin, min(count, begin + AT_ONCE)):
                key, text = f"user{number}", "x" * 300
                database.execute("SELECT 1 FROM u WHERE k=?", (key,)).fetchone()
                database.execute("INSERT INTO u VALUES(?,?,?)", (str(uuid.uuid4()), key, text))
                database.execute("INSERT INTO c VALUES(?,?,?)", (str(uuid.uuid4()), key, text))
                database.execute("INSERT INTO o VALUES(?,?,?)", (str(uuid.uuid4()), key, text))
                database.execute("INSERT INTO a(d) VALUES(?)", (text,))
            database.execute("COMMIT")
        return count / (time.perf_counter() - began)


class Same:
    """The very rows that an import wrote, put into the same tables and indexes: what no program that keeps as much can beat."""

    TABLES = ("store_account", "store_sqluser", "store_code", "store_message", "store_auditentry")

    def __init__(self, written: Path) -> None:
        """`written`: a database that an import has filled."""
        self._rows: dict[str, list[tuple[object, ...]]] = {}
        with closing(sqlite3.connect(written)) as database:
            for table in self.TABLES:
                self._rows[table] = database.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()

    def run(self, empty: Path, count: int, at_once: int = 500) -> float:
        """Users a second, into a database that has the tables and nothing in them."""
        with closing(sqlite3.connect(empty, isolation_level=None)) as database:
            database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; " + "".join(
                f"DELETE FROM {table};" for table in reversed(self.TABLES)))
            began = time.perf_counter()
            steps = -(-count // at_once)
            for step in range(steps):
                database.execute("BEGIN IMMEDIATE")
                for table, rows in self._rows.items():
                    piece = rows[len(rows) * step // steps : len(rows) * (step + 1) // steps]
                    if piece:
                        places = ", ".join("?" * len(piece[0]))
                        database.executemany(f"INSERT INTO {table} VALUES ({places})", piece)
                database.execute("COMMIT")
            return count / (time.perf_counter() - began)
