"""Clients: programs that ask with a token of their own. A secret is shown once, by the answer that made it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from housekey.console.labels import LABELS, boxes, chosen
from housekey.core.errors import Invalid, NotFound
from housekey.core.principal import CLIENT_CREATE, CLIENT_DELETE, CLIENT_VIEW, CONSOLE, GRANTABLE
from housekey.operations import clients
from housekey.operations.clients import ClientView, NewClient
from housekey.web.forms import Field, Form
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other


@require_safe
@needs(CONSOLE, CLIENT_VIEW)
def listing(request: Asked) -> HttpResponse:
    rows = [{"client": client, "scopes": [LABELS.get(scope, scope) for scope in client.scopes]} for client in clients.listing(request.by)]
    return render(request, "console/clients.html", {"rows": rows, "may_add": request.by.may(CLIENT_CREATE)})


def _secret(request: Asked, made: NewClient) -> HttpResponse:
    response = render(request, "console/client_secret.html", {"client": made})
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, CLIENT_VIEW, CLIENT_CREATE)
def add(request: Asked) -> HttpResponse:
    name = Field("name", gettext_lazy("Client name"), required=gettext_lazy("Please type a name for the client."),
                 limit=clients.MAX_NAME, focus=True, hint=gettext_lazy("Which program it is, as the audit log will say it."))
    form = Form([name], request.POST.dict() if request.method == "POST" else None)
    ticked = chosen(request.POST.getlist("scopes"), frozenset(), request.by.permissions)
    if request.method == "POST" and form.check_required():
        try:
            return _secret(request, clients.add(house(), request.by, form.text("name"), ticked, now()))
        except Invalid as refusal:
            form.fail("name" if refusal.field == "name" else "", _("Tick at least one scope.") if not ticked else _(refusal.sentence))
    return render(request, "console/add_client.html", {"form": form, "groups": boxes(ticked, request.by.permissions, only=GRANTABLE)})


def _client(request: Asked, client_id: str) -> ClientView:
    """Raises NotFound, NotPermitted."""
    found = next((client for client in clients.listing(request.by) if client.client_id == client_id), None)
    if found is None:
        raise NotFound("There is no such client.")
    return found


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, CLIENT_VIEW)
def show(request: Asked, client_id: str) -> HttpResponse:
    """POST saves the scopes. Raises NotFound, NotPermitted."""
    client, form = _client(request, client_id), Form([])
    ticked = frozenset(client.scopes)
    if request.method == "POST":
        ticked = chosen(request.POST.getlist("scopes"), ticked, request.by.permissions)
        try:
            clients.set_scopes(request.by, client_id, ticked, now())
            return see_other(reverse("console-client", args=[client_id]) + "?done=client-saved")
        except Invalid as refusal:
            form.fail("", _("Tick at least one scope.") if not ticked else _(refusal.sentence))
    may_change = request.by.may(CLIENT_CREATE)
    why = "" if may_change else _("You may look at clients, but not change them.")
    return render(request, "console/client.html", {
        "client": client, "form": form, "groups": boxes(ticked, request.by.permissions, only=GRANTABLE, why=why),
        "may_change": may_change, "may_delete": request.by.may(CLIENT_DELETE),
        "why": "" if ticked <= request.by.permissions else _("This client may do things that you may not. Ask an administrator."),
    })


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, CLIENT_VIEW, CLIENT_CREATE)
def rotate(request: Asked, client_id: str) -> HttpResponse:
    """A new secret, after a question. Raises NotFound, NotPermitted."""
    client = _client(request, client_id)
    if request.method == "POST":
        return _secret(request, clients.rotate(house(), request.by, client_id, now()))
    return _ask(request, client, "console-rotate-client", _("Renew the secret of %s?") % client.name, _("Renew secret"),
                _("The present secret and every token it was good for stop working at once. You will see the new secret once."))


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, CLIENT_VIEW, CLIENT_DELETE)
def delete(request: Asked, client_id: str) -> HttpResponse:
    """The client and its tokens end, after a question. Raises NotFound, NotPermitted."""
    client = _client(request, client_id)
    if request.method == "POST":
        clients.delete(request.by, client_id, now())
        return see_other(reverse("console-clients") + "?done=client-deleted")
    return _ask(request, client, "console-delete-client", _("Delete the client %s?") % client.name, _("Delete client"),
                _("The program can no longer ask for anything, and its tokens stop working at once. This cannot be undone."))


def _ask(request: Asked, client: ClientView, address: str, question: str, button: str, effect: str) -> HttpResponse:
    return render(request, "console/ask.html", {
        "name": client.name, "back": reverse("console-client", args=[client.client_id]), "danger": True,
        "action": reverse(address, args=[client.client_id]), "question": question, "button": button, "effect": effect,
    })
