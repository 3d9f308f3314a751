"""Password hashes that other systems made: read from the forms in which they write them, kept in one form of our own, compared.

    $salted-sha256$SALT$HASH                  one round of SHA over password and salt: {SSHA256} of LDAP servers, WSO2's user table
    $pbkdf2-sha256$ITERATIONS$SALT$HASH       PBKDF2 with HMAC (RFC 8018)
    $argon2id$v=19$m=…,t=…,p=…$SALT$HASH      Argon2 with whatever parameters, as the PHC writes it

SALT and HASH in base64 (WSO2's salt is itself a text in base64: what is kept here stands for the characters of that text). sha1, sha256
and sha512 for each. What a stored string means is nowhere guessed: a string that is none of these is no hash (`read` refuses it).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field

LONGEST = 300
"""Characters of the column it is kept in."""
MOST_ITERATIONS = 1_000_000
MOST_MEMORY, MOST_TIME, MOST_LANES = 262_144, 16, 16
"""Argon2: KiB, passes and lanes. Checking a password must not take the memory of the whole machine."""
SIZES = {"sha1": 20, "sha256": 32, "sha512": 64}
"""Bytes of each digest."""

_SALTED = re.compile(r"\$salted-(sha1|sha256|sha512)\$([A-Za-z0-9+/=]*)\$([A-Za-z0-9+/=]+)")
_PBKDF2 = re.compile(r"\$pbkdf2-(sha1|sha256|sha512)\$([1-9][0-9]{0,6})\$([A-Za-z0-9+/=]*)\$([A-Za-z0-9+/=]+)")
_ARGON2 = re.compile(
    r"\$argon2(?:id|i|d)\$v=(?:16|19)\$m=([1-9][0-9]{0,6}),t=([1-9][0-9]{0,2}),p=([1-9][0-9]{0,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)"
)
_SCHEME = re.compile(r"\{([A-Za-z0-9_/-]{1,30})\}")
_PBKDF2_TEXT = re.compile(r"([1-9][0-9]{0,6})\$([A-Za-z0-9+./=]*)\$([A-Za-z0-9+./=]+)")
_NO_HASH = "the password is not in a form that is known here"


@dataclass(frozen=True, slots=True)
class Brought:
    """The password that somebody brings along: a hash to be kept, or the password itself. Neither: `why` says why not."""

    stored: str = field(default="", repr=False)
    password: str | None = field(default=None, repr=False)
    why: str = ""


NOTHING = Brought()


def is_foreign(stored: str) -> bool:
    """Is this a hash that `matches` compares (rather than Argon2)?"""
    return stored.startswith(("$salted-", "$pbkdf2-"))


def matches(stored: str, password: str) -> bool:
    """Is `password` the one that was hashed? Compared in constant time. False for anything that is no such hash."""
    text = password.encode("utf-8", "surrogatepass")
    if found := _SALTED.fullmatch(stored):
        digest, salt, right = found.groups()
        return hmac.compare_digest(hashlib.new(digest, text + _bytes(salt), usedforsecurity=True).digest(), _bytes(right))
    if found := _PBKDF2.fullmatch(stored):
        digest, rounds, salt, right = found.groups()
        made = hashlib.pbkdf2_hmac(digest, text, _bytes(salt), int(rounds), len(_bytes(right)))
        return hmac.compare_digest(made, _bytes(right))
    return False


def read(text: str) -> Brought:
    """A hash in our own forms, the PHC's Argon2, or one with LDAP's `{SCHEME}` before it. Never the password itself."""
    if text.startswith("{"):
        return _with_scheme(text)
    if len(text) > LONGEST:
        return Brought(why=_NO_HASH)
    if text.startswith("$argon2"):
        return _argon2(text)
    if found := _SALTED.fullmatch(text):
        return _salted(found[1], _decoded(found[2]), _decoded(found[3]))
    if found := _PBKDF2.fullmatch(text):
        return _pbkdf2(found[1], int(found[2]), _decoded(found[3]), _decoded(found[4]))
    return Brought(why=_NO_HASH)


def of_ldap(value: str) -> Brought:
    """What `userPassword` holds (RFC 2307 section 5.3): a scheme and a hash, or without a scheme the password itself."""
    if not value:
        return NOTHING
    scheme = _SCHEME.match(value)
    if scheme is None:
        return _argon2(value) if value.startswith("$argon2") else Brought(password=value)
    if scheme[1].upper() in {"CLEARTEXT", "CLEAR", "PLAIN"}:
        return Brought(password=value[scheme.end() :]) if value[scheme.end() :] else NOTHING
    return _with_scheme(value)


def of_wso2(value: str, salt: str, digest: str = "") -> Brought:
    """What WSO2's user table holds: base64 of the digest of password and salt, the salt as the text that it is in the table.

    `digest`: sha1, sha256, sha512, `pbkdf2` or `pbkdf2:ITERATIONS` (WSO2's provider: HMAC-SHA-256, 10,000 times), plain; empty: by length.
    """
    if not value:
        return NOTHING
    kind, _, rounds = digest.lower().replace("sha-", "sha").partition(":")
    if kind == "plain":
        return Brought(password=value)
    right = _decoded(value)
    if kind == "pbkdf2":
        return _pbkdf2("sha256", int(rounds) if rounds.isdecimal() else 10_000, _decoded(salt), right)
    found = kind or next((name for name, size in SIZES.items() if right is not None and len(right) == size), "")
    return _salted(found, salt.encode("utf-8", "replace"), right) if found else Brought(why=_NO_HASH)


def _with_scheme(text: str) -> Brought:
    scheme = _SCHEME.match(text)
    if scheme is None:
        return Brought(why=_NO_HASH)
    name, rest = scheme[1].upper().replace("-", "").replace("_", ""), text[scheme.end() :]
    reader = _SCHEMES.get(name)
    if reader is None:
        return Brought(why=f"a password of the kind {{{scheme[1]}}} cannot be checked here")
    return reader(rest)


def _simple(digest: str, *, salted: bool) -> Callable[[str], Brought]:
    def reader(rest: str) -> Brought:
        whole, size = _decoded(rest) or b"", SIZES[digest]
        fits = len(whole) >= size if salted else len(whole) == size
        return _salted(digest, whole[size:], whole[:size] if fits else None)

    return reader


def _iterated(digest: str) -> Callable[[str], Brought]:
    def reader(rest: str) -> Brought:
        found = _PBKDF2_TEXT.fullmatch(rest)
        if found:
            salt, right = (_decoded(part.replace(".", "+")) for part in found.groups()[1:])
            return _pbkdf2(digest, int(found[1]), salt, right)
        # 389 Directory Server's older form: four bytes of iterations, 64 of salt, then the hash.
        whole = _decoded(rest) or b""
        return _pbkdf2(digest, int.from_bytes(whole[:4], "big"), whole[4:68], whole[68:]) if len(whole) > 100 else Brought(why=_NO_HASH)

    return reader


_SCHEMES: dict[str, Callable[[str], Brought]] = {
    "SHA": _simple("sha1", salted=False), "SHA1": _simple("sha1", salted=False),
    "SHA256": _simple("sha256", salted=False), "SHA512": _simple("sha512", salted=False),
    "SSHA": _simple("sha1", salted=True), "SSHA1": _simple("sha1", salted=True),
    "SSHA256": _simple("sha256", salted=True), "SSHA512": _simple("sha512", salted=True),
    "PBKDF2": _iterated("sha1"), "PBKDF2SHA1": _iterated("sha1"),
    "PBKDF2SHA256": _iterated("sha256"), "PBKDF2SHA512": _iterated("sha512"),
    "ARGON2": lambda rest: _argon2(rest),
}


def _salted(digest: str, salt: bytes | None, right: bytes | None) -> Brought:
    if salt is None or right is None or len(right) != SIZES.get(digest, -1) or len(salt) > 64:
        return Brought(why=_NO_HASH)
    return Brought(f"$salted-{digest}${_text(salt)}${_text(right)}")


def _pbkdf2(digest: str, rounds: int, salt: bytes | None, right: bytes | None) -> Brought:
    """Of a long key as much is kept as one block of the digest: each block is computed by itself."""
    if salt is None or right is None or len(right) < 16 or len(salt) > 64 or not 1 <= rounds <= MOST_ITERATIONS:
        return Brought(why=_NO_HASH)
    return Brought(f"$pbkdf2-{digest}${rounds}${_text(salt)}${_text(right[: SIZES[digest]])}")


def _argon2(text: str) -> Brought:
    found = _ARGON2.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        return Brought(why=_NO_HASH)
    memory, time, lanes = (int(part) for part in found.groups()[:3])
    salt, right = (_decoded(part + "=" * (-len(part) % 4)) or b"" for part in found.groups()[3:])
    good = 8 * lanes <= memory <= MOST_MEMORY and time <= MOST_TIME and lanes <= MOST_LANES and len(salt) >= 8 and len(right) >= 12
    return Brought(text) if good else Brought(why="the password's Argon2 parameters are outside of what is taken here")


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True) if len(text) <= 2_000 else None
    except (binascii.Error, ValueError):
        return None


def _bytes(text: str) -> bytes:
    return _decoded(text) or b""


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
