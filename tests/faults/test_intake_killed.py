"""kill -9 ten times while a file is imported: each user once, each invitation once, each fault told once (F-09)."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from collections import Counter
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.faults.test_kill import ask
from tests.support.served import _environment, run

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]

FULL = os.environ.get("FAULTS") == "full"
PEOPLE, AT_ONCE = (100_000, 500) if FULL else (2_000, 20)
KILLS = 10
FAULTY = range(7, PEOPLE, PEOPLE // 20)
"""Who has no address that could be mailed to."""


def table() -> str:
    lines = (f"p{number}," + ("nowhere" if number in FAULTY else f"p{number}@example.com") for number in range(PEOPLE))
    return "\n".join(["username,email", *lines]) + "\n"


def arguments(data: Path) -> list[str]:
    return ["import", "users", str(data.parent / "people.csv"), "--invite", "--at-once", str(AT_ONCE),
            "--errors", str(data.parent / "errors.csv"), "--data", str(data)]


def count(data: Path) -> int:
    return int(str(ask(data, "SELECT count(*) FROM store_account WHERE name_key LIKE 'p%'")[0][0]))


def cut(data: Path, least: int) -> None:
    """Begin, or go on, and kill it once so many people are there."""
    process = subprocess.Popen([sys.executable, "-m", "housekey", *arguments(data)], env=_environment(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while count(data) < least:
        assert process.poll() is None, "the import ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.kill()
    assert process.wait(10) < 0, "the kill came too late"


def test_ten_kills_and_each_once(tmp_path: Path) -> None:
    data = tmp_path / "var"
    (tmp_path / "people.csv").write_text(table(), encoding="utf-8")
    assert run("migrate", "--data", str(data)).returncode == 0
    for number in range(1, KILLS + 1):
        cut(data, number * PEOPLE // (KILLS + 2))
    done = run(*arguments(data), timeout=600)
    assert done.returncode == 1, done.stderr
    assert "Going on behind line" in done.stderr

    good = PEOPLE - len(FAULTY)
    assert count(data) == good
    for told in (
        "SELECT count(*), count(DISTINCT name_key) FROM store_sqluser WHERE name_key LIKE 'p%'",
        "SELECT count(*), count(DISTINCT account_id) FROM store_code",
        "SELECT count(*), count(DISTINCT recipient) FROM store_message",
        "SELECT count(*), count(DISTINCT target) FROM store_auditentry WHERE event = 'user:create'",
        "SELECT count(*), count(DISTINCT target) FROM store_auditentry WHERE event = 'invitation:issue'",
    ):
        assert ask(data, told) == [(good, good)], told
    assert ask(data, "SELECT sum(accounts) FROM store_population") == ask(data, "SELECT count(*) FROM store_account")
    with (tmp_path / "errors.csv").open(encoding="utf-8", newline="") as file:
        assert [row[0] for row in csv.reader(file)] == ["line", *(str(number + 2) for number in FAULTY)]
    assert "before" in run(*arguments(data)).stdout
    mailed(data, good)


def mailed(data: Path, good: int) -> None:
    """What the outbox sends is one invitation for each."""
    for _ in range(1 + good // 10_000):
        assert run("work", "--once", "--data", str(data), timeout=600).returncode == 0
    recipients = Counter(message_from_bytes(file.read_bytes())["To"] for file in (data / "mail").glob("*.eml"))
    assert len(recipients) == good
    assert set(recipients.values()) == {1}
