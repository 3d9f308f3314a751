"""What can be done to one user now, by whoever is looking: what is offered, and where it is not possible, why."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from housekey.core.errors import FeatureOff, Invalid, NotPermitted
from housekey.core.policy import Policy
from housekey.core.principal import CODE_CREATE, CODE_DELETE, OFFLINE_INVITE, USER_DELETE, USER_UPDATE, Principal
from housekey.core.properties import ENABLE
from housekey.core.scenario import Purpose, Scenario, of
from housekey.core.users import Invitation, Profile, User
from housekey.operations import domains, onboarding, resets, sending
from housekey.operations.roles import must_outrank

LIVE = frozenset({"issued", "queued", "sent", "failed", "opened"})


@dataclass(frozen=True, slots=True)
class Deed:
    """`why` says why it cannot be done, `""` if it can; `setting` is the URL name of the page where that is changed, if there is one."""

    offered: bool
    why: str = ""
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Deeds:
    """Read by the user's page. `special`: another method, life or language can be chosen."""

    resend: Deed
    resend_label: str
    special: bool
    reset: Deed
    offline_link: Deed
    offline_code: Deed
    extend: bool
    revoke: bool
    correct: bool
    edit: Deed
    set_password: Deed
    disable: Deed
    """Also the way back."""
    lock: Deed
    delete: Deed


def deeds(by: Principal, user: User, policy: Policy, latest: Invitation | None, *, governance: bool) -> Deeds:
    """`latest` is the newest of the user's invitations, `governance` whether the file leaves the engine on."""
    standing, never = user.standing, not user.standing.has_password
    live = latest is not None and latest.state in LIVE
    purpose = of(latest.scenario).purpose if latest else ""
    above, myself = _above(by, user), _myself(by, user)
    closed = above or _read_only(by, user)
    may_send = by.may(CODE_CREATE)
    return Deeds(
        resend=_resend(by, user, policy, closed),
        resend_label=_resend_label(user, policy),
        special=standing.pending != "PENDING_EV",
        reset=Deed(False) if never or standing.pending == "PENDING_FUPR" or not (may_send or by.may(USER_UPDATE))
        else _reset(user, policy, myself or closed, governance=governance),
        offline_link=Deed(by.may(OFFLINE_INVITE) and never and standing.pending in {"", "PENDING_AP"}, *_inviting(user, policy, closed)),
        offline_code=Deed(by.may(OFFLINE_INVITE) and not never, myself or closed or ("" if governance else _switched_off())),
        extend=live and may_send and not above and purpose in {"invitation", "reset", "confirmation"},
        revoke=live and by.may(CODE_DELETE) and not above,
        correct=live and by.may(USER_UPDATE) and not above and bool(latest and latest.recipient),
        edit=Deed(by.may(USER_UPDATE), above),
        set_password=Deed(by.may(USER_UPDATE), myself or closed),
        disable=Deed(by.may(USER_UPDATE), myself or above),
        lock=Deed(by.may(USER_UPDATE), myself or above or _disabled_first(user)),
        delete=Deed(by.may(USER_DELETE), myself or closed),
    )


def _above(by: Principal, user: User) -> str:
    try:
        must_outrank(by, user.id)
    except NotPermitted:
        return _("This user may do things that you may not. Ask an administrator.")
    return ""


def _read_only(by: Principal, user: User) -> str:
    if not domains.is_read_only(by, user.name.domain):
        return ""
    return _("The directory of %s is only read here: passwords and users are changed in it.") % user.name.domain


def _myself(by: Principal, user: User) -> str:
    return _("This is your own account: ask another administrator.") if user.id == by.account_id else ""


def _switched_off() -> str:
    return _("Password resets are switched off in deployment.toml.")


def _resend(by: Principal, user: User, policy: Policy, above: str) -> Deed:
    """Sending again whatever is pending, or the first invitation."""
    pending = user.standing.pending
    if not by.may(CODE_CREATE) or (user.standing.has_password and not pending):
        return Deed(False)
    if pending in {"", "PENDING_AP"}:
        return Deed(True, *_inviting(user, policy, above))
    return Deed(True, above or _disabled(user))


def _resend_label(user: User, policy: Policy) -> str:
    match user.standing.pending:
        case "PENDING_FUPR":
            usual = method_for(policy, "reset", user.profile)
            return _("Make a new code") if usual and usual.method == "OFFLINE" else _("Resend")
        case "PENDING_EV":
            return _("Resend confirmation")
        case "PENDING_AP":
            return _("Resend Invite")
    return _("Invite")


def _disabled(user: User) -> str:
    return _("The account is disabled.") if user.standing.disabled else ""


def _disabled_first(user: User) -> str:
    return _("The account is disabled. Enable it first.") if user.standing.disabled else ""


def _inviting(user: User, policy: Policy, above: str) -> tuple[str, str]:
    if not policy.on(ENABLE):
        return _("Inviting users is switched off."), "console-onboarding"
    return above or _disabled(user), ""


def _reset(user: User, policy: Policy, hindered: str, *, governance: bool) -> Deed:
    if not governance:
        return Deed(True, _switched_off())
    try:
        scenario = resets.scenario(policy, user.profile)
    except FeatureOff:
        return Deed(True, _("No method for password resets is switched on."), "console-reset")
    return Deed(True, hindered or unreachable(user, scenario))


def unreachable(user: User, scenario: Scenario) -> str:
    """Why a message of this scenario would not reach the user, `""` if it would."""
    try:
        sending.must_be_reachable(user.profile, scenario)
    except Invalid:
        if scenario.channel == "SMS":
            return _("The user has no mobile number that a text message could go to.")
        return _("The user has no e-mail address that a message could go to.")
    return ""


def method_for(policy: Policy, purpose: Purpose, profile: Profile) -> Scenario | None:
    """How an invitation or reset goes out unless something else is asked for; None where no method is on."""
    try:
        return onboarding.scenario(policy, profile) if purpose == "invitation" else resets.scenario(policy, profile)
    except FeatureOff:
        return None
