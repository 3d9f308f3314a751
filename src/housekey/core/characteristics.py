"""What can be said of an attribute (RFC 7643 section 7), and how a path finds one. The rows themselves are in `core.attributes`.

A `ResourceType` is what can be asked for under one address; `resolve` finds the attribute that a path in a filter, in sortBy, in
`attributes` or in a PATCH names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Type = Literal["string", "boolean", "dateTime", "reference", "complex", "integer", "binary"]
Mutability = Literal["readOnly", "readWrite", "immutable", "writeOnly"]
Returned = Literal["always", "never", "default", "request"]
Uniqueness = Literal["none", "server", "global"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute and its characteristics (RFC 7643 section 7)."""

    name: str
    type: Type = "string"
    description: str = ""
    sub_attributes: tuple[Attribute, ...] = ()
    multi_valued: bool = False
    case_exact: bool = False
    required: bool = False
    mutability: Mutability = "readWrite"
    returned: Returned = "default"
    uniqueness: Uniqueness = "none"
    canonical_values: tuple[str, ...] = ()
    reference_types: tuple[str, ...] = ()
    trigger: bool = False
    """Written only: starts something, or says otherwise what another attribute says. Read everywhere, not advertised in RFC mode (spec
    section 8)."""
    secret: bool = False
    """A password or a code: never to be found, sorted or compared by (RFC 7644 section 7.7; A-106)."""
    filterable: bool = True
    """False: composed while a resource is shown, so neither filters nor sorting reach it."""

    def sub(self, name: str) -> Attribute | None:
        """The sub-attribute of that name in any case."""
        lower = name.lower()
        return next((sub for sub in self.sub_attributes if sub.name.lower() == lower), None)


@dataclass(frozen=True, slots=True)
class Schema:
    """A named set of attributes under one URN."""

    urn: str
    name: str
    attributes: tuple[Attribute, ...]
    description: str = ""

    def attribute(self, name: str) -> Attribute | None:
        """The attribute of that name in any case."""
        lower = name.lower()
        return next((attribute for attribute in self.attributes if attribute.name.lower() == lower), None)

    def advertised(self) -> Iterator[Attribute]:
        """What /Schemas shows in RFC mode."""
        return (attribute for attribute in self.attributes if not attribute.trigger)


@dataclass(frozen=True, slots=True)
class ResourceType:
    """What can be asked for under one address: a schema, its extensions, and the attributes that every resource has."""

    name: str
    endpoint: str
    schema: Schema
    extensions: tuple[Schema, ...] = ()
    common: tuple[Attribute, ...] = ()

    def extension(self, urn: str) -> Schema:
        """The extension of that URN. Raises StopIteration if there is none."""
        return next(schema for schema in self.extensions if schema.urn == urn)

    @property
    def schemas(self) -> tuple[Schema, ...]:
        return (self.schema, *self.extensions)


@dataclass(frozen=True, slots=True)
class Reference:
    """The attribute that a path names. `urn` is `""` for core and common attributes, the extension's URN otherwise."""

    urn: str
    attribute: Attribute
    sub: Attribute | None = None

    @property
    def leaf(self) -> Attribute:
        """What is compared: the sub-attribute, else the attribute itself."""
        return self.sub or self.attribute

    @property
    def path(self) -> str:
        """The canonical spelling: `name.givenName`, `urn:…:User:department`."""
        name = f"{self.attribute.name}.{self.sub.name}" if self.sub else self.attribute.name
        return f"{self.urn}:{name}" if self.urn else name


def resolve(kind: ResourceType, path: str) -> Reference | None:
    """The attribute that `path` names, in any case, with or without its URN; None if the resource has no such attribute.

    An attribute of WSO2's schema is found under the enterprise URN too, where WSO2 keeps the same ones (reference 4B.2), and without any
    URN if no core attribute has its name. `path` has no value filter: `emails[type eq "work"].value` is taken apart by the caller.
    """
    schema, rest = split_urn(kind, path)
    name, dot, sub_name = rest.partition(".")
    urn, attribute = _attribute(kind, schema, name)
    if attribute is None:
        return None
    if not dot:
        return Reference(urn, attribute)
    sub = attribute.sub(sub_name)
    return Reference(urn, attribute, sub) if sub else None


def split_urn(kind: ResourceType, path: str) -> tuple[Schema | None, str]:
    """`urn:…:User:department` -> its schema and `department`; a path without a URN of this resource -> None and the path."""
    lower = path.lower()
    for schema in kind.schemas:
        for prefix in (schema.urn.lower(), *_OLD_NAMES.get(schema.urn, ())):
            if lower.startswith((prefix + ":", prefix + ".")):
                return schema, path[len(prefix) + 1 :]
    return None, path


def _attribute(kind: ResourceType, schema: Schema | None, name: str) -> tuple[str, Attribute | None]:
    lower = name.lower()
    if schema is None or schema is kind.schema:
        found = kind.schema.attribute(name) or next((row for row in kind.common if row.name.lower() == lower), None)
        if found:
            return "", found
    elif found := schema.attribute(name):
        return schema.urn, found
    if schema is None or schema is not kind.schema:
        for extension in kind.extensions:
            if found := extension.attribute(name):
                return extension.urn, found
    return "", None


_OLD_NAMES = {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": ("enterpriseuser",)}
"""The bare key of IS 5.7 and before, still printed in the documentation of 5.9 to 5.11."""
