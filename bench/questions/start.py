"""P9 and P10: how long it takes to start, and what it needs while nobody asks anything."""

from __future__ import annotations

import subprocess
import sys
import time

from bench import client
from bench.figures import Line, Spread, at_most, told
from bench.process import ROOT, housekey
from bench.room import Room

SETTLE = 5.0
"""Seconds after which an idle server is measured."""


def ask(room: Room) -> list[Line]:
    server = housekey(room.new("start") / "ours", client.CONFIG)
    server.start()  # makes the database; the starts that are measured find it migrated
    server.stop()
    started, resident, proportional = [], [], []
    for number in range(room.runs):
        started.append(server.start())
        if number == 0:
            time.sleep(SETTLE)
        resident.append(server.resident())
        proportional.append(server.proportional())
        server.stop()
    return [at_most("P9 cold start to 200 from /readyz, migrated database", 1.5, Spread(tuple(started)), "s"),
            at_most("P9 housekey --help", 0.25, Spread(tuple(_help() for _ in range(room.runs))), "s"),
            at_most("P10 resident, idle, web and worker", 120, Spread(tuple(resident)), "MB"),
            told("P10 the same, shared pages counted once", Spread(tuple(proportional)), "MB")]


def _help() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "housekey", "--help"], check=True, cwd=ROOT, stdout=subprocess.DEVNULL,
                   env={"PYTHONPATH": str(ROOT / "src")})
    return time.perf_counter() - began
