"""A user as SCIM shows it. By hand, because a list of a hundred must cost less than a millisecond each ten."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from housekey.conf.house import House
from housekey.core.links import tenant_prefix
from housekey.core.names import Tenant
from housekey.core.scenario import of
from housekey.core.users import Email, Invitation, User
from housekey.scim import wso2
from housekey.scim.conditions import tag_of
from housekey.scim.dialect import ENTERPRISE, HOUSEKEY, USER, WSO2
from housekey.scim.projection import Projection

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_ALL = Projection()
_NONE: Mapping[UUID, Invitation] = MappingProxyType({})


def base(house: House, tenant: Tenant) -> str:
    """The public address that SCIM's own addresses begin with."""
    return f"{house.config.base_url}{tenant_prefix(tenant.domain)}/scim2"


def location(house: House, tenant: Tenant, user: User) -> str:
    return f"{base(house, tenant)}/Users/{user.id}"


def when(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def shown(house: House, tenant: Tenant, user: User) -> dict[str, Any]:
    """Never a password, a code, or the write-only triggers. The bare key `EnterpriseUser` is read but never written."""
    profile = user.profile
    more = {key: value for key, value in profile.more.items() if key != ENTERPRISE}
    enterprise = profile.more.get(ENTERPRISE)
    body: dict[str, Any] = {"schemas": [USER], "id": str(user.id), "userName": str(user.name)}
    names = {"givenName": profile.given_name, "familyName": profile.family_name, **more.pop("name", {})}
    if name := {key: value for key, value in names.items() if value}:
        body["name"] = name
    body |= more
    if profile.emails:
        body["emails"] = [_mail(mail) for mail in profile.emails]
    if profile.locale:
        body["locale"] = profile.locale
    body["active"] = not user.standing.disabled
    if user.roles:
        body["roles"] = [{"value": role, "display": role} for role in user.roles]
    if user.groups:
        body["groups"] = [
            {"value": str(group.id), "display": str(group.name), "type": "direct", "$ref": f"{base(house, tenant)}/Groups/{group.id}"}
            for group in user.groups
        ]
    if enterprise:
        body["schemas"].append(ENTERPRISE)
        body[ENTERPRISE] = enterprise
    if house.config.scim2.enable_schema_extension:
        body["schemas"].append(WSO2)
        body[WSO2] = _state(user)
    body["meta"] = {
        "resourceType": "User",
        "created": when(user.created),
        "lastModified": when(user.modified),
        "location": location(house, tenant, user),
        "version": tag_of(user),
    }
    return body


def told(
    house: House, tenant: Tenant, user: User, projection: Projection = _ALL, invitations: Mapping[UUID, Invitation] = _NONE
) -> dict[str, Any]:
    """A user as an answer shows her: what the request wants to see, in the shape that is configured."""
    body = shown(house, tenant, user)
    if found := invitations.get(user.id):
        body["schemas"].append(HOUSEKEY)
        body[HOUSEKEY] = {"invitation": invited(found)}
    return finished(house, body, projection)


def finished(house: House, body: dict[str, Any], projection: Projection) -> dict[str, Any]:
    """The part of a resource that the request wants to see, in the shape that is configured."""
    return wso2.dressed(house, projection.apply(body), whole=projection.only is None and projection.shows("roles"))


def invited(invitation: Invitation) -> dict[str, Any]:
    """The newest invitation or reset, under Housekey's own URN."""
    times = {"sent": invitation.sent, "opened": invitation.opened, "expires": invitation.expires}
    row: dict[str, Any] = {"state": invitation.state, "method": of(invitation.scenario).method}
    row |= {name: when(moment) for name, moment in times.items() if moment}
    return row | ({"error": invitation.error} if invitation.error else {})


def _mail(mail: Email) -> dict[str, Any]:
    row: dict[str, Any] = {"value": mail.value}
    if mail.display:
        row["display"] = mail.display
    if mail.type:
        row["type"] = mail.type
    if mail.primary is not None:
        row["primary"] = mail.primary
    return row


def _state(user: User) -> dict[str, Any]:
    """WSO2's three claims and the verified address (reference 3.1)."""
    standing = user.standing
    state: dict[str, Any] = {"accountState": standing.state, "accountLocked": standing.locked}
    if standing.locked_reason:
        state["lockedReason"] = standing.locked_reason
    if user.email_verified:
        state["emailVerified"] = True
    if user.phone_verified:
        state["phoneVerified"] = True
    return state


def listed(
    house: House,
    tenant: Tenant,
    users: list[User],
    total: int,
    start: int,
    projection: Projection = _ALL,
    invitations: Mapping[UUID, Invitation] = _NONE,
) -> dict[str, Any]:
    """A ListResponse of users (RFC 7644 section 3.4.2)."""
    return page(house, [told(house, tenant, user, projection, invitations) for user in users], total, start)


def page(house: House, resources: list[dict[str, Any]], total: int, start: int) -> dict[str, Any]:
    """A ListResponse of anything that is finished already."""
    body = {"schemas": [LIST], "totalResults": total, "startIndex": start, "itemsPerPage": len(resources), "Resources": resources}
    return wso2.listed(house, body)
