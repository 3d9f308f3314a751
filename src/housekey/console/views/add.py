"""Add a user: invite her to set her own password, or set one for her."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from housekey.console.views.fields import profile_fields, refuse
from housekey.core.errors import Invalid, PasswordRefused
from housekey.core.names import PRIMARY, UserName
from housekey.core.passwords import PasswordRules
from housekey.core.policy import ENABLE, MAX_LENGTH, MIN_LENGTH, OFFER_ASK_PASSWORD, Policy
from housekey.core.principal import CONSOLE, USER_CREATE
from housekey.core.users import Email, NewUser, Profile, User
from housekey.operations import users
from housekey.operations.policies import effective
from housekey.web.forms import Field, Form
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

DOMAINS = (PRIMARY,)
"""The user stores that can be written to."""


def _form(data: dict[str, str] | None = None) -> Form:
    username = Field("username", gettext_lazy("Username"), required=gettext_lazy("Username is a required field."), limit=255,
                     focus=data is None, hint=gettext_lazy("What the user signs in with. It cannot be changed later."))
    return Form([
        username, *profile_fields(),
        Field("password", gettext_lazy("New password"), "password", autocomplete="new-password", rules="password-rules"),
        Field("password2", gettext_lazy("Confirm password"), "password", autocomplete="new-password"),
    ], data)


def _why_not(policy: Policy) -> str:
    """Why users cannot be invited here, or `""`."""
    if not policy.on(ENABLE):
        return _("Inviting users is switched off.")
    return "" if policy.on(OFFER_ASK_PASSWORD) else _("The console is set to not offer the invitation.")


def _check(form: Form, invite: bool) -> bool:
    form.check_required()
    if invite and not form.text("mail"):
        form.fail("mail", _("An invitation needs an e-mail address to go to."))
    if not invite and not form.text("password"):
        form.fail("password", _("Please type a password."))
    elif not invite and form.text("password") != form.text("password2"):
        form.fail("password2", _("The two passwords are not the same."))
    return not form.failed


def _create(request: Asked, form: Form, domain: str, invite: bool) -> User:
    mail = form.text("mail")
    profile = Profile(form.text("given"), form.text("family"), (Email(mail, primary=True),) if mail else ())
    new = NewUser(UserName(domain, form.text("username")), profile, None if invite else form.text("password"), invite)
    return users.create(house(), request.by, new, now())


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, USER_CREATE)
def add(request: Asked) -> HttpResponse:
    policy = effective(house(), request.tenant)
    why_not = _why_not(policy)
    form = _form(request.POST.dict() if request.method == "POST" else None)
    broken: tuple[str, ...] = ()
    invite = not why_not and request.POST.get("method", "invite") == "invite"
    domain = request.POST.get("domain", PRIMARY)
    if request.method == "POST":
        try:
            if domain not in DOMAINS:
                form.fail("", _("Choose one of the domains in the list."))
            if _check(form, invite):
                user = _create(request, form, domain, invite)
                return see_other(reverse("console-user", args=[user.id]) + ("?done=user-invited" if invite else "?done=user-added"))
        except PasswordRefused as refusal:
            form.fail("password", _("Please choose another password: see the rules marked below."))
            broken = refusal.rules
        except Invalid as refusal:
            refuse(form, refusal)
    rules = PasswordRules(policy.number(MIN_LENGTH), policy.number(MAX_LENGTH)).shown()
    return render(request, "console/add_user.html", {
        "form": form, "invite": invite, "why_not": why_not, "domains": DOMAINS, "rules": rules, "broken": broken,
    })
