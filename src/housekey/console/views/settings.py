"""The tenant's settings: forms made from `core.properties`, with the origin of every value and the way back to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from housekey.console import layout
from housekey.console.layout import SHEETS, Radio
from housekey.core.errors import Invalid, Stale
from housekey.core.guessing import verdicts
from housekey.core.policy import Effective, Policy
from housekey.core.principal import CONSOLE, GOVERNANCE_UPDATE, GOVERNANCE_VIEW
from housekey.core.properties import BY_NAME
from housekey.core.properties import Form as Part
from housekey.operations import policies
from housekey.web.forms import Words
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

NONE = "none"
"""What a radio group sends for the choice that has no switch of its own."""


def _origin(items: Iterable[Effective]) -> str:
    """Where what is in force comes from: something stored, else a file, else what is built in."""
    origins = [item.origin for item in items]
    if "stored" in origins:
        return _("Set in the console")
    named = next((origin for origin in origins if origin != "built in"), "")
    return _("From %s") % named if named else _("Default")


@dataclass(frozen=True, slots=True)
class Judged:
    """What a setting comes to, in words; `tone` and `icon` say whether it meets the guideline."""

    sentence: str
    guideline: str
    tone: str
    icon: str


def _judged(policy: Policy, name: str) -> list[Judged]:
    return [
        Judged(_(one.sentence).format(**one.values), one.guideline, "" if one.met is None else "good" if one.met else "warn",
               "info" if one.met is None else "check" if one.met else "alert")
        for one in verdicts(policy, name)
    ]


Stored = dict[str, tuple[datetime, str]]
"""When a setting was stored, and by whom."""


@dataclass(frozen=True, slots=True)
class Row:
    """One setting as the form shows it: `value` is what was typed, else what is in force."""

    item: Effective
    value: str
    error: str = ""
    choice: bool = False
    when: datetime | None = None
    who: str = ""
    judged: list[Judged] = field(default_factory=list)

    @property
    def built_in(self) -> str:
        """What is built in, where something else is in force."""
        if self.item.origin == "built in":
            return ""
        default = self.item.definition.default
        if self.item.definition.kind == "boolean":
            return _("on") if default == "true" else _("off")
        return default or "–"

    @property
    def exception(self) -> str:
        """A word of warning about a value that is allowed but unusual."""
        if self.item.definition.kind != "minutes":
            return ""
        if self.item.value == "-1":
            return _("Policy exception: links and codes never expire.")
        return _("Policy exception: links and codes expire at once and cannot be used.") if self.item.value == "0" else ""

    @property
    def pinned(self) -> str:
        return _("Decided by %s in deployment.toml.") % self.item.pinned if self.item.pinned else ""

    @property
    def origin(self) -> str:
        return _origin([self.item])


@dataclass(frozen=True, slots=True)
class Option:
    """One way of a choice. `value` is the switch that it turns on, or NONE."""

    value: str
    label: Words
    hint: Words
    legacy: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """Several switches as one choice; the members' values and versions travel along like those of any other row."""

    radio: Radio
    options: list[Option]
    items: list[Effective]
    error: str = ""
    choice: bool = True

    @property
    def stored(self) -> bool:
        return any(item.stored for item in self.items)

    @property
    def origin(self) -> str:
        return _origin(self.items)


def _choice(policy: Policy, radio: Radio, typed: dict[str, str], said: dict[str, str]) -> ChoiceRow:
    items = [policy.items[name] for name in radio.members]
    values = {item.definition.name: typed.get(item.definition.name, item.value) for item in items}
    options = [
        Option(item.definition.name, _(item.definition.label), _(item.definition.hint), item.definition.legacy_label,
               values[item.definition.name] == "true")
        for item in items
    ]
    none = Option(NONE, radio.none, radio.none_hint, "", "true" not in values.values())
    options = [none, *options] if radio.none_first else [*options, none]
    return ChoiceRow(radio, options, items, next((said[name] for name in radio.members if name in said), ""))


def _sections(policy: Policy, form: Part, typed: dict[str, str], wrong: Invalid | None, stored: Stored) -> list[dict[str, object]]:
    said = {wrong.field: _(wrong.sentence)} if wrong else {}

    def row(part: str | Radio) -> Row | ChoiceRow:
        if isinstance(part, Radio):
            return _choice(policy, part, typed, said)
        item = policy.items[part]
        when, who = stored.get(part, (None, ""))
        return Row(item, typed.get(part, item.value), said.get(part, ""), False, when, who, _judged(policy, part))

    return [{"heading": section.heading, "lead": section.lead, "rows": [row(part) for part in section.parts]}
            for section in layout.sections(form)]


def _typed(request: Asked, form: Part) -> dict[str, str]:
    """What was sent, by property. A checkbox that is off is not sent by browsers, so its absence means false."""
    sent: dict[str, str] = {}
    chosen = {name: request.POST.get(radio.name, "") for radio in SHEETS[form].radios for name in radio.members}
    for item in (item for item in BY_NAME.values() if item.form == form):
        if chosen.get(item.name):
            sent[item.name] = "true" if chosen[item.name] == item.name else "false"
        elif item.kind == "boolean" and item.name not in chosen:
            sent[item.name] = "true" if item.name in request.POST else "false"
        elif item.kind != "boolean" and item.name in request.POST:
            sent[item.name] = request.POST[item.name].strip()
    return sent


def _versions(request: Asked) -> dict[str, int]:
    found = {name: request.POST.get(f"version:{name}", "") for name in BY_NAME}
    return {name: int(text) for name, text in found.items() if text.isascii() and text.isdigit() and len(text) < 10}


def _place(form: Part, field: str) -> str:
    """The id of the input that a refused setting is entered with."""
    return next((radio.name for radio in SHEETS[form].radios if field in radio.members), field)


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, GOVERNANCE_VIEW)
def form(request: Asked, name: Part) -> HttpResponse:
    """Only what differs from the value the form was made with is stored, so that the file stays the live default of the rest."""
    sheet = SHEETS[name]
    typed: dict[str, str] = {}
    wrong: Invalid | None = None
    stale = ""
    if request.method == "POST":
        typed = _typed(request, name)
        changed = {key: value for key, value in typed.items() if value != request.POST.get(f"was:{key}")}
        try:
            policies.change(house(), request.by, changed, _versions(request), now())
            return see_other(reverse(sheet.address) + "?done=saved")
        except Stale as refusal:
            stale = refusal.sentence
        except Invalid as refusal:
            wrong = refusal
    return render(request, "console/settings.html", {
        "sections": _sections(policies.effective(house(), request.tenant), name, typed, wrong, policies.stored_by(request.by)),
        "stale": stale,
        "wrong": wrong, "place": _place(name, wrong.field) if wrong else "", "sheet": sheet,
        "address": reverse(sheet.address), "part": name, "may_change": request.by.may(GOVERNANCE_UPDATE),
    })


@require_POST
@needs(CONSOLE, GOVERNANCE_UPDATE)
def revert(request: Asked, name: str) -> HttpResponse:
    """Forget the stored value named by the button, or those of a whole choice. Raises Invalid for a setting that does not exist."""
    asked = request.POST.get("revert", "")
    radio = next((radio for sheet in SHEETS.values() for radio in sheet.radios if radio.name == asked), None)
    policies.revert(house(), request.by, *(radio.members if radio else (asked,)), now=now())
    sheet = next((sheet for part, sheet in SHEETS.items() if part == name), SHEETS["invite"])
    return see_other(reverse(sheet.address) + "?done=reverted")
