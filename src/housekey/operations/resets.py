"""Forcing a new password: the account closes at once, its owner gets a link or code by the tenant's method (spec section 6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from housekey.conf.house import House
from housekey.core.claims import ONE_TIME_PASSWORD
from housekey.core.codes import is_live
from housekey.core.errors import FeatureOff, Invalid
from housekey.core.names import Tenant
from housekey.core.policy import Policy
from housekey.core.principal import CODE_CREATE, OFFLINE_INVITE, USER_UPDATE, USER_VIEW, Principal
from housekey.core.scenario import Scenario, scenario_for
from housekey.core.users import Invite, Issued, Profile, User
from housekey.operations import accounts, audit, claims, codes, directories, onboarding, sending
from housekey.operations.codes import AT_ONCE
from housekey.operations.login import reauthenticate
from housekey.operations.policies import LISTENER, effective
from housekey.operations.roles import keep_one_administrator, must_outrank, outranks
from housekey.operations.transactions import durable, nothing
from housekey.store.models import Account, Code


def must_be_on(house: House) -> None:
    """Raise FeatureOff where the whole engine is switched off in the file."""
    if not house.config.governance:
        raise FeatureOff(
            f"Password resets are switched off: {LISTENER} in deployment.toml is false.", setting=LISTENER, field="forcePasswordReset"
        )


def scenario(policy: Policy, profile: Profile, special: Invite = AT_ONCE) -> Scenario:
    """How a reset would travel: as asked, else by the person's own channel, else by the tenant's method. Raises FeatureOff: none is on."""
    return scenario_for("reset", special.method or profile.suited(policy.reset_method))


def force(
    house: House, by: Principal, user_id: UUID, now: datetime, *, invite: Invite = AT_ONCE, also: Callable[[Code], object] = nothing
) -> Issued:
    """Lock the account until its owner has chosen a new password; sessions end, the old password is refused, anything pending dies.

    For somebody who never activated the invitation is issued anew. Raises FeatureOff naming the setting, Invalid, NotFound, NotPermitted.
    """
    if not by.may(USER_UPDATE):
        by.must(CODE_CREATE)
    onboarding.check_special(by, invite)
    policy = effective(house, by.tenant)
    with durable():
        account = accounts.hold(by.tenant, user_id)
        must_outrank(by, user_id)
        user = accounts.user(by.tenant, account)
        code = begin(house, by, account, user, policy, now, special=invite)
        text = onboarding.handed_out(house, by.tenant, policy, user, code)
        also(code)
    return Issued(onboarding.view_of(by.tenant, code.id, now), text)


def begin(
    house: House,
    by: Principal,
    account: Account,
    user: User,
    policy: Policy,
    now: datetime,
    *,
    special: Invite = AT_ONCE,
    again: bool = False,
) -> Code:
    """The step inside a transaction that holds the account. Sending a reset again is the same step."""
    must_be_on(house)
    person = directories.person(by.tenant, account)
    directories.must_be_writable(person, user.name, field="forcePasswordReset")
    if account.id == by.account_id:
        raise Invalid("You cannot force a reset of your own account. Change your password in My Account.", field="forcePasswordReset")
    if user.standing.never_activated:
        onboarding.must_be_on(policy)
        return onboarding.reissue(house, by, account, user, policy, now, special=special)
    special = onboarding.kept(codes.last(by.tenant, account.id), special, "reset") if again else special
    chosen = scenario(policy, user.profile, special)
    sending.must_deliver(by, policy, chosen)
    sending.must_be_reachable(user.profile, chosen)
    keep_one_administrator(by.tenant, account)
    codes.end_live(by.tenant, account.id, "superseded", now)
    accounts.put(account, user.standing.reset_forced(), now, new_credential=True)
    directories.follow(by.tenant, account, user.name, directories.BLOCK, now)
    return sending.send_code(
        house, by, user, policy, chosen, now, special=special, again=again, event="reset:resend" if again else "reset:force"
    )


def offline_code(house: House, by: Principal, user_id: UUID, now: datetime) -> str:
    """A one-off code to pass on to somebody on the phone, whatever the tenant's method; supersedes the message (spec section 6)."""
    by.must(OFFLINE_INVITE)
    policy = effective(house, by.tenant)
    with durable():
        account = accounts.hold(by.tenant, user_id)
        must_outrank(by, user_id)
        user = accounts.user(by.tenant, account)
        if user.standing.never_activated:
            raise Invalid(f"{user.name} has never had a password. Make an invitation link to hand over instead.", field="user")
        code = begin(house, by, account, user, policy, now, special=onboarding.HANDED_OVER)
        return codes.text_of(house, code)


def reveal(house: House, by: Principal, user_id: UUID, password: str, now: datetime) -> str:
    """The offline code of a user, for somebody who has just proved again who they are; `""` if there is none. Audited.

    Raises WrongCredentials, Throttled, NotPermitted, NotFound.
    """
    by.must(OFFLINE_INVITE)
    reauthenticate(by, password, now)
    must_outrank(by, user_id)
    return _read(house, by, user_id, now)


def readable_code(house: House, by: Principal, user_id: UUID, now: datetime) -> str:
    """The offline code as SOAP and SCIM read it: only while its claim is *supported by default*, only with the permission, and not of
    somebody who may do more; else `""`."""
    if not by.may(OFFLINE_INVITE) or not claims.is_supported(by.tenant, ONE_TIME_PASSWORD) or not outranks(by, user_id):
        return ""
    return _read(house, by, user_id, now)


def _read(house: House, by: Principal, user_id: UUID, now: datetime) -> str:
    account = accounts.load(by.tenant, user_id)
    code = _offline(by.tenant, account.id, now)
    if code is None:
        return ""
    with durable():
        audit.record(by, "reset:reveal", now, target=account.name_key, target_id=account.id)
    return codes.text_of(house, code)


def has_offline_code(by: Principal, user_id: UUID, now: datetime) -> bool:
    """Is there a code to pass on, without looking at it?"""
    by.must(USER_VIEW)
    return _offline(by.tenant, user_id, now) is not None


def _offline(tenant: Tenant, account_id: UUID, now: datetime) -> Code | None:
    code = codes.live(tenant, account_id)
    return code if code and code.shape and codes.scenario_of(code).method == "OFFLINE" and is_live(code.expires, now) else None
