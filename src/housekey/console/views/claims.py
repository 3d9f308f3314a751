"""User attributes: the claims of http://wso2.org/claims, and how the tenant shows them. A URI travels in the query."""

from __future__ import annotations

from dataclasses import asdict
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from housekey.console.store_form import places_shown
from housekey.console.views import ruling
from housekey.console.views.custom import TYPE_NAMES
from housekey.core.attributes import CUSTOM_URN
from housekey.core.claims import DIALECT, ONE_TIME_PASSWORD, writable
from housekey.core.errors import Invalid, Stale
from housekey.core.principal import CLAIM_UPDATE, CLAIM_VIEW, CONSOLE
from housekey.operations import claims, custom_attributes
from housekey.operations.claims import MOST_ORDER, ClaimView
from housekey.web.forms import Field, Form
from housekey.web.guards import needs
from housekey.web.house import now
from housekey.web.request import Asked
from housekey.web.responses import see_other


def _address(uri: str, done: str = "") -> str:
    return reverse("console-claim") + "?" + urlencode({"uri": uri} | ({"done": done} if done else {}))


@require_safe
@needs(CONSOLE, CLAIM_VIEW)
def listing(request: Asked) -> HttpResponse:
    """Those that profiles show come first, then those that have a place in profiles. Apart from them, the tenant's own."""
    found = sorted(claims.listing(request.by), key=lambda claim: (not claim.supported_by_default, claim.display_order == 0))
    rows = [{"claim": claim, "name": _(claim.display_name), "address": _address(claim.uri)} for claim in found]
    added = custom_attributes.listing(request.by)
    own = [{"attribute": one, "type": TYPE_NAMES[one.type], "path": f"{CUSTOM_URN}:{one.name}"} for one in added]
    may_change = request.by.may(CLAIM_UPDATE)
    return render(request, "console/claims.html", {"rows": rows, "dialect": DIALECT, "own": own, "may_change": may_change})


def _form(claim: ClaimView, data: dict[str, str] | None) -> Form:
    more = ruling.fields(claim.regex) if writable(claim.uri) else []
    return Form([
        Field("display_name", gettext_lazy("Display Name"), limit=100, required=gettext_lazy("Please type a display name.")),
        Field("description", gettext_lazy("Description"), limit=300),
        Field("display_order", gettext_lazy("Display Order"), "number", hint=gettext_lazy("Profiles show low numbers first.")),
        *more,
    ], data, {"display_name": claim.display_name, "description": claim.description, "display_order": str(claim.display_order),
              "regex": claim.regex})


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, CLAIM_VIEW)
def edit(request: Asked) -> HttpResponse:
    """`?uri=`. Raises NotFound, NotPermitted."""
    claim = claims.get(request.by, request.GET.get("uri", ""))
    form = _form(claim, request.POST.dict() if request.method == "POST" else None)
    supported = "supported_by_default" in request.POST if request.method == "POST" else claim.supported_by_default
    ruled, trying = writable(claim.uri), "try" in request.POST
    rule = ruling.asked(request, form) if ruled and request.method == "POST" else claim.rule
    if request.method == "POST" and not trying and form.check_required():
        try:
            claims.update(
                request.by, claim.uri, display_name=form.text("display_name"), description=form.text("description"),
                display_order=_number(form), supported_by_default=supported, now=now(), **(asdict(rule) if ruled else {}),
            )
            return see_other(_address(claim.uri, "saved-claim"))
        except (Invalid, Stale) as refusal:
            form.fail(getattr(refusal, "field", ""), _(refusal.sentence))
    told = ruling.told(request, form, claim.uri, rule, look=trying or "done" in request.GET) if ruled else {}
    return render(request, "console/claim.html", told | {
        "ruled": ruled, "claim": claim, "name": _(claim.display_name), "form": form, "address": _address(claim.uri), "supported": supported,
        "places": places_shown(request, claim.uri),
        "code": claim.uri == ONE_TIME_PASSWORD, "may_change": request.by.may(CLAIM_UPDATE),
    })


def _number(form: Form) -> int:
    """What was typed as the order. Raises Invalid."""
    text = form.text("display_order")
    if not text.isascii() or not text.isdigit() or len(text) > 5 or int(text) > MOST_ORDER:
        raise Invalid(_("Please type a whole number from 0 to %d.") % MOST_ORDER, field="display_order")
    return int(text)
