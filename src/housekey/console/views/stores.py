"""User stores: the domains that users are in, directories among them: connect one, try it, look through it, take it away."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from housekey.console import states
from housekey.console.store_form import StoreForm, facts, mapping_of
from housekey.core.directories import KINDS, Kind
from housekey.core.errors import Conflict, Invalid, Stale
from housekey.core.principal import CONSOLE, STORE_CREATE, STORE_DELETE, STORE_UPDATE, STORE_VIEW, USER_LIST
from housekey.operations import stores
from housekey.operations.stores import SQL, StoreView
from housekey.web.forms import Field, Form, Words, whole_number
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

KIND_NAMES: Mapping[str, Words] = {
    "ldap": KINDS["ldap"], "ad": KINDS["ad"], SQL: gettext_lazy("The server’s own database"),
}
_ABOUT: Mapping[Kind, Words] = {
    "ldap": gettext_lazy("OpenLDAP, 389 Directory Server and others that speak LDAP."),
    "ad": gettext_lazy("Microsoft’s directory, with its own way of passwords and of disabled users."),
}
ROUNDS = 20
"""Pieces of users that one request forgets at most."""


def address(domain: str, done: str = "") -> str:
    return reverse("console-store", args=[domain]) + (f"?done={done}" if done else "")


@require_safe
@needs(CONSOLE, STORE_VIEW)
def listing(request: Asked) -> HttpResponse:
    found = stores.listing(request.by)
    rows = [{"it": view, "kind": KIND_NAMES[view.kind], "badge": states.of_store(view), "found": _found(view)} for view in found]
    return render(request, "console/stores.html", {
        "rows": rows, "none": not any(view.id for view in found), "may_add": request.by.may(STORE_CREATE),
    })


def _found(view: StoreView) -> str:
    """What the last look found, in words."""
    if view.findings.get("error"):
        return str(view.findings["error"])
    words = ((_("seen"), "seen"), (_("new"), "added"), (_("changed"), "changed"), (_("gone"), "gone"), (_("left out"), "left_out"))
    counted = [(word, int(view.findings.get(name) or 0)) for word, name in words]
    return ", ".join(f"{number} {word}" for word, number in counted if number or word == _("seen")) if view.findings else ""


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, STORE_VIEW, STORE_CREATE)
def add(request: Asked) -> HttpResponse:
    """`?kind=` is chosen first. POST with `try` shows what a test found, and stores nothing."""
    kind = _kind(request.GET.get("kind", ""))
    if kind is None:
        offered = [{"kind": name, "label": KINDS[name], "about": about} for name, about in _ABOUT.items()]
        return render(request, "console/add_store.html", {"kinds": offered})
    form = StoreForm(request, kind, None)
    if "try" in request.POST:
        return _tried(request, form, "console/add_store.html")
    if request.method == "POST" and form.check_required():
        try:
            made = stores.add(house(), request.by, form.wanted, now())
            return see_other(address(made.domain, "store-added"))
        except Invalid as refusal:
            form.refuse(refusal)
    return render(request, "console/add_store.html", {"form": form, "kind": kind, "label": KINDS[kind]})


def _kind(text: str) -> Kind | None:
    """Raises Http404 for one that there is not."""
    if text not in {"", *KINDS}:
        raise Http404
    return next((kind for kind in KINDS if kind == text), None)


def _tried(request: Asked, form: StoreForm, template: str, more: Mapping[str, object] | None = None) -> HttpResponse:
    """What a test says: a part of the page, for a script that asked for it; else the page with everything as it was typed."""
    tested, part = None, bool(request.headers.get("HX-Request"))
    try:
        tested = stores.test(house(), request.by, form.wanted, domain=form.view.domain if form.view else "")
    except Invalid as refusal:
        form.refuse(refusal, retype=not part)
    told = {"form": form, "kind": form.kind, "label": KINDS[form.kind], "tested": tested, "again": bool(form.text("ConnectionPassword"))}
    return render(request, "console/store_tested.html" if part else template, {**(more or {}), **told, "part": part})


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, STORE_VIEW)
def show(request: Asked, domain: str) -> HttpResponse:
    """A store with its settings. Raises NotFound, NotPermitted."""
    view = stores.get(request.by, domain)
    kind, may_change = _kind("" if view.kind == SQL else view.kind), request.by.may(STORE_UPDATE)
    told = _told(request, view)
    if kind is None or view.managed or not may_change:
        if request.method == "POST":
            request.by.must(STORE_UPDATE)
            raise Invalid(str(told["why"]), field="domain")
        return render(request, "console/store.html", told)
    form = StoreForm(request, kind, view)
    if "try" in request.POST:
        return _tried(request, form, "console/store.html", told | {"version": request.POST.get("version", "")})
    stale = ""
    if request.method == "POST" and form.check_required():
        try:
            stores.change(house(), request.by, view.domain, form.wanted, now(), version=whole_number(request.POST.get("version", ""), -1))
            return see_other(address(view.domain, "store-saved"))
        except Stale as refusal:
            stale = _(refusal.sentence)
        except Invalid as refusal:
            form.refuse(refusal)
    return render(request, "console/store.html", told | {
        "form": form, "kind": kind, "stale": stale, "version": request.POST.get("version", view.version),
    })


def _why(view: StoreView) -> str:
    """Why it is not set up here, `""` if it is."""
    if view.kind == SQL:
        return _("It is in the server’s own database. Which domains there are is set by [user_stores] domains in deployment.toml.")
    return _("PRIMARY is set by [user_store] in deployment.toml. Change it there and start the server again.") if view.managed else ""


def _own(request: Asked, domain: str) -> StoreView:
    """One that is set up here. Raises NotFound, NotPermitted, Invalid."""
    view = stores.get(request.by, domain)
    if why := _why(view):
        raise Invalid(why, field="domain")
    return view


def _told(request: Asked, view: StoreView) -> dict[str, object]:
    by = request.by
    why = _why(view) or ("" if by.may(STORE_UPDATE) else _("You may look at user stores, but not change them."))
    return {
        "store": view, "badge": states.of_store(view), "kind_name": KIND_NAMES[view.kind], "found": _found(view), "why": why,
        "refused": [str(one) for one in view.findings.get("refused", ())][:50], "facts": facts(view),
        "mapping": mapping_of(view, request.tenant), "may_change": by.may(STORE_UPDATE), "may_delete": by.may(STORE_DELETE),
        "may_list": by.may(USER_LIST), "waits": view.due is not None and view.due <= now(),
    }


@require_POST
@needs(CONSOLE, STORE_VIEW, STORE_UPDATE)
def look(request: Asked, domain: str) -> HttpResponse:
    """Have it looked through now. Raises NotFound, NotPermitted, Invalid."""
    stores.look(request.by, domain, now())
    return see_other(address(domain, "store-looking"))


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, STORE_VIEW, STORE_UPDATE)
def switch(request: Asked, domain: str) -> HttpResponse:
    """On or off, after a question. Raises NotFound, NotPermitted, Invalid."""
    view = _own(request, domain)
    if request.method == "POST":
        stores.switch(request.by, domain, not view.enabled, now())
        return see_other(address(view.domain, "store-off" if view.enabled else "store-on"))
    question = _("Switch %s off?") if view.enabled else _("Switch %s on?")
    effect = _("None of its users can sign in, and nothing is asked of the directory. Everything is kept.")
    if not view.enabled:
        effect = _("Its users can sign in again. The whole directory is looked through at once.")
    return render(request, "console/ask.html", {
        "name": view.domain, "back": address(view.domain), "action": reverse("console-switch-store", args=[view.domain]),
        "question": question % view.domain, "effect": effect, "danger": view.enabled,
        "button": _("Switch off") if view.enabled else _("Switch on"),
    })


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, STORE_VIEW, STORE_DELETE)
def remove(request: Asked, domain: str) -> HttpResponse:
    """Forget its users and take it away, after its name was typed. Raises NotFound, NotPermitted, Invalid."""
    view = _own(request, domain)
    field = Field("domain", gettext_lazy("Domain"), required=gettext_lazy("Type the name of the domain."), limit=64, focus=True,
                  hint=_("Type %s to confirm.") % view.domain)
    form = Form([field], request.POST.dict() if request.method == "POST" else None)
    barred = bool(view.enabled and view.users)
    if request.method == "POST" and form.check_required() and not barred:
        if form.text("domain").upper() != view.domain:
            form.fail("domain", _("This is not the name of the domain."))
        else:
            try:
                if _gone(request, view):
                    return see_other(reverse("console-stores") + "?done=store-removed")
                view = stores.get(request.by, domain)
            except Conflict as refusal:
                form.fail("", _(refusal.sentence))
    return render(request, "console/ask.html", {
        "name": view.domain, "back": address(view.domain), "danger": True, "form": None if barred else form, "barred": barred,
        "action": reverse("console-remove-store", args=[view.domain]), "question": _("Remove the user store %s?") % view.domain,
        "how": ngettext("%s user of it is known here.", "%s users of it are known here.", view.users) % view.users if view.users else "",
        "effect": _("Its users are forgotten here with their roles, groups and pending invitations. The directory itself is not changed. "
                    "This cannot be undone. Many users are forgotten in pieces: confirm again to go on."),
        "why": _("Switch it off first: its users would come back.") if barred else "", "button": _("Forget its users and remove it"),
    })


def _gone(request: Asked, view: StoreView) -> bool:
    """False: there are users left."""
    left = view.users
    for _round in range(ROUNDS):
        if not left:
            break
        left = stores.forget_people(request.by, view.domain, now())
    if not left:
        stores.remove(request.by, view.domain, now())
    return not left
