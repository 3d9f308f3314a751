"""What this server says about itself (RFC 7643 sections 5 to 7, RFC 7644 section 4), from the one table of attributes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from housekey.conf.house import House
from housekey.core.attributes import CUSTOM_URN, GROUPS, ROLE, ROLE_URN, ROLES, SCHEMAS, WSO2_URN, Attribute, ResourceType, Schema
from housekey.core.names import SUPER_TENANT, Tenant
from housekey.core.principal import TENANT_PERMISSIONS
from housekey.operations.cursors import TIMEOUT
from housekey.operations.custom_attributes import kind_of_users
from housekey.scim import wso2
from housekey.scim.mapping import base
from housekey.scim.service_schemas import CONFIG_URN, RESOURCE_TYPE_URN, SCHEMA_URN, SERVICE_SCHEMAS

_SCHEMES = (
    {
        "name": "HTTP Basic",
        "description": "User name and password of somebody with the permissions for it.",
        "specUri": "https://datatracker.ietf.org/doc/html/rfc7617",
        "type": "httpbasic",
    },
    {
        "name": "OAuth Bearer Token",
        "description": "A token of an OAuth client, from /oauth2/token.",
        "specUri": "https://datatracker.ietf.org/doc/html/rfc6750",
        "type": "oauthbearertoken",
        "primary": True,
    },
)


def documents(house: House, tenant: Tenant) -> list[dict[str, Any]]:
    """Every schema that a resource of this server can have, and those of what is served here. An extension without attributes is none."""
    schemas = SCHEMAS | {CUSTOM_URN: kind_of_users(tenant).extension(CUSTOM_URN), ROLE_URN: _roles(tenant)}
    used = [schema for schema in schemas.values() if schema.attributes and _used(house, schema)]
    if not wso2.on(house):
        used += SERVICE_SCHEMAS
    return [document(house, tenant, schema, triggers=wso2.on(house)) for schema in used]


def _roles(tenant: Tenant) -> Schema:
    """Permissions about the server's tenants are suggested where they count only."""
    if tenant.domain == SUPER_TENANT:
        return ROLE
    rows = {row.name: row for row in ROLE.attributes}
    (value,) = rows["permissions"].sub_attributes
    counting = tuple(name for name in value.canonical_values if name not in TENANT_PERMISSIONS)
    rows["permissions"] = replace(rows["permissions"], sub_attributes=(replace(value, canonical_values=counting),))
    return replace(ROLE, attributes=tuple(rows.values()))


def _used(house: House, schema: Schema) -> bool:
    return schema.urn != WSO2_URN or house.config.scim2.enable_schema_extension


def document(house: House, tenant: Tenant, schema: Schema, *, triggers: bool = False) -> dict[str, Any]:
    """One schema. `triggers`: also what only starts something when it is written, which the RFC has no name for."""
    shown = schema.attributes if triggers else tuple(schema.advertised())
    body = {
        "schemas": [SCHEMA_URN],
        "id": schema.urn,
        "name": schema.name,
        "description": schema.description,
        "attributes": [_attribute(row) for row in shown],
        "meta": {"resourceType": "Schema", "location": f"{base(house, tenant)}/Schemas/{schema.urn}"},
    }
    return wso2.schema(body) if wso2.on(house) else body


def _attribute(row: Attribute) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": row.name,
        "type": row.type,
        "multiValued": row.multi_valued,
        "description": row.description,
        "required": row.required,
        "mutability": row.mutability,
        "returned": row.returned,
    }
    if row.type in {"string", "reference", "binary"}:
        body |= {"caseExact": row.case_exact, "uniqueness": row.uniqueness}
    if row.canonical_values:
        body["canonicalValues"] = list(row.canonical_values)
    if row.reference_types:
        body["referenceTypes"] = list(row.reference_types)
    if row.sub_attributes:
        body["subAttributes"] = [_attribute(sub) for sub in row.sub_attributes]
    return body


def resource_types(house: House, tenant: Tenant) -> list[dict[str, Any]]:
    """What can be asked for, and where."""
    return wso2.resource_types(house, [_kind(house, tenant, kind) for kind in (kind_of_users(tenant), GROUPS, ROLES)])


def _kind(house: House, tenant: Tenant, kind: ResourceType) -> dict[str, Any]:
    body: dict[str, Any] = {
        "schemas": [RESOURCE_TYPE_URN],
        "id": kind.name,
        "name": kind.name,
        "description": kind.schema.description,
        "endpoint": kind.endpoint,
        "schema": kind.schema.urn,
        "meta": {"resourceType": "ResourceType", "location": f"{base(house, tenant)}/ResourceTypes/{kind.name}"},
    }
    extensions = [schema for schema in kind.extensions if wso2.on(house) or (schema.attributes and _used(house, schema))]
    if extensions:
        body["schemaExtensions"] = [{"schema": schema.urn, "required": False} for schema in extensions]
    return body


def provider(house: House, tenant: Tenant) -> dict[str, Any]:
    """ServiceProviderConfig (RFC 7643 section 5, RFC 9865 section 4 for the paging)."""
    limits, scim2 = house.config.limits, house.config.scim2
    return {
        "schemas": [CONFIG_URN],
        "patch": {"supported": True},
        "bulk": {"supported": True, "maxOperations": scim2.max_bulk_operations, "maxPayloadSize": scim2.max_bulk_payload},
        "filter": {"supported": True, "maxResults": limits.page},
        "changePassword": {"supported": True},
        "sort": {"supported": not scim2.wso2_responses},
        "etag": {"supported": True},
        "pagination": {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": min(100, limits.page),
            "maxPageSize": limits.page,
            "cursorTimeout": TIMEOUT,
        },
        "authenticationSchemes": list(_SCHEMES),
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base(house, tenant)}/ServiceProviderConfig"},
    }
