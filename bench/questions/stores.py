"""What people of our own database feel of a directory that is stopped or slow, while others keep trying to sign in from it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from tests.support.slapd import Place, Server

from bench import client, load
from bench.figures import Line, Spread, at_most, told
from bench.load import Stream, once, request
from bench.process import Program, housekey
from bench.room import Room, fill

CONFIG = '[server]\ntrusted_proxies = ["127.0.0.1/32"]\n'
"""So that each request may come from a network of its own: a hundred failures from one would make everybody there wait."""
PEOPLE = 40
SECONDS = 10.0
SIGN_INS, READS, OTHERS = 4, 4, 2
"""Connections: of PRIMARY to sign in and to read over SCIM, and of the directory."""
SIGN_IN_PAUSE, READ_PAUSE, OTHERS_PAUSE = 0.2, 0.05, 0.2
"""Seconds between an answer and the next request: a steady load that leaves the processors free, whatever the directory does."""
LATE = 3.0
"""Seconds by which each answer of a slow directory is late."""
MOST = 20
"""Per cent by which the 99th percentile may change."""
STORES = "/api/server/v1/userstores"
_JSON = client.BASIC | {"Content-Type": "application/json"}
Measured = dict[str, list[Stream]]


def ask(room: Room) -> list[Line]:
    found: Measured = {"up": [], "stopped": [], "slow": []}
    with _directory() as place, housekey(room.new("stores") / "ours", client.CONFIG + CONFIG) as server:
        fill(server, client.create(client.BASIC, password=client.PASSWORD), PEOPLE)
        _connect(server.port, place)
        _run(server, room, warm=True)
        for _ in range(room.runs):
            for state, streams in found.items():
                with _in_state(place, state):
                    _again(server.port)
                    streams += _run(server, room)
    return [line for place_, name in enumerate(("sign-ins", "SCIM reads")) for line in _lines(name, found, place_)]


def _lines(name: str, found: Measured, which: int) -> list[Line]:
    """`which`: of the two streams of each run."""
    runs = {state: streams[which::2] for state, streams in found.items()}
    lines = []
    for state, streams in runs.items():
        for share in (0.5, 0.99):
            spread = Spread(tuple(stream.percentile(share) for stream in streams))
            lines.append(told(f"PRIMARY {name}, directory {state}: p{share * 100:.0f}", spread, "ms"))
    for state in ("stopped", "slow"):
        changes = [(after.percentile(0.99) / before.percentile(0.99) - 1) * 100
                   for before, after in zip(runs["up"], runs[state], strict=True)]
        lines.append(at_most(f"PRIMARY {name}: change of p99 with the directory {state}", MOST, Spread(tuple(changes)), "%"))
    return lines


def _run(server: Program, room: Room, *, warm: bool = False) -> list[Stream]:
    """The streams of PRIMARY: sign-ins, reads."""
    requests, right = client.sign_ins(server.port, [f"login-{number}" for number in range(PEOPLE)])
    reads = [client.by_name(client.BASIC)(f"login-{number}") for number in range(PEOPLE)]
    ours = [Stream(_from_everywhere(client.circling(requests), "198.18"), right, SIGN_INS, SIGN_IN_PAUSE),
            Stream(client.circling(reads), client.found_one, READS, READ_PAUSE)]
    names = [f"STAFF/{'staff' if number % 2 else 'nobody'}{number}" for number in range(PEOPLE)]
    others = Stream(_from_everywhere(client.circling(client.sign_ins(server.port, names)[0]), "198.19"), _any, OTHERS, OTHERS_PAUSE)
    load.run(server.port, [*ours, others], min(room.seconds, 2.0) if warm else max(SECONDS, room.seconds))
    return ours


def _any(answer: load.Answer) -> bool:
    """Whatever is said to people of the directory, it is said without an error of ours."""
    return answer.status in {200, 303, 401, 429}


_networks = count()


def _from_everywhere(ask: Callable[[], bytes], prefix: str) -> Callable[[], bytes]:
    def asked() -> bytes:
        number = next(_networks)
        address = f"{prefix}.{number // 250 % 250}.{number % 250 + 1}"
        return ask().replace(b"\r\nHost:", f"\r\nX-Forwarded-For: {address}\r\nHost:".encode(), 1)

    return asked


@contextmanager
def _directory() -> Iterator[Place]:
    server = Server()
    place = server.place()
    try:
        for number in range(1, PEOPLE, 2):
            place.add(f"staff{number}", mail=f"staff{number}@example.org", password=client.PASSWORD)
        yield place
    finally:
        place.close()
        server.end()


@contextmanager
def _in_state(place: Place, state: str) -> Iterator[None]:
    if state == "stopped":
        place.stop()
    place.slow(LATE if state == "slow" else 0.0)
    try:
        yield
    finally:
        place.slow(0.0)
        place.start()


def _connect(port: int, place: Place) -> None:
    """Connect the directory, and wait until the server has looked through it."""
    properties = [{"name": name, "value": value} for name, value in (place.settings() | {"ConnectionPassword": place.secret}).items()]
    body = {"typeId": "VW5pcXVlSURSZWFkV3JpdGVMREFQVXNlclN0b3JlTWFuYWdlcg", "name": "STAFF", "description": "", "properties": properties}
    made = once(port, request("POST", STORES, _JSON, json.dumps(body).encode()))
    assert made.status == 201, made.body
    deadline = time.monotonic() + 30
    while not client.found_one(once(port, client.by_name(client.BASIC)(f"STAFF/staff{PEOPLE - 1}"))):
        assert time.monotonic() < deadline, "the directory is not looked through"
        time.sleep(0.2)


def _again(port: int) -> None:
    """Saved again, the directory is asked at once, whatever was found out before; all processes know of it a few seconds later."""
    body = json.dumps([{"op": "REPLACE", "path": "/description", "value": f"{time.time()}"}]).encode()
    saved = once(port, request("PATCH", f"{STORES}/U1RBRkY", _JSON, body))
    assert saved.status == 200, saved.body
    time.sleep(0.5)
