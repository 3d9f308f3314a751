""""Forgot Password?": ask for a link or a code. Every name, known or not, gets the same pages (A-050)."""

from __future__ import annotations

from typing import cast

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from housekey.core.errors import FeatureOff, Invalid, Throttled
from housekey.core.scenario import Method
from housekey.operations import forgotten
from housekey.pages import flow
from housekey.pages.flow import Flow
from housekey.pages.views import waiting
from housekey.web.forms import Field, Form, Words
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

WAYS: dict[str, tuple[Words, Words]] = {
    "EMAIL_LINK": (gettext_lazy("Send reset link via email"), gettext_lazy("Send Reset Link")),
    "EMAIL_OTP": (gettext_lazy("Send OTP via email"), gettext_lazy("Send Email OTP")),
    "SMS_OTP": (gettext_lazy("Send OTP via SMS"), gettext_lazy("Send SMS OTP")),
}
"""What each way is called in the list, and on the button where it is the only one."""


def _form(data: dict[str, str] | None = None, username: str = "") -> Form:
    name = Field("username", gettext_lazy("Username"), autocomplete="username", focus=True, limit=flow.LONGEST_NAME,
                 required=gettext_lazy("Username cannot be empty."))
    return Form([name], data, {"username": username})


def _page(request: Asked, form: Form, goal: str, chosen: str = "") -> HttpResponse:
    offered = forgotten.methods(house(), request.tenant)
    button = WAYS[offered[0]][1] if len(offered) == 1 else gettext_lazy("Proceed")
    ways = [(method, WAYS[method][0]) for method in offered]
    chosen = chosen if chosen in offered else next(iter(offered), "")
    return render(request, "pages/recover.html", {"form": form, "next": goal, "ways": ways, "chosen": chosen, "button": button})


@require_safe
def show(request: Asked) -> HttpResponse:
    brought = flow.read(request)
    return _page(request, _form(username=brought.username), flow.goal_in(request, request.GET) or flow.goal(request), brought.method)


@require_http_methods(["GET", "POST"])
def elsewhere(request: Asked) -> HttpResponse:
    """WSO2's other address of the page; what the link asks for goes along."""
    return see_other(reverse("recover") + (f"?{request.GET.urlencode()}" if request.GET else ""))


@require_http_methods(["GET", "POST"])
def start(request: Asked) -> HttpResponse:
    """Send a link or a code, or go on to type a code that is here already. The name travels by POST, in no address."""
    if request.method != "POST":
        return see_other(reverse("recover"))
    form, goal = _form(request.POST.dict()), flow.goal_in(request, request.POST)
    username = form.text("username")[:flow.LONGEST_NAME]
    if "have" in request.POST:
        return flow.lead(request, "enter-code", Flow("", username, "", goal))
    method = request.POST.get("method", "")
    if not form.check_required():
        return _page(request, form, goal, method)
    try:
        method = _start(request, username, method, again=False)
    except Throttled as refusal:
        form.sentence = waiting.sentence(refusal)
        return waiting.told(_page(request, form, goal, method), refusal)
    except FeatureOff:
        return _page(request, form, goal)
    except Invalid as refusal:
        form.sentence = _(refusal.sentence)
        return _page(request, form, goal)
    if method == "EMAIL_LINK":
        return flow.lead(request, "recovery-sent", Flow("sent", username, method, goal))
    return flow.lead(request, "enter-code", Flow("code", username, method, goal))


def _start(request: Asked, username: str, method: str, *, again: bool) -> str:
    """Returns the way it went. Raises FeatureOff, Invalid, Throttled."""
    method = method or next(iter(forgotten.methods(house(), request.tenant)), "")
    forgotten.start(house(), request.tenant, username, cast(Method, method) if method else None, request.network, now(),
                    by_path=request.path.startswith("/t/"), again=again)
    return method


def send_again(request: Asked, username: str) -> str:
    """Another code for somebody who is waiting for one: by the way chosen before, else by code, else by link."""
    offered, before = forgotten.methods(house(), request.tenant), flow.read(request).method
    method = before if before in offered else next((method for method in offered if method != "EMAIL_LINK"), "")
    return _start(request, username, method, again=True)


@require_safe
def sent(request: Asked) -> HttpResponse:
    """Check Your Email."""
    brought = flow.read(request)
    if brought.step != "sent":
        return see_other(reverse("recover"))
    return render(request, "pages/sent.html", {"username": brought.username, "next": flow.goal(request)})
