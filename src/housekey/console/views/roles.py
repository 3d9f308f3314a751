"""Roles: the list, what each allows, and who is in it. A role's name may hold anything, so it travels in the query."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from housekey.console.labels import GROUPS, LABELS, Boxes, boxes, chosen
from housekey.core.errors import Invalid, NotFound
from housekey.core.principal import (
    ADMINISTRATOR,
    CONSOLE,
    EVERYONE,
    EVERYONE_PERMISSIONS,
    LOGIN,
    ROLE_CREATE,
    ROLE_DELETE,
    ROLE_UPDATE,
    ROLE_VIEW,
    USER_LIST,
    USER_UPDATE,
)
from housekey.operations import roles, users
from housekey.operations.roles import RoleView
from housekey.web.forms import Field, Form, Words
from housekey.web.guards import needs
from housekey.web.house import now
from housekey.web.request import Asked
from housekey.web.responses import see_other

MOST_MEMBERS = 200
"""How many members a role's page shows."""


def _address(name: str, done: str = "") -> str:
    return reverse("console-role") + "?" + urlencode({"name": name} | ({"done": done} if done else {}))


@require_safe
@needs(CONSOLE, ROLE_VIEW)
def listing(request: Asked) -> HttpResponse:
    rows = [{"role": role, "address": _address(role.name), "everyone": role.name == EVERYONE, "login": LOGIN in role.permissions,
             "some": [LABELS[scope] for group in GROUPS for scope in (item.scope for item in group.permissions)
                      if scope in role.permissions and scope != LOGIN][:4],
             "rest": max(0, len(set(role.permissions) - {LOGIN}) - 4)} for role in roles.listing(request.by)]
    return render(request, "console/roles.html", {"rows": rows, "may_add": request.by.may(ROLE_CREATE)})


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, ROLE_VIEW, ROLE_CREATE)
def add(request: Asked) -> HttpResponse:
    name = Field("name", gettext_lazy("Role name"), required=gettext_lazy("Please type a name for the role."), limit=100, focus=True)
    form = Form([name], request.POST.dict() if request.method == "POST" else None)
    ticked = chosen(request.POST.getlist("permissions"), frozenset(), request.by.permissions)
    if request.method == "POST" and form.check_required():
        try:
            made = roles.add(request.by, form.text("name"), ticked, now())
            return see_other(_address(made.name, "role-added"))
        except Invalid as refusal:
            form.fail("name" if refusal.field == "name" else "", _(refusal.sentence))
    return render(request, "console/add_role.html", {"form": form, "groups": boxes(ticked, request.by.permissions)})


def _boxes(request: Asked, role: RoleView, ticked: frozenset[str]) -> list[Boxes]:
    why: Words = ""
    if not request.by.may(ROLE_UPDATE):
        why = _("You may look at roles, but not change them.")
    elif role.name == ADMINISTRATOR:
        why = _("Administrators can do everything: somebody must be able to.")
    only = EVERYONE_PERMISSIONS if role.name == EVERYONE else None
    return boxes(ticked, request.by.permissions, only=only, why=why)


def _page(
    request: Asked, role: RoleView, form: Form | None = None, ticked: frozenset[str] | None = None, status: int = 200
) -> HttpResponse:
    by, everyone = request.by, role.name == EVERYONE
    found = [] if everyone else roles.members(by, role.name, MOST_MEMBERS)
    return render(request, "console/role.html", {
        "role": role, "address": _address(role.name), "everyone": everyone, "administrators": role.name == ADMINISTRATOR,
        "form": form or _member_form(), "groups": _boxes(request, role, frozenset(role.permissions) if ticked is None else ticked),
        "members": found, "more": max(0, role.members - len(found)),
        "may_change": by.may(ROLE_UPDATE) and role.name != ADMINISTRATOR, "may_delete": by.may(ROLE_DELETE),
        "may_give": by.may(USER_UPDATE) and by.may(USER_LIST) and set(role.permissions) <= by.permissions and not everyone,
    }, status=status)


def _member_form(data: dict[str, str] | None = None) -> Form:
    return Form([Field("username", gettext_lazy("Username"), required=gettext_lazy("Username is a required field."), limit=255)], data)


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, ROLE_VIEW)
def show(request: Asked) -> HttpResponse:
    """`?name=`. POST saves the permissions; taking the login permission from everyone asks first. Raises NotFound, NotPermitted."""
    role = roles.get(request.by, request.GET.get("name", ""))
    if request.method != "POST":
        return _page(request, role)
    before = frozenset(role.permissions)
    wanted = chosen(request.POST.getlist("permissions"), before, request.by.permissions)
    if role.name == EVERYONE:
        wanted &= EVERYONE_PERMISSIONS
    if role.name == EVERYONE and LOGIN in before - wanted and request.POST.get("sure") != "yes":
        return _shut_out(request, role, wanted)
    try:
        roles.set_permissions(request.by, role.name, wanted, now())
    except Invalid as refusal:
        form = _member_form()
        form.fail("", _(refusal.sentence))
        return _page(request, role, form, wanted, 400)
    return see_other(_address(role.name, "role-saved"))


def _shut_out(request: Asked, role: RoleView, wanted: frozenset[str]) -> HttpResponse:
    """Who would still get in: the question before everyone loses the login permission."""
    keep = [other for other in roles.listing(request.by) if other.name != role.name and LOGIN in other.permissions]
    return render(request, "console/shut_out.html", {"address": _address(role.name), "keep": keep, "wanted": sorted(wanted)})


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, ROLE_VIEW, ROLE_DELETE)
def delete(request: Asked) -> HttpResponse:
    role = roles.get(request.by, request.GET.get("name", ""))
    refusal: Invalid | None = None
    if request.method == "POST":
        try:
            roles.remove(request.by, role.name, now())
            return see_other(reverse("console-roles") + "?done=role-deleted")
        except Invalid as said:
            refusal = said
    return render(request, "console/ask.html", {
        "name": role.name, "back": _address(role.name), "question": _("Delete the role %s?") % role.name, "danger": True,
        "action": reverse("console-delete-role") + "?" + urlencode({"name": role.name}), "button": _("Delete role"),
        "effect": _("Its members lose what only this role allows, at once. The users themselves stay. This cannot be undone."),
        "why": _(refusal.sentence) if refusal else _("This role belongs to the product.") if role.shipped else "", "barred": role.shipped,
    }, status=400 if refusal else 200)


@require_POST
@needs(CONSOLE, ROLE_VIEW, USER_LIST, USER_UPDATE)
def join(request: Asked) -> HttpResponse:
    """Put the user named in the form into the role."""
    role, form = roles.get(request.by, request.GET.get("name", "")), _member_form(request.POST.dict())
    if form.check_required():
        try:
            roles.grant(request.by, users.by_name(request.by, form.text("username"), now()).id, role.name, now())
            return see_other(_address(role.name, "role-joined"))
        except NotFound:
            form.fail("username", _("There is no user with this name."))
        except Invalid as refusal:
            form.fail("username", _(refusal.sentence))
    return _page(request, role, form, status=400)


@require_POST
@needs(CONSOLE, ROLE_VIEW, USER_UPDATE)
def leave(request: Asked, user_id: UUID) -> HttpResponse:
    """Take a user out of the role."""
    role, form = roles.get(request.by, request.GET.get("name", "")), _member_form()
    try:
        roles.deny(request.by, user_id, role.name, now())
        return see_other(_address(role.name, "role-left"))
    except Invalid as refusal:
        form.fail("", _(refusal.sentence))
    return _page(request, role, form, status=400)
