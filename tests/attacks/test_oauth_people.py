"""People on their way to an application, attacked: codes without a sign-in, in the wrong name, against their will, or by somebody else."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from housekey.operations import consents, grants
from housekey.store.models import Grant, Session
from tests.attacks.test_oauth import EVIL, code, leads_nowhere
from tests.doors.oauth.application import BACK, BYE, application, signed_in, through
from tests.doors.pages.support import LOGIN, OPEN, Browser, code_of, force
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, counts, other_world


def test_a_ticket_or_a_typed_one_time_code_brings_no_code(world: World) -> None:
    """A-035, A-016: neither before the password is set nor by setting it."""
    user = world.add()
    app = application(world)
    force(world, user)
    link = Browser().get(f"{OPEN}?confirmation={code_of(world, user)}")
    link.follow()
    assert urlsplit(link.get(app.address()).location).path == LOGIN
    assert app.answered(link.get(app.address(prompt="none")))["error"] == "login_required"
    assert Grant.objects.within(world.tenant).count() == 0


def test_setting_a_password_signs_nobody_in_to_the_application(world: World) -> None:
    """A-016."""
    user = world.add()
    app = application(world)
    force(world, user)
    browser = Browser().get(app.address()).follow()
    browser.get(f"{OPEN}?confirmation={world.newest_code()}").follow()
    assert browser.set_password(OTHER_PASSWORD).status in {200, 303}
    assert urlsplit(browser.get(app.address()).location).path == LOGIN
    assert Grant.objects.within(world.tenant).count() == 0


def test_whoever_signs_in_next_gets_codes_of_her_own_only(world: World) -> None:
    """A-161: the one before is signed out, with what her applications hold."""
    world.add()
    mary = world.add("mary", mail="mary@example.com")
    app, browser = application(world), signed_in()
    first = app.exchange(code(app, browser)).body
    old = browser.client.cookies["__Host-session" if "__Host-session" in browser.client.cookies else "session"].value
    browser.sign_in("mary", PASSWORD)
    assert app.read(app.exchange(code(app, browser)).body["id_token"])["sub"] == str(mary.id)
    assert app.userinfo(first["access_token"]).status == 401
    assert app.refresh(first["refresh_token"]).error == (400, "invalid_grant")
    planted = Browser()
    for name in ("__Host-session", "session"):
        planted.client.cookies[name] = old
    assert urlsplit(planted.get(app.address()).location).path == LOGIN


def test_every_answer_says_whose_it_is(world: World) -> None:
    """Mix-up, RFC 9207: errors too, and of the right tenant."""
    world.add()
    other = other_world(world)
    other.add()
    for home, prefix in ((world, ""), (other, "/t/acme.example")):
        app, browser = application(home, name="own", prefix=prefix), signed_in(prefix=prefix)
        asking = application(home, name="asks", prefix=prefix, consent=True)
        issuer = app.program.client.get(f"{prefix}/.well-known/openid-configuration").json()["issuer"]
        answers = [app.answered(browser.get(app.address(**changes))) for changes in (
            {}, {"response_type": "token"}, {"response_type": None}, {"max_age": "x"}, {"prompt": "x"}, {"request": "x"},
            {"request_uri": EVIL}, {"response_mode": "fragment"}, {"code_challenge_method": "plain"}, {"nonce": "x" * 501},
            {"registration": "{}"},
        )] + [asking.answered(browser.get(asking.address(prompt="none"))), app.answered(Browser().get(app.address(prompt="none")))]
        assert {(answer["iss"], answer["state"]) for answer in answers} == {(issuer, app.state), (issuer, asking.state)}
        assert [("error" in answer) for answer in answers] == [False] + [True] * 12


def test_a_form_of_another_site_agrees_to_nothing(world: World) -> None:
    """A-068: consent needs the page's token, the page cannot be framed, and a request sent by POST is looked at without haste."""
    world.add()
    app, browser = application(world, consent=True), signed_in()
    entered = {"username": "jane", "password": PASSWORD, "next": app.address()}
    assert Browser().client.post(LOGIN, entered, secure=True, headers={"Referer": "https://evil.example/"}).status_code == 403
    browser.get(app.address())
    assert (browser.headers["X-Frame-Options"], "frame-ancestors 'none'" in browser.headers["Content-Security-Policy"]) == ("DENY", True)
    fields = {"request": urlencode(app.asking()), "decision": "allow"}
    for token in ({}, {"csrfmiddlewaretoken": "x" * 64}):
        answer = browser.client.post("/oauth2/consent", fields | token, secure=True, headers={"Referer": "https://evil.example/"})
        assert answer.status_code == 403
    assert browser.client.get(f"/oauth2/consent?{urlencode(fields)}", secure=True).status_code == 405
    assert browser.post("/oauth2/authorize", app.asking()).status == 303
    assert browser.follow().status == 200, "the page that asks"
    assert browser.get(f"{app.address()}&decision=allow&agreed=1").status == 200
    assert Grant.objects.within(world.tenant).count() == 0


def test_what_comes_with_consent_is_looked_at_anew(world: World) -> None:
    """A-062, A-068: another address, client or scope in the form is taken for what it is, and an error for an error."""
    world.add()
    app, browser = application(world, consent=True), signed_in()
    other = application(world, name="other", consent=True)
    foreign = {"client_id": other.program.id, "redirect_uri": EVIL}
    for changes in ({"redirect_uri": EVIL}, {"client_id": "x"}, {"redirect_uri": BACK + "/"}, foreign):
        browser.get(app.address()).post("/oauth2/consent", {"request": urlencode(app.asking(**changes)), "decision": "allow"})
        assert leads_nowhere(browser)
    for odd in ("", "x", "&" * 3_000, "\x00", "%", "a=b&" * 600, urlencode(app.asking()) + "&state=2", "x" * 5_000):
        assert browser.get(app.address()).post("/oauth2/consent", {"request": odd, "decision": "allow"}).status == 400
    browser.get(app.address()).post("/oauth2/consent", {"request": urlencode(app.asking(prompt="login")), "decision": "allow"})
    assert urlsplit(browser.location).path == LOGIN, "a fresh sign-in is not agreed away"
    browser.get(app.address()).post("/oauth2/consent", {"request": urlencode(app.asking()), "decision": "ALLOW"})
    assert app.answered(browser)["error"] == "access_denied"
    assert Grant.objects.within(world.tenant).count() == 0
    visitor = Browser().get(LOGIN).post("/oauth2/consent", {"request": urlencode(app.asking()), "decision": "allow"})
    assert urlsplit(visitor.location).path == LOGIN


def test_consent_taken_back_meanwhile_is_not_passed_over(world: World) -> None:
    """A-167: what the page saw a moment ago is looked at again where the code is made."""
    world.add()
    app, _ = application(world, consent=True), world.sign_in("jane")
    by = replace(world.acting_as("jane"), session_id=Session.objects.within(world.tenant).get().id)
    with pytest.raises(consents.Unasked):
        grants.authorize(world.house, by, grants.Asked(app.program.id, BACK, ("openid",)), world.now)
    assert grants.authorize(world.house, by, grants.Asked(app.program.id, BACK, ("openid",)), world.now, agreed=True)


def test_the_mark_of_a_fresh_sign_in_is_not_forged_and_fits_one_request(world: World) -> None:
    """A-008: `since` says when a request that demands a fresh sign-in came first."""
    world.add()
    app = application(world)
    goal = parse_qs(urlsplit(Browser().get(app.address(prompt="login")).location).query)["next"][0]
    mark = parse_qs(urlsplit(goal).query)["since"][0]
    browser = signed_in()
    for forged in ("0", "x", "", f"x{mark}", f"{mark}x", mark.replace(":", "::"), "9" * 400):
        assert urlsplit(browser.get(app.address(prompt="login", since=forged)).location).path == LOGIN
    for changes in ({"state": "another"}, {"nonce": "another"}, {"scope": "openid"}):
        assert urlsplit(browser.get(app.address(prompt="login", since=mark, **changes)).location).path == LOGIN
    assert "code" in app.answered(browser.get(app.address(prompt="login", since=mark)))


def test_a_thousand_strangers_leave_no_row(world: World) -> None:
    """A-163: shown with fifty of each."""
    app = application(world)
    before = counts(audit=True)
    for number in range(50):
        stranger = Browser()
        stranger.get(app.address(state=str(number)))
        stranger.get(app.address(redirect_uri=EVIL))
        stranger.get(app.address(prompt="none", id_token_hint="x.y.z"))
        stranger.get(f"/oidc/logout?client_id={app.program.id}&post_logout_redirect_uri={BYE}")
        assert app.userinfo("x" * 43).status == 401
    assert counts(audit=True) == before


@pytest.mark.parametrize("more", [{}, {"prompt": "login"}, {"max_age": "0"}, {"max_age": "00"}, {"prompt": "select_account"},
                                  {"max_age": "1000"}])
def test_a_hint_of_somebody_else_holds_however_fresh_the_sign_in_is(world: World, more: dict[str, str]) -> None:
    """OpenID Connect Core section 3.1.2.1: an application that names a person gets her or an error."""
    world.add()
    world.add("mary", mail="mary@example.com")
    app = application(world)
    hint = app.exchange(code(app, signed_in("mary"))).body["id_token"]
    assert through(app, signed_in(), id_token_hint=hint, **more)["error"] == "login_required"
    assert "code" in through(app, signed_in(), "mary", id_token_hint=hint, **more)


def test_signing_in_at_the_applications_wish_is_no_open_redirect(world: World) -> None:
    """A-062: `next` is a path of this site, and the request in it is looked at anew."""
    world.add()
    app = application(world)
    for goal in (EVIL, "//evil.example", "/\\evil.example", "https:/evil.example", "\t//evil.example", "javascript:alert(1)",
                 "/oauth2/authorize\r\nX: y", "///evil.example", "/%0d%0aX:y" + "x" * 4_000):
        browser = Browser()
        browser.get(f"{LOGIN}?{urlencode({'next': goal})}").post(LOGIN, {"username": "jane", "password": PASSWORD, "next": goal})
        assert browser.status == 303
        assert not urlsplit(browser.location).netloc
        assert "evil" not in browser.location
    assert leads_nowhere(_arrived(app.address(redirect_uri=EVIL)))


def _arrived(goal: str) -> Browser:
    browser = Browser()
    browser.get(f"{LOGIN}?{urlencode({'next': goal})}").post(LOGIN, {"username": "jane", "password": PASSWORD, "next": goal})
    return browser.follow()


def test_fifty_sign_ins_in_a_row_go_through_the_same_gate(world: World) -> None:
    """A-160: the state of one never helps another."""
    world.add()
    app, seen = application(world), set()
    browser = signed_in()
    for _ in range(20):
        seen.add(code(app, browser))
    assert len(seen) == 20
    assert "code" in through(app, Browser())
