"""What a client wrote -> what an operation takes. Attribute names are case-insensitive (RFC 7643 section 2.1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from housekey.core.attributes import HOUSEKEY_URN, WSO2_URN, ResourceType
from housekey.core.errors import Invalid
from housekey.core.names import split_username
from housekey.core.resource import Written, boolean, canonical, disabled, profile, text_of
from housekey.core.scenario import METHODS
from housekey.core.users import Changes, Invite, NewUser, User
from housekey.scim.errors import ScimInvalid

RESET = ("forcePasswordReset", "adminForcedPasswordReset")
"""Both names are in use: WSO2's schema has the first, schemas made by hand before IS 6 often the second (reference 4B.2)."""
TRIGGERS = ("askPassword", "verifyEmail", *RESET)
"""Write-only: they start something and are never stored or returned."""


def read_new_user(body: dict[str, Any], kind: ResourceType, *, extensions_on: bool) -> NewUser:
    """`kind`: what users of this tenant can have. A password beside askPassword is read and ignored (spec section 12).

    Raises Invalid naming the attribute.
    """
    written = canonical(body)
    if not extensions_on:
        _refuse_triggers(written)
    if forced(written):
        raise Invalid("forcePasswordReset is for users who exist. To let a new user choose a password, use askPassword.", field=RESET[0])
    username = text_of(written.body, "userName")
    if not username:
        raise Invalid("Required attribute userName is missing in the SCIM Object. Give the user a name.", field="userName")
    ask_password = bool(written.flag("askPassword"))
    return NewUser(
        name=split_username(username),
        profile=profile(written, kind),
        ask_password=ask_password,
        verify_email=bool(written.flag("verifyEmail")) and not ask_password,
        invite=invitation(written),
        password=None if ask_password else _password(written.body),
        disabled=disabled(written) or False,
        locked=bool(written.flag("accountLocked")),
    )


AS_IT_IS = ...
"""Stands for the lock of a user who is to be patched: what is there afterwards instead, the client has written. An invited account is
locked already, and may be locked by the administrator besides."""


def to_patch(shown: dict[str, Any]) -> dict[str, Any]:
    """A user as shown, ready to be patched and given to `read_changes`."""
    return shown | {WSO2_URN: shown[WSO2_URN] | {"accountLocked": AS_IT_IS}} if WSO2_URN in shown else shown


def read_changes(body: dict[str, Any], before: dict[str, Any], user: User, kind: ResourceType, *, extensions_on: bool) -> Changes:
    """What differs between a user before (`to_patch`) and as a patch left her (`body`). Raises Invalid, ScimInvalid.

    `active` and `accountLocked` can be taken away; each then reads as false: disabled the one, not locked the other.
    """
    written, old = canonical(body), canonical(before)
    lock = written.extensions.get(WSO2_URN, {}).get("accountLocked", None if WSO2_URN in before else AS_IT_IS)
    if lock is AS_IT_IS:
        written.extensions.get(WSO2_URN, {}).pop("accountLocked", None)
    old.extensions.get(WSO2_URN, {}).pop("accountLocked", None)
    changes = _differences(written, old, user, kind, extensions_on=extensions_on)
    if "active" in old.body and changes.disabled is None and disabled(written) is None:
        changes = replace(changes, disabled=True, taken_away=changes.taken_away | {"active"})
    if lock is None and changes.locked is None:
        changes = replace(changes, locked=False, taken_away=changes.taken_away | {"accountLocked"})
    ask_password = bool(written.flag("askPassword"))
    return replace(
        changes,
        password=None if ask_password else _password(written.body),
        ask_password=ask_password and not user.standing.pending,
    )


def read_replacement(body: dict[str, Any], before: dict[str, Any], user: User, kind: ResourceType, *, extensions_on: bool) -> Changes:
    """What PUT changes on a user as shown (`before`). What is read-only is passed over; attributes that are left out are taken away,
    except what decides whether the account can be used: `active`, the lock and the password stay as they are (RFC 7644 section 3.5.1).
    askPassword invites only who never had a password (decisions, askPassword on PUT). Raises Invalid, ScimInvalid.
    """
    written, old = canonical(body), canonical(before)
    if not text_of(written.body, "userName"):
        raise ScimInvalid("Required attribute userName is missing in the SCIM Object.", "invalidValue", field="userName")
    ask_password = bool(written.flag("askPassword"))
    changes = _differences(written, old, user, kind, extensions_on=extensions_on)
    return replace(
        changes,
        locked=written.other_flag("accountLocked", old.flag("accountLocked")),
        password=None if ask_password else _password(written.body),
        ask_password=ask_password and not user.standing.pending and not user.standing.has_password,
    )


def _differences(written: Written, old: Written, user: User, kind: ResourceType, *, extensions_on: bool) -> Changes:
    """What PATCH and PUT have in common."""
    if not extensions_on:
        _refuse_triggers(written)
    if written.flag("verifyEmail"):
        raise Invalid("verifyEmail works when a user is created. To confirm an address later, change the address.", field="verifyEmail")
    name = split_username(text_of(written.body, "userName"))
    if (name.domain, name.key) != (user.name.domain, user.name.key):
        raise ScimInvalid("userName cannot be changed.", "mutability", field="userName")
    next_profile = profile(written, kind)
    return Changes(
        profile=next_profile if next_profile != user.profile else None,
        disabled=_changed(disabled(written), disabled(old)),
        locked=_changed(written.flag("accountLocked"), old.flag("accountLocked")),
        force_reset=forced(written),
        invite=invitation(written),
    )


def _changed(new: bool | None, old: bool | None) -> bool | None:
    return new if new != old else None


def forced(written: Written) -> bool:
    """Is a new password demanded, under either name?"""
    return any(bool(written.flag(name)) for name in RESET)


def _refuse_triggers(written: Written) -> None:
    """Silence would let somebody believe in an invitation or reset that never was."""
    for name in TRIGGERS:
        if written.flag(name):
            raise Invalid(f"{name} is not taken: the setting enable_schema_extension ([scim2] in deployment.toml) is off.", field=name)


def invitation(written: Written) -> Invite:
    """`{"invitation": {"method", "expiryTime", "locale", "returnLink"}}` under Housekey's URN. Raises Invalid naming the part."""
    given = next((value for key, value in written.extensions.get(HOUSEKEY_URN, {}).items() if key.lower() == "invitation"), None)
    if given is None:
        return Invite()
    if not isinstance(given, dict):
        raise Invalid("invitation must be an object.", field="invitation")
    parts = {key.lower(): value for key, value in given.items()}
    if "state" in parts:
        return Invite()  # what was read of the last one, sent back
    minutes = parts.get("expirytime")
    if minutes is not None and (isinstance(minutes, bool) or not isinstance(minutes, int)):
        raise Invalid("invitation.expiryTime must be a whole number of minutes.", field="invitation.expiryTime")
    back = parts.get("returnlink")
    method = "OFFLINE" if back is not None and boolean(back, "invitation.returnLink") else text_of(parts, "method") or None
    if method is not None and method not in METHODS:
        raise Invalid(f"invitation.method must be one of {', '.join(METHODS)}.", field="invitation.method")
    return Invite(method, minutes, text_of(parts, "locale", most=35))


def _password(body: dict[str, Any]) -> str | None:
    return text_of(body, "password", most=100_000) or None
