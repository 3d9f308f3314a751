"""A new tenant together with its first administrator, who chooses her own password: by a link in a mail, or by one that is handed over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import uuid4

from housekey.conf.house import House
from housekey.core.account import Standing
from housekey.core.errors import Invalid
from housekey.core.names import PRIMARY, Tenant, UserName, check_username, split_username
from housekey.core.principal import ADMINISTRATOR, TENANT_CREATE, Principal, system
from housekey.core.scenario import scenario_for
from housekey.core.users import Email, Invite, Profile, User
from housekey.operations import accounts, audit, hashing, roles, sending, tenants
from housekey.operations.addresses import check_profile
from housekey.operations.bootstrap import FIRST_LINK_MINUTES
from housekey.operations.onboarding import link_of
from housekey.operations.passwords import accepted
from housekey.operations.policies import effective
from housekey.operations.transactions import nothing
from housekey.store.models import Code


@dataclass(frozen=True, slots=True)
class Owner:
    """The first administrator. `password`: she has it already, and nothing is sent; else she is invited, by mail if `by_mail`."""

    username: str
    mail: str = ""
    given_name: str = ""
    family_name: str = ""
    by_mail: bool = True
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class NewTenant:
    """`link`: with which the first administrator sets her password, shown this once; `""` where it went by mail or none is needed."""

    tenant: Tenant
    owner: str = ""
    link: str = field(default="", repr=False)


def add(
    house: House, by: Principal, domain: str, name: str, owner: Owner, now: datetime, *, also: Callable[[Tenant], object] = nothing
) -> NewTenant:
    """Tenant, roles, first administrator and her invitation together or not at all.

    Raises NotPermitted, Conflict, Invalid and PasswordRefused; `field` is domain, name, userName, password or begins with emails.
    """
    tenants.must(by, TENANT_CREATE)
    username = _checked(owner)
    coming = Tenant(0, domain, name)
    password_hash = ""
    if owner.password is not None:
        password_hash = hashing.make(accepted(house, coming, effective(house, coming), username, owner.password))
    links: list[str] = []

    def complete(tenant: Tenant) -> None:
        links.append(_first(house, replace(system(tenant, by.name), network=by.network), username, owner, password_hash, now))
        also(tenant)

    tenant = tenants.add(by, domain, name, now, also=complete)
    return NewTenant(tenant, str(username), links[0])


def _checked(owner: Owner) -> UserName:
    """Raises Invalid for what could not be a user, before anything is stored."""
    username = split_username(owner.username.strip())
    if username.domain != PRIMARY:
        raise Invalid("The first administrator of a tenant is kept in the server's own store.", field="userName")
    check_username(username)
    check_profile(_profile(owner))
    if owner.by_mail and owner.password is None and not owner.mail:
        raise Invalid("An e-mail address is needed to send the invitation to.", field="emails[0]")
    return username


def _profile(owner: Owner) -> Profile:
    mails = (Email(owner.mail, primary=True),) if owner.mail else ()
    return Profile(given_name=owner.given_name, family_name=owner.family_name, emails=mails)


def _first(house: House, by: Principal, name: UserName, owner: Owner, password_hash: str, now: datetime) -> str:
    """Inside the transaction that makes the tenant: the user, and the link if somebody has to hand it over."""
    standing = Standing().password_set() if password_hash else Standing().invited(lock=True)
    user = User(uuid4(), name, _profile(owner), standing, now, now)
    accounts.insert(by.tenant, user, password_hash)
    roles.join(by, user.id, ADMINISTRATOR)
    audit.record(by, "administrator:create", now, target=str(name), target_id=user.id)
    if password_hash:
        return ""
    code = _invite(house, by, user, now, by_mail=owner.by_mail)
    handed_over = not owner.by_mail or sending.handed_out(house, effective(house, by.tenant), code)
    return link_of(house, by.tenant, user, code) if handed_over else ""


def _invite(house: House, by: Principal, user: User, now: datetime, *, by_mail: bool) -> Code:
    scenario = scenario_for("invitation", "EMAIL_LINK" if by_mail else "OFFLINE")
    special, event = Invite(minutes=FIRST_LINK_MINUTES), "invitation:issue" if by_mail else "invitation:offline"
    return sending.send_code(house, by, user, effective(house, by.tenant), scenario, now, special=special, again=False, event=event)
