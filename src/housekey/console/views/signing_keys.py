"""Signing keys: what ID tokens are signed with. They change by themselves; a new one can be made at once."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from housekey.core.applications import ALGORITHMS, Algorithm
from housekey.core.errors import Invalid
from housekey.core.principal import CLIENT_CREATE, CLIENT_VIEW, CONSOLE
from housekey.operations import signing
from housekey.operations.signing import KeyView
from housekey.web.forms import Field, Form
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other
from housekey.web.templatetags.ui import Badge

_SIGNS = Badge(gettext_lazy("Signs"), "good", "check")
_SHOWN = Badge(gettext_lazy("Replaced"), "", "clock")


@require_safe
@needs(CONSOLE, CLIENT_VIEW)
def listing(request: Asked) -> HttpResponse:
    rows = [{"key": key, "badge": _SIGNS if key.signs else _SHOWN, "until": _until(key), "due": _until(key) <= now()}
            for key in signing.listing(request.by, now())]
    return render(request, "console/signing_keys.html", {
        "rows": rows, "days": signing.LIFE.days, "jwks": f"{signing.base(house(), request.tenant)}/oauth2/jwks",
        "may_make": request.by.may(CLIENT_CREATE),
    })


def _until(key: KeyView) -> datetime:
    """Until it is replaced; if it was, until it is no longer shown."""
    return key.created + signing.LIFE if key.replaced is None else key.replaced + signing.SHOWN


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, CLIENT_VIEW, CLIENT_CREATE)
def make(request: Asked) -> HttpResponse:
    """A new key signs from now on, after a question. Raises NotPermitted."""
    form = Form([Field("alg", gettext_lazy("Algorithm"))], request.POST.dict() if request.method == "POST" else None)
    if request.method == "POST":
        try:
            for alg in _algorithms(form.text("alg")):
                signing.rotate(house(), request.by, alg, now(), at_once=request.POST.get("leaked") == "true")
            return see_other(reverse("console-signing-keys") + "?done=key-made")
        except Invalid as refusal:
            form.fail(refusal.field, _(refusal.sentence))
    return render(request, "console/make_signing_key.html", {
        "form": form, "algorithms": ALGORITHMS, "leaked": request.POST.get("leaked") == "true", "days": signing.SHOWN.days,
    })


def _algorithms(text: str) -> tuple[Algorithm, ...]:
    """Both for `""`. Raises Invalid."""
    found = tuple(alg for alg in ALGORITHMS if text in ("", alg))
    if not found:
        raise Invalid("Choose one of the algorithms.", field="alg")
    return found
