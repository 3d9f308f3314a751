""""Forgot password?": a recovery that its owner starts. Everybody gets the same answer, after the same work (A-050, A-051)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from housekey.conf.house import House
from housekey.core.codes import is_live
from housekey.core.errors import DeadCode, FeatureOff, Invalid
from housekey.core.names import Tenant, UserName
from housekey.core.policy import Policy
from housekey.core.principal import OFFLINE_INVITE, RECOVERY_CREATE, USER_RECOVERY, Principal, anonymous
from housekey.core.properties import ENABLE
from housekey.core.scenario import Method, scenario_for
from housekey.core.users import User
from housekey.operations import accounts, audit, codes, directories, entries, hashing, onboarding, pending, resets, sending, throttle
from housekey.operations.codes import AT_ONCE
from housekey.operations.login import resolve
from housekey.operations.policies import effective
from housekey.operations.roles import outranks
from housekey.operations.transactions import durable
from housekey.store.models import Account, Code

AGAIN_AFTER = timedelta(seconds=60)
AGAIN_PER_HOUR = 5
"""Messages that anonymous people can cause per account and hour (A-042)."""
ANSWER_AFTER = 0.08
"""Seconds that every start of a recovery takes at least: what issuing and sending costs would tell who there is (A-051)."""


MASK = "*" * 8
"""What is shown of an address or number."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to recover; `value` is the masked address. `id` counts from 1."""

    id: str
    type: Literal["EMAIL", "SMS"]
    value: str
    method: Method


def methods(house: House, tenant: Tenant) -> tuple[Method, ...]:
    """What the recovery page offers; empty where recovery is off."""
    return effective(house, tenant).recovery_methods


def start(
    house: House,
    tenant: Tenant,
    username: str,
    method: Method | None,
    network: str,
    now: datetime,
    *,
    by_path: bool = False,
    again: bool = False,
) -> None:
    """The recovery page. Never tells whether anything was sent. Raises FeatureOff, Invalid (a method that is not offered), Throttled."""
    tenant, name = resolve(tenant, username, by_path=by_path)
    throttle.reserve_recovery(network, now)
    _start(house, anonymous(tenant, network), name, method, now, again=again)


def start_for(house: House, by: Principal, name: UserName, method: Method | None, now: datetime, *, again: bool = False) -> str:
    """The same for an application that offers recovery. Returns the code where that application has to deliver it (external
    notifications), else `""`. Raises FeatureOff, NotPermitted."""
    if not by.may(USER_RECOVERY):
        by.must(RECOVERY_CREATE)
    return _start(house, by, name, method, now, again=again)


def _start(house: House, by: Principal, name: UserName, method: Method | None, now: datetime, *, again: bool) -> str:
    began, policy = time.monotonic(), effective(house, by.tenant)
    offered = policy.recovery_methods
    pending.recovery_must_be_on(policy)
    if method is not None and method not in offered:
        raise Invalid("Choose one of the ways offered.", field="method")
    chosen = method or offered[0]
    account = entries.sought(by.tenant, name, now)
    hashing.check("", name.key[:50])
    with durable():
        code = _issue(house, by, policy, account.id, chosen, now, again=again) if account else None
        known = account.id if account else None
        audit.record(by, "recovery:start", now, target=str(name), target_id=known, outcome="done" if code else "refused", method=chosen)
    time.sleep(max(0.0, began + ANSWER_AFTER - time.monotonic()))
    return sending.handed_out(house, policy, code) if code else ""


def _issue(house: House, by: Principal, policy: Policy, account_id: UUID, method: Method, now: datetime, *, again: bool) -> Code | None:
    """The step inside a transaction. None where nothing can or should be sent."""
    account = Account.objects.within(by.tenant).select_for_update().filter(id=account_id).first()
    if account is None:
        return None
    user = accounts.user(by.tenant, account)
    if user.standing.disabled or too_soon(by.tenant, account, now) or directories.is_read_only(by.tenant, account):
        return None
    if user.standing.pending in {"PENDING_AP", "PENDING_FUPR"}:
        return _anew(house, by, policy, account, user, now)
    if _awaits_confirmation(by.tenant, user, now):
        return None
    scenario = scenario_for("recovery", method)
    if not user.standing.has_password or user.standing.label == "locked" or not _reachable(user, method):
        return None
    if sending.is_external(policy, scenario) and not (by.may(OFFLINE_INVITE) and outranks(by, account.id)):
        return None
    codes.end_live(by.tenant, account.id, "superseded", now)
    return sending.send_code(house, by, user, policy, scenario, now, special=AT_ONCE, again=again, event="recovery:issue")


def _awaits_confirmation(tenant: Tenant, user: User, now: datetime) -> bool:
    """Has the owner a good message that confirms the address? It opens the account; a code set by somebody's asking must not end it."""
    last = codes.live(tenant, user.id) if user.standing.pending == "PENDING_EV" else None
    return last is not None and codes.scenario_of(last).purpose == "confirmation" and is_live(last.expires, now)


def _reachable(user: User, method: Method) -> bool:
    try:
        sending.must_be_reachable(user.profile, scenario_for("recovery", method))
    except Invalid:
        return False
    return True


def _anew(house: House, by: Principal, policy: Policy, account: Account, user: User, now: datetime) -> Code | None:
    """An invitation or reset is pending. A good code stays good, whoever asks; one that has expired is sent anew, as by its dead page."""
    newest = codes.last(by.tenant, account.id)
    if newest is None or newest.dead_reason == "revoked" or (newest.dead is None and is_live(newest.expires, now)):
        return None
    return _send_again(house, by, policy, account, user, newest, now)


def _send_again(house: House, by: Principal, policy: Policy, account: Account, user: User, last: Code, now: datetime) -> Code | None:
    """As the last one went. None where it cannot be: no address, no method on, handed over in person by the tenant's choice."""
    invited = user.standing.pending == "PENDING_AP"
    if invited and not policy.on(ENABLE):
        return None
    try:
        if invited:
            chosen = onboarding.scenario(policy, user.profile, onboarding.kept(last, AT_ONCE, "invitation"))
        else:
            chosen = resets.scenario(policy, user.profile, onboarding.kept(last, AT_ONCE, "reset"))
        sending.must_be_reachable(user.profile, chosen)
        if chosen.channel == "" or sending.is_external(policy, chosen):
            return None
        return pending.reissue(house, by, account, user, policy, now, {"invitation", "reset"}, special=AT_ONCE)
    except (Invalid, FeatureOff):
        return None


def too_soon(tenant: Tenant, account: Account, now: datetime) -> bool:
    sent = Code.objects.within(tenant).filter(account=account, issued__gt=now - timedelta(hours=1)).exclude(recipient="")
    times = list(sent.values_list("issued", flat=True))
    return len(times) >= AGAIN_PER_HOUR or any(issued > now - AGAIN_AFTER for issued in times)


def ask_again(house: House, tenant: Tenant, text: str, network: str, now: datetime) -> None:
    """Somebody holding a dead but genuine link asks for a new one. Goes to the stored address only, and never tells anything.

    Nothing happens for a link that is unknown, alive, used or revoked; where the newest code was revoked or handed over in person; for
    an account that is no longer waiting; or too soon after the last message.
    """
    by = anonymous(tenant, network)
    try:
        code = codes.find(house, tenant, text)
    except DeadCode:
        return
    policy = effective(house, tenant)
    if not _may_ask_again(code, now):
        return
    with durable():
        account = accounts.hold(tenant, code.account_id)
        user = accounts.user(tenant, account)
        waiting = user.standing.pending in {"PENDING_AP", "PENDING_FUPR"} and not user.standing.disabled
        newest = codes.last(tenant, account.id)
        if waiting and newest is not None and _may_follow(newest, now) and not too_soon(tenant, account, now):
            _send_again(house, by, policy, account, user, newest, now)


def _may_ask_again(code: Code, now: datetime) -> bool:
    try:
        codes.must_live(code, now)
    except DeadCode as dead:
        return dead.reason in {"expired", "superseded"}
    return False


def _may_follow(newest: Code, now: datetime) -> bool:
    """A withdrawn invitation stays withdrawn, and a code handed over in person is not ended by somebody with an old mail."""
    return newest.dead_reason != "revoked" and not (codes.scenario_of(newest).channel == "" and is_live(newest.expires, now))


def channels(house: House, by: Principal) -> list[Channel]:
    """The ways to recover that the tenant offers, the same for every name: which of them reach somebody, and where, would tell who
    there is (A-052). Raises NotPermitted."""
    if not by.may(USER_RECOVERY):
        by.must(RECOVERY_CREATE)
    offered = enumerate(methods(house, by.tenant), 1)
    return [Channel(str(number), "SMS" if method == "SMS_OTP" else "EMAIL", MASK, method) for number, method in offered]
