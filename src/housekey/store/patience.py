"""How long the database may work on one question that somebody from outside composed (A-107)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

from housekey.core.errors import TooMany

_STEPS = 20_000
"""Instructions of SQLite's machine between two looks at the clock: well under a millisecond."""


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """The queries of the block, which only read, are given up after that time each (PostgreSQL) or together (SQLite). Raises TooMany."""
    ends = time.monotonic() + seconds
    try:
        if connection.vendor == "postgresql":
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(seconds * 1000)])
                yield
        else:
            connection.ensure_connection()
            connection.connection.set_progress_handler(lambda: time.monotonic() > ends, _STEPS)
            try:
                yield
            finally:
                connection.connection.set_progress_handler(None, 0)
    except OperationalError as error:
        if time.monotonic() < ends:
            raise
        raise TooMany(
            f"The search was given up after {seconds} seconds: too many users have to be looked at. Add a term that finds few, such as "
            "userName, emails, externalId or id with eq.", field="filter",
        ) from error
