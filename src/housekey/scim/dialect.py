"""What a client wrote -> what an operation takes. Attribute names are case-insensitive (RFC 7643 section 2.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from housekey.core import attributes as core_attributes
from housekey.core.attributes import CUSTOM_URN, ENTERPRISE_URN, HOUSEKEY_URN, USER_URN, WSO2_URN, Attribute, ResourceType
from housekey.core.errors import Invalid
from housekey.core.filters import moment, moment_text
from housekey.core.names import split_username
from housekey.core.scenario import EMAIL, METHODS, SMS
from housekey.core.users import Changes, Email, Invite, NewUser, Profile, User
from housekey.scim.errors import ScimInvalid

ALIASES = {"enterpriseuser": ENTERPRISE_URN}
"""The bare key of IS 5.7 and before, still printed in the documentation of 5.9 to 5.11 (seeds 000, 001)."""
EXTENSIONS = (ENTERPRISE_URN, WSO2_URN, CUSTOM_URN, HOUSEKEY_URN)

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
        if urn == USER_URN and isinstance(value, dict):
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
    return ALIASES.get(lower) or next((urn for urn in (USER_URN, *EXTENSIONS) if urn.lower() == lower), "")


def read_new_user(body: dict[str, Any], kind: ResourceType, *, extensions_on: bool) -> NewUser:
    """`kind`: what users of this tenant can have. A password beside askPassword is read and ignored (spec section 12).

    Raises Invalid naming the attribute.
    """
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
    if not _text(written.body, "userName"):
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
    name = split_username(_text(written.body, "userName"))
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


def profile(written: Written, kind: ResourceType) -> Profile:
    """The person's attributes, the tenant's own among them. Those without a column of their own keep SCIM's names and shapes in `more`."""
    body = written.body
    name = _complex(body, "name")
    more: dict[str, Any] = {key: text for key in _TEXTS if (text := _text(body, key))}
    if rest := {key: text for key in _NAMES if (text := _text(name, key))}:
        more["name"] = rest
    more |= {key: rows for key in _LISTS if (rows := _rows(body, key))}
    if enterprise := _enterprise(written):
        more[ENTERPRISE_URN] = enterprise
    if custom := _custom(written, kind):
        more[CUSTOM_URN] = custom
    if channel := _channel(written):
        more[HOUSEKEY_URN] = {"preferredChannel": channel}
    return Profile(_text(name, "givenName"), _text(name, "familyName"), _emails(body), _text(body, "locale", most=35), more)


def profile_of(body: dict[str, Any], kind: ResourceType) -> Profile:
    """The profile in a client's object."""
    return profile(canonical(body), kind)


def _custom(written: Written, kind: ResourceType) -> dict[str, Any]:
    """The attributes that the tenant added, in the form in which they are kept: times as they are shown."""
    schema = kind.extension(CUSTOM_URN)
    kept: dict[str, Any] = {}
    for key, value in written.extensions.get(CUSTOM_URN, {}).items():
        attribute = schema.attribute(key)
        if attribute is None or value is None or value == "":
            continue
        field = f"{CUSTOM_URN}:{attribute.name}"
        if attribute.type == "boolean":
            kept[attribute.name] = boolean(value, field)
        elif attribute.type == "dateTime":
            kept[attribute.name] = _time(_text({field: value}, field), field)
        else:
            kept[attribute.name] = _text({field: value}, field)
    return kept


def _time(text: str, field: str) -> str:
    found = moment(text)
    if found is None:
        raise Invalid(f"{field} must be a time such as 2026-03-01T09:00:00Z.", field=field)
    return moment_text(found)


def _channel(written: Written) -> str:
    """`preferredChannel`, under Housekey's URN or, as WSO2's clients write it, under WSO2's."""
    for urn in (HOUSEKEY_URN, WSO2_URN, ENTERPRISE_URN):
        for key, value in written.extensions.get(urn, {}).items():
            if key.lower() == "preferredchannel" and value not in (None, ""):
                chosen = value.strip().upper() if isinstance(value, str) else ""
                if chosen not in {EMAIL, SMS}:
                    raise Invalid(f"preferredChannel must be {EMAIL} or {SMS}.", field=f"{HOUSEKEY_URN}:preferredChannel")
                return chosen
    return ""


def _enterprise(written: Written) -> dict[str, Any]:
    given = {key.lower(): value for key, value in written.extensions.get(ENTERPRISE_URN, {}).items()}
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
