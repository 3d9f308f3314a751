"""kill -9 between somebody's end and an application's hearing of it: after the next start it hears."""

from __future__ import annotations

import json
import sqlite3
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tests.faults.test_kill import ask, gone_within, processes
from tests.support.served import Served
from tests.support.sms import Gateway

pytestmark = [pytest.mark.serve, pytest.mark.slow]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    """On SQLite in every run: the file is what a crash could hurt."""
    from tests.faults.storm import CONFIG

    served = Served(tmp_path / "var", CONFIG)
    yield served
    if served.process.poll() is None:
        served.kill()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    running = Gateway()
    running.start()
    yield running
    running.stop()


def test_a_killed_server_tells_it_after_its_start(server: Served, gateway: Gateway) -> None:
    server.wait_ready()
    held, called = threading.Event(), threading.Event()

    def answering() -> None:
        called.set()
        held.wait(30)

    gateway.before_reply = answering
    jane = _person(server)
    _signed_in(server.data, jane, gateway.url)
    _send(server, "DELETE", f"/scim2/Users/{jane}")
    assert called.wait(30), server.output
    victims = processes(server.data)
    server.kill()
    gone_within(5, victims)
    held.set()
    assert ask(server.data, "SELECT attempts FROM store_farewell") == [(0,)]
    _change(server.data, "UPDATE store_farewell SET leased_until = '2000-01-01 00:00:00'")  # or wait for the lease of the dead one
    called.clear()
    server.restart()
    assert called.wait(30), server.output
    assert len(gateway.requests) == 2
    assert all(request.form["logout_token"].count(".") == 2 for request in gateway.requests)


def _person(server: Served) -> UUID:
    made = _send(server, "POST", "/scim2/Users", b'{"userName": "jane", "password": "correct horse battery staple"}')
    return UUID(json.loads(made)["id"])


def _send(server: Served, method: str, path: str, body: bytes | None = None) -> bytes:
    from tests.faults.storm import _HEADERS

    request = urllib.request.Request(server.url + path, body, _HEADERS, method=method)  # noqa: S310 - the address is ours
    with urllib.request.urlopen(request, timeout=30, context=server.tls()) as answer:  # noqa: S310 - as above
        found: bytes = answer.read()
    return found


def _signed_in(data: Path, account: UUID, uri: str) -> None:
    """An application, and one sign-in to it, as they are stored."""
    now, client = datetime.now(UTC).replace(tzinfo=None), uuid4().hex
    tenant = ask(data, "SELECT id FROM store_tenant")[0][0]
    _insert(data, "store_client", id=client, tenant_id=tenant, client_id="client_x", name="wiki", secret=b"", scopes="[]",
            redirect_uris='["https://app.example/cb"]', post_logout_redirect_uris="[]", backchannel_logout_uri=uri, access_url="",
            consent=False, signed_with="ES256", created=now, created_by="test")
    _insert(data, "store_grant", id=uuid4().hex, tenant_id=tenant, client_id=client, account_id=account.hex, session_id=None,
            sid=uuid4().hex, code=b"x" * 32, code_expires=now, redeemed=now, redirect_uri="https://app.example/cb", scopes="[]", nonce="",
            challenge="", authenticated=now, created=now, expires=now + timedelta(days=1))


def _insert(data: Path, table: str, **values: object) -> None:
    texts = [str(value) if isinstance(value, datetime) else value for value in values.values()]
    _change(data, f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", texts)  # noqa: S608 - our own words


def _change(data: Path, statement: str, values: list[object] | None = None) -> None:
    with closing(sqlite3.connect(data / "housekey.db", timeout=10)) as connection, connection:
        connection.execute(statement, values or [])
