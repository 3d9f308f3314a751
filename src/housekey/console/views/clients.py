"""Applications: what people sign in to, and programs with a token of their own. A secret is shown once, by the answer that made it."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from housekey.console.application_form import KINDS, ApplicationForm, name_field, told
from housekey.console.configurations import NO_SECRET, filled
from housekey.console.labels import LABELS, boxes, chosen
from housekey.console.listing import SIZE, Pager, page_number
from housekey.core.applications import Application, Kind, origin_of
from housekey.core.errors import Invalid
from housekey.core.names import name_key
from housekey.core.principal import CLIENT_CREATE, CLIENT_DELETE, CLIENT_VIEW, CONSOLE, GRANTABLE
from housekey.operations import clients, signing
from housekey.operations.clients import ClientView, NewClient
from housekey.web.forms import Form, Words
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

_NO_CHANGE: Words = gettext_lazy("You may look at applications, but not change them.")


def address(client_id: str, done: str = "", *, part: str = "console-client") -> str:
    return reverse(part, args=[client_id]) + (f"?done={done}" if done else "")


@require_safe
@needs(CONSOLE, CLIENT_VIEW)
def listing(request: Asked) -> HttpResponse:
    """`?kind=`, `?q=` and `?page=` are the whole state of the list."""
    kind, search = _kind(request.GET.get("kind", "")), request.GET.get("q", "").strip()[:200]
    every = clients.listing(request.by)
    found = [one for one in every if kind in (None, one.application.kind) and _matches(one, name_key(search))]
    pager = Pager(page_number(request.GET), len(found))
    return render(request, "console/clients.html", {
        "rows": [_row(one) for one in found[pager.offset:pager.offset + SIZE]], "pager": pager, "kinds": KINDS, "kind": kind or "",
        "search": search, "none": not every, "may_add": request.by.may(CLIENT_CREATE),
    })


def _matches(client: ClientView, words: str) -> bool:
    """Part of the name or of an address, or the whole id."""
    addresses = (*client.application.redirect_uris, client.application.access_url)
    return words == client.client_id or words in name_key(client.name) or any(words in name_key(one) for one in addresses)


def _row(client: ClientView) -> dict[str, object]:
    origins = list(dict.fromkeys(origin_of(uri) for uri in client.application.redirect_uris))
    scopes = [LABELS.get(scope, scope) for scope in client.scopes]
    return {"client": client, "kind": KINDS[client.application.kind], "origins": origins[:2], "more_origins": len(origins[2:]),
            "scopes": scopes[:3], "more_scopes": len(scopes[3:])}


def _kind(text: str) -> Kind | None:
    """Raises Http404 for one that there is not."""
    if text not in {"", *KINDS}:
        raise Http404
    return next((kind for kind in KINDS if kind == text), None)


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, CLIENT_VIEW, CLIENT_CREATE)
def add(request: Asked) -> HttpResponse:
    """`?kind=` is chosen first."""
    kind = _kind(request.GET.get("kind", ""))
    if kind is None:
        return render(request, "console/add_client.html", {"kinds": KINDS})
    form = _program_form(request) if kind == "program" else ApplicationForm(request, kind, None)
    ticked = frozenset[str]() if kind == "app" else chosen(request.POST.getlist("scopes"), frozenset(), request.by.permissions)
    if request.method == "POST" and form.check_required():
        application = form.application if isinstance(form, ApplicationForm) else Application()
        try:
            made = clients.add(house(), request.by, form.text("name"), ticked, now(), application)
            return _made(request, made, clients.view(request.by, made.client_id).application)
        except Invalid as refusal:
            form.fail(refusal.field, _("Tick at least one scope.") if refusal.field == "scope" and not ticked else told(refusal))
    groups = [] if kind == "app" else boxes(ticked, request.by.permissions, only=GRANTABLE)
    return render(request, "console/add_client.html", {
        "form": form, "kind": kind, "about": KINDS[kind], "groups": groups, "folded": kind == "web" and not ticked,
    })


def _program_form(request: Asked) -> Form:
    return Form([name_field(gettext_lazy("It stands in the audit log."))], request.POST.dict() if request.method == "POST" else None)


def _made(request: Asked, made: NewClient, application: Application) -> HttpResponse:
    if not made.client_secret:
        return see_other(address(made.client_id, "client-added", part="console-client-configuration"))
    return _secret(request, made, application)


def _secret(request: Asked, made: NewClient, application: Application) -> HttpResponse:
    shown = filled(application, made.client_id, signing.issuer(house(), request.tenant), made.client_secret)
    response = render(request, "console/client_secret.html", {"client": made, "configurations": list(shown)})
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, CLIENT_VIEW)
def show(request: Asked, client_id: str) -> HttpResponse:
    """The settings of an application; of a program, its scopes. POST saves them. Raises NotFound, NotPermitted."""
    client = clients.view(request.by, client_id)
    kind = client.application.kind
    if kind == "program":
        return _scopes(request, client)
    form = ApplicationForm(request, kind, client.application, client.name)
    if request.method == "POST":
        request.by.must(CLIENT_CREATE)
        if form.check_required():
            try:
                clients.set_application(request.by, client_id, form.application, now(), form.text("name"))
                return see_other(address(client_id, "application-saved"))
            except Invalid as refusal:
                form.refuse(refusal)
    return _shown(request, client, "settings", {"form": form})


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, CLIENT_VIEW)
def scopes(request: Asked, client_id: str) -> HttpResponse:
    """What the application may do by itself. POST saves it. Raises NotFound, NotPermitted."""
    return _scopes(request, clients.view(request.by, client_id))


def _scopes(request: Asked, client: ClientView) -> HttpResponse:
    form, ticked = Form([]), frozenset(client.scopes)
    if request.method == "POST":
        ticked = chosen(request.POST.getlist("scopes"), ticked, request.by.permissions)
        try:
            clients.set_scopes(request.by, client.client_id, ticked, now())
            part = "console-client" if client.application.kind == "program" else "console-client-scopes"
            return see_other(address(client.client_id, "client-saved", part=part))
        except Invalid as refusal:
            form.fail("", _("Tick at least one scope.") if not ticked else told(refusal))
    why = "" if request.by.may(CLIENT_CREATE) else _NO_CHANGE
    return _shown(request, client, "scopes", {"form": form, "groups": boxes(ticked, request.by.permissions, only=GRANTABLE, why=why)})


@require_safe
@needs(CONSOLE, CLIENT_VIEW)
def configuration(request: Asked, client_id: str) -> HttpResponse:
    """What goes into the application's own configuration, without the secret. Raises NotFound, NotPermitted."""
    client = clients.view(request.by, client_id)
    shown = filled(client.application, client.client_id, signing.issuer(house(), request.tenant))
    return _shown(request, client, "configuration", {"configurations": list(shown), "placeholder": NO_SECRET})


def _shown(request: Asked, client: ClientView, tab: str, more: Mapping[str, object]) -> HttpResponse:
    held = frozenset(client.scopes) <= request.by.permissions
    return render(request, "console/client.html", {
        **more, "client": client, "about": KINDS[client.application.kind], "kind": client.application.kind, "tab": tab,
        "may_change": request.by.may(CLIENT_CREATE), "no_change": _NO_CHANGE, "may_delete": request.by.may(CLIENT_DELETE),
        "why": "" if held else _("This application may do things that you may not. Ask an administrator."),
    })


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, CLIENT_VIEW, CLIENT_CREATE)
def rotate(request: Asked, client_id: str) -> HttpResponse:
    """A new secret, after a question. Raises NotFound, NotPermitted, Invalid for a public one."""
    client = clients.view(request.by, client_id)
    if request.method == "POST":
        return _secret(request, clients.rotate(house(), request.by, client_id, now()), client.application)
    if client.application.public:
        return see_other(address(client_id))
    effect = _("The present secret and every token it was good for stop working at once. You will see the new secret once.")
    if client.application.redirect_uris:
        effect = f"{effect} {_('Whoever is signed in to the application has to sign in again.')}"
    return _ask(request, client, "console-rotate-client", _("Renew the secret of %s?") % client.name, _("Renew secret"), effect)


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, CLIENT_VIEW, CLIENT_DELETE)
def delete(request: Asked, client_id: str) -> HttpResponse:
    """The application and its tokens end, after a question. Raises NotFound, NotPermitted."""
    client = clients.view(request.by, client_id)
    if request.method == "POST":
        clients.delete(request.by, client_id, now())
        return see_other(reverse("console-clients") + "?done=client-deleted")
    effect = _("The program can no longer ask for anything, and its tokens stop working at once. This cannot be undone.")
    if client.application.redirect_uris:
        effect = _("Nobody can sign in to it any more, its tokens stop working at once, and what people agreed to is forgotten. Their "
                   "accounts stay. This cannot be undone.")
    return _ask(request, client, "console-delete-client", _("Delete the application %s?") % client.name, _("Delete application"), effect)


def _ask(request: Asked, client: ClientView, place: str, question: str, button: str, effect: str) -> HttpResponse:
    return render(request, "console/ask.html", {
        "name": client.name, "back": address(client.client_id), "danger": True, "action": address(client.client_id, part=place),
        "question": question, "button": button, "effect": effect,
    })
