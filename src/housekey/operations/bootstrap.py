"""The first administrator, by the product's own flow: an offline invitation, or `[super_admin] password` at the first start only."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from functools import lru_cache
from uuid import UUID, uuid4

from housekey.conf.house import House
from housekey.core.account import Standing
from housekey.core.errors import Invalid, PasswordRefused
from housekey.core.names import Tenant, UserName, check_username, split_username
from housekey.core.principal import ADMINISTRATOR, Principal, system
from housekey.core.users import Email, Profile, User
from housekey.operations import accounts, audit, codes, hashing, tenants
from housekey.operations.onboarding import link_of
from housekey.operations.passwords import accepted
from housekey.operations.policies import effective
from housekey.operations.transactions import durable
from housekey.operations.users import check_profile, insert
from housekey.store import hot
from housekey.store.models import Account, KeyName, Role, RoleMember
from housekey.userstores.base import StoredUser
from housekey.userstores.registry import store_for

FIRST_LINK_MINUTES = 1440
DEFAULT_PASSWORD = "admin"  # noqa: S105 - the well-known default this module guards against


def check_keys(house: House, now: datetime) -> None:
    """Raise Invalid if this database was written with a key that the keys file lacks; remember the newest one."""
    held = {name for name, _ in house.keys.ring}
    missing = sorted(set(KeyName.objects.values_list("name", flat=True)) - held)
    if missing:
        raise Invalid(
            f"The keys file lacks the key {', '.join(missing)} that this database was written with. All nodes need the same keys file; "
            "set [secrets] keys_file to it."
        )
    KeyName.objects.get_or_create(name=house.keys.newest[0], defaults={"first_seen": now})


def first_administrator(house: House, now: datetime) -> str | None:
    """Make sure that somebody can get in. Returns the one-time set-password URL to print while nobody has used it, else None.

    Never resets a password that exists (decisions, First administrator). Raises Invalid for a password or name that cannot be.
    """
    tenant = tenants.ensure_default(now)
    wanted = house.config.super_admin
    if not wanted.create_admin_account:
        return None
    name = split_username(wanted.username)
    account = Account.objects.within(tenant).filter(domain=name.domain, name_key=name.key).first()
    if account is None and RoleMember.objects.within(tenant).filter(role__name=ADMINISTRATOR, account__has_password=True).exists():
        return None
    if account is not None:
        return None if account.has_password else _reissue(house, tenant, account, now)
    return invite_administrator(house, system(tenant), wanted.username, "", now, password=wanted.password or None)


def invite_administrator(
    house: House, by: Principal, username: str, mail: str, now: datetime, *, password: str | None = None
) -> str | None:
    """An administrator with a link to set the password (24 hours), or with `password` and then no link."""
    name = split_username(username)
    check_username(name)
    password_hash = _first_hash(house, by.tenant, name, password) if password else ""
    standing = Standing().password_set() if password else Standing().invited(lock=True)
    profile = Profile(emails=(Email(mail, primary=True),) if mail else ())
    check_profile(profile)
    user = User(uuid4(), name, profile, standing, now, now)
    with durable(taken=f"User with the name: {name} already exists in the system."):
        insert(by, user)
        store_for(by.tenant, name.domain).insert(by.tenant, StoredUser(user.id, name, profile), password_hash)
        role = Role.objects.within(by.tenant).get(name=ADMINISTRATOR)
        RoleMember(tenant_id=by.tenant.id, role=role, account_id=user.id).save(force_insert=True)
        audit.record(by, "administrator:create", now, target=str(name), target_id=user.id)
        return None if password else _link(house, by, user, now)


def _first_hash(house: House, tenant: Tenant, name: UserName, password: str) -> str:
    """`admin`/`admin` skips the policy once, because it was written explicitly; every other password must meet it."""
    if password != DEFAULT_PASSWORD:
        try:
            password = accepted(house, tenant, effective(house, tenant), name, password)
        except PasswordRefused as refusal:
            raise Invalid(
                f"[super_admin] password: {refusal.sentence} Or leave it out: Housekey then prints a link to set one.",
                field="super_admin.password",
            ) from None
    return hashing.make(password)


def _reissue(house: House, tenant: Tenant, account: Account, now: datetime) -> str:
    """A fresh link at each start until the first administrator has set a password; older links die."""
    by = system(tenant)
    with durable():
        account = accounts.hold(tenant, account.id)
        user = accounts.user(tenant, account)
        codes.end_live(tenant, account.id, "superseded", now)
        accounts.put(account, user.standing.invited(lock=True), now)
        return _link(house, by, user, now)


def _link(house: House, by: Principal, user: User, now: datetime) -> str:
    code = codes.issue(house, by, user.id, scenario=codes.OFFLINE, recipient="", minutes=FIRST_LINK_MINUTES, now=now)
    return link_of(house, by.tenant, user, code)


def default_password_in_use(house: House) -> bool:
    """Does the well-known `admin` still open the first administrator's account? One hash per password it has ever had."""
    tenant = tenants.default()
    name = split_username(house.config.super_admin.username)
    account = hot.account_by_name(tenant.id, name.domain, name.key)
    return account is not None and account.has_password and _is_default(tenant, account.id, account.credential_version)


@lru_cache(maxsize=8)
def _is_default(tenant: Tenant, account_id: UUID, credential_version: int) -> bool:  # noqa: ARG001 - the version is part of the cache's key
    account = accounts.load(tenant, account_id)
    return hashing.check(accounts.store_of(tenant, account).password_hash(tenant, account.id), DEFAULT_PASSWORD)


def guard_default_password(house: House) -> str:
    """A warning to print, `""` if there is nothing to warn of. Raises Invalid beyond loopback (decisions, First administrator)."""
    if not default_password_in_use(house):
        return ""
    if not _loopback(house.config.server.bind) and not house.config.super_admin.allow_default_admin:
        raise Invalid(
            f"The administrator's password is still the default one, so Housekey does not listen on {house.config.server.bind}. "
            "Sign in on 127.0.0.1 and change it, or set [super_admin] allow_default_admin = true on a test network."
        )
    return "The administrator's password is the well-known default. Change it in My Account before anybody else can reach this server."


def _loopback(bind: str) -> bool:
    try:
        return ipaddress.ip_address(bind).is_loopback
    except ValueError:
        return bind == "localhost"
