"""What a client wrote -> what an operation takes. Attribute names are case-insensitive (RFC 7643 section 2.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from housekey.core import attributes as core_attributes
from housekey.core.attributes import Attribute
from housekey.core.errors import Invalid
from housekey.core.names import split_username
from housekey.core.scenario import METHODS
from housekey.core.users import Changes, Email, Invite, NewUser, Profile, User
from housekey.scim.errors import ScimInvalid

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
WSO2 = "urn:scim:wso2:schema"
CUSTOM = "urn:scim:schemas:extension:custom:User"
HOUSEKEY = "urn:housekey:scim:schemas:extension:2.0:User"
"""Housekey's own: how this one invitation or reset is to differ from the tenant's settings (spec section 5)."""
ALIASES = {"enterpriseuser": ENTERPRISE}
"""The bare key of IS 5.7 and before, still printed in the documentation of 5.9 to 5.11 (seeds 000, 001)."""
EXTENSIONS = (ENTERPRISE, WSO2, CUSTOM, HOUSEKEY)

_TEXTS = ("displayName", "nickName", "profileUrl", "title", "userType", "preferredLanguage", "timezone", "externalId")
_LISTS = ("phoneNumbers", "ims", "photos", "addresses", "entitlements", "x509Certificates")
_NAMES = ("formatted", "middleName", "honorificPrefix", "honorificSuffix")
_ENTERPRISE = ("employeeNumber", "costCenter", "organization", "division", "department")
CORE = {
    name.lower(): name
    for name in (*_TEXTS, *_LISTS, "userName", "name", "emails", "active", "locale", "password", "schemas", "id", "meta", "groups", "roles")
}
RESET = ("forcePasswordReset", "adminForcedPasswordReset")
"""Both names are in use: WSO2's schema has the first, schemas made by hand before IS 6 often the second (reference 4B.2)."""
TRIGGERS = ("askPassword", "verifyEmail", *RESET)
"""Write-only: they start something and are never stored or returned."""
MOST_ROWS = 100
MOST_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class Written:
    """One user as a client wrote it, names put into their canonical form."""

    body: dict[str, Any]
    extensions: dict[str, dict[str, Any]]

    def flag(self, name: str) -> bool | None:
        """A boolean attribute of any extension: true, "true", "TRUE" …; None when it is absent."""
        for urn in EXTENSIONS:
            for key, value in self.extensions.get(urn, {}).items():
                if key.lower() == name.lower() and value is not None:
                    return boolean(value, f"{urn}:{name}")
        return None

    def other_flag(self, name: str, shown: bool | None) -> bool | None:
        """The first value that differs from what is shown: whoever sends back what was read changes one of the places where it stood."""
        values = (value for urn in EXTENSIONS for key, value in self.extensions.get(urn, {}).items() if key.lower() == name.lower())
        given = (boolean(value, name) for value in values if value is not None)
        return next((value for value in given if value != shown), None)


def boolean(value: Any, field: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    raise Invalid(f"{field} must be true or false.", field=field)


def canonical(body: dict[str, Any]) -> Written:
    """Sort a client's object into core attributes and extensions; unknown keys are ignored, as RFC 7644 section 3.3 allows."""
    core: dict[str, Any] = {}
    extensions: dict[str, dict[str, Any]] = {}
    for key, value in body.items():
        urn = urn_of(key)
        if urn == USER and isinstance(value, dict):
            core |= canonical(value).body
        elif urn in EXTENSIONS:
            if not isinstance(value, dict):
                raise Invalid(f"{key} must be an object.", field=key)
            extensions[urn] = extensions.get(urn, {}) | value
        elif key.lower() in CORE:
            core[CORE[key.lower()]] = value
    return Written(core, extensions)


def urn_of(key: str) -> str:
    """The schema URN a key stands for, `""` if it is none."""
    lower = key.lower()
    return ALIASES.get(lower) or next((urn for urn in (USER, *EXTENSIONS) if urn.lower() == lower), "")


def read_new_user(body: dict[str, Any], *, extensions_on: bool) -> NewUser:
    """Raises Invalid naming the attribute. A password beside askPassword is read and ignored (spec section 12)."""
    written = canonical(body)
    if not extensions_on:
        _refuse_triggers(written)
    if forced(written):
        raise Invalid("forcePasswordReset is for users who exist. To let a new user choose a password, use askPassword.", field=RESET[0])
    username = _text(written.body, "userName")
    if not username:
        raise Invalid("Required attribute userName is missing in the SCIM Object. Give the user a name.", field="userName")
    ask_password = bool(written.flag("askPassword"))
    return NewUser(
        name=split_username(username),
        profile=profile(written),
        ask_password=ask_password,
        verify_email=bool(written.flag("verifyEmail")) and not ask_password,
        invite=invitation(written),
        password=None if ask_password else _password(written.body),
        disabled=disabled(written) or False,
        locked=bool(written.flag("accountLocked")),
    )


def read_changes(body: dict[str, Any], before: dict[str, Any], user: User, *, extensions_on: bool) -> Changes:
    """What differs between a user as shown (`before`) and as a patch left her (`body`). Raises Invalid, ScimInvalid."""
    written, old = canonical(body), canonical(before)
    ask_password = bool(written.flag("askPassword"))
    changes = _differences(written, old, user, extensions_on=extensions_on)
    return replace(
        changes,
        password=None if ask_password else _password(written.body),
        ask_password=ask_password and not user.standing.pending,
    )


def read_replacement(body: dict[str, Any], before: dict[str, Any], user: User, *, extensions_on: bool) -> Changes:
    """What PUT changes on a user as shown (`before`). What is read-only is passed over; attributes that are left out are taken away,
    except what decides whether the account can be used: `active`, the lock and the password stay as they are (RFC 7644 section 3.5.1).
    askPassword invites only who never had a password (decisions, askPassword on PUT). Raises Invalid, ScimInvalid.
    """
    written, old = canonical(body), canonical(before)
    if not _text(written.body, "userName"):
        raise ScimInvalid("Required attribute userName is missing in the SCIM Object.", "invalidValue", field="userName")
    ask_password = bool(written.flag("askPassword"))
    changes = _differences(written, old, user, extensions_on=extensions_on)
    return replace(
        changes,
        locked=written.other_flag("accountLocked", old.flag("accountLocked")),
        password=None if ask_password else _password(written.body),
        ask_password=ask_password and not user.standing.pending and not user.standing.has_password,
    )


def _differences(written: Written, old: Written, user: User, *, extensions_on: bool) -> Changes:
    """What PATCH and PUT have in common."""
    if not extensions_on:
        _refuse_triggers(written)
    if written.flag("verifyEmail"):
        raise Invalid("verifyEmail works when a user is created. To confirm an address later, change the address.", field="verifyEmail")
    name = split_username(_text(written.body, "userName"))
    if (name.domain, name.key) != (user.name.domain, user.name.key):
        raise ScimInvalid("userName cannot be changed.", "mutability", field="userName")
    next_profile = profile(written)
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
    given = next((value for key, value in written.extensions.get(HOUSEKEY, {}).items() if key.lower() == "invitation"), None)
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
    method = "OFFLINE" if back is not None and boolean(back, "invitation.returnLink") else _text(parts, "method") or None
    if method is not None and method not in METHODS:
        raise Invalid(f"invitation.method must be one of {', '.join(METHODS)}.", field="invitation.method")
    return Invite(method, minutes, _text(parts, "locale", most=35))


def disabled(written: Written) -> bool | None:
    """`active` mirrors *disabled* only (decisions, SCIM while pending)."""
    flag = written.flag("accountDisabled")
    if flag is not None:
        return flag
    active = written.body.get("active")
    return None if active is None else not boolean(active, "active")


def _password(body: dict[str, Any]) -> str | None:
    return _text(body, "password", most=100_000) or None


def _text(body: dict[str, Any], name: str, most: int = 1_000) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Invalid(f"{name} must be a text.", field=name)
    if len(value) > most:
        raise Invalid(f"{name} is longer than {most} characters.", field=name)
    return value


def profile(written: Written) -> Profile:
    """The person's attributes. Those without a column of their own keep SCIM's names and shapes in `more`."""
    body = written.body
    name = _complex(body, "name")
    more: dict[str, Any] = {key: text for key in _TEXTS if (text := _text(body, key))}
    if rest := {key: text for key in _NAMES if (text := _text(name, key))}:
        more["name"] = rest
    more |= {key: rows for key in _LISTS if (rows := _rows(body, key))}
    if enterprise := _enterprise(written):
        more[ENTERPRISE] = enterprise
    return Profile(_text(name, "givenName"), _text(name, "familyName"), _emails(body), _text(body, "locale", most=35), more)


def profile_of(body: dict[str, Any]) -> Profile:
    """The profile in a client's object."""
    return profile(canonical(body))


def _enterprise(written: Written) -> dict[str, Any]:
    given = {key.lower(): value for key, value in written.extensions.get(ENTERPRISE, {}).items()}
    kept: dict[str, Any] = {key: text for key in _ENTERPRISE if (text := _text({key: given.get(key.lower())}, key))}
    manager = given.get("manager")
    if isinstance(manager, str):
        manager = {"value": manager}
    if isinstance(manager, dict) and isinstance(manager.get("value"), str):
        kept["manager"] = {"value": manager["value"][:1000]}
    return kept


def _complex(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Invalid(f"{name} must be an object.", field=name)
    known = {key.lower(): key for key in ("givenName", "familyName", *_NAMES)}
    return {known[key.lower()]: item for key, item in value.items() if key.lower() in known}


def _rows(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """A multi-valued attribute as a list of objects; a plain value becomes `{"value": …}`. What the attribute does not have is left."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        value = [value]
    if len(value) > MOST_ROWS:
        raise Invalid(f"{name} has more than {MOST_ROWS} values.", field=name)
    attribute = core_attributes.USER.attribute(name)
    assert attribute is not None  # noqa: S101 - `_LISTS` and the table belong to one program
    rows = []
    for number, given in enumerate(value):
        row = {"value": given} if isinstance(given, str) else given
        if not isinstance(row, dict):
            raise Invalid(f"{name}[{number}] must be an object or a text.", field=f"{name}[{number}]")
        kept = _row(attribute, row, f"{name}[{number}]")
        if kept or name == "emails":
            rows.append(kept)
    return rows


def _row(attribute: Attribute, row: dict[str, Any], field: str) -> dict[str, Any]:
    """One value of `attribute`, its parts spelled and typed as the table of attributes has them."""
    kept: dict[str, Any] = {}
    for key, item in row.items():
        sub = attribute.sub(key)
        if sub is None or sub.mutability == "readOnly" or item is None or item == "":
            continue
        if sub.type == "boolean":
            kept[sub.name] = boolean(item, f"{field}.{sub.name}")
        elif not isinstance(item, str):
            raise Invalid(f"{field}.{sub.name} must be a text.", field=f"{field}.{sub.name}")
        elif len(item) > MOST_TEXT:
            raise Invalid(f"{field}.{sub.name} holds a text longer than {MOST_TEXT} characters.", field=f"{field}.{sub.name}")
        else:
            kept[sub.name] = item
    return kept


def _emails(body: dict[str, Any]) -> tuple[Email, ...]:
    emails = []
    for number, row in enumerate(_rows(body, "emails")):
        value, kind = str(row.get("value", "")).strip(), row.get("type", "")
        if not value:
            raise Invalid(f"emails[{number}] has no value. Give it an address.", field=f"emails[{number}]")
        if len(kind) > 50:
            raise Invalid(f"emails[{number}].type must be a short text.", field=f"emails[{number}].type")
        emails.append(Email(value, kind, row.get("primary"), row.get("display", "")))
    if sum(mail.primary is True for mail in emails) > 1:
        raise Invalid("Only one of emails can be primary.", field="emails")
    return tuple(emails)
