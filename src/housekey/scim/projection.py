"""Which attributes an answer shows: `attributes` and `excludedAttributes` (RFC 7644 section 3.9) over `returned` (RFC 7643 section 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from housekey.core.attributes import SCHEMAS, ResourceType, resolve
from housekey.core.resource import urn_of
from housekey.scim.errors import ScimInvalid
from housekey.web.request import Asked

MOST_NAMES = 200
MOST_CHARACTERS = 8_000

_ON_REQUEST = {
    urn: {
        row.name: subs
        for row in schema.attributes
        if row.multi_valued and (subs := frozenset(sub.name for sub in row.sub_attributes if sub.returned == "request"))
    }
    for urn, schema in SCHEMAS.items()
}
"""URN of a schema -> of its attributes with several values, the parts that are returned on request."""

Place = tuple[str, str, str]
"""URN (`""` for core), attribute, sub-attribute; the latter two `""` for all of them."""


@dataclass(frozen=True, slots=True)
class Projection:
    """What one request wants to see of a resource of `kind`. Neither set: what is returned by default."""

    kind: ResourceType
    only: frozenset[Place] | None = None
    without: frozenset[Place] = frozenset()

    def asks(self, urn: str, name: str, *, by_name: bool = False) -> bool:
        """Is this attribute, which is returned on request only, requested? `by_name`: naming its whole schema is not enough."""
        return any(
            place[0] == urn and (place[1] == name or (place[1] == "" and not by_name)) for place in self.only or () if place != ("", "", "")
        )

    def shows(self, name: str) -> bool:
        """Would a core attribute be in the answer? What would not needs no query."""
        if self.only is not None:
            return any(place[:2] in {("", name), ("", "")} for place in self.only)
        return ("", name, "") not in self.without

    def apply(self, body: dict[str, Any], *, generous: bool = False) -> dict[str, Any]:
        """The part of `body` to be shown. `body` holds nothing that is never returned. `generous`: also the parts of values that are
        returned on request."""
        return self._chosen(body if generous else self._asked_for(body))

    def _asked_for(self, body: dict[str, Any]) -> dict[str, Any]:
        """Without the parts of values that are returned on request and were not requested."""
        unasked = {name: subs for name, subs in _ON_REQUEST[self.kind.schema.urn].items() if name in body}
        if not unasked:
            return body
        named = {place[1:] for place in self.only or ()}
        left = {name: {sub for sub in subs if (name, sub) not in named} for name, subs in unasked.items()}
        return body | {name: [{key: item for key, item in row.items() if key not in left[name]} for row in body[name]] for name in unasked}

    def _chosen(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.only is None and not self.without:
            return body
        keep = self._named if self.only is not None else self._not_named
        extensions = {schema.urn for schema in self.kind.extensions}
        always = {row.name for row in (*self.kind.common, *self.kind.schema.attributes) if row.returned == "always"}
        shown: dict[str, Any] = {}
        for key, value in body.items():
            if key in extensions:
                kept = {name: part for name, item in value.items() if (part := keep(key, name, item)) is not None}
                if kept:
                    shown[key] = kept
            elif key in always:
                shown[key] = value
            elif (part := keep("", key, value)) is not None:
                shown[key] = part
        shown["schemas"] = [urn for urn in body.get("schemas", []) if urn not in extensions or urn in shown]
        return shown

    def _named(self, urn: str, name: str, value: Any) -> Any:
        """The attribute as far as it was asked for; None: not at all."""
        only = self.only or frozenset()
        if (urn, "", "") in only or (urn, name, "") in only:
            return value
        subs = {place[2] for place in only if place[:2] == (urn, name)}
        return _parts(value, lambda sub: sub in subs) if subs else None

    def _not_named(self, urn: str, name: str, value: Any) -> Any:
        if (urn, "", "") in self.without or (urn, name, "") in self.without:
            return None
        subs = {place[2] for place in self.without if place[:2] == (urn, name)}
        return _parts(value, lambda sub: sub not in subs) if subs else value


def _parts(value: Any, keep: Callable[[str], bool]) -> Any:
    """A complex value, or each of several, with the sub-attributes that `keep` takes; None if nothing is left."""
    if isinstance(value, list):
        rows = [row for item in value if (row := _parts(item, keep))]
        return rows or None
    if not isinstance(value, dict):
        return value
    return {key: item for key, item in value.items() if keep(key)} or None


def of_query(request: Asked, kind: ResourceType) -> Projection:
    """From the query of a request. Raises ScimInvalid (invalidValue)."""
    attributes, excluded = (_names(",".join(request.GET.getlist(name))) for name in ("attributes", "excludedAttributes"))
    return of_lists(attributes, excluded, kind)


def _names(text: str) -> list[str]:
    if len(text) > MOST_CHARACTERS:
        raise ScimInvalid(f"attributes is longer than {MOST_CHARACTERS} characters.", "invalidValue", field="attributes")
    return [name.strip() for name in text.split(",") if name.strip()]


def of_lists(attributes: Iterable[str], excluded: Iterable[str], kind: ResourceType) -> Projection:
    """From lists of names, as a SearchRequest holds them. Names that the resource does not have are passed over.

    Raises ScimInvalid (invalidValue): the two exclude each other (RFC 7644 section 3.9).
    """
    attributes, excluded = list(attributes), list(excluded)
    if attributes and excluded:
        raise ScimInvalid("attributes and excludedAttributes exclude each other. Send one of them.", "invalidValue", field="attributes")
    if len(attributes) + len(excluded) > MOST_NAMES:
        raise ScimInvalid(f"At most {MOST_NAMES} attributes can be named.", "invalidValue", field="attributes")
    only = frozenset(place for name in attributes if (place := _place(kind, name)))
    without = frozenset(place for name in excluded if (place := _place(kind, name)))
    return Projection(kind, only if attributes else None, without)


def _place(kind: ResourceType, name: str) -> Place | None:
    urn = next((schema.urn for schema in kind.schemas if schema.urn == urn_of(name) or schema.urn.lower() == name.lower()), "")
    if urn:
        return ("" if urn == kind.schema.urn else urn), "", ""
    found = resolve(kind, name)
    return (found.urn, found.attribute.name, found.sub.name if found.sub else "") if found else None
