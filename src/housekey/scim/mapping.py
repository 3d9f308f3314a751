"""A user as SCIM shows it. By hand, because a list of a hundred must cost less than a millisecond each ten."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from housekey.conf.house import House
from housekey.core.links import tenant_prefix
from housekey.core.names import Tenant
from housekey.core.users import User
from housekey.scim.dialect import ENTERPRISE, USER, WSO2

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def location(house: House, tenant: Tenant, user: User) -> str:
    return f"{house.config.base_url}{tenant_prefix(tenant.domain)}/scim2/Users/{user.id}"


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
        body["emails"] = [_mail(mail.value, mail.type, mail.primary) for mail in profile.emails]
    if profile.locale:
        body["locale"] = profile.locale
    body["active"] = not user.standing.disabled
    if user.roles:
        body["roles"] = [{"value": role, "display": role} for role in user.roles]
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
    }
    return body


def _mail(value: str, kind: str, primary: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"value": value}
    if kind:
        row["type"] = kind
    if primary:
        row["primary"] = True
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


def listed(house: House, tenant: Tenant, users: list[User], total: int, start: int) -> dict[str, Any]:
    return {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(users),
        "Resources": [shown(house, tenant, user) for user in users],
    }
