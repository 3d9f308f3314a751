"""P4: sign-in and set-password against the Argon2 floor, and what other requests feel of a full load of sign-ins."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from bench import client
from bench.figures import Line, Spread, against, at_most, told
from bench.floors import chosen
from bench.load import Stream
from bench.process import Program, housekey
from bench.room import Rate, Room, costs, fill, interleaved, rate, rates

CONNECTIONS = 8
PEOPLE = 64
LINKS = 120
"""Set-password requests of one run: each link is good for one."""


def ask(room: Room) -> list[Line]:
    home = room.new("hashing")
    argon2 = chosen.argon2()

    def floor_once() -> Rate:
        return Rate(argon2(CONNECTIONS), 0)

    data = home / "ours"
    with housekey(data, client.CONFIG) as server:
        fill(server, client.create(client.BASIC, password=client.PASSWORD), PEOPLE)
        requests, right = client.sign_ins(server.port, [f"login-{number}" for number in range(PEOPLE)])
        asked = client.circling(requests)
        mine, raw = interleaved(room, lambda: rate(server, Stream(asked, right, CONNECTIONS), room.seconds), floor_once)
        lines = [against(f"P4 sign-in, {CONNECTIONS} connections; floor {CONNECTIONS} threads", 0.92, rates(mine), rates(raw)),
                 told("P4 CPU of a sign-in", costs(mine), "ms")]
        others = [_beside(room, server, Stream(asked, right, CONNECTIONS)) for _ in range(room.runs)]
        lines.append(at_most("P4 p99 of SCIM filters under full sign-in load", 50, Spread(tuple(others)), "ms"))
        lines += _set_password(room, server, data / "mail", floor_once)
    return lines


def _beside(room: Room, server: Program, sign_ins: Stream) -> float:
    """Somebody who reads one user every 20 ms while everybody signs in: the 99th percentile in ms."""
    reader = Stream(client.circling([client.by_name(client.BASIC)("login-1")]), client.found_one, 1, pause=0.02)
    rate(server, sign_ins, room.seconds, [reader])
    return reader.percentile(0.99)


def _set_password(room: Room, server: Program, mail: Path, floor_once: Callable[[], Rate]) -> list[Line]:
    count = LINKS * (room.runs + 1)
    fill(server, client.create(client.BASIC, invite=True), count, prefix="invited-")
    end = time.monotonic() + 120
    while len(list(mail.glob("*.eml"))) < count:
        if time.monotonic() > end:
            raise TimeoutError("the mails were not written")
        time.sleep(0.2)
    forms = iter(client.opened(server.port, mail))

    def ours_once() -> Rate:
        batch = iter(list(islice(forms, LINKS)))
        return rate(server, Stream(lambda: next(batch, None), client.password_set, CONNECTIONS), 600)

    mine, raw = interleaved(room, ours_once, floor_once)
    return [against(f"P4 set-password, {CONNECTIONS} connections; floor {CONNECTIONS} threads", 0.85, rates(mine), rates(raw)),
            told("P4 CPU of a set-password", costs(mine), "ms")]
