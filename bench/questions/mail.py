"""P6 and P7: from the answer 201 to the relay, and how fast a full outbox is drained."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from bench import client, load
from bench.figures import Line, Spread, against, at_most
from bench.floors.mailing import kept_open
from bench.load import Stream
from bench.process import ROOT, free_port, housekey
from bench.relay import Relay
from bench.room import Room, fill

IDLE_MAILS = 200
BACKLOG = 1_000
PAUSE = 0.03
"""Seconds between two creations of P6: the outbox has nothing else to do."""


def ask(room: Room) -> list[Line]:
    home = room.new("mail")
    relay = Relay(home, free_port())
    with housekey(home / "ours", client.CONFIG + relay.toml()) as server:
        with relay:
            lines = _idle(server.port, relay)
        fill(server, client.create(client.BASIC, invite=True), BACKLOG, prefix="backlog-")
    with relay:
        return lines + _drained(room, home / "ours", relay)


def _idle(port: int, relay: Relay) -> list[Line]:
    """`IDLE_MAILS` creations one after the other with pauses; in all, not per run: a percentile needs many."""
    answered: dict[str, float] = {}
    names = iter(f"idle{number}" for number in range(IDLE_MAILS + 1))
    asked: list[str] = []
    make = client.create(client.BASIC, invite=True)

    def ask_one() -> bytes | None:
        name = next(names, None)
        if name is not None:
            asked.append(name)
        return None if name is None else make(name)

    def noted(answer: load.Answer) -> bool:
        answered[asked[-1]] = time.time()
        return client.created(answer)

    load.run(port, [Stream(ask_one, noted, 1, pause=PAUSE)], 60)
    taken = {recipient.partition("@")[0]: moment for recipient, moment, _ in relay.wait_for(len(answered), 60)}
    # The first one has to make the connection and to verify the credential.
    waits = [max(0.0, (taken[name] - moment) * 1000) for name, moment in answered.items() if name != "idle0"]
    fifths = [sorted(waits[number::5]) for number in range(5)]
    middle = Spread(tuple(fifth[len(fifth) // 2] for fifth in fifths))
    return [at_most(f"P6 201 to accepted by the relay, idle, {len(waits)} mails: p50 (of each fifth)", 60, middle, "ms"),
            at_most("P6 the same: p99 of all", 500, Spread((sorted(waits)[int(len(waits) * 0.99)],)), "ms")]


def _drained(room: Room, data: Path, relay: Relay) -> list[Line]:
    """Two ways to drain: `work --once` keeps to one connection, a running worker uses `[outbox] connections` for a backlog."""
    once: list[float] = []
    running: list[float] = []
    floor: list[float] = []
    size = 0
    for _ in range(room.runs + 1):
        once.append(_speed(data, relay, "--once"))
        running.append(_speed(data, relay))
        size = size or relay.last_size
        floor.append(kept_open(relay.port, relay.ca_file, BACKLOG, _text(size)))
        relay.wait_for(BACKLOG, 60)
    least = Spread(tuple(floor[1:]))
    what = f"STARTTLS, {size:,} bytes each; floor: smtplib kept open"
    return [against(f"P7 drained, one worker on one connection, {what}", 0.50, Spread(tuple(once[1:])), least, "mails/s"),
            against("P7 the same, one worker as it runs by default (two connections)", 0.50, Spread(tuple(running[1:])), least, "mails/s")]


def _speed(data: Path, relay: Relay, *arguments: str) -> float:
    """Mails per second between the first and the last: what the command needs to start is not the outbox's."""
    _queue_again(data)
    worker = subprocess.Popen([sys.executable, "-m", "housekey", "work", *arguments, "--data", str(data)], cwd=ROOT,
                              env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"}, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    try:
        moments = [moment for _, moment, _ in relay.wait_for(BACKLOG, 120)]
    finally:
        if not arguments:
            worker.terminate()
        worker.wait(60)
    return (len(moments) - 1) / (max(moments) - min(moments))


def _queue_again(data: Path) -> None:
    """Make the same messages due once more."""
    with closing(sqlite3.connect(data / "housekey.db")) as database, database:
        database.execute("DELETE FROM store_attempt")
        database.execute("UPDATE store_message SET state = 'queued', attempts = 0, finished = NULL, leased_by = '', leased_until = NULL, "
                         "due = created WHERE recipient LIKE 'backlog-%'")
        database.execute("UPDATE store_code SET sent = NULL")


def _text(size: int) -> bytes:
    head = b"From: housekey@example.com\r\nTo: floor@example.com\r\nSubject: floor\r\n\r\n"
    return head + (b"y" * 76 + b"\r\n") * ((size - len(head)) // 78)
