"""A table of people as text: read from CSV, written as CSV that no spreadsheet takes for a formula (RFC 4180; A-117, A-180)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from housekey.core.errors import Invalid

MOST_ROWS = 100_000
MOST_COLUMNS = 50
MOST_CELL = 2_000
"""Characters of a cell."""
MOST_CHARACTERS = 20_000_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")
_INNER = re.compile(r"([;\t\r\n][ ']*)(?=[=+\-@\t\r\0＝＋－＠])")
_INNER_DEFUSED = re.compile(r"([;\t\r\n][ ']*)'(?=[=+\-@\t\r\0＝＋－＠])")
"""What begins like a formula behind something that ends a cell where semicolons part them: there a quotation mark behind a comma holds
nothing together. German and French spreadsheets read a file so."""
COLUMNS: dict[str, str] = {
    "username": "username", "user name": "username", "login": "username",
    "givenname": "givenname", "given name": "givenname", "firstname": "givenname", "first name": "givenname", "name.givenname": "givenname",
    "familyname": "familyname", "family name": "familyname", "lastname": "familyname", "last name": "familyname", "surname": "familyname",
    "name.familyname": "familyname",
    "email": "email", "e-mail": "email", "mail": "email", "emailaddress": "email", "email address": "email", "emails": "email",
    "mobile": "mobile", "phone": "mobile", "mobile number": "mobile", "phonenumbers.mobile": "mobile",
    "locale": "locale", "language": "locale",
    "externalid": "externalid", "external id": "externalid",
    "department": "department", "organization": "organization", "employeenumber": "employeenumber", "title": "title",
}
"""Headings that are understood, in any case, and what they stand for. WSO2's names of claims are among them."""
BLOCKED = {"password", "onetimepassword", "x509certificates", "roles", "role"}
"""Headings that no file may have: nobody's password travels in a file, and roles are given one by one (reference 1.8)."""


@dataclass(frozen=True, slots=True)
class Line:
    """One person. `number`: the line of the file, the heading being 1. `cells`: by the names of `COLUMNS`, none empty."""

    number: int
    cells: dict[str, str] = field(default_factory=dict)
    fault: str = ""
    """Why the line cannot be read, in a sentence."""


@dataclass(frozen=True, slots=True)
class Sheet:
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    ignored: tuple[str, ...] = ()
    """Headings that mean nothing here."""


def read(text: str) -> Sheet:
    """Commas, semicolons or tabs between the cells, with or without quotation marks. The first line names the columns.

    Raises Invalid (field file) for what is no such table; a line that cannot be taken is kept with its fault.
    """
    if len(text) > MOST_CHARACTERS:
        raise Invalid(f"The file is larger than {MOST_CHARACTERS // 1_000_000} million characters. Split it.", field="file")
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        raise Invalid("This is not a text file. Save the table as CSV (UTF-8) and try again.", field="file")
    rows = _rows(text)
    try:
        heading = next(rows)[1]
    except StopIteration:
        raise Invalid("The file is empty. Its first line names the columns, for example username,email.", field="file") from None
    known, ignored = _columns(heading)
    lines: list[Line] = []
    for number, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(lines) >= MOST_ROWS:
            raise Invalid(f"The file has more than {MOST_ROWS} people. Split it.", field="file")
        lines.append(_line(number, cells, known, len(heading)))
    if not lines:
        raise Invalid("The file names its columns and nobody else. Add a line for each person.", field="file")
    return Sheet(tuple(dict.fromkeys(name for name in known if name)), tuple(lines), ignored)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        begins = reader.line_num + 1
        try:
            yield begins, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Invalid(f"Line {begins} cannot be read: {error}.", field="file") from None


def _columns(heading: list[str]) -> tuple[list[str], tuple[str, ...]]:
    if len(heading) > MOST_COLUMNS:
        raise Invalid(f"The file has more than {MOST_COLUMNS} columns.", field="file")
    known, ignored = [], []
    for title in heading:
        name = title.strip().lower()
        if name.replace("_", "").replace(" ", "") in BLOCKED:
            raise Invalid(f"The column {title.strip()[:60]} cannot be imported. Take it out of the file.", field="file")
        found = COLUMNS.get(name) or COLUMNS.get(name.replace("_", "")) or ""
        if found and found in known:
            raise Invalid(f"Two columns mean {found}. Keep one of them.", field="file")
        known.append(found)
        if not found and title.strip():
            ignored.append(title.strip()[:60])
    if "username" not in known and "email" not in known:
        raise Invalid("The first line has to name the columns; one of them must be username or email.", field="file")
    return known, tuple(ignored)


def _line(number: int, cells: list[str], known: list[str], width: int) -> Line:
    if len(cells) > width:
        return Line(number, fault=f"There are {len(cells)} cells where the first line has {width} columns.")
    if any(len(cell) > MOST_CELL for cell in cells):
        return Line(number, fault=f"A cell is longer than {MOST_CELL} characters.")
    found = {name: plain(cell) for name, cell in zip(known, cells, strict=False) if name}
    found = {name: cell for name, cell in found.items() if cell}
    if "username" not in found and "email" in found:
        found["username"] = found["email"]
    return Line(number, found) if found.get("username") else Line(number, found, "There is no username.")


def plain(cell: str) -> str:
    """A cell as it was before `defused` put an apostrophe in front."""
    if "'" not in cell:
        return cell.strip()
    quoted = cell.strip(" ")
    whole = quoted[1:] if quoted[:1] == "'" and _is_formula(quoted) else cell
    return _INNER_DEFUSED.sub(r"\1", whole).strip()


def defused(cell: str) -> str:
    """A cell that a spreadsheet shows as text, whatever it begins with. One that looks defused gets another apostrophe, so that `plain`
    gives back exactly what was there."""
    inner = _INNER.sub(r"\1'", cell)
    return f"'{inner}" if _is_formula(inner) else inner


def _is_formula(cell: str) -> bool:
    return cell.lstrip(" '").startswith(_FORMULA)


def write(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lines of CSV, every cell in quotation marks."""
    for row in (heading, *rows):
        out = io.StringIO(newline="")
        csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow([defused(cell) for cell in row])
        yield out.getvalue()
