"""The page for a one-time code: a name and a code open the set-password form, or confirm an address."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from housekey.core.errors import DeadCode, Invalid, Throttled
from housekey.operations import forgotten, recovery
from housekey.pages import flow
from housekey.pages.flow import Flow
from housekey.pages.views import recover, waiting
from housekey.web.forms import Field, Form
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

WRONG = gettext_lazy(
    "This username and code do not go together, or the code is no longer good. Check both, or have a new code sent. "
    "After five wrong tries a code stops working."
)
"""For every reason the same."""
LONGEST_CODE = 40


def _form(data: dict[str, str] | None = None, username: str = "") -> Form:
    known = (data or {}).get("username", username)
    return Form([
        Field("username", gettext_lazy("Username"), autocomplete="username", limit=flow.LONGEST_NAME, focus=not known,
              required=gettext_lazy("Username cannot be empty.")),
        Field("code", gettext_lazy("Code"), "code", autocomplete="one-time-code", limit=LONGEST_CODE, focus=bool(known),
              hint=gettext_lazy("As it stands in the message we sent you. Blanks do not matter."),
              required=gettext_lazy("Please type the code.")),
    ], data, {"username": username})


def _page(request: Asked, form: Form, goal: str, brought: Flow | None = None) -> HttpResponse:
    offered = bool(forgotten.methods(house(), request.tenant))
    return render(request, "pages/code.html", {"form": form, "next": goal, "brought": brought or Flow(), "offered": offered})


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: Asked) -> HttpResponse:
    """Every failure is the same sentence, with status 200. A good code is not spent here: only an accepted password does that."""
    if request.method != "POST":
        brought = flow.read(request)
        return _page(request, _form(username=brought.username), flow.goal_in(request, request.GET) or flow.goal(request), brought)
    form, goal = _form(request.POST.dict()), flow.goal_in(request, request.POST)
    if not form.check_required():
        return _page(request, form, goal)
    try:
        opened = recovery.open_otp(house(), request.tenant, form.text("username"), form.text("code"), request.network, now(),
                                   by_path=request.path.startswith("/t/"), goal=goal)
    except DeadCode:
        form.sentence = WRONG
        return _page(request, form, goal)
    except Throttled as refusal:
        form.sentence = waiting.sentence(refusal)
        return waiting.told(_page(request, form, goal), refusal)
    if opened.confirmed:
        return flow.lead(request, "email-confirmed", Flow("confirmed", goal=goal), opened.tenant)
    return flow.open_form(request, opened)


@require_http_methods(["GET", "POST"])
def send_again(request: Asked) -> HttpResponse:
    """Resend Code. What was typed as a code is let go; the answer never tells whether anything was sent."""
    if request.method != "POST":
        return see_other(reverse("enter-code"))
    form, goal = _form({"username": request.POST.get("username", "")}), flow.goal_in(request, request.POST)
    username = form.text("username")[:flow.LONGEST_NAME]
    if not username:
        form.fail("username", gettext_lazy("Username cannot be empty."))
        return _page(request, form, goal)
    try:
        method = recover.send_again(request, username)
    except Throttled as refusal:
        form.sentence = waiting.sentence(refusal)
        return waiting.told(_page(request, form, goal), refusal)
    except Invalid as refusal:
        form.sentence = _(refusal.sentence)
        return _page(request, form, goal)
    return flow.lead(request, "enter-code", Flow("again", username, method, goal))
