"""Whatever set-password matter is pending for a user, sent again: one verb for every door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from housekey.conf.house import House
from housekey.core.errors import FeatureOff, Invalid, NothingPending
from housekey.core.names import UserName
from housekey.core.policy import Policy
from housekey.core.principal import CODE_CREATE, Principal
from housekey.core.properties import RECOVERY
from housekey.core.scenario import BY_NAME
from housekey.core.users import Invite, Issued, User
from housekey.operations import accounts, codes, confirmation, onboarding, resets, sending
from housekey.operations.codes import AT_ONCE
from housekey.operations.policies import effective
from housekey.operations.roles import must_outrank
from housekey.operations.transactions import durable, nothing
from housekey.store import hot
from housekey.store.models import Account, Code

ELSEWHERE = frozenset({
    "SELF_SIGN_UP", "LITE_SIGN_UP", "TENANT_ADMIN_ASK_PASSWORD", "QUESTION_BASED_PWD_RECOVERY", "USERNAME_RECOVERY",
    "EMAIL_VERIFICATION_ON_UPDATE", "EMAIL_VERIFICATION_ON_VERIFIED_LIST_UPDATE", "EMAIL_OTP_VERIFICATION_ON_UPDATE",
    "EMAIL_OTP_VERIFICATION_ON_VERIFIED_LIST_UPDATE", "MOBILE_VERIFICATION_ON_UPDATE", "MOBILE_VERIFICATION_ON_VERIFIED_LIST_UPDATE",
})
"""Scenarios of WSO2 that nothing here ever makes pending (reference 3.4)."""
_PASSWORD = {"invitation", "reset"}


def resend(
    house: House, by: Principal, user_id: UUID, now: datetime, *, invite: Invite = AT_ONCE, also: Callable[[Code], object] = nothing
) -> Issued:
    """Send the pending invitation, reset or confirmation again; the older message dies.

    Raises NothingPending, NotFound, NotPermitted, Invalid (no address), FeatureOff.
    """
    return _resend(house, by, user_id, now, invite, {"invitation", "reset", "confirmation"}, also)


def resend_by_name(house: House, by: Principal, name: UserName, scenario: str, now: datetime, *, invite: Invite = AT_ONCE) -> Issued:
    """As `resend`, by WSO2's scenario. A scenario of the invitation-or-reset family stands for whichever of the two is pending: the
    printed examples name one for the other (spec section 12). Raises Invalid for a scenario that does not exist; an unknown user is
    NothingPending like one for whom nothing is."""
    by.must(CODE_CREATE)
    purposes = _purposes(scenario)
    account = hot.account_by_name(by.tenant.id, name.domain, name.key)
    if account is None:
        raise NothingPending
    return _resend(house, by, account.id, now, invite, purposes)


def resend_by_id(house: House, by: Principal, user_id: UUID, scenario: str, now: datetime, *, invite: Invite = AT_ONCE) -> Issued:
    """As `resend_by_name`, for a caller that keeps ids; one that does not exist is NotFound."""
    by.must(CODE_CREATE)
    return _resend(house, by, user_id, now, invite, _purposes(scenario))


def _purposes(scenario: str) -> set[str]:
    """What a scenario of WSO2's stands for. Raises Invalid for an unknown one, NothingPending for one that never is."""
    known = BY_NAME.get(scenario)
    if known is None and scenario not in ELSEWHERE | {""}:
        raise Invalid(f"“{scenario[:80]}” is not a recovery scenario. For an invitation use ASK_PASSWORD.", field="RecoveryScenario")
    if known is None:
        raise NothingPending
    return set(_PASSWORD) if known.purpose in _PASSWORD else {str(known.purpose)}


def _resend(
    house: House,
    by: Principal,
    user_id: UUID,
    now: datetime,
    invite: Invite,
    purposes: set[str],
    also: Callable[[Code], object] = nothing,
) -> Issued:
    by.must(CODE_CREATE)
    onboarding.check_special(by, invite)
    policy = effective(house, by.tenant)
    with durable():
        account = accounts.hold(by.tenant, user_id)
        must_outrank(by, user_id)
        user = accounts.user(by.tenant, account)
        if user.standing.disabled:
            raise Invalid(f"{user.name} is disabled. Enable the account first.", field="active")
        code = reissue(house, by, account, user, policy, now, purposes, special=invite)
        text = onboarding.handed_out(house, by.tenant, policy, user, code)
        also(code)
    return Issued(onboarding.view_of(by.tenant, code.id, now), text)


def reissue(
    house: House,
    by: Principal,
    account: Account,
    user: User,
    policy: Policy,
    now: datetime,
    purposes: set[str],
    *,
    special: Invite = AT_ONCE,
) -> Code:
    """The step inside a transaction that holds the account: a new code for what is pending, by the way the last one went.

    Raises NothingPending unless what is pending is among `purposes`.
    """
    pending = {"PENDING_AP": "invitation", "PENDING_FUPR": "reset", "PENDING_EV": "confirmation"}.get(user.standing.pending, "")
    if pending not in purposes:
        return _recovery(house, by, account, user, policy, now, purposes, special)
    if pending == "invitation":
        onboarding.must_be_on(policy)
        return onboarding.reissue(house, by, account, user, policy, now, special=special)
    if pending == "reset":
        return resets.begin(house, by, account, user, policy, now, special=special, again=True)
    return confirmation.send(house, by, account, user, policy, now, again=True)


def _recovery(
    house: House, by: Principal, account: Account, user: User, policy: Policy, now: datetime, purposes: set[str], special: Invite
) -> Code:
    """A recovery that its owner started and that still waits. Raises NothingPending, FeatureOff, NotPermitted."""
    last = codes.live(by.tenant, account.id)
    if "recovery" not in purposes or last is None or codes.scenario_of(last).purpose != "recovery":
        raise NothingPending
    scenario = codes.scenario_of(last)
    recovery_must_be_on(policy)
    sending.must_deliver(by, policy, scenario)
    codes.end_live(by.tenant, account.id, "superseded", now)
    return sending.send_code(house, by, user, policy, scenario, now, special=special, again=True, event="recovery:resend")


def recovery_must_be_on(policy: Policy) -> None:
    """Raise FeatureOff where nobody can recover a password."""
    if not policy.recovery_methods:
        raise FeatureOff("Recovering a forgotten password is switched off here. Ask support for help.", setting=RECOVERY)
