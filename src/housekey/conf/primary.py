"""`[user_store]`: a directory that the users of PRIMARY are in, under WSO2's names (reference wso2-server 1.5).

Properties are those of `core.directories`. What else WSO2's user stores have is accepted with an information line each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType

from housekey.conf.schema import Primary, PrimaryStore
from housekey.conf.sources import Layer, Report, Value, nearest, shown, title
from housekey.core.directories import BY_NAME, REQUIRED, SECRET, Kind, clean, clean_attributes
from housekey.core.errors import Invalid

TABLE = "user_store"
PROPERTIES, ATTRIBUTES = f"{TABLE}.properties", f"{TABLE}.attributes"
KEYS = {"ConnectionURL": f"{TABLE}.connection_url", "ConnectionName": f"{TABLE}.connection_name", SECRET: f"{TABLE}.connection_password"}
"""Properties with a key of their own."""
SPELLINGS = frozenset(f"{PROPERTIES}.{name}" for name in BY_NAME)
_OWN = frozenset(f"{TABLE}.{item.name}" for item in fields(Primary))
_BASES: Mapping[Kind, tuple[str, str]] = MappingProxyType({"ldap": ("ou=Users", "ou=Groups"), "ad": ("CN=Users", "CN=Users")})
"""Where users and groups are below `base_dn`; Active Directory has one container for both."""
_STAND_INS = {"ConnectionURL": "ldap://localhost", "UserSearchBase": "dc=users", "GroupSearchBase": "dc=groups"}
"""In place of what was refused, so that the next mistake is found too."""
_ALIASES = {"connectionreadtimeout": "ReadTimeout", "usernameattributename": "UserNameAttribute", "usersearchdn": "UserSearchBase"}
_WSO2S = """
AnonymousBind BackLinksEnabled BulkImportSupported CaseInsensitiveUsername ClaimOperationsSupported Class ConnectionPoolingEnabled
ConnectionRetryDelay CountRetrieverClass DefaultRealmName Disabled DisplayName DisplayNameAttribute DNSDomainName DNSURL DomainName
EmptyRolesAllowed GroupCreatedDateAttribute GroupEntryObjectClass GroupIDAttribute GroupIDEnabled GroupLastModifiedDateAttribute
GroupNameSearchFilter ImmutableAttributes IsBulkImportSupported java.naming.ldap.attributes.binary KDCEnabled LDAPInitialContextFactory
LeadingOrTrailingSpaceAllowedInUserName MaxRoleNameListLength MaxUserNameListLength MemberOfAttribute MembershipAttributeRange
MultiAttributeSeparator PasswordDigest PasswordHashMethod PasswordJavaRegEx PasswordJavaRegExViolationErrorMsg PasswordJavaScriptRegEx
ReplaceEscapeCharactersAtUserLogin RetryAttempts RoleDNPattern RolenameJavaRegEx RolenameJavaRegExViolationErrorMsg
RolenameJavaScriptRegEx SCIMEnabled SharedGroupEntryObjectClass SharedGroupNameAttribute SharedGroupNameListFilter
SharedGroupNameSearchFilter SharedGroupSearchBase SharedTenantNameAttribute SharedTenantNameListFilter SharedTenantObjectClass
StoreSaltedPassword TenantManager TimestampAttributes TransformObjectGUIDToUUID UniqueID UseAnonymousBind UserAccountControl UserDNPattern
UsernameJavaRegEx UsernameJavaRegExViolationErrorMsg UsernameJavaScriptRegEx UserNameSearchFilter UsernameWithEmailJavaScriptRegEx
UserRolesCacheEnabled WriteGroups
"""


def _folded(name: str) -> str:
    return name.replace("_", "").lower()


_NAMES = {_folded(name): name for name in (*BY_NAME, SECRET)} | _ALIASES
_WITHOUT_EFFECT = frozenset(_folded(name) for name in _WSO2S.split())


@dataclass(slots=True)
class Written:
    """What the tables say. `properties`: name -> key and value; `attributes`: claim -> value."""

    properties: dict[str, tuple[str, Value]] = field(default_factory=dict)
    attributes: dict[str, Value] = field(default_factory=dict)


Resolve = Callable[[str, Value], Value]
"""A value with its references replaced. Raises ValueError."""


def prepare(layer: Layer, report: Report) -> Written:
    """Take properties and attributes out of `layer`, in place; those with a key of their own go under it."""
    written = Written()
    for key in [key for key in layer if key.startswith(f"{TABLE}.") and key not in _OWN]:
        value = layer.pop(key)
        if key in {PROPERTIES, ATTRIBUTES} and value.raw == {}:
            continue
        if key.startswith(f"{ATTRIBUTES}."):
            written.attributes[key.removeprefix(f"{ATTRIBUTES}.")] = value
            continue
        _property(key, value, layer, written, report)
    return written


def _property(key: str, value: Value, layer: Layer, written: Written, report: Report) -> None:
    bare = _folded(key.removeprefix(f"{TABLE}.").removeprefix("properties."))
    name = _NAMES.get(bare, "")
    if name in KEYS:
        if KEYS[name] in layer:
            report.add("warning", f"{title(key)} has no effect: {title(KEYS[name])} is given too.", key, value)
        layer.setdefault(KEYS[name], value)
    elif name:
        written.properties[name] = key, value
    elif bare in _WITHOUT_EFFECT:
        report.add("info", f"{title(key)} is accepted and has no effect here.", key, value)
    else:
        report.add("warning", f"{title(key)} is not known and has no effect.{nearest(key, _OWN | SPELLINGS)}", key, value)


def store(users: Primary, written: Written, layer: Layer, resolve: Resolve, report: Report) -> PrimaryStore | None:
    """The directory that is configured, None for our own database. Every mistake goes into the report; what is returned beside one is not
    for use."""
    if users.type.startswith("database"):
        _unused(written, layer, report)
        return None
    return _Reading(users, written, layer, resolve, report).store()


def _unused(written: Written, layer: Layer, report: Report) -> None:
    """Users are in our own database: nothing else of the table has an effect."""
    rows = {key: layer[key] for key in sorted(_OWN) if key in layer and key != f"{TABLE}.type"} | dict(written.properties.values())
    if KEYS["ConnectionURL"] in rows and f"{TABLE}.type" not in layer:
        report.add("warning", f"[{TABLE}] type is missing: users are kept in Housekey's own database.", f"{TABLE}.type",
                   rows[KEYS["ConnectionURL"]])
    for key, value in rows.items():
        report.add("info", f"{title(key)} is accepted and has no effect here: users are kept in Housekey's own database.", key, value)
    for uri, value in written.attributes.items():
        report.add("info", f"[{ATTRIBUTES}] {uri} is accepted and has no effect here.", f"{ATTRIBUTES}.{uri}", value)


class _Reading:
    """One reading of the table for a directory."""

    def __init__(self, users: Primary, written: Written, layer: Layer, resolve: Resolve, report: Report) -> None:
        self.users, self.written, self.layer, self.resolve, self.report = users, written, layer, resolve, report
        self.kind: Kind = "ad" if users.type.startswith("active_directory") else "ldap"

    def store(self) -> PrimaryStore:
        if self.users.connection_name and not self.users.connection_password and KEYS[SECRET] not in self.layer:
            self.missing(KEYS[SECRET], "give it, or connection_password_file")
        properties, attributes = self.properties(), self.attributes()
        return PrimaryStore(self.kind, MappingProxyType(properties), MappingProxyType(attributes), self.users.connection_password)

    def properties(self) -> dict[str, str]:
        """As `core.directories.clean` leaves them: it names one mistake at a time, so it is asked until there is none."""
        given = self.given()
        for _ in range(len(BY_NAME) + 1):
            try:
                return clean(self.kind, given, private=True)
            except Invalid as refusal:
                self.refused(refusal, given)
                given[refusal.field] = _stand_in(refusal.field, given)
        return {}

    def given(self) -> dict[str, str]:
        given = {"ConnectionURL": self.users.connection_url, "ConnectionName": self.users.connection_name}
        if self.users.base_dn:
            users, groups = _BASES[self.kind]
            given |= {"UserSearchBase": f"{users},{self.users.base_dn}", "GroupSearchBase": f"{groups},{self.users.base_dn}"}
        for name, (key, value) in self.written.properties.items():
            text = self.text(key, title(key), value)
            if text is None:
                given.setdefault(name, _stand_in(name, given))
            else:
                given[name] = text
        if "read_only" in self.users.type:
            given["ReadOnly"] = "true"
        return given

    def attributes(self) -> dict[str, str]:
        given: dict[str, str] = {}
        for uri, value in self.written.attributes.items():
            text = self.text(f"{ATTRIBUTES}.{uri}", f"[{ATTRIBUTES}] {uri}", value)
            if text is not None:
                given[uri] = text
        for _ in range(len(given) + 1):
            try:
                return clean_attributes(self.kind, given)
            except Invalid as refusal:
                at = self.written.attributes.get(refusal.field)
                self.report.add("error", f"[{ATTRIBUTES}] {refusal.sentence}", f"{ATTRIBUTES}.{refusal.field}", at)
                given.pop(refusal.field, None)
        return {}

    def text(self, key: str, name: str, value: Value) -> str | None:
        try:
            raw = self.resolve(key, value).raw
        except ValueError as error:
            self.report.add("error", f"{name}: {error}{shown(key, value.raw)}.", key, value)
            return None
        if isinstance(raw, bool):
            return str(raw).lower()
        if isinstance(raw, str | int):
            return str(raw)
        self.report.add("error", f"{name}: expected text in quotes, a number or a switch{shown(key, raw)}.", key, value)
        return None

    def refused(self, refusal: Invalid, given: Mapping[str, str]) -> None:
        name = refusal.field
        if name in REQUIRED and not given.get(name):
            # A key that is there and was refused has been told of already.
            key = KEYS.get(name, f"{TABLE}.base_dn")
            if key not in self.layer:
                self.missing(key, "where the directory is" if name in KEYS else "the place that users and groups are below")
            return
        key, value = self.place(name)
        self.report.add("error", f"{title(key)}: {refusal.sentence}", key, value)

    def place(self, name: str) -> tuple[str, Value | None]:
        """Where a property was written: itself, or the key that it follows from."""
        if name in self.written.properties:
            return self.written.properties[name]
        key = KEYS.get(name) or (f"{TABLE}.base_dn" if name.endswith("SearchBase") else f"{PROPERTIES}.{name}")
        return key, self.layer.get(key)

    def missing(self, key: str, what: str) -> None:
        self.report.add("error", f"{title(key)} is missing: {what}.", key, self.layer.get(f"{TABLE}.type"))


def _stand_in(name: str, given: Mapping[str, str]) -> str:
    """What goes with the rest, so that no mistake is told of that only follows from another."""
    if name == "StartTLSEnabled":
        return "false" if given["ConnectionURL"].startswith("ldaps:") else "true"
    return _STAND_INS.get(name, "")


def origins(written: Written) -> dict[str, str]:
    """`user_store.properties.X` and `user_store.attributes.X` -> where it comes from."""
    properties = {f"{PROPERTIES}.{name}": value.source for name, (_, value) in written.properties.items()}
    return properties | {f"{ATTRIBUTES}.{uri}": value.source for uri, value in written.attributes.items()}
