"""The first page: what needs somebody's attention, what to do about it, and how inviting goes."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from django.views.decorators.http import require_safe

from housekey.console import bulk
from housekey.core.messages import EMAIL
from housekey.core.principal import (
    CODE_CREATE,
    CONSOLE,
    GOVERNANCE_UPDATE,
    GOVERNANCE_VIEW,
    OUTBOX_VIEW,
    STORE_VIEW,
    USER_LIST,
    USER_UPDATE,
    USER_VIEW,
    Principal,
)
from housekey.core.properties import ENABLE
from housekey.operations import bootstrap, insights, invitations, jobs, outbox, stores, users
from housekey.operations.policies import effective
from housekey.web.chart import Chart, Series, nested
from housekey.web.forms import Words
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked

MOST_NEXT = 5
RUNNING = 20
"""Jobs among which running ones are looked for: the newest."""
STEPS = (
    Series(gettext_lazy("Added and invited"), "chart-1"), Series(gettext_lazy("Message sent"), "chart-2"),
    Series(gettext_lazy("Opened"), "chart-3"), Series(gettext_lazy("Password set"), "chart-4"),
)


@dataclass(frozen=True, slots=True)
class Next:
    """One thing to do: what is the matter, what to press, and where that leads. `tone` and `icon` say how urgent it is."""

    sentence: Words
    more: Words
    action: Words
    address: str
    tone: str
    icon: str = "alert"


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is counted, as far as the caller may know it. Each dictionary is empty where she may not."""

    people: dict[str, int]
    sendings: dict[str, int]
    messages: dict[str, int]

    @classmethod
    def of(cls, request: Asked) -> Numbers:
        by = request.by
        kinds = (("all", ""), ("reset", "reset"), ("invited", "invited"), ("not_invited", "not-invited"), ("locked", "locked"))
        people = {key: users.listing(by, status=status, limit=0).total for key, status in kinds} if by.may(USER_LIST) else {}
        sendings = invitations.counts(by, now()) if people and by.may(USER_VIEW) else {}
        return cls(people, sendings, outbox.counts(by) if by.may(OUTBOX_VIEW) else {})


def _urgent(request: Asked, numbers: Numbers, *, mail: bool) -> list[Next]:
    """What keeps everybody from working, before what concerns a few."""
    by, found = request.by, []
    if by.may(GOVERNANCE_UPDATE) and bootstrap.default_password_in_use(house(), request.tenant):
        found.append(Next(_("The first administrator still has the default password."), _("Everybody who knows Housekey knows it too."),
                          _("Change it in My Account"), reverse("myaccount"), "bad"))
    found += [Next(
        _("The user store %s is in trouble.") % domain, _("Its users may be unable to sign in: %s") % _(why), _("Open the user store"),
        reverse("console-store", args=[domain]), "bad") for domain, why in (stores.troubled(by) if by.may(STORE_VIEW) else ())]
    if by.may(GOVERNANCE_VIEW) and not effective(house(), request.tenant).on(ENABLE):
        found.append(Next(_("Inviting users is switched off."), _("New users get no message to set a password."), _("Open the setting"),
                          reverse("console-onboarding"), "warn"))
    if count := numbers.messages.get("failed", 0):
        found.append(Next(
            ngettext("%(n)s message could not be delivered.", "%(n)s messages could not be delivered.", count) % {"n": count},
            _("Nobody has got what is in them."), _("See why and send again"), reverse("console-outbox") + "?state=failed", "bad"))
    if numbers.messages and not mail:
        found.append(Next(
            _("No mail server is set up."),
            _("Messages stay in the outbox, where you can read them, and as files under mail/ in the data directory."),
            _("Open the outbox"), reverse("console-outbox"), "info", "info"))
    return found


def _waiting(by: Principal, numbers: Numbers) -> list[Next]:
    """What concerns single people."""
    found, out = [], numbers.sendings
    if (count := out.get("soon", 0)) and by.may(CODE_CREATE):
        found.append(Next(
            ngettext("%(n)s invitation expires within 24 hours.", "%(n)s invitations expire within 24 hours.", count) % {"n": count},
            _("Whoever has not acted by then needs a new one."), _("Give more time or send again"),
            reverse("console-invitations") + "?state=soon", "warn", "clock"))
    if (count := out.get("expired", 0)) and by.may(CODE_CREATE):
        found.append(Next(
            ngettext("%(n)s invitation has expired.", "%(n)s invitations have expired.", count) % {"n": count},
            _("What was sent no longer works."), _("Send new ones"), reverse("console-invitations") + "?state=expired", "warn", "clock"))
    if (count := numbers.people.get("locked", 0)) and by.may(USER_UPDATE):
        found.append(Next(
            ngettext("%(n)s user is locked.", "%(n)s users are locked.", count) % {"n": count},
            _("They cannot sign in until somebody unlocks them."), _("Look who it is"), reverse("console-users") + "?status=locked", "warn",
            "lock"))
    if (count := numbers.people.get("not_invited", 0)) and by.may(CODE_CREATE):
        found.append(Next(
            ngettext("%(n)s user was not invited yet.", "%(n)s users were not invited yet.", count) % {"n": count},
            _("They have neither a password nor an invitation."), _("Invite them"), reverse("console-users") + "?status=not-invited",
            "info", "user"))
    return found


def _funnel(by: Principal) -> Chart | None:
    if not by.may(USER_LIST):
        return None
    steps = insights.funnel(by, now())
    rows = [(date_format(step.day, pgettext("date", "j F Y")), (step.created, step.sent, step.opened, step.done)) for step in steps]
    return nested(_("From the invitation to the password, the last 30 days"), _("Day of adding"), STEPS, rows)


@require_safe
@needs(CONSOLE)
def home(request: Asked) -> HttpResponse:
    by, numbers = request.by, Numbers.of(request)
    mail = outbox.has_server(house(), request.tenant, EMAIL)
    going = jobs.listing(by, limit=RUNNING, running=True) if by.may(USER_LIST) else []
    return render(request, "console/home.html", {
        "people": numbers.people, "messages": numbers.messages, "sendings": numbers.sendings,
        "next": [*_urgent(request, numbers, mail=mail), *_waiting(by, numbers)][:MOST_NEXT], "chart": _funnel(by),
        "jobs": [{"job": job, "title": bulk.VERBS[job.deed].title} for job in going], "mail": mail,
    })
