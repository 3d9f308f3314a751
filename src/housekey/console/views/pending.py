"""What waits for one user: send again, force a reset, give more time, and read a code that is to be passed on."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from housekey.console import deeds as possible
from housekey.console import states
from housekey.console.views import special
from housekey.console.views.handover import handed_over
from housekey.core.errors import FeatureOff, Invalid, WrongCredentials
from housekey.core.policy import Policy
from housekey.core.principal import CODE_CREATE, CONSOLE, OFFLINE_INVITE, USER_VIEW
from housekey.core.scenario import Purpose, of
from housekey.core.users import User
from housekey.operations import onboarding, pending, resets, users
from housekey.operations.policies import effective
from housekey.web.forms import Field, Form
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other


def _back(user_id: UUID, done: str = "") -> str:
    return reverse("console-user", args=[user_id]) + (f"?done={done}" if done else "")


def _ask(request: Asked, user: User, context: dict[str, object], status: int = 200) -> HttpResponse:
    return render(request, "console/ask.html", {"name": str(user.name), "back": _back(user.id), **context}, status=status)


@require_POST
@needs(CONSOLE, USER_VIEW, CODE_CREATE)
def resend(request: Asked, user_id: UUID) -> HttpResponse:
    """Whatever is pending goes out again; somebody without a password and without an invitation gets the first one."""
    user = users.get(request.by, user_id)
    waiting = user.standing.pending
    send = pending.resend if waiting else onboarding.resend
    try:
        issued = send(house(), request.by, user_id, now(), invite=special.asked(request))
    except Invalid as refusal:
        policy = effective(house(), request.tenant)
        return _ask(request, user, {
            "question": _("That did not work"), "action": reverse("console-resend", args=[user_id]), "why": _(refusal.sentence),
            "setting": "console-onboarding" if isinstance(refusal, FeatureOff) else "", "button": _("Try again"),
            "special": None if waiting == "PENDING_EV" else special.shown(request, policy, _purpose(user), user.profile),
        }, 400)
    if issued.code and of(issued.invitation.scenario).method != "OFFLINE":
        return handed_over(request, user, issued.code, "code" if of(issued.invitation.scenario).otp else "link")
    return see_other(_back(user_id, _said(issued.invitation.scenario)))


def _purpose(user: User) -> Purpose:
    return "reset" if user.standing.pending == "PENDING_FUPR" else "invitation"


def _said(scenario: str) -> str:
    """What `?done=` says after a message of this scenario was issued."""
    known = of(scenario)
    if known.purpose == "reset":
        return "reset-offline" if known.method == "OFFLINE" else "reset-sent"
    return "confirmation-sent" if known.purpose == "confirmation" else "invited"


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, USER_VIEW)
def reset(request: Asked, user_id: UUID) -> HttpResponse:
    """GET says what will happen and by which method; POST does it. Raises NotFound, NotPermitted."""
    user, policy = users.get(request.by, user_id), effective(house(), request.tenant)
    if request.method == "POST":
        try:
            issued = resets.force(house(), request.by, user_id, now(), invite=special.asked(request))
        except Invalid as refusal:
            return _reset_page(request, user, policy, _(refusal.sentence), off=isinstance(refusal, FeatureOff), status=400)
        if issued.code:
            return handed_over(request, user, issued.code, "code" if of(issued.invitation.scenario).otp else "link")
        return see_other(_back(user_id, _said(issued.invitation.scenario)))
    return _reset_page(request, user, policy)


def _reset_page(request: Asked, user: User, policy: Policy, why: str = "", *, off: bool = False, status: int = 200) -> HttpResponse:
    by = request.by
    deed = possible.deeds(by, user, policy, None, governance=house().config.governance).reset
    scenario = possible.method_for(policy, "reset", user.profile)
    method = states.METHODS[scenario.method] if scenario else _("Off")
    if scenario and scenario.method == "OFFLINE":
        method = _("by a code that somebody passes on in person")
    return _ask(request, user, {
        "question": _("Reset the password of %s?") % user.name, "action": reverse("console-reset-user", args=[user.id]),
        "effect": _("The present password stops working at once, and the user is signed out everywhere. The account opens again when the "
                    "user has chosen a new password. Nobody but the user will know it."),
        "how": _("How the user gets in: %s") % method, "why": why or deed.why,
        "setting": "console-reset" if off else deed.setting, "barred": bool(deed.setting) or not deed.offered or scenario is None,
        "special": special.shown(request, policy, "reset", user.profile) if scenario else None,
        "button": _("Reset Password"), "danger": True,
    }, status)


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, USER_VIEW, CODE_CREATE)
def extend(request: Asked, user_id: UUID) -> HttpResponse:
    """A new end for the pending code. Nothing is sent. Raises NotFound, NotPermitted."""
    user = users.get(request.by, user_id)
    form = Form([Field("minutes", gettext_lazy("Minutes from now"), "number", value="1440",
                       hint=gettext_lazy("A day has 1440 minutes, a week 10080. -1 means it never expires."),
                       required=gettext_lazy("Please type a number of minutes."))],
                request.POST.dict() if request.method == "POST" else None)
    if request.method == "POST" and form.check_required():
        try:
            onboarding.extend(house(), request.by, user_id, int(form.text("minutes")[:8]), now())
            return see_other(_back(user_id, "extended"))
        except ValueError:
            form.fail("minutes", _("Please type a whole number of minutes."))
        except Invalid as refusal:
            form.fail("minutes" if refusal.field == "expiryTime" else "", _(refusal.sentence))
    return _ask(request, user, {
        "question": _("Give %s more time?") % user.name, "action": reverse("console-extend", args=[user_id]), "form": form,
        "effect": _("The link or code that was sent stays the same and can be used until the new end. Nothing is sent."),
        "button": _("Extend"),
    })


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, USER_VIEW, OFFLINE_INVITE)
def reveal(request: Asked, user_id: UUID) -> HttpResponse:
    """The code to pass on, for an administrator who proves again who she is. Raises Throttled, NotFound, NotPermitted."""
    user = users.get(request.by, user_id)
    form = Form([Field("password", gettext_lazy("Your own password"), "password", autocomplete="current-password", focus=True,
                       required=gettext_lazy("Please type your own password."))],
                request.POST.dict() if request.method == "POST" else None)
    if request.method == "POST" and form.check_required():
        try:
            return handed_over(request, user, resets.reveal(house(), request.by, user_id, form.text("password"), now()), "code")
        except WrongCredentials:
            form.fail("password", _("That is not your password. Please try again."))
    return _ask(request, user, {
        "question": _("Show the one-time password of %s?") % user.name, "action": reverse("console-reveal", args=[user_id]), "form": form,
        "effect": _("Whoever knows the code can choose this user’s new password. That you looked is written to the audit log."),
        "username": request.by.name, "button": _("Show the code"),
    })
