"""A user as SCIM shows it. By hand, because a list of a hundred must cost less than a millisecond each ten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from housekey.conf.house import House
from housekey.core.account import ADMIN_INITIATED
from housekey.core.attributes import CUSTOM_URN, ENTERPRISE_URN, HOUSEKEY_URN, USER_URN, USERS, WSO2_URN
from housekey.core.custom import held
from housekey.core.filters import moment_text
from housekey.core.links import tenant_prefix
from housekey.core.names import Tenant
from housekey.core.scenario import of
from housekey.core.users import Email, Invitation, User
from housekey.operations.custom_attributes import kind_of_users
from housekey.scim import wso2
from housekey.scim.conditions import tag_of
from housekey.scim.projection import Projection

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_EXTENSIONS = {ENTERPRISE_URN, CUSTOM_URN, HOUSEKEY_URN}
"""Kept among the rest of a profile, shown apart."""
_ALL = Projection(USERS)
_NONE: Mapping[UUID, Invitation] = MappingProxyType({})


def base(house: House, tenant: Tenant) -> str:
    """The public address that SCIM's own addresses begin with."""
    return f"{house.config.base_url}{tenant_prefix(tenant.domain)}/scim2"


def location(house: House, tenant: Tenant, user: User) -> str:
    return f"{base(house, tenant)}/Users/{user.id}"


def shown(house: House, tenant: Tenant, user: User) -> dict[str, Any]:
    """Never a password, a code, or the write-only triggers. The bare key `EnterpriseUser` is read but never written."""
    profile = user.profile
    more = {key: value for key, value in profile.more.items() if key not in _EXTENSIONS}
    body: dict[str, Any] = {"schemas": [USER_URN], "id": str(user.id), "userName": str(user.name)}
    names = {"givenName": profile.given_name, "familyName": profile.family_name, **more.pop("name", {})}
    if name := {key: value for key, value in names.items() if value}:
        body["name"] = name
    body |= more
    if profile.emails:
        body["emails"] = [_mail(mail) for mail in profile.emails]
    if profile.locale:
        body["locale"] = profile.locale
    if not (user.standing.disabled and "active" in user.unassigned):
        body["active"] = not user.standing.disabled
    if user.roles:
        body["roles"] = [{"value": role, "display": role} for role in user.roles]
    if user.groups:
        body["groups"] = [
            {"value": str(group.id), "display": str(group.name), "type": "direct", "$ref": f"{base(house, tenant)}/Groups/{group.id}"}
            for group in user.groups
        ]
    for urn, rows in _extensions(house, tenant, user):
        if rows:
            body["schemas"].append(urn)
            body[urn] = rows
    body["meta"] = {
        "resourceType": "User",
        "created": moment_text(user.created),
        "lastModified": moment_text(user.modified),
        "location": location(house, tenant, user),
        "version": tag_of(user),
    }
    return body


def _extensions(house: House, tenant: Tenant, user: User) -> Iterator[tuple[str, dict[str, Any]]]:
    more = user.profile.more
    yield ENTERPRISE_URN, more.get(ENTERPRISE_URN, {})
    if house.config.scim2.enable_schema_extension:
        yield WSO2_URN, _state(user)
    if CUSTOM_URN in more:
        yield CUSTOM_URN, held(kind_of_users(tenant).extension(CUSTOM_URN), more[CUSTOM_URN])
    yield HOUSEKEY_URN, more.get(HOUSEKEY_URN, {})


def told(
    house: House, tenant: Tenant, user: User, projection: Projection = _ALL, invitations: Mapping[UUID, Invitation] = _NONE
) -> dict[str, Any]:
    """A user as an answer shows her: what the request wants to see, in the shape that is configured."""
    body = shown(house, tenant, user)
    if WSO2_URN in body and not wso2.on(house) and not _tells_more(user):
        _leave_out(body, {name for name in _IMPLIED if not projection.asks(WSO2_URN, name)})
    if found := invitations.get(user.id):
        extend(body, HOUSEKEY_URN, {"invitation": invited(found)})
    return finished(house, body, projection)


def extend(body: dict[str, Any], urn: str, rows: dict[str, Any]) -> None:
    """Add to an extension of a resource, and the extension to its schemas."""
    if urn not in body["schemas"]:
        body["schemas"].append(urn)
    body[urn] = body.get(urn, {}) | rows


def _leave_out(body: dict[str, Any], names: set[str]) -> None:
    body[WSO2_URN] = {name: value for name, value in body[WSO2_URN].items() if name not in names}
    if not body[WSO2_URN]:
        del body[WSO2_URN]
        body["schemas"].remove(WSO2_URN)


_IMPLIED = ("accountState", "lockedReason")


def _tells_more(user: User) -> bool:
    """Does accountState say more than `active` and `accountLocked` do? Otherwise it is shown to who asks for it."""
    return bool(user.standing.pending) or user.standing.locked_reason not in {"", ADMIN_INITIATED}


def finished(house: House, body: dict[str, Any], projection: Projection) -> dict[str, Any]:
    """The part of a resource that the request wants to see, in the shape that is configured."""
    return wso2.dressed(house, projection.apply(body, generous=wso2.on(house)), whole=projection.only is None and projection.shows("roles"))


def invited(invitation: Invitation) -> dict[str, Any]:
    """The newest invitation or reset, under Housekey's own URN."""
    times = {"sent": invitation.sent, "opened": invitation.opened, "expires": invitation.expires}
    row: dict[str, Any] = {"state": invitation.state, "method": of(invitation.scenario).method}
    row |= {name: moment_text(moment) for name, moment in times.items() if moment}
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
    state: dict[str, Any] = {"accountState": standing.state}
    if standing.locked or "accountLocked" not in user.unassigned:
        state["accountLocked"] = standing.locked
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
