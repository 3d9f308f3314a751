"""`python -m bench`: ask the questions, print the table."""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.figures import Line, table
from bench.floors import chosen
from bench.questions import applications, bulk, console, hashing, intake, lists, mail, phone, scim, start, stores
from bench.room import Room

QUESTIONS = {
    "start": start.ask, "scim": scim.ask, "lists": lists.ask, "console": console.ask, "bulk": bulk.ask, "import": intake.ask,
    "hashing": hashing.ask, "mail": mail.ask, "phone": phone.ask, "stores": stores.ask, "applications": applications.ask,
}
RESULTS = Path(__file__).resolve().parent / "results"


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="housekey-bench-") as directory:
        room = Room(Path(directory), arguments.runs, arguments.seconds, arguments.users)
        lines: list[Line] = []
        for name in arguments.only or QUESTIONS:
            print(f"asking: {name} …", file=sys.stderr, flush=True)
            lines += QUESTIONS[name](room)
    text = "\n".join([*_circumstances(room), "", table(lines), ""])
    print(text)
    if arguments.write:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{datetime.now(UTC):%Y-%m-%d}.md").write_text(text, encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Housekey beside floor programs, in the same run.",
                                     epilog="FLOORS=DIRECTORY uses raw_handler.py and floors.py from there; FLOORS_PYTHON runs them.")
    parser.add_argument("only", nargs="*", metavar="QUESTION", help=f"some of: {', '.join(QUESTIONS)} (default: all)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each figure after the warm-up (default: 5)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one run (default: 2)")
    parser.add_argument("--users", type=int, default=1000, help="users there before P1 and P2 (default: 1000)")
    parser.add_argument("--write", action="store_true", help="also write bench/results/DATE.md")
    return parser


def _circumstances(room: Room) -> list[str]:
    """Everything a figure depends on."""
    now = datetime.now(UTC)
    return [
        f"# Housekey {version('housekey')}, {now:%Y-%m-%d %H:%M} UTC",
        "",
        f"- Machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} over the last minute; the load generator ran on it too. "
        f"{platform.python_implementation()} {platform.python_version()}, granian {version('granian')}, Django {version('Django')}.",
        f"- Database: SQLite {sqlite3.sqlite_version}, WAL, synchronous=FULL for Housekey and for the raw floor; "
        f"{room.users} users before P1 and P2.",
        "- Server: one worker process, 8 web threads, outbox in the same process; no TLS, kept-open connections, HTTP Basic with a "
        "warm credential. P1 and P2 with the relay down, so that only the request is measured.",
        f"- Floors: {'given by FLOORS' if chosen.EXTERNAL else 'our own, bench/floors'}; the mail floor is always our own. "
        f"Interleaved with ours; {room.runs} runs of {room.seconds:g} s after a warm-up, median (min–max).",
        "- Every answer's status and body were checked.",
    ]


if __name__ == "__main__":
    sys.exit(main())
