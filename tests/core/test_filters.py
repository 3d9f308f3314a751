"""Filters: what they mean, what they refuse, and where they end (RFC 7644 section 3.4.2.2)."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from housekey.core.attributes import CUSTOM_URN, ENTERPRISE_URN, GROUPS, USER_URN, USERS, WSO2_URN, resolve
from housekey.core.filter_text import MOST_CHARACTERS, MOST_DEPTH, parse
from housekey.core.filters import BadFilter, evaluate

BARBARA: dict[str, Any] = {
    "schemas": [USER_URN],
    "id": "2819c223-7f76-453a-919d-413861904646",
    "externalId": "Bab-7",
    "userName": "bjensen",
    "name": {"familyName": "O'Malley", "givenName": "Barbara", "formatted": ""},
    "displayName": "Straße 100%",
    "title": "Vice President",
    "userType": "Employee",
    "active": True,
    "emails": [{"value": "Bjensen@Example.com", "type": "work", "primary": True}, {"value": "babs@example.org", "type": "home"}],
    "phoneNumbers": [],
    ENTERPRISE_URN: {"department": "Tour Operations", "manager": {"value": "26118915"}},
    WSO2_URN: {"accountState": "PENDING_AP", "accountLocked": True},
    "meta": {"resourceType": "User", "created": "2011-05-13T04:42:34.120Z", "lastModified": "2026-05-13T04:42:34.000Z"},
}


def holds(text: str) -> bool:
    return evaluate(parse(text, USERS), BARBARA)


@pytest.mark.parametrize("text", [
    'userName eq "bjensen"', 'name.familyName co "O\'Malley"', 'userName sw "B"', f'{USER_URN}:userName sw "b"', "title pr",
    'meta.lastModified gt "2011-05-13T04:42:34Z"', 'meta.lastModified ge "2026-05-13T04:42:34Z"',
    'meta.lastModified lt "2026-05-13T04:42:35Z"',
    'meta.lastModified le "2026-05-13T04:42:34Z"', 'title pr and userType eq "Employee"', 'title pr or userType eq "Intern"',
    'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")',
    'userType ne "Employee" or not (emails co "example.net" or emails.value co "example.net")',
    'userType eq "Employee" and (emails.type eq "work")',
    'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]',
    'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]',
])
def test_the_samples_of_the_rfc_find_barbara(text: str) -> None:
    """RFC 7644 section 3.4.2.2, figure 3, in our own data."""
    assert holds(text)


@pytest.mark.parametrize(("text", "found"), [
    ('USERNAME EQ "BJENSEN"', True), ('userName eq "primary/BJENSEN"', True), ('userName eq "LDAP/bjensen"', False),
    ('displayName eq "STRASSE 100%"', True), ('displayName ew "100%"', True), ('displayName co "1%0"', False),
    ('externalId eq "Bab-7"', True), ('externalId eq "bab-7"', False),
    ('emails.value eq "bjensen@example.com"', True), ('emails eq "BABS@example.org"', True),
    ('emails[type eq "home" and primary eq true]', False), ('emails[type eq "home" and primary eq false]', True),
    ('emails[not (type eq "work")]', True), ('emails[type ne "work"].', None), ('emails.type ne "work"', False), ('emails ne "x@y"', True),
    ("nickName pr", False), ("name.formatted pr", False), ("name pr", True), ("emails pr", True), ("phoneNumbers pr", False),
    ("nickName eq null", True), ('nickName eq ""', True), ("title ne null", True), ('nickName ne "x"', True),
    ('title ne "Vice President"', False),
    ('nickName lt "z"', False), ('nickName co ""', False), ('title co ""', True), ('title lt ""', False), ('title gt ""', True),
    ("active eq true", True), ('active eq "True"', True), ("active ne true", False), ("active eq false", False),
    ("urn:scim:wso2:schema:emailVerified eq false", True), (f'{ENTERPRISE_URN}:accountState eq "PENDING_AP"', True),
    ('accountState sw "pending"', True), ('department co "tour"', True), ('manager eq "26118915"', True), ("manager.value pr", True),
    ('EnterpriseUser.department eq "tour operations"', True), ('meta.created eq "2011-05-13T06:42:34.12+02:00"', True),
    ('meta.created eq "2011-05-13T04:42:34.1209Z"', True), ('meta.resourceType eq "User"', True),
    ('name[familyName sw "o" and givenName pr]', True),
    (f'schemas eq "{ENTERPRISE_URN}"', True), (f'schemas ne "{USER_URN.upper()}"', False), ("schemas pr", True),
    (f'schemas eq "{CUSTOM_URN}"', False), ('schemas eq "urn:x:y:z"', False), ('schemas ne "urn:x:y:z"', True),
    ("employeeNumber eq 7", False), ('title pr and not (userType eq "Employee") or active eq true', True),
    ('title eq "a" or title pr and active eq false', False),
])
def test_what_a_filter_means(text: str, found: bool | None) -> None:
    if found is None:
        with pytest.raises(BadFilter):
            holds(text)
    else:
        assert holds(text) is found


@pytest.mark.parametrize(("text", "named"), [
    ('shoeSize eq "7"', "shoeSize"), ('emails.colour eq "x"', "emails.colour"), ('emails[colour eq "x"]', "colour"),
    ("name eq 7", "name.formatted"),
    ('title[value eq "x"]', "title"), ('active gt true', "gt"), ("active eq 1", "active"), ('active eq "yes"', "active"),
    ("userName eq jane", "jane"), ("userName like \"x\"", "like"), ("title", "the end"), ("title pr title pr", "title"), ("(title pr", ")"),
    ("title pr)", ")"), ("", "the end"), ("not title pr", "not"), ('"title" pr', "title"), ('title eq "x', '"x'),
    ('meta.created gt "yesterday"', "meta.created"), ('meta.created co "2011"', "co"), ('id sw "28"', "sw"), ("title gt null", "null"),
    ('x509Certificates co "MII"', "co"), ('emails[type eq "work"].value eq "x"', ".value"), ('emails[ims[type pr] pr]', "ims"),
    ('emails[phoneNumbers[type eq "x"]]', "phoneNumbers"), ('schemas co "x"', "co"), ("schemas eq 7", "URN"),
    ('urn:x:y:z:title eq "x"', "urn:x:y:z:title"),
    ('urn:housekey:scim:schemas:extension:2.0:User:invitation.state eq "sent"', "invitation"), ("askPassword eq true", "askPassword"),
    ("accountDisabled eq true", "accountDisabled"), ('title eq "\\ud800"', "ud800"), ("title eq [", "title"), ("[", "["), ("\0", "\0"),
])
def test_what_cannot_be_understood_is_refused_by_name(text: str, named: str) -> None:
    """Never silence: an unknown attribute finds nobody by accident, or everybody."""
    with pytest.raises(BadFilter) as refusal:
        parse(text, USERS)
    assert named in refusal.value.sentence
    assert not refusal.value.secret


@pytest.mark.parametrize("text", ['password eq "x"', "password pr", 'Password sw "a"', f'{USER_URN}:password co "a"', "not (password pr)",
                                  'oneTimePassword eq "123456"', f"{WSO2_URN}:oneTimePassword pr", 'title pr and password sw "$argon2"'])
def test_nobody_is_looked_for_by_a_secret(text: str) -> None:
    """A-106."""
    with pytest.raises(BadFilter) as refusal:
        parse(text, USERS)
    assert refusal.value.secret


@pytest.mark.parametrize("text", [
    "(" * (MOST_DEPTH + 1) + "title pr" + ")" * (MOST_DEPTH + 1), "not (" * (MOST_DEPTH + 1) + "title pr" + ")" * (MOST_DEPTH + 1),
    " or ".join(["title pr"] * 101), " and ".join(["title pr"] * 101), "title eq \"" + "x" * MOST_CHARACTERS + '"', "(" * 100_000,
    "emails[" * 60, "a" * 1_000_000, '"' * 1_999, "\\" * 1_999, "not" * 600, " " * 2_001,
])
def test_a_filter_that_costs_too_much_is_refused_at_once(text: str) -> None:
    """A-107."""
    began = process_time()
    with pytest.raises(BadFilter):
        parse(text, USERS)
    assert process_time() - began < 5  # a runaway, not a slow machine


def test_a_filter_just_within_the_limits_is_taken() -> None:
    assert holds("(" * MOST_DEPTH + "title pr" + ")" * MOST_DEPTH)
    assert holds(" or ".join(["title pr"] * 100))
    assert not holds('title eq "' + "x" * (MOST_CHARACTERS - 11) + '"')


def test_groups_are_chosen_by_the_same_rules() -> None:
    group = {"displayName": "Tour Guides", "members": [{"value": "26118915-6090-4610-87e4-49d8ca9f808d", "display": "alice"}]}
    assert evaluate(parse('displayName sw "tour" and members[value eq "26118915-6090-4610-87e4-49d8ca9f808d"]', GROUPS), group)
    with pytest.raises(BadFilter):
        parse('userName eq "x"', GROUPS)


@pytest.mark.parametrize(("path", "found"), [
    ("NAME.givenname", "name.givenName"), (f"{USER_URN}:emails.value", "emails.value"), ("department", f"{ENTERPRISE_URN}:department"),
    (f"{ENTERPRISE_URN}:accountState", f"{WSO2_URN}:accountState"),
    (f"{ENTERPRISE_URN}.manager.displayName", f"{ENTERPRISE_URN}:manager.displayName"),
    (f"{USER_URN}:department", ""), ("name.", ""), (".name", ""), ("emails.value.x", ""), ("", ""), ("urn:", ""),
    ("meta.VERSION", "meta.version"),
])
def test_a_path_names_an_attribute_in_any_spelling(path: str, found: str) -> None:
    ref = resolve(USERS, path)
    assert (ref.path if ref else "") == found
