"""From a link or a typed code to a password. Looking spends nothing; only an accepted password does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from housekey.conf.house import House
from housekey.core.errors import DeadCode, PasswordUsedBefore
from housekey.core.messages import ACTIVATED, PASSWORD_CHANGED, PASSWORD_SET_SMS
from housekey.core.names import Tenant, UserName
from housekey.core.otp import OtpShape
from housekey.core.policy import Policy
from housekey.core.principal import Principal, anonymous
from housekey.core.properties import ACTIVATION_NOTICE, CALLBACKS
from housekey.core.scenario import EMAIL, SMS, Scenario
from housekey.core.users import User
from housekey.operations import accounts, audit, codes, directories, hashing, sending, throttle, tickets
from housekey.operations.login import resolve
from housekey.operations.passwords import accepted, rules_for
from housekey.operations.policies import effective
from housekey.operations.tickets import Opened
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Account, Code

_REPLACING = {"reset", "age"}
"""Purposes for which the old password must not come back: it leaked, or is too old."""


@dataclass(frozen=True, slots=True)
class PasswordForm:
    """What the set-password page shows. `rules` are (key, sentence); `words` what the password may not contain; `goal` where the browser
    was heading, `""` if nowhere in particular."""

    username: str
    invite: bool
    rules: list[tuple[str, str]]
    words: tuple[str, ...]
    goal: str = ""
    expired: bool = False
    """The password became too old; nobody sent a message."""


@dataclass(frozen=True, slots=True)
class CodeHolder:
    """Whose code was presented, and what it is for."""

    name: UserName
    user_id: UUID
    scenario: Scenario


def open_link(house: House, tenant: Tenant, text: str, now: datetime, *, goal: str = "", otherwise: str = "") -> str:
    """Exchange a good link for a ticket of this browser (43 characters). Spends nothing. Raises DeadCode.

    `goal`: an address the tenant allows (matched exactly), else it is forgotten. `otherwise`: the path of this site where the browser was
    heading before.
    """
    code = _password_code(codes.find(house, tenant, text))
    codes.must_live(code, now)
    with durable():
        return tickets.start(house, tenant, code, now, callback(effective(house, tenant), goal) or otherwise)


def callback(policy: Policy, goal: str) -> str:
    """`goal` if the tenant's list has exactly this address, else `""` (decisions, Doors)."""
    return goal if goal and goal in policy.text(CALLBACKS).split() else ""


def _password_code(code: Code) -> Code:
    if codes.scenario_of(code).purpose == "confirmation":
        raise DeadCode("unknown")
    return code


def open_otp(
    house: House, tenant: Tenant, username: str, code: str, network: str, now: datetime, *, by_path: bool = False, goal: str = ""
) -> Opened:
    """The page "I already have a code": a name and a one-time code for a ticket. May be repeated until the password is set.

    Raises DeadCode("unknown") for every failure alike (A-050), Throttled.
    """
    tenant, account, found = _typed(house, tenant, username, code, network, now, by_path=by_path)
    if codes.scenario_of(found).purpose == "confirmation":
        confirm_address(tenant, account, found, network, now)
        return Opened("", tenant, confirmed=True)
    with durable():
        return Opened(tickets.start(house, tenant, found, now, goal), tenant)


def ticket_for_otp(house: House, tenant: Tenant, username: str, typed: str, network: str, now: datetime) -> str:
    """As `open_otp`, for a program: only for a code that lets a password be set. Raises DeadCode("unknown"), Throttled."""
    code = _password_code(_typed(house, tenant, username, typed, network, now, by_path=True)[2])
    with durable():
        return tickets.start(house, tenant, code, now)


def _typed(
    house: House, tenant: Tenant, username: str, typed: str, network: str, now: datetime, *, by_path: bool
) -> tuple[Tenant, Account, Code]:
    """The account and its code, if the code was typed right. One hash is computed whatever happens, so that names cost the same."""
    tenant, name = resolve(tenant, username, by_path=by_path)
    tried = throttle.keys(tenant, name, network)
    account = hot.account_by_name(tenant.id, name.domain, name.key)
    throttle.reserve(tried, now, known=lambda: account is not None and audit.signed_in_from(tenant, account.id, network))
    throttle.reserve_code(tried, now)
    hashing.check("", typed[:100])
    # Asked for names that nobody has, too: the question takes time
    found = codes.otp_of(tenant, account.id if account else UUID(int=0), now)
    with durable():
        right = found is not None and codes.try_otp(house, found, OtpShape.of(found.shape).tidied(typed[:40]), now)
        if not right:
            by, target = anonymous(tenant, network), account.id if account else None
            audit.record(by, "code:typed", now, target=str(name), target_id=target, outcome="refused", why="wrong code")
    if account is None or found is None or not right:
        raise DeadCode("unknown")
    throttle.refund(tried)
    throttle.refund_code(tried)
    return tenant, account, found


def typed_confirmation(house: House, tenant: Tenant, username: str, typed: str, network: str, now: datetime) -> tuple[Account, Code]:
    """The account and the code that confirms its address. Raises DeadCode, Throttled."""
    _, account, code = _typed(house, tenant, username, typed, network, now, by_path=True)
    if codes.scenario_of(code).purpose != "confirmation":
        raise DeadCode("unknown")
    return account, code


def look_up(house: House, tenant: Tenant, text: str, network: str, now: datetime, *, username: str = "") -> CodeHolder:
    """Whose code this is. A one-time code needs the `username` beside it. Spends nothing. Raises DeadCode, Throttled."""
    code = _presented(house, tenant, text, network, now, username)
    return _holder(tenant, code)


def introspect(house: House, tenant: Tenant, text: str, network: str, now: datetime, *, username: str = "") -> CodeHolder:
    """As `look_up`, for a code of any purpose."""
    if username:
        return _holder(tenant, _typed(house, tenant, username, text, network, now, by_path=True)[2])
    code = codes.find(house, tenant, text)
    codes.must_live(code, now)
    return _holder(tenant, code)


def _presented(house: House, tenant: Tenant, text: str, network: str, now: datetime, username: str) -> Code:
    if username:
        return _password_code(_typed(house, tenant, username, text, network, now, by_path=True)[2])
    code = _password_code(codes.find(house, tenant, text))
    codes.must_live(code, now)
    return code


def _holder(tenant: Tenant, code: Code) -> CodeHolder:
    return CodeHolder(accounts.user(tenant, accounts.load(tenant, code.account_id)).name, code.account_id, codes.scenario_of(code))


def form(house: House, tenant: Tenant, ticket: str, now: datetime) -> PasswordForm:
    """What to show for a ticket. Raises DeadCode."""
    row = tickets.of(house, tenant, ticket, now)
    user = accounts.user(tenant, accounts.load(tenant, row.code.account_id))
    return _form(house, tenant, effective(house, tenant), user, row.code, row.goal)


def _form(house: House, tenant: Tenant, policy: Policy, user: User, code: Code, goal: str = "") -> PasswordForm:
    rules, purpose = rules_for(house, tenant, policy, user.name), codes.scenario_of(code).purpose
    return PasswordForm(str(user.name), purpose == "invitation", rules.shown(), rules.words, goal, purpose == "age")


def set_password(house: House, tenant: Tenant, ticket: str, password: str, network: str, now: datetime) -> PasswordForm:
    """Accept the password, spend the code, open the account, end its sessions and tell the owner.

    Raises PasswordRefused (nothing is spent) and DeadCode (somebody was faster, or the code died meanwhile). No sign-in follows
    by itself (A-016).
    """
    row = tickets.of(house, tenant, ticket, now)
    policy = effective(house, tenant)
    user = _accept(house, tenant, policy, row.code, password, network, now)
    return _form(house, tenant, policy, user, row.code, row.goal)


def set_by_code(
    house: House, tenant: Tenant, text: str, password: str, network: str, now: datetime, *, username: str = ""
) -> CodeHolder:
    """The same for a program that holds the code itself. Raises PasswordRefused, DeadCode, Throttled."""
    code = _presented(house, tenant, text, network, now, username)
    user = _accept(house, tenant, effective(house, tenant), code, password, network, now)
    return CodeHolder(user.name, user.id, codes.scenario_of(code))


def _accept(house: House, tenant: Tenant, policy: Policy, code: Code, password: str, network: str, now: datetime) -> User:
    held = accounts.load(tenant, code.account_id)
    user = accounts.user(tenant, held)
    good, person = accepted(house, tenant, policy, user.name, password), directories.person(tenant, held)
    directories.must_be_writable(person, user.name)
    if codes.scenario_of(code).purpose in _REPLACING and _is_the_old_one(tenant, held, person, good):
        raise PasswordUsedBefore
    password_hash = directories.hash_of(good, own=person is None)
    by = Principal(tenant, str(user.name), account_id=user.id, network=network)
    scenario = codes.scenario_of(code)
    with codes.claimed(code, now, needed=person is not None), directories.writing(person, user, now, password=good) as settle, durable():
        account = accounts.hold(tenant, user.id)
        codes.spend(code, now)
        accounts.store_of(tenant, account).set_password_hash(tenant, account.id, password_hash)
        standing = accounts.standing_of(account).password_set()
        if mark_verified(account, user, code):
            standing = standing.address_confirmed()
        accounts.put(account, standing, now, new_credential=True)
        audit.record(by, "account:password:set", now, target=str(user.name), target_id=user.id, scenario=code.scenario)
        if scenario.purpose != "invitation":
            sending.notify(house, tenant, policy, user, PASSWORD_CHANGED, PASSWORD_CHANGED, now, scenario.channel)
        elif policy.on(ACTIVATION_NOTICE):
            sending.notify(house, tenant, policy, user, ACTIVATED, PASSWORD_SET_SMS, now, scenario.channel)
        settle()
    return user


def _is_the_old_one(tenant: Tenant, account: Account, person: directories.Person | None, password: str) -> bool:
    """A directory that was already given a random password in its place cannot say so; its own history of passwords can."""
    if person is not None:
        return directories.authenticate(person, password)[0]
    return hashing.check(accounts.store_of(tenant, account).password_hash(tenant, account.id), password)


def mark_verified(account: Account, user: User, code: Code) -> bool:
    """Who used a code that went to the user's present address or number has shown to hold it. Is the e-mail address now verified?"""
    channel = codes.scenario_of(code).channel
    mine = channel != "" and code.recipient == sending.reachable_at(user.profile, codes.scenario_of(code))
    account.email_verified = account.email_verified or (mine and channel == EMAIL)
    account.phone_verified = account.phone_verified or (mine and channel == SMS)
    return mine and channel == EMAIL


def confirm_address(tenant: Tenant, account: Account, code: Code, network: str, now: datetime) -> UserName:
    """Spend a confirmation: the address is verified and the account opens. Raises DeadCode."""
    with durable():
        held = accounts.hold(tenant, account.id)
        user = accounts.user(tenant, held)
        codes.spend(code, now)
        mark_verified(held, user, code)
        accounts.put(held, accounts.standing_of(held).address_confirmed(), now)
        by = Principal(tenant, str(user.name), account_id=user.id, network=network)
        audit.record(by, "address:confirm", now, target=str(user.name), target_id=user.id, to=code.recipient)
    return user.name
