"""From the link in a mail to a password: open the link, show the form, take the password.

Looking never spends: HEAD writes nothing, GET exchanges the code for this browser's ticket and moves on to an address that
carries no secret. Only a password that was accepted ends the code.
"""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from housekey.core.errors import DeadCode, Invalid, PasswordRefused, PasswordUsedBefore, Unavailable
from housekey.operations import forgotten, recovery
from housekey.operations.recovery import PasswordForm
from housekey.pages import dead, flow
from housekey.pages.views import waiting
from housekey.web import cookies, heading
from housekey.web.forms import Field, Form
from housekey.web.house import house, now
from housekey.web.refusals import bad_request
from housekey.web.request import Asked
from housekey.web.responses import see_other


@require_safe
def open_link(request: Asked) -> HttpResponse:
    """The address in the mail. Scanners send HEAD: they get an empty 200 and change nothing."""
    codes = request.GET.getlist("confirmation")
    if len(codes) > 1:
        return bad_request(request, ValueError("confirmation was given more than once"))
    if request.method == "HEAD":
        return HttpResponse()
    code = codes[0] if codes else ""
    given = request.GET.get("callback") or request.GET.get("redirect_uri", "")
    try:
        token = recovery.open_link(house(), request.tenant, code, now(), goal=given, otherwise=flow.goal(request))
    except DeadCode as refusal:
        return dead.page(request, refusal, code)
    response = see_other(reverse("set-password"))
    cookies.TICKET.put(response, token)
    return response


@require_POST
def ask_again(request: Asked) -> HttpResponse:
    """The holder of a dead link asks for a new one. The answer is the same for every link, real or not."""
    forgotten.ask_again(house(), request.tenant, request.POST.get("code", "")[:200], request.network, now())
    return render(request, "pages/asked.html", {"next": flow.goal(request)})


def _fields(data: dict[str, str] | None = None) -> Form:
    return Form([
        Field("reset-password", gettext_lazy("New password"), "password", autocomplete="new-password", rules="reset-password-rules",
              required=gettext_lazy("Please type a password."), focus=data is None),
        Field("reset-password2", gettext_lazy("Confirm password"), "password", autocomplete="new-password",
              required=gettext_lazy("Please type the password a second time.")),
    ], data)


def _page(request: Asked, shown: PasswordForm, form: Form, broken: tuple[str, ...] = ()) -> HttpResponse:
    heading = _("Set Password") if shown.invite else _("Reset Password")
    mark = cookies.mark(cookies.TICKET.of(request))
    return render(request, "pages/password.html", {"form": form, "shown": shown, "heading": heading, "broken": broken, "mark": mark})


@require_safe
def show(request: Asked) -> HttpResponse:
    """The form, for the browser that holds a ticket."""
    try:
        shown = recovery.form(house(), request.tenant, cookies.TICKET.of(request), now())
    except DeadCode as refusal:
        return dead.page(request, refusal)
    return _page(request, shown, _fields())


@require_http_methods(["GET", "POST"])
def complete(request: Asked) -> HttpResponse:
    """Take the password. GET (a reload from the address bar) leads back to the form.

    Raises Invalid for a form that was shown for another ticket than the browser holds by now: whose password would that be?
    """
    if request.method != "POST":
        return see_other(reverse("set-password"))
    ticket, form = cookies.TICKET.of(request), _fields(request.POST.dict())
    if ticket and not cookies.marked(ticket, request.POST.get("form", "")):
        raise Invalid("This form belongs to another link. Open the link in the message again.")
    try:
        if form.check_required() and form.text("reset-password") != form.text("reset-password2"):
            form.fail("reset-password2", _("The two passwords are not the same."))
        if form.failed:
            return _page(request, recovery.form(house(), request.tenant, ticket, now()), form)
        done = recovery.set_password(house(), request.tenant, ticket, form.text("reset-password"), request.network, now())
    except PasswordRefused as refusal:
        again = isinstance(refusal, PasswordUsedBefore)
        form.fail("reset-password", _(refusal.sentence) if again else _("Please choose another password: see the rules marked below."))
        return _page(request, recovery.form(house(), request.tenant, ticket, now()), form, refusal.rules)
    except Unavailable as refusal:
        form.fail("", _("Your password could not be set just now. Please wait a moment and try again: your link or code stays good."))
        return waiting.told(_page(request, recovery.form(house(), request.tenant, ticket, now()), form), refusal)
    except DeadCode as refusal:
        return dead.page(request, refusal)
    response = _done(request, done)
    cookies.TICKET.clear(response)
    cookies.WAY.clear(response)
    return response


def _done(request: Asked, done: PasswordForm) -> HttpResponse:
    """Back to where the browser was heading: through the sign-in page to a path of this site, or to an application."""
    # The tenant's list of addresses holds what an administrator typed; only these two kinds may become a link
    application = done.goal if done.goal.startswith(("https://", "http://")) else ""
    onwards = heading.of(request, done.goal)
    # Who uses this browser already may be somebody else: the sign-in page asks her first
    more = {"prompt": "login", "done": "password-ready"} if onwards else {}
    context = {"invite": done.invite, "application": application, "sign_in": flow.sign_in_at(request, done.goal, **more),
               "heading": onwards}
    return render(request, "pages/password_done.html", context)
