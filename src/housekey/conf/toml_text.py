"""Values as TOML writes them. The standard library reads TOML and does not write it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def key(name: str) -> str:
    """One part of a key, in quotes where it has to be."""
    return name if _PLAIN.fullmatch(name) else text(name)


def dotted(path: tuple[str, ...]) -> str:
    return ".".join(map(key, path))


def text(value: str) -> str:
    """A basic string. JSON's escapes are TOML's, but for DEL, which JSON leaves as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def value(found: object) -> str:
    """Any value that `tomllib` gives, on one line. Raises TypeError for anything else."""
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, str):
        return text(found)
    if isinstance(found, float):
        return repr(found) if math.isfinite(found) else "nan" if math.isnan(found) else "inf" if found > 0 else "-inf"
    if isinstance(found, int):
        return str(found)
    if isinstance(found, datetime | date | time):
        return found.isoformat()
    if isinstance(found, list | tuple):
        return "[" + ", ".join(map(value, found)) + "]"
    if isinstance(found, Mapping):
        return "{" + ", ".join(f"{key(name)} = {value(inner)}" for name, inner in found.items()) + "}"
    raise TypeError(f"TOML has no {type(found).__name__}")


def document(tree: Mapping[str, object], path: tuple[str, ...] = ()) -> str:
    """A whole document: values first, then each table under a header of its own."""
    tables = {name: inner for name, inner in tree.items() if isinstance(inner, Mapping)}
    lines = [f"{key(name)} = {value(inner)}" for name, inner in tree.items() if name not in tables]
    own = "\n".join(lines)
    if path and (lines or not tables):
        own = f"[{dotted(path)}]\n{own}".rstrip("\n")
    parts = [own, *(document(inner, (*path, name)) for name, inner in tables.items())]
    return "\n\n".join(part.strip("\n") for part in parts if part.strip("\n")) + ("" if path else "\n")
