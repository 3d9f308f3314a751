"""Honest pages for links and codes that no longer work: what happened, and the one thing to do next. Nothing about the account."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy

from housekey.core.errors import DeadCode, DeadReason
from housekey.core.scenario import BY_NAME
from housekey.operations import forgotten
from housekey.pages import flow
from housekey.web.forms import Words
from housekey.web.house import house
from housekey.web.refusals import status_of
from housekey.web.request import Asked

TITLES: dict[DeadReason, tuple[Words, Words]] = {
    "expired": (gettext_lazy("This link has expired."), gettext_lazy("This code has expired.")),
    "superseded": (gettext_lazy("A newer message was sent."), gettext_lazy("A newer message was sent.")),
    "spent": (gettext_lazy("This link was already used."), gettext_lazy("This code was already used.")),
    "revoked": (gettext_lazy("This link was withdrawn."), gettext_lazy("This code was withdrawn.")),
    "exhausted": (gettext_lazy("Too many wrong codes were typed."), gettext_lazy("Too many wrong codes were typed.")),
    "unknown": (gettext_lazy("This link is not valid."), gettext_lazy("This link is not valid.")),
}
"""Of a link, of a code."""
OUTLIVED, REUSED = gettext_lazy("This page has expired."), gettext_lazy("This page was already used.")
"""Of a form that neither a link nor a code opened, or that was left open for too long."""

ADVICE: dict[tuple[str, DeadReason], Words] = {
    ("again", "expired"): gettext_lazy("For your safety, links work for a limited time. You can have a new one sent to the same address."),
    ("again", "superseded"): gettext_lazy("Please use the link in the newest one. If you cannot find it, have a new one sent."),
    ("recover", "expired"): gettext_lazy("For your safety, links work for a limited time. You can ask for another one."),
    ("recover", "superseded"): gettext_lazy("Please use the newest one. If you cannot find it, ask for another one."),
    ("code", "expired"): gettext_lazy("For your safety, codes work for a limited time. Type yours again, or have a new one sent."),
    ("type", "expired"): gettext_lazy("For your safety, codes work for a limited time. Type yours again, or ask support for a new one."),
    ("code", "superseded"): gettext_lazy("Please type the code in the newest one. If you cannot find it, have a new one sent."),
    ("code", "exhausted"): gettext_lazy("For your safety, the code no longer works. Have a new one sent."),
    ("open", "expired"): gettext_lazy("Open the link in your message again: from there you can have a new one sent."),
    ("open", "superseded"): gettext_lazy("Open the link in your message again: from there you can have a new one sent."),
    ("sign-in", "expired"): gettext_lazy("The page was open for too long. Sign in again: you are then asked for a new password."),
    ("sign-in", "superseded"): gettext_lazy("The page was opened a second time, or a message was sent meanwhile. Sign in again."),
    ("sign-in", "spent"): gettext_lazy("The password was set with it. If that was you, sign in. If it was not, tell support at once."),
    ("confirmed", "spent"): gettext_lazy("The address was confirmed with it. You can sign in."),
    ("ask", "expired"): gettext_lazy("Links and codes work for a limited time. Ask support for a new one."),
    ("ask", "superseded"): gettext_lazy("Please use the newest one. If you cannot find it, ask support."),
    ("ask", "exhausted"): gettext_lazy("For your safety, the code no longer works. Ask support for a new one."),
    ("ask", "revoked"): gettext_lazy(
        "An administrator withdrew it, or the password was changed meanwhile. Ask support if you need a new one."
    ),
    ("", "unknown"): gettext_lazy("Please open the link in the message again, or copy it completely. If you have a code, type it again."),
}
"""What to do, by the way out that is offered."""


def page(request: Asked, dead: DeadCode, code: str = "") -> HttpResponse:
    """`code` is the link's own, where it can be sent anew by pressing a button; `""` where a form outlived what opened it."""
    scenario = BY_NAME.get(dead.scenario)
    recoverable = bool(forgotten.methods(house(), request.tenant))
    way = way_out(dead, code, recoverable=recoverable)
    title = TITLES[dead.reason][scenario is not None and scenario.otp]
    if scenario and scenario.purpose == "age":
        title = REUSED if dead.reason == "spent" else OUTLIVED
    elif way in {"open", "type"}:
        title = OUTLIVED
    context = {"title": title, "advice": ADVICE[way, dead.reason], "reason": dead.reason, "way": way, "code": code,
               "recoverable": recoverable, "next": flow.goal(request)}
    return render(request, "pages/dead.html", context, status=status_of(dead))


def way_out(dead: DeadCode, code: str, *, recoverable: bool) -> str:
    """What the page offers, one of the ways in `ADVICE`."""
    scenario = BY_NAME.get(dead.scenario)
    purpose = scenario.purpose if scenario else ""
    if dead.reason == "unknown":
        return ""
    if dead.reason == "spent":
        return "confirmed" if purpose == "confirmation" else "sign-in"
    if dead.reason == "revoked" or purpose == "confirmation":
        return "ask"
    if dead.reason == "exhausted" or (scenario and scenario.otp):
        return "code" if recoverable else "type" if dead.reason == "expired" else "ask"
    if purpose == "age":
        return "sign-in"
    if purpose == "recovery":
        return "recover" if recoverable else "ask"
    return "again" if code else "open"
