"""kill -9 between the write to a directory and the one to our database: after the repairs both say the same (F-07)."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from tests.support.slapd import Place

pytestmark = [pytest.mark.serve, pytest.mark.slow]

FULL = os.environ.get("FAULTS") == "full"
KILLS = 300 if FULL else 12
LONGEST = 0.4
"""Seconds that a child lives at most once it is at work; it does some five deeds in that time."""
SLOW = 0.004
"""Seconds by which each answer of the directory is late: most of a deed is spent between its two writes."""
ROOT = Path(__file__).resolve().parents[2]


class Zygote:
    """The process that forks those who are killed."""

    def __init__(self, data: Path, place: Place) -> None:
        data.mkdir()
        (data / "deployment.toml").write_text("", encoding="utf-8")
        self.data, self.half = data, 0
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HOUSEKEY", "DJANGO", "PYTEST"))}
        command = [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-m", "tests.faults.deeds", str(data),
                   f"ldap://127.0.0.1:{place.front.port}", place.people]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
                                        env=kept | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"})
        self.left = 0
        assert self.says() == "ready"

    def says(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def order(self, words: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def do(self, words: str) -> None:
        """Raises AssertionError if the child does not end well."""
        self.order(words)
        assert self.says() == "ended 0", words

    def judge(self) -> list[dict[str, Any]]:
        self.order("judge")
        found: list[dict[str, Any]] = json.loads(self.says())
        assert self.says() == "ended 0"
        return found

    def kill(self, verb: str, seed: int, after: float) -> None:
        self.order(f"{verb} {seed}")
        victim, deadline = int(self.says()), time.monotonic() + 30
        while f"begun {seed}\n" not in self.notes:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(after)
        os.kill(victim, signal.SIGKILL)
        self.order("reap")
        left = "SELECT count(*) FROM store_repair WHERE deed IN ('create', 'refresh', 'password')"
        before, self.left = self.left, int(self.ask(left)[0][0])
        self.half += self.left > before

    def ask(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(self.data / "housekey.db", timeout=10)) as connection:
            return connection.execute(statement).fetchall()

    @property
    def notes(self) -> str:
        file = self.data / "told"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def told(self) -> list[list[str]]:
        return [line.split(" ", 2) for line in self.notes.splitlines()]


@pytest.fixture
def zygote(tmp_path: Path, slapd: Place) -> Iterator[Zygote]:
    """On SQLite in every run: the file is what a crash could hurt."""
    zygote = Zygote(tmp_path / "var", slapd)
    yield zygote
    zygote.process.kill()
    zygote.process.wait(10)
    for stream in (zygote.process.stdin, zygote.process.stdout):
        if stream:
            stream.close()


def entries(place: Place) -> dict[str, tuple[str, str]]:
    """Name -> (unique id, title) of everybody in the directory."""
    admin = place.server.admin()
    admin.search(place.people, "(objectClass=person)", "LEVEL", attributes=["uid", "entryUUID", "title"])
    rows = [row["raw_attributes"] for row in admin.response if row["type"] == "searchResEntry"]
    found = {row["uid"][0].decode(): (row["entryUUID"][0].decode(), (row["title"] or [b""])[0].decode()) for row in rows}
    assert len(found) == len(rows)
    return found


def test_directory_and_database_say_the_same_however_often_somebody_is_killed_between(zygote: Zygote, slapd: Place) -> None:
    zygote.do("set up")
    slapd.slow(SLOW)
    dice = random.Random(7)  # noqa: S311 - no secret
    for number in range(KILLS):
        zygote.kill("work" if number % 6 == 5 else "deeds", number, dice.uniform(0, LONGEST))
    half = zygote.half
    slapd.slow(0)
    zygote.do("repair")

    people = zygote.judge()
    there = entries(slapd)
    told = zygote.told()
    print(f"{KILLS} kills, {half} with a deed half way, {len(people)} users left, {audited(zygote)}")  # noqa: T201 - shown by pytest -s
    assert {row["name"]: (row["unique_id"], row["title"]) for row in people} == there
    assert zygote.ask("SELECT count(*) FROM store_sqluser WHERE domain = 'STAFF'")[0][0] == len(people)
    assert zygote.ask("SELECT count(*) FROM store_repair")[0][0] == 0
    assert half >= KILLS // 6, "too few kills fell between two writes"
    assert sum(audited(zygote).values()) >= half // 2
    who_was_told_exists(zygote, told, set(there))
    mails_went_to_users_only(zygote)
    passwords_are_those_that_were_chosen(slapd, people, told)
    zygote.do("finish")


def audited(zygote: Zygote) -> dict[str, int]:
    return dict(zygote.ask("SELECT event, count(*) FROM store_auditentry WHERE event LIKE 'repair:%' GROUP BY event"))


def created(zygote: Zygote) -> set[str]:
    """Everybody who ever was a user, by the audit log."""
    return {row[0].partition("/")[2] for row in zygote.ask("SELECT target FROM store_auditentry WHERE event = 'user:create'")}


def who_was_told_exists(zygote: Zygote, told: list[list[str]], there: set[str]) -> None:
    """Whoever was said to be created was, once, and is there unless somebody deleted her."""
    names = [row[1] for row in told if row[0] == "created"]
    ever = zygote.ask("SELECT target, count(*) FROM store_auditentry WHERE event = 'user:create' AND target LIKE 'STAFF/%' GROUP BY target")
    assert {count for _, count in ever} <= {1}
    assert set(names) <= created(zygote)
    deleted = {row[0].partition("/")[2] for row in zygote.ask("SELECT target FROM store_auditentry WHERE event = 'user:delete'")}
    assert created(zygote) - deleted - {""} == there
    assert not deleted & there


def mails_went_to_users_only(zygote: Zygote) -> None:
    """Never a mail to somebody who was missing on one of the two sides."""
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in (zygote.data / "mail").glob("*.eml")]
    assert mails
    assert {str(mail["To"]).partition("@")[0] for mail in mails} <= created(zygote)


def passwords_are_those_that_were_chosen(place: Place, people: list[dict[str, Any]], told: list[list[str]]) -> None:
    """Who is open has the last password that was accepted, or one whose answer was cut; who is not has a link that is still good, and the
    directory takes none of the passwords of before a forced reset."""
    tried: dict[str, list[str]] = defaultdict(list)
    good: dict[str, str] = {}
    old: dict[str, list[str]] = defaultdict(list)
    for words in told:
        if words[0] == "redeeming":
            tried[words[1]].append(words[2])
        elif words[0] == "redeemed":
            good[words[1]] = words[2]
        elif words[0] == "resetting":
            old[words[1]] = list(tried[words[1]])
    for row in people:
        name = str(row["name"])
        mine = tried[name]
        if row["pending"] == "":
            possible = mine[mine.index(good[name]) :] if name in good else mine
            assert [one for one in possible if place.welcomes(name, one)], (row, mine, good.get(name))
        else:
            assert row["code"], row
        if row["pending"] == "PENDING_FUPR":
            assert old[name], row
            assert not [one for one in old[name] if place.welcomes(name, one)], row
