"""A file, opened by the reader that it is for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from housekey.core.attributes import ResourceType
from housekey.core.errors import Invalid
from housekey.core.intake import json_lines, ldif, table, wso2
from housekey.core.intake.lines import HEAD, guessed, is_text, lines
from housekey.core.intake.rows import Format, Row, Source


def format_of(stream: BinaryIO, name: str) -> Format:
    """By what stands in it, else by its name; the stream is at its beginning again. Raises Invalid (field file) for what is no text."""
    head = _head(stream)
    return guessed(name, head)


def read(stream: BinaryIO, format: Format, source: Source, kind: ResourceType) -> Iterator[Row]:
    """The people in a file that can be read from its beginning. `kind`: what users of the tenant can have.

    Raises Invalid (field file), at once or on the way, for what cannot be read on; what was read until then is good.
    """
    head = _head(stream)
    found = _rows(stream, head, format, source, kind)
    for count, row in enumerate(found, 1):
        if count > source.limits.rows:
            raise Invalid(f"The file has more than {source.limits.rows} people. Split it, or allow more.", field="file")
        yield row


def _rows(stream: BinaryIO, head: bytes, format: Format, source: Source, kind: ResourceType) -> Iterator[Row]:
    if format == "wso2":
        return wso2.read(stream, head, source)
    text = lines(stream, head, source)
    if format == "ldif":
        return ldif.read(text, source)
    return json_lines.read(text, source, kind) if format == "jsonl" else table.read(text, source)


def _head(stream: BinaryIO) -> bytes:
    stream.seek(0)
    head = stream.read(HEAD)
    stream.seek(0)
    is_text(head)
    return head
