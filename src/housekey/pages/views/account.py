"""My Account: what matters, who she is, and her security, each at an address of its own."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from housekey.core.errors import NotFound, PasswordRefused, Throttled, WrongCredentials
from housekey.operations import audit, own_password, sessions
from housekey.pages.views import applications, waiting
from housekey.web import cookies
from housekey.web.events import sentences
from housekey.web.forms import Field, Form
from housekey.web.guards import signed_in
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

LATELY = 3
"""Events and applications that the overview shows; the page of security has `audit.mine`'s twenty, that of applications all."""


@require_safe
def home(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view's signature
    return see_other(reverse("myaccount"))


@require_safe
def console(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view's signature
    """Old addresses of the console, and the one without its slash."""
    return see_other(reverse("console-home"))


@require_safe
@signed_in
def overview(request: Asked) -> HttpResponse:
    by = request.by
    return render(request, "pages/account.html", {
        "user": own_password.me(by), "changed": own_password.changed_at(by), "sessions": len(sessions.my_sessions(house(), by, now())),
        "events": sentences(audit.mine(by, LATELY)), "applications": applications.cards(by, LATELY),
    })


def _fields(data: dict[str, str] | None = None) -> Form:
    return Form([
        Field("current-password", gettext_lazy("Current password"), "password", autocomplete="current-password",
              required=gettext_lazy("Please type your current password.")),
        Field("new-password", gettext_lazy("New password"), "password", autocomplete="new-password", rules="new-password-rules",
              required=gettext_lazy("Please type a new password.")),
        Field("confirm-password", gettext_lazy("Confirm password"), "password", autocomplete="new-password",
              required=gettext_lazy("Please type the new password a second time.")),
    ], data)


def _security(request: Asked, form: Form, broken: tuple[str, ...] = (), status: int = 200) -> HttpResponse:
    found = sessions.my_sessions(house(), request.by, now())
    return render(request, "pages/security.html", {
        "form": form, "rules": own_password.password_rules(house(), request.by), "broken": broken,
        "changed": own_password.changed_at(request.by), "sessions": found, "others": len(found) > 1,
        "events": sentences(audit.mine(request.by)),
    }, status=status)


@require_safe
@signed_in
def security(request: Asked) -> HttpResponse:
    return _security(request, _fields())


@require_http_methods(["GET", "POST"])
@signed_in
def change_password(request: Asked) -> HttpResponse:
    """The old password is asked again; the new one gives this browser a fresh session and ends every other."""
    if request.method != "POST":
        return see_other(reverse("security"))
    form = _fields(request.POST.dict())
    if form.check_required() and form.text("new-password") != form.text("confirm-password"):
        form.fail("confirm-password", _("The two passwords are not the same."))
    if form.failed:
        return _security(request, form)
    try:
        token = own_password.change_password(house(), request.by, form.text("current-password"), form.text("new-password"),
                                             agent=request.headers.get("User-Agent", ""), now=now())
    except WrongCredentials:
        form.fail("current-password", _("That is not your current password."))
        return _security(request, form)
    except Throttled as refusal:
        form.sentence = waiting.sentence(refusal)
        return waiting.told(_security(request, form), refusal)
    except PasswordRefused as refusal:
        form.fail("new-password", _("Please choose another password: see the rules marked below."))
        return _security(request, form, refusal.rules)
    response = see_other(reverse("security") + "?done=password-changed")
    cookies.SESSION.put(response, token)
    return response


@require_POST
@signed_in
def end_session(request: Asked, session_id: int) -> HttpResponse:
    """One of her own browsers. Somebody else's looks like one that ended already (A-019)."""
    try:
        sessions.end_session(request.by, session_id, now())
    except NotFound:
        return see_other(reverse("security"))
    return see_other(reverse("security") + "?done=session-ended")


@require_POST
@signed_in
def end_others(request: Asked) -> HttpResponse:
    """Every browser but the one that asks."""
    sessions.end_others(request.by, now())
    return see_other(reverse("security") + "?done=signed-out-others")
