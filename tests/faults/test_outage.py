"""While the database is away every door says so, in its own dialect, and is back as soon as the database is."""

from __future__ import annotations

import base64
import json
import os
import sqlite3
import time
import urllib.error
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.conftest import ServeFactory
from tests.support import environment, postgres
from tests.support.served import Served
from tests.support.visitor import Visitor

pytestmark = [pytest.mark.serve, pytest.mark.slow]

LOGIN = "/authenticationendpoint/login.do"
PASSWORD = "correct horse battery 9"
BASIC = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
CONFIG = f'[super_admin]\nusername = "admin"\npassword = "{PASSWORD}"\n'

Switch = Callable[[bool], None]


def answer(server: Served, path: str) -> tuple[int, Any, str]:
    """Status, headers, body of a GET with credentials."""
    try:
        with server.open(path, Authorization=BASIC) as response:
            return response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.headers, refusal.read().decode()


@pytest.fixture
def postgres_house(serve: ServeFactory) -> Iterator[tuple[Served, Switch]]:
    """A server and the switch of its database: off ends every connection and lets nobody in, as a restart would."""
    maintenance = os.environ["HOUSEKEY__DATABASE__URL"] if environment.on_postgres() else postgres.start()
    with postgres.fresh_database(maintenance) as url, psycopg.connect(maintenance, autocommit=True) as connection:
        name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]

        def switch(on: bool) -> None:
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(sql.Identifier(str(name)), sql.Literal(on)))
            if not on:
                connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])

        server = serve(CONFIG, environment={"HOUSEKEY__DATABASE__URL": url})
        yield server, switch
        server.kill()


@pytest.mark.postgres
def test_an_outage_is_503_at_every_door_and_over_when_the_database_is_back(postgres_house: tuple[Served, Switch]) -> None:
    server, switch = postgres_house
    with Visitor(server.url, server.tls()) as visitor:
        visitor.get(LOGIN)
        visitor.post(LOGIN, username="admin", password=PASSWORD)
        assert visitor.get("/console/").status == 200
        switch(False)
        for _ in range(2):  # once with the tenant remembered, once without
            held_by_every_door(server)
            assert visitor.get("/console/").status == visitor.get("/myaccount/").status == 503
            assert visitor.post(LOGIN, username="admin", password=PASSWORD).status == 503
            time.sleep(2.1)
        switch(True)
        assert visitor.get("/console/").status == 200, "the session outlives the outage"
    assert answer(server, "/readyz")[0] == 200
    assert answer(server, "/scim2/Users")[0] == 200
    assert "Traceback" not in server.output


def test_a_database_without_its_tables_is_503_too(serve: ServeFactory) -> None:
    server = serve(CONFIG, environment={"HOUSEKEY__DATABASE__URL": ""})  # SQLite, whatever this run uses elsewhere
    for before, after in (("store_tenant", "away"), ("store_throttle", "away_too")):
        with closing(sqlite3.connect(server.data / "housekey.db")) as connection:
            connection.execute(f"ALTER TABLE {before} RENAME TO {after}")
    time.sleep(2.1)
    held_by_every_door(server)


def held_by_every_door(server: Served) -> None:
    status, _, body = answer(server, "/readyz")
    assert (status, json.loads(body)["ready"]) == (503, False)
    assert json.loads(body)["findings"]
    assert answer(server, "/healthz")[0] == 200
    for path in ("/scim2/Users", "/t/carbon.super/scim2/Users"):
        status, headers, body = answer(server, path)
        assert (status, headers["Content-Type"]) == (503, "application/scim+json")
        assert (json.loads(body)["status"], int(headers["Retry-After"]) > 0) == ("503", True)
    for path in (LOGIN, "/", "/t/carbon.super" + LOGIN, "/accountrecoveryendpoint/confirmrecovery.do?confirmation=" + "A" * 43):
        status, headers, body = answer(server, path)
        assert status == 503, path
        assert int(headers["Retry-After"]) > 0
        assert "The service cannot be reached at the moment." in body
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
