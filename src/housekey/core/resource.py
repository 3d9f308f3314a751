"""A user as SCIM writes it (RFC 7643), read into a profile: names in any case, everything of the type that the table of attributes has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from housekey.core import attributes as core_attributes
from housekey.core.attributes import CUSTOM_URN, ENTERPRISE_URN, HOUSEKEY_URN, USER_URN, WSO2_URN, Attribute, ResourceType
from housekey.core.errors import Invalid
from housekey.core.filters import moment, moment_text
from housekey.core.scenario import EMAIL, SMS
from housekey.core.users import Email, Profile

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


def disabled(written: Written) -> bool | None:
    """`active` mirrors *disabled* only (decisions, SCIM while pending)."""
    flag = written.flag("accountDisabled")
    if flag is not None:
        return flag
    active = written.body.get("active")
    return None if active is None else not boolean(active, "active")


def text_of(body: dict[str, Any], name: str, most: int = 1_000) -> str:
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
    more: dict[str, Any] = {key: text for key in _TEXTS if (text := text_of(body, key))}
    if rest := {key: text for key in _NAMES if (text := text_of(name, key))}:
        more["name"] = rest
    more |= {key: rows for key in _LISTS if (rows := _rows(body, key))}
    if enterprise := _enterprise(written):
        more[ENTERPRISE_URN] = enterprise
    if custom := _custom(written, kind):
        more[CUSTOM_URN] = custom
    if channel := _channel(written):
        more[HOUSEKEY_URN] = {"preferredChannel": channel}
    return Profile(text_of(name, "givenName"), text_of(name, "familyName"), _emails(body), text_of(body, "locale", most=35), more)


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
            kept[attribute.name] = _time(text_of({field: value}, field), field)
        else:
            kept[attribute.name] = text_of({field: value}, field)
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
    kept: dict[str, Any] = {key: text for key in _ENTERPRISE if (text := text_of({key: given.get(key.lower())}, key))}
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
