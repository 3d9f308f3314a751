"""Entries, names and values of a directory: written so that nothing in them is taken for syntax, and read within bounds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from housekey.core.directories import Directory
from housekey.core.names import findable, name_key
from housekey.userstores.directory import Denied, GroupEntry, PersonEntry

MOST_VALUES = 100
MOST_TEXT = 1_000
"""Characters of one value."""
MOST_ID = 128
"""Characters of a unique id (`store.models.Entry`)."""
DISABLED = 2
"""The bit of Active Directory's userAccountControl."""
CONTROL = "userAccountControl"
_OCTETS = frozenset({"objectguid", "objectsid", "guid"})
"""Attributes whose values are bytes: shown in hexadecimal."""
_PLAIN = re.compile(rb"[A-Za-z0-9]")
Attributes = Mapping[str, Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a directory is. As a text: what an administrator reads."""

    host: str
    port: int
    encrypted: bool
    """From the first byte."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address(url: str) -> Address:
    """Of a directory's URL, as `core.directories.clean` leaves it."""
    parts = urlsplit(url)
    encrypted = parts.scheme == "ldaps"
    return Address(parts.hostname or "", parts.port or (636 if encrypted else 389), encrypted)


def escaped(value: str | bytes) -> str:
    """A value inside a filter (RFC 4515): whatever is no letter or digit of ASCII in hexadecimal, so that nobody need know which characters
    mean something, or are trimmed, to whom (A-100)."""
    raw = value.encode("utf-8", "replace") if isinstance(value, str) else value
    return "".join(chr(byte) if _PLAIN.fullmatch(bytes([byte])) else f"\\{byte:02x}" for byte in raw)


def rdn(attribute: str, value: str) -> str:
    """The first part of a DN (RFC 4514). What could mean something is written in hexadecimal (A-103)."""
    last = len(value) - 1
    return attribute + "=" + "".join(
        f"\\{ord(char):02x}" if char in '\\,+"<>;=#' or ord(char) < 32 or ord(char) == 127 or (char == " " and place in {0, last}) else char
        for place, char in enumerate(value))


def texts(attributes: Attributes, name: str) -> tuple[str, ...]:
    """The values of an attribute that are text: UTF-8 without NUL."""
    found = []
    for raw in list(attributes.get(name) or ())[:MOST_VALUES]:
        try:
            found.append(raw.decode()[:MOST_TEXT])
        except UnicodeDecodeError:
            continue
    return tuple(text for text in found if "\0" not in text)


def id_text(directory: Directory, raw: bytes) -> str:
    """The unique id as we keep it."""
    if directory.id_attribute.lower() in _OCTETS:
        return raw.hex()
    return raw.decode("utf-8", "replace").lower()


def id_filter(directory: Directory, unique_id: str) -> str | None:
    """A filter for the entry of that id; None if there can be none."""
    if directory.id_attribute.lower() not in _OCTETS:
        return f"({directory.id_attribute}={escaped(unique_id)})" if unique_id else None
    try:
        raw = bytes.fromhex(unique_id)
    except ValueError:
        return None
    return f"({directory.id_attribute}={escaped(raw)})" if raw else None


def person_attributes(directory: Directory) -> list[str]:
    """What is asked for of a user."""
    more = [CONTROL, "whenCreated"] if directory.kind == "ad" else ["createTimestamp"]
    return list(dict.fromkeys([directory.id_attribute, directory.name_attribute, *directory.attributes.values(), *more]))


def person(directory: Directory, dn: str, attributes: Attributes) -> PersonEntry | None:
    """The user an entry shows; None for one without a name to sign in with. Raises Denied for one without a unique id that can be
    kept."""
    username = _chosen(dn, directory.name_attribute, texts(attributes, directory.name_attribute))
    if not username:
        return None
    values = {uri: found for uri, name in directory.attributes.items() if (found := texts(attributes, name))}
    return PersonEntry(_unique(directory, dn, attributes), dn, username, values, _enabled(directory, attributes), _created(attributes))


def group(directory: Directory, dn: str, attributes: Attributes) -> GroupEntry | None:
    """The group an entry shows; None for one without a name. Raises Denied for one without a unique id."""
    name = _chosen(dn, directory.group_name_attribute, texts(attributes, directory.group_name_attribute))
    if not name:
        return None
    members = tuple(raw.decode("utf-8", "replace") for raw in attributes.get(directory.member_attribute) or () if raw)
    return GroupEntry(_unique(directory, dn, attributes), dn, name, members)


def _unique(directory: Directory, dn: str, attributes: Attributes) -> str:
    raw, shown = next(iter(attributes.get(directory.id_attribute) or ()), b""), findable(dn)[:200]
    if not raw:
        raise Denied(f"The entry {shown} shows no {directory.id_attribute}. Let the account we connect as read it, or choose another "
                     "attribute that never changes.")
    found = id_text(directory, raw)
    if len(found) > MOST_ID or "\0" in found or "\ufffd" in found or "\0" in dn:
        raise Denied(f"The entry {shown} shows a {directory.id_attribute} or a name that cannot be kept.")
    return found


def _chosen(dn: str, attribute: str, found: tuple[str, ...]) -> str:
    """Of several values, whose order means nothing in LDAP, the one that the DN begins with, else the first by code point."""
    if len(found) > 1:
        begins = dn.lower().startswith
        return min(found, key=lambda text: (not begins((f"{rdn(attribute, text)},".lower(), f"{attribute}={text},".lower())), text))
    return next(iter(found), "")


def same_name(one: str, other: str) -> bool:
    """A directory takes more for the same than we do, e.g. spaces around a name."""
    return name_key(one) == name_key(other)


def sendable(password: str) -> bool:
    """Could a directory be asked about it? Neither an empty one (A-101) nor one with NUL or halves of surrogate pairs."""
    return bool(password) and "\0" not in password and not any("\ud800" <= char <= "\udfff" for char in password)


def distinct(values: Sequence[str]) -> list[str]:
    """Without those that a directory takes for the same as an earlier one: it would refuse all of them."""
    found: dict[str, str] = {}
    for value in filter(None, values):
        found.setdefault(" ".join(name_key(value).split()), value)
    return list(found.values())


def _enabled(directory: Directory, attributes: Attributes) -> bool | None:
    control = control_of(attributes) if directory.kind == "ad" else None
    return None if control is None else not control & DISABLED


def _created(attributes: Attributes) -> datetime | None:
    """`20261121182726Z`, or with a fraction of a second (RFC 4517 section 3.3.13)."""
    found = next(iter(texts(attributes, "createTimestamp") or texts(attributes, "whenCreated")), "")
    if not re.fullmatch(r"[0-9]{14}([.,][0-9]{1,9})?Z", found, re.ASCII):
        return None
    try:
        return datetime.strptime(found[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def control_of(attributes: Attributes) -> int | None:
    """Active Directory's userAccountControl."""
    found = next(iter(texts(attributes, CONTROL)), "")
    return int(found) if re.fullmatch(r"[0-9]{1,10}", found) else None
