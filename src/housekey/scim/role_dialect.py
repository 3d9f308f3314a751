"""What a client wrote about a role -> what an operation takes, and a role as SCIM shows it (WSO2's resource, reference 4B.4).

`/Roles` has permissions as plain texts, `/v2/Roles` as objects; both are read at both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from housekey.conf.house import House
from housekey.core.attributes import ROLE_URN, ROLES
from housekey.core.errors import Invalid
from housekey.core.groups import GroupChanges
from housekey.core.names import Tenant
from housekey.operations.role_resources import RoleChanges, WholeRole
from housekey.scim import group_dialect, mapping, patch, wso2
from housekey.scim.conditions import tag
from housekey.scim.errors import ScimInvalid
from housekey.scim.group_dialect import Chooser

_KNOWN = ("displayName", "externalId", "permissions", "users", "groups", "audience", "id", "meta", "schemas")
_NAMES = {name.lower(): name for name in _KNOWN}
_FIXED = {"id", "meta", "schemas", "audience"}
_HEAD = re.compile(r"(?P<name>[A-Za-z$]\w*)(?P<rest>.*)", re.DOTALL)


def shown(house: House, tenant: Tenant, role: WholeRole, endpoint: str) -> dict[str, Any]:
    base = mapping.base(house, tenant)
    plain = endpoint == "/Roles"
    body: dict[str, Any] = {"schemas": [ROLE_URN], "id": str(role.id), "displayName": role.name}
    if role.external_id:
        body["externalId"] = role.external_id
    if role.permissions:
        display = wso2.on(house)
        body["permissions"] = [
            name if plain else {"value": name} | ({"display": name} if display else {}) for name in role.permissions
        ]
    if role.members:
        body["users"] = [
            {"value": str(member.id), "display": str(member.name), "$ref": f"{base}/Users/{member.id}"} for member in role.members
        ]
    if wso2.on(house) and not plain:
        body["audience"] = {"type": "organization", "value": tenant.domain, "display": tenant.domain}
    body["meta"] = {"resourceType": "Role", "location": f"{base}{endpoint}/{role.id}", "version": tag(role.version)}
    return body


def canonical(body: dict[str, Any]) -> dict[str, Any]:
    """Attributes under their own spelling; unknown keys are ignored, as RFC 7644 section 3.3 allows."""
    found: dict[str, Any] = {}
    for key, value in body.items():
        if key.lower() == ROLE_URN.lower() and isinstance(value, dict):
            found |= canonical(value)
        elif _bare(key).lower() in _NAMES:
            found[_NAMES[_bare(key).lower()]] = value
    return found


def _bare(path: str) -> str:
    return path[len(ROLE_URN) + 1 :] if path.lower().startswith(ROLE_URN.lower() + ":") else path


def read_new(body: dict[str, Any]) -> tuple[str, tuple[str, ...], frozenset[UUID], str]:
    """Name, permissions, users, externalId. Raises Invalid naming the attribute."""
    written = canonical(body)
    _no_groups(written.get("groups"))
    return _name(written), _permissions(written.get("permissions")), _users(written.get("users")), _external_id(written.get("externalId"))


def read_replacement(body: dict[str, Any]) -> RoleChanges:
    """A whole role (PUT). Who is not named leaves it; permissions that are not named at all stay: a client that only knows members must
    not take from everybody what the role is for. Raises Invalid naming the attribute."""
    written = canonical(body)
    _no_groups(written.get("groups"))
    permissions = _permissions(written["permissions"]) if "permissions" in written else None
    return RoleChanges(_name(written), _external_id(written.get("externalId")), permissions, _users(written.get("users")))


def _name(written: dict[str, Any]) -> str:
    name = written.get("displayName")
    if not isinstance(name, str) or not name.strip():
        raise Invalid("Required attribute displayName is missing in the SCIM Object. Give the role a name.", field="displayName")
    return name.strip()


def _external_id(value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise Invalid("externalId must be a text.", field="externalId")
    return value or ""


def _permissions(value: Any) -> tuple[str, ...]:
    found = []
    for number, row in enumerate(value if isinstance(value, list) else [] if value is None else [value]):
        text = next((item for key, item in row.items() if key.lower() == "value"), None) if isinstance(row, dict) else row
        if not isinstance(text, str) or not text:
            raise Invalid(f"permissions[{number}] must be the name of a permission.", field=f"permissions[{number}]")
        found.append(text)
    if len(found) > patch.MOST_ROWS:
        raise Invalid(f"permissions has more than {patch.MOST_ROWS} values.", field="permissions")
    return tuple(found)


def _users(value: Any) -> frozenset[UUID]:
    found = set()
    for number, row in enumerate(value if isinstance(value, list) else [] if value is None else [value]):
        text = next((item for key, item in row.items() if key.lower() == "value"), None) if isinstance(row, dict) else row
        try:
            found.add(UUID(text))
        except (ValueError, TypeError, AttributeError):
            raise Invalid(f"users[{number}] has no value. Give it the id of a user.", field=f"users[{number}]") from None
    return frozenset(found)


def _no_groups(value: Any) -> None:
    if value:
        raise Invalid("Roles are given to users, not to groups. Name the users themselves.", field="groups")


def read_patch(body: dict[str, Any], present: WholeRole, choose: Chooser) -> RoleChanges:
    """Members are read as those of groups are. Raises ScimInvalid, Invalid naming the attribute."""
    rest: list[dict[str, Any]] = []
    permissions: list[Any] | None = None
    title: str | None = None
    external_id: str | None = None
    for op, name, tail, value in _targets(body):
        if name == "permissions":
            before = {name: [{"value": held} for held in present.permissions] if permissions is None else permissions}
            step = {"Operations": [{"op": op, "path": name + tail, "value": _as_rows(value)}]}
            permissions = patch.apply(before, step, ROLES).get(name, [])
        elif name == "groups":
            _no_groups(value)
        elif name == "users":
            rest.append({"op": op, "path": f"members{tail}", "value": value})
        elif name == "externalId":
            external_id = "" if op == "remove" else _external_id(value)
        elif op == "remove":
            raise ScimInvalid("A role must have a displayName.", "mutability", field="displayName")
        else:
            title = _name({"displayName": value})
    told = _permissions(permissions) if permissions is not None else None
    changes = group_dialect.read_patch({"Operations": rest}, choose) if rest else GroupChanges()
    return RoleChanges(title, external_id, told, changes.members, changes.added, changes.removed)


def _as_rows(value: Any) -> Any:
    return [{"value": row} if isinstance(row, str) else row for row in value] if isinstance(value, list) else value


def _targets(body: dict[str, Any]) -> Iterator[tuple[str, str, str, Any]]:
    """op, attribute, what follows it in the path, value: one for each attribute that is touched."""
    for op, path, value in patch.operations(body):
        if not path:
            yield from ((op, name, "", item) for name, item in canonical(value).items() if name not in _FIXED)
            continue
        match = _HEAD.fullmatch(_bare(path))
        name = _NAMES.get(match["name"].lower(), "") if match else ""
        if not match or not name:
            raise ScimInvalid(f"The path {path[:100]} names nothing that a role has.", "invalidPath", field="path")
        if name in _FIXED:
            raise ScimInvalid(f"{path[:100]} cannot be changed.", "mutability", field="path")
        yield op, name, match["rest"], value
