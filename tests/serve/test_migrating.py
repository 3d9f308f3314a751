"""Who migrates what, and when: nobody's data is changed unasked."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import psycopg
import pytest

from tests.support import environment, postgres
from tests.support.served import Served, run

pytestmark = [pytest.mark.serve, pytest.mark.slow]


@pytest.fixture
def server_url() -> str:
    """Where PostgreSQL is; started for this test where the run itself uses SQLite."""
    return os.environ["HOUSEKEY__DATABASE__URL"] if environment.on_postgres() else postgres.start()


@pytest.mark.postgres
def test_an_empty_postgresql_is_set_up_by_serve_and_one_with_data_only_on_demand(server_url: str, tmp_path: Path) -> None:
    with postgres.fresh_database(server_url) as url:
        database = {"HOUSEKEY__DATABASE__URL": url}
        served = Served(tmp_path / "var", environment=database).wait_ready()
        assert served.stop() == 0
        with psycopg.connect(url, autocommit=True) as connection:
            newest = connection.execute("SELECT max(name) FROM django_migrations WHERE app = 'store'").fetchone()
            connection.execute("DELETE FROM django_migrations WHERE app = 'store' AND name = %s", newest)
        refused = run("serve", "--data", str(served.data), environment=database)
        assert refused.returncode == 3
        assert "housekey migrate" in refused.stderr


@pytest.mark.postgres
def test_two_nodes_that_start_at_once_on_an_empty_postgresql_both_come_up(server_url: str, tmp_path: Path) -> None:
    keys = {"HOUSEKEY__SECRETS__KEYS_FILE": str(tmp_path / "keys.json")}
    assert run("check", "--data", str(tmp_path / "once"), environment=keys).returncode == 0
    with postgres.fresh_database(server_url) as url:
        nodes = [Served(tmp_path / name, environment=keys | {"HOUSEKEY__DATABASE__URL": url}) for name in ("one", "two")]
        try:
            for node in nodes:
                node.wait_ready()
        finally:
            for node in nodes:
                node.kill()


def test_a_database_written_by_a_newer_version_is_refused(tmp_path: Path) -> None:
    assert run("migrate", "--data", str(tmp_path)).returncode == 0
    with sqlite3.connect(tmp_path / "housekey.db") as connection:
        connection.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('store', '9999_later', '2030-01-01')")
    connection.close()
    refused = run("serve", "--data", str(tmp_path))
    assert refused.returncode == 3
    assert "9999_later" in refused.stderr
