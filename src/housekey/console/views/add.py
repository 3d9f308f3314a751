"""Add a user: invite her to set her own password, or set one for her."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from housekey.console.views import special
from housekey.console.views.fields import CLAIMS, profile_fields, refuse, written
from housekey.console.views.handover import handed_over
from housekey.core.errors import Invalid, PasswordRefused
from housekey.core.names import PRIMARY, UserName
from housekey.core.passwords import PasswordRules
from housekey.core.policy import Policy
from housekey.core.principal import CONSOLE, OFFLINE_INVITE, USER_CREATE, Principal
from housekey.core.properties import ENABLE, MAX_LENGTH, MIN_LENGTH, OFFER_ASK_PASSWORD
from housekey.core.scenario import Method, scenario_for
from housekey.core.users import NewUser, Profile, User
from housekey.operations import users
from housekey.operations.policies import effective
from housekey.web.forms import Field, Form, Words
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

WAYS: tuple[tuple[Method, Words, Words], ...] = (
    ("EMAIL_LINK", gettext_lazy("Email with password setup link"), gettext_lazy("An e-mail with a link goes to the address.")),
    ("EMAIL_OTP", gettext_lazy("Email with OTP code"), gettext_lazy("An e-mail with a code to type goes to the address.")),
    ("SMS_OTP", gettext_lazy("SMS with OTP code"), gettext_lazy("A text message with a code to type goes to the mobile number.")),
    ("OFFLINE", gettext_lazy("Invite offline"), gettext_lazy("Nothing is sent. You will see a link once, to hand over in person.")),
)


@dataclass(frozen=True, slots=True)
class Way:
    """One way an invitation can travel, as the page offers it."""

    method: Method
    label: Words
    hint: Words
    chosen: bool
    usual: bool
    why: Words = ""


def _ways(by: Principal, policy: Policy, chosen: Method) -> list[Way]:
    lacking = gettext_lazy("You do not hold this permission yourself.")
    return [Way(method, label, hint, method == chosen, method == policy.invitation_method,
                lacking if method == "OFFLINE" and not by.may(OFFLINE_INVITE) else "") for method, label, hint in WAYS]


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


def _check(form: Form, way: Method | None) -> bool:
    """`way` None: a password is set instead."""
    form.check_required()
    channel = scenario_for("invitation", way).channel if way else ""
    if channel == "EMAIL" and not form.text("mail"):
        form.fail("mail", _("An invitation needs an e-mail address to go to."))
    if channel == "SMS" and not form.text("mobile"):
        form.fail("mobile", _("An invitation by text message needs a mobile number to go to."))
    if not way and not form.text("password"):
        form.fail("password", _("Please type a password."))
    elif not way and form.text("password") != form.text("password2"):
        form.fail("password2", _("The two passwords are not the same."))
    return not form.failed


def _create(request: Asked, form: Form, domain: str, way: Method | None, policy: Policy) -> User:
    profile = written(Profile(), form, CLAIMS)
    method = way if way != policy.invitation_method else None
    invite = replace(special.asked(request), method=method)
    new = NewUser(UserName(domain, form.text("username")), profile, None if way else form.text("password"), way is not None, invite=invite)
    return users.create(house(), request.by, new, now())


def _way(request: Asked, policy: Policy) -> Method:
    return next((method for method, _label, _hint in WAYS if method == request.POST.get("how")), policy.invitation_method)


def _added(request: Asked, user: User, way: Method | None) -> HttpResponse:
    """Where to go on: to the user's page, or by way of what has to be passed on."""
    if user.code:
        return handed_over(request, user, user.code, "link" if way in {"OFFLINE", "EMAIL_LINK"} else "code")
    return see_other(reverse("console-user", args=[user.id]) + ("?done=user-invited" if way else "?done=user-added"))


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, USER_CREATE)
def add(request: Asked) -> HttpResponse:
    policy = effective(house(), request.tenant)
    why_not = _why_not(policy)
    form = _form(request.POST.dict() if request.method == "POST" else None)
    broken: tuple[str, ...] = ()
    invite = not why_not and request.POST.get("method", "invite") == "invite"
    way = _way(request, policy)
    domain = request.POST.get("domain", PRIMARY)
    if request.method == "POST":
        try:
            if domain not in users.domains(request.by):
                form.fail("", _("Choose one of the domains in the list."))
            if _check(form, way if invite else None):
                user = _create(request, form, domain, way if invite else None, policy)
                return _added(request, user, way if invite else None)
        except PasswordRefused as refusal:
            form.fail("password", _("Please choose another password: see the rules marked below."))
            broken = refusal.rules
        except Invalid as refusal:
            refuse(form, refusal)
    rules = PasswordRules(policy.number(MIN_LENGTH), policy.number(MAX_LENGTH)).shown()
    return render(request, "console/add_user.html", {
        "form": form, "invite": invite, "why_not": why_not, "domains": users.domains(request.by), "domain": domain,
        "rules": rules, "broken": broken,
        "ways": _ways(request.by, policy, way), "special": special.shown(request, policy, "invitation", methods=False),
    })
