"""Roles: what they allow, who is in them, and the rule that somebody must always be able to administer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count

from housekey.core.errors import Conflict, Invalid, NotFound, NotPermitted
from housekey.core.names import Tenant
from housekey.core.principal import (
    ADMINISTRATOR,
    EVERYONE,
    EVERYONE_PERMISSIONS,
    ROLE_CREATE,
    ROLE_DELETE,
    ROLE_UPDATE,
    ROLE_VIEW,
    USER_UPDATE,
    Principal,
    spelled_out,
)
from housekey.core.users import User
from housekey.operations import accounts, audit
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Account, Role, RoleMember


def permissions_of(tenant: Tenant, account_id: UUID) -> frozenset[str]:
    """What everyone holds and what the account's roles add."""
    return frozenset(permission for held in hot.permissions(tenant.id, account_id, EVERYONE) for permission in held)


def outranks(by: Principal, account_id: UUID) -> bool:
    """Does `by` hold all that this account holds? Nobody else touches it: the help desk cannot take over an administrator (A-135)."""
    return permissions_of(by.tenant, account_id) <= by.own | EVERYONE_PERMISSIONS


def must_outrank(by: Principal, account_id: UUID) -> None:
    """Raise NotPermitted unless `by` outranks the account."""
    if not outranks(by, account_id):
        raise NotPermitted("of everything this user may do")


def must_outrank_domain(by: Principal, domain: str) -> None:
    """Raise NotPermitted unless `by` holds all that the users of a user store hold by their roles: who decides which directory says who
    they are can sign in as any of them (A-135)."""
    held = Role.objects.within(by.tenant).filter(members__account__domain=domain).distinct().values_list("permissions", flat=True)
    if not frozenset(permission for some in held for permission in some) <= by.own | EVERYONE_PERMISSIONS:
        raise NotPermitted("of everything the users of this user store may do")


@dataclass(frozen=True, slots=True)
class RoleView:
    """`members` is how many users are in the role; everyone is in Internal/everyone without being counted."""

    name: str
    permissions: tuple[str, ...]
    members: int
    shipped: bool


def listing(by: Principal) -> list[RoleView]:
    """Every role of the tenant by name. Raises NotPermitted."""
    by.must(ROLE_VIEW)
    rows = Role.objects.within(by.tenant).order_by("name").values_list("name", "permissions", Count("members"), "shipped")
    return [RoleView(name, tuple(sorted(permissions)), size, shipped) for name, permissions, size, shipped in rows]


def get(by: Principal, name: str) -> RoleView:
    """Raises NotFound, NotPermitted."""
    found = next((role for role in listing(by) if role.name == name), None)
    if found is None:
        raise NotFound(f"There is no role called {name}.")
    return found


def members(by: Principal, name: str, limit: int = 200) -> list[User]:
    """The users in a role, by name. Raises NotPermitted."""
    by.must(ROLE_VIEW)
    rows = Account.objects.within(by.tenant).filter(memberships__role__name=name).order_by("name_key")[:limit]
    return accounts.users(by.tenant, list(rows))


def add(by: Principal, name: str, permissions: Iterable[str], now: datetime) -> RoleView:
    """A new role. Permissions are scopes or WSO2's permission paths; nobody grants what they lack.

    Raises Conflict, Invalid, NotPermitted.
    """
    by.must(ROLE_CREATE)
    name = checked_name(name)
    with durable(taken=name_taken(name)):
        role = make(by, name, permissions, now)
    return RoleView(name, tuple(role.permissions), 0, False)


def checked_name(name: str) -> str:
    """Without the spaces around it. Raises Invalid if no role may be called so."""
    name = name.strip()
    if not name or len(name) > 100 or not name.isprintable() or name.casefold().startswith(("internal/", "application/")):
        raise Invalid("A role needs a name of at most 100 characters that does not begin with Internal/ or Application/.", field="name")
    return name


def name_taken(name: str) -> Conflict:
    return Conflict(f"There is a role called {name} already.", field="name")


def make(by: Principal, name: str, permissions: Iterable[str], now: datetime) -> Role:
    """A step inside a transaction. Raises Conflict, Invalid, NotPermitted."""
    wanted = _grantable(by, permissions)
    if Role.objects.within(by.tenant).filter(name__iexact=name).exists():
        raise name_taken(name)
    role = Role(tenant_id=by.tenant.id, name=name, permissions=wanted)
    role.save(force_insert=True)
    audit.record(by, "role:add", now, target=name, permissions=wanted)
    return role


def set_permissions(by: Principal, name: str, permissions: Iterable[str], now: datetime) -> None:
    """What a role allows from now on, for everybody in it at once. The administrators' role stays as it is.

    Taking the login permission from Internal/everyone makes it depend on roles. Raises NotFound, Invalid, NotPermitted.
    """
    by.must(ROLE_UPDATE)
    with durable():
        role = Role.objects.within(by.tenant).select_for_update().filter(name=name).first()
        if role is None:
            raise NotFound(f"There is no role called {name}.")
        permit(by, role, permissions, now)


def permit(by: Principal, role: Role, permissions: Iterable[str], now: datetime) -> None:
    """A step inside a transaction that holds the role. Raises Invalid, NotPermitted."""
    if role.name == ADMINISTRATOR:
        sentence = "The permissions of administrators cannot be changed: somebody must be able to do everything."
        raise Invalid(sentence, field="permissions")
    wanted = spelled_out(permissions)
    _grantable(by, wanted ^ set(role.permissions))
    if role.name == EVERYONE and not wanted <= EVERYONE_PERMISSIONS:
        raise Invalid("Everyone can hold only what concerns their own account. Make a role for the rest.", field="permissions")
    before, role.permissions = sorted(role.permissions), sorted(wanted)
    role.save(update_fields=["permissions"])
    audit.record(by, "role:permissions", now, target=role.name, before=before, after=role.permissions)


def remove(by: Principal, name: str, now: datetime) -> None:
    """Delete a role; its members lose what it allowed. Raises NotFound, Invalid for a shipped one, NotPermitted."""
    by.must(ROLE_DELETE)
    with durable():
        role = Role.objects.within(by.tenant).select_for_update().filter(name=name).first()
        if role is None:
            raise NotFound(f"There is no role called {name}.")
        erase(by, role, now)


def erase(by: Principal, role: Role, now: datetime) -> None:
    """A step inside a transaction that holds the role. Raises Invalid, NotPermitted."""
    name = role.name
    if role.shipped:
        raise Invalid(f"{name} belongs to the product and stays.", field="name")
    _grantable(by, role.permissions)
    role.delete()
    audit.record(by, "role:remove", now, target=name)


def _grantable(by: Principal, permissions: Iterable[str]) -> list[str]:
    wanted = spelled_out(permissions)
    for permission in sorted(wanted - by.own):
        raise NotPermitted(permission)
    return sorted(wanted)


def must_hold(by: Principal, role: Role) -> None:
    """Raise NotPermitted unless `by` holds all that the role allows."""
    if not set(role.permissions) <= by.own | EVERYONE_PERMISSIONS:
        raise NotPermitted(f"of everything the role {role.name} allows")


def join(by: Principal, account_id: UUID, name: str) -> None:
    """A step inside a transaction. Nobody gives more than they hold. Raises Invalid for an unknown role, NotPermitted."""
    role = _role(by, name)
    if not RoleMember.objects.within(by.tenant).filter(role=role, account_id=account_id).exists():
        hot.insert(RoleMember(tenant_id=by.tenant.id, role=role, account_id=account_id))


def _role(by: Principal, name: str) -> Role:
    role = Role.objects.within(by.tenant).filter(name=name).exclude(name=EVERYONE).first()
    if role is None:
        known = Role.objects.within(by.tenant).exclude(name=EVERYONE).order_by("name").values_list("name", flat=True)
        raise Invalid(f"There is no role called {name} to give or take. There are: {', '.join(known)}.", field="roles")
    if not set(role.permissions) <= by.own:
        raise NotPermitted(f"of everything the role {name} allows")
    return role  # type: ignore[no-any-return] # the scoped manager is typed loosely


def grant(by: Principal, user_id: UUID, name: str, now: datetime) -> None:
    """Put a user into a role. Raises NotFound, Invalid, NotPermitted."""
    by.must(USER_UPDATE)
    with durable():
        account = accounts.hold(by.tenant, user_id)
        join(by, account.id, name)
        audit.record(by, "role:grant", now, target=name, target_id=account.id)


def deny(by: Principal, user_id: UUID, name: str, now: datetime) -> None:
    """Take a user out of a role. Raises NotFound, Invalid, NotPermitted."""
    by.must(USER_UPDATE)
    with durable():
        account = accounts.hold(by.tenant, user_id)
        must_outrank(by, account.id)
        leave(by, account, name, now)


def leave(by: Principal, account: Account, name: str, now: datetime) -> None:
    """A step inside a transaction that holds the account. Raises Invalid, NotPermitted."""
    role = _role(by, name)
    if name == ADMINISTRATOR:
        keep_one_administrator(by.tenant, account)
    if RoleMember.objects.within(by.tenant).filter(role=role, account=account).delete()[0]:
        audit.record(by, "role:deny", now, target=name, target_id=account.id)


def update(by: Principal, user_id: UUID, *, taken: Iterable[str], given: Iterable[str], now: datetime) -> None:
    """Several roles of one user at once, all of it or nothing. A role in both lists ends taken. Raises NotFound, Invalid, NotPermitted."""
    by.must(USER_UPDATE)
    with durable():
        account = accounts.hold(by.tenant, user_id)
        must_outrank(by, account.id)
        for name in given:
            join(by, account.id, name)
            audit.record(by, "role:grant", now, target=name, target_id=account.id)
        for name in taken:
            leave(by, account, name, now)


def administrators(tenant: Tenant) -> list[Account]:
    """Those who can get in as administrators now."""
    members = Account.objects.within(tenant).filter(memberships__role__name=ADMINISTRATOR, has_password=True, disabled=False, locks="")
    return list(members)


def is_administrator(tenant: Tenant, account_id: UUID) -> bool:
    return bool(RoleMember.objects.within(tenant).filter(role__name=ADMINISTRATOR, account_id=account_id).exists())


def keep_one_administrator_outside(tenant: Tenant, domain: str) -> None:
    """Raise Invalid if all who can administer are in this user store. As `keep_one_administrator`, for a store that is closed."""
    Role.objects.within(tenant).select_for_update().get(name=ADMINISTRATOR)
    domains = {one.domain for one in administrators(tenant)}
    if domains == {domain}:
        raise Invalid("All administrators are in this user store. Make somebody of another one administrator first.", field="domain")


def keep_one_administrator(tenant: Tenant, account: Account) -> None:
    """Raise Invalid if `account` is the last who can administer. Two who remove each other at once wait for one another here."""
    if not is_administrator(tenant, account.id):
        return
    Role.objects.within(tenant).select_for_update().get(name=ADMINISTRATOR)
    able = {other.id for other in administrators(tenant)}
    if able == {account.id}:
        raise Invalid("This is the last administrator who can sign in. Make somebody else administrator first.", field="id")
