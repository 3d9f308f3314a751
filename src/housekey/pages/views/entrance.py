"""Signing in and out, and the language of the pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from housekey.core.errors import Throttled, WrongCredentials
from housekey.core.names import SUPER_TENANT
from housekey.operations import sessions
from housekey.operations.login import SignedIn, sign_in
from housekey.web import cookies
from housekey.web.forms import Field, Form
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

LANGUAGE_COOKIE = "ui_lang"
YEAR = 365 * 24 * 3600


def own_path(text: str) -> str:
    """`text` if it is a path of this site, else `""`: nobody is sent elsewhere by a link to our sign-in (A-062)."""
    plain = text.startswith("/") and text.isprintable() and "\\" not in text
    return text if plain and url_has_allowed_host_and_scheme(text, allowed_hosts=None) and not urlsplit(text).netloc else ""


def _form(data: dict[str, str] | None = None) -> Form:
    username = (data or {}).get("username", "")
    return Form([
        Field("username", gettext_lazy("Username"), autocomplete="username",
              required=gettext_lazy("Username cannot be empty."), focus=not username),
        Field("password", gettext_lazy("Password"), "password", autocomplete="current-password",
              required=gettext_lazy("Password cannot be empty."), focus=bool(username)),
    ], data)


@require_http_methods(["GET", "POST"])
def login(request: Asked) -> HttpResponse:
    """The sign-in page. Every failure is the same sentence, with status 200: managers then offer to correct the password."""
    if request.method != "POST":
        goal = own_path(request.GET.get("next", ""))
        if request.by.account_id is not None:
            return see_other(goal or reverse("myaccount"))
        return render(request, "pages/login.html", {"form": _form(), "next": goal})
    form, goal = _form(request.POST.dict()), own_path(request.POST.get("next", ""))
    if form.check_required():
        try:
            signed_in = sign_in(house(), request.tenant, form.text("username"), form.text("password"), network=request.network,
                                agent=request.headers.get("User-Agent", ""), now=now(), by_path=request.path.startswith("/t/"))
            return _welcome(request, signed_in, goal)
        except WrongCredentials as refusal:
            form.sentence = _(refusal.sentence)
        except Throttled as refusal:
            seconds = refusal.retry_after
            form.sentence = ngettext("Too many attempts. Please wait %(n)d second and try again.",
                                     "Too many attempts. Please wait %(n)d seconds and try again.", seconds) % {"n": seconds}
            response = render(request, "pages/login.html", {"form": form, "next": goal}, status=429)
            response["Retry-After"] = str(seconds)
            return response
    return render(request, "pages/login.html", {"form": form, "next": goal})


def _welcome(request: Asked, signed_in: SignedIn, goal: str) -> HttpResponse:
    if signed_in.tenant.id != request.tenant.id:
        response = see_other(f"/t/{signed_in.tenant.domain}/myaccount/" if signed_in.tenant.domain != SUPER_TENANT else "/myaccount/")
    else:
        response = see_other(goal or reverse("myaccount"))
    cookies.set_session(response, signed_in.token)
    return response


@require_http_methods(["GET", "POST"])
def logout(request: Asked) -> HttpResponse:
    """GET asks, so that no foreign page or link can sign somebody out; POST does it."""
    if request.by.account_id is None:
        return see_other(reverse("login"))
    if request.method != "POST":
        return render(request, "pages/logout.html")
    sessions.sign_out(request.by, now())
    response = see_other(reverse("login") + "?done=signed-out")
    cookies.clear_session(response)
    return response


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remember the language of this browser for a year."""
    response = see_other(own_path(request.POST.get("next", "")) or reverse("home"))
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=YEAR, secure=settings.CSRF_COOKIE_SECURE, httponly=True, samesite="Lax")
    return response
