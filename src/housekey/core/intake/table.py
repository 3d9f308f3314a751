"""CSV (RFC 4180) as a stream. A quotation mark that nobody closes costs its own line, not the rest of the file."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator

from housekey.core.errors import Invalid
from housekey.core.foreign_hashes import read as read_hash
from housekey.core.intake.lines import Line
from housekey.core.intake.people import from_cells, user_name
from housekey.core.intake.rows import Row, Source
from housekey.core.sheet import BLOCKED, COLUMNS, MOST_CELL, MOST_COLUMNS, plain
from housekey.core.users import NewUser

MOST_LINES = 50
"""Lines of one cell with line breaks."""
MORE = {"passwordhash": "passwordhash", "password hash": "passwordhash", "displayname": "displayname", "display name": "displayname",
        "nickname": "nickname", "emailaddress": "email"}
"""Headings beyond those of `core.sheet`."""
_CLAIMS = "http://wso2.org/claims/"
_IN_OTHER_WORDS = re.compile(r"[_ ]")

Record = tuple[int, list[str], str]
"""Number, cells, and why there are none."""


def records(found: Iterator[Line]) -> Iterator[Record]:
    """The rows of a table, the heading first; what parts its cells is seen by that."""
    waiting: deque[Line] = deque()
    delimiter = ""

    def following() -> Line | None:
        return waiting.popleft() if waiting else next(found, None)

    while (line := following()) is not None:
        number, text, fault = line
        if fault:
            yield number, [], fault
            continue
        if not delimiter:
            if not text.strip():
                continue
            delimiter = max(",;\t", key=text.count)
        group = [text]
        if text.count('"') % 2 and not _is_one(group, delimiter):
            taken = _to_closing(found, waiting, text, delimiter)
            group += [one[1] for one in taken]
            if not taken:
                yield number, [], "A quotation mark in this line is never closed."
                continue
        yield from _cells(number, group, delimiter)


def _to_closing(found: Iterator[Line], waiting: deque[Line], text: str, delimiter: str) -> list[Line]:
    """The lines up to the one that closes what is open; none if there is no such line near, and then they are still to be read."""
    taken: list[Line] = []
    while len(taken) < MOST_LINES:
        line = waiting.popleft() if waiting else next(found, None)
        if line is None:
            break
        taken.append(line)
        if not line[2] and line[1].count('"') % 2:
            if not any(one[2] for one in taken) and _is_one([text, *(one[1] for one in taken)], delimiter):
                return taken
            break
    waiting.extendleft(reversed(taken))
    return []


def _is_one(group: list[str], delimiter: str) -> bool:
    """Do these lines make one row? A quotation mark in the middle of a cell opens nothing."""
    try:
        return len(list(csv.reader((f"{line}\n" for line in group), delimiter=delimiter, strict=True))) == 1
    except csv.Error:
        return False


def _cells(number: int, group: list[str], delimiter: str) -> Iterator[Record]:
    try:
        for cells in csv.reader([f"{line}\n" for line in group], delimiter=delimiter):
            yield number, cells, ""
    except csv.Error as error:
        yield number, [], f"The line cannot be read: {error}."


def heading(cells: list[str], names: dict[str, str]) -> list[str]:
    """What the columns mean, "" for nothing. Raises Invalid (field file) for what no file may have, and for columns that mean the same."""
    if len(cells) > MOST_COLUMNS:
        raise Invalid(f"The file has more than {MOST_COLUMNS} columns.", field="file")
    known: list[str] = []
    for title in cells:
        name = title.strip().lower().removeprefix(_CLAIMS)
        if _IN_OTHER_WORDS.sub("", name) in BLOCKED:
            raise Invalid(f"The column {title.strip()[:60]} cannot be imported. Take it out of the file.", field="file")
        found = names.get(name) or names.get(name.replace("_", "")) or ""
        if found and found in known:
            raise Invalid(f"Two columns mean {found}. Keep one of them.", field="file")
        known.append(found)
    return known


def read(found: Iterator[Line], source: Source) -> Iterator[Row]:
    """A table whose first line names the columns. Raises Invalid (field file) for what is no such table."""
    table = records(found)
    first = next(table, None)
    if first is None:
        raise Invalid("The file is empty. Its first line names the columns, for example username,email.", field="file")
    if first[2]:
        raise Invalid(f"Line {first[0]}: {first[2]}", field="file")
    known = heading(first[1], COLUMNS | MORE)
    if "username" not in known and "email" not in known:
        raise Invalid("The first line has to name the columns; one of them must be username or email.", field="file")
    for number, cells, fault in table:
        if fault:
            yield Row(number, "", fault=fault)
        elif any(cell.strip() for cell in cells):
            yield _row(number, cells, known, source)


def _row(number: int, cells: list[str], known: list[str], source: Source) -> Row:
    if len(cells) > len(known):
        return Row(number, cells[0][:200], fault=f"There are {len(cells)} cells where the first line has {len(known)} columns.")
    found = {name: plain(cell) for name, cell in zip(known, cells, strict=False) if name and cell}
    name = found.get("username") or found.get("email", "")
    if not name:
        return Row(number, "", fault="There is no username.")
    if any(len(cell) > MOST_CELL for cell in cells):
        return Row(number, name[:200], fault=f"A cell is longer than {MOST_CELL} characters.")
    found = {key: cell for key, cell in found.items() if cell}
    brought = read_hash(found["passwordhash"]) if "passwordhash" in found else None
    new = NewUser(user_name(name, source.domain), from_cells(found))
    return Row(number, name, new, brought.stored, note=brought.why) if brought else Row(number, name, new)
