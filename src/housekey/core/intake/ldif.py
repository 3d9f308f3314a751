"""LDIF (RFC 2849): entries, and changes that add one. Values behind a URL are not fetched."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field

from housekey.core.foreign_hashes import NOTHING, of_ldap
from housekey.core.intake.lines import Line
from housekey.core.intake.people import NAMES, PLAIN, from_attributes, is_disabled, is_locked, must_change, too_long, user_name
from housekey.core.intake.rows import Row, Source
from housekey.core.users import NewUser

PEOPLE = {"person", "inetorgperson", "organizationalperson", "residentialperson", "user", "posixaccount", "account", "identityperson",
          "scimperson", "wso2person"}
"""Object classes of people, in lower case."""
NO_PEOPLE = {"computer", "group", "groupofnames", "posixgroup", "organizationalunit"}


@dataclass(slots=True)
class _Entry:
    number: int
    limit: int
    found: dict[str, list[str]] = field(default_factory=dict)
    change: str = ""
    fault: str = ""
    size: int = 0
    begun: bool = False
    name: str = ""
    """Of the attribute whose value is being read, with what parts them; "" for one that is not kept."""
    value: list[str] = field(default_factory=list)


def read(found: Iterator[Line], source: Source) -> Iterator[Row]:
    entry: _Entry | None = None
    comment = False
    for number, text, fault in found:
        if not text and not fault:
            if entry is not None:
                yield from _done(entry, source)
            entry, comment = None, False
            continue
        if text.startswith("#") or (comment and text.startswith(" ")):
            comment = True
            continue
        comment = False
        entry = entry or _Entry(number, source.limits.record)
        _take(entry, number, text, fault)
    if entry is not None:
        yield from _done(entry, source)


def _take(entry: _Entry, number: int, text: str, fault: str) -> None:
    """One line of an entry, whatever it is."""
    if fault:
        entry.fault = entry.fault or f"Line {number}: {fault}"
        return
    if text.startswith(" "):
        if entry.name:
            entry.size += len(text)
            if entry.size > entry.limit:
                entry.fault, entry.name = entry.fault or f"The entry is longer than {entry.limit} characters.", ""
            else:
                entry.value.append(text[1:])
        return
    _end_value(entry)
    name, colon, _ = text.partition(":")
    if not colon:
        if text != "-":
            entry.fault = entry.fault or f"Line {number} is no LDIF: it has no colon."
        return
    name = name.partition(";")[0].strip().lower()
    entry.begun = entry.begun or name != "version"
    if name in PLAIN or name in {"changetype", "dn"}:
        entry.name, entry.value = text.partition(":")[0], [text[len(text.partition(":")[0]) :]]
        entry.size += len(text)
    if entry.size > entry.limit:
        entry.fault, entry.name = entry.fault or f"The entry is longer than {entry.limit} characters.", ""


def _end_value(entry: _Entry) -> None:
    """What was read of a value, its lines put together."""
    if not entry.name:
        return
    name, written = entry.name.partition(";")[0].strip().lower(), "".join(entry.value)
    entry.name, entry.value = "", []
    value = _value(entry, name, written)
    if name == "changetype":
        entry.change = value.lower()
    elif name != "dn" and value:
        entry.found.setdefault(name, []).append(value)


def _value(entry: _Entry, name: str, written: str) -> str:
    """`: text`, `:: base64`; `:< URL` is refused."""
    if written.startswith(":<"):
        entry.fault = entry.fault or f"{name} refers to a URL. Values have to stand in the file."
        return ""
    if not written.startswith("::"):
        return written[1:].lstrip(" ")
    try:
        value = base64.b64decode(written[2:].strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        entry.fault = entry.fault or f"{name} is not text in base64."
        return ""
    if "\0" in value:
        entry.fault = entry.fault or f"{name} contains a character that cannot be stored (NUL)."
    return value


def _done(entry: _Entry, source: Source) -> Iterator[Row]:
    _end_value(entry)
    if not entry.begun and not entry.fault:
        return
    found = entry.found
    name = next((found[key][0] for key in NAMES if key in found), "")
    if entry.fault:
        yield Row(entry.number, name[:200], fault=entry.fault)
    elif entry.change not in {"", "add"}:
        yield Row(entry.number, name[:200], fault=f"It is a change ({entry.change[:20]}). Only whole entries can be imported.")
    elif not _is_person(found):
        yield Row(entry.number, name[:200], aside="no person")
    elif not name:
        yield Row(entry.number, "", fault="There is no uid, sAMAccountName or userPrincipalName.")
    elif long := too_long(found):
        yield Row(entry.number, name[:200], fault=f"{long} is too long.")
    else:
        yield person(entry.number, name, found, source)


def _is_person(found: dict[str, list[str]]) -> bool:
    classes = {value.lower() for value in found.get("objectclass", ())}
    return not classes or (bool(classes & PEOPLE) and not classes & NO_PEOPLE)


def person(number: int, name: str, found: dict[str, list[str]], source: Source) -> Row:
    """Somebody with these attributes. Of several passwords the first that can be used counts."""
    all_brought = [of_ldap(value) for value in found.get("userpassword", ())]
    brought = next((one for one in all_brought if one.stored or one.password), None) or next(iter(all_brought), NOTHING)
    new = NewUser(user_name(name, source.domain), from_attributes(found), brought.password, disabled=is_disabled(found),
                  locked=is_locked(found))
    return Row(number, name, new, brought.stored, must_change=must_change(found), note=brought.why)
