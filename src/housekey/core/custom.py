"""Attributes that an administrator adds to the users of a tenant: single values under WSO2's custom URN (reference 4B.2, 6.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args

from housekey.core.attributes import CUSTOM, CUSTOM_URN, SCHEMAS, USERS
from housekey.core.characteristics import Attribute, ResourceType, Schema
from housekey.core.claims import BY_URI, DIALECT
from housekey.core.errors import Invalid
from housekey.core.filters import comparable, moment_text
from housekey.core.names import findable
from housekey.core.users import Profile

CustomType = Literal["string", "boolean", "dateTime"]
TYPES: tuple[CustomType, ...] = get_args(CustomType)
MOST = 50
"""Custom attributes of one tenant."""
MOST_NAME = 60
"""Characters."""
MOST_DESCRIPTION = 300
"""Characters."""

_NAME = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{MOST_NAME - 1}}}")
_TAKEN = {
    row.name.lower()
    for schema in SCHEMAS.values()
    if schema.urn in {found.urn for found in USERS.schemas}
    for row in (*schema.attributes, *USERS.common)
} | {uri.removeprefix(f"{DIALECT}/").lower() for uri in BY_URI}


@dataclass(frozen=True, slots=True)
class CustomAttribute:
    """One of them. `name` is what stands in SCIM and behind `http://wso2.org/claims/`."""

    name: str
    type: CustomType = "string"
    description: str = ""

    @property
    def uri(self) -> str:
        """The local claim."""
        return f"{DIALECT}/{self.name}"


def check(attribute: CustomAttribute) -> None:
    """Raises Invalid naming the part."""
    if not _NAME.fullmatch(attribute.name):
        sentence = f"The name of an attribute begins with a letter and has letters, digits and _ only, {MOST_NAME} characters at most."
        raise Invalid(sentence, field="name")
    if attribute.name.lower() in _TAKEN:
        raise Invalid("Every user has an attribute of this name. Choose another one.", field="name")
    if attribute.type not in TYPES:
        raise Invalid(f"The type must be one of {', '.join(TYPES)}.", field="type")
    if len(attribute.description) > MOST_DESCRIPTION or attribute.description != findable(attribute.description):
        sentence = f"The description takes at most {MOST_DESCRIPTION} characters, all of which can be stored."
        raise Invalid(sentence, field="description")


def user_kind(attributes: Iterable[CustomAttribute]) -> ResourceType:
    """What /Users is in a tenant with these attributes."""
    rows = tuple(Attribute(row.name, row.type, row.description or f"{row.name}, as the administrator defined it.") for row in attributes)
    extensions = tuple(replace(CUSTOM, attributes=rows) if schema.urn == CUSTOM_URN else schema for schema in USERS.extensions)
    return replace(USERS, extensions=extensions)


def held(schema: Schema, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Of what a profile keeps, what the attributes of `schema` can show: no value of one that was removed, none of another type than the
    one that bears its name today."""
    return {row.name: kept[row.name] for row in schema.attributes if _fits(row, kept.get(row.name))}


def _fits(attribute: Attribute, value: Any) -> bool:
    known = comparable(attribute, value)
    return known is not None and (attribute.type != "dateTime" or (isinstance(known, datetime) and moment_text(known) == value))


def settled(profile: Profile, kind: ResourceType) -> Profile:
    """The profile without what its tenant's attributes no longer show."""
    rest = {name: value for name, value in profile.more.items() if name != CUSTOM_URN}
    shown = held(kind.extension(CUSTOM_URN), profile.more.get(CUSTOM_URN, {}))
    return replace(profile, more=rest | ({CUSTOM_URN: shown} if shown else {}))
