"""P1 and P2: SCIM create with askPassword; filter by user name; get by id."""

from __future__ import annotations

import sqlite3
import time
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from bench import client
from bench.figures import Line, against, at_most
from bench.floors import chosen, tables
from bench.load import Ask, Check, Stream, request
from bench.process import Program, free_port, housekey
from bench.room import Rate, Room, costs, fill, interleaved, rate, rates

CONNECTIONS = 8


def ask(room: Room) -> list[Line]:
    """The relay is down meanwhile, so that P1 measures the request alone; the mails are the matter of P7."""
    home = room.new("scim")
    tables.make(home / "floor.db")
    nowhere = (f'[output_adapter.email]\nhostname = "localhost"\nport = {free_port()}\n'
               'from_address = "a@example.org"\nenable_authentication = false\n')
    with ExitStack() as stack:
        ours = stack.enter_context(housekey(home / "ours", client.CONFIG + nowhere))
        floor = stack.enter_context(chosen.raw_handler(home / "floor.db"))
        ids = fill(ours, client.create(client.BASIC, invite=True), room.users)
        fill(floor, client.create(client.BEARER), room.users)
        lines = _create(room, ours, floor) + _read(room, ours, floor, ids)
    assert _waiting(home / "ours") > room.users
    return lines


def _create(room: Room, ours: Program, floor: Program) -> list[Line]:
    mine_next = client.Numbered("new-", client.create(client.BASIC, invite=True))
    raw_next = client.Numbered("new-", client.create(client.BEARER))

    def ours_once() -> Rate:
        return rate(ours, Stream(mine_next, client.created, CONNECTIONS), room.seconds)

    def floor_once() -> Rate:
        return rate(floor, Stream(raw_next, client.created, 1), room.seconds)

    mine, raw = interleaved(room, ours_once, floor_once)
    return [against(f"P1 create with askPassword, {CONNECTIONS} connections; floor one", 0.20, rates(mine), rates(raw)),
            at_most("P1 CPU of a create", 2.5, costs(mine), "ms")]


def _read(room: Room, ours: Program, floor: Program, ids: list[str]) -> list[Line]:
    names = [f"login-{number}" for number in range(0, room.users, 7)]
    theirs = client.circling([client.by_name(client.BEARER)(name) for name in names])
    filters = client.circling([client.by_name(client.BASIC)(name) for name in names])
    gets = client.circling([request("GET", f"{client.USERS}/{row}", client.BASIC) for row in ids[::7]])

    def floor_once() -> Rate:
        return rate(floor, Stream(theirs, client.found_one, 1), room.seconds)

    lines: list[Line] = []
    time.sleep(1)  # the load before this must not be settled at this one's expense
    for question, requests, right in (("filter by userName", filters, client.found_one), ("get by id", gets, client.found_it)):
        ours_once = partial(_again, ours, requests, right, room.seconds)
        mine, raw = interleaved(room, ours_once, floor_once)
        lines += [against(f"P2 {question}, {CONNECTIONS} connections; floor: filter, one", 0.15, rates(mine), rates(raw)),
                  at_most(f"P2 CPU of a {question}", 1.0, costs(mine), "ms")]
    return lines


def _again(ours: Program, requests: Ask, right: Check, seconds: float) -> Rate:
    return rate(ours, Stream(requests, right, CONNECTIONS), seconds)


def _waiting(data: Path) -> int:
    with closing(sqlite3.connect(data / "housekey.db")) as database:
        return int(database.execute("SELECT count(*) FROM store_message WHERE state IN ('queued', 'sending')").fetchone()[0])
