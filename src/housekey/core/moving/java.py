"""Java's `.properties` files: `key = value`, lines that go on after a backslash, `\\uXXXX`."""

from __future__ import annotations

import re
from collections.abc import Iterator

MOST_KEYS = 20_000
_KEY = re.compile(r"((?:\\.|[^\\=:\s])++)[ \t\f]*+[=:]?[ \t\f]*+(.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_MEANS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def read(text: str) -> Iterator[tuple[int, str, str | None]]:
    """`(line, key, value)`; a line that is none has the line itself as its key and None as its value."""
    for count, (line, words) in enumerate(_lines(text), 1):
        found = _KEY.match(words)
        if count > MOST_KEYS:
            yield line, "…", None
            return
        if found is None:
            yield line, words[:60], None
        else:
            yield line, _plain(found[1]), _plain(found[2])


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first."""
    begun, parts = 0, list[str]()
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        words = line.lstrip(" \t\f")
        if not parts and (not words or words[0] in "#!"):
            continue
        begun = begun if parts else number
        goes_on = (len(words) - len(words.rstrip("\\"))) % 2 == 1
        parts.append(words[:-1] if goes_on else words)
        if not goes_on:
            yield begun, "".join(parts)
            parts = []
    if parts:
        yield begun, "".join(parts)


def _plain(text: str) -> str:
    def put(found: re.Match[str]) -> str:
        name = found[1]
        return chr(int(name[1:], 16)) if len(name) == 5 else _MEANS.get(name, name)

    # Two escapes may be the halves of one character; a half alone cannot be stored.
    return _ESCAPE.sub(put, text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
