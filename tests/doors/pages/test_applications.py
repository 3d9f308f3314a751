"""My Account ▸ Applications, what the sign-in page says of the application, and the pages between the two."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from housekey.core.principal import USER_VIEW
from housekey.store.models import AuditEntry, Consent
from tests.doors.oauth.application import App, application, signed_in, tokens
from tests.doors.pages.support import LOGIN, Browser
from tests.operations.support import PASSWORD, World, other_world

LIST, OVERVIEW = "/myaccount/applications", "/myaccount/"
SHOP = "https://shop.example.com/"


def withdraw(app: App) -> str:
    return f"{LIST}/{app.program.id}/withdraw"


def agreed(world: World, *scopes: str, scope: str = "openid email", **settings: Any) -> tuple[App, Browser]:
    """Jane, signed in, and a shop that may know her address."""
    if not settings.pop("known", False):
        world.add()
    app, browser = application(world, *scopes, name="Coffee Shop", consent=True, access_url=SHOP, **settings), signed_in()
    browser.get(app.address(scope=scope))
    request = re.search(r'name="request" value="([^"]*)"', browser.page)
    assert request is not None
    browser.post("/oauth2/consent", {"request": request[1], "decision": "allow"})
    assert "code" in app.answered(browser)
    return app, browser


def main(browser: Browser) -> str:
    return browser.page.partition('<main id="main"')[2].partition("</main>")[0]


def test_who_has_signed_in_nowhere_reads_what_will_stand_there(world: World) -> None:
    world.add()
    browser = signed_in()
    assert "No applications yet" in browser.get(LIST).page
    assert browser.heading == "Applications"
    assert ">Applications</h2>" not in browser.get(OVERVIEW).page
    assert f'href="{LIST}"' in browser.page, "the tab is there"


def test_an_application_is_listed_with_what_it_may_know_and_where_it_is_opened(world: World) -> None:
    app, browser = agreed(world)
    assert "1 application<" in browser.get(LIST).page
    shown = main(browser)
    assert "Coffee Shop" in shown
    assert "who you are here" in shown
    assert "your e-mail address" in shown
    assert "your name and language" not in shown
    assert f'href="{SHOP}" rel="noreferrer"' in shown
    assert f'href="{withdraw(app)}"' in shown
    assert shown.count("<time") == 2, "since when, and last used"
    assert f'href="{SHOP}"' in main(browser.get(OVERVIEW))
    assert f'href="{LIST}"' in main(browser)


def test_an_application_that_asks_nobody_is_listed_too(world: World) -> None:
    world.add()
    app, browser = application(world, name="Intranet"), signed_in()
    tokens(app, browser)
    shown = main(browser.get(LIST))
    assert "Intranet" in shown
    assert "does not ask what it may know" in shown
    assert ">Open<" not in shown
    assert "as before" in browser.get(withdraw(app)).page


def test_permissions_are_told_apart_from_what_is_learned(world: World) -> None:
    app, browser = agreed(world, USER_VIEW, scope=f"openid {USER_VIEW}")
    assert f"<code>{USER_VIEW}</code>" in main(browser.get(LIST))
    browser.get(app.address(scope=f"openid {USER_VIEW}", prompt="consent"))
    assert "and act for you with these permissions" in browser.page
    assert f"<code>{USER_VIEW}</code>" in browser.page


def test_withdrawing_asks_first_and_ends_what_the_application_was_given(world: World) -> None:
    app, browser = agreed(world)
    given = tokens(app, browser, scope="openid email")
    assert browser.get(withdraw(app)).heading == "Withdraw access from Coffee Shop?"
    assert app.userinfo(given["access_token"]).status == 200, "asking changes nothing"
    browser.post(withdraw(app))
    assert browser.location == f"{LIST}?done=access-withdrawn"
    assert "The access was withdrawn" in browser.follow().page
    assert "No applications yet" in browser.page
    assert app.userinfo(given["access_token"]).status == 401
    assert app.refresh(given["refresh_token"]).error == (400, "invalid_grant")
    assert "would like to know" in browser.get(app.address(scope="openid email")).page, "it must ask again"
    assert AuditEntry.objects.within(world.tenant).filter(event="consent:withdraw", actor="jane").count() == 1


@pytest.mark.parametrize("client_id", ["client_" + "0" * 32, "x", "%00", "é", "a" * 300])
def test_what_is_not_there_leads_back_to_the_list(world: World, client_id: str) -> None:
    world.add()
    browser = signed_in()
    assert browser.get(f"{LIST}/{client_id}/withdraw").location == LIST
    assert browser.post(f"{LIST}/{client_id}/withdraw").location == LIST


def test_nobody_sees_or_withdraws_what_somebody_else_agreed_to(world: World) -> None:
    """A-019: also not an application that both use."""
    app, _ = agreed(world)
    world.add("mary", mail="mary@example.com")
    mary = signed_in("mary")
    assert "Coffee Shop" not in mary.get(LIST).page
    assert mary.get(withdraw(app)).location == LIST
    assert mary.post(withdraw(app)).location == LIST
    assert Consent.objects.within(world.tenant).count() == 1


def test_a_foreign_page_withdraws_nothing(world: World) -> None:
    """A-018"""
    app, browser = agreed(world)
    browser.token = ""
    assert browser.post(withdraw(app)).status == 403
    assert Consent.objects.within(world.tenant).count() == 1


@pytest.mark.parametrize("path", [LIST, f"{LIST}/x/withdraw"])
def test_only_for_who_is_signed_in(guest: Browser, path: str) -> None:
    assert guest.get(path).location.startswith(LOGIN)


def test_each_tenant_has_its_own_applications(world: World) -> None:
    """A-141"""
    app, _ = agreed(world)
    acme = other_world(world)
    acme.add()
    browser = signed_in(prefix="/t/acme.example")
    assert "Coffee Shop" not in browser.get("/t/acme.example" + LIST).page
    assert browser.post("/t/acme.example" + withdraw(app)).location == "/t/acme.example" + LIST
    assert Consent.objects.within(world.tenant).count() == 1


def test_the_sign_in_page_says_where_it_leads(world: World) -> None:
    browser = Browser().get(application(world, name="Coffee & <b>Shop").address()).follow()
    assert browser.heading == "Sign In"
    assert "Continue to <strong>" in browser.page
    assert b"Coffee &amp; &lt;b&gt;Shop</strong>" in browser.client.get(_here(browser), secure=True).content
    assert "Continue to" not in Browser().get(LOGIN).page


def _here(browser: Browser) -> str:
    """The sign-in page that is shown, by one of its own language links."""
    found = re.search(r'href="(\?[^"]*ui_locales=en)"', browser.page)
    assert found is not None
    return LOGIN + unescape(found[1])


def test_who_must_sign_in_again_is_told_so(world: World) -> None:
    world.add()
    browser = signed_in().get(application(world).address(prompt="login")).follow()
    assert "You are signed in as <strong>jane</strong>. Please sign in again to go on." in browser.page
    goal = re.search(r'name="next" value="([^"]*)"', browser.page)
    assert goal is not None
    browser.post(LOGIN, {"username": "jane", "password": "wrong", "next": goal[1]})
    assert "Please sign in again to go on." in browser.page
    assert "Please sign in again" not in Browser().get(LOGIN + "?prompt=login").page


def test_the_consent_page_says_who_asks_for_whom_and_offers_another_account(world: World) -> None:
    world.add()
    world.add("mary", mail="mary@example.com")
    app, browser = application(world, name="Coffee Shop", consent=True), signed_in()
    browser.get(app.address())
    assert browser.heading == "Sign in to Coffee Shop"
    assert "You are signed in as <strong>jane</strong>." in browser.page
    assert "https://app.example.com" in browser.page
    assert "autofocus" not in main(browser)
    assert re.findall(r'<button [^>]*value="(\w+)"', main(browser)) == ["allow", "deny"]
    other = re.search(r'href="([^"]*prompt=login[^"]*)"', browser.page)
    assert other is not None
    goal = parse_qs(urlsplit(other[1]).query)["next"][0]
    assert parse_qs(urlsplit(goal).query)["state"] == [app.state]
    browser.get(other[1])
    assert browser.heading == "Sign In"
    browser.post(LOGIN, {"username": "mary", "password": PASSWORD, "next": goal}).follow()
    assert "You are signed in as <strong>mary</strong>." in browser.page
