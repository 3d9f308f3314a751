"""A SCIM filter as an LDAP filter: what a directory can be asked, so that it finds at least everybody whom the SCIM filter means.

A directory knows neither ids, locks, groups and roles nor the types of addresses, and it compares in its own way: it folds case and spaces
that we keep apart, and of several values it takes any where we show the first. So each part has two bounds, one for who satisfies it and
one for who does not; a part that the directory cannot bound is left out of "and" and makes all of "or" unknown.

Texts are asked for by the pieces in which both sides agree: printable ASCII without spaces. `ß`, which we read as `ss`, is why a double s
is left out. Symbols that only look like letters (`ℋ`, `Ⓐ`, `𝒳`) and stand for the plain ones here are not found by those: a directory
does not take them for the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from housekey.core.attributes import CUSTOM_URN, ENTERPRISE_URN
from housekey.core.claims import DIALECT, EMAIL, GIVEN_NAME, LAST_NAME, LOCAL, LOCALE
from housekey.core.directories import Directory
from housekey.core.filters import And, Compare, Filter, Not, Operator, Or, Present, Some, Value
from housekey.core.names import name_key
from housekey.userstores.ldap.entries import escaped

MOST_TEXT = 200
"""Characters of a text that is asked for; a longer one is not."""
_CLAIMS = {
    "name.givenName": GIVEN_NAME, "name.familyName": LAST_NAME, "locale": LOCALE, "displayName": f"{DIALECT}/displayName",
    "nickName": f"{DIALECT}/nickname", "title": f"{DIALECT}/title", "profileUrl": f"{DIALECT}/url", "externalId": f"{DIALECT}/externalid",
    f"{ENTERPRISE_URN}:organization": f"{DIALECT}/organization", f"{ENTERPRISE_URN}:department": f"{DIALECT}/department",
}
"""SCIM path -> claim, where a profile holds nothing of it but what the directory says."""
_FOLDING = frozenset({
    "uid", "cn", "givenname", "sn", "mail", "displayname", "title", "o", "company", "department", "departmentnumber", "preferredlanguage",
    "samaccountname", "userprincipalname",
})
"""Attributes that every directory compares without case, also in part. Others may compare exactly, or not at all."""
_PIECES = re.compile(r"[!->@-~]+")
_DOUBLE = re.compile(r"ss+")


@dataclass(frozen=True, slots=True)
class Translated:
    """An LDAP filter. `exact`: it finds nobody else."""

    text: str
    exact: bool = False


NOBODY = Translated("(!(objectClass=*))", exact=True)


def translated(filter: Filter, directory: Directory, domain: str = "") -> Translated | None:
    """None where the directory cannot narrow it. `domain`: what stands before the names of its users, as they are shown."""
    return _Reading(directory, domain).bound(filter, True)


@dataclass(frozen=True, slots=True)
class _Reading:
    directory: Directory
    domain: str

    def bound(self, filter: Filter, wanted: bool) -> Translated | None:
        """Who satisfies the filter, or with `wanted` False: who does not; or more."""
        match filter:
            case Not(inner):
                return self.bound(inner, not wanted)
            case And(parts) | Or(parts):
                found = [self.bound(part, wanted) for part in parts]
                return _all(found) if isinstance(filter, And) == wanted else _any(found)
            case Some(ref, inner):
                return self._addresses(inner, wanted) if ref.path == "emails" else None
            case Present(ref):
                return self._present(ref.path, wanted)
            case Compare(ref, op, value):
                return self._compared(ref.path, op, value) if wanted else None

    def _attribute(self, path: str) -> str:
        """Of the directory; `""` for what it does not hold alone."""
        claim = path if path.startswith(f"{CUSTOM_URN}:") else _CLAIMS.get(path, "")
        if claim == LOCALE and LOCAL in self.directory.attributes:
            return ""
        return self.directory.attributes.get(claim, "")

    def _present(self, path: str, wanted: bool) -> Translated | None:
        if path == "userName":
            return None if wanted else NOBODY
        attribute = self._attribute(path)
        if not attribute:
            return None
        judged = path == "locale" or path.startswith(CUSTOM_URN)  # not every value there can be one of ours
        if wanted:
            return Translated(_there(attribute), exact=not judged)
        return None if judged else Translated(f"(!{_there(attribute)})", exact=True)

    def _compared(self, path: str, op: Operator, value: Value) -> Translated | None:
        if path == "userName":
            return self._named(op, str(value))
        attribute = self._attribute(path)
        return _matching(attribute, op, value) if attribute else None

    def _named(self, op: Operator, value: str) -> Translated | None:
        """The name with its domain in front, of which the directory knows what follows the slash, and that holds none itself."""
        prefix = name_key(self.domain) + "/" if self.domain else ""
        attribute = self.directory.name_attribute
        head, slash, _ = value.rpartition("/")
        head += slash
        if op in {"eq", "sw"}:
            if value.startswith(prefix):
                rest = value.removeprefix(prefix)
                return _narrow(attribute, op, rest) if rest else None
            return None if op == "sw" and prefix.startswith(value) else NOBODY
        if op == "ew":
            return None if head else _narrow(attribute, op, value)
        if op == "co" and value not in prefix:
            if not head:
                return _narrow(attribute, op, value)
            return _narrow(attribute, "sw", value.removeprefix(head)) if prefix.endswith(head) else NOBODY
        return None

    def _addresses(self, inner: Filter, wanted: bool) -> Translated | None:
        """Somebody whom the directory gives no address has none; Active Directory's one may have others beside it."""
        attribute = self.directory.attributes.get(EMAIL, "")
        if not attribute:
            return None
        if not wanted:
            return Translated(f"(!{_there(attribute)})", exact=True) if _any_value(inner) else None
        found = _row(attribute, inner) if self.directory.kind == "ldap" else None
        return found or Translated(_there(attribute), exact=_any_value(inner))


def _row(attribute: str, inner: Filter) -> Translated | None:
    """As `bound`, for one address."""
    match inner:
        case And(parts):
            return _all([_row(attribute, part) for part in parts], together=False)
        case Or(parts):
            return _any([_row(attribute, part) for part in parts])
        case Compare(ref, op, value) if ref.leaf.name == "value":
            return _matching(attribute, op, value)
        case Present(ref) if ref.leaf.name == "value":
            return Translated(_there(attribute), exact=True)
    return None


def _any_value(inner: Filter) -> bool:
    """Does every address satisfy it? `emails pr` asks for any part of one."""
    if isinstance(inner, Or):
        return any(_any_value(part) for part in inner.parts)
    return isinstance(inner, Present) and inner.ref.leaf.name == "value"


def _narrow(attribute: str, op: Operator, value: str) -> Translated | None:
    """As `_matching`, of an attribute that everybody has: its presence says nothing."""
    found = _matching(attribute, op, value)
    return None if found.text == _there(attribute) else found


def _matching(attribute: str, op: Operator, value: Value) -> Translated:
    """Who has a value that may compare so; at least: who has one."""
    if isinstance(value, str) and attribute.lower() in _FOLDING and op in {"eq", "co", "sw", "ew"}:
        return Translated(f"({attribute}={_pattern(op, value)})")
    return Translated(_there(attribute))


def _pattern(op: Operator, text: str) -> str:
    """The pieces of a folded text that both sides compare alike, in their order."""
    if len(text) > MOST_TEXT or "?" in text:
        return "*"
    begins, ends = op in {"eq", "sw"}, op in {"eq", "ew"}
    known = _DOUBLE.sub(lambda run: " " * len(run[0]), text)
    # At an open end, a single s may be half of an ß.
    known = known if begins or not known.startswith("s") else " " + known[1:]
    known = known if ends or not known.endswith("s") else known[:-1] + " "
    pieces = _PIECES.findall(known)
    if not pieces:
        return "*"
    start = "" if begins and known.startswith(pieces[0]) else "*"
    end = "" if ends and known.endswith(pieces[-1]) else "*"
    return start + "*".join(escaped(piece) for piece in pieces) + end


def _there(attribute: str) -> str:
    return f"({attribute}=*)"


def _all(parts: Iterable[Translated | None], *, together: bool = True) -> Translated | None:
    """`together`: each is about the same thing, so that the whole is exact if its parts are."""
    parts = list(parts)
    known = [part for part in parts if part]
    if not known:
        return None
    exact = together and len(known) == len(parts) and all(part.exact for part in known)
    return Translated(_joined("&", known), exact)


def _any(parts: Iterable[Translated | None]) -> Translated | None:
    known: list[Translated] = []
    for part in parts:
        if part is None:
            return None
        known.append(part)
    return Translated(_joined("|", known), all(part.exact for part in known)) if known else NOBODY


def _joined(sign: str, parts: list[Translated]) -> str:
    texts = list(dict.fromkeys(part.text for part in parts))
    return texts[0] if len(texts) == 1 else f"({sign}{''.join(texts)})"
