"""What of a profile can be looked for, in the form in which filters compare it: kept beside the profile, so that a database can answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from housekey.core.attributes import COMMON, CUSTOM_URN, ENTERPRISE, HOUSEKEY_URN, USER
from housekey.core.characteristics import Attribute, Reference
from housekey.core.filters import LAST, Value, comparable, moment_text, rows
from housekey.core.names import name_key
from housekey.core.users import Profile

MOST = 200
"""Characters of a key that an index takes; what is longer is compared in the document."""
MOST_MAIL = 320

OWN = (CUSTOM_URN, HOUSEKEY_URN)
"""Extensions with single values only, of which a tenant may have more than this table knows."""
_ELSEWHERE = {"userName", "active", "password", "groups", "roles"}
"""Of the account or of other tables, not of the profile."""
STORED = tuple(
    Reference(urn, attribute)
    for urn, attributes in (("", (*COMMON, *USER.attributes)), (ENTERPRISE.urn, ENTERPRISE.attributes))
    for attribute in attributes
    if attribute.filterable and attribute.name not in _ELSEWHERE | {"id", "meta"}
)

_KNOWN = {urn: {ref.attribute.name: ref for ref in STORED if ref.urn == urn} for urn in dict.fromkeys(ref.urn for ref in STORED)}
"""The same by schema and name."""


@dataclass(frozen=True, slots=True)
class Searchable:
    """`document`: path of an attribute -> its value, or the list of its values. The keys hold `LAST` for what is absent."""

    document: dict[str, Any]
    external: str
    given: str
    family: str
    display: str
    mail: str
    """The address mail goes to."""
    mails: tuple[str, ...]
    """The other addresses, once each."""


def searchable(profile: Profile) -> Searchable:
    document = _document(_shown(profile))
    mail = clipped(profile.mail, MOST_MAIL) if profile.mail else LAST
    others = {clipped(row.value, MOST_MAIL) for row in profile.emails if row.value} - {mail}
    return Searchable(
        document,
        external=_key(document, "externalId"),
        given=_key(document, "name.givenName"),
        family=_key(document, "name.familyName"),
        display=_key(document, "displayName"),
        mail=mail,
        mails=tuple(sorted(others)),
    )


def clipped(text: str, most: int) -> str:
    """The folded beginning of a text, as a key of an index holds it."""
    return name_key(text).replace(LAST, "\ufffd")[:most]


def _key(document: dict[str, Any], path: str) -> str:
    return str(document.get(path, LAST))[:MOST]


def _shown(profile: Profile) -> dict[str, Any]:
    """The profile in SCIM's shape, as far as filters see it."""
    more = profile.more
    name = more.get("name")
    return {
        **more,
        "name": {"givenName": profile.given_name, "familyName": profile.family_name, **(name if isinstance(name, dict) else {})},
        "emails": [
            {"value": mail.value, "type": mail.type, "primary": mail.primary, "display": mail.display} for mail in profile.emails
        ],
        "locale": profile.locale,
    }


def _document(resource: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for urn, known in _KNOWN.items():
        holder = resource.get(urn) if urn else resource
        if not isinstance(holder, dict):
            continue
        for name, value in holder.items():
            ref = known.get(name)
            if ref is not None and value is not None:
                found.update(_entries(ref, ref.attribute, value))
    for urn in OWN:
        found |= {f"{urn}:{name}": stored(value) for name, value in resource.get(urn, {}).items() if value != ""}
    return found


def stored(value: Value) -> str:
    """A single value as a text, as filters find it in the document."""
    if isinstance(value, bool):
        return str(value).lower()
    return name_key(moment_text(value) if isinstance(value, datetime) else value).replace(LAST, "\ufffd")


def _entries(ref: Reference, attribute: Attribute, value: Any) -> dict[str, Any]:
    if attribute.multi_valued:
        kept = list(rows(attribute, value))
        return {ref.path: kept} if kept else {}
    if attribute.type != "complex":
        known = comparable(attribute, value)
        return {} if known is None else {ref.path: known}
    row = next(rows(attribute, value), {})
    return {f"{ref.path}.{name}": known for name, known in row.items()}
