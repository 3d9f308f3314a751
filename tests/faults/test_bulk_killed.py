"""kill -9 in the middle of a Bulk that is then sent again under the same Idempotency-Key (issue 4, shown when 6)."""

from __future__ import annotations

import http.client
import json
import logging
import os
import sqlite3
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.test_kill import ask, drain, gone_within, processes
from tests.support.served import Served
from tests.support.smtp import Sink

pytestmark = [pytest.mark.serve, pytest.mark.slow]

FULL = os.environ.get("FAULTS") == "full"
OPERATIONS, KILLS = (1_000, 5) if FULL else (160, 2)
"""`make faults` sends the whole thousand; every other run a small copy of it. Every second operation invites."""


@pytest.fixture
def server(tmp_path: Path, smtp: Sink) -> Iterator[Served]:
    """On SQLite in every run: the file is what a crash could hurt."""
    from tests.faults.storm import CONFIG

    # The relay's library warns of a part of its own at every sign-in.
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    served = Served(tmp_path / "var", CONFIG + smtp.toml() + "timeout = 7\n")
    yield served
    if served.process.poll() is None:
        served.kill()


def body() -> bytes:
    """Users of whom half are invited, and a group of the first ten that comes before them all."""
    from tests.doors.scim.support import invited, person

    people = [{"method": "POST", "path": "/Users", "bulkId": f"b{number}", "data": (invited if number % 2 else person)(f"p{number}")}
              for number in range(OPERATIONS - 1)]
    group = {"displayName": "First", "members": [{"value": f"bulkId:b{number}"} for number in range(10)]}
    operations = [{"method": "POST", "path": "/Groups", "bulkId": "group", "data": group}, *people]
    return json.dumps({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations}).encode()


class Sending:
    """One Bulk under way. `status` is 0 if it was cut before there was an answer."""

    def __init__(self, server: Served, sent: bytes) -> None:
        self.status, self.text = 0, ""
        self._server, self._sent = server, sent
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def join(self) -> Sending:
        self._thread.join(300)
        assert not self._thread.is_alive()
        return self

    def _send(self) -> None:
        from tests.faults.storm import _HEADERS

        context = ssl.create_default_context(cafile=str(self._server.ca))
        connection = http.client.HTTPSConnection("localhost", self._server.port, timeout=300, context=context)
        try:
            connection.request("POST", "/scim2/Bulk", self._sent, _HEADERS | {"Idempotency-Key": "one-thousand"})
            answer = connection.getresponse()
            self.text = answer.read().decode()
            self.status = answer.status
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()


def test_sent_again_it_goes_on_and_every_mail_goes_out_once(server: Served, smtp: Sink) -> None:
    server.wait_ready()
    sent, cut = body(), 0
    for number in range(KILLS):
        sending = Sending(server, sent)
        wait_for_people(server, (number + 1) * OPERATIONS // (KILLS + 1))
        victims = processes(server.data)
        server.kill()
        gone_within(5, victims)
        cut += sending.join().status == 0
        end_leases(server.data)
        server.restart()
    assert cut == KILLS, "a kill came too late to cut the Bulk"

    last = Sending(server, sent).join()
    assert last.status == 200
    assert Counter(row["status"] for row in json.loads(last.text)["Operations"]) == {"201": OPERATIONS}
    assert Sending(server, sent).join().text == last.text
    drain(server)

    invited = {f"p{number}@example.com" for number in range(1, OPERATIONS - 1, 2)}
    assert ask(server.data, "SELECT count(*) FROM store_account WHERE name_key LIKE 'p%'") == [(OPERATIONS - 1,)]
    assert ask(server.data, "SELECT count(*), count(DISTINCT recipient) FROM store_message") == [(len(invited), len(invited))]
    assert ask(server.data, "SELECT count(*) FROM store_groupmember") == [(10,)]
    letters = {(mail.recipients[0], mail.message["Message-ID"]) for mail in smtp.messages}
    assert {recipient for recipient, _ in letters} == invited
    assert len(letters) == len(invited), "a mail that went out twice must carry the same Message-ID"


def end_leases(data: Path) -> None:
    """What the dead worker was sending would wait for its lease to run out, which `test_kill` does wait for."""
    with closing(sqlite3.connect(data / "housekey.db", timeout=10)) as connection, connection:
        connection.execute("UPDATE store_message SET leased_until = '2000-01-01 00:00:00' WHERE state = 'sending'")


def wait_for_people(server: Served, least: int) -> None:
    """Until so many of them are there, while the Bulk that makes them is under way."""
    deadline = time.monotonic() + 120
    while int(str(ask(server.data, "SELECT count(*) FROM store_account WHERE name_key LIKE 'p%'")[0][0])) < least:
        assert time.monotonic() < deadline, server.output
        time.sleep(0.01)
