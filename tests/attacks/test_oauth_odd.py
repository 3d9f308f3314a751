"""What browsers and programs may send to the addresses of OAuth: anything. Never a mistake of the server's, never another's words in our
pages and headers, never a secret in a log."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from housekey.core.principal import USER_VIEW
from tests.doors.oauth.application import BACK, BYE, App, application, signed_in, through, tokens
from tests.doors.pages.support import LOGIN, Browser
from tests.operations.support import PASSWORD, World

MARKUP = "\"'><svg onload=alert(1)>{{7*7}}{% debug %}</script><!--"
FORM = "application/x-www-form-urlencoded"
NAMES = (
    "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method", "prompt", "max_age",
    "display", "ui_locales", "id_token_hint", "login_hint", "acr_values", "response_mode", "request", "request_uri", "registration",
    "claims", "since",
    "post_logout_redirect_uri", "logout_hint", "token", "token_type_hint", "grant_type", "code", "code_verifier", "refresh_token",
    "username",
    "password", "client_secret", "client_assertion", "client_assertion_type", "commonAuthLogout", "commonAuthCallerPath", "relyingParty",
    "type",
    "resource", "audience", "lang", "next", "x",
)
ODD = (
    "", "\0", "\r\nSet-Cookie: a=b", "\"", "\\", "'", MARKUP, "none", "login", "code", "code id_token", "token", "openid", "S256", "plain",
    "true", BACK, BYE, "javascript:alert(1)", "//evil.example", "-1", "9" * 5_000, "1e9", "NaN", "\u0663", "null", "[]", "{}", "%", "%00",
    "%ff", "a.b.c", "🙈",
    "\ud7ff", "authorization_code", "refresh_token", "client_credentials", "password", "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "x" * 43, "e30.e30.",
    "http://[", "http://[::1", "http://127.0.0.1:99999999/", "regexp=.*", "../..", "${jndi:ldap://x}", "=cmd|'/c calc'!A0", "\u202e",
    "\x85",
    "\u2028",
)
ADDRESSES = ("/oauth2/authorize", "/oidc/logout", "/commonauth", "/oauth2/token", "/oauth2/introspect", "/oauth2/revoke",
             "/oauth2/userinfo",
             "/oauth2/consent", "/oidc/logout/confirmed")
VALUES = st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=12)


@given(st.sampled_from(ADDRESSES), PAIRS, st.booleans(), st.booleans(), st.booleans())
@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_comes_is_answered(world: World, where: str, pairs: list[tuple[str, str]], whole: bool, body: bool, known: bool) -> None:
    """No 500, no 5xx at all, and no redirection to where nobody registered. `whole`: over a request that would be good."""
    app, browser = _prepared(world)
    if whole:
        usual = app.asking() if "token" not in where else {"grant_type": "authorization_code", "code": "x" * 43, "redirect_uri": BACK}
        pairs = [*((name, value) for name, value in usual.items() if name not in dict(pairs)), *pairs]
    text = urlencode(pairs, errors="surrogatepass")
    header = {"Authorization": app.program.header} if known and where.startswith("/oauth2/") else {}
    client = browser.client if known else Client()
    if where in {"/oauth2/consent", "/oidc/logout/confirmed"}:
        browser.get(app.address(prompt="consent")).post(where, {"request": text[:9_000], "decision": "allow"})
        status, location = browser.status, browser.location
    else:
        method, path, data = ("POST", where, text) if body else ("GET", f"{where}?{text}"[:9_000], "")
        answer: Any = client.generic(method, path, data, FORM, secure=True, headers=header)
        status, location = answer.status_code, answer.headers.get("Location", "")
    assert status < 500, (where, pairs)
    assert "\n" not in location
    there = urlsplit(location)
    assert not there.netloc or location.startswith((f"{BACK}?", BYE)), location


_made: dict[int, tuple[App, Browser]] = {}


def _prepared(world: World) -> tuple[App, Browser]:
    """One application and one browser for all examples of a test."""
    if id(world) not in _made:
        _made.clear()
        world.add()
        _made[id(world)] = application(world), signed_in()
    return _made[id(world)]


@pytest.mark.parametrize("raw", [
    b"\xff\xfe", b"a=%ff", b"a=%zz", b"=&=&=", b"&" * 5_000, b"a" * 100_000, b"grant_type", b"grant_type=", b"grant_type=a&grant_type=b",
    b"\0",
    b'{"grant_type":"client_credentials"}', b"grant_type[]=x", b"grant_type=%00", b"grant_type=%22", b"grant_type=" + b"x" * 100_000,
    b"grant_type=authorization_code&code=%22", b"grant_type=refresh_token&refresh_token=%22&scope=%22", b"a=1&" * 300,
])
def test_every_body_is_read_or_refused(world: World, raw: bytes) -> None:
    """A-182."""
    app = application(world)
    for path in ("/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/authorize", "/oidc/logout", "/commonauth"):
        answer = app.program.client.generic("POST", path, raw, FORM, headers={"Authorization": app.program.header}, secure=True)
        assert answer.status_code < 500, (path, raw[:50])
    for header in ("Basic", "Basic ", "Basic x", "Basic " + "A" * 10_000, "Basic Og==", "Basic JTAwOiUwMA==", "Bearer", "Bearer \xff",
                   "bearer a b c", "Digest x"):
        for path in ("/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/userinfo"):
            fields = b"grant_type=client_credentials&token=x"
            assert app.program.client.generic("POST", path, fields, FORM, headers={"Authorization": header}).status_code in {400, 401}


@pytest.mark.parametrize("name", ["nonce", "state", "scope", "login_hint", "prompt", "ui_locales", "x"])
def test_a_nul_character_is_refused_before_it_reaches_the_database(world: World, name: str) -> None:
    """A-182: PostgreSQL takes none."""
    world.add()
    app, browser = application(world), signed_in()
    answer = browser.get(f"{app.address()}&{name}=%00" if name not in app.asking() else app.address(**{name: "a\0b"}))
    assert (answer.status, answer.location) == (400, "")


def test_nobody_elses_line_stands_in_a_header(world: World) -> None:
    """A-120: `state` comes back as it was sent, and nothing of it is ours."""
    world.add()
    app, browser = application(world), signed_in()
    for state in ("\r\nSet-Cookie: a=b", "\n\n<script>", "a\rb", "x\u2028y", "é&error=x#y", MARKUP, "%0d%0aX: y", " ", "+",
                  "a=b&code=evil&iss=evil"):
        for changes in ({}, {"prompt": "none login"}):
            answer = app.answered(browser.get(app.address(state=state, **changes)))
            assert answer["state"] == state
            assert answer["iss"] == world.house.config.base_url
            assert "X" not in browser.headers
            assert not re.search(r"[\r\n\x80-\U0010ffff]", browser.location)
        asked = {"client_id": app.program.id, "post_logout_redirect_uri": BYE, "state": state}
        assert not re.search(r"[\r\n]", Browser().get(f"/oidc/logout?{urlencode(asked)}").location)


def test_what_an_application_says_is_text_in_our_pages(world: World) -> None:
    """A-118, A-119: name, scope, hints, errors; looked for in the bytes as they go out."""
    world.add()
    app, client = application(world, name=MARKUP.replace("{% debug %}", "")[:90], consent=True), signed_in().client
    evil = quote(MARKUP)
    for path in (app.address(scope=f"openid {MARKUP}", state=MARKUP), app.address(redirect_uri=MARKUP), app.address(client_id=MARKUP),
                 f"/oidc/logout?state={evil}", f"/oidc/logout?id_token_hint={evil}",
                 f"/oidc/logout?client_id={app.program.id}&state={evil}",
                 f"/oidc/logout?client_id={evil}&post_logout_redirect_uri={evil}", f"/commonauth?commonAuthCallerPath={evil}",
                 f"{LOGIN}?{urlencode({'next': app.address(login_hint=MARKUP), 'prompt': 'login'})}", f"{LOGIN}?next={evil}"):
        for browser in (client, Client()):
            answer = browser.get(path, secure=True)
            assert b"<svg onload" not in answer.content, path
            assert b">49" not in answer.content
            assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


@contextmanager
def _every_line() -> Iterator[list[str]]:
    """What all loggers say, the most talkative way, with the arguments of each record."""
    lines: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.getMessage()} {record.args!r} {record.exc_text or ''} {record.__dict__.get('sql', '')}")

    ear, root = Ear(0), logging.getLogger()
    every = [root, *(one for one in logging.root.manager.loggerDict.values() if isinstance(one, logging.Logger))]
    before = [(one, one.level) for one in every]
    for one in every:
        one.setLevel(logging.DEBUG)
        one.addHandler(ear)
    try:
        yield lines
    finally:
        for one, level in before:
            one.setLevel(level)
            one.removeHandler(ear)


def test_no_secret_is_ever_in_a_log(world: World) -> None:
    """A-017: codes, tokens, secrets, verifiers and passwords, good and bad, with every logger at its most talkative (Authlib would write
    tokens down)."""
    world.add()
    app = application(world, USER_VIEW)
    with _every_line() as lines:
        browser = Browser()
        answer = through(app, browser)
        wrong = app.exchange(answer["code"], code_verifier="w" * 43)
        assert wrong.status == 400
        given = app.exchange(answer["code"]).body
        app.userinfo(given["access_token"])
        app.program.look_into(given["access_token"])
        more = app.refresh(given["refresh_token"]).body
        own = app.program.token()
        app.refresh(given["refresh_token"])
        app.post("/oauth2/revoke", {"token": own})
        guess = {"grant_type": "client_credentials", "client_id": app.program.id, "client_secret": "s" * 43}
        app.program.post("/oauth2/token", guess, authorization=None)
        browser.get(f"/oidc/logout?id_token_hint={given['id_token']}")
    text = "\n".join(lines)
    secrets = [answer["code"], app.verifier, "w" * 43, "s" * 43, app.program.secret, app.program.header, own, PASSWORD, given["id_token"],
               *(one[kind] for one in (given, more) for kind in ("access_token", "refresh_token", "id_token"))]
    assert [secret for secret in secrets if secret in text] == []
    assert lines, "somebody was listening"


def test_long_things_are_refused_early(world: World) -> None:
    """A-182: hints, scopes, many parameters."""
    world.add()
    app, browser = application(world), signed_in()
    assert browser.get(app.address(scope="openid " * 2_000)).status == 400
    assert browser.get(f"/oidc/logout?id_token_hint={'x' * 100_000}").status == 400
    assert browser.get(f"{app.address()}&{'&'.join(f'x{number}=1' for number in range(400))}").status == 400
    assert app.post("/oauth2/token", {"grant_type": "client_credentials", "scope": "openid " * 50_000}).status in {200, 400}
    assert app.post("/oauth2/revoke", {"token": "x" * 900_000}).status == 200
    big = Browser().post("/oidc/logout", {"id_token_hint": "x" * 900_000})
    assert big.status in {303, 400, 403}
    assert len(big.location) < 20_000


def test_a_good_token_survives_ten_thousand_letters_of_scope(world: World) -> None:
    """A scope that is unknown is left out, however long."""
    world.add()
    app, browser = application(world), signed_in()
    given = tokens(app, browser, scope="openid " + "y" * 1_500)
    assert given["scope"] == "openid"
    assert app.refresh(given["refresh_token"], scope="openid " + "y" * 10_000).body["scope"] == "openid"
