"""The link that confirms an e-mail address. Looking never spends it: the page has a button, and only that confirms (A-067)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from housekey.core.errors import DeadCode
from housekey.operations import confirmation
from housekey.pages import dead, flow
from housekey.pages.flow import Flow
from housekey.web import heading
from housekey.web.house import house, now
from housekey.web.refusals import bad_request
from housekey.web.request import Asked
from housekey.web.responses import see_other


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: Asked) -> HttpResponse:
    """The code leaves the address at once. Without one, on to the page for codes: messages with a code name this address too."""
    if request.method == "HEAD":
        return HttpResponse()
    asked = request.POST if request.method == "POST" else request.GET
    codes = asked.getlist("confirmation")
    if len(codes) > 1:
        return bad_request(request, ValueError("confirmation was given more than once"))
    brought = flow.read(request)
    code = codes[0] if codes else brought.link
    if not codes and brought.step != "confirm":
        return see_other(reverse("enter-code"))
    try:
        if request.method == "POST":
            confirmation.confirm(house(), request.tenant, code, request.network, now())
            return flow.lead(request, "email-confirmed", Flow("confirmed", goal=heading.remembered(request)))
        holder = confirmation.look_up(house(), request.tenant, code, now())
    except DeadCode as refusal:
        return dead.page(request, refusal)
    if codes:
        return flow.lead(request, "confirm-email", Flow("confirm", link=code))
    return render(request, "pages/confirm.html", {"username": str(holder.name), "code": code})


@require_safe
def confirmed(request: Asked) -> HttpResponse:
    """Email Confirmed, for the browser that did it."""
    brought = flow.read(request)
    if brought.step != "confirmed":
        return see_other(flow.sign_in_at(request, ""))
    return render(request, "pages/confirmed.html", {"sign_in": flow.sign_in_at(request, flow.goal(request))})
