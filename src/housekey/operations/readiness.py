"""Whether this node can do its work."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

MOST_SKEW = 5.0
"""Seconds by which the node's clock may differ from the database's (decisions, Time)."""

_migrated = False


def findings() -> list[str]:
    """Sentences about what is wrong; empty when ready. Raises DatabaseError if the database does not answer."""
    wrong = []
    if not _migrations_done():
        wrong.append("There are migrations to run: housekey migrate.")
    else:
        with connection.cursor() as cursor:
            # Removes nothing, but asks the database for the right and the lock to write.
            cursor.execute("DELETE FROM store_throttle WHERE key = %s", [b"readiness"])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
            skew = abs(float(cursor.fetchone()[0]) - datetime.now(UTC).timestamp())
        if skew > MOST_SKEW:
            wrong.append(f"This node's clock differs from the database's by {skew:.0f} seconds.")
    return wrong


def _migrations_done() -> bool:
    """Remembered once true: a database does not lose migrations while we run."""
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated
