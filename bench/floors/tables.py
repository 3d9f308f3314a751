"""The tables of the raw floor, with the indexes that its questions need."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

_TABLES = """
PRAGMA journal_mode=WAL;
CREATE TABLE user_ (id TEXT PRIMARY KEY, password TEXT, user_name TEXT, user_key TEXT UNIQUE, email TEXT, active INTEGER,
                    must_reset INTEGER, attrs TEXT, created TEXT, updated TEXT, version INTEGER, last_login TEXT);
CREATE TABLE token (id INTEGER PRIMARY KEY, user_id TEXT REFERENCES user_, hash BLOB UNIQUE, purpose TEXT, created TEXT, expires TEXT);
CREATE TABLE outbox (id INTEGER PRIMARY KEY, kind TEXT, user_id TEXT, payload TEXT, due TEXT, attempts INTEGER, state INTEGER);
CREATE INDEX outbox_due ON outbox (state, due);
CREATE TABLE audit (id INTEGER PRIMARY KEY, at TEXT, actor TEXT, action TEXT, target TEXT, data TEXT);
CREATE TABLE session (key BLOB PRIMARY KEY, user_id TEXT, created TEXT, expires TEXT);
"""


def make(path: Path) -> None:
    """A new database file."""
    with closing(sqlite3.connect(path)) as database:
        database.executescript(_TABLES)
