"""A web application around Authlib's client for Django: a confidential client with its sessions in memory.

Started as a program; its settings come in the environment variable APP as JSON: port, issuer, client_id, client_secret, redirect_uri,
post_logout_redirect_uri. REQUESTS_CA_BUNDLE names the certificate to trust.
"""

from __future__ import annotations

import json
import os
import socketserver
import sys
import traceback
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
import requests
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.html import escape
from joserfc import jwt
from joserfc.jwk import KeySet

APP = json.loads(os.environ["APP"])
EVENT = "http://schemas.openid.net/event/backchannel-logout"
ended: set[str] = set()
"""The `sid` of every session that ended at the server."""

oauth = OAuth()


def house() -> Any:
    return oauth.register(
        "house", client_id=APP["client_id"], client_secret=APP["client_secret"], overwrite=True,
        server_metadata_url=f"{APP['issuer']}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
    )


def page(body: str, status: int = 200) -> HttpResponse:
    html = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Authlib</title><h1>Authlib</h1>{body}</html>'
    return HttpResponse(html, status=status)


def home(request: HttpRequest) -> HttpResponse:
    if request.session.get("sid") in ended:
        request.session.flush()
    user = request.session.get("user")
    if not user:
        return page(f'<p><a id="sign-in" href="/sign-in?basket={escape(request.GET.get("basket", ""))}">Sign in</a></p>')
    return page(f"""<p>Signed in as <b id="user">{escape(user["preferred_username"])}</b> (<span id="sub">{escape(user["sub"])}</span>)</p>
<p>Basket: <span id="state">{escape(request.session["basket"])}</span></p>
<p>Token: <code id="token">{escape(request.session["token"]["access_token"])}</code></p>
<form method="post" action="/refresh"><button id="refresh">Refresh</button></form>
<p><a id="sign-out" href="/sign-out">Sign out</a></p>""")


def sign_in(request: HttpRequest) -> HttpResponse:
    request.session["basket"] = request.GET.get("basket", "")
    answer: HttpResponse = house().authorize_redirect(request, APP["redirect_uri"])
    return answer


def callback(request: HttpRequest) -> HttpResponse:
    client = house()
    token = client.authorize_access_token(request)
    request.session["sid"] = token["userinfo"].get("sid")
    request.session["user"] = dict(client.userinfo(token=token))
    request.session["token"] = dict(token)
    return HttpResponseRedirect("/")


def refresh(request: HttpRequest) -> HttpResponse:
    token = request.session["token"]
    request.session["token"] = token | house().fetch_access_token(grant_type="refresh_token", refresh_token=token["refresh_token"])
    return HttpResponseRedirect("/")


def sign_out(request: HttpRequest) -> HttpResponse:
    hint = request.session["token"]["id_token"]
    request.session.flush()
    answer: HttpResponse = house().logout_redirect(request, APP["post_logout_redirect_uri"], hint)
    return answer


def farewell(request: HttpRequest) -> HttpResponse:
    """OpenID Connect Back-Channel Logout 1.0 section 2.6."""
    metadata = house().load_server_metadata()
    keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())
    claims = jwt.decode(request.POST["logout_token"], keys, algorithms=["RS256", "ES256"]).claims
    jwt.JWTClaimsRegistry(iss={"essential": True, "value": metadata["issuer"]}, aud={"essential": True, "value": APP["client_id"]},
                          iat={"essential": True}, exp={"essential": True}, jti={"essential": True}).validate(claims)
    if "nonce" in claims or not isinstance(claims["events"][EVENT], dict):
        return page("", 400)
    ended.add(claims["sid"])
    answer = HttpResponse()
    answer["Cache-Control"] = "no-store"
    return answer


def signed_out(request: HttpRequest) -> HttpResponse:
    house().validate_logout_response(request)
    return page('<p id="signed-out">Signed out</p>')


urlpatterns = [
    path("", home), path("sign-in", sign_in), path("callback", callback), path("refresh", refresh), path("sign-out", sign_out),
    path("backchannel", farewell), path("signed-out", signed_out),
]


class Explained:
    """What goes wrong is said on the page and in the log."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse:
        traceback.print_exception(exception)
        return page(f'<p id="error">{escape(getattr(exception, "error", "") or str(exception))}</p>', 400)


class Threaded(socketserver.ThreadingMixIn, WSGIServer):
    """Chromium opens connections in advance; one thread would wait for them."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def main() -> int:
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, SECRET_KEY=os.urandom(32).hex(), USE_TZ=True,
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", f"{__name__}.Explained"],
        SESSION_ENGINE="django.contrib.sessions.backends.cache", SESSION_COOKIE_NAME="authlib_session",
    )
    django.setup()
    make_server("127.0.0.1", APP["port"], get_wsgi_application(), Threaded, Quiet).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
