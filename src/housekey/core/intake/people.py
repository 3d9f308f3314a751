"""What the columns of a table and the attributes of a directory mean in a profile."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from housekey.core.attributes import ENTERPRISE_URN
from housekey.core.intake.rows import MOST_VALUE
from housekey.core.names import UserName, split_username
from housekey.core.users import Email, Profile

Attributes = Mapping[str, Sequence[str]]
"""By name in lower case, without options; the values in the order of the file, none empty."""

NAMES = ("uid", "samaccountname", "userprincipalname")
"""Which attribute is the user name: the first of them that an entry has."""
_CELLS = {"title": "title", "externalid": "externalId", "displayname": "displayName", "nickname": "nickName"}
_ENTERPRISE_CELLS = {"department": "department", "organization": "organization", "employeenumber": "employeeNumber"}
_SINGLE = {
    "displayname": "displayName", "title": "title", "preferredlanguage": "preferredLanguage", "employeetype": "userType",
    "externalid": "externalId", "nickname": "nickName", "url": "profileUrl", "wwwhomepage": "profileUrl", "labeleduri": "profileUrl",
}
_ENTERPRISE = {
    "employeenumber": "employeeNumber", "employeeid": "employeeNumber", "departmentnumber": "department", "department": "department",
    "o": "organization", "company": "organization", "organizationname": "organization", "division": "division",
}
_PHONES = {
    "mobile": "mobile", "telephonenumber": "work", "homephone": "home", "facsimiletelephonenumber": "fax", "pager": "pager",
}
_ADDRESS = {
    "street": "streetAddress", "streetaddress": "streetAddress", "l": "locality", "st": "region", "postalcode": "postalCode",
    "c": "country", "co": "country",
}
_NAME = {"middlename": "middleName", "initials": "middleName", "personaltitle": "honorificPrefix", "generationqualifier": "honorificSuffix"}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")
_DISABLED_BIT = 2
"""ACCOUNTDISABLE of userAccountControl (Active Directory)."""
PLAIN = frozenset({
    *NAMES, *_SINGLE, *_ENTERPRISE, *_PHONES, *_ADDRESS, *_NAME, "mail", "givenname", "sn", "cn", "manager", "locale", "localityname",
    "useraccountcontrol", "nsaccountlock", "accountdisabled", "accountlock", "accountlocked", "pwdreset", "objectclass", "userpassword",
    "emailaddress", "lastname", "telephone", "fullname",
})
"""Every attribute that means something here; the others of an entry need not be kept while it is read."""


def user_name(text: str, domain: str) -> UserName:
    """`DOMAIN/user`, or `user` in the domain that was asked for."""
    name = split_username(text)
    return UserName(domain.upper(), name.bare) if domain and "/" not in text else name


def from_cells(cells: Mapping[str, str]) -> Profile:
    """A line of a table (the names are those of `core.sheet.COLUMNS`)."""
    more: dict[str, Any] = {to: cells[name] for name, to in _CELLS.items() if name in cells}
    if "mobile" in cells:
        more["phoneNumbers"] = [{"value": cells["mobile"], "type": "mobile"}]
    if enterprise := {to: cells[name] for name, to in _ENTERPRISE_CELLS.items() if name in cells}:
        more[ENTERPRISE_URN] = enterprise
    emails = (Email(cells["email"], "work", True),) if "email" in cells else ()
    return Profile(cells.get("givenname", ""), cells.get("familyname", ""), emails, cells.get("locale", ""), more)


def from_attributes(found: Attributes) -> Profile:
    """An entry of inetOrgPerson (RFC 2798), of Active Directory, or the attributes of WSO2's user table."""
    more: dict[str, Any] = _texts(found, _SINGLE)
    if names := _texts(found, _NAME) | ({"formatted": found["cn"][0]} if "cn" in found else {}):
        more["name"] = names
    if phones := _phones(found):
        more["phoneNumbers"] = phones
    if address := _texts(found, _ADDRESS):
        more["addresses"] = [{"type": "work", **address}]
    enterprise: dict[str, Any] = _texts(found, _ENTERPRISE)
    if manager := _first(found, "manager"):
        enterprise["manager"] = {"value": manager[:1_000]}
    if enterprise:
        more[ENTERPRISE_URN] = enterprise
    addresses = dict.fromkeys((*found.get("mail", ()), *found.get("emailaddress", ())))
    emails = tuple(Email(value.strip(), "work", True if number == 0 else None) for number, value in enumerate(addresses))
    return Profile(_first(found, "givenname"), _first(found, "sn") or _first(found, "lastname"), emails, _locale(found), more)


def is_disabled(found: Attributes) -> bool:
    control = _first(found, "useraccountcontrol")
    bit = control.isascii() and control.isdecimal() and len(control) < 12 and int(control) & _DISABLED_BIT
    return bool(bit) or _true(found, "nsaccountlock") or _true(found, "accountdisabled")


def is_locked(found: Attributes) -> bool:
    return _true(found, "accountlock") or _true(found, "accountlocked")


def must_change(found: Attributes) -> bool:
    """`pwdReset`: the password was set by an administrator (draft-behera-ldap-password-policy)."""
    return _true(found, "pwdreset")


def too_long(found: Attributes) -> str:
    """The name of an attribute with a value that is longer than any can be, else ""."""
    return next((name for name, values in found.items() if name != "userpassword" and any(len(value) > MOST_VALUE for value in values)), "")


def _true(found: Attributes, name: str) -> bool:
    return _first(found, name).lower() == "true"


def _first(found: Attributes, name: str) -> str:
    values = found.get(name)
    return values[0] if values else ""


def _texts(found: Attributes, table: Mapping[str, str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, to in table.items():
        if name in found:
            kept.setdefault(to, found[name][0])
    return kept


def _phones(found: Attributes) -> list[dict[str, str]]:
    return [{"value": value, "type": kind} for name, kind in _PHONES.items() for value in found.get(name, ())]


def _locale(found: Attributes) -> str:
    """WSO2 keeps the language in localityName; elsewhere that is a town."""
    for text in (_first(found, "locale"), _first(found, "localityname"), _first(found, "preferredlanguage").partition(",")[0]):
        if _LANGUAGE.fullmatch(text) and (len(text) < 4 or "-" in text or "_" in text):
            return text
    return ""
