"""Signing in and out, and the language of the pages."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from housekey.core.errors import Throttled, WrongCredentials
from housekey.core.languages import nearest
from housekey.core.names import SUPER_TENANT
from housekey.core.properties import RECOVERY_HINT
from housekey.operations import sessions
from housekey.operations.login import SignedIn, sign_in
from housekey.operations.policies import effective
from housekey.operations.tickets import Opened
from housekey.pages import flow
from housekey.pages.views import waiting
from housekey.web import cookies, heading, languages
from housekey.web.forms import Field, Form
from housekey.web.heading import Heading, own_path
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

HINT_AFTER = 3
"""Failures after which a tenant may have the page mention messages of administrators."""


def _form(data: dict[str, str] | None = None, hint: str = "") -> Form:
    username = (data or {}).get("username", hint)
    return Form([
        Field("username", gettext_lazy("Username"), autocomplete="username",
              required=gettext_lazy("Username cannot be empty."), focus=not username),
        Field("password", gettext_lazy("Password"), "password", autocomplete="current-password",
              required=gettext_lazy("Password cannot be empty."), focus=bool(username)),
    ], data, {"username": hint})


@require_http_methods(["GET", "POST"])
def login(request: Asked) -> HttpResponse:
    """The sign-in page. Every failure is the same sentence, with status 200: managers then offer to correct the password."""
    if request.method != "POST":
        goal = own_path(request.GET.get("next", ""))
        if request.by.account_id is not None and request.GET.get("prompt") != "login":
            return see_other(goal or reverse("myaccount"))
        application = heading.of(request, goal)
        return _shown(request, _form(hint=application.hint if application else ""), goal, application)
    form, goal, failures = _form(request.POST.dict()), own_path(request.POST.get("next", "")), _failures(request)
    if not form.check_required():
        return _page(request, form, goal, failures)
    try:
        return _let_in(request, form, goal)
    except WrongCredentials as refusal:
        form.sentence = _(refusal.sentence)
        return _page(request, form, goal, failures + 1)
    except Throttled as refusal:
        form.sentence = waiting.sentence(refusal)
        return waiting.told(_page(request, form, goal, failures), refusal)


def _let_in(request: Asked, form: Form, goal: str) -> HttpResponse:
    """Raises WrongCredentials, Throttled. A one-time code in place of the password leads to the form that sets a new one."""
    done = sign_in(house(), request.tenant, form.text("username"), form.text("password"), network=request.network,
                   agent=request.headers.get("User-Agent", ""), now=now(), by_path=request.path.startswith("/t/"), goal=goal,
                   before=request.by)
    return flow.open_form(request, done) if isinstance(done, Opened) else _welcome(request, done, goal)


def _failures(request: Asked) -> int:
    """How often this form failed, as it says itself: it decides about a hint and nothing else."""
    said = request.POST.get("failures", "")
    return int(said) if said in {"1", "2", "3"} else 0


def _page(request: Asked, form: Form, goal: str, failures: int = 0) -> HttpResponse:
    return _shown(request, form, goal, heading.of(request, goal), failures)


def _shown(request: Asked, form: Form, goal: str, application: Heading | None, failures: int = 0) -> HttpResponse:
    policy = effective(house(), request.tenant)
    failures = min(failures, HINT_AFTER) if policy.on(RECOVERY_HINT) else 0
    response = render(request, "pages/login.html", {
        "form": form, "next": goal, "failures": failures, "hint": failures == HINT_AFTER, "recoverable": bool(policy.recovery_methods),
        "application": application, "again": request.by.account_id is not None,
    })
    if application is not None:
        heading.let_through(response, application.origin)
        heading.remember(request, response, goal)
    return response


def _welcome(request: Asked, signed_in: SignedIn, goal: str) -> HttpResponse:
    if signed_in.tenant.id != request.tenant.id:
        response = see_other(f"/t/{signed_in.tenant.domain}/myaccount/" if signed_in.tenant.domain != SUPER_TENANT else "/myaccount/")
    else:
        response = see_other(goal or reverse("myaccount"))
    cookies.SESSION.put(response, signed_in.token)
    cookies.HEADING.clear(response)
    return response


@require_http_methods(["GET", "POST"])
def logout(request: Asked) -> HttpResponse:
    """GET asks, so that no foreign page or link can sign somebody out; POST does it."""
    if request.by.account_id is None:
        return see_other(reverse("login"))
    if request.method != "POST":
        return render(request, "pages/logout.html")
    sessions.sign_out(request.by, now())
    response = see_other(reverse("login") + "?done=signed-out")
    cookies.SESSION.clear(response)
    return response


@require_POST
def language(request: Asked) -> HttpResponse:
    """Remember the language of this browser for a year."""
    # The answer to a form has no address to come back to
    onwards = heading.remembered(request) if request.by.account_id is None else ""
    back = flow.sign_in_at(request, onwards) if onwards else reverse("home")
    response = see_other(own_path(request.POST.get("next", "")) or back)
    chosen = nearest(request.POST.get("language", ""))
    if chosen:
        languages.remember(response, chosen)
    return response
