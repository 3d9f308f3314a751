"""The schemas of what a server says about itself (RFC 7643 sections 5 to 7, 8.7.2): fixed, and never anything that a client writes."""

from __future__ import annotations

from housekey.core.characteristics import Attribute, Schema, Type

CONFIG_URN = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
RESOURCE_TYPE_URN = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
SCHEMA_URN = "urn:ietf:params:scim:schemas:core:2.0:Schema"


def _row(name: str, description: str, type: Type = "string", *parts: Attribute, required: bool = False, many: bool = False,
         exact: bool = False, values: tuple[str, ...] = (), targets: tuple[str, ...] = ()) -> Attribute:
    return Attribute(name, type, description, parts, multi_valued=many, case_exact=exact, required=required, mutability="readOnly",
                     canonical_values=values, reference_types=targets)


def _link(name: str, description: str, *, required: bool = False, targets: tuple[str, ...] = ("external",)) -> Attribute:
    return _row(name, description, "reference", required=required, exact=True, targets=targets)


def _feature(name: str, description: str, *more: Attribute) -> Attribute:
    return _row(name, description, "complex", _row("supported", "Whether it is.", "boolean", required=True), *more, required=True)


_CONFIG = Schema(
    CONFIG_URN, "Service Provider Configuration",
    (
        _link("documentationUri", "Where people read how to use this server."),
        _feature("patch", "PATCH."),
        _feature("bulk", "Many operations in one request.",
                 _row("maxOperations", "The largest number of operations.", "integer", required=True),
                 _row("maxPayloadSize", "The largest body, in bytes.", "integer", required=True)),
        _feature("filter", "Filters.", _row("maxResults", "The largest number of resources in one answer.", "integer", required=True)),
        _feature("changePassword", "Changing passwords."),
        _feature("sort", "Sorting."),
        _feature("etag", "Entity tags."),
        _row(
            "pagination", "Ways to page (RFC 9865).", "complex",
            _row("cursor", "Whether by cursor.", "boolean", required=True),
            _row("index", "Whether by index.", "boolean", required=True),
            _row("defaultPaginationMethod", "What is used where a client asks for neither.", values=("cursor", "index")),
            _row("defaultPageSize", "Resources on a page where a client names no number.", "integer"),
            _row("maxPageSize", "The most resources on a page.", "integer"),
            _row("cursorTimeout", "How long a cursor can be used, in seconds.", "integer"),
        ),
        _row(
            "authenticationSchemes", "Ways to sign in.", "complex",
            _row("type", "Which one it is.", required=True,
                 values=("oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest")),
            _row("name", "What it is called.", required=True),
            _row("description", "What it is.", required=True),
            _link("specUri", "Where it is specified."),
            _link("documentationUri", "Where people read how to use it."),
            _row("primary", "Whether it is the one to use first.", "boolean"),
            required=True, many=True,
        ),
    ),
    "What this server can do.",
)
_RESOURCE_TYPE = Schema(
    RESOURCE_TYPE_URN, "ResourceType",
    (
        _row("id", "The name for machines."),
        _row("name", "What it is called.", required=True),
        _row("description", "What it is."),
        _link("endpoint", "Where such resources are, from the base address on.", required=True, targets=("uri",)),
        _link("schema", "The URN of its own schema.", required=True, targets=("uri",)),
        _row(
            "schemaExtensions", "Schemas beside its own.", "complex",
            _link("schema", "The URN.", required=True, targets=("uri",)),
            _row("required", "Whether every resource has it.", "boolean", required=True),
            many=True,
        ),
    ),
    "A kind of resource.",
)
_CHARACTERISTICS = (
    _row("name", "What it is called.", required=True, exact=True),
    _row("type", "What its values are.", required=True,
         values=("string", "complex", "boolean", "decimal", "integer", "dateTime", "reference", "binary")),
    _row("multiValued", "Whether it has several values.", "boolean", required=True),
    _row("description", "What it is."),
    _row("required", "Whether every resource must have it.", "boolean"),
    _row("canonicalValues", "Values that are suggested.", many=True, exact=True),
    _row("caseExact", "Whether capitals matter.", "boolean"),
    _row("mutability", "Who writes it, and when.", exact=True, values=("readOnly", "readWrite", "immutable", "writeOnly")),
    _row("returned", "When answers show it.", exact=True, values=("always", "never", "default", "request")),
    _row("uniqueness", "Among which resources a value stands once only.", exact=True, values=("none", "server", "global")),
    _row("referenceTypes", "What it can refer to.", many=True, exact=True),
)
_SCHEMA = Schema(
    SCHEMA_URN, "Schema",
    (
        _row("id", "The URN.", required=True, exact=True),
        _row("name", "What it is called."),
        _row("description", "What it is."),
        _row(
            "attributes", "Its attributes.", "complex", *_CHARACTERISTICS,
            _row("subAttributes", "The parts of a complex attribute.", "complex", *_CHARACTERISTICS, many=True),
            required=True, many=True,
        ),
    ),
    "A set of attributes.",
)
SERVICE_SCHEMAS = (_CONFIG, _RESOURCE_TYPE, _SCHEMA)
