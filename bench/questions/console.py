"""The console where there are many users: whole pages, as an administrator's browser asks for them.

`CONSOLE_USERS=100000` says how many; `LISTS_DATABASE=postgres` chooses the database.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

from bench import client
from bench.figures import Line, Spread, at_most
from bench.load import Answer, Stream, request, run
from bench.process import crowd, housekey
from bench.questions.lists import database
from bench.room import Room

MOST = 150.0
"""Milliseconds of a page (what people still call at once; the network is loopback)."""
PAGES = {
    "first page": "users/",
    "page 1,000": "users/?page=1000",
    "newest first": "users/?sort=-created",
    "invited only": "users/?status=invited",
    "not invited yet": "users/?status=not-invited",
    "search for one name": "users/?q=crowd-77777",
    "search for a part of many": "users/?q=family",
    "search that finds nobody": "users/?q=nobody-is-called-so",
    "home": "",
    "search field": "search?q=crowd-5",
}


def ask(room: Room) -> list[Line]:
    size = int(os.environ.get("CONSOLE_USERS", "100000"))
    home = room.new("console") / "ours"
    with ExitStack() as stack:
        server = housekey(home, client.CONFIG + stack.enter_context(database()))
        crowd(home, size)
        stack.enter_context(server)
        browser = client.Browser(server.port)
        browser.get("/authenticationendpoint/login.do")
        browser.send("/authenticationendpoint/login.do", {"username": client.ADMIN, "password": client.ADMIN_PASSWORD})
        return [at_most(f"console, {size:,} users, {name}, p50", MOST, _p50(room, server.port, browser, path), "ms")
                for name, path in PAGES.items()]


def _p50(room: Room, port: int, browser: client.Browser, path: str) -> Spread:
    sent = request("GET", f"/console/{path}", {"Cookie": browser.cookie})

    def once() -> float:
        stream = Stream(lambda: sent, _a_page, 1)
        run(port, [stream], room.seconds)
        return stream.percentile(0.5)

    return Spread(tuple(once() for _ in range(room.runs + 1))[1:])


def _a_page(answer: Answer) -> bool:
    return answer.status == 200 and b'id="main"' in answer.body
