"""JSON lines: one SCIM user a line, as other SCIM servers list them, with `password` or `passwordHash` beside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from housekey.core.attributes import ResourceType
from housekey.core.errors import Invalid
from housekey.core.foreign_hashes import NOTHING
from housekey.core.foreign_hashes import read as read_hash
from housekey.core.intake.lines import Line
from housekey.core.intake.people import user_name
from housekey.core.intake.rows import Row, Source
from housekey.core.resource import canonical, disabled, profile, text_of
from housekey.core.users import NewUser

_UNSTORABLE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
"""How a line writes NUL or half of a pair of surrogates; a whole pair is written so, too."""


def read(found: Iterator[Line], source: Source, kind: ResourceType) -> Iterator[Row]:
    """`kind`: what users of the tenant can have."""
    for number, text, fault in found:
        if fault:
            yield Row(number, "", fault=fault)
        elif text.strip():
            yield _row(number, text, source, kind)


def _row(number: int, text: str, source: Source, kind: ResourceType) -> Row:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        told = error.msg if isinstance(error, json.JSONDecodeError) else "it is nested too deep, or a number in it is too long"
        return Row(number, "", fault=f"The line is not JSON: {told}.")
    if not isinstance(body, dict):
        return Row(number, "", fault="The line is no JSON object.")
    name = str(body.get("userName") or "")[:200]
    if _UNSTORABLE.search(text) and not _storable(body):
        return Row(number, name, fault="The line contains a character that cannot be stored.")
    try:
        return _person(number, body, source, kind)
    except Invalid as refusal:
        return Row(number, name, fault=refusal.sentence)
    except RecursionError:
        return Row(number, name, fault="The line is nested too deep.")


def _person(number: int, body: dict[str, Any], source: Source, kind: ResourceType) -> Row:
    written = canonical(body)
    name = text_of(written.body, "userName")
    if not name:
        return Row(number, "", fault="There is no userName.")
    given = next((value for key, value in body.items() if key.lower() == "passwordhash"), None)
    brought = read_hash(given) if isinstance(given, str) else NOTHING
    ask = bool(written.flag("askPassword")) and not brought.stored
    password = None if ask or brought.stored else text_of(written.body, "password", most=100_000) or None
    off = disabled(written) or False
    locked = bool(written.flag("accountLocked"))
    new = NewUser(user_name(name, source.domain), profile(written, kind), password, ask, disabled=off, locked=locked)
    return Row(number, name, new, brought.stored, note=brought.why)


def _storable(body: Any) -> bool:
    try:
        text = json.dumps(body, ensure_ascii=False)
        text.encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return "\\u0000" not in text
