"""Migrations: run without asking where nobody can be hurt, refused with the command to run otherwise."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from housekey.cli.options import DONE, check_keys, now, open_house
from housekey.cli.trouble import CannotStart

if TYPE_CHECKING:
    from django.db.migrations.executor import MigrationExecutor

_ADVISORY = 0x686F7573656B6579
"""The number under which PostgreSQL knows our migration lock: "housekey" in ASCII."""


def migrate(arguments: Namespace) -> int:  # noqa: ARG001 - every command takes its arguments
    """Also what every database holds from the start: the default tenant, its roles, the name of the key it is written with."""
    house = open_house()
    from housekey.operations import tenants

    with alone():
        count = bring_up_to_date(asked=True)
        check_keys(house)
        tenants.ensure_default(now())
    print(f"{count} migration{'' if count == 1 else 's'} run." if count else "The database is up to date.")
    return DONE


def bring_up_to_date(*, asked: bool) -> int:
    """Run what is pending; the number of migrations run.

    Unless `asked`, a PostgreSQL database that holds data is left alone: other nodes may still be working on it. Raises
    CannotStart then, and for a database that a newer Housekey has written.
    """
    from django.core.management import call_command
    from django.db import connection

    if not pending():
        return 0
    with alone():
        missing = pending()
        if missing and not asked and connection.vendor != "sqlite" and _holds_data():
            raise CannotStart(f"The database lacks the migration {missing[-1]}. Run `housekey migrate` once, then start again.")
        if missing:
            call_command("migrate", interactive=False, verbosity=0)
    return len(missing)


def pending() -> list[str]:
    """The names of the migrations that the database lacks. Raises CannotStart if it has some that we lack."""
    executor = _executor()
    loader = executor.loader
    unknown = sorted(name for app, name in loader.applied_migrations.keys() - loader.disk_migrations.keys() if app == "store")
    if unknown:
        raise CannotStart(f"A newer Housekey has written this database (migration {unknown[-1]}). Install that version or a newer one.")
    return [migration.name for migration, _ in executor.migration_plan(loader.graph.leaf_nodes())]


def _holds_data() -> bool:
    from django.db import connection

    return any(name.startswith("store_") for name in connection.introspection.table_names())


def _executor() -> MigrationExecutor:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    return MigrationExecutor(connection)


@contextmanager
def alone() -> Iterator[None]:
    """Two nodes that start at once set the database up one after the other; may be nested. SQLite is guarded by `serve`'s own lock."""
    from django.db import connection

    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_ADVISORY])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_ADVISORY])
