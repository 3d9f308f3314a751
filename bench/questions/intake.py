"""P8: files of people, in three formats, with and without invitations, against rows that are put into SQLite by nothing but `sqlite3`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from bench.figures import Line, Spread, against, told
from bench.floors.batched import Same, small
from bench.process import ROOT, own_environment
from bench.room import Room

LEAST = 20_000
"""People of a file; more with --users."""


def ask(room: Room) -> list[Line]:
    """The whole command is timed, its start included. Floor: one select and four small inserts for each, 100 in a transaction."""
    home, people = room.new("intake"), max(LEAST, room.users)
    empty, numbers = home / "empty", count()
    _command("migrate", "--data", str(empty))
    lines, written = [], empty
    for format, make in (("csv", _csv), ("jsonl", _json), ("ldif", _ldif)):
        file = home / f"people.{format}"
        file.write_text(make(people), encoding="utf-8")
        for invite in (False, True):
            pairs = []
            for _ in range(room.runs + 1):
                data = home / f"run{next(numbers)}"
                mine = _once(empty, data, file, people, invite=invite)
                pairs.append((mine, small(home / f"floor{next(numbers)}.db", people)))
                if written != empty and written.exists():
                    shutil.rmtree(written)
                written = data
            ours, floor = (Spread(tuple(pair[which] for pair in pairs[1:])) for which in (0, 1))
            how = "with invitations" if invite else "without invitations"
            lines.append(against(f"P8 import of {people:,} people, {format}, {how}", 0.5, ours, floor))
    return [*lines, _same(room, home, written, empty, people, numbers.__next__)]


def _same(room: Room, home: Path, written: Path, empty: Path, people: int, number: Callable[[], int]) -> Line:
    same = Same(written / "housekey.db")
    runs = []
    for _ in range(room.runs):
        fresh = home / f"same{number()}.db"
        shutil.copy(empty / "housekey.db", fresh)
        runs.append(same.run(fresh, people))
    return told("P8 the very rows of an import with invitations, by sqlite3 alone, 500 in a transaction", Spread(tuple(runs)), "/s")


def _once(empty: Path, data: Path, file: Path, people: int, *, invite: bool) -> float:
    """People a second, into a fresh database."""
    shutil.copytree(empty, data)
    began = time.perf_counter()
    told = _command("import", "users", str(file), "--invite" if invite else "--no-invite", "--json", "--data", str(data))
    took = time.perf_counter() - began
    report = json.loads(told)
    assert (report["created"], report["invited"]) == (people, people if invite else 0)
    return people / took


def _command(*arguments: str) -> str:
    command = [sys.executable, "-m", "housekey", *arguments]
    return subprocess.run(command, cwd=ROOT, env=own_environment(), check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True).stdout


def _csv(people: int) -> str:
    lines = (f"p{number:06},p{number:06}@example.com,Given{number},Family{number},Sales\n" for number in range(people))
    return "".join(["username,email,givenName,familyName,department\n", *lines])


def _json(people: int) -> str:
    users = ({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": f"p{number:06}", "active": True,
        "name": {"givenName": f"Given{number}", "familyName": f"Family{number}"},
        "emails": [{"value": f"p{number:06}@example.com", "type": "work", "primary": True}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Sales"},
    } for number in range(people))
    return "".join(f"{json.dumps(user)}\n" for user in users)


def _ldif(people: int) -> str:
    return "".join(
        f"dn: uid=p{number:06},ou=people,dc=example,dc=com\nobjectClass: top\nobjectClass: inetOrgPerson\nuid: p{number:06}\n"
        f"cn: Given{number} Family{number}\nsn: Family{number}\ngivenName: Given{number}\nmail: p{number:06}@example.com\n"
        "departmentNumber: Sales\n\n" for number in range(people))
