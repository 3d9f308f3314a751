"""The external claim dialects: what SCIM and OpenID Connect call the local claims (reference server 6.2, 4B.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from housekey.core import claims as local
from housekey.core.attributes import CUSTOM_URN, ENTERPRISE_URN, USER_URN, WSO2_URN
from housekey.core.claims import DIALECT, IDENTITY
from housekey.core.openid import MAPPED, OIDC_DIALECT

CORE_URN = "urn:ietf:params:scim:schemas:core:2.0"

_ACCOUNT: dict[str, str] = {
    "askPassword": local.ASK_PASSWORD, "verifyEmail": local.VERIFY_EMAIL, "forcePasswordReset": local.FORCED_RESET,
    "oneTimePassword": local.ONE_TIME_PASSWORD, "accountLocked": local.ACCOUNT_LOCKED, "accountDisabled": local.ACCOUNT_DISABLED,
    "accountState": local.ACCOUNT_STATE, "lockedReason": local.LOCKED_REASON, "emailVerified": local.EMAIL_VERIFIED,
    "phoneVerified": local.PHONE_VERIFIED, "preferredChannel": local.PREFERRED_CHANNEL, "unlockTime": f"{IDENTITY}unlockTime",
    "pendingEmails": f"{IDENTITY}emailaddress.pendingValue",
}
_SHIPPED: Mapping[str, Mapping[str, str]] = MappingProxyType({
    CORE_URN: {
        "id": f"{DIALECT}/userid", "externalId": f"{DIALECT}/externalid", "meta.created": f"{DIALECT}/created",
        "meta.lastModified": f"{DIALECT}/modified",
    },
    USER_URN: {
        "userName": local.USERNAME, "name.givenName": local.GIVEN_NAME, "name.familyName": local.LAST_NAME,
        "name.formatted": f"{DIALECT}/fullname", "displayName": f"{DIALECT}/displayName", "nickName": f"{DIALECT}/nickname",
        "profileUrl": f"{DIALECT}/url", "title": f"{DIALECT}/title", "locale": local.LOCALE, "emails": local.EMAIL,
        "phoneNumbers.mobile": local.MOBILE, "phoneNumbers.work": local.TELEPHONE, "roles": f"{DIALECT}/role",
    },
    ENTERPRISE_URN: {"organization": f"{DIALECT}/organization", "department": f"{DIALECT}/department", **_ACCOUNT},
    WSO2_URN: _ACCOUNT,
})


def external(own: Iterable[str]) -> dict[str, dict[str, str]]:
    """Dialect -> URI of its claim -> local claim. `own`: the names of the tenant's own attributes."""
    tables = {**_SHIPPED, CUSTOM_URN: {name: f"{DIALECT}/{name}" for name in own}}
    scim = {urn: {f"{urn}:{name}": uri for name, uri in rows.items()} for urn, rows in tables.items()}
    return {**scim, OIDC_DIALECT: dict(MAPPED)}
