"""kill -9 of the whole server and of the worker alone, in the middle of creations with askPassword."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.served import Served
from tests.support.smtp import Sink

if TYPE_CHECKING:
    from tests.faults.storm import Storm

pytestmark = [pytest.mark.serve, pytest.mark.slow]

FULL = os.environ.get("FAULTS") == "full"
CREATIONS, KILLS, CUTTING = (500, 20, 10) if FULL else (60, 4, 2)
"""`make faults` runs the whole; every other run a small copy of it."""
LEASE = 60.0
"""Seconds after which what a killed worker was sending is sent by another, at a `timeout` of 7 seconds."""


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


def test_what_was_answered_is_kept_and_a_user_exists_exactly_if_her_mail_went_out(server: Served, smtp: Sink) -> None:
    from tests.faults.storm import Storm

    server.wait_ready()
    storm = Storm(server, [f"person{number}" for number in range(CREATIONS)])
    storm.start()
    cutting = [kill(server, storm, number) for number in range(KILLS)]
    print(f"{cutting.count(True)} of {KILLS} kills cut {storm.told.cuts} requests")  # noqa: T201 - shown by pytest -s
    storm.join(60)
    assert cutting.count(True) >= CUTTING, cutting
    drain(server)
    told = storm.told
    assert told.strange == []
    assert told.done == CREATIONS

    users, mails = people(server.data), Counter(recipient.partition("@")[0] for mail in smtp.messages for recipient in mail.recipients)
    assert set(users) == set(mails)
    assert set(users.values()) == {1}
    assert set(told.created) | set(told.found) <= set(users) <= set(told.created) | set(told.found) | set(told.forsaken)
    identities = {(mail.recipients, mail.message["Message-ID"]) for mail in smtp.messages}
    assert len(identities) == len(users), "a mail that went out twice must carry the same Message-ID"
    assert states(server.data) == {"sent": len(users)}
    server.stop()
    assert processes(server.data) == []


def kill(server: Served, storm: Storm, number: int) -> bool:
    """Kill the whole server or, every other time, only the worker; bring it up again. True if a request was cut that had no answer yet."""
    whole, before = number % 2 == 0, storm.told.cuts
    victims = processes(server.data)
    [worker] = [pid for pid in victims if pid != server.process.pid]
    storm.wait_for_request(done=(number * CREATIONS) // (KILLS + 1))
    if whole:
        server.kill()
        gone_within(5, victims)
        server.restart()
    else:
        os.kill(worker, signal.SIGKILL)
        gone_within(5, [worker])
        server.wait_ready()
    return storm.told.cuts > before


def gone_within(seconds: float, victims: list[int]) -> None:
    deadline = time.monotonic() + seconds
    while left := [pid for pid in victims if alive(pid)]:
        assert time.monotonic() < deadline, f"left over: {left}"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Zombies count as gone: they wait for their parent, not for us."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def processes(data: Path) -> list[int]:
    """Every process that was started with this data directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if str(data).encode() in words and alive(int(entry.name)):
                found.append(int(entry.name))
    return found


def drain(server: Served) -> None:
    """Wait until nothing is queued or being sent any more."""
    deadline = time.monotonic() + LEASE + 30
    while waiting := {state: count for state, count in states(server.data).items() if state in {"queued", "sending"}}:
        assert time.monotonic() < deadline, f"stuck: {waiting}"
        time.sleep(0.5)


def people(data: Path) -> Counter[str]:
    """Everybody's name but the administrator's, each as often as there are whole sets of her rows.

    Raises AssertionError if somebody has an account, a person, a code or a message but not all of them.
    """
    names = [Counter(str(row[0]) for row in ask(data, statement)) for statement in (
        "SELECT name_key FROM store_account WHERE NOT has_password",
        "SELECT name_key FROM store_sqluser WHERE password = ''",
        "SELECT a.name_key FROM store_code c JOIN store_account a ON a.id = c.account_id",
        "SELECT substr(recipient, 1, instr(recipient, '@') - 1) FROM store_message",
    )]
    assert all(found == names[0] for found in names), "somebody is there in part"
    return names[0]


def states(data: Path) -> dict[str, int]:
    return {str(state): int(str(count)) for state, count in ask(data, "SELECT state, count(*) FROM store_message GROUP BY state")}


def ask(data: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(data / "housekey.db", timeout=10)) as connection:
        return connection.execute(statement).fetchall()
