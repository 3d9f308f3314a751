"""What integrators and people read when something about a sign-in does not fit: what to change, and how to go on."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.doors.oauth.application import BACK, application, signed_in
from tests.doors.pages.support import LOGIN, RECOVER, Browser
from tests.operations.support import PASSWORD, World


def test_a_redirect_uri_with_one_slash_more_is_named_with_what_is_compared(world: World) -> None:
    browser = Browser().get(application(world).address(redirect_uri=BACK + "/"))
    assert browser.status == 400
    assert f"redirect_uri {BACK}/ is not registered for this application. It is compared character by character" in browser.page


def test_what_cannot_be_read_is_not_repeated(world: World) -> None:
    browser = Browser().get(application(world).address(redirect_uri=BACK + "/\u202emoc"))
    assert browser.status == 400
    assert "\u202e" not in browser.page.partition("<main")[2]


@pytest.mark.parametrize(("changes", "sentence"), [
    ({"response_type": "token"}, "The only response_type is code."),
    ({"code_challenge_method": "plain"}, "Send code_challenge_method=S256, and a code_challenge of 43 characters."),
    ({"code_challenge_method": None}, "Send code_challenge_method=S256, and a code_challenge of 43 characters."),
])
def test_an_application_reads_what_to_send_instead(world: World, changes: dict[str, str | None], sentence: str) -> None:
    app = application(world)
    assert app.answered(Browser().get(app.address(**changes)))["error_description"] == sentence


def test_a_sign_in_page_that_lost_its_cookies_begins_anew_with_where_it_was_heading(world: World) -> None:
    world.add()
    app = application(world)
    browser = Browser().get(app.address()).follow()
    goal = re.search(r'name="next" value="([^"]*)"', browser.page)
    assert goal is not None
    browser.client.cookies.clear()
    browser.post(LOGIN, {"username": "jane", "password": PASSWORD, "next": goal[1]})
    assert browser.status == 403
    browser.get(_again(browser))
    assert browser.heading == "Sign In"
    browser.post(LOGIN, {"username": "jane", "password": PASSWORD, "next": goal[1]})
    assert "code" in app.answered(browser.follow())


def test_a_consent_page_that_lost_its_cookies_begins_anew(world: World) -> None:
    world.add()
    app, browser = application(world, consent=True), signed_in()
    browser.get(app.address())
    request = re.search(r'name="request" value="([^"]*)"', browser.page)
    assert request is not None
    browser.client.cookies.clear()
    browser.post("/oauth2/consent", {"request": request[1], "decision": "allow"})
    assert browser.status == 403
    again = _again(browser)
    assert parse_qs(urlsplit(again).query)["state"] == [app.state]
    assert browser.get(again).follow().heading == "Sign In"


def test_a_foreign_page_chooses_no_other_site(world: World) -> None:
    """A-062."""
    world.add()
    browser = Browser().get(LOGIN)
    browser.token = "x" * 64
    browser.post(LOGIN, {"username": "jane", "password": "x", "next": "https://evil.example/"})
    assert _again(browser).startswith(f"{LOGIN}?next=")
    browser.get(_again(browser)).sign_in("jane", PASSWORD, next="https://evil.example/")
    assert browser.location == "/myaccount/"


def test_any_other_form_leads_to_the_start_page_only(world: World) -> None:
    browser = Browser()
    browser.post(RECOVER, {})
    assert browser.status == 403
    assert ">Try again<" not in browser.page


def _again(browser: Browser) -> str:
    found = re.search(r'href="([^"]*)">Try again<', browser.page)
    assert found is not None, browser.page
    return found[1]


def test_the_story_says_which_application_it_was(world: World) -> None:
    world.add()
    app, browser = application(world, name="Coffee Shop"), signed_in()
    browser.get(app.address())
    assert "Coffee Shop · by jane" in browser.get("/myaccount/").page
