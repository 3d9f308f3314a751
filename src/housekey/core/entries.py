"""What an entry of a directory says of a person, and what a person's profile says to a directory.

A directory holds texts by claim (`core.directories.Directory.attributes`). What it does not hold of a profile stays in our database, so
reading an entry never takes anything away that the directory knows nothing of.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from housekey.core.attributes import CUSTOM_URN
from housekey.core.claims import EMAIL, GIVEN_NAME, LAST_NAME, text_of, with_claims
from housekey.core.errors import Invalid
from housekey.core.names import name_key
from housekey.core.users import Email, Profile

Values = Mapping[str, tuple[str, ...]]
MOST_ADDRESSES = 20
_MOST: Mapping[str, int] = {GIVEN_NAME: 255, LAST_NAME: 255, EMAIL: 254}
"""Characters that our database takes, where that is less than what a claim may have."""
_PREFIX = f"{CUSTOM_URN}:"
_SWITCHES: Mapping[bool | None, str] = {True: "+", False: "-", None: "?"}
_SPACES = re.compile(r"(?<![\s\\])\s*+([,=+])\s*+")
"""Around what parts a DN; behind a backslash these are characters of a name, and two names may differ in the spaces after them. No place
is looked at twice, however many spaces there are (A-086)."""
LONGEST_DN = 2_000
"""Characters; a longer DN is compared as it is written."""


def values_of(profile: Profile, claims: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """What `profile` says about each of `claims`; `()` for nothing. Addresses: the one mail goes to is the first."""
    return {uri: _values(profile, uri) for uri in claims}


def _values(profile: Profile, uri: str) -> tuple[str, ...]:
    if uri == EMAIL:
        first = profile.mail
        return tuple(dict.fromkeys([*([first] if first else []), *(mail.value for mail in profile.emails if mail.value)]))
    text = _custom(profile, uri) if uri.startswith(_PREFIX) else text_of(profile, uri)
    return (text,) if text else ()


def _custom(profile: Profile, uri: str) -> str:
    rows = profile.more.get(CUSTOM_URN)
    value = rows.get(uri.removeprefix(_PREFIX), "") if isinstance(rows, dict) else ""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def merged(profile: Profile, values: Values, claims: Iterable[str], *, single: frozenset[str] = frozenset()) -> Profile:
    """`profile` as the directory has it: each of `claims` says what `values` says. A value that no profile can hold is left out.

    `single`: claims of which the directory holds one value only, so that further ones of the profile are ours and stay.
    """
    for uri in claims:
        given = tuple(_storable(value) for value in values.get(uri, ()) if value)
        if given == _values(profile, uri) or (uri in single and given[:1] == _values(profile, uri)[:1]):
            continue
        if uri == EMAIL:
            profile = replace(profile, emails=_addresses(profile, given, keep=uri in single))
        elif uri.startswith(_PREFIX):
            profile = _with_custom(profile, uri.removeprefix(_PREFIX), given[0] if given else "")
        else:
            profile = _with(profile, uri, given[0] if given else "")
    return profile


def _storable(value: str) -> str:
    return value.replace("\0", "?").encode("utf-8", "replace").decode()


def _with(profile: Profile, uri: str, value: str) -> Profile:
    if len(value) > _MOST.get(uri, len(value)):
        return profile
    try:
        return with_claims(profile, {uri: value})
    except Invalid:
        return profile


def _with_custom(profile: Profile, name: str, value: str) -> Profile:
    rows: dict[str, Any] = dict(profile.more.get(CUSTOM_URN) or {})
    rows.pop(name, None)
    if value:
        rows[name] = value
    more = {key: kept for key, kept in profile.more.items() if key != CUSTOM_URN}
    return replace(profile, more=more | ({CUSTOM_URN: rows} if rows else {}))


def _addresses(profile: Profile, given: tuple[str, ...], *, keep: bool) -> tuple[Email, ...]:
    """The addresses of the directory, with what we know of each. The one that mail went to stays it, if it is still there."""
    known = {mail.value: mail for mail in profile.emails}
    present, given = profile.mail, tuple(value for value in given if len(value) <= _MOST[EMAIL])
    rest = tuple(mail for mail in profile.emails if mail.value not in {*given, present}) if keep else ()
    if not given:
        return ()
    first = present if present in given else given[0]
    ordered = (first, *(value for value in given if value != first))
    kept = ordered[:MOST_ADDRESSES]
    found = [replace(known.get(value, Email(value)), primary=True if value == first else None) for value in kept]
    return (*found, *(replace(mail, primary=None) for mail in rest))


def digest(username: str, dn: str, enabled: bool | None, values: Values) -> str:
    """64 characters for what was read of an entry: as long as they are the same, nothing changed. SHA-256, hexadecimal but for the last
    character, which `switch_of` reads."""
    parts = [username, dn, *(f"{uri}\0" + "\0".join(values[uri]) for uri in sorted(values))]
    return hashlib.sha256("\1".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:-1] + _SWITCHES[enabled]


def switch_of(digest: str) -> bool | None:
    """Was the entry enabled when this was read? None where the directory did not say."""
    return {mark: enabled for enabled, mark in _SWITCHES.items()}.get(digest[-1:])


def outdated(digest: str) -> str:
    """A digest that no entry has, and the same switch: what was read has to be written down anew."""
    return "0" * 63 + digest[-1:]


def dn_key(dn: str) -> str:
    """SHA-256, hexadecimal, of a DN as DNs compare: without case and without space around its parts (RFC 4514, RFC 4518)."""
    written = dn if len(dn) > LONGEST_DN else name_key(_SPACES.sub(r"\1", dn.strip()))
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()
