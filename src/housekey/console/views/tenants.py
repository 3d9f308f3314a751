"""Tenants: the organisations that share this server. Only in the console of the default tenant."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from housekey.console.listing import SIZE, Pager, page_number
from housekey.console.states import TENANTS
from housekey.core.errors import Conflict, Invalid, WrongCredentials
from housekey.core.names import MAX_USERNAME
from housekey.core.principal import CONSOLE, TENANT_CREATE, TENANT_DELETE, TENANT_UPDATE, TENANT_VIEW
from housekey.operations import tenant_owners, tenant_removal, tenants
from housekey.operations.tenant_owners import NewTenant, Owner
from housekey.operations.tenants import TenantView
from housekey.web.forms import Field, Form, Words
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

WAYS: tuple[tuple[str, Words, Words], ...] = (
    ("mail", gettext_lazy("Invite via email"), gettext_lazy("An e-mail with a link to set the password goes to the address.")),
    ("offline", gettext_lazy("Invite offline"), gettext_lazy("Nothing is sent. You will see a link once, to hand over in person.")),
)
_FIELDS = {"userName": "username", "emails[0]": "mail", "name.givenName": "given", "name.familyName": "family"}


def address(tenant_id: int, done: str = "") -> str:
    return reverse("console-tenant", args=[tenant_id]) + (f"?done={done}" if done else "")


@require_safe
@needs(CONSOLE, TENANT_VIEW)
def listing(request: Asked) -> HttpResponse:
    """`?q=`, `?status=` and `?page=` are the whole state of the list."""
    by, number = request.by, page_number(request.GET)
    words, status = request.GET.get("q", "").strip()[:200], request.GET.get("status", "")
    status = status if status in TENANTS else ""
    found = tenants.search(by, search=words, state=status, offset=(number - 1) * SIZE, limit=SIZE)
    return render(request, "console/tenants.html", {
        "rows": [{"tenant": one, "badge": TENANTS[one.state]} for one in found.tenants], "pager": Pager(number, found.total),
        "search": words, "status": status, "statuses": TENANTS, "may_add": by.may(TENANT_CREATE),
    })


def _name_field(value: str = "", hint: Words = "") -> Field:
    return Field("name", gettext_lazy("Organisation name"), limit=tenants.MAX_NAME, value=value, hint=hint)


def _add_form(data: dict[str, str] | None) -> Form:
    return Form([
        Field("domain", gettext_lazy("Tenant domain"), required=gettext_lazy("Please type a domain for the tenant."), limit=253,
              focus=data is None, hint=gettext_lazy("For example acme.example. It stands in every address and cannot be changed later.")),
        _name_field(hint=gettext_lazy("What its people read on pages and in e-mails. It can be changed later.")),
        Field("username", gettext_lazy("Username"), required=gettext_lazy("Username is a required field."), limit=MAX_USERNAME,
              hint=gettext_lazy("What the administrator signs in with.")),
        Field("mail", gettext_lazy("Email Address"), "email", limit=254),
        Field("given", gettext_lazy("First Name"), limit=255),
        Field("family", gettext_lazy("Last Name"), limit=255),
    ], data)


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, TENANT_VIEW, TENANT_CREATE)
def add(request: Asked) -> HttpResponse:
    form = _add_form(request.POST.dict() if request.method == "POST" else None)
    way = "offline" if request.POST.get("way") == "offline" else "mail"
    if request.method == "POST" and _complete(form, way):
        try:
            return _added(request, _make(request, form, way))
        except Invalid as refusal:
            _refuse(form, refusal)
    ways = [{"value": value, "label": label, "hint": hint, "chosen": value == way} for value, label, hint in WAYS]
    return render(request, "console/add_tenant.html", {"form": form, "ways": ways}, status=400 if form.failed else 200)


def _complete(form: Form, way: str) -> bool:
    form.check_required()
    if way == "mail" and not form.text("mail"):
        form.fail("mail", _("An invitation needs an e-mail address to go to."))
    return not form.failed


def _make(request: Asked, form: Form, way: str) -> NewTenant:
    owner = Owner(form.text("username"), form.text("mail"), form.text("given"), form.text("family"), by_mail=way == "mail")
    return tenant_owners.add(house(), request.by, form.text("domain"), form.text("name"), owner, now())


def _refuse(form: Form, refusal: Invalid) -> None:
    if isinstance(refusal, Conflict) and refusal.field == "domain":
        form.fail("domain", _("There is a tenant with this domain already, or it is still being deleted."))
    elif refusal.field == "domain":
        form.fail("domain", _("Use letters, digits and dashes with at least one dot, such as acme.example."))
    else:
        form.fail(_FIELDS.get(refusal.field, refusal.field), _(refusal.sentence))


def _added(request: Asked, made: NewTenant) -> HttpResponse:
    if not made.link:
        return see_other(address(made.tenant.id, "tenant-added"))
    response = render(request, "console/tenant_link.html", {"made": made, "back": address(made.tenant.id)})
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@needs(CONSOLE, TENANT_VIEW)
def show(request: Asked, tenant_id: int) -> HttpResponse:
    """Raises NotFound, NotPermitted."""
    return _page(request, tenants.get(request.by, tenant_id))


def _page(request: Asked, tenant: TenantView, form: Form | None = None) -> HttpResponse:
    by = request.by
    base = house().config.base_url
    return render(request, "console/tenant.html", {
        "tenant": tenant, "badge": TENANTS[tenant.state], "form": form or Form([_name_field(tenant.name)]),
        "console": f"{base}/t/{tenant.domain}/console/", "sign_in": f"{base}/t/{tenant.domain}/myaccount/",
        "may_change": by.may(TENANT_UPDATE), "may_delete": by.may(TENANT_DELETE),
    }, status=400 if form else 200)


@require_POST
@needs(CONSOLE, TENANT_VIEW, TENANT_UPDATE)
def rename(request: Asked, tenant_id: int) -> HttpResponse:
    form = Form([_name_field()], request.POST.dict())
    try:
        tenants.rename(request.by, tenant_id, form.text("name"), now())
        return see_other(address(tenant_id, "tenant-renamed"))
    except Invalid as refusal:
        form.fail("name" if refusal.field == "name" else "", _(refusal.sentence))
    return _page(request, tenants.get(request.by, tenant_id), form)


@require_POST
@needs(CONSOLE, TENANT_VIEW, TENANT_UPDATE)
def resume(request: Asked, tenant_id: int) -> HttpResponse:
    """Raises NotFound, NotPermitted, Invalid for one that is being deleted."""
    tenants.resume(request.by, tenant_id, now())
    return see_other(address(tenant_id, "tenant-resumed"))


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, TENANT_VIEW, TENANT_UPDATE)
def suspend(request: Asked, tenant_id: int) -> HttpResponse:
    """GET asks; POST does it. Raises NotFound, NotPermitted, Invalid for the default tenant."""
    tenant = tenants.get(request.by, tenant_id)
    if request.method == "POST":
        tenants.suspend(request.by, tenant_id, now())
        return see_other(address(tenant_id, "tenant-suspended"))
    return _ask(request, tenant, {
        "question": _("Suspend the tenant %s?") % tenant.domain, "action": reverse("console-suspend-tenant", args=[tenant_id]),
        "how": _users(tenant), "button": _("Suspend tenant"),
        "effect": _("Nobody can sign in or use a program there, links stop working, and nothing is sent or worked on, at once. Nothing is "
                    "lost: when you resume it, everything goes on. Links and codes expire meanwhile as they would otherwise."),
    })


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, TENANT_VIEW, TENANT_DELETE)
def delete(request: Asked, tenant_id: int) -> HttpResponse:
    """For somebody who types its name and her own password. Raises Throttled, NotFound, NotPermitted, Invalid for the default tenant."""
    tenant = tenants.get(request.by, tenant_id)
    form = Form([
        Field("typed", gettext_lazy("The tenant’s domain, to show that you mean this one"), limit=253,
              required=gettext_lazy("Please type the tenant’s domain.")),
        Field("password", gettext_lazy("Your own password"), "password", autocomplete="current-password",
              required=gettext_lazy("Please type your own password.")),
    ], request.POST.dict() if request.method == "POST" else None)
    if request.method == "POST" and form.check_required():
        try:
            tenant_removal.begin_proved(request.by, tenant_id, form.text("typed"), form.text("password"), now())
            return see_other(reverse("console-tenants") + "?done=tenant-deleted")
        except WrongCredentials:
            form.fail("password", _("That is not your password. Please try again."))
        except Invalid as refusal:
            form.fail(refusal.field, _("That is not the domain of this tenant.") if refusal.field == "typed" else _(refusal.sentence))
    return _ask(request, tenant, {
        "question": _("Delete the tenant %s?") % tenant.domain, "action": reverse("console-delete-tenant", args=[tenant_id]),
        "how": _users(tenant), "button": _("Delete tenant"), "form": form, "username": request.by.name,
        "effect": _("Its users, groups, roles, clients, messages, settings, texts and its audit log are deleted for good. The tenant "
                    "ends at once; what is in it goes bit by bit in the background. This cannot be undone."),
    }, status=400 if form.failed else 200)


def _users(tenant: TenantView) -> str:
    size = max(0, tenant.users)
    return ngettext("It has %s user.", "It has %s users.", size) % size


def _ask(request: Asked, tenant: TenantView, context: dict[str, Any], status: int = 200) -> HttpResponse:
    told = {"name": tenant.domain, "back": address(tenant.id), "danger": True, **context}
    return render(request, "console/ask.html", told, status=status)
