"""Bulk: a thousand operations of which half invite, with and without an Idempotency-Key, and the same sent again."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count

from bench import client, load
from bench.figures import Line, Spread, told
from bench.load import Answer, Stream, request
from bench.process import Program, free_port, housekey
from bench.room import Room

OPERATIONS = 1_000
_HEADERS = client.BASIC | {"Content-Type": "application/scim+json"}


def ask(room: Room) -> list[Line]:
    """The relay is down meanwhile, so that the request alone is measured."""
    nowhere = (f'[output_adapter.email]\nhostname = "localhost"\nport = {free_port()}\n'
               'from_address = "a@example.org"\nenable_authentication = false\n')
    numbers = count()
    with housekey(room.new("bulk") / "ours", client.CONFIG + nowhere) as server:
        plain = _runs(room, server, lambda: _request(next(numbers), ""))
        kept: list[bytes] = []

        def keyed() -> bytes:
            number = next(numbers)
            kept.append(_request(number, f"key-{number}"))
            return kept[-1]

        once = _runs(room, server, keyed)
        again = _runs(room, server, lambda: kept[-1])
    return [
        told(f"Bulk of {OPERATIONS} creations, every second with askPassword", plain, "operations/s"),
        told("the same with an Idempotency-Key", once, "operations/s"),
        told("the same sent again under its key", again, "operations/s"),
    ]


def _runs(room: Room, server: Program, make: Callable[[], bytes]) -> Spread:
    return Spread(tuple(_once(server, make()) for _ in range(room.runs + 1))[1:])


def _once(server: Program, sent: bytes) -> float:
    """Operations per second of one request."""
    requests = iter([sent])
    stream = Stream(lambda: next(requests, None), _right, 1)
    load.run(server.port, [stream], 600)
    return OPERATIONS * 1000 / stream.latencies[0]


def _right(answer: Answer) -> bool:
    return answer.status == 200 and answer.body.count(b'"status":"201"') == OPERATIONS


def _request(number: int, key: str) -> bytes:
    """Users nobody has made before."""
    rows = []
    for place in range(OPERATIONS):
        name = f"bulk-{number}-{place}"
        user: dict[str, object] = {"userName": name, "emails": [{"value": f"{name}@example.org", "primary": True}]}
        if place % 2:
            user["urn:scim:wso2:schema"] = {"askPassword": True}
        rows.append({"method": "POST", "path": "/Users", "bulkId": name, "data": user})
    headers = _HEADERS | ({"Idempotency-Key": key} if key else {})
    return request("POST", "/scim2/Bulk", headers, json.dumps({"Operations": rows}).encode())
