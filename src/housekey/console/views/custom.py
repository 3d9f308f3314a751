"""Attributes that the tenant adds to its users: one form, one question. They are listed among the user attributes (`claims`)."""

from __future__ import annotations

from typing import cast

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from housekey.console.store_form import places_shown
from housekey.console.views import ruling
from housekey.core.attributes import CUSTOM_URN
from housekey.core.custom import MOST_DESCRIPTION, MOST_NAME, CustomAttribute, CustomType
from housekey.core.errors import Invalid, NotFound, Stale
from housekey.core.principal import CLAIM_UPDATE, CLAIM_VIEW, CONSOLE
from housekey.operations import claim_rules, custom_attributes
from housekey.web.forms import Field, Form, Words
from housekey.web.guards import needs
from housekey.web.house import now
from housekey.web.request import Asked
from housekey.web.responses import see_other

TYPE_NAMES: dict[str, Words] = {
    "string": gettext_lazy("Text"), "boolean": gettext_lazy("Yes or no"), "dateTime": gettext_lazy("Date and time"),
}


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, CLAIM_VIEW, CLAIM_UPDATE)
def add(request: Asked) -> HttpResponse:
    form = Form([
        Field("name", gettext_lazy("Attribute name"), required=gettext_lazy("Please type a name for the attribute."), limit=MOST_NAME,
              focus=True, hint=gettext_lazy("As programs write it, such as badgeNumber: letters, digits and _, a letter first. It cannot "
                                            "be changed later.")),
        Field("type", gettext_lazy("Type"), value="string"),
        Field("description", gettext_lazy("Description"), limit=MOST_DESCRIPTION,
              hint=gettext_lazy("What it means, for whoever sets up a program. Programs can read it.")),
    ], request.POST.dict() if request.method == "POST" else None)
    if request.method == "POST" and form.check_required():
        wanted = CustomAttribute(form.text("name"), cast(CustomType, form.text("type")), form.text("description"))
        try:
            custom_attributes.add(request.by, wanted, now())
            return see_other(reverse("console-claims") + "?done=attribute-added")
        except Invalid as refusal:
            form.fail(refusal.field, _(refusal.sentence))
    return render(request, "console/add_attribute.html", {"form": form, "types": TYPE_NAMES, "chosen": form.fields["type"]})


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, CLAIM_VIEW)
def edit(request: Asked, name: str) -> HttpResponse:
    """What is asked of its values. Raises NotFound, NotPermitted."""
    found = _found(request, name)
    rule = claim_rules.get(request.by, found.name)
    form = Form(ruling.fields(rule.regex), request.POST.dict() if request.method == "POST" else None, {"regex": rule.regex})
    address, trying = reverse("console-attribute", args=[found.name]), "try" in request.POST
    if request.method == "POST":
        rule = ruling.asked(request, form)
        try:
            if not trying:
                claim_rules.change(request.by, found.name, rule, now())
                return see_other(address + "?done=saved-claim")
        except (Invalid, Stale) as refusal:
            form.fail(getattr(refusal, "field", ""), _(refusal.sentence))
    told = ruling.told(request, form, found.uri, rule, look=trying or "done" in request.GET)
    return render(request, "console/attribute.html", told | {
        "attribute": found, "places": places_shown(request, found.uri), "form": form, "address": address,
        "type": TYPE_NAMES[found.type], "path": f"{CUSTOM_URN}:{found.name}",
        "may_change": request.by.may(CLAIM_UPDATE),
    })


def _found(request: Asked, name: str) -> CustomAttribute:
    """By its name in any spelling. Raises NotFound, NotPermitted."""
    found = next((one for one in custom_attributes.listing(request.by) if one.name.lower() == name.lower()), None)
    if found is None:
        raise NotFound("There is no such attribute.")
    return found


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, CLAIM_VIEW, CLAIM_UPDATE)
def remove(request: Asked, name: str) -> HttpResponse:
    """After a question. Raises NotFound, NotPermitted."""
    found = _found(request, name)
    back = reverse("console-claims")
    if request.method == "POST":
        custom_attributes.remove(request.by, found.name, now())
        return see_other(back + "?done=attribute-removed")
    return render(request, "console/ask.html", {
        "name": _("User Attributes"), "back": back, "danger": True, "button": _("Remove attribute"),
        "action": reverse("console-remove-attribute", args=[found.name]), "question": _("Remove the attribute %s?") % found.name,
        "effect": _("From now on nobody sees it: not here, not through SCIM. Programs that write it get no error, but what they write is "
                    "not kept. What users have stays in the database until each of them is written through SCIM the next time. If you add "
                    "an attribute of the same name and type before that, its old values show again."),
    })
