"""Authorization requests and codes, attacked: where answers go, who gets a code, and what becomes of one in the wrong hands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from housekey.core.applications import Application
from housekey.core.errors import Invalid
from housekey.core.principal import EVERYONE, OWN_PASSWORD, USER_VIEW
from housekey.core.users import Changes, User
from housekey.oauth import protocol
from housekey.operations import clients, consents, own_password, tenants, users
from housekey.store.models import Grant, Role, Token
from tests.doors.oauth.application import BACK, SCOPE, App, application, signed_in
from tests.doors.pages.support import Browser, force
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, other_world

EVIL = "https://evil.example/callback"
LOOPBACK = "http://127.0.0.1/cb"

TWINS = (
    "https://app.example.com/Callback", "https://APP.example.com/callback", "HTTPS://app.example.com/callback", f"{BACK}/", f"{BACK}/../x",
    f"{BACK}%2e%2e/x", f"{BACK}?", f"{BACK}?x=1", f"{BACK}#", f"{BACK}#x", "https://app.example.com:443/callback",
    "https://app.example.com:8443/callback", "http://app.example.com/callback", "https://app.example.com./callback",
    "https://jane@app.example.com/callback", "https://app.example.com@evil.example/callback",
    "https://app.example.com\\@evil.example/callback",
    "https://app.example.com.evil.example/callback", "https://evil.example/https://app.example.com/callback",
    "https://app.example%2ecom/callback",
    "https://app%E3%80%82example.com/callback", "https://аpp.example.com/callback", "https://app.example.com/%63allback",
    "//app.example.com/callback",
    f" {BACK}", f"{BACK} ", f"{BACK}\n", f"{BACK}\x00", f"{BACK}\t", "/callback", "callback", "https:app.example.com/callback", EVIL,
    "javascript:alert(1)", "data:text/html,x", f"{BACK}?{'x' * 2_000}", "*", "https://app.example.com/*", "regexp=.*",
)


def leads_nowhere(browser: Browser) -> bool:
    """Is the person told on a page, and sent to nobody?"""
    return browser.status == 400 and not browser.location


def code(app: App, browser: Browser, **changes: str | None) -> str:
    return app.answered(browser.get(app.address(**changes)))["code"]


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("twin", TWINS)
def test_an_answer_goes_to_the_very_address_that_was_registered(world: World, twin: str, public: bool) -> None:
    """A-062, R-OA-03: neither success nor any error is a way to another one."""
    world.add()
    app, browser = application(world, public=public), signed_in()
    for more in ({}, {"response_type": "token"}, {"prompt": "none"}, {"scope": "\""}, {"code_challenge": "x"}, {"response_type": "'\"\\"}):
        assert leads_nowhere(browser.get(app.address(redirect_uri=twin, **more))), more
        assert leads_nowhere(Browser().get(app.address(redirect_uri=twin, **more))), more
    assert Grant.objects.within(world.tenant).count() == 0


def test_an_address_of_8_kb_or_given_twice_leads_nowhere(world: World) -> None:
    """A-062, A-182."""
    world.add()
    app, browser = application(world), signed_in()
    assert leads_nowhere(browser.get(app.address(redirect_uri=BACK + "x" * 8_192)))
    for second in (EVIL, BACK, ""):
        assert leads_nowhere(browser.get(f"{app.address()}&redirect_uri={quote(second)}"))
        assert leads_nowhere(browser.get(f"/oauth2/authorize?redirect_uri={quote(second)}&{urlsplit(app.address()).query}"))
    assert leads_nowhere(browser.get(app.address(state="x" * 3_000)))
    assert leads_nowhere(browser.get(f"{app.address()}&state=again"))


@pytest.mark.parametrize("uri", [
    "javascript:alert(1)", "JavaScript://x.example/%0aalert(1)", "data:text/html,<script>1</script>", "vbscript:x", "file:///etc/passwd",
    "https://app.example.com/#x", "https://*.example.com/cb", "https://jane:x@app.example.com/cb", "http://app.example.com/cb",
    "http://localhost.evil.example/cb", "http://127.0.0.1@evil.example/cb", "https:///cb", "https://app.example.com\\cb", "https://a b/cb",
    "https://аpp.example.com/cb", "https://app.example.com/\r\nSet-Cookie:x=1", "//app.example.com", "", "https://app.example.com:99999/",
    "https://a;script-src/cb", "https://a,b/cb", "https://a'b/cb", "https://[::1]evil.example/cb", "https://evil[::1]/cb",
    "http://evil[::1]/cb",
    "about:blank", "blob:https://app.example.com/1", "regexp=https://.*",
])
def test_no_address_is_registered_that_is_a_script_or_can_be_read_in_two_ways(world: World, uri: str) -> None:
    """A-064."""
    for public in (False, True):
        for fields in ({"redirect_uris": (uri,)}, {"redirect_uris": (BACK,), "post_logout_redirect_uris": (uri,)},
                       {"redirect_uris": (BACK,), "access_url": uri}, {"redirect_uris": (BACK,), "backchannel_logout_uri": uri}):
            if not uri and "redirect_uris" in fields and fields["redirect_uris"] == (BACK,):
                continue
            with pytest.raises(Invalid):
                clients.add(world.house, world.by, "odd", [], world.now, Application(public=public,
                                                                                     **fields))


def test_only_the_port_is_free_and_only_on_the_loopback_of_a_public_client(world: World) -> None:
    """RFC 8252 section 7.3."""
    world.add()
    browser, both = signed_in(), (LOOPBACK, "http://[::1]/cb", "http://localhost/cb", "https://app.example.com/callback")
    native = application(world, name="native", public=True, redirect_uris=both)
    served = application(world, name="served", redirect_uris=both)
    for good in ("http://127.0.0.1:53001/cb", "http://[::1]:53001/cb"):
        answer = browser.get(native.address(redirect_uri=good))
        assert answer.status == 302
        assert answer.location.startswith(f"{good}?code=")
        assert leads_nowhere(browser.get(served.address(redirect_uri=good)))
    for wrong in (
        "http://localhost:53001/cb", "https://app.example.com:53001/callback", "https://127.0.0.1:53001/cb", "http://127.0.0.2/cb",
        "http://127.0.0.1:53001/cb/", "http://127.0.0.1:53001/CB", "http://127.0.0.1:53001@evil.example/cb", "http://127.1:53001/cb",
        "http://2130706433:53001/cb", "http://0x7f.1/cb", "http://127.0.0.1.evil.example/cb", "http://evil.example[::1]/cb",
        "http://[::1]evil.example/cb", "http://[::1].evil.example:1/cb", "http://[::ffff:127.0.0.1]/cb", "http://[0:0:0:0:0:0:0:1]:1/cb",
        "http://127.0.0.1:1:2/cb", "http://127.0.0.1:1#/cb", "http://127.0.0.1:1?/cb", "http://127.0.0.1:999999/cb",
        "http://127.0.0.1:1\\cb",
    ):
        assert leads_nowhere(browser.get(native.address(redirect_uri=wrong))), wrong


def test_a_code_of_one_port_is_not_exchanged_with_another(world: World) -> None:
    """RFC 6749 section 4.1.3: the application says again where it was answered."""
    world.add()
    app, browser = application(world, public=True, redirect_uris=(LOOPBACK, BACK)), signed_in()
    sent = browser.get(app.address(redirect_uri="http://127.0.0.1:53001/cb")).location
    given = parse_qs(urlsplit(sent).query)["code"][0]
    for wrong in ("http://127.0.0.1:53002/cb", LOOPBACK, BACK, None):
        assert app.exchange(given, redirect_uri=wrong).error == (400, "invalid_grant")
    assert app.exchange(given, redirect_uri="http://127.0.0.1:53001/cb").status == 200


@pytest.mark.parametrize(("changes", "public"), [
    ({"code_challenge": None, "code_challenge_method": None}, True), ({"code_challenge_method": "plain"}, True),
    ({"code_challenge_method": "plain"}, False), ({"code_challenge_method": None}, True), ({"code_challenge_method": None}, False),
    ({"code_challenge": None}, True), ({"code_challenge": None}, False), ({"code_challenge": ""}, True),
    ({"code_challenge": "x" * 42}, True),
    ({"code_challenge": "x" * 44}, False), ({"code_challenge": "x" * 42 + "\n"}, False), ({"code_challenge": "ü" * 43}, False),
    ({"code_challenge_method": "s256"}, True), ({"code_challenge_method": "none"}, False),
])
def test_pkce_is_s256_or_nothing_and_not_nothing_for_public_clients(world: World, changes: dict[str, str | None], public: bool) -> None:
    """A-170, R-OA-07, RFC 9700 section 2.1.1."""
    world.add()
    app = application(world, public=public)
    assert app.answered(signed_in().get(app.address(**changes)))["error"] == "invalid_request"


@pytest.mark.parametrize("public", [False, True])
def test_a_code_with_a_challenge_needs_its_verifier(world: World, public: bool) -> None:
    """A-170."""
    world.add()
    app, browser = application(world, public=public), signed_in()
    given = code(app, browser)
    own = app.verifier
    for wrong in (None, "", "x" * 43, app.challenge, own + "x", own.swapcase(), own + "\n", "x" * 129, "\x00" * 43, "ü" * 43):
        assert app.exchange(given, code_verifier=wrong).status == 400, wrong
    assert app.exchange(given).status == 200


def test_pkce_is_not_taken_out_on_the_way(world: World) -> None:
    """RFC 9700 section 4.8.2: who sends a verifier has sent a challenge; if none arrived, somebody took it out."""
    world.add()
    app, browser = application(world), signed_in()
    given = code(app, browser, code_challenge=None, code_challenge_method=None)
    assert app.exchange(given).status == 400
    assert app.exchange(given, code_verifier=None).status == 200


def test_a_code_is_worth_nothing_to_anybody_else(world: World) -> None:
    """A-168, R-OA-09: not to another client, another tenant, without a secret, or with a wrong one; and nothing of it is used up."""
    world.add()
    other = other_world(world)
    app, thief, browser = application(world), application(world, name="thief"), signed_in()
    public = application(world, name="public", public=True)
    far = application(other, name="far", prefix="/t/acme.example")
    given = code(app, browser)
    verifier = app.verifier
    for attacker in (thief, public, far):
        assert attacker.exchange(given, code_verifier=verifier).error == (400, "invalid_grant")
    assert public.exchange(given, client_id=app.program.id, code_verifier=verifier).error == (401, "invalid_client")
    guess = {"grant_type": "authorization_code", "code": given, "redirect_uri": BACK, "code_verifier": verifier,
             "client_id": app.program.id,
             "client_secret": "x" * 43}
    assert app.program.post("/oauth2/token", guess, authorization=None).error == (401, "invalid_client")
    assert thief.exchange(given, client_id=app.program.id).status == 400
    assert app.exchange(given).status == 200


@pytest.mark.parametrize("text", ["", "x", "x" * 43, "x" * 44, "\x00" * 43, "ü" * 43, "' OR 1=1 --", "x" * 100_000])
def test_no_text_is_a_code_that_was_never_given(world: World, text: str) -> None:
    """A-008."""
    app = application(world)
    assert app.exchange(text).status == 400


def test_each_changed_letter_of_a_code_makes_it_another(world: World) -> None:
    """A-008."""
    world.add()
    app, browser = application(world), signed_in()
    given = code(app, browser)
    for place in range(0, 43, 6):
        assert app.exchange(given[:place] + ("A" if given[place] != "A" else "B") + given[place + 1 :]).error == (400, "invalid_grant")


def test_a_code_is_good_for_a_minute(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-OA-04."""
    world.add()
    app, browser = application(world), signed_in()
    given = code(app, browser)
    moment = datetime.now(UTC) + timedelta(seconds=world.house.config.tokens.authorization_code_validity)
    monkeypatch.setattr(protocol, "now", lambda: moment)
    assert app.exchange(given).error == (400, "invalid_grant")


def _consent(world: World, _: User, app: App) -> None:
    consents.withdraw(world.acting_as("jane"), app.program.id, world.now)


def _password(world: World, _: User, __: App) -> None:
    own_password.change_password(world.house, world.acting_as("jane"), PASSWORD, OTHER_PASSWORD, agent="x", now=world.now)


def _no_login(world: World, _: User, __: App) -> None:
    Role.objects.within(world.tenant).filter(name=EVERYONE).update(permissions=[OWN_PASSWORD])


def _moved(world: World, _: User, app: App) -> None:
    present = clients.view(world.by, app.program.id).application
    clients.set_application(world.by, app.program.id, replace(present, redirect_uris=("https://app.example.com/new",)), world.now)


def _recreated(world: World, user: User, _: App) -> None:
    users.delete(world.by, user.id, world.now)
    world.add()


Change = Callable[[World, User, App], object]


def _changed(changes: Changes) -> Change:
    return lambda world, user, _: users.change(world.house, world.by, user.id, changes, world.now)


ENDS: dict[str, Change] = {
    "forced reset": lambda world, user, _: force(world, user),
    "lock": _changed(Changes(locked=True)),
    "disable": _changed(Changes(disabled=True)),
    "delete": lambda world, user, _: users.delete(world.by, user.id, world.now),
    "namesake": _recreated,
    "password by an administrator": _changed(Changes(password=OTHER_PASSWORD)),
    "password by herself": _password,
    "client deleted": lambda world, _, app: clients.delete(world.by, app.program.id, world.now),
    "secret renewed": lambda world, _, app: clients.rotate(world.house, world.by, app.program.id, world.now),
    "redirect URI removed": _moved,
    "consent withdrawn": _consent,
    "login taken away": _no_login,
}


@pytest.mark.parametrize("what", ENDS)
def test_nothing_outlives_what_ends_it(world: World, what: str) -> None:
    """A-160, A-168, A-014, A-011 to A-014, A-167: code, access and refresh token, lasting ones too."""
    user = world.add()
    app, browser = application(world, USER_VIEW), signed_in()
    lasting = app.exchange(code(app, browser, scope=f"{SCOPE} {USER_VIEW} offline_access")).body
    given = app.exchange(code(app, browser)).body
    waiting = code(app, browser)
    ENDS[what](world, user, app)
    assert app.exchange(waiting).status in {400, 401}
    for one in (given, lasting):
        assert app.userinfo(one["access_token"]).status == 401
        assert app.refresh(one["refresh_token"]).status in {400, 401}
        header = {"Authorization": f"Bearer {one['access_token']}"}
        assert app.program.client.get("/scim2/Users", headers=header).status_code in {401, 403}
    assert Token.objects.within(world.tenant).count() == 0 or what == "login taken away"


def test_a_suspended_tenant_gives_and_takes_nothing(world: World) -> None:
    """A-142."""
    other = other_world(world)
    other.add()
    prefix = "/t/acme.example"
    app = application(other, prefix=prefix)
    browser = signed_in(prefix=prefix)
    given, waiting = app.exchange(code(app, browser)).body, code(app, browser)
    tenants.suspend(world.by, other.tenant.id, world.now)
    assert app.program.client.post(f"{prefix}/oauth2/token", {}).status_code == 404
    header = {"Authorization": f"Bearer {given['access_token']}"}
    assert app.program.client.get(f"{prefix}/oauth2/userinfo", headers=header).status_code == 404
    assert browser.get(app.address()).status == 404
    assert app.program.client.get(f"{prefix}/oauth2/jwks").status_code == 404
    assert waiting
