"""The words for work on many users: what each deed is called, asks and does, what a job's state means, and why something is barred."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from housekey.conf.house import House
from housekey.core.errors import FeatureOff
from housekey.core.jobs import Deed, JobView, RowState
from housekey.core.policy import Policy
from housekey.core.principal import Principal
from housekey.core.properties import ENABLE
from housekey.core.users import NOBODY
from housekey.operations import jobs, onboarding, resets, sending
from housekey.operations.policies import effective
from housekey.web.forms import Words
from housekey.web.templatetags.ui import Badge


@dataclass(frozen=True, slots=True)
class Verb:
    """`title` names a job, `label` is on the button, `question` is asked for so many users, `undo` says whether there is a way back."""

    title: Words
    label: Words
    icon: str
    question: Callable[[int], str]
    effect: Words
    undo: Words
    danger: bool = True


VERBS: dict[Deed, Verb] = {
    "invite": Verb(
        gettext_lazy("Invite or send again"), gettext_lazy("Invite or send again"), "mail",
        lambda n: ngettext("Send a message to %(n)s user?", "Send a message to %(n)s users?", n),
        gettext_lazy("Whoever has no password yet is invited. Whoever waits for a message gets a new one, and what was sent earlier stops "
                     "working. Whoever needs neither is left alone, and the result says so."),
        gettext_lazy("Messages that went out cannot be taken back, but what is in them can be withdrawn."), danger=False),
    "force-reset": Verb(
        gettext_lazy("Force a reset"), gettext_lazy("Force a reset"), "key",
        lambda n: ngettext("Force %(n)s user to choose a new password?", "Force %(n)s users to choose a new password?", n),
        gettext_lazy("Their present passwords stop working at once, they are signed out everywhere, and each of them is told how to choose "
                     "a new one."),
        gettext_lazy("This cannot be undone.")),
    "lock": Verb(
        gettext_lazy("Lock users"), gettext_lazy("Lock"), "lock",
        lambda n: ngettext("Lock %(n)s user?", "Lock %(n)s users?", n),
        gettext_lazy("They are signed out everywhere and cannot sign in until somebody unlocks them."),
        gettext_lazy("This can be undone: unlock them again.")),
    "unlock": Verb(
        gettext_lazy("Unlock users"), gettext_lazy("Unlock"), "unlock",
        lambda n: ngettext("Unlock %(n)s user?", "Unlock %(n)s users?", n),
        gettext_lazy("Locks by an administrator or after too many failed sign-ins are removed. Invitations and resets stay as they are."),
        gettext_lazy("This can be undone: lock them again."), danger=False),
    "disable": Verb(
        gettext_lazy("Disable users"), gettext_lazy("Disable"), "off",
        lambda n: ngettext("Disable %(n)s user?", "Disable %(n)s users?", n),
        gettext_lazy("They are signed out everywhere and cannot sign in, and what was sent to them stops working."),
        gettext_lazy("This can be undone: enable them again. What was sent has to be sent anew.")),
    "enable": Verb(
        gettext_lazy("Enable users"), gettext_lazy("Enable"), "check",
        lambda n: ngettext("Enable %(n)s user?", "Enable %(n)s users?", n),
        gettext_lazy("Whoever was disabled can use the account again. Locks, invitations and resets stay as they are."),
        gettext_lazy("This can be undone: disable them again."), danger=False),
    "delete": Verb(
        gettext_lazy("Delete users"), gettext_lazy("Delete"), "trash",
        lambda n: ngettext("Delete %(n)s user?", "Delete %(n)s users?", n),
        gettext_lazy("The users, all their sessions and any open invitation are removed. The audit log stays."),
        gettext_lazy("This cannot be undone.")),
    "revoke": Verb(
        gettext_lazy("Withdraw what was sent"), gettext_lazy("Withdraw"), "off",
        lambda n: ngettext("Withdraw what was sent to %(n)s user?", "Withdraw what was sent to %(n)s users?", n),
        gettext_lazy("The links and codes stop working. The accounts stay as they are; you can send new ones later."),
        gettext_lazy("This cannot be undone.")),
    "extend": Verb(
        gettext_lazy("Give more time"), gettext_lazy("Give more time"), "clock",
        lambda n: ngettext("Give %(n)s user more time?", "Give %(n)s users more time?", n),
        gettext_lazy("What was sent stays the same and works for longer."),
        gettext_lazy("This can be undone: withdraw what was sent."), danger=False),
    "import": Verb(
        gettext_lazy("Import"), gettext_lazy("Create and invite"), "upload",
        lambda n: ngettext("Create and invite %(n)s person", "Create and invite %(n)s people", n),
        gettext_lazy("Each of them gets an account and an invitation to set a password."),
        gettext_lazy("Messages that went out cannot be taken back."), danger=False),
}
LISTED: tuple[Deed, ...] = ("invite", "force-reset", "lock", "unlock", "disable", "enable", "delete")
"""What the list of users offers, in its order."""

STATES: dict[str, Badge] = {
    "draft": Badge(gettext_lazy("Not begun"), "info", "eye", gettext_lazy("Looked through. Nothing was changed yet.")),
    "running": Badge(gettext_lazy("Running"), "info", "clock", gettext_lazy("Goes on by itself, also when you leave this page.")),
    "finished": Badge(gettext_lazy("Finished"), "good", "done", gettext_lazy("Every one of them was dealt with.")),
    "stopped": Badge(gettext_lazy("Stopped"), "warn", "off", gettext_lazy("What was done stays done. What was not reached is as it was.")),
}
PARTLY = Badge(gettext_lazy("Finished, not all done"), "warn", "alert", gettext_lazy("Some could not be done. Their rows say why."))
ROWS: dict[RowState, Badge] = {
    "failed": Badge(gettext_lazy("Failed"), "bad", "failed"),
    "done": Badge(gettext_lazy("Done"), "good", "done"),
    "waiting": Badge(gettext_lazy("Waiting"), "", "clock"),
}
_ENDS: tuple[tuple[str, Words], ...] = (
    (" stopped it.", gettext_lazy("%s stopped it.")),
    (" cannot use the console any more.", gettext_lazy("%s cannot do this any more, so it was stopped.")),
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A button of the bar. `why` says why it cannot be pressed, `setting` is the URL name of the page where that is changed."""

    deed: Deed
    verb: Verb
    why: str = ""
    setting: str = ""


def badge(job: JobView) -> Badge:
    return PARTLY if job.state == "finished" and job.failed else STATES[job.state]


def why_ended(job: JobView) -> str:
    """Why it was stopped, in the reader's language; `""` if it was not."""
    if job.state != "stopped":
        return ""
    for end, words in _ENDS:
        if job.why.endswith(end):
            return str(words) % job.why.removesuffix(end)
    return _(job.why) if job.why else ""


def offers(house: House, by: Principal) -> list[Offer]:
    """What can be done to many users, and where it cannot, why."""
    policy = effective(house, by.tenant)
    return [Offer(deed, VERBS[deed], *barred(house, by, policy, deed)) for deed in LISTED]


def barred(house: House, by: Principal, policy: Policy, deed: Deed) -> tuple[str, str]:
    """Why nobody can do this here, or not this person, and where that is changed; two empty texts if it can be done."""
    if not jobs.may(by, deed):
        return _("You do not hold this permission yourself."), ""
    if deed in {"invite", "import"}:
        if not policy.on(ENABLE):
            return _("Inviting users is switched off."), "console-onboarding"
        if sending.is_external(policy, onboarding.scenario(policy, NOBODY)):
            return _("Another system delivers the messages, so it has to ask for each of them itself."), "console-onboarding"
    if deed == "force-reset":
        if not house.config.governance:
            return _("Password resets are switched off in deployment.toml."), ""
        try:
            resets.scenario(policy, NOBODY)
        except FeatureOff:
            return _("No method for password resets is switched on."), "console-reset"
    return "", ""
