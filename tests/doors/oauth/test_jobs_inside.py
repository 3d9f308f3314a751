"""A password is set on the way to an application: by link or code, invited, reset, forgotten or too old, she ends up in the application.

Nothing is kept on the server for that; what the application sent comes back to it character by character.
"""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import pytest

from housekey.oauth.reading import LONGEST_ADDRESS
from housekey.store.models import Account, Code
from housekey.web import cookies
from tests.doors.oauth.application import App, application, signed_in
from tests.doors.pages.support import (
    CODE,
    COMPLETE,
    CONFIRMED,
    LOGIN,
    OPEN,
    RECOVER,
    RESEND_CODE,
    SENT,
    SHOW,
    VERIFY,
    Browser,
    code_of,
    decide,
    force,
    person,
)
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, other_world

NEW = OTHER_PASSWORD


def shop(world: World, prefix: str = "") -> App:
    return application(world, name="Coffee Shop", prefix=prefix)


def longest(app: App) -> App:
    """The same with as long a `state` as goes through, of signs that no cookie can hold more shortly."""
    room = LONGEST_ADDRESS - len(urlsplit(app.address(state="")).query)
    app.state = ""
    while len(quote(app.state, safe="")) < room - 3:
        app.state += secrets.choice(string.printable[:94])
    return app


def sent_here(app: App, browser: Browser | None = None) -> Browser:
    """At the sign-in page, as the application sent her."""
    browser = (browser or Browser()).get(app.address()).follow()
    assert (browser.status, "Coffee Shop" in browser.page) == (200, True)
    return browser


def goal(browser: Browser) -> str:
    """What the form of this page carries along."""
    found = re.search(r'name="next" value="([^"]*)"', browser.page.partition("</main>")[0])
    return found[1] if found else ""


def link(browser: Browser, start: str) -> str:
    """The address of the page's link that begins so."""
    found = re.search(rf'href="({re.escape(start)}[^"]*)"', browser.page.partition("</main>")[0])
    return found[1] if found else ""


def arrive(app: App, browser: Browser, name: str = "jane") -> None:
    """From the page that says the password is set, into the application: one more sign-in (A-016), nothing lost."""
    assert "Password" in browser.heading
    assert "Successfully" in browser.heading
    assert "Continue to Coffee Shop" in browser.page
    assert browser.client.get("/myaccount/", secure=True).status_code == 302, "nobody is signed in by a password that was set"
    browser.get(link(browser, app.prefix + LOGIN))
    assert "Your password is set." in browser.page
    assert "Coffee Shop" in browser.page
    browser.post(app.prefix + LOGIN, {"username": name, "password": NEW, "next": goal(browser)})
    assert browser.status == 303, browser.page[:300]
    answer = app.answered(browser.follow())
    assert answer["state"] == app.state
    assert app.exchange(answer["code"]).status == 200


@pytest.fixture(params=["short", "long"])
def app(world: World, request: pytest.FixtureRequest) -> App:
    found = shop(world)
    return longest(found) if request.param == "long" else found


def test_an_invited_persons_code_typed_at_sign_in(world: World, app: App) -> None:
    decide(world, INVITE_EMAIL_OTP="true")
    code = code_of(world, person(world))
    browser = sent_here(app)
    browser.post(LOGIN, {"username": "jane", "password": "wrong", "next": goal(browser)})
    assert "Login failed" in browser.page
    browser.post(LOGIN, {"username": "jane", "password": code, "next": goal(browser)})
    assert browser.location == SHOW
    arrive(app, browser.follow().set_password(NEW))


def test_the_link_of_a_forced_reset_opened_in_the_same_browser(world: World, app: App) -> None:
    user = person(world, password=PASSWORD)
    force(world, user)
    browser = sent_here(app)
    browser.get(f"{OPEN}?confirmation={world.newest_code()}").follow()
    arrive(app, browser.set_password(NEW))


def test_an_invitation_opened_in_the_same_browser(world: World, app: App) -> None:
    world.invite()
    browser = sent_here(app)
    arrive(app, browser.get(f"{OPEN}?confirmation={world.newest_code()}").follow().set_password(NEW))


def test_a_forgotten_password_by_link(world: World, app: App) -> None:
    person(world, password=PASSWORD)
    browser = sent_here(app)
    browser.get(link(browser, RECOVER))
    assert browser.heading == "Forgot Password?"
    browser.post(VERIFY, {"username": "jane", "next": goal(browser)})
    assert browser.location == SENT
    assert "state" in link(browser.follow(), LOGIN), "back to sign in, and on to the application"
    arrive(app, browser.get(f"{OPEN}?confirmation={world.newest_code()}").follow().set_password(NEW))


@pytest.mark.parametrize("again", [False, True])
def test_a_forgotten_password_by_code(world: World, app: App, again: bool) -> None:
    decide(world, RECOVERY_LINK="false", RECOVERY_EMAIL_OTP="true")
    user = person(world, password=PASSWORD)
    browser = sent_here(app)
    browser.get(link(browser, RECOVER))
    browser.post(VERIFY, {"username": "jane", "next": goal(browser)}).follow()
    if again:
        browser.post(RESEND_CODE, {"username": "jane", "next": goal(browser)}).follow()
    browser.post(CODE, {"username": "jane", "code": "wrong", "next": goal(browser)})
    browser.post(CODE, {"username": "jane", "code": code_of(world, user), "next": goal(browser)})
    assert browser.location == SHOW
    arrive(app, browser.follow().set_password(NEW))


def test_a_code_typed_on_the_page_that_a_message_names(world: World, app: App) -> None:
    """The address in the message carries no goal: this browser knows."""
    decide(world, INVITE_EMAIL_OTP="true")
    code = code_of(world, person(world))
    browser = sent_here(app).get(CODE)
    browser.post(CODE, {"username": "jane", "code": code, "next": goal(browser)})
    arrive(app, browser.follow().set_password(NEW))


def test_a_password_that_is_too_old(world: World, app: App) -> None:
    decide(world, AGE="true", AGE_DAYS="1")
    user = person(world, password=PASSWORD)
    Account.objects.within(world.tenant).filter(id=user.id).update(password_changed=world.now - timedelta(days=2))
    browser = sent_here(app)
    browser.post(LOGIN, {"username": "jane", "password": PASSWORD, "next": goal(browser)})
    assert browser.location == SHOW
    arrive(app, browser.follow().set_password(NEW))


def test_a_dead_link_leads_on_to_the_application_too(world: World, app: App) -> None:
    person(world, password=PASSWORD)
    browser = sent_here(app)
    browser.get(link(browser, RECOVER)).post(VERIFY, {"username": "jane", "next": goal(browser)})
    code = world.newest_code()
    Code.objects.within(world.tenant).update(expires=world.now - timedelta(minutes=1), issued=world.now - timedelta(hours=2))
    assert browser.get(f"{OPEN}?confirmation={code}").heading == "This link has expired."
    browser.get(link(browser, RECOVER)).post(VERIFY, {"username": "jane", "next": goal(browser)})
    arrive(app, browser.get(f"{OPEN}?confirmation={world.newest_code()}").follow().set_password(NEW))


def test_under_a_tenants_own_address(world: World) -> None:
    acme = other_world(world)
    app = longest(shop(acme, "/t/acme.example"))
    decide(acme, INVITE_EMAIL_OTP="true")
    code = code_of(acme, person(acme))
    browser = sent_here(app)
    browser.post(app.prefix + LOGIN, {"username": "jane", "password": code, "next": goal(browser)})
    browser.follow()
    browser.post(app.prefix + COMPLETE, {"form": browser.form, "reset-password": NEW, "reset-password2": NEW})
    arrive(app, browser)


@pytest.mark.parametrize("failed", [False, True])
def test_the_language_switch_keeps_the_way(world: World, app: App, failed: bool) -> None:
    person(world, password=PASSWORD)
    browser = sent_here(app)
    if failed:
        browser.post(LOGIN, {"username": "jane", "password": "wrong", "next": goal(browser)})
        browser.post("/language", {"language": "fr", "next": ""}).follow()
    else:
        query = re.search(r'href="(\?[^"]*ui_locales=fr)"', browser.page)
        assert query is not None
        browser.get(LOGIN + query[1])
    assert '<html lang="fr"' in browser.page
    browser.post(LOGIN, {"username": "jane", "password": PASSWORD, "next": goal(browser)})
    assert app.answered(browser.follow())["state"] == app.state


def test_the_language_chosen_at_sign_in_stays(world: World) -> None:
    """Also where the application asked for another one."""
    person(world, password=PASSWORD)
    app = application(world, name="Coffee Shop", consent=True)
    browser = Browser().get(app.address(ui_locales="de", prompt="login")).follow()
    assert '<html lang="de"' in browser.page
    browser.post("/language", {"language": "nl", "next": ""}).follow()
    browser.post(LOGIN, {"username": "jane", "password": PASSWORD, "next": goal(browser)}).follow()
    assert (browser.status, browser.heading) == (200, "Aanmelden bij Coffee Shop")


def test_what_is_wrong_with_a_request_is_said_in_words_that_help(world: World) -> None:
    app = application(world)
    for changes, words in (({"client_id": "none"}, "client"), ({"redirect_uri": "https://evil.example/"}, "edirect"),
                           ({"response_type": None, "client_id": None}, "response_type is code")):
        browser = Browser().get(app.address(**changes))
        assert (browser.status, browser.heading) == (400, "This sign-in cannot go on")
        assert words in (re.findall(r'<p lang="en" dir="ltr">([^<]*)</p>', browser.page) or [""])[0]


def test_a_link_opened_in_another_browser_ends_in_my_account(world: World) -> None:
    app = shop(world)
    person(world, password=PASSWORD)
    browser = sent_here(app)
    browser.get(link(browser, RECOVER)).post(VERIFY, {"username": "jane", "next": goal(browser)})
    other = Browser().get(f"{OPEN}?confirmation={world.newest_code()}").follow().set_password(NEW)
    assert "Coffee Shop" not in other.page
    assert link(other, LOGIN) == LOGIN
    assert other.sign_in("jane", NEW).location == "/myaccount/"


def _cookie(browser: Browser, name: str) -> str:
    return next(found for found in browser.client.cookies if found.endswith(name))


@pytest.mark.parametrize("what", ["forged", "of another tenant", "too old", "nothing"])
def test_a_heading_that_is_not_to_be_trusted_is_passed_over(world: World, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A-062, A-141."""
    app = shop(world)
    world.invite()
    browser = sent_here(app)
    name = _cookie(browser, "heading")
    value = browser.client.cookies[name].value
    if what == "forged":
        browser.client.cookies[name] = value[:-2] + ("AA" if value[-2:] != "AA" else "BB")
    elif what == "of another tenant":
        acme = other_world(world)
        theirs = sent_here(shop(acme, "/t/acme.example"))
        browser.client.cookies[name] = theirs.client.cookies[name].value
    elif what == "too old":
        monkeypatch.setattr(cookies, "HEADING", replace(cookies.HEADING, age=-1))
    else:
        browser.client.cookies[name] = ""
    browser.get(f"{OPEN}?confirmation={world.newest_code()}").follow().set_password(NEW)
    assert browser.heading == "Password Set Successfully"
    assert "Coffee Shop" not in browser.page
    assert link(browser, LOGIN) == LOGIN


def test_the_heading_is_forgotten_once_she_is_in(world: World) -> None:
    app = shop(world)
    person(world, password=PASSWORD)
    browser = sent_here(app)
    browser.post(LOGIN, {"username": "jane", "password": PASSWORD, "next": goal(browser)})
    assert browser.client.cookies[_cookie(browser, "heading")].value == ""


def test_who_else_is_signed_in_does_not_get_into_the_application(world: World) -> None:
    """Jane sets her password in a browser where Mary is signed in: the application must not get Mary."""
    app = shop(world)
    world.add("mary", mail="mary@example.com")
    world.invite()
    browser = sent_here(app)
    cookie = signed_in("mary").client.cookies
    browser.get(f"{OPEN}?confirmation={world.newest_code()}").follow().set_password(NEW)
    browser.client.cookies.update(cookie)
    browser.get(link(browser, LOGIN))
    assert browser.heading == "Sign In"
    browser.post(LOGIN, {"username": "jane", "password": NEW, "next": goal(browser)})
    claims = app.read(app.exchange(app.answered(browser.follow())["code"]).body["id_token"])
    assert claims["preferred_username"] == "jane"


def test_an_address_confirmed_by_code_keeps_the_way(world: World) -> None:
    app = shop(world)
    decide(world, CONFIRM_BY_OTP="true")
    code = code_of(world, person(world, password=PASSWORD, verify_email=True))
    browser = sent_here(app)
    browser.get(link(browser, CODE))
    browser.post(CODE, {"username": "jane", "code": code, "next": goal(browser)})
    assert browser.location == CONFIRMED
    browser.get(link(browser.follow(), LOGIN))
    browser.post(LOGIN, {"username": "jane", "password": PASSWORD, "next": goal(browser)})
    assert app.answered(browser.follow())["state"] == app.state


def test_every_cookie_is_small_enough_for_a_browser(world: World) -> None:
    """RFC 6265 section 6.1: 4,096 bytes with name and attributes. All of them together fit the line that a proxy takes (8 KiB)."""
    app = longest(shop(world))
    browser = sent_here(app)
    browser.get(link(browser, RECOVER)).post(VERIFY, {"username": "ж" * 255, "next": goal(browser)}).follow()
    browser.get(CODE)
    assert parse_qs(urlsplit(goal(browser)).query)["state"] == [app.state]
    sizes = {name: len(cookie.OutputString()) for name, cookie in browser.client.cookies.items()}
    assert max(sizes.values()) <= 4_096, sizes
    assert sum(sizes.values()) < 7_500, sizes


def test_a_goal_that_fits_no_cookie_is_left_out_of_it(world: World) -> None:
    """The name and the way that were chosen stay."""
    decide(world, RECOVERY_LINK="false", RECOVERY_EMAIL_OTP="true")
    person(world, password=PASSWORD)
    path = "/console/?" + "".join(secrets.choice(string.ascii_letters) for _ in range(2_900))
    browser = Browser().get(f"{RECOVER}?next={path}")
    browser.post(VERIFY, {"username": "jane", "next": goal(browser)}).follow()
    assert 'value="jane"' in browser.page
    assert goal(browser) == path
    assert max(len(cookie.OutputString()) for cookie in browser.client.cookies.values()) <= 4_096


@pytest.mark.parametrize("changes", [{"prompt": "login"}, {}], ids=["grown by a mark", "grown by percent signs"])
def test_a_request_that_could_not_come_back_is_refused_before_anybody_signs_in(world: World, changes: dict[str, str]) -> None:
    app = longest(shop(world)) if changes else shop(world)
    app.state = app.state if changes else "{" * 1_500
    query = urlsplit(app.address(**changes)).query
    query = query if changes else query.replace("%7B", "{")
    browser = Browser().get(f"/oauth2/authorize?{query}")
    assert (browser.status, browser.heading) == (400, "This sign-in cannot go on")
    assert "The request is longer than 2600 characters." in browser.page


def test_a_request_written_with_bare_signs_goes_through_at_its_full_length(world: World) -> None:
    """`/`, `:` and `?` may stand in a query as they are; written otherwise they would take three times the room."""
    app = application(world, name="Coffee Shop", consent=True)
    person(world, password=PASSWORD)
    app.state = "/:?" * 500
    query = "&".join(f"{name}={value}" for name, value in parse_qsl(urlsplit(app.address()).query)).replace(" ", "+")
    browser = Browser().get(f"/oauth2/authorize?{query}").follow()
    browser.post(LOGIN, {"username": "jane", "password": PASSWORD, "next": goal(browser)}).follow()
    found = re.search(r'name="request" value="([^"]*)"', browser.page)
    assert found is not None
    browser.post("/oauth2/consent", {"request": found[1], "decision": "allow"})
    assert app.answered(browser)["state"] == app.state
