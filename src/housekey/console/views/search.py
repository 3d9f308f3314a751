"""The console's search: pages, settings and actions by their names of today and of yesterday, users and groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from housekey.console import states
from housekey.console.finding import found as pages_found
from housekey.core.principal import CONSOLE, GROUP_VIEW, USER_CREATE, USER_LIST, USER_VIEW
from housekey.operations import groups, users
from housekey.web import shortcuts
from housekey.web.context import NAVIGATION
from housekey.web.forms import Words
from housekey.web.guards import needs
from housekey.web.request import Asked
from housekey.web.templatetags.ui import Badge

LONGEST, FEWEST, MOST = 100, 2, 6
"""Characters that are looked for, characters from which on people are looked for, and hits of each kind."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A line of the answer and where it leads. `where`: what it belongs to."""

    label: Words
    where: Words
    url: str
    icon: str
    badge: Badge | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """Hits of one kind; `more`: where all of them are, if there may be more."""

    heading: Words
    hits: list[Hit] = field(default_factory=list)
    more: str = ""


@require_safe
@needs(CONSOLE)
def show(request: Asked) -> HttpResponse:
    """`?q=`; asked for by htmx, only the hits."""
    words = request.GET.get("q", "").strip()[:LONGEST]
    kinds = [kind for kind in (_pages(request, words), _users(request, words), _groups(request, words)) if kind.hits] if words else []
    part = "console/found.html" if request.headers.get("HX-Request") else "console/search.html"
    return render(request, part, {"kinds": kinds, "words": words})


def _pages(request: Asked, words: str) -> Kind:
    hits = [Hit(one.label, one.where, one.url, "settings") for one in pages_found(request.by, words)]
    return Kind(_("Pages and settings"), hits[:2 * MOST])


def _users(request: Asked, words: str) -> Kind:
    by = request.by
    if len(words) < FEWEST or not (by.may(USER_LIST) and by.may(USER_VIEW)):
        return Kind(_("Users"))
    people = users.suggestions(by, words, most=MOST)
    hits = [Hit(str(user.name), user.profile.full_name, reverse("console-user", args=[user.id]), "user", states.of_user(user.standing))
            for user in people]
    return Kind(_("Users"), hits, f"{reverse('console-users')}?q={quote(words)}" if len(hits) == MOST else "")


def _groups(request: Asked, words: str) -> Kind:
    if len(words) < FEWEST or not request.by.may(GROUP_VIEW):
        return Kind(_("Groups"))
    page = groups.listing(request.by, groups.Wanted(search=words), limit=MOST, members=False)
    hits = [Hit(str(group.name), _("Group"), reverse("console-group", args=[group.id]), "users") for group in page.groups]
    return Kind(_("Groups"), hits, f"{reverse('console-groups')}?q={quote(words)}" if page.total > MOST else "")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(CONSOLE)
def keys(request: Asked) -> HttpResponse:
    """What the keys do, and the switch that turns them off: a cookie of this browser."""
    if request.method == "POST":
        response = HttpResponseRedirect(reverse("console-shortcuts") + "?done=keys")
        shortcuts.remember(response, on=request.POST.get("keys") == "on")
        return response
    doors = {door.name: door.label for door in NAVIGATION if request.by.may(door.permission)}
    added = {"console-add-user": _("Add User"), "console-import": _("Several at once")} if request.by.may(USER_CREATE) else {}
    rows = [(_("Search"), [shortcuts.SEARCH]), (_("This list"), [shortcuts.SHORTCUTS]),
            *((label, shortcuts.KEYS[name].split()) for name, label in (doors | added).items() if name in shortcuts.KEYS)]
    return render(request, "console/shortcuts.html", {"rows": rows, "on": shortcuts.on(request)})
