"""The rows that a dump of a database writes: INSERT as H2, MySQL and PostgreSQL have it, and PostgreSQL's COPY. Nothing is executed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import TextIOBase

from housekey.core.errors import Invalid

AT_ONCE = 65_536
"""Characters read at once."""
LONGEST_TOKEN = 200_000
"""Characters of one value or comment."""
MOST_VALUES = 100
"""Values of one row."""

_TOKEN = re.compile(
    r"(?P<blank>\s+|--[^\n]*\n|/\*.*?\*/)|(?P<name>\"(?:[^\"]|\"\")*\"|`[^`]*`)|(?P<word>[A-Za-z_][\w$]*)"
    r"|(?P<number>[-+]?\d+(?:\.\d+)?)|(?P<mark>.)", re.DOTALL)
_PLAIN = re.compile(r"'(?:[^']|'')*'")
_ESCAPED = re.compile(r"'(?:[^'\\]|''|\\.)*'", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "0": "\0", "Z": "\x1a"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_H2_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\(.)", re.DOTALL)

Values = list[str | None]


@dataclass(frozen=True, slots=True)
class Inserted:
    """One row. `columns`: as the statement names them, lower case; empty where it names none. `number`: the line it begins in."""

    number: int
    table: str
    columns: tuple[str, ...]
    values: Values


class _Reader:
    """Tokens of a text that is read bit by bit."""

    def __init__(self, stream: TextIOBase) -> None:
        self._stream, self._buffer, self._at, self._over = stream, "", 0, False
        self.number = 1
        self.backslashes = False
        """Does a backslash mean something in a text (MySQL, E'…')?"""

    def _more(self) -> bool:
        part = self._stream.read(AT_ONCE)
        self._over = not part
        self._buffer, self._at = self._buffer[self._at :] + part, 0
        return bool(part)

    def token(self) -> tuple[str, str]:
        """Kind and text of the next one; ("", "") at the end. Raises Invalid (field file) for a text without end."""
        while True:
            if self._at >= len(self._buffer) and not self._more():
                return "", ""
            found = self._match()
            if found is None:
                return "", ""
            kind, text = found
            self.number += text.count("\n")
            if kind != "blank":
                return kind, text

    def _match(self) -> tuple[str, str] | None:
        """What stands here. What ends where the buffer ends may go on, and a quotation mark behind it would double: more is read then."""
        while True:
            quoted = self._buffer.startswith("'", self._at)
            pattern = _TOKEN if not quoted else _ESCAPED if self.backslashes else _PLAIN
            found = pattern.match(self._buffer, self._at)
            kind = "text" if quoted else (found.lastgroup or "") if found else ""
            is_open = found is None or (kind == "mark" and self._buffer.startswith(('"', "`", "/*", "--"), self._at))
            if found is not None and not is_open and (self._over or found.end() < len(self._buffer)):
                self._at = found.end()
                return kind, found.group()
            if self._over and is_open:
                if self._buffer.startswith("--", self._at) or self._at == len(self._buffer):
                    return None
                raise Invalid(f"A text that begins in line {self.number} does not end.", field="file")
            if len(self._buffer) - self._at > LONGEST_TOKEN:
                raise Invalid(f"A text that begins in line {self.number} is longer than {LONGEST_TOKEN} characters.", field="file")
            self._more()

    def line(self) -> str | None:
        """The rest of this line; None at the end."""
        while (end := self._buffer.find("\n", self._at)) < 0:
            if len(self._buffer) - self._at > LONGEST_TOKEN:
                raise Invalid(f"Line {self.number} is longer than {LONGEST_TOKEN} characters.", field="file")
            if not self._more():
                return None
        text = self._buffer[self._at : end]
        self._at = end + 1
        self.number += 1
        return text


def rows(stream: TextIOBase, wanted: Callable[[str], bool]) -> Iterator[Inserted]:
    """The rows of the tables that are `wanted` (asked by the name in lower case, without its schema). Raises Invalid (field file)."""
    reader = _Reader(stream)
    while True:
        kind, text = reader.token()
        if not kind:
            return
        word = text.upper() if kind == "word" else ""
        if word == "INSERT":
            yield from _inserts(reader, wanted)
        elif word == "COPY":
            yield from _copied(reader, wanted)
        elif text != ";":
            _to_end(reader)


def _to_end(reader: _Reader) -> None:
    while (token := reader.token()) != ("mark", ";") and token[0]:
        pass


def _table(reader: _Reader) -> tuple[str, tuple[str, ...], tuple[str, str]]:
    """Name, columns, and the first token behind them."""
    name, kind, text = "", *reader.token()
    while text == "." or (kind in {"word", "name"} and text.upper() not in {"VALUES", "FROM", "OVERRIDING", "DIRECT", "SORTED"}):
        if kind == "name":
            reader.backslashes = text.startswith("`")
        if text.upper() not in {"INTO", "IGNORE", "."}:
            name = text.strip('"`').lower()
        kind, text = reader.token()
    if text != "(":
        return name, (), (kind, text)
    columns: list[str] = []
    while (token := reader.token())[1] != ")" and token[0] and len(columns) <= MOST_VALUES:
        if token[0] in {"word", "name"}:
            columns.append(token[1].strip('"`').lower())
    return name, tuple(columns), reader.token()


def _inserts(reader: _Reader, wanted: Callable[[str], bool]) -> Iterator[Inserted]:
    reader.backslashes = False
    name, columns, (kind, text) = _table(reader)
    while kind == "word" and text.upper() != "VALUES":
        kind, text = reader.token()
    if not wanted(name) or text.upper() != "VALUES":
        if text != ";":
            _to_end(reader)
        return
    while True:
        kind, text = reader.token()
        if text == "(":
            number = reader.number
            yield Inserted(number, name, columns, _values(reader))
        elif text != ",":
            break
    if kind and text != ";":
        _to_end(reader)


def _values(reader: _Reader) -> Values:
    """Up to the closing bracket; of `STRINGDECODE('…')`, `CAST('…' AS …)` and the like the text inside."""
    values: Values = []
    value: str | None = None
    depth, decoding, escaping = 0, False, reader.backslashes
    while True:
        kind, text = reader.token()
        if not kind:
            raise Invalid("The file ends in the middle of a row.", field="file")
        if text in {",", ")"} and depth == 0 and kind == "mark":
            values.append(value)
            if len(values) > MOST_VALUES:
                raise Invalid(f"A row in line {reader.number} has more than {MOST_VALUES} values.", field="file")
            if text == ")":
                return values
            value, decoding, reader.backslashes = None, False, escaping
        elif kind == "mark" and text in "()":
            depth += 1 if text == "(" else -1
        elif kind == "text" and value is None:
            value = _text(text, reader.backslashes, decoding)
        elif kind == "number" and value is None:
            value = text
        elif kind == "word":
            upper = text.upper()
            decoding, reader.backslashes = decoding or upper == "STRINGDECODE", reader.backslashes or upper == "E"
            if upper in {"TRUE", "FALSE"} and value is None:
                value = upper.lower()


def _text(written: str, backslashes: bool, decoding: bool) -> str:
    inside = written[1:-1].replace("''", "'")
    if decoding:  # characters beyond the first plane are two escapes; half of one is no character
        text = _H2_ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else _ESCAPES.get(found[2], found[2]), inside)
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), inside) if backslashes else inside


def _copied(reader: _Reader, wanted: Callable[[str], bool]) -> Iterator[Inserted]:
    """`COPY table (columns) FROM stdin;`, then lines of values between tabs, then `\\.`"""
    name, columns, _ = _table(reader)
    _to_end(reader)
    reader.line()
    while True:
        number, text = reader.number, reader.line()
        if text is None or text == "\\.":
            return
        if wanted(name):
            values: Values = [None if cell == "\\N" else _text(f"'{cell}'", True, False) for cell in text.split("\t")]
            yield Inserted(number, name, columns, values)
