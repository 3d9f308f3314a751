"""`user-mgt.xml` and the XML of secondary user stores: the first administrator, and where people are (reference server 1.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from housekey.core.directories import BY_NAME, SECRET, check_domain, clean
from housekey.core.errors import Invalid
from housekey.core.moving.fragments import Node
from housekey.core.moving.report import SET, Moved, MovedStore, Place
from housekey.core.names import PRIMARY

ADMIN = "super_admin"
Family = Literal["ldap", "ad", "database", ""]
SEALED = "$secret{encrypted}"
"""Stands for a value that WSO2 has encrypted with a key of its own."""
VAULT = re.compile(r"\$(?:secret|env|sys)?\{[^}]*\}|svns:.*")
_KNOWN = {name.lower(): name for name in BY_NAME} | {
    "connectionpassword": SECRET, "ldapconnectiontimeout": "LDAPConnectionTimeout", "connectionreadtimeout": "ReadTimeout",
    "usernamesearchfilter": "", "groupnamesearchfilter": "",
}
"""WSO2's property in lower case -> ours; `""`: follows from another one."""
OWN = "Users are kept in Housekey's own database, which has no such property."
_TYPES = {"ad": "active_directory", "ldap": "read_write_ldap"}
_PRIMARY = {"ConnectionURL": "connection_url", "ConnectionName": "connection_name", SECRET: "connection_password"}
"""Properties that have a key of their own in `[user_store]`."""
_FOLLOWS = "Follows from the filter for listing and the attribute of the name."


def read_users(root: Node, file: str, moved: Moved) -> None:
    """`user-mgt.xml`."""
    for configuration in root.each("Configuration"):
        _administrator(configuration, file, moved)
    for kind in ("AuthorizationManager", "SystemUserStoreManager"):
        for node in root.each(kind):
            for one in node.each("Property"):
                moved.differs(Place(file, one.line, f"{kind}/{one.attributes.get('name', '')[:80]}"),
                              "Roles and permissions are kept in Housekey's own database.")
    read_stores(root, file, moved, primary=True)


def _administrator(node: Node, file: str, moved: Moved) -> None:
    wanted = {"addadmin": "create_admin_account", "adminuser/username": "username", "adminuser/password": "password"}
    for path, leaf in _leaves(node, ""):
        place = Place(file, leaf.line, path)
        key = wanted.get(path.lower())
        if key == "password" and (VAULT.fullmatch(leaf.text) or any("secretAlias" in name for name in leaf.attributes)):
            moved.could_not(place, "Points into WSO2's secret store, which is not read here. Without a password, the first start prints a "
                                   "link to choose one.")
        elif key and leaf.text:
            moved.want(place, f"{ADMIN}.{key}", leaf.text)
        elif path.lower() == "adminrole":
            moved.differs(place, "The role of administrators is called admin here.")
        elif path.lower() == "everyonerolename":
            moved.differs(place, "The role that everybody has is called everyone here.")
        else:
            moved.differs(place, "Has no effect here.")


def _leaves(node: Node, path: str) -> Iterator[tuple[str, Node]]:
    for child in node.children:
        here = f"{path}/{child.tag}" if path else child.tag
        if child.tag == "Property":
            here += f"[{child.attributes.get('name', '')[:80]}]"
        if child.children:
            yield from _leaves(child, here)
        else:
            yield here, child


def read_stores(root: Node, file: str, moved: Moved, *, primary: bool = False, stem: str = "") -> None:
    """`stem`: the name of the file, which WSO2 makes from the domain. A fragment without its root element is one store."""
    found = list(root.each("UserStoreManager"))
    for node in found or ([root] if root.child("Property") and not primary else []):
        _store(node, file, moved, primary=primary, stem=stem)


def family(name: str) -> Family:
    """What the class or the type of a user store speaks."""
    text = name.lower()
    if "activedirectory" in text or "active_directory" in text:
        return "ad"
    if "ldap" in text:
        return "ldap"
    return "database" if "jdbc" in text or "database" in text else ""


def _store(node: Node, file: str, moved: Moved, *, primary: bool, stem: str) -> None:
    name = node.attributes.get("class", "")
    rows = {one.attributes.get("name", ""): one for one in node.each("Property", outside="UserStoreManager")}
    domain = PRIMARY if primary else rows["DomainName"].text if "DomainName" in rows else stem.replace("_", ".")
    places = {key: Place(file, one.line, f"UserStoreManager[{domain[:50]}]/{key[:80]}") for key, one in rows.items()}
    given = {key: SEALED if one.attributes.get("encrypted") == "true" else one.text for key, one in rows.items()}
    whole = Place(file, node.line, f"UserStoreManager[{domain[:50]}]")
    take_store(domain, name, given, places, whole, moved)


def take_store(domain: str, kind: str, given: Mapping[str, str], places: Mapping[str, Place], whole: Place, moved: Moved) -> None:
    """One store by its properties; `kind` is WSO2's class or type."""
    speaks = family(kind)
    if speaks == "database":
        _database(domain, given, places, whole, moved)
    elif not speaks:
        name = kind.rpartition(".")[2][:80] or "A user store without a class"
        moved.could_not(whole, f"{name} is no kind of user store that is known here.")
        for place in places.values():
            moved.could_not(place, "Left out with its user store.")
    else:
        _directory(domain, kind, given, places, whole, moved)


def _database(domain: str, given: Mapping[str, str], places: Mapping[str, Place], whole: Place, moved: Moved) -> None:
    if domain.upper() == PRIMARY:
        moved.differs(whole, "Users are kept in Housekey's own database. Bring them over with housekey import users.")
    else:
        moved.want(whole, "user_stores.domains", domain, "Its users are kept in Housekey's own database: housekey import users.")
    for name in given:
        if name in places:
            moved.differs(places[name], OWN)


def _directory(domain: str, kind: str, given: Mapping[str, str], places: Mapping[str, Place], whole: Place, moved: Moved) -> None:
    speaks = family(kind)
    if domain.upper() == PRIMARY:
        _primary(kind, given, places, whole, moved)
        return
    own = {_KNOWN[name.lower()]: text for name, text in given.items() if _KNOWN.get(name.lower()) and text.strip()}
    secret = own.pop(SECRET, "")
    if "readonly" in kind.lower() or "read_only" in kind.lower():
        own["ReadOnly"] = "true"
    try:
        check_domain(domain)
        values = clean(speaks, own, private=True)
    except Invalid as refusal:
        _refused(refusal, given, places, whole, moved)
        return
    used = {name: place for name, place in places.items() if _KNOWN.get(name.lower())}
    unread = VAULT.fullmatch(secret) is not None
    disabled = unread or given.get("Disabled", "").strip().lower() == "true"
    moved.stores.append(MovedStore(domain.upper(), speaks, own, "" if unread else secret, {"": whole, **used},
                                   given.get("Description", "").strip()[:300], not disabled))
    moved.understood(whole, f"user store {domain.upper()}", f"{speaks}, switched {'off' if disabled else 'on'}")
    for name, place in places.items():
        if unread and _KNOWN.get(name.lower()) == SECRET:
            moved.could_not(place, "WSO2 keeps it encrypted or in its secret store, which is not read here. The user store is switched "
                                   "off: type the password under User Stores, and switch it on.")
        else:
            _property(name, given[name], values, place, domain, moved)


def _primary(kind: str, given: Mapping[str, str], places: Mapping[str, Place], whole: Place, moved: Moved) -> None:
    """A directory that PRIMARY is in is set by deployment.toml."""
    moved.want(whole, "user_store.type", "read_only_ldap" if "readonly" in kind.lower() else _TYPES[family(kind)])
    for name, place in places.items():
        known, text = _KNOWN.get(name.lower()), given[name].strip()
        if not text:
            moved.differs(place, "Is empty, which means: not set.")
        elif known == SECRET and VAULT.fullmatch(text):
            moved.could_not(place, "WSO2 keeps it encrypted or in its secret store, which is not read here. Give connection_password_file.")
        elif known == "":
            moved.differs(place, _FOLLOWS)
        else:
            moved.want(place, f"user_store.{_PRIMARY.get(known or '') or f'properties.{known or name}'}", text)


def _property(name: str, text: str, values: Mapping[str, str], place: Place, domain: str, moved: Moved) -> None:
    known = _KNOWN.get(name.lower())
    if known == SECRET:
        moved.understood(place, f"user store {domain.upper()}, {SECRET}", SET)
    elif known:
        moved.understood(place, f"user store {domain.upper()}, {known}", values[known][:255])
    elif known == "":
        moved.differs(place, _FOLLOWS)
    elif name in {"DomainName", "Description", "Disabled"} and text.strip():
        moved.understood(place, f"user store {domain.upper()}, {name}", text.strip()[:255])
    else:
        moved.differs(place, "A user store here has no such property; it was left out.")


def _refused(refusal: Invalid, given: Mapping[str, str], places: Mapping[str, Place], whole: Place, moved: Moved) -> None:
    blamed = next((places[name] for name in given if _KNOWN.get(name.lower()) == refusal.field and name in places), whole)
    moved.could_not(blamed, refusal.sentence[:1].upper() + refusal.sentence[1:])
    for place in (place for place in (whole, *places.values()) if place != blamed):
        moved.could_not(place, "Left out with its user store.")
