"""Roles as provisioning clients handle them: by id, whole, with everybody who is in them. The rules are those of `operations.roles`."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from housekey.core.errors import Invalid, NotFound, Stale
from housekey.core.groups import Member, check_external_id
from housekey.core.names import Tenant, UserName
from housekey.core.principal import (
    ROLE_CREATE,
    ROLE_DELETE,
    ROLE_UPDATE,
    ROLE_VIEW,
    USER_UPDATE,
    Principal,
    spelled_out,
)
from housekey.operations import accounts, audit, roles
from housekey.operations.transactions import durable, nothing
from housekey.store.models import Role, RoleMember
from housekey.userstores.registry import domains, store_for

MOST_MEMBERS = 1_000
"""Users put in or taken out by one request: each is looked at, since nobody may touch who holds more than they do."""


@dataclass(frozen=True, slots=True)
class WholeRole:
    """A role and the users in it, by name. Everyone is in Internal/everyone without being listed."""

    id: int
    name: str
    permissions: tuple[str, ...]
    shipped: bool
    members: tuple[Member, ...] = ()
    external_id: str = ""

    @property
    def version(self) -> int:
        """Changes with whatever is shown: roles have no counter of their own."""
        shown = [self.name, self.external_id, *self.permissions, *(str(member.id) for member in self.members)]
        return zlib.crc32("\n".join(shown).encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class RoleChanges:
    """None = leave it. `members` replaces everybody; then `added` come in and `removed` go."""

    name: str | None = None
    external_id: str | None = None
    permissions: tuple[str, ...] | None = None
    members: frozenset[UUID] | None = None
    added: frozenset[UUID] = frozenset()
    removed: frozenset[UUID] = frozenset()
    version: int | None = None
    """The version the caller saw; Stale if it is no longer the present one."""


def listing(by: Principal) -> list[WholeRole]:
    """Every role of the tenant, by name; as many queries for many as for one. Raises NotPermitted."""
    by.must(ROLE_VIEW)
    rows = list(Role.objects.within(by.tenant).order_by("name"))
    inside = _members(by.tenant, [row.id for row in rows])
    return [_view(row, inside.get(row.id, ())) for row in rows]


def get(by: Principal, role_id: int, *, permission: str = ROLE_VIEW) -> WholeRole:
    """Who changes a role may see what is changed: such a caller names that `permission`. Raises NotFound, NotPermitted."""
    by.must(permission)
    return _whole(by.tenant, _found(Role.objects.within(by.tenant).filter(id=role_id).first(), role_id))


def create(
    by: Principal,
    name: str,
    permissions: Iterable[str],
    members: Iterable[UUID],
    now: datetime,
    *,
    external_id: str = "",
    also: Callable[[WholeRole], object] = nothing,
) -> WholeRole:
    """A new role with its users, all of it or nothing. Raises Conflict, Invalid, NotPermitted."""
    by.must(ROLE_CREATE)
    name, wanted = roles.checked_name(name), set(members)
    with durable(taken=roles.name_taken(name)):
        row = roles.make(by, name, permissions, now)
        _call(row, external_id)
        _exchange(by, row, wanted, set(), now)
        whole = _whole(by.tenant, row)
        also(whole)
    return whole


def change(
    by: Principal, role_id: int, changes: RoleChanges, now: datetime, *, also: Callable[[WholeRole], object] = nothing
) -> WholeRole:
    """Apply `changes`; all of them or none. Who comes and goes is the same matter as changing that user, and needs that permission too.

    Raises NotFound, Stale, Conflict, Invalid, NotPermitted.
    """
    by.must(ROLE_UPDATE)
    with durable(taken=roles.name_taken(changes.name or "")):
        row = _held(by.tenant, role_id)
        if changes.version is not None and changes.version != _whole(by.tenant, row).version:
            raise Stale("The role was changed by somebody else meanwhile. Read it again and repeat your change.")
        if changes.name not in {None, row.name} or changes.external_id not in {None, row.external_id}:
            # By its name or externalId others find the role they mean: who swaps two of them gives the one for the other
            roles.must_hold(by, row)
        if changes.name is not None and changes.name != row.name:
            _rename(by, row, changes.name, now)
        if changes.external_id is not None:
            _call(row, changes.external_id)
        if changes.permissions is not None and spelled_out(changes.permissions) != set(row.permissions):
            roles.permit(by, row, changes.permissions, now)
        present = _ids(by.tenant, row)
        target = ((present if changes.members is None else set(changes.members)) | changes.added) - changes.removed
        _exchange(by, row, target - present, present - target, now)
        whole = _whole(by.tenant, row)
        also(whole)
    return whole


def delete(by: Principal, role_id: int, now: datetime, *, version: int | None = None, also: Callable[[None], object] = nothing) -> None:
    """Raises NotFound, Stale, Invalid for a shipped role, NotPermitted."""
    by.must(ROLE_DELETE)
    with durable():
        row = _held(by.tenant, role_id)
        if version is not None and version != _whole(by.tenant, row).version:
            raise Stale("The role was changed by somebody else meanwhile. Read it again before you delete it.")
        roles.erase(by, row, now)
        also(None)


def _rename(by: Principal, row: Role, name: str, now: datetime) -> None:
    if row.shipped:
        raise Invalid(f"{row.name} belongs to the product and keeps its name.", field="displayName")
    name = roles.checked_name(name)
    if Role.objects.within(by.tenant).filter(name__iexact=name).exclude(id=row.id).exists():
        raise roles.name_taken(name)
    before, row.name = row.name, name
    row.save(update_fields=["name"])
    audit.record(by, "role:rename", now, target=name, before=before)


def _call(row: Role, external_id: str) -> None:
    check_external_id(external_id)
    if external_id != row.external_id:
        row.external_id = external_id
        row.save(update_fields=["external_id"])


def _exchange(by: Principal, row: Role, given: set[UUID], taken: set[UUID], now: datetime) -> None:
    """A step inside the transaction. Accounts are held in the order of their ids, so that two such requests cannot wait for one another."""
    if not given and not taken:
        return
    by.must(USER_UPDATE)
    if len(given) + len(taken) > MOST_MEMBERS:
        raise Invalid(f"At most {MOST_MEMBERS} users can come or go in one request. Send the rest in another.", field="users")
    for user_id in sorted(given | taken):
        try:
            account = accounts.hold(by.tenant, user_id)
        except NotFound as missing:
            raise Invalid(missing.sentence, field="users") from None
        roles.must_outrank(by, account.id)
        if user_id in given:
            roles.join(by, account.id, row.name)
            audit.record(by, "role:grant", now, target=row.name, target_id=account.id)
        else:
            roles.leave(by, account, row.name, now)


def _held(tenant: Tenant, role_id: int) -> Role:
    # Not so that nobody can refer to it: who is put into the role elsewhere is held before the role, here after it
    return _found(Role.objects.within(tenant).select_for_update(no_key=True).filter(id=role_id).first(), role_id)


def _found(row: Role | None, role_id: int) -> Role:
    if row is None:
        raise NotFound(f"There is no role with the id {role_id}.")
    return row


def _ids(tenant: Tenant, row: Role) -> set[UUID]:
    return set(RoleMember.objects.within(tenant).filter(role=row).values_list("account_id", flat=True))


def _whole(tenant: Tenant, row: Role) -> WholeRole:
    return _view(row, _members(tenant, [row.id]).get(row.id, ()))


def _view(row: Role, members: tuple[Member, ...]) -> WholeRole:
    return WholeRole(row.id, row.name, tuple(sorted(row.permissions)), row.shipped, members, row.external_id)


def _members(tenant: Tenant, ids: list[int]) -> dict[int, tuple[Member, ...]]:
    """The users of each role, by name: one query, and one for each user store."""
    inside = RoleMember.objects.within(tenant).filter(role_id__in=ids)
    pairs = list(inside.order_by("account__domain", "account__name_key").values_list("role_id", "account_id"))
    names: dict[UUID, UserName] = {}
    if pairs:
        for domain in domains(tenant):
            names |= store_for(tenant, domain).names(tenant, inside.filter(account__domain=domain).values_list("account_id", flat=True))
    found: dict[int, list[Member]] = {}
    for role_id, account_id in pairs:
        if account_id in names:
            found.setdefault(role_id, []).append(Member(account_id, names[account_id]))
    return {role_id: tuple(members) for role_id, members in found.items()}
