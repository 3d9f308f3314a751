"""A file as lines of text: one at a time, none longer than a limit, each wrong one with its number."""

from __future__ import annotations

import io
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from typing import BinaryIO

from housekey.core.errors import Invalid
from housekey.core.intake.rows import Format, Source

ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"%PDF")
"""How files begin that are no text: packed ones, spreadsheets, documents."""
HEAD = 4_096
"""Bytes by which a file is recognised."""
_ENDINGS: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".ldif": "ldif", ".ldf": "ldif",
    ".sql": "wso2",
}

Line = tuple[int, str, str]
"""Number, text without its end, and why it cannot be read (then the text is empty)."""


def is_text(head: bytes) -> None:
    """Raises Invalid (field file) for a file that begins like something else than text."""
    if head.startswith(ARCHIVES):
        raise Invalid("This is not a text file: it looks packed, or like a spreadsheet. Unpack it, or save the table as CSV (UTF-8).",
                      field="file")


def marked(head: bytes) -> str:
    """The encoding that a byte order mark stands for, "" without one."""
    if head.startswith(BOM_UTF8):
        return "utf-8-sig"
    return "utf-16" if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else ""


def guessed(name: str, head: bytes) -> Format:
    """Which reader a file is for, by what stands in it and else by its name."""
    text = head.decode(marked(head) or "utf-8", "replace")
    upper = text.upper()
    if "UM_USER_NAME" in upper or "INTO UM_USER" in upper.replace('"', "").replace("`", "").replace("PUBLIC.", ""):
        return "wso2"
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "").lstrip("\ufeff").lower()
    if first.startswith("{"):
        return "jsonl"
    if first.startswith(("dn:", "version:")):
        return "ldif"
    ending = "." + name.rpartition(".")[2].lower()
    return _ENDINGS.get(ending, "csv")


def lines(stream: BinaryIO, head: bytes, source: Source) -> Iterator[Line]:
    """The lines of a file that begins with `head` and stands at its beginning. Raises Invalid (field file) for a wrong UTF-16."""
    encoding = marked(head) or source.encoding or "utf-8"
    utf8 = encoding.startswith("utf-8")
    text = io.TextIOWrapper(stream, encoding, errors="surrogateescape" if utf8 else "strict")
    number, longest = 0, source.limits.line
    while True:
        number += 1
        try:
            line = text.readline(longest + 1)
            if not line:
                break
            if len(line) > longest and not line.endswith("\n"):
                _skip(text)
                yield number, "", f"The line is longer than {longest} characters."
                continue
        except UnicodeDecodeError:
            raise Invalid(f"Line {number} is not {encoding}. Say which encoding the file has, or save it as UTF-8.", field="file") from None
        yield _checked(number, line[:-1] if line.endswith("\n") else line)
    text.detach()


def _skip(text: io.TextIOWrapper) -> None:
    """To the end of the line, however long."""
    while True:
        part = text.readline(65_536)
        if not part or part.endswith("\n"):
            return


def _checked(number: int, line: str) -> Line:
    if "\0" in line:
        return number, "", "The line contains a character that cannot be stored (NUL)."
    if not line.isascii():
        try:
            line.encode()
        except UnicodeEncodeError:
            return number, "", "The line is not UTF-8. Say which encoding the file has (--encoding), or save it as UTF-8."
    return number, line, ""
