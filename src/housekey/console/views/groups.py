"""Groups: the list, one group with its members a page at a time, adding, renaming and deleting one."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from housekey.console.listing import SIZE, Pager, page_number
from housekey.core.errors import Conflict, Invalid, NotFound, Stale
from housekey.core.groups import Group, GroupChanges, NewGroup, split_group
from housekey.core.principal import CONSOLE, GROUP_CREATE, GROUP_DELETE, GROUP_UPDATE, GROUP_VIEW, USER_LIST, USER_VIEW, Principal
from housekey.core.users import User
from housekey.operations import groups, memberships, users
from housekey.web.forms import Field, Form, whole_number
from housekey.web.guards import needs
from housekey.web.house import now
from housekey.web.request import Asked
from housekey.web.responses import see_other

FIRST_MEMBERS = 100
"""Users that can be named while a group is added."""


def address(group_id: UUID, done: str = "", **more: object) -> str:
    query = {"done": done, **more} if done else more
    return reverse("console-group", args=[group_id]) + (f"?{urlencode(query)}" if query else "")


@require_safe
@needs(CONSOLE, GROUP_VIEW)
def listing(request: Asked) -> HttpResponse:
    """`?q=`, `?sort=` and `?page=` are the whole state of the list."""
    by, number = request.by, page_number(request.GET)
    search, descending = request.GET.get("q", "").strip()[:200], request.GET.get("sort") == "-name"
    found = groups.listing(by, groups.Wanted(search=search), offset=(number - 1) * SIZE, limit=SIZE, members=False, descending=descending)
    sizes = memberships.sizes(by, [group.id for group in found.groups])
    return render(request, "console/groups.html", {
        "rows": [{"group": group, "members": sizes.get(group.id, 0)} for group in found.groups], "pager": Pager(number, found.total),
        "search": search, "descending": descending, "may_add": by.may(GROUP_CREATE),
    })


def _name_field(value: str = "", *, focus: bool = False) -> Field:
    return Field("name", gettext_lazy("Group name"), required=gettext_lazy("Please type a name for the group."), limit=255, focus=focus,
                 value=value)


def _add_form(data: dict[str, str] | None = None) -> Form:
    hint = gettext_lazy("User names, one on each line or with commas between them. More can be added later.")
    return Form([_name_field(focus=data is None), Field("members", gettext_lazy("First members"), hint=hint, limit=8000)], data)


def _named(by: Principal, text: str) -> list[User]:
    """The users whose names were typed. Raises Invalid for a name that nobody has, and for too many."""
    names = list(dict.fromkeys(name.strip() for name in text[:8000].replace(",", "\n").splitlines() if name.strip()))
    if len(names) > FIRST_MEMBERS:
        raise Invalid(_("At most %s users at once. Add the others afterwards.") % FIRST_MEMBERS, field="members")
    if names:
        by.must(USER_LIST)
    found = {name: users.find(by, name) for name in names}
    missing = [name for name, user in found.items() if user is None]
    if missing:
        raise Invalid(_("There is no user with the name %s.") % ", ".join(missing[:5])[:200], field="members")
    return [user for user in found.values() if user]


def refuse(form: Form, refusal: Invalid, field: str = "name") -> None:
    """Say on the form what an operation said, under `field` where it is about the name."""
    if isinstance(refusal, Conflict):
        form.fail(field, _("There is already a group with this name. Choose another one."))
        return
    form.fail(field if refusal.field in {"displayName", "name"} else refusal.field, _(refusal.sentence))


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, GROUP_VIEW, GROUP_CREATE)
def add(request: Asked) -> HttpResponse:
    by, form = request.by, _add_form(request.POST.dict() if request.method == "POST" else None)
    if request.method == "POST" and form.check_required():
        try:
            members = tuple(user.id for user in _named(by, form.text("members")))
            made = groups.create(by, NewGroup(split_group(form.text("name")), members), now())
            return see_other(address(made.id, "group-added"))
        except Invalid as refusal:
            refuse(form, refusal)
    return render(request, "console/add_group.html", {"form": form, "may_name": by.may(USER_LIST)}, status=400 if form.failed else 200)


def _member_form(data: dict[str, str] | None = None) -> Form:
    return Form([Field("username", gettext_lazy("Username"), required=gettext_lazy("Username is a required field."), limit=255)], data)


def _page(request: Asked, group: Group, *, rename: Form | None = None, join: Form | None = None, status: int = 200) -> HttpResponse:
    by, number, search = request.by, page_number(request.GET), request.GET.get("q", "").strip()[:200]
    found = memberships.members(by, group.id, search=search, offset=(number - 1) * SIZE, limit=SIZE)
    failed = next((form for form in (rename, join) if form and form.failed), None)
    return render(request, "console/group.html", {
        "group": group, "form": failed, "rename": rename or Form([_name_field(str(group.name))]), "join": join or _member_form(),
        "members": found.members, "pager": Pager(number, found.total), "search": search, "size": memberships.size(by, group.id),
        "may_change": by.may(GROUP_UPDATE) and not group.in_directory, "may_name": by.may(USER_LIST), "may_look": by.may(USER_VIEW),
        "may_delete": by.may(GROUP_DELETE) and not group.in_directory, "undo": None if group.in_directory else _undo(request),
    }, status=status)


def _undo(request: Asked) -> User | None:
    """Who was taken out a moment ago, if she can be put back."""
    by = request.by
    if request.GET.get("done") != "group-left" or not (by.may(USER_LIST) and by.may(GROUP_UPDATE)):
        return None
    try:
        return users.get(by, UUID(request.GET.get("undo", "")), permission=USER_LIST)
    except (ValueError, NotFound):
        return None


@require_safe
@needs(CONSOLE, GROUP_VIEW)
def show(request: Asked, group_id: UUID) -> HttpResponse:
    """`?q=` and `?page=` are about the members. Raises NotFound."""
    return _page(request, groups.get(request.by, group_id, members=False))


@require_POST
@needs(CONSOLE, GROUP_VIEW, GROUP_UPDATE)
def rename(request: Asked, group_id: UUID) -> HttpResponse:
    group = groups.get(request.by, group_id, members=False)
    form = Form([_name_field()], request.POST.dict())
    if form.check_required():
        version = whole_number(request.POST.get("version", ""), group.version)
        try:
            groups.change(request.by, group_id, GroupChanges(name=split_group(form.text("name")), version=version), now(), members=False)
            return see_other(address(group_id, "group-saved"))
        except Stale:
            form.sentence = _("Somebody else changed this group meanwhile. Look at it again and save once more.")
        except Invalid as refusal:
            refuse(form, refusal)
    return _page(request, group, rename=form, status=400)


@require_POST
@needs(CONSOLE, GROUP_VIEW, GROUP_UPDATE, USER_LIST)
def join(request: Asked, group_id: UUID) -> HttpResponse:
    """Put the user named in the form into the group."""
    group, form = groups.get(request.by, group_id, members=False), _member_form(request.POST.dict())
    if form.check_required():
        try:
            user = users.by_name(request.by, form.text("username"), now())
            groups.change(request.by, group_id, GroupChanges(added=frozenset({user.id})), now(), members=False)
            return see_other(address(group_id, "group-joined"))
        except NotFound:
            form.fail("username", _("There is no user with this name."))
        except Invalid as refusal:
            form.fail("username", _(refusal.sentence))
    return _page(request, group, join=form, status=400)


@require_POST
@needs(CONSOLE, GROUP_VIEW, GROUP_UPDATE)
def leave(request: Asked, group_id: UUID, user_id: UUID) -> HttpResponse:
    """Take a user out of the group; the page that follows offers to put her back."""
    groups.change(request.by, group_id, GroupChanges(removed=frozenset({user_id})), now(), members=False)
    return see_other(address(group_id, "group-left", undo=user_id))


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, GROUP_VIEW, GROUP_DELETE)
def delete(request: Asked, group_id: UUID) -> HttpResponse:
    """GET says how many lose it; POST does it. Raises NotFound."""
    group = groups.get(request.by, group_id, members=False)
    if request.method == "POST":
        groups.delete(request.by, group_id, now())
        return see_other(reverse("console-groups") + "?done=group-deleted")
    size = memberships.size(request.by, group_id)
    return render(request, "console/ask.html", {
        "name": str(group.name), "back": address(group_id), "question": _("Delete the group %s?") % group.name, "danger": True,
        "action": reverse("console-delete-group", args=[group_id]), "button": _("Delete group"),
        "how": ngettext("It has %s member.", "It has %s members.", size) % size,
        "effect": _("The users themselves stay, with everything else they have. Programs that go by this group no longer find it. This "
                    "cannot be undone."),
    })


def offered(by: Principal, most: int) -> tuple[list[Group], int]:
    """The first groups by name that somebody can be put into, and how many there are."""
    if not by.may(GROUP_VIEW):
        return [], 0
    found = groups.listing(by, limit=most, members=False)
    return [group for group in found.groups if not group.in_directory], found.total


def find(by: Principal, text: str) -> UUID:
    """The id of the group of that name. Raises Invalid (field group), NotPermitted."""
    found = memberships.by_name(by, split_group(text))
    if found is None:
        raise Invalid(_("There is no group with the name %s.") % text[:100], field="group")
    return found.id
