"""What a client wrote about a group -> what an operation takes, and a group as SCIM shows it.

A PATCH becomes who comes and who goes, never the whole list of members: one more in a group of many costs no reading of the many.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from housekey.conf.house import House
from housekey.core.attributes import GROUP_URN
from housekey.core.errors import Invalid
from housekey.core.filters import moment_text
from housekey.core.groups import Group, GroupChanges, Member, NewGroup, shown_name, split_group
from housekey.core.names import Tenant
from housekey.scim import mapping, wso2
from housekey.scim.conditions import tag
from housekey.scim.errors import ScimInvalid

MOST_OPERATIONS = 100
_NAMES = {name.lower(): name for name in ("displayName", "externalId", "members", "id", "meta", "schemas")}
_PATH = re.compile(r"(?P<name>[A-Za-z$]\w*)(\[(?P<filter>[^\[\]]{1,2000})\])?(\.(?P<sub>[A-Za-z$]\w*))?")
_VALUE = re.compile(r'\s*value\s+eq\s+"(?P<value>[^"\\]*)"\s*', re.IGNORECASE)

Chooser = Callable[[str], frozenset[UUID]]
"""The members that a filter finds: asked only for what is more than `value eq "…"`."""


def shown(house: House, tenant: Tenant, group: Group, *, members: bool = True) -> dict[str, Any]:
    base = mapping.base(house, tenant)
    body: dict[str, Any] = {
        "schemas": [GROUP_URN],
        "id": str(group.id),
        "displayName": shown_name(group.name, with_domain=wso2.on(house)),
    }
    if group.external_id:
        body["externalId"] = group.external_id
    if members and group.members:
        body["members"] = [shown_member(member, base) for member in group.members]
    body["meta"] = {
        "resourceType": "Group",
        "created": moment_text(group.created),
        "lastModified": moment_text(group.modified),
        "location": f"{base}/Groups/{group.id}",
        "version": tag(group.version),
    }
    return body


def shown_member(member: Member, base: str) -> dict[str, Any]:
    return {"value": str(member.id), "display": str(member.name), "type": "User", "$ref": f"{base}/Users/{member.id}"}


def canonical(body: dict[str, Any]) -> dict[str, Any]:
    """Attributes under their own spelling; unknown keys are ignored, as RFC 7644 section 3.3 allows."""
    found: dict[str, Any] = {}
    for key, value in body.items():
        if key.lower() == GROUP_URN.lower() and isinstance(value, dict):
            found |= canonical(value)
        elif bare(key).lower() in _NAMES:
            found[_NAMES[bare(key).lower()]] = value
    return found


def bare(path: str) -> str:
    """A path without the group's own URN in front."""
    return path[len(GROUP_URN) + 1 :] if path.lower().startswith(GROUP_URN.lower() + ":") else path


def read_new(body: dict[str, Any]) -> NewGroup:
    """Raises Invalid naming the attribute."""
    written = canonical(body)
    return NewGroup(split_group(_name(written)), tuple(sorted(_members(written.get("members")))), _text(written, "externalId"))


def read_replacement(body: dict[str, Any]) -> GroupChanges:
    """A whole group (PUT): what is not there is taken away. Raises Invalid naming the attribute."""
    written = canonical(body)
    return GroupChanges(split_group(_name(written)), _text(written, "externalId"), frozenset(_members(written.get("members"))))


def _name(written: dict[str, Any]) -> str:
    return _text(written, "displayName") or _missing_name()


def _missing_name() -> str:
    raise Invalid("Required attribute displayName is missing in the SCIM Object. Give the group a name.", field="displayName")


def _text(written: dict[str, Any], name: str) -> str:
    value = written.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Invalid(f"{name} must be a text.", field=name)
    return value


def _members(value: Any) -> set[UUID]:
    """Rows with `value`, or plain ids. Raises Invalid for a group among them and for what is no id."""
    rows = value if isinstance(value, list) else [] if value is None else [value]
    found = set()
    for number, row in enumerate(rows):
        place = f"members[{number}]"
        parts = {key.lower(): item for key, item in row.items()} if isinstance(row, dict) else {"value": row}
        text, kind = parts.get("value"), parts.get("type") or ""
        if not isinstance(text, str) or not isinstance(kind, str):
            raise Invalid(f"{place} has no value. Give it the id of a user.", field=place)
        if kind.lower() == "group":
            raise Invalid(f"{place} is a group. Groups inside groups are not supported: add its users themselves.", field=place)
        found.add(_id(text, place))
    return found


def _id(text: str, place: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(f"{place}: there is no user with the id {text[:100]}.", field=place) from None


@dataclass
class _Draft:
    """What the operations of a PATCH come to, one after the other."""

    name: str | None = None
    external_id: str | None = None
    members: set[UUID] | None = None
    added: set[UUID] = field(default_factory=set)
    removed: set[UUID] = field(default_factory=set)

    def come(self, ids: set[UUID]) -> None:
        self.added |= ids
        self.removed -= ids

    def go(self, ids: set[UUID]) -> None:
        self.removed |= ids
        self.added -= ids

    def be(self, ids: set[UUID]) -> None:
        self.members, self.added, self.removed = set(ids), set(), set()


def read_patch(body: dict[str, Any], choose: Chooser) -> GroupChanges:
    """Raises ScimInvalid (invalidSyntax, invalidPath, invalidFilter, noTarget, mutability), Invalid naming the attribute."""
    operations = next((value for key, value in body.items() if key.lower() == "operations"), None)
    if not isinstance(operations, list) or not operations or not all(isinstance(row, dict) for row in operations):
        sentence = "Invalid JSON schema. Operations must be a list with at least one operation."
        raise ScimInvalid(sentence, "invalidSyntax", field="Operations")
    if len(operations) > MOST_OPERATIONS:
        raise ScimInvalid(f"At most {MOST_OPERATIONS} operations in one request.", "invalidSyntax", field="Operations")
    draft = _Draft()
    for row in operations:
        _apply(draft, {key.lower(): value for key, value in row.items()}, choose)
    return GroupChanges(
        split_group(draft.name) if draft.name is not None else None,
        draft.external_id,
        frozenset(draft.members) if draft.members is not None else None,
        frozenset(draft.added),
        frozenset(draft.removed),
    )


def _apply(draft: _Draft, operation: dict[str, Any], choose: Chooser) -> None:
    op, path, value = str(operation.get("op", "")).lower(), operation.get("path"), operation.get("value")
    if op not in {"add", "replace", "remove"}:
        raise ScimInvalid(f"Unknown operation: {op[:40]}", "invalidSyntax", field="op")
    if op != "remove" and "value" not in operation:
        raise ScimInvalid(f"{op} needs a value.", "invalidValue", field="value")
    if path:
        if not isinstance(path, str) or len(path) > 2_500:
            raise ScimInvalid("path must be a text of at most 2500 characters.", "invalidPath", field="path")
        _at(draft, path, op, value, choose)
        return
    if op == "remove":
        raise ScimInvalid("remove needs a path.", "noTarget", field="path")
    if not isinstance(value, dict):
        raise ScimInvalid("Without a path, the value must be an object.", "invalidValue", field="value")
    for name, item in canonical(value).items():
        # Okta puts the id beside what it changes
        if name not in {"id", "meta", "schemas"}:
            _at(draft, name, op, item, choose)


def _at(draft: _Draft, path: str, op: str, value: Any, choose: Chooser) -> None:
    match = _PATH.fullmatch(bare(path).strip())
    name = _NAMES.get(match["name"].lower(), "") if match else ""
    if not match or not name or (name != "members" and (match["filter"] or match["sub"])):
        raise ScimInvalid(f"The path {path[:100]} names nothing that a group has.", "invalidPath", field="path")
    if name in {"id", "meta", "schemas"} or match["sub"]:
        raise ScimInvalid(f"{path[:100]} cannot be changed.", "mutability", field="path")
    if name == "members":
        _at_members(draft, op, match["filter"], value, choose)
    elif op == "remove" and name == "displayName":
        raise ScimInvalid("A group must have a displayName.", "mutability", field="displayName")
    elif name == "displayName":
        draft.name = _text({"displayName": value}, name) or _missing_name()
    else:
        draft.external_id = "" if op == "remove" else _text({"externalId": value}, name)


def _at_members(draft: _Draft, op: str, text: str | None, value: Any, choose: Chooser) -> None:
    if text is not None:
        found = _chosen(text, choose)
        if op == "remove":
            draft.go(found)
        elif op == "replace":
            draft.go(found)
            draft.come(_members(value))
        else:
            raise ScimInvalid("add takes members without a filter.", "invalidPath", field="path")
    elif op == "add":
        draft.come(_members(value))
    elif op == "replace":
        draft.be(_members(value))
    elif value:  # Entra ID names those who are to go in the value
        draft.go(_members(value))
    else:
        draft.be(set())


def _chosen(text: str, choose: Chooser) -> set[UUID]:
    terms = [_VALUE.fullmatch(term) for term in re.split(r"(?<!\s)\s+or\s+", text, flags=re.IGNORECASE)]
    values = [term["value"] for term in terms if term]
    if len(values) == len(terms):
        return {found for value in values if (found := maybe(value))}
    return set(choose(text))


def maybe(text: str) -> UUID | None:
    """An id that is none finds nobody."""
    try:
        return UUID(text)
    except ValueError:
        return None
