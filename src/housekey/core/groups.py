"""A group as doors and operations hand it around: a name for a set of users. Groups give no permissions; roles do."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from housekey.core.errors import Invalid
from housekey.core.names import PRIMARY, UserName, split_username

MAX_NAME = 255
MOST_MEMBERS = 10_000
"""Users put in or taken out by one request."""
_OF_ROLES = {"INTERNAL", "APPLICATION"}
"""Domains in front of WSO2's roles, which were groups until 5.11."""


@dataclass(frozen=True, slots=True)
class GroupRef:
    """A group as one of its members sees it."""

    id: UUID
    name: UserName


@dataclass(frozen=True, slots=True)
class Member:
    """A user as the group sees her."""

    id: UUID
    name: UserName


@dataclass(frozen=True, slots=True)
class Group:
    """A group of one tenant. `name` has the domain of a user store in front, as a user's has."""

    id: UUID
    name: UserName
    created: datetime
    modified: datetime
    members: tuple[Member, ...] = ()
    external_id: str = ""
    version: int = 1
    in_directory: bool = False
    """Read from the directory of its domain: it is changed there."""


@dataclass(frozen=True, slots=True)
class NewGroup:
    """What a door asks to be created."""

    name: UserName
    members: tuple[UUID, ...] = ()
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class GroupChanges:
    """What a door asks to be changed. None = leave it. `members` replaces everybody; then `added` come in and `removed` go."""

    name: UserName | None = None
    external_id: str | None = None
    members: frozenset[UUID] | None = None
    added: frozenset[UUID] = field(default_factory=frozenset)
    removed: frozenset[UUID] = field(default_factory=frozenset)
    version: int | None = None
    """The version the caller saw; Stale if it is no longer the present one."""


@dataclass(frozen=True, slots=True)
class GroupPage:
    """One page of a list: the rows and the total over all pages."""

    groups: list[Group]
    total: int


def split_group(text: str) -> UserName:
    """`DOMAIN/name` or `name`. Raises nothing."""
    return split_username(text)


def check_group_name(name: UserName, field: str = "displayName") -> None:
    """Raise Invalid if no group may be called so: empty, too long, invisible characters, or the domain of a role."""
    bare = name.bare
    if not bare or not bare.strip():
        raise Invalid("Required attribute displayName is missing. Give the group a name.", field=field)
    if name.domain in _OF_ROLES:
        raise Invalid(f"{name} is the name of a role. Use /Roles for it, or a name without {name.domain.capitalize()}/.", field=field)
    if len(bare) > MAX_NAME or len(unicodedata.normalize("NFKC", bare)) > MAX_NAME or len(name.key) > MAX_NAME:
        raise Invalid(f"{field} is longer than {MAX_NAME} characters.", field=field)
    if bare != bare.strip() or any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for char in bare):
        raise Invalid(f"{field} may not contain control or invisible characters, nor begin or end with a space.", field=field)


def check_external_id(text: str) -> None:
    """Raise Invalid for one that is too long."""
    if len(text) > MAX_NAME:
        raise Invalid(f"externalId is longer than {MAX_NAME} characters.", field="externalId")


def check_members(ids: Iterable[UUID]) -> None:
    """Raise Invalid for more than one request may carry."""
    if len(list(ids)) > MOST_MEMBERS:
        raise Invalid(f"At most {MOST_MEMBERS} members in one request. Send the rest in another.", field="members")


def shown_name(name: UserName, *, with_domain: bool = False) -> str:
    """`name`, or `DOMAIN/name` outside PRIMARY; `with_domain`: WSO2 writes PRIMARY too."""
    return f"{PRIMARY}/{name.bare}" if with_domain and name.domain == PRIMARY else str(name)
