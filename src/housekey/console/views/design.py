"""The living page: every component in every state, for whoever adds a page, and for the tests that look at it."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from housekey.console import states
from housekey.console.listing import Pager
from housekey.console.story import Moment
from housekey.console.views.overview import STEPS
from housekey.core.passwords import PasswordRules
from housekey.core.principal import CONSOLE
from housekey.web.chart import nested
from housekey.web.events import Told
from housekey.web.forms import Field, Form
from housekey.web.guards import needs
from housekey.web.house import now
from housekey.web.request import Asked


@require_safe
@needs(CONSOLE)
def show(request: Asked) -> HttpResponse:
    good = Form([Field("sample", _("Username"), hint=_("A hint says what belongs here."), value="alex"),
                 Field("sample-password", _("New password"), "password", autocomplete="new-password", rules="sample-password-rules")])
    bad = Form([Field("wrong", _("Email Address"), "email", value="alex@")])
    code = Form([Field("sample-otp", _("One-time code"), "code", hint=_("Spaces do not matter."), autocomplete="one-time-code")])
    bad.fail("wrong", _("Please type a whole address, such as alex@example.com."))
    return render(request, "console/design.html", {
        "good": good, "bad": bad, "code": code, "pager": Pager(2, 120), "long": "wolfeschlegelsteinhausenbergerdorff" * 2,
        "rules": PasswordRules(8, 128).shown(), "broken": ("common",),
        "badges": [*states.USERS.values(), *states.MESSAGES.values(), *states.INVITATIONS.values(), states.UNCONFIRMED,
                   states.HANDED_OVER, states.TO_PASS_ON],
        "times": [now() - timedelta(minutes=3), now() + timedelta(hours=5), now() - timedelta(days=3), now() - timedelta(days=90)],
        "events": [Told(now(), "key", "", str(_("Password changed")), "alex", "192.0.2.7"),
                   Told(now() - timedelta(hours=2), "failed", "bad", str(_("Sign-in refused")), "anonymous", "192.0.2.9")],
        "moments": [Moment(now(), "mail-open", "", str(_("Link opened")), (str(_("Opened may also mean: looked at by a mail scanner.")),)),
                    Moment(now() - timedelta(hours=1), "failed", "bad", str(states.outcome("permanent", "EMAIL")), ("alex@example.com",),
                           "#main", str(_("Open the message")))],
        "chart": nested(_("From the invitation to the password, the last 30 days"), _("Day of adding"), STEPS,
                        [("1", (9, 7, 4, 2)), ("2", (0, 0, 0, 0)), ("3", (5, 5, 5, 1))]),
    })
