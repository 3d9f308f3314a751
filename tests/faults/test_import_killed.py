"""kill -9 three times in the middle of an import: each user once, each mail once, and the file of faults names row and reason."""

from __future__ import annotations

import csv
import io
import logging
import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.test_bulk_killed import end_leases
from tests.faults.test_kill import alive, ask, drain, gone_within, processes
from tests.support.served import Served
from tests.support.smtp import Sink
from tests.support.visitor import Visitor

pytestmark = [pytest.mark.serve, pytest.mark.slow]

FULL = os.environ.get("FAULTS") == "full"
PEOPLE = 3_000 if FULL else 300
FAULTY = {7: "no address", 20: "a name twice", PEOPLE - 2: "no such address"}
"""Which people cannot be imported, and why."""
KILLS = ("worker", "server", "worker")


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


def sheet() -> str:
    """People p0, p1 …; some lines are wrong."""
    wrong = {"no address": "p{n},", "a name twice": "p3,p{n}@example.com", "no such address": "p{n},nowhere"}
    lines = [wrong.get(FAULTY.get(number, ""), "p{n},p{n}@example.com").format(n=number) for number in range(PEOPLE)]
    return "\n".join(["username,email", *lines]) + "\n"


def test_an_import_goes_on_after_each_kill_and_does_nobody_twice(server: Served, smtp: Sink) -> None:
    server.wait_ready()
    with Visitor(server.url, server.tls()) as admin:
        address = begin(admin)
    for number, victim in enumerate(KILLS, 1):
        wait_for_people(server, number * PEOPLE // (len(KILLS) + 1))
        kill(server, victim)
        assert job(server)[0] == "running", "the kill came too late to cut the import"
        end_leases(server.data)
        end_lease_of_job(server.data)
    wait_for_end(server)
    drain(server)

    imported = {f"p{number}" for number in range(PEOPLE)} - {f"p{number}" for number in FAULTY}
    assert job(server) == ("finished", len(imported), len(FAULTY))
    assert Counter(str(row[0]) for row in ask(server.data, "SELECT name_key FROM store_sqluser WHERE name_key LIKE 'p%'")) == \
        dict.fromkeys(imported, 1)
    assert ask(server.data, "SELECT count(*), count(DISTINCT recipient) FROM store_message") == [(len(imported), len(imported))]
    letters = {(mail.recipients[0], mail.message["Message-ID"]) for mail in smtp.messages}
    assert {recipient for recipient, _ in letters} == {f"{name}@example.com" for name in imported}
    assert len(letters) == len(imported), "a mail that went out twice must carry the same Message-ID"
    assert_faults_are_told(server, address)


def begin(admin: Visitor) -> str:
    """Sign in, send the table, and begin what the dry run announced; the address of the job."""
    from tests.faults.storm import ADMIN, PASSWORD

    admin.get("/authenticationendpoint/login.do")
    assert admin.post("/authenticationendpoint/login.do", username=ADMIN, password=PASSWORD).status == 303
    admin.get("/console/users/import")
    looked = admin.post("/console/users/import", text=sheet())
    assert looked.status == 303, looked.text
    address = looked.location.partition("?")[0]
    assert f"{PEOPLE - len(FAULTY)} people can be created and invited." in admin.get(address).text
    assert admin.post(address + "begin").status == 303
    return address


def kill(server: Served, victim: str) -> None:
    """Kill the process that imports, or the whole server, and wait until it is there again."""
    victims = processes(server.data)
    if victim == "server":
        server.kill()
        gone_within(5, victims)
        server.restart()
        return
    workers = [pid for pid in victims if pid != server.process.pid]
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    gone_within(5, workers)
    server.wait_ready()
    assert alive(server.process.pid)


def assert_faults_are_told(server: Served, address: str) -> None:
    from tests.faults.storm import ADMIN, PASSWORD

    with Visitor(server.url, server.tls()) as admin:
        admin.get("/authenticationendpoint/login.do")
        admin.post("/authenticationendpoint/login.do", username=ADMIN, password=PASSWORD)
        rows = list(csv.reader(io.StringIO(admin.get(address + "failed.csv").text.removeprefix("\ufeff"))))
        whole = list(csv.reader(io.StringIO(admin.get(address + "result.csv").text.removeprefix("\ufeff"))))
    # The heading is line 1, so person 0 stands in line 2.
    assert [row[:2] for row in rows[1:]] == [
        [str(number + 2), "p3" if fault == "a name twice" else f"p{number}"] for number, fault in FAULTY.items()
    ]
    assert all(row[2] for row in rows)
    assert "line 5 already" in rows[2][2]
    assert Counter(row[2] for row in whole[1:]) == {"Done": PEOPLE - len(FAULTY), "Failed": len(FAULTY)}


def job(server: Served) -> tuple[object, ...]:
    """State, done and failed of the one job there is."""
    return ask(server.data, "SELECT state, done, failed FROM store_job")[0]


def end_lease_of_job(data: Path) -> None:
    """What the dead worker was at would wait for its lease to run out, which another test does wait for."""
    with closing(sqlite3.connect(data / "housekey.db", timeout=10)) as connection, connection:
        connection.execute("UPDATE store_job SET leased_until = NULL")


def wait_for_people(server: Served, least: int) -> None:
    deadline = time.monotonic() + 120
    while int(str(job(server)[1])) < least:
        assert time.monotonic() < deadline, server.output
        time.sleep(0.005)


def wait_for_end(server: Served) -> None:
    deadline = time.monotonic() + 300
    while job(server)[0] != "finished":
        assert time.monotonic() < deadline, (job(server), server.output)
        time.sleep(0.1)
