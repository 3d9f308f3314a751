"""Do requests take longer where there are more users? Each kind on a small and on large tables, p50 beside p50.

`LISTS_SIZES=1000,1000000` chooses the sizes, the first being what the others are compared with; `LISTS_DATABASE=postgres` the database.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlencode

from bench import client
from bench.figures import Line, Spread, told
from bench.load import Answer, Ask, Check, Stream, once, request, run
from bench.process import Program, crowd, housekey
from bench.room import Room

MOST = 1.5
"""Times the p50 of the first size."""
_SCIM = client.BASIC | {"Content-Type": "application/scim+json"}


def ask(room: Room) -> list[Line]:
    sizes = [int(size) for size in os.environ.get("LISTS_SIZES", "1000,100000").split(",")]
    kept = {size: _measured(room, size) for size in sizes}
    first, lines = kept[sizes[0]], []
    for kind, spread in first.items():
        lines.append(told(f"{kind}, {sizes[0]:,} users, p50", spread, "ms"))
        for size in sizes[1:]:
            ratio = kept[size][kind].median / spread.median
            measured = f"{kept[size][kind]} ms"
            lines.append(Line(f"{kind}, {size:,} users, p50", f"≤ {MOST:g} × {sizes[0]:,}", measured, f"{ratio:.2f}", ratio <= MOST))
    return lines


def _measured(room: Room, size: int) -> dict[str, Spread]:
    home = room.new(f"lists-{size}") / "ours"
    with ExitStack() as stack:
        config = client.CONFIG + stack.enter_context(database())
        server = housekey(home, config)
        crowd(home, size)
        stack.enter_context(server)
        return {kind: _p50(room, server, make, check) for kind, (make, check) in _kinds(server, size).items()}


@contextmanager
def database() -> Iterator[str]:
    """The configuration of the database to use."""
    if os.environ.get("LISTS_DATABASE") != "postgres":
        yield ""
        return
    from tests.support import postgres

    try:
        with postgres.fresh_database(postgres.start()) as url:
            yield f"\n[database]\nurl = {json.dumps(url)}\n"
    finally:
        postgres.stop()


def _p50(room: Room, server: Program, make: Ask, check: Check) -> Spread:
    def one() -> float:
        stream = Stream(make, check, 1)
        run(server.port, [stream], room.seconds)
        return stream.percentile(0.5)

    return Spread(tuple(one() for _ in range(room.runs + 1))[1:])


def _kinds(server: Program, size: int) -> dict[str, tuple[Ask, Check]]:
    numbers = range(1, size, max(1, size // 200))
    found = once(server.port, _list(count=100, startIndex=max(1, size // 2)))
    ids = [row["id"] for row in json.loads(found.body)["Resources"]]
    cursor = json.loads(once(server.port, _list(count=100, cursor="")).body)["nextCursor"]
    return {
        "create": (client.Numbered("new-", client.create(client.BASIC)), client.created),
        "get by id": (client.circling([request("GET", f"{client.USERS}/{row}", client.BASIC) for row in ids]), client.found_it),
        "PATCH": (_patches(ids), client.found_it),
        "filter by userName": (client.circling([_list(filter=f'userName eq "crowd-{number}"') for number in numbers]), client.found_one),
        "filter by address": (client.circling([_list(filter=f'emails eq "crowd-{number}@example.org"') for number in numbers]),
                              client.found_one),
        "filter by externalId": (client.circling([_list(filter=f'externalId eq "x-{number}"') for number in numbers]), client.found_one),
        "list of 100": (client.circling([_list(count=100)]), _a_hundred),
        "list of 100, sorted by displayName": (client.circling([_list(count=100, sortBy="displayName")]), _a_hundred),
        "list of 100, by cursor": (client.circling([_list(count=100, cursor=cursor)]), _a_hundred),
    }


def _list(**query: object) -> bytes:
    return request("GET", f"{client.USERS}?{urlencode(query)}", client.BASIC)


def _patches(ids: list[str]) -> Callable[[], bytes]:
    """Each changes something."""
    turn = 0

    def following() -> bytes:
        nonlocal turn
        turn += 1
        body = {"Operations": [{"op": "replace", "path": "title", "value": f"Engineer {turn}"}]}
        return request("PATCH", f"{client.USERS}/{ids[turn % len(ids)]}", _SCIM, json.dumps(body).encode())

    return following


def _a_hundred(answer: Answer) -> bool:
    return answer.status == 200 and b'"itemsPerPage":100' in answer.body
