"""Login & Registration: every page of settings as a card that says what it is set to now (reference ui 1.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from housekey.console import states
from housekey.core import properties as p
from housekey.core.errors import FeatureOff
from housekey.core.policy import Policy
from housekey.core.principal import CONSOLE, GOVERNANCE_VIEW
from housekey.operations import policies
from housekey.web.forms import Words
from housekey.web.guards import needs
from housekey.web.house import house
from housekey.web.request import Asked


@dataclass(frozen=True, slots=True)
class Card:
    """A page of settings. `now` says in a line what it is set to; `anchor`: where on the page it stands."""

    title: Words
    address: str
    icon: str
    lead: Words
    now: Callable[[Policy], str]
    anchor: str = ""


def _life(minutes: int) -> str:
    if minutes < 0:
        return _("it never expires")
    if minutes == 0:
        return _("it expires at once")
    if minutes % 1_440 == 0:
        days = minutes // 1_440
        return ngettext("it lasts %(n)s day", "it lasts %(n)s days", days) % {"n": days}
    if minutes % 60 == 0:
        hours = minutes // 60
        return ngettext("it lasts %(n)s hour", "it lasts %(n)s hours", hours) % {"n": hours}
    return ngettext("it lasts %(n)s minute", "it lasts %(n)s minutes", minutes) % {"n": minutes}


def _invitations(policy: Policy) -> str:
    if not policy.on(p.ENABLE):
        return _("Off: nobody can be invited.")
    life = _life(policy.number(p.INVITE_EXPIRY))
    return _("On: %(method)s, %(life)s.") % {"method": states.METHODS[policy.invitation_method], "life": life}


def _resets(policy: Policy) -> str:
    try:
        method = policy.reset_method
    except FeatureOff:
        return _("Off: nobody can force a reset.")
    return _("On: %(method)s, %(life)s.") % {"method": states.METHODS[method], "life": _life(policy.number(p.RESET_EXPIRY))}


def _recovery(policy: Policy) -> str:
    methods = [str(states.METHODS[method]) for method in policy.recovery_methods]
    return _("On: %s.") % ", ".join(methods) if methods else _("Off: people ask an administrator.")


def _passwords(policy: Policy) -> str:
    said = _("%(low)s to %(high)s characters.") % {"low": policy.number(p.MIN_LENGTH), "high": policy.number(p.MAX_LENGTH)}
    if not policy.on(p.AGE):
        return said
    return said + " " + _("A new one after %s days.") % policy.number(p.AGE_DAYS)


def _organization(policy: Policy) -> str:
    name, support = policy.text(p.ORGANIZATION), policy.text(p.SUPPORT)
    return " · ".join([name or _("No name set"), support or _("No support contact set")])


def _sending(policy: Policy) -> str:
    if policy.on(p.INTERNAL):
        return _("On: invitations and resets are sent from here.")
    return _("Off: another system delivers invitations and resets.")


GROUPS: tuple[tuple[Words, tuple[Card, ...]], ...] = (
    (gettext_lazy("User Onboarding"), (
        Card(gettext_lazy("Invite User to Set Password"), "console-onboarding", "mail",
             gettext_lazy("How new users get their first password."), _invitations),
    )),
    (gettext_lazy("Account Recovery"), (
        Card(gettext_lazy("Password Recovery"), "console-recovery", "again",
             gettext_lazy("What people can do who have forgotten their password."), _recovery),
        Card(gettext_lazy("Admin Initiated Password Reset"), "console-reset", "key",
             gettext_lazy("How a user gets a new password after an administrator demanded one."), _resets),
    )),
    (gettext_lazy("Login Security"), (
        Card(gettext_lazy("Password Validation"), "console-password", "check",
             gettext_lazy("What a new password must look like."), _passwords),
    )),
    (gettext_lazy("Organisation and messages"), (
        Card(gettext_lazy("Organisation"), "console-organization", "building",
             gettext_lazy("The name people know you by, and whom they can ask for help."), _organization),
        Card(gettext_lazy("Internal notification sending"), "console-onboarding", "outbox",
             gettext_lazy("Whether messages are sent from here."), _sending, p.INTERNAL),
    )),
)


@require_safe
@needs(CONSOLE, GOVERNANCE_VIEW)
def show(request: Asked) -> HttpResponse:
    policy = policies.effective(house(), request.tenant)
    groups = [{"title": title, "cards": [{"card": card, "now": card.now(policy)} for card in cards]} for title, cards in GROUPS]
    return render(request, "console/login_registration.html", {"groups": groups})
