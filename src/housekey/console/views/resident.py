"""The settings under their names in the 5.x console, for whoever walks by its documentation: Identity Providers ▸ Resident."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from housekey.console.finding import older
from housekey.console.layout import SHEETS
from housekey.core import properties as names
from housekey.core.policy import Effective, Policy
from housekey.core.principal import CONSOLE, GOVERNANCE_VIEW
from housekey.core.properties import Form as Part
from housekey.operations import policies
from housekey.web.forms import Words
from housekey.web.guards import needs
from housekey.web.house import house
from housekey.web.request import Asked


@dataclass(frozen=True, slots=True)
class Panel:
    """One collapsible bar of the old console: which of our pages it leads to, and the settings it held."""

    title: Words
    form: Part
    settings: tuple[str, ...]


GROUPS: tuple[tuple[Words, tuple[Panel, ...]], ...] = (
    (gettext_lazy("Account Management Policies"), (
        Panel(gettext_lazy("User Onboarding"), "invite", (
            names.ENABLE, names.LOCK, names.INTERNAL, names.CONFIRM_EXPIRY, names.INVITE_EXPIRY, names.INVITE_EMAIL_OTP,
            names.INVITE_SMS_OTP, names.CONFIRM_BY_OTP, names.ACTIVATION_NOTICE, names.OFFER_ASK_PASSWORD, names.OTP_UPPER,
            names.OTP_LOWER, names.OTP_DIGITS, names.OTP_LENGTH,
        )),
        Panel(gettext_lazy("Password Reset"), "reset", (
            names.RESET_LINK, names.RESET_EMAIL_OTP, names.RESET_SMS_OTP, names.RESET_OFFLINE, names.RESET_EXPIRY,
            names.RESET_OTP_UPPER, names.RESET_OTP_LOWER, names.RESET_OTP_DIGITS, names.RESET_OTP_LENGTH,
        )),
        Panel(gettext_lazy("Account Recovery"), "recovery", (
            names.RECOVERY, names.RECOVERY_LINK, names.RECOVERY_EMAIL_OTP, names.RECOVERY_SMS_OTP, names.RECOVERY_INTERNAL,
            names.RECOVERY_EXPIRY, names.RECOVERY_OTP_EXPIRY,
        )),
    )),
    (gettext_lazy("Password Policies"), (
        Panel(gettext_lazy("Password Patterns"), "password", (names.MIN_LENGTH, names.MAX_LENGTH)),
        Panel(gettext_lazy("Password Expiry"), "password", (names.AGE, names.AGE_DAYS)),
    )),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A setting by the label it had, what it is now, and where on our page it stands."""

    label: str
    value: str
    anchor: str


def _line(item: Effective, form: Part) -> Line:
    definition = item.definition
    value = (_("on") if item.on else _("off")) if definition.kind == "boolean" else item.value
    radio = next((radio for radio in SHEETS[form].radios if definition.name in radio.members), None)
    named = next(iter(older(definition.name)), "")
    return Line(definition.legacy_label or named or _(definition.label), value, radio.name if radio else definition.name)


def _groups(policy: Policy) -> list[dict[str, object]]:
    return [
        {"title": title, "panels": [
            {"title": panel.title, "sheet": SHEETS[panel.form], "lines": [_line(policy.items[name], panel.form) for name in panel.settings]}
            for panel in panels
        ]}
        for title, panels in GROUPS
    ]


@require_safe
@needs(CONSOLE, GOVERNANCE_VIEW)
def show(request: Asked) -> HttpResponse:
    return render(request, "console/resident.html", {"groups": _groups(policies.effective(house(), request.tenant))})
