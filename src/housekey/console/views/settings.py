"""The tenant's settings: forms made from `core.policy`, with the origin of every value and the way back to it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from housekey.core.errors import Invalid, Stale
from housekey.core.policy import BY_NAME, INVITE_EXPIRY, Effective, Policy
from housekey.core.policy import Form as Part
from housekey.core.principal import CONSOLE, GOVERNANCE_UPDATE, GOVERNANCE_VIEW
from housekey.operations import policies
from housekey.web.forms import Words
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

HEADINGS: dict[Part, tuple[Words, Words]] = {
    "invite": (gettext_lazy("Invite User to Set Password"),
               gettext_lazy("How new users get their first password: they receive a link and choose it themselves.")),
    "password": (gettext_lazy("Password Validation"),
                 gettext_lazy("What a new password must look like. These are the rules people see and the rules enforced.")),
    "organization": (gettext_lazy("Organisation"), gettext_lazy("The name people know you by, and whom they can ask for help.")),
}
ADDRESSES: dict[str, str] = {"invite": "console-onboarding", "password": "console-password", "organization": "console-organization"}


@dataclass(frozen=True, slots=True)
class Row:
    """One setting as the form shows it: `value` is what was typed, else what is in force."""

    item: Effective
    value: str
    error: str = ""

    @property
    def exception(self) -> str:
        """A word of warning about a value that is allowed but unusual."""
        if self.item.definition.name != INVITE_EXPIRY:
            return ""
        if self.item.value == "-1":
            return _("Policy exception: invitations never expire.")
        return _("Policy exception: invitations expire at once and cannot be used.") if self.item.value == "0" else ""

    @property
    def origin(self) -> str:
        known = {"stored": _("Set in the console"), "built in": _("Default")}
        return known.get(self.item.origin, _("From %s") % self.item.origin)


def _rows(policy: Policy, name: Part, typed: dict[str, str], wrong: Invalid | None) -> list[Row]:
    said = {wrong.field: _(wrong.sentence)} if wrong else {}
    return [Row(item, typed.get(item.definition.name, item.value), said.get(item.definition.name, "")) for item in policy.form(name)]


def _typed(request: Asked, name: Part) -> dict[str, str]:
    """What was sent, by property. A checkbox that is off is not sent by browsers, so its absence means false."""
    sent: dict[str, str] = {}
    for item in (item for item in BY_NAME.values() if item.form == name):
        if item.kind == "boolean":
            sent[item.name] = "true" if item.name in request.POST else "false"
        elif item.name in request.POST:
            sent[item.name] = request.POST[item.name].strip()
    return sent


def _versions(request: Asked) -> dict[str, int]:
    found = {name: request.POST.get(f"version:{name}", "") for name in BY_NAME}
    return {name: int(text) for name, text in found.items() if text.isascii() and text.isdigit() and len(text) < 10}


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, GOVERNANCE_VIEW)
def form(request: Asked, name: Part) -> HttpResponse:
    """Only what differs from the value the form was made with is stored, so that the file stays the live default of the rest."""
    typed: dict[str, str] = {}
    wrong: Invalid | None = None
    stale = ""
    if request.method == "POST":
        typed = _typed(request, name)
        changed = {key: value for key, value in typed.items() if value != request.POST.get(f"was:{key}")}
        try:
            policies.change(house(), request.by, changed, _versions(request), now())
            return see_other(reverse(ADDRESSES[name]) + "?done=saved")
        except Stale as refusal:
            stale = refusal.sentence
        except Invalid as refusal:
            wrong = refusal
    heading, lead = HEADINGS[name]
    return render(request, "console/settings.html", {
        "rows": _rows(policies.effective(house(), request.tenant), name, typed, wrong), "wrong": wrong, "stale": stale,
        "heading": heading, "lead": lead,
        "address": reverse(ADDRESSES[name]), "part": name, "may_change": request.by.may(GOVERNANCE_UPDATE),
    })


@require_POST
@needs(CONSOLE, GOVERNANCE_UPDATE)
def revert(request: Asked, name: str) -> HttpResponse:
    """Forget the stored value named by the button. Raises Invalid for a setting that does not exist."""
    policies.revert(house(), request.by, request.POST.get("revert", ""), now())
    return see_other(reverse(ADDRESSES.get(name, "console-onboarding")) + "?done=reverted")
