"""Directories that people are in: what can be set of one, under WSO2's property names, and what is wrong with it.

A directory is a domain of users of a tenant that lives outside our database, spoken to by LDAP. This table is the one source of the
console's form, of `/api/server/v1/userstores`, of `housekey store` and of what `import wso2` reads from a secondary store's XML. The
password to connect with is no part of it: it is sealed apart and never shown.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

from housekey.core.attributes import CUSTOM_URN
from housekey.core.claims import (
    ACCOUNT_DISABLED,
    ACCOUNT_LOCKED,
    ACCOUNT_STATE,
    BY_URI,
    DIALECT,
    EMAIL,
    EMAIL_VERIFIED,
    GIVEN_NAME,
    IDENTITY,
    LAST_NAME,
    LOCALE,
    LOCKED_REASON,
    MOBILE,
    PHONE_VERIFIED,
    TELEPHONE,
    writable,
)
from housekey.core.errors import Invalid
from housekey.core.names import PRIMARY

Kind = Literal["ldap", "ad"]
KINDS: Mapping[Kind, str] = MappingProxyType({"ldap": "LDAP", "ad": "Active Directory"})
SECRET = "ConnectionPassword"  # noqa: S105 - a property's name
Type = Literal["text", "flag", "number", "choice", "lines"]
_DOMAIN = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,49}")
RESERVED = frozenset({PRIMARY, "INTERNAL", "APPLICATION", "WORKFLOW", "SYSTEM", "FEDERATED"})
"""Domains that mean something else already, here or with WSO2."""


@dataclass(frozen=True, slots=True)
class Property:
    """One setting of a directory. `default`: for LDAP and for Active Directory."""

    name: str
    label: str
    hint: str
    type: Type
    default: tuple[str, str] = ("", "")
    group: str = "Connection"
    least: int = 0
    most: int = 0
    choices: tuple[str, ...] = ()

    def default_of(self, kind: Kind) -> str:
        return self.default[0 if kind == "ldap" else 1]


def _same(default: str) -> tuple[str, str]:
    return default, default


PROPERTIES: tuple[Property, ...] = (
    Property("ConnectionURL", "Address", "ldaps://directory.example.com:636, or ldap://… with StartTLS.", "text"),
    Property("StartTLSEnabled", "Use StartTLS", "Encrypts a connection that began as ldap://.", "flag", _same("false")),
    Property("CACertificates", "Certificates to trust", "PEM. Empty: those the system trusts.", "lines"),
    Property("ConnectionName", "Connect as", "The DN that searches and writes, e.g. cn=housekey,dc=example,dc=com.", "text"),
    Property("Referral", "Referrals", "What to do when the directory points to another server.", "choice", _same("ignore"),
             choices=("ignore", "follow")),
    Property("LDAPConnectionTimeout", "Time to connect", "Milliseconds.", "number", _same("5000"), least=100, most=30_000),
    Property("ReadTimeout", "Time to answer", "Milliseconds.", "number", _same("5000"), least=100, most=60_000),
    Property("ConnectionPoolSize", "Connections", "How many requests may use the directory at once.", "number", _same("3"), least=1,
             most=20),
    Property("ReadOnly", "Read only", "Nothing is written. Its users cannot be invited and their passwords cannot be reset.", "flag",
             _same("false")),
    Property("UserSearchBase", "Where users are", "A DN, e.g. ou=people,dc=example,dc=com.", "text", group="Users"),
    Property("UserNameListFilter", "Which entries are users", "An LDAP filter.", "text",
             ("(objectClass=inetOrgPerson)", "(&(objectCategory=person)(objectClass=user))"), "Users"),
    Property("UserNameAttribute", "Attribute of the user name", "What people sign in with.", "text", ("uid", "sAMAccountName"), "Users"),
    Property("UserRDNAttribute", "Attribute of a new entry's name", "The first part of a new user's DN.", "text", ("uid", "cn"), "Users"),
    Property("UserIDAttribute", "Attribute that never changes", "By it a renamed entry is known again.", "text",
             ("entryUUID", "objectGUID"), "Users"),
    Property("UserEntryObjectClass", "Classes of a new entry", "Separated by spaces.", "text",
             ("top person organizationalPerson inetOrgPerson", "top person organizationalPerson user"), "Users"),
    Property("ReadGroups", "Read groups", "Groups of the directory appear beside those made here; they are changed there.", "flag",
             _same("false"), "Groups"),
    Property("GroupSearchBase", "Where groups are", "A DN, e.g. ou=groups,dc=example,dc=com.", "text", group="Groups"),
    Property("GroupNameListFilter", "Which entries are groups", "An LDAP filter.", "text",
             ("(objectClass=groupOfNames)", "(objectClass=group)"), "Groups"),
    Property("GroupNameAttribute", "Attribute of the group's name", "", "text", _same("cn"), "Groups"),
    Property("MembershipAttribute", "Attribute of its members", "Holds the DNs of members.", "text", _same("member"), "Groups"),
    Property("SyncMinutes", "Look through it every", "Minutes between two looks at the whole directory; 0: only when asked.", "number",
             _same("15"), "Looking", most=10_080),
    Property("PageSize", "Entries at once", "How many entries one answer of the directory holds.", "number", _same("500"), "Looking",
             least=10, most=1_000),
)
BY_NAME: Mapping[str, Property] = MappingProxyType({one.name: one for one in PROPERTIES})
REQUIRED = ("ConnectionURL", "UserSearchBase")

ATTRIBUTES: Mapping[Kind, Mapping[str, str]] = MappingProxyType({
    "ldap": MappingProxyType({
        GIVEN_NAME: "givenName", LAST_NAME: "sn", EMAIL: "mail", MOBILE: "mobile", TELEPHONE: "telephoneNumber",
        f"{DIALECT}/displayName": "displayName", f"{DIALECT}/title": "title", f"{DIALECT}/organization": "o",
        f"{DIALECT}/department": "departmentNumber", LOCALE: "preferredLanguage",
    }),
    "ad": MappingProxyType({
        GIVEN_NAME: "givenName", LAST_NAME: "sn", EMAIL: "mail", MOBILE: "mobile", TELEPHONE: "telephoneNumber",
        f"{DIALECT}/displayName": "displayName", f"{DIALECT}/title": "title", f"{DIALECT}/organization": "company",
        f"{DIALECT}/department": "department", LOCALE: "preferredLanguage",
    }),
})
"""Claim -> attribute of the directory, where a store says nothing else. A claim that is not mapped is kept in our own database."""
MIRRORED = (ACCOUNT_LOCKED, ACCOUNT_DISABLED, ACCOUNT_STATE, LOCKED_REASON, EMAIL_VERIFIED, PHONE_VERIFIED)
"""Identity claims that can be written to a directory for others to read. They are never read from there (docs/adr/0020)."""
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}|[0-9]+(\.[0-9]+)+")
_SECRETS = frozenset({
    "userpassword", "2.5.4.35", "unicodepwd", "1.2.840.113556.1.4.90", "dbcspwd", "1.2.840.113556.1.4.55", "supplementalcredentials",
    "1.2.840.113556.1.4.125", "ntpwdhistory", "1.2.840.113556.1.4.94", "lmpwdhistory", "1.2.840.113556.1.4.160", "authpassword",
    "1.3.6.1.4.1.4203.1.3.4", "krbprincipalkey", "2.16.840.1.113719.1.301.4.39.1", "sambantpassword", "1.3.6.1.4.1.7165.2.1.25",
    "sambalmpassword", "1.3.6.1.4.1.7165.2.1.24", "ipanthash", "pwdhistory", "1.3.6.1.4.1.42.2.27.8.1.20", "passwordhistory",
    "ms-mcs-admpwd", "mslaps-password", "mslaps-encryptedpassword", "msds-managedpassword", "1.2.840.113556.1.4.2196",
})
"""Attributes that hold passwords. Under whatever name they are never read, least of all as somebody's name (A-138)."""
_BINARY = _SECRETS | {
    "objectclass", "2.5.4.0", "entryuuid", "1.3.6.1.1.16.4", "objectguid", "1.2.840.113556.1.4.2", "memberof", "1.2.840.113556.1.2.102",
    "member", "2.5.4.31", "useraccountcontrol", "1.2.840.113556.1.4.8",
}
"""What no claim may be mapped to: the directory's own, and secrets."""


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory as it is spoken to: settings that were found good. Durations in seconds."""

    kind: Kind
    url: str
    start_tls: bool
    certificates: str
    """PEM; empty: those of the system."""
    bind_dn: str
    referrals: bool
    connect_seconds: float
    answer_seconds: float
    connections: int
    read_only: bool
    user_base: str
    user_filter: str
    name_attribute: str
    rdn_attribute: str
    id_attribute: str
    object_classes: tuple[str, ...]
    read_groups: bool
    group_base: str
    group_filter: str
    group_name_attribute: str
    member_attribute: str
    sync_minutes: int
    page_size: int
    attributes: Mapping[str, str]
    """Claim URI -> attribute."""
    mirrored: Mapping[str, str]
    """Identity claim -> attribute that is written and never read."""
    private: bool
    """May it be in a network of our own? Decided by who set it up; looked at again whenever a connection is made."""


def check_domain(domain: str) -> str:
    """The name of a new domain in upper case. Raises Invalid (field domain)."""
    found = domain.strip().upper()
    if not _DOMAIN.fullmatch(found):
        raise Invalid("Name the domain with 1 to 50 letters, digits, dots, dashes or underscores, e.g. STAFF.", field="domain")
    if found in RESERVED:
        raise Invalid(f"The domain {found} is taken by the server itself. Choose another name.", field="domain")
    return found


def clean(kind: str, given: Mapping[str, str], *, private: bool) -> dict[str, str]:
    """Every property in its one spelling, defaults filled in. `private`: networks of our own may be reached.

    Raises Invalid naming the property (field).
    """
    known = _kind(kind)
    for name in given:
        if name not in BY_NAME:
            raise Invalid(f"A user store has no property called {name[:60]}.", field=name[:60])
    values = {one.name: _plain(one, given.get(one.name, "")) or one.default_of(known) for one in PROPERTIES}
    for name in REQUIRED:
        if not values[name]:
            raise Invalid(f"{BY_NAME[name].label} is missing.", field=name)
    if values["ReadGroups"] == "true" and not values["GroupSearchBase"]:
        raise Invalid("Say where the groups are, or do not read groups.", field="GroupSearchBase")
    values["ConnectionURL"] = _url(values["ConnectionURL"], values["StartTLSEnabled"] == "true", private=private)
    for name in ("UserNameListFilter", "GroupNameListFilter"):
        if not (values[name].startswith("(") and values[name].endswith(")")):
            raise Invalid("An LDAP filter stands in brackets, e.g. (objectClass=person).", field=name)
    for name in ("UserNameAttribute", "UserRDNAttribute", "UserIDAttribute", "GroupNameAttribute", "MembershipAttribute"):
        if not _ATTRIBUTE.fullmatch(values[name]):
            raise Invalid("This is not the name of an LDAP attribute.", field=name)
        if values[name].lower() in _SECRETS:
            raise Invalid("This attribute holds passwords. Choose another one.", field=name)
    return values


def clean_attributes(kind: str, given: Mapping[str, str]) -> dict[str, str]:
    """Claim URI (or `urn:…:custom:User:name`) -> attribute; an empty attribute takes the claim out of the directory.

    Only what differs from `ATTRIBUTES` needs to be given. Raises Invalid (field: the claim).
    """
    values: dict[str, str] = {}
    for uri, attribute in given.items():
        text = attribute.strip()
        kept = uri in MIRRORED or (uri in BY_URI and writable(uri) and not uri.startswith(IDENTITY))
        if not kept and not uri.startswith(f"{CUSTOM_URN}:"):
            raise Invalid(f"The claim {uri[:200]} cannot be kept in a directory.", field=uri[:200])
        if text and (not _ATTRIBUTE.fullmatch(text) or text.lower() in _BINARY):
            raise Invalid(f"{text[:60]} cannot hold the claim {uri[:200]}.", field=uri[:200])
        values[uri] = text
    mapped = [name.lower() for name in (dict(ATTRIBUTES[_kind(kind)]) | values).values() if name]
    if twice := next((name for name in mapped if mapped.count(name) > 1), ""):
        culprit = next(uri for uri, name in values.items() if name.lower() == twice)
        raise Invalid(f"The attribute {twice} is given to two claims.", field=culprit)
    return values


def differing(kind: str, attributes: Mapping[str, str]) -> dict[str, str]:
    """Of all claims and their attributes, what `clean_attributes` has to be given: what is not as usual, and `""` for what is left out.

    Raises Invalid for an unknown kind.
    """
    usual = ATTRIBUTES[_kind(kind)]
    left_out = {uri: "" for uri in usual if not attributes.get(uri)}
    return left_out | {uri: name for uri, name in attributes.items() if name and usual.get(uri) != name}


def directory(kind: str, values: Mapping[str, str], attributes: Mapping[str, str], *, private: bool) -> Directory:
    """What `clean` gave, ready for use. `attributes`: what differs from the defaults."""
    known = _kind(kind)
    mapped = {uri: name for uri, name in (dict(ATTRIBUTES[known]) | dict(attributes)).items() if name}

    def on(name: str) -> bool:
        return values[name] == "true"

    def seconds(name: str) -> float:
        return int(values[name]) / 1_000

    return Directory(
        kind=known, url=values["ConnectionURL"], start_tls=on("StartTLSEnabled"), certificates=values["CACertificates"],
        bind_dn=values["ConnectionName"], referrals=values["Referral"] == "follow", connect_seconds=seconds("LDAPConnectionTimeout"),
        answer_seconds=seconds("ReadTimeout"), connections=int(values["ConnectionPoolSize"]), read_only=on("ReadOnly"),
        user_base=values["UserSearchBase"], user_filter=values["UserNameListFilter"], name_attribute=values["UserNameAttribute"],
        rdn_attribute=values["UserRDNAttribute"], id_attribute=values["UserIDAttribute"],
        object_classes=tuple(values["UserEntryObjectClass"].split()), read_groups=on("ReadGroups"), group_base=values["GroupSearchBase"],
        group_filter=values["GroupNameListFilter"], group_name_attribute=values["GroupNameAttribute"],
        member_attribute=values["MembershipAttribute"], sync_minutes=int(values["SyncMinutes"]), page_size=int(values["PageSize"]),
        attributes={uri: name for uri, name in mapped.items() if uri not in MIRRORED},
        mirrored={uri: name for uri, name in mapped.items() if uri in MIRRORED}, private=private,
    )


def _kind(kind: str) -> Kind:
    for known in KINDS:
        if kind == known:
            return known
    raise Invalid(f"The kind of a user store is one of: {', '.join(KINDS)}.", field="kind")


def _plain(one: Property, text: str) -> str:
    """In its one spelling. Raises Invalid."""
    text = text.strip() if one.type == "lines" else " ".join(text.split())
    most = 20_000 if one.type == "lines" else 1_000
    if len(text) > most:
        raise Invalid(f"This is too long: {most} characters are possible.", field=one.name)
    if not text.replace("\n", "").replace("\r", "").isprintable():
        raise Invalid("This has a character that cannot be printed.", field=one.name)
    if one.type == "flag" and text:
        if text.lower() not in {"true", "false"}:
            raise Invalid("This is either true or false.", field=one.name)
        return text.lower()
    if one.type == "number" and text:
        if not re.fullmatch(r"[0-9]{1,6}", text) or not one.least <= int(text) <= one.most:
            raise Invalid(f"This is a number from {one.least} to {one.most}.", field=one.name)
        return str(int(text))
    if one.type == "choice" and text:
        if text.lower() not in one.choices:
            raise Invalid(f"This is one of: {', '.join(one.choices)}.", field=one.name)
        return text.lower()
    if one.name == "CACertificates" and text and "-----BEGIN CERTIFICATE-----" not in text:
        raise Invalid("Paste certificates as PEM: they begin with -----BEGIN CERTIFICATE-----.", field=one.name)
    return text


def _url(text: str, start_tls: bool, *, private: bool) -> str:
    """`ldap://host:port` or `ldaps://host:port`. Without encryption only to this machine (A-102)."""
    try:
        parts = urlsplit(text)
        port = parts.port or (636 if parts.scheme == "ldaps" else 389)
    except ValueError:
        raise Invalid("This is not an address. Write it like ldaps://directory.example.com:636.", field="ConnectionURL") from None
    host = parts.hostname or ""
    if parts.scheme not in {"ldap", "ldaps"} or not host or parts.path.strip("/") or parts.query or parts.username:
        raise Invalid("Write the address like ldaps://directory.example.com:636.", field="ConnectionURL")
    if parts.scheme == "ldaps" and start_tls:
        raise Invalid("ldaps:// is encrypted from the start: switch StartTLS off, or use ldap://.", field="StartTLSEnabled")
    if parts.scheme == "ldap" and not start_tls and not (private and _is_this_machine(host)):
        raise Invalid("Passwords must travel encrypted: use ldaps://, or ldap:// with StartTLS.", field="ConnectionURL")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}:{port}"


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
