"""The applications somebody signs in to from here: what each may know, where it is opened, and taking that back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from housekey.core.errors import NotFound
from housekey.core.principal import Principal
from housekey.operations import consents
from housekey.operations.consents import Connected
from housekey.web import scopes
from housekey.web.forms import Words
from housekey.web.guards import signed_in
from housekey.web.house import now
from housekey.web.request import Asked
from housekey.web.responses import see_other


@dataclass(frozen=True, slots=True)
class Card:
    """One application. `words` and `powers`: what she agreed to that it learns, and that it does for her."""

    client_id: str
    name: str
    access_url: str
    words: list[Words]
    powers: list[str]
    given: datetime | None
    used: datetime


def cards(by: Principal, most: int | None = None) -> list[Card]:
    """The caller's applications, last used first."""
    return [_card(one) for one in consents.mine(by)[:most]]


def _card(one: Connected) -> Card:
    return Card(one.client_id, one.name, one.access_url, scopes.known(one.scopes), scopes.powers(one.scopes), one.given, one.used)


@require_safe
@signed_in
def show(request: Asked) -> HttpResponse:
    found = cards(request.by)
    count = ngettext("%(number)s application", "%(number)s applications", len(found)) % {"number": len(found)}
    return render(request, "pages/applications.html", {"applications": found, "count": count})


@require_http_methods(["GET", "POST"])
@signed_in
def withdraw(request: Asked, client_id: str) -> HttpResponse:
    """GET asks, POST does it. What is not hers, or no longer there, leads back to the list (A-019)."""
    if request.method == "POST":
        try:
            consents.withdraw(request.by, client_id, now())
        except NotFound:
            return see_other(reverse("applications"))
        return see_other(reverse("applications") + "?done=access-withdrawn")
    found = next((card for card in cards(request.by) if card.client_id == client_id), None)
    if found is None:
        return see_other(reverse("applications"))
    return render(request, "pages/withdraw.html", {"application": found})
