"""Results on standard output: JSON for machines, plain columns for people."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from housekey.core.names import printable


def as_json(value: Any) -> None:
    """What a terminal might take for an instruction is escaped, as JSON escapes it."""
    written = json.dumps(value, indent=2, ensure_ascii=False, default=_plain)
    print("".join(char if char == "\n" or char.isprintable() else json.dumps(char)[1:-1] for char in written))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns as wide as their longest cell; the last one is left ragged. Control characters are shown as `?`."""
    cells = [[text(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in [list(head), *cells]) for column in range(len(head))]
    for row in [list(head), *cells]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def facts(pairs: Mapping[str, object]) -> None:
    """`Name   value`, one a line; empty values are left out."""
    width = max(map(len, pairs), default=0) + 2
    for name, value in pairs.items():
        if value not in (None, "", [], ()):
            print(f"{name.ljust(width)}{text(value)}")


def text(value: object) -> str:
    """One cell. A name that somebody chose may hold terminal escapes: they are not sent to the terminal."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%SZ")
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return printable(str(value))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, (frozenset, set)):
        return sorted(value)
    return str(value)
