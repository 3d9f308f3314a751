"""Editing one user: profile and roles, and a password set by an administrator."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from housekey.console.views.fields import CLAIMS, profile_fields, refuse, written
from housekey.core import claims as local
from housekey.core.errors import Invalid, PasswordRefused, Stale, Unavailable
from housekey.core.principal import CONSOLE, EVERYONE, ROLE_VIEW, USER_UPDATE, USER_VIEW
from housekey.core.users import Changes, User
from housekey.operations import claims, roles, users
from housekey.operations.passwords import rules_for
from housekey.operations.policies import effective
from housekey.web.forms import Field, Form, Words, whole_number
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

_OF_ITS_OWN = frozenset({*CLAIMS.values(), local.LOCAL})
"""Claims that the form has a field for anyway, and the older name of one of them."""


@dataclass(frozen=True, slots=True)
class RoleBox:
    """One role to give or take. `why` says why it cannot be changed here, `""` if it can."""

    name: str
    ticked: bool
    why: Words = ""


def _more(request: Asked) -> dict[str, Field]:
    """Further attributes that profiles show and that can be written, by claim."""
    return {
        claim.uri: Field("claim-" + claim.uri.rpartition("/")[2], _(claim.display_name), limit=local.MOST_TEXT)
        for claim in claims.supported(request.tenant)
        if not (claim.read_only or claim.identity or claim.uri in local.INSTRUCTIONS | _OF_ITS_OWN)
    }


def _role_boxes(request: Asked, user: User) -> list[RoleBox]:
    if not request.by.may(ROLE_VIEW):
        return []
    beyond = gettext_lazy("This role allows more than you may do yourself.")
    ticked = set(request.POST.getlist("roles")) if request.method == "POST" else set(user.roles)
    return [
        RoleBox(role.name, role.name in (ticked if set(role.permissions) <= request.by.permissions else user.roles),
                "" if set(role.permissions) <= request.by.permissions else beyond)
        for role in roles.listing(request.by) if role.name != EVERYONE
    ]


def _apply_roles(request: Asked, user: User) -> None:
    """Only roles that the form showed are given or taken. Raises Invalid, NotPermitted."""
    ticked, offered = set(request.POST.getlist("roles")), set(request.POST.getlist("role-shown"))
    given, taken = sorted(offered & ticked - set(user.roles)), sorted(offered & set(user.roles) - ticked)
    if given or taken:
        roles.update(request.by, user.id, taken=taken, given=given, now=now())


def _save(request: Asked, user: User, form: Form, names: dict[str, str]) -> None:
    profile = written(user.profile, form, names)
    if profile == user.profile:
        return
    users.change(house(), request.by, user.id, Changes(profile=profile, version=_version(request, user)), now())


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, USER_VIEW, USER_UPDATE)
def edit(request: Asked, user_id: UUID) -> HttpResponse:
    """The profile and the roles. A change by somebody else meanwhile is told, and what was typed stays."""
    user = users.get(request.by, user_id, now=now())
    more = _more(request)
    names = CLAIMS | {field.name: uri for uri, field in more.items()}
    fields = [*profile_fields(), Field("locale", gettext_lazy("Language"), limit=local.MOST_LOCALE), *more.values()]
    known = {name: local.value_of(user, uri) for name, uri in names.items()}
    form = Form(fields, request.POST.dict() if request.method == "POST" else None, known)
    if request.method == "POST":
        try:
            _save(request, user, form, names)
            user = users.get(request.by, user_id)
            _apply_roles(request, user)
            return see_other(reverse("console-user", args=[user_id]) + "?done=changed")
        except Stale:
            form.sentence = _("Somebody else changed this user meanwhile. Compare with the user's page and save again.")
        except Unavailable as refusal:
            form.fail("", _(refusal.sentence))
        except Invalid as refusal:
            refuse(form, refusal, names)
    locale = form.fields["locale"].value
    return render(request, "console/edit_user.html", {
        "form": form, "user": user, "boxes": _role_boxes(request, user), "more": [field.name for field in more.values()],
        "locale": locale, "other_locale": "" if locale in dict(settings.LANGUAGES) else locale,
    })


def _version(request: Asked, user: User) -> int:
    return whole_number(request.POST.get("version", ""), user.version)


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, USER_VIEW, USER_UPDATE)
def set_password(request: Asked, user_id: UUID) -> HttpResponse:
    """A password chosen by the administrator: ends whatever is pending. Raises NotFound, NotPermitted, Invalid."""
    user = users.get(request.by, user_id)
    if user.id == request.by.account_id:
        raise Invalid(_("This is your own account: change your password in My Account."))
    form = Form([
        Field("password", gettext_lazy("New password"), "password", autocomplete="new-password", rules="password-rules",
              required=gettext_lazy("Please type a password.")),
        Field("password2", gettext_lazy("Confirm password"), "password", autocomplete="new-password",
              required=gettext_lazy("Please type the password a second time.")),
    ], request.POST.dict() if request.method == "POST" else None)
    broken: tuple[str, ...] = ()
    if request.method == "POST" and form.check_required():
        try:
            if form.text("password") != form.text("password2"):
                form.fail("password2", _("The two passwords are not the same."))
            else:
                users.change(house(), request.by, user_id, Changes(password=form.text("password")), now())
                return see_other(reverse("console-user", args=[user_id]) + "?done=password-set")
        except PasswordRefused as refusal:
            form.fail("password", _("Please choose another password: see the rules marked below."))
            broken = refusal.rules
        except Unavailable as refusal:
            form.fail("", _(refusal.sentence))
        except Invalid as refusal:
            refuse(form, refusal)
    rules = rules_for(house(), request.tenant, effective(house(), request.tenant), user.name)
    return render(request, "console/ask.html", {
        "name": str(user.name), "back": reverse("console-user", args=[user_id]), "form": form,
        "action": reverse("console-set-password", args=[user_id]),
        "question": _("Set a password for %s") % user.name, "rules": rules.shown(), "words": rules.words, "broken": broken,
        "effect": _("You choose the password and tell it to the user yourself. Links and codes that were sent stop working, and the user "
                    "is signed out everywhere. To let the user choose, reset the password or send an invitation instead."),
        "username": str(user.name), "button": _("Set password"), "danger": True,
    })
