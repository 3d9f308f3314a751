"""Invitations: what is out, how far each of them got, and what can be done about one or many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from housekey.console import bulk, states
from housekey.console.deeds import LIVE
from housekey.console.listing import SIZE, Pager, expected, ids, page_number
from housekey.core.errors import FeatureOff, Invalid
from housekey.core.jobs import MOST
from housekey.core.principal import CODE_CREATE, CODE_DELETE, CONSOLE, GOVERNANCE_VIEW, USER_LIST, USER_UPDATE, USER_VIEW, Principal
from housekey.core.scenario import of
from housekey.operations import invitations, jobs, onboarding, pending, users
from housekey.operations.invitations import ORDERS, PURPOSES, STATES, Sending, Wanted
from housekey.operations.policies import effective
from housekey.web.forms import Field, Form, Words
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other
from housekey.web.templatetags.ui import Badge

Deed = Literal["invite", "extend", "revoke"]
DEEDS: tuple[Deed, ...] = ("invite", "extend", "revoke")
DONE: dict[Deed, str] = {"invite": "invited", "extend": "extended", "revoke": "revoked"}
FILTERS: dict[str, Badge] = {
    "waiting": Badge(gettext_lazy("Waiting"), "info", "clock"),
    "failed": Badge(gettext_lazy("Not delivered"), "bad", "failed"),
    "opened": Badge(gettext_lazy("Opened"), "info", "mail-open"),
    "soon": Badge(gettext_lazy("Expires within 24 hours"), "warn", "alert"),
    "expired": Badge(gettext_lazy("Expired"), "warn", "clock"),
    "revoked": Badge(gettext_lazy("Withdrawn"), "", "off"),
    "redeemed": Badge(gettext_lazy("Done in the last 30 days"), "good", "done"),
}
FIRST = 10
"""Names on the page that asks."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list. `delivered` says in words how the last try went; `live`: something can still be done to it."""

    it: Sending
    badge: Badge
    purpose: Words
    method: Words
    otp: bool
    delivered: Words
    live: bool
    over: bool
    """Used: there is nothing to do about it any more."""


def _row(it: Sending) -> Row:
    scenario = of(it.it.scenario)
    told: Words = ""
    if it.outcome:
        told = states.outcome(it.outcome, it.it.channel)
    elif it.delivery:
        told = states.of_message(it.delivery, it.it.channel).sentence
    return Row(it, states.of_invitation(it.it), states.PURPOSES[scenario.purpose], states.METHODS[scenario.method], scenario.otp, told,
               it.it.state in LIVE, it.it.state == "redeemed")


def wanted(asked: QueryDict) -> Wanted:
    """What the address asks for; what does not exist counts as nothing asked."""
    state, purpose = asked.get("state", ""), asked.get("purpose", "")
    return Wanted(state if state in STATES else "", purpose if purpose in PURPOSES else "", asked.get("q", "").strip()[:200])


@require_safe
@needs(CONSOLE, USER_LIST, USER_VIEW)
def listing(request: Asked) -> HttpResponse:
    """`?state=`, `?purpose=`, `?q=`, `?sort=` and `?page=` are the whole state of the list; `?ticked=page` ticks all on the page."""
    by, asked, number = request.by, request.GET, page_number(request.GET)
    order = asked.get("sort", "") if asked.get("sort", "") in ORDERS else ""
    what = wanted(asked)
    found = invitations.listing(by, what, now(), order=order, offset=(number - 1) * SIZE, limit=SIZE)
    offers = [(deed, bulk.VERBS[deed], *bulk.barred(house(), by, effective(house(), request.tenant), deed)) for deed in DEEDS]
    return render(request, "console/invitations.html", {
        "rows": [_row(row) for row in found.rows], "pager": Pager(number, found.total), "wanted": what, "filters": FILTERS, "order": order,
        "purposes": [(name, states.PURPOSES[name]) for name in PURPOSES], "offers": offers, "may_send": by.may(CODE_CREATE),
        "may_revoke": by.may(CODE_DELETE), "may_correct": by.may(USER_UPDATE), "may_settings": by.may(GOVERNANCE_VIEW),
        "several": found.total > len(found.rows), "ticked": asked.get("ticked") == "page",
        "over": what.state == "redeemed", "other_order": "-expires" if order == "expires" else "expires",
    })


@dataclass(frozen=True, slots=True)
class Meant:
    """Whose invitations are meant: `ids`, or everything that the list shows (`every`)."""

    ids: tuple[UUID, ...]
    every: bool
    what: Wanted

    @classmethod
    def of(cls, asked: QueryDict) -> Meant:
        return cls(tuple(ids(asked.getlist("id"), MOST)), asked.get("all") == "yes", wanted(asked))

    def users(self, by: Principal) -> list[UUID]:
        """The ids, or everybody in the list at this moment. Those of other tenants are left out where they are used."""
        return invitations.matching(by, self.what, now(), most=MOST + 1) if self.every else list(self.ids)

    def look(self, by: Principal) -> tuple[int, list[str]]:
        """How many they are now, and the first names."""
        found = self.users(by)
        names = users.names(by, found[:FIRST] if self.every else found)
        return len(found) if self.every else len(names), [str(names[row]) for row in found if row in names][:FIRST]

    @property
    def filters(self) -> list[tuple[str, str]]:
        pairs = (("state", self.what.state), ("purpose", self.what.purpose), ("q", self.what.search))
        return [pair for pair in pairs if pair[1]]

    @property
    def back(self) -> str:
        return reverse("console-invitations") + (f"?{urlencode(self.filters)}" if self.filters else "")

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What the form that asks carries along."""
        return [*self.filters, *([("all", "yes")] if self.every else [("id", str(row)) for row in self.ids])]


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, USER_LIST, USER_VIEW)
def many(request: Asked) -> HttpResponse:
    """GET asks; POST does it at once to one, and starts a job for several. Raises NotPermitted."""
    asked = request.POST if request.method == "POST" else request.GET
    deed = cast(Deed, asked.get("deed", ""))
    if deed not in DEEDS:
        raise Http404
    meant = Meant.of(asked)
    form = _form(request) if deed == "extend" else Form([])
    if request.method != "POST":
        return _ask(request, deed, meant, form)
    if not form.check_required():
        return _ask(request, deed, meant, form, status=400)
    if meant.every and meant.look(request.by)[0] > expected(asked):
        return _ask(request, deed, meant, form, _("More match by now. Look at the number again before you go on."), status=409)
    try:
        return _begun(request, deed, meant, form)
    except ValueError:
        form.fail("minutes", _("Please type a whole number of minutes."))
    except Invalid as refusal:
        if refusal.field == "expiryTime":
            form.fail("minutes", _(refusal.sentence))
        else:
            return _ask(request, deed, meant, form, _(refusal.sentence), off=isinstance(refusal, FeatureOff), status=400)
    return _ask(request, deed, meant, form, status=400)


def _form(request: Asked) -> Form:
    return Form([Field("minutes", gettext_lazy("Minutes from now"), "number", value="1440",
                       hint=gettext_lazy("A day has 1440 minutes, a week 10080. -1 means it never expires."),
                       required=gettext_lazy("Please type a number of minutes."))],
                request.POST.dict() if request.method == "POST" else None)


def _begun(request: Asked, deed: Deed, meant: Meant, form: Form) -> HttpResponse:
    """Raises ValueError for minutes that are no number, Invalid for what cannot be done."""
    by, chosen = request.by, meant.users(request.by)
    minutes = int(form.text("minutes")[:8]) if deed == "extend" else 0
    if len(chosen) == 1:
        _one(by, deed, chosen[0], minutes)
        return see_other(f"{meant.back}{'&' if meant.filters else '?'}done={DONE[deed]}")
    if deed == "extend":
        onboarding.check_minutes(minutes)
    job = jobs.start(house(), by, deed, chosen, now(), given={"minutes": minutes} if deed == "extend" else None)
    return see_other(reverse("console-job", args=[job.id]) + "?done=job-started")


def _one(by: Principal, deed: Deed, user_id: UUID, minutes: int) -> None:
    match deed:
        case "invite":
            pending.resend(house(), by, user_id, now())
        case "extend":
            onboarding.extend(house(), by, user_id, minutes, now())
        case "revoke":
            onboarding.revoke(house(), by, user_id, now())


def _ask(
    request: Asked, deed: Deed, meant: Meant, form: Form, why: str = "", *, off: bool = False, status: int = 200
) -> HttpResponse:
    by, verb = request.by, bulk.VERBS[deed]
    total, first = meant.look(by)
    hindered, setting = bulk.barred(house(), by, effective(house(), request.tenant), deed)
    return render(request, "console/sure.html", {
        "question": verb.question(total) % {"n": total}, "effects": [verb.effect, verb.undo], "names": first,
        "rest": total - len(first), "why": hindered or why, "setting": "console-onboarding" if off else setting,
        "may_settings": by.may(GOVERNANCE_VIEW), "barred": bool(hindered) or not total,
        "hidden": [("deed", deed), ("expected", str(total)), *meant.hidden],
        "form": form, "action": reverse("console-many-invitations"), "button": verb.label, "danger": verb.danger, "back": meant.back,
        "above": _("Invitations"), "nobody": "" if total else _("Nobody was chosen. Tick somebody in the list first."),
    }, status=status)
