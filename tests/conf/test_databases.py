"""Which database Django is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from housekey.conf.databases import django_database
from tests.conf.support import configured, refused


def test_without_a_url_it_is_sqlite_that_loses_nothing_and_waits(tmp_path: Path) -> None:
    database = django_database(configured(tmp_path))
    assert (database["ENGINE"], database["NAME"]) == ("django.db.backends.sqlite3", str(tmp_path / "housekey.db"))
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON"):
        assert f"PRAGMA {pragma}" in database["OPTIONS"]["init_command"].split("; ")
    assert database["ATOMIC_REQUESTS"] is False


@pytest.mark.parametrize(("url", "user", "password", "host", "port", "name"), [
    ("postgresql://u@h/n", "u", "", "h", "", "n"),
    ("postgres://a%40b:p%2F%3A@h:5433/n%20m", "a@b", "p/:", "h", "5433", "n m"),
    ("postgresql://u:@/n?host=/run/postgresql", "u", "", "/run/postgresql", "", "n"),
    ("postgresql://u@%2Frun%2Fpostgresql/n", "u", "", "/run/postgresql", "", "n"),
    ("postgresql:///n", "", "", "", "", "n"),
    ("postgresql://u@[::1]:5432/n", "u", "", "::1", "5432", "n"),
])
def test_a_postgresql_url_is_taken_apart(tmp_path: Path, url: str, user: str, password: str, host: str, port: str, name: str) -> None:
    database = django_database(configured(tmp_path, f"[database]\nurl = '{url}'\n"))
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert [database[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")] == [user, password, host, port, name]
    assert (database["CONN_MAX_AGE"], database["CONN_HEALTH_CHECKS"], database["DISABLE_SERVER_SIDE_CURSORS"]) == (None, True, True)


def test_the_parameters_of_a_url_reach_the_driver(tmp_path: Path) -> None:
    database = django_database(configured(tmp_path, "[database]\nurl = 'postgresql://h/n?sslmode=verify-full&connect_timeout=9'\n"))
    assert database["OPTIONS"] == {"application_name": "housekey", "sslmode": "verify-full", "connect_timeout": "9"}


@pytest.mark.parametrize("url", ["mysql://h/n", "sqlite:///x.db", "postgresql://h", "postgresql://h/", "postgresql://h:x/n", "postgresql://[h/n",
                                 "postgresql://h/n?options=-c%20x", "n"])
def test_a_url_that_cannot_work_is_refused_without_repeating_it(tmp_path: Path, url: str) -> None:
    [error] = refused(tmp_path, f"[database]\nurl = '{url}'\n")
    assert error.line == 2
    assert url == "n" or url not in error.sentence
