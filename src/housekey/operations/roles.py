"""Roles: what they allow, who is in them, and the rule that somebody must always be able to administer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from housekey.core.errors import Invalid, NotPermitted
from housekey.core.names import Tenant
from housekey.core.principal import ADMINISTRATOR, EVERYONE, EVERYONE_PERMISSIONS, USER_UPDATE, Principal
from housekey.operations import accounts, audit
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Account, Role, RoleMember


def permissions_of(tenant: Tenant, account_id: UUID) -> frozenset[str]:
    """What everyone holds and what the account's roles add."""
    return frozenset(permission for held in hot.permissions(tenant.id, account_id, EVERYONE) for permission in held)


def must_outrank(by: Principal, account_id: UUID) -> None:
    """Nobody touches an account that holds permissions they lack: the help desk cannot take over an administrator. Raises NotPermitted."""
    if not permissions_of(by.tenant, account_id) <= by.permissions | EVERYONE_PERMISSIONS:
        raise NotPermitted("of everything this user may do")


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
    if not set(role.permissions) <= by.permissions:
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
        role = _role(by, name)
        if name == ADMINISTRATOR:
            keep_one_administrator(by.tenant, account)
        if RoleMember.objects.within(by.tenant).filter(role=role, account=account).delete()[0]:
            audit.record(by, "role:deny", now, target=name, target_id=account.id)


def administrators(tenant: Tenant) -> list[Account]:
    """Those who can get in as administrators now."""
    members = Account.objects.within(tenant).filter(memberships__role__name=ADMINISTRATOR, has_password=True, disabled=False, locks="")
    return list(members)


def is_administrator(tenant: Tenant, account_id: UUID) -> bool:
    return bool(RoleMember.objects.within(tenant).filter(role__name=ADMINISTRATOR, account_id=account_id).exists())


def keep_one_administrator(tenant: Tenant, account: Account) -> None:
    """Raise Invalid if `account` is the last who can administer. Two who remove each other at once wait for one another here."""
    if not is_administrator(tenant, account.id):
        return
    Role.objects.within(tenant).select_for_update().get(name=ADMINISTRATOR)
    able = {other.id for other in administrators(tenant)}
    if able == {account.id}:
        raise Invalid("This is the last administrator who can sign in. Make somebody else administrator first.", field="id")
