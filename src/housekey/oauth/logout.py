"""Signing out at the wish of an application (OpenID Connect RP-Initiated Logout 1.0), and WSO2's older address for it.

An ID token of the very session proves that its application asks; otherwise the person is asked, so that no foreign page can sign her out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from authlib.common.urls import add_params_to_uri
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from housekey.core.applications import origin_of
from housekey.oauth import reading
from housekey.oauth.door import OAuthError
from housekey.operations import clients, sessions, signing
from housekey.web import cookies, heading
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

LONGEST_HINT = 8_192
"""Characters of an ID token that is handed back."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """A wish to sign somebody out. `back`: where the browser goes then, `""` for our own page; `sure`: of this very session."""

    name: str
    back: str
    sure: bool


@csrf_exempt
@require_http_methods(["GET", "POST"])
def end_session(request: Asked) -> HttpResponse:
    """Section 2. A POST comes from another site, without our cookies; it is looked at again as a GET, with them."""
    if request.method == "POST":
        return see_other(f"{reverse('end-session-here')}?{request.POST.urlencode()}")
    return _told(request, _leave)


def _leave(request: Asked, leaving: Leaving) -> HttpResponse:
    if request.by.account_id is None:
        return _gone(leaving)
    if leaving.sure:
        return _sign_out(request, leaving)
    response = render(request, "oauth/leaving.html", {"leaving": leaving, "request": request.META.get("QUERY_STRING", "")})
    heading.let_through(response, origin_of(leaving.back))
    return response


@require_POST
def confirmed(request: Asked) -> HttpResponse:
    """The person agreed."""
    request.GET = QueryDict(request.POST.get("request", "")[: LONGEST_HINT * 2])
    return _told(request, _sign_out)


def _told(request: Asked, go_on: Callable[[Asked, Leaving], HttpResponse]) -> HttpResponse:
    """Read the wish and go on with it; what is wrong with it is told to the person."""
    try:
        leaving = _read(request)
    except OAuthError as refusal:
        return render(request, "oauth/astray.html", {"sentence": refusal.sentence, "leaving": True}, status=400)
    return go_on(request, leaving)


def _read(request: Asked) -> Leaving:
    """Raises OAuthError, with no redirection (section 4)."""
    fields = {name: values[-1] for name, values in request.GET.lists()}
    hint = signing.read(house(), request.tenant, fields["id_token_hint"]) if fields.get("id_token_hint") else {}
    if hint is None:
        raise OAuthError("invalid_request", "id_token_hint is no ID token of this server.")
    client_id = str(hint.get("aud") or fields.get("client_id", ""))
    if fields.get("client_id", client_id) != client_id:
        raise OAuthError("invalid_request", "id_token_hint was made for another client than client_id.")
    client = clients.known(request.tenant, client_id)
    back = fields.get("post_logout_redirect_uri", "")
    if back and (client is None or not client.application.leaves_to(back)):
        raise OAuthError("invalid_request", "post_logout_redirect_uri is not one that was registered for this application.")
    state = [("state", fields["state"])] if back and fields.get("state") else []
    session = sessions.here(request.by) if request.by.account_id is not None else None
    sure = session is not None and hint.get("sid") == str(session.sid)
    return Leaving(client.name if client else "", add_params_to_uri(back, state) if state else back, sure)


def _sign_out(request: Asked, leaving: Leaving) -> HttpResponse:
    sessions.sign_out(request.by, now())
    response = _gone(leaving)
    cookies.SESSION.clear(response)
    return response


def _gone(leaving: Leaving) -> HttpResponse:
    if not leaving.back:
        return see_other(reverse("login") + "?done=signed-out")
    response = HttpResponse(status=302)
    response["Location"] = leaving.back
    return response


@csrf_exempt
@require_http_methods(["GET", "POST"])
def commonauth(request: Asked) -> HttpResponse:
    """WSO2's one address for everything: its logout parameters lead to ours, anything else to the sign-in page."""
    asked = request.POST if request.method == "POST" else request.GET
    if asked.get("commonAuthLogout") != "true":
        return see_other(reverse("login"))
    named = {"client_id": asked.get("relyingParty", ""), "post_logout_redirect_uri": asked.get("commonAuthCallerPath", "")}
    query = urlencode({name: value for name, value in named.items() if value})[: reading.LONGEST_ADDRESS]
    return see_other(f"{reverse('end-session-here')}?{query}")
