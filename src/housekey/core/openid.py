"""What an application may learn about a person: OpenID Connect's claims, the scopes that ask for them, and where they come from.

The words are those of OpenID Connect Core 1.0 sections 5.1 and 5.4; each is mapped to a local claim `http://wso2.org/claims/…`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType

from housekey.core import claims as local
from housekey.core.claims import DIALECT
from housekey.core.users import User

OIDC_DIALECT = "http://wso2.org/oidc/claim"

OPENID = "openid"
OFFLINE = "offline_access"
"""Its tokens outlive the session in the browser (section 11)."""

PASSWORD_CLASS = "1"  # noqa: S105 - a level of assurance
"""`acr`: somebody typed a password, and nothing more was asked."""
PASSWORD_METHODS = ("pwd",)
"""`amr` (RFC 8176)."""

SCOPES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    OPENID: ("sub",),
    "profile": ("name", "given_name", "family_name", "nickname", "preferred_username", "website", "locale", "updated_at"),
    "email": ("email", "email_verified"),
    "phone": ("phone_number", "phone_number_verified"),
    "groups": ("groups",),
    "roles": ("roles",),
    OFFLINE: (),
})
"""Scope -> the claims it asks for. `groups` and `roles` are WSO2's."""

MAPPED: Mapping[str, str] = MappingProxyType({
    "sub": f"{DIALECT}/userid", "name": f"{DIALECT}/fullname", "given_name": local.GIVEN_NAME, "family_name": local.LAST_NAME,
    "nickname": f"{DIALECT}/nickname", "preferred_username": local.USERNAME, "website": f"{DIALECT}/url", "locale": local.LOCALE,
    "updated_at": f"{DIALECT}/modified", "email": local.EMAIL, "email_verified": local.EMAIL_VERIFIED, "phone_number": local.MOBILE,
    "phone_number_verified": local.PHONE_VERIFIED, "roles": f"{DIALECT}/role",
})
"""OpenID claim -> local claim."""

_SHAPES: Mapping[str, Callable[[User], object]] = MappingProxyType({
    "email_verified": lambda user: user.email_verified,
    "phone_number_verified": lambda user: user.phone_verified,
    "updated_at": lambda user: int(user.modified.timestamp()),
    "groups": lambda user: [str(group.name) for group in user.groups],
    "roles": lambda user: list(user.roles),
})
"""Those that are not a text."""


def known(scopes: Collection[str]) -> tuple[str, ...]:
    """Those that are OpenID Connect's, in a fixed order."""
    return tuple(scope for scope in SCOPES if scope in scopes)


def claims_of(user: User, scopes: Collection[str]) -> dict[str, object]:
    """What a token with these scopes tells about the user. Empty values are left out (section 5.3.2)."""
    wanted = [claim for scope in known(scopes) for claim in SCOPES[scope]]
    found = {claim: _value(user, claim) for claim in wanted}
    without = {f"{name}_verified" for name in ("email", "phone_number") if not found.get(name)}
    return {claim: value for claim, value in found.items() if value not in ("", []) and claim not in without}


def _value(user: User, claim: str) -> object:
    shape = _SHAPES.get(claim)
    return shape(user) if shape else local.value_of(user, MAPPED[claim])
