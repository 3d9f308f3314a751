"""The first administrator, by the product's own flow: an offline invitation, or `[super_admin] password` at the first start only."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from functools import lru_cache
from uuid import UUID, uuid4

from housekey.conf.house import House
from housekey.core.account import Standing
from housekey.core.errors import Conflict, Invalid, PasswordRefused
from housekey.core.names import SUPER_TENANT, Tenant, UserName, check_username, name_taken, split_username
from housekey.core.principal import ADMINISTRATOR, SERVER, Principal, system
from housekey.core.scenario import scenario_for
from housekey.core.users import Email, Profile, User
from housekey.operations import accounts, audit, codes, hashing, roles, tenants
from housekey.operations.addresses import check_profile
from housekey.operations.onboarding import link_of
from housekey.operations.passwords import accepted
from housekey.operations.policies import effective
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import KeyName

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
    """Make sure that somebody can get in. Returns the one-time set-password URL to print while nobody can, else None.

    Never resets a password that exists (decisions, First administrator). Raises Invalid for a password or name that cannot be.
    """
    tenant = tenants.ensure_default(now)
    if not is_due(house, tenant):
        return None
    wanted = house.config.super_admin
    return invite_administrator(house, system(tenant), wanted.username, "", now, password=wanted.password or None)


def is_due(house: House, tenant: Tenant) -> bool:
    """Is the first administrator still to be made, when a server starts?"""
    return tenant.domain == SUPER_TENANT and house.config.super_admin.create_admin_account and not roles.administrators(tenant)


def invite_administrator(
    house: House, by: Principal, username: str, mail: str, now: datetime, *, password: str | None = None
) -> str | None:
    """A link (24 hours) with which an administrator sets a password; None if one was created with `password`.

    For an administrator who exists this is the way back in: older links and sessions end, the old password no longer works. Works
    while invitations are off. Raises Conflict for a user who is no administrator.
    """
    by.must(SERVER)
    name = split_username(username)
    account = hot.account_by_name(by.tenant.id, name.domain, name.key)
    if account is None:
        return _create(house, by, name, mail, password, now)
    if not roles.is_administrator(by.tenant, account.id):
        raise Conflict(
            f"{name} exists and is no administrator. Choose another name, or give {name} the role {ADMINISTRATOR}.", field="userName"
        )
    return _reissue(house, by, account.id, now)


def _create(house: House, by: Principal, name: UserName, mail: str, password: str | None, now: datetime) -> str | None:
    check_username(name)
    password_hash = _first_hash(house, by.tenant, name, password) if password else ""
    standing = Standing().password_set() if password else Standing().invited(lock=True)
    profile = Profile(emails=(Email(mail, primary=True),) if mail else ())
    check_profile(profile)
    user = User(uuid4(), name, profile, standing, now, now)
    with durable(taken=name_taken(name)):
        accounts.insert(by.tenant, user, password_hash)
        roles.join(by, user.id, ADMINISTRATOR)
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


def _reissue(house: House, by: Principal, account_id: UUID, now: datetime) -> str:
    with durable():
        account = accounts.hold(by.tenant, account_id)
        user = accounts.user(by.tenant, account)
        codes.end_live(by.tenant, account.id, "superseded", now)
        accounts.put(account, user.standing.invited(lock=True), now, new_credential=True)
        audit.record(by, "administrator:invite", now, target=str(user.name), target_id=user.id)
        return _link(house, by, user, now)


def _link(house: House, by: Principal, user: User, now: datetime) -> str:
    handed_over = scenario_for("invitation", "OFFLINE")
    code = codes.issue(house, by, user.id, scenario=handed_over, recipient="", minutes=FIRST_LINK_MINUTES, now=now)
    return link_of(house, by.tenant, user, code)


def default_password_in_use(house: House, tenant: Tenant) -> bool:
    """Does the well-known `admin` still open the first administrator's account of this tenant? One hash per password it ever had."""
    if tenant.domain != SUPER_TENANT:
        return False
    name = split_username(house.config.super_admin.username)
    account = hot.account_by_name(tenant.id, name.domain, name.key)
    return account is not None and account.has_password and _is_default(tenant, account.id, account.credential_version)


@lru_cache(maxsize=8)
def _is_default(tenant: Tenant, account_id: UUID, credential_version: int) -> bool:  # noqa: ARG001 - the version is part of the cache's key
    account = accounts.load(tenant, account_id)
    return hashing.check(accounts.store_of(tenant, account).password_hash(tenant, account.id), DEFAULT_PASSWORD)


def guard_default_password(house: House) -> str:
    """A warning to print, `""` if there is nothing to warn of. Raises Invalid beyond loopback (decisions, First administrator)."""
    if not default_password_in_use(house, tenants.default()):
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
