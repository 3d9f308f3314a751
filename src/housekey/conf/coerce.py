"""From what somebody wrote to the type a field has. Every function raises ValueError with the end of a sentence: `expected …`."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from pathlib import Path
from types import NoneType, UnionType
from typing import Literal, get_args, get_origin

from housekey.conf.sources import Value

_TRUE = frozenset({"true", "1", "on", "yes"})
_FALSE = frozenset({"false", "0", "off", "no"})
_DURATION = re.compile(r"(-?[0-9]{1,9})\s*(ms|s|m|min|h|d)?")
_MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]{1,100})[ \t]*:[ \t]*([\x20-\x7e]{0,2000})")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


def coerce(value: Value, hint: object) -> object:
    """A value as the annotation `hint` of a schema field wants it."""
    if hint is bool:
        return boolean(value.raw)
    if hint is int:
        return number(value.raw)
    if hint is str:
        return text(value.raw)
    if get_origin(hint) is Literal:
        return choice(value.raw, get_args(hint))
    if get_origin(hint) is tuple:
        return networks(value.raw) if get_args(hint)[0] is str else headers(value.raw)
    if get_origin(hint) is UnionType and set(get_args(hint)) == {Path, NoneType}:
        return value.folder / Path(text(value.raw)).expanduser()
    raise TypeError(f"the schema has a type that cannot be configured: {hint}")


def boolean(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower()
    if isinstance(raw, str | int) and word in _TRUE | _FALSE:
        return word in _TRUE
    raise ValueError("expected true or false")


def number(raw: object) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and _WHOLE.fullmatch(raw.strip()):
        return int(raw)
    raise ValueError("expected a whole number")


def minutes(raw: object) -> int:
    """Minutes from a number or a text with a unit: `1440`, `"1440m"`, `"24h"`, `"1d"`, `"-1"`."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    found = _DURATION.fullmatch(raw.strip().lower()) if isinstance(raw, str) else None
    if found is None:
        raise ValueError('expected minutes, or a number with a unit such as "30m", "24h" or "1d"')
    if found[2] is None or int(found[1]) < 0:
        return int(found[1])
    whole, rest = divmod(int(found[1]) * _MILLISECONDS[found[2]], _MILLISECONDS["m"])
    if rest:
        raise ValueError("expected whole minutes")
    return whole


def text(raw: object) -> str:
    """Text without control characters: values end up in mail headers, HTTP headers and logs."""
    if not isinstance(raw, str):
        raise ValueError("expected text in quotes")  # a bare 1.10 or 1_000 would not come back as it was written
    if any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in raw):
        raise ValueError("expected text without line breaks or control characters")
    return raw


def choice(raw: object, allowed: tuple[object, ...]) -> str:
    if isinstance(raw, str) and raw.strip().lower() in allowed:
        return raw.strip().lower()
    raise ValueError("expected " + " or ".join(f'"{item}"' for item in allowed))


def networks(raw: object) -> tuple[str, ...]:
    """A list, or a comma-separated text, of addresses and CIDR networks."""
    items = raw.split(",") if isinstance(raw, str) else raw
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ValueError('expected a list of networks such as ["10.0.0.0/8"]')
    try:
        return tuple(str(ipaddress.ip_network(item.strip())) for item in items)
    except ValueError as error:
        raise ValueError(f"expected networks such as 10.0.0.0/8 ({error})") from None


def names(raw: object) -> tuple[str, ...]:
    """A list, or a comma-separated text, of names."""
    items = raw.split(",") if isinstance(raw, str) else raw
    if not isinstance(items, list) or not all(isinstance(item, str) and item.strip() for item in items):
        raise ValueError('expected a list of names such as ["STAFF"]')
    return tuple(item.strip() for item in items)


def headers(raw: object) -> tuple[tuple[str, str], ...]:
    """HTTP headers from a list of `Name: value`, or from a text with one on each line."""
    items = raw.splitlines() if isinstance(raw, str) else raw
    expected = 'expected headers such as ["X-Account: 7"], in ASCII'
    if not isinstance(items, list):
        raise ValueError(expected)
    found = [_HEADER.fullmatch(item.strip()) if isinstance(item, str) else None for item in items]
    if not all(found):
        raise ValueError(expected)
    return tuple((item[1], item[2]) for item in found if item)
