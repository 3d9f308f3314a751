"""/oauth2/authorize: an application sends somebody here, and is answered at its redirect URI (RFC 6749 section 4.1,
OpenID Connect Core 1.0 section 3.1).

What is wrong with the request before its redirect URI is known to be the client's is told to the person, on a page; everything later to the
application. Nothing is kept between the steps: a person who must sign in first takes the request along and comes back with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from urllib.parse import urlencode

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749.errors import OAuth2Error
from django.core import signing as seals
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from housekey.core.applications import origin_of
from housekey.core.errors import NotSignedIn
from housekey.oauth import protocol, reading
from housekey.oauth.door import OAuthError
from housekey.operations import consents, grants, sessions, signing
from housekey.operations.clients import Known
from housekey.operations.consents import Unasked
from housekey.operations.grants import Asked as Wanted
from housekey.operations.grants import WrongGrant
from housekey.web import heading, scopes
from housekey.web.house import house, now
from housekey.web.languages import PARAMETER
from housekey.web.request import Asked
from housekey.web.responses import see_other

PROMPTS = {"none", "login", "consent", "select_account"}
AFRESH = "since"
"""What we add to a request that demands a fresh sign-in: when it came first, signed."""
_AFRESH_LIFE = timedelta(hours=1)
_SALT = "housekey.oauth.since"
_PLAIN = "/:?@,!$'()*;"
"""What a query may hold as it is (RFC 3986 section 3.4): written otherwise, a request could grow too long to be carried along."""


@dataclass(frozen=True, slots=True)
class Asking:
    """An authorization request that the client may make, with its redirect URI."""

    fields: Mapping[str, str]
    client: Known
    redirect_uri: str
    scopes: tuple[str, ...]

    @property
    def prompts(self) -> frozenset[str]:
        return frozenset(self.fields.get("prompt", "").split())

    @property
    def wanted(self) -> Wanted:
        fields = self.fields
        return Wanted(self.client.client_id, self.redirect_uri, self.scopes, fields.get("nonce", ""), fields.get("code_challenge", ""))


class Answered(Exception):
    """The application is to be told something: an error of RFC 6749 section 4.1.2.1 or OpenID Connect Core section 3.1.2.6."""

    def __init__(self, redirect_uri: str, error: str, sentence: str) -> None:
        super().__init__(error)
        self.redirect_uri, self.error, self.sentence = redirect_uri, error, sentence


@csrf_exempt
@require_http_methods(["GET", "POST"])
def authorize(request: Asked) -> HttpResponse:
    """A POST comes from another site, without our cookies; it is looked at again as a GET, with them."""
    if request.method == "POST":
        return see_other(f"{reverse('authorize')}?{request.POST.urlencode()}"[: reading.LONGEST_ADDRESS * 2])
    return _told(request, lambda asking: _go_on(request, asking), _plain(request.GET))


@require_POST
def consent(request: Asked) -> HttpResponse:
    """What the person says on the consent page. The request comes along and is looked at anew; so is who she is."""
    request.GET = QueryDict(request.POST.get("request", "")[: reading.LONGEST_ADDRESS])
    request.META["QUERY_STRING"] = request.POST.get("request", "")
    return _told(request, lambda asking: _decided(request, asking), _plain(request.GET))


def _plain(asked: QueryDict) -> dict[str, str]:
    return {name: str(value) for name, value in asked.items()}


def _decided(request: Asked, asking: Asking) -> HttpResponse:
    if _must_sign_in(request, asking):
        return _sign_in(request, asking)
    if request.POST.get("decision") != "allow":
        raise Answered(asking.redirect_uri, "access_denied", "The person did not agree.")
    return _code(request, asking, agreed=True)


def _told(request: Asked, go_on: Callable[[Asking], HttpResponse], fields: Mapping[str, str]) -> HttpResponse:
    """Read the request and go on with it; what is wrong with it is told to whom it can be told."""
    try:
        return go_on(_read(request))
    except Answered as answer:
        told = {"error": answer.error, "error_description": answer.sentence}
        return _back(request, answer.redirect_uri, told | ({"state": fields["state"]} if fields.get("state") else {}))
    except OAuthError as refusal:
        return render(request, "oauth/astray.html", {"sentence": refusal.sentence}, status=400)


def _read(request: Asked) -> Asking:
    """Raises OAuthError (for the person) and Answered (for the application)."""
    fields = reading.address(request)
    asked = protocol.Reading(request, fields)
    try:
        grant = protocol.consent(asked)
    except OAuth2Error as error:
        refusal = protocol.translated(error)
        if error.redirect_uri:
            raise Answered(error.redirect_uri, refusal.error, refusal.sentence) from None
        raise refusal from None
    except ValueError:
        raise OAuthError("invalid_request", "A parameter holds characters that are not possible there.") from None
    client = cast(protocol.Client, asked.client).known
    asking = Asking(fields, client, str(grant.redirect_uri), grants.allowed(client.scopes, fields.get("scope", "").split()))
    _check(asking)
    return asking


def _check(asking: Asking) -> None:
    """What OpenID Connect adds to the rules. Raises Answered."""
    fields, uri = asking.fields, asking.redirect_uri
    for name in ("request", "request_uri", "registration"):
        if name in fields:
            raise Answered(uri, f"{name}_not_supported", f"The parameter {name} is not supported.")
    if fields.get("response_mode", "query") != "query":
        raise Answered(uri, "invalid_request", "The only response_mode is query.")
    if not asking.prompts <= PROMPTS or ("none" in asking.prompts and len(asking.prompts) > 1):
        raise Answered(uri, "invalid_request", "prompt is none alone, or some of login, consent and select_account.")
    if not fields.get("max_age", "0").isascii() or not fields.get("max_age", "0").isdigit() or len(fields.get("max_age", "")) > 9:
        raise Answered(uri, "invalid_request", "max_age is a number of seconds.")
    if len(fields.get("nonce", "")) > 500:
        raise Answered(uri, "invalid_request", "nonce has at most 500 characters.")


def _go_on(request: Asked, asking: Asking) -> HttpResponse:
    silent = "none" in asking.prompts
    if _must_sign_in(request, asking):
        if silent:
            raise Answered(asking.redirect_uri, "login_required", "Nobody is signed in, or not freshly enough.")
        return _sign_in(request, asking)
    if consents.missing(request.by, asking.client, asking.scopes) or "consent" in asking.prompts:
        if silent:
            raise Answered(asking.redirect_uri, "consent_required", "The person must be asked first.")
        return _ask(request, asking)
    return _code(request, asking)


def _must_sign_in(request: Asked, asking: Asking) -> bool:
    """Is nobody signed in, or somebody else, or not freshly enough? Raises Answered."""
    session = sessions.here(request.by) if request.by.account_id is not None else None
    if session is None:
        return True
    if asking.prompts & {"login", "select_account"} or int(asking.fields.get("max_age", "1")) == 0:
        if session.authenticated.timestamp() < _since(asking):
            return True
    elif "max_age" in asking.fields and (now() - session.authenticated).total_seconds() > int(asking.fields["max_age"]):
        return True
    hint = signing.read(house(), request.tenant, asking.fields["id_token_hint"]) if "id_token_hint" in asking.fields else None
    if hint is None or hint.get("sub") == str(request.by.account_id):
        return False
    if session.authenticated.timestamp() >= _since(asking):
        raise Answered(asking.redirect_uri, "login_required", "Somebody else than in id_token_hint signed in.")
    return True


def _since(asking: Asking) -> float:
    """When a request that demands a fresh sign-in came first; without our mark it comes first just now."""
    try:
        return float(seals.loads(asking.fields.get(AFRESH, ""), salt=_salt(asking), max_age=_AFRESH_LIFE))
    except (seals.BadSignature, TypeError, ValueError):
        return float("inf")


def _bare(asking: Asking) -> dict[str, str]:
    """The request without our mark, and without the language: on the way she may choose another, and the browser keeps it."""
    return {name: value for name, value in asking.fields.items() if name not in {AFRESH, PARAMETER}}


def _salt(asking: Asking) -> str:
    """The mark is good for this very request: one that was kept from an earlier one says nothing about it."""
    return f"{_SALT}:{urlencode(sorted(_bare(asking).items()))}"


def _sign_in(request: Asked, asking: Asking) -> HttpResponse:
    """To the sign-in page, and back with the same request. Raises OAuthError for one that could not come back."""
    fields = _bare(asking)
    fresh = bool(asking.prompts & {"login", "select_account"}) or request.by.account_id is not None
    if fresh:
        fields[AFRESH] = seals.dumps(now().timestamp(), salt=_salt(asking))
    query = urlencode(fields, safe=_PLAIN)
    if len(query) > reading.LONGEST_ADDRESS:
        raise reading.TooLong
    asked = {"next": f"{reverse('authorize')}?{query}"} | ({"prompt": "login"} if fresh else {})
    language = {PARAMETER: asking.fields[PARAMETER]} if PARAMETER in asking.fields else {}
    return see_other(f"{reverse('login')}?{urlencode(asked | language)}")


def _ask(request: Asked, asking: Asking) -> HttpResponse:
    response = render(request, "oauth/consent.html", {
        "client": asking.client, "request": urlencode(dict(asking.fields), safe=_PLAIN), "origin": origin_of(asking.redirect_uri),
        "words": scopes.known(asking.scopes), "powers": scopes.powers(asking.scopes),
    })
    heading.let_through(response, origin_of(asking.redirect_uri))
    return response


def _code(request: Asked, asking: Asking, *, agreed: bool = False) -> HttpResponse:
    try:
        code = grants.authorize(house(), request.by, asking.wanted, now(), agreed=agreed)
    except NotSignedIn:
        return _sign_in(request, asking)
    except Unasked:
        if "none" in asking.prompts:
            raise Answered(asking.redirect_uri, "consent_required", "The person must be asked first.") from None
        return _ask(request, asking)
    except WrongGrant as refusal:
        raise OAuthError("invalid_request", refusal.sentence) from None
    state = {"state": asking.fields["state"]} if "state" in asking.fields else {}
    return _back(request, asking.redirect_uri, {"code": code} | state)


def _back(request: Asked, redirect_uri: str, answer: Mapping[str, str]) -> HttpResponse:
    """To the application. Every answer says who gives it (RFC 9207), so that it is not taken for another server's."""
    whole = {**answer, "iss": signing.issuer(house(), request.tenant)}
    response = HttpResponse(status=302)
    response["Location"] = add_params_to_uri(redirect_uri, list(whole.items()))
    return response
