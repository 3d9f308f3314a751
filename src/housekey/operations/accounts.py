"""Steps shared by the operations: reading an account's standing, writing it back, putting a User together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from housekey.core.account import Standing
from housekey.core.claims import EMAIL_VERIFIED, PHONE_VERIFIED
from housekey.core.errors import NotFound, WrongCredentials
from housekey.core.groups import GroupRef
from housekey.core.names import Tenant, UserName
from housekey.core.users import User
from housekey.operations import directories, ending, groups
from housekey.store import hot, population
from housekey.store.models import Account, RoleMember
from housekey.userstores.base import StoredUser, UserStore
from housekey.userstores.registry import domains, mirror_for, store_for


def load(tenant: Tenant, user_id: UUID) -> Account:
    """Raises NotFound."""
    return _found(hot.account(tenant.id, user_id), user_id)


def hold(tenant: Tenant, user_id: UUID) -> Account:
    """As `load`, and nobody else changes the account until the transaction ends. Taken before any row that hangs on it."""
    return _found(held(tenant, user_id), user_id)


def held(tenant: Tenant, user_id: UUID) -> Account | None:
    """As `hold`; None if the account is gone."""
    return hot.find(Account, hold=True, tenant_id=tenant.id, id=user_id)


def hold_verified(verified: Account) -> Account:
    """As `hold`, for an account whose password was just checked. Raises WrongCredentials if it changed while that took its time."""
    account = hot.find(Account, hold=True, tenant_id=verified.tenant_id, id=verified.id)
    if account is None or account.credential_version != verified.credential_version or not standing_of(account).may_sign_in:
        raise WrongCredentials("changed meanwhile")
    return account


def _found(account: Account | None, user_id: UUID) -> Account:
    if account is None:
        raise NotFound(f"There is no user with the id {user_id}.")
    return account


def insert(tenant: Tenant, user: User, password_hash: str = "", *, met: bool = False) -> None:
    """The account and the person in its store: a step inside a transaction. `met`: in a directory, so nobody knows since when the password
    is hers."""
    standing = user.standing
    row = hot.made(
        Account,
        id=user.id,
        tenant_id=tenant.id,
        domain=user.name.domain,
        name_key=user.name.key,
        pending=standing.pending,
        locks=" ".join(sorted(standing.locks)),
        disabled=standing.disabled,
        has_password=standing.has_password,
        created=user.created,
        modified=user.modified,
        password_changed=user.created if standing.has_password and not met else None,
    )
    hot.insert(row)
    population.change(tenant.id, user.name.domain, +1)
    store_for(tenant, user.name.domain).insert(tenant, StoredUser(user.id, user.name, user.profile), password_hash)


def standing_of(account: Account) -> Standing:
    return Standing(account.pending, frozenset(account.locks.split()), account.disabled, account.has_password)  # type: ignore[arg-type] # no other values


def put(account: Account, standing: Standing, now: datetime, *, new_credential: bool = False) -> None:
    """Write the standing back. `new_credential` makes every remembered credential, session and token of the account worthless."""
    changed = standing != standing_of(account)
    account.pending, account.locks = standing.pending, " ".join(sorted(standing.locks))
    account.disabled, account.has_password = standing.disabled, standing.has_password
    account.modified, account.version = now, account.version + 1
    if new_credential:
        account.credential_version += 1
        if standing.has_password and standing.pending != "PENDING_FUPR":
            account.password_changed = now
    account.save(update_fields=_WRITTEN)
    if new_credential or not standing.may_sign_in:
        ending.everything(account.tenant_id, account.id, now)
    _mirror(account, now, changed=changed)


def _mirror(account: Account, now: datetime, *, changed: bool) -> None:
    """Whether an address was verified cannot be seen from the standing, so that is written anew each time."""
    placed = mirror_for(account.tenant_id, account.domain)
    if placed is not None and (changed or {EMAIL_VERIFIED, PHONE_VERIFIED} & set(placed.settings.mirrored)):
        name = names(placed.tenant, [account.id]).get(account.id) or UserName(account.domain, account.name_key)
        directories.mirror(placed, account, name, now)


_WRITTEN = (
    "pending", "locks", "disabled", "unassigned", "has_password", "email_verified", "phone_verified", "modified", "version",
    "credential_version", "password_changed",
)


def store_of(tenant: Tenant, account: Account) -> UserStore:
    return store_for(tenant, account.domain)


def user(tenant: Tenant, account: Account) -> User:
    """The whole user. Raises NotFound if the store no longer has the person."""
    stored = store_of(tenant, account).get(tenant, account.id)
    if stored is None:
        raise NotFound(f"There is no user with the id {account.id}.")
    roles, inside = hot.belonging(tenant.id, account.id)
    return assemble(account, stored, roles, tuple(GroupRef(group_id, UserName(domain, name)) for group_id, domain, name in inside))


def users(tenant: Tenant, accounts: list[Account]) -> list[User]:
    """The users of `accounts` in the same order: one query per domain, one for the roles and one for the groups."""
    stored: dict[UUID, StoredUser] = {}
    for domain in domains(tenant):
        ids = [account.id for account in accounts if account.domain == domain]
        if ids:
            stored |= store_for(tenant, domain).many(tenant, ids)
    ids = [account.id for account in accounts]
    roles, inside = _roles(tenant, ids), groups.of(tenant, ids)
    return [
        assemble(account, stored[account.id], roles.get(account.id, ()), inside.get(account.id, ()))
        for account in accounts
        if account.id in stored
    ]


def in_order(tenant: Tenant, ids: Sequence[UUID]) -> list[User]:
    """The users of these ids, in their order, as many queries for two hundred as for one; who does not exist is left out."""
    rows = {account.id: account for account in Account.objects.among(tenant, ids)} if ids else {}
    return users(tenant, [rows[user_id] for user_id in ids if user_id in rows])


def names(tenant: Tenant, ids: Collection[UUID]) -> dict[UUID, UserName]:
    """What these users are called, one query per domain; who does not exist is left out."""
    found: dict[UUID, UserName] = {}
    for domain in domains(tenant):
        found |= store_for(tenant, domain).names(tenant, ids)
    return found


def assemble(account: Account, stored: StoredUser, roles: tuple[str, ...] = (), groups: tuple[GroupRef, ...] = ()) -> User:
    return User(
        id=account.id,
        name=stored.name,
        profile=stored.profile,
        standing=standing_of(account),
        created=account.created,
        modified=account.modified,
        version=account.version,
        email_verified=account.email_verified,
        phone_verified=account.phone_verified,
        unassigned=frozenset(account.unassigned.split()),
        roles=roles,
        groups=groups,
    )


def _roles(tenant: Tenant, ids: list[UUID]) -> dict[UUID, tuple[str, ...]]:
    found: dict[UUID, tuple[str, ...]] = {}
    rows = RoleMember.objects.within(tenant).filter(account_id__in=ids).order_by("role__name").values_list("account_id", "role__name")
    for account_id, name in rows:
        found[account_id] = (*found.get(account_id, ()), name)
    return found
