"""`import users`: the people of another system, from a file."""

from __future__ import annotations

import csv
import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from housekey.cli import output
from housekey.cli.options import DONE, REFUSED, enter, now, say
from housekey.cli.tenants import speaking_in
from housekey.core.errors import Invalid
from housekey.core.names import findable

if TYPE_CHECKING:
    from housekey.operations.intake import Mark, Plan, Remark

SHOWN = 20
"""Remarks that are shown where no file was named for them."""
EVERY_SECONDS, EVERY_ROWS = 0.5, 10_000
"""How often progress is told: on a terminal, and elsewhere."""
MOST_AT_ONCE = 5_000
"""People in one transaction: while it is written, nobody else writes to SQLite."""
HEADING = ("line", "name", "reason", "outcome")


def users(arguments: Namespace) -> int:
    """Exit code 1 if somebody could not be imported, or the file cannot be read to its end; what was imported stays."""
    house = enter()
    by = speaking_in(arguments.tenant)
    from housekey.operations import intake

    if arguments.errors and os.path.realpath(arguments.errors) == os.path.realpath(arguments.file):
        raise Invalid("The file for errors would replace the file itself.", field="errors")
    with _file(arguments.file) as stream:
        plan = intake.plan(house, by, stream, _wanted(arguments))
        from_before = plan.mark if not arguments.dry_run else intake.Mark()
        if from_before.finished:
            return _told(arguments, plan, from_before, again=True)
        if from_before.rows:
            say(f"Going on behind line {from_before.line}: {from_before.rows} people were dealt with before.")
        remarks = Remarks(arguments.errors, from_before.remarks)
        progress = Progress(stream, from_before.rows, quiet=arguments.json)
        mark = from_before
        try:
            steps = (intake.look_through(house, by, stream, plan, remarks.add) if arguments.dry_run
                     else intake.run(house, by, stream, plan, now, remarks.add))
            for mark in steps:
                progress.show(mark)
        except KeyboardInterrupt:
            progress.end()
            say("Stopped." if arguments.dry_run else "Stopped. The same command goes on where this one ended.")
            raise
        finally:
            progress.end()
            remarks.close()
    return _told(arguments, plan, mark)


def _wanted(arguments: Namespace) -> Any:
    from housekey.core.intake.rows import Limits, Source
    from housekey.operations.intake import Wanted

    limits = Limits(line=arguments.longest_line, rows=arguments.most_rows)
    tenant = None if arguments.source_tenant == "all" else _number(arguments.source_tenant)
    source = Source(arguments.encoding, arguments.domain, arguments.digest, tenant, limits)
    return Wanted(findable(Path(arguments.file).name), arguments.format or None, source, arguments.invite, arguments.again,
                  min(max(arguments.at_once, 1), MOST_AT_ONCE))


def _number(text: str) -> int:
    try:
        return int(text[:12])
    except ValueError:
        raise Invalid("The tenant of the file is a number such as -1234, or all.", field="source-tenant") from None


@contextmanager
def _file(path: str) -> Iterator[BinaryIO]:
    """Raises Invalid for what is no file that can be read twice: it is looked through first, and after a crash again."""
    try:
        if not Path(path).is_file():
            raise Invalid(f"{path} is not a file.", field="file")
        with Path(path).open("rb") as stream:
            yield stream
    except OSError as error:
        raise Invalid(f"{error.filename or path} cannot be used: {(error.strerror or str(error)).lower()}.", field="file") from None


class Remarks:
    """What is said of single people: into a file of CSV that no spreadsheet takes for formulas, or the first few onto the screen."""

    def __init__(self, path: str, before: int) -> None:
        """`before`: how many there are from an earlier part of the same import; what a crash left behind them is cut off."""
        self._shown = 0
        self._more = 0
        self._file: TextIO | None = self._opened(Path(path), before) if path else None

    def _opened(self, path: Path, before: int) -> TextIO:
        from housekey.core.sheet import write

        kept: list[list[str]] = []
        if before and path.exists():
            with path.open(encoding="utf-8", newline="") as old:
                kept = list(csv.reader(old))[1 : before + 1]
        file = path.open("w", encoding="utf-8", errors="replace", newline="")
        file.write("".join(write(HEADING, ())))
        csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(kept)
        file.flush()
        return file

    def add(self, remarks: list[Remark]) -> None:
        from housekey.core.sheet import write

        if self._file is not None:
            cells = [(str(one.line), one.name, one.reason, "imported" if one.kept else "not imported") for one in remarks]
            self._file.write("".join(list(write(HEADING, cells))[1:]))
            self._file.flush()
            os.fsync(self._file.fileno())
            return
        room = max(0, SHOWN - self._shown)
        for one in remarks[:room]:
            say(output.text(f"line {one.line}: {one.name}: {one.reason}" if one.name else f"line {one.line}: {one.reason}"))
        self._shown += len(remarks[:room])
        self._more += len(remarks[room:])

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        elif self._more:
            say(f"… and {self._more} more. --errors FILE keeps all of them.")


class Progress:
    """A line that is written over and over on a terminal; elsewhere one line now and then."""

    def __init__(self, stream: BinaryIO, rows: int, *, quiet: bool) -> None:
        self._stream, self._before, self._quiet = stream, rows, quiet
        self._size = max(1, os.fstat(stream.fileno()).st_size)
        self._live = sys.stderr.isatty()
        self._began = self._last = time.monotonic()
        self._told = rows

    def show(self, mark: Mark) -> None:
        if self._quiet:
            return
        moment = time.monotonic()
        if self._live and moment - self._last >= EVERY_SECONDS:
            self._last = moment
            sys.stderr.write(f"\r\x1b[2K{self._line(mark, moment)}")
            sys.stderr.flush()
        elif not self._live and mark.rows - self._told >= EVERY_ROWS:
            self._told = mark.rows
            say(self._line(mark, moment))

    def _line(self, mark: Mark, moment: float) -> str:
        done = min(1.0, self._stream.tell() / self._size)
        seconds = max(moment - self._began, 0.001)
        line = f"{done:4.0%}  {mark.rows} people  {(mark.rows - self._before) / seconds:,.0f}/s"
        left = seconds * (1 - done) / max(done, 0.001)
        return f"{line}  about {_spoken(left)} left" if done < 1 else line

    def end(self) -> None:
        if self._live and not self._quiet:
            sys.stderr.write("\r\x1b[2K")


def _spoken(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _told(arguments: Namespace, plan: Plan, mark: Mark, *, again: bool = False) -> int:
    if arguments.json:
        told = asdict(mark) | {"format": plan.format, "dryRun": arguments.dry_run, "before": again}
        output.as_json({name: value for name, value in told.items() if name != "line"})
        return REFUSED if mark.refused else DONE
    if again:
        print("This file was imported with these options before. Nothing was done. --again goes through it anew.")
    would = "would be " if arguments.dry_run else ""
    output.facts({
        "Format": plan.format, "People": mark.rows - mark.aside, f"{would.capitalize()}created" if would else "Created": mark.created,
        "  invited": mark.invited or "", "  with their password": mark.hashed or "", "  who must change it first": mark.resets or "",
        "  without their password": mark.without or "", "Not imported": mark.refused, "Entries that are nobody": mark.aside or "",
    })
    return REFUSED if mark.refused else DONE
