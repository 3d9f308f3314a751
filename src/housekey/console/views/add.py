"""Add a user: invite her to set her own password, or set one for her."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from housekey.console.views import special
from housekey.console.views.fields import CLAIMS, profile_fields, refuse, written
from housekey.console.views.groups import find, offered
from housekey.console.views.handover import handed_over
from housekey.core.errors import Conflict, Invalid, PasswordRefused, Unavailable
from housekey.core.groups import Group
from housekey.core.names import PRIMARY, UserName
from housekey.core.passwords import PasswordRules
from housekey.core.policy import Policy
from housekey.core.principal import CONSOLE, GOVERNANCE_VIEW, GROUP_UPDATE, OFFLINE_INVITE, USER_CREATE, Principal
from housekey.core.properties import ENABLE, MAX_LENGTH, MIN_LENGTH, OFFER_ASK_PASSWORD
from housekey.core.scenario import Method, scenario_for
from housekey.core.users import NewUser, Profile, User
from housekey.operations import domains, groups, users
from housekey.operations.policies import effective
from housekey.web.forms import Field, Form, Words
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

WAYS: tuple[tuple[Method, Words, Words], ...] = (
    ("EMAIL_LINK", gettext_lazy("Invite via email"), gettext_lazy("An e-mail with a link to set the password goes to the address.")),
    ("EMAIL_OTP", gettext_lazy("Email with OTP code"), gettext_lazy("An e-mail with a code to type goes to the address.")),
    ("SMS_OTP", gettext_lazy("SMS with OTP code"), gettext_lazy("A text message with a code to type goes to the mobile number.")),
    ("OFFLINE", gettext_lazy("Invite offline"), gettext_lazy("Nothing is sent. You will see a link once, to hand over in person.")),
)


GROUPS_SHOWN = 20
"""Groups that can be ticked; where there are more, the others can be named."""
MOST_GROUPS = 100
"""Groups that one form may name."""


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
        Field("groups-named", gettext_lazy("Further groups"), limit=2000, hint=gettext_lazy("Their names, with commas between them.")),
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
    wanted, at = _wanted_groups(request, form), now()
    return users.create(house(), request.by, new, at, also=lambda user: groups.enter(request.by, user.id, wanted, at))


def _wanted_groups(request: Asked, form: Form) -> list[UUID]:
    """The groups that were ticked and those whose names were typed. Raises Invalid."""
    found = []
    for text in request.POST.getlist("groups")[:MOST_GROUPS]:
        try:
            found.append(UUID(text))
        except ValueError:
            raise Invalid(_("Choose groups from the list."), field="groups") from None
    names = [name.strip() for name in form.text("groups-named").split(",") if name.strip()][:MOST_GROUPS]
    try:
        return [*found, *(find(request.by, name) for name in names)]
    except Invalid as refusal:
        raise Invalid(refusal.sentence, field="groups-named") from None


@dataclass(frozen=True, slots=True)
class Choice:
    """The groups to tick. `further`: there are more than these, which can be named. `why`: why she cannot be put into any."""

    groups: list[tuple[Group, bool]]
    further: bool
    why: Words = ""


def _groups(request: Asked) -> Choice | None:
    """None where there is nothing to choose or nothing to be seen."""
    found, total = offered(request.by, GROUPS_SHOWN)
    if not total:
        return None
    ticked = set(request.POST.getlist("groups"))
    why = "" if request.by.may(GROUP_UPDATE) else _("You may not change groups. Ask an administrator.")
    return Choice([(group, str(group.id) in ticked) for group in found], total > len(found), why)


@require_safe
@needs(CONSOLE, USER_CREATE)
def check(request: Asked) -> HttpResponse:
    """`?name=` and `?domain=`: can a new user be called so? One sentence, for the page to show beside the field."""
    name, domain = request.GET.get("name", "").strip()[:256], request.GET.get("domain", PRIMARY)[:64]
    free, sentence = False, ""
    try:
        if name:
            users.must_be_free(request.by, UserName(domain, name))
            free, sentence = True, _("This name is free.")
    except Conflict:
        sentence = _("There is already a user with this name. Choose another one.")
    except Invalid as refusal:
        sentence = _(refusal.sentence)
    return JsonResponse({"free": free, "sentence": sentence})


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
            if domain not in domains.for_new_users(request.by)[0]:
                form.fail("", _("Choose one of the domains in the list."))
            if _check(form, way if invite else None):
                user = _create(request, form, domain, way if invite else None, policy)
                return _added(request, user, way if invite else None)
        except PasswordRefused as refusal:
            form.fail("password", _("Please choose another password: see the rules marked below."))
            broken = refusal.rules
        except Unavailable as refusal:
            form.fail("", _(refusal.sentence))
        except Invalid as refusal:
            if refusal.field == "groups-named":
                form.fail(refusal.field, _(refusal.sentence))
            else:
                refuse(form, refusal)
    rules = PasswordRules(policy.number(MIN_LENGTH), policy.number(MAX_LENGTH)).shown()
    open_domains, closed_domains = domains.for_new_users(request.by)
    return render(request, "console/add_user.html", {
        "form": form, "invite": invite, "why_not": why_not, "domains": open_domains, "closed_domains": closed_domains, "domain": domain,
        "rules": rules, "broken": broken, "groups": _groups(request), "may_settings": request.by.may(GOVERNANCE_VIEW),
        "ways": _ways(request.by, policy, way), "special": special.shown(request, policy, "invitation", methods=False),
    })
