"""Signing in and out, and the language of the pages."""

from __future__ import annotations

import pytest

from tests.doors.pages.support import LOGIN, Browser
from tests.operations.support import PASSWORD, World, other_world

FAILED = "Login failed! Please recheck the username and password and try again."


def test_the_sign_in_page_has_the_fields_that_password_managers_know(browser: Browser) -> None:
    page = browser.get(LOGIN).page
    assert browser.heading == "Sign In"
    assert 'name="username" type="text" autocomplete="username"' in page
    assert 'name="password" type="password" autocomplete="current-password"' in page


def test_signing_in_leads_to_my_account(browser: Browser) -> None:
    assert browser.sign_in("admin", "admin").location == "/myaccount/"
    assert browser.follow().heading == "Welcome, admin"


@pytest.mark.parametrize("username", ["admin", "nobody", "jane"])
def test_every_failure_is_the_same_page_and_keeps_the_name(browser: Browser, world: World, username: str) -> None:
    world.invite("jane")
    browser.sign_in(username, "wrong")
    assert browser.status == 200
    assert FAILED in browser.page
    assert f'value="{username}"' in browser.page
    assert "wrong" not in browser.page


def test_an_empty_form_is_told_field_by_field_and_costs_no_try(browser: Browser) -> None:
    browser.sign_in("", "")
    assert "Username cannot be empty." in browser.page
    assert "Password cannot be empty." in browser.page
    assert FAILED not in browser.page


def test_an_unknown_browser_is_led_to_sign_in_and_back(browser: Browser) -> None:
    browser.get("/console/users/?status=locked")
    assert browser.location.startswith(LOGIN + "?next=")
    browser.follow()
    assert browser.sign_in("admin", "admin", next="/console/users/?status=locked").location == "/console/users/?status=locked"


@pytest.mark.parametrize("goal", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example", "myaccount"])
def test_sign_in_never_leads_to_another_site(browser: Browser, goal: str) -> None:
    assert browser.sign_in("admin", "admin", next=goal).location == "/myaccount/"


def test_a_form_from_another_site_signs_nobody_in(browser: Browser) -> None:
    browser.post(LOGIN, {"username": "admin", "password": "admin"})
    assert browser.status == 403


def test_signing_out_asks_first_and_ends_the_session(browser: Browser) -> None:
    browser.signed_in("admin", "admin")
    assert browser.get("/logout").heading == "Sign out?"
    assert browser.get("/myaccount/").status == 200
    browser.get("/logout")
    assert browser.post("/logout").location == LOGIN + "?done=signed-out"
    assert "You are signed out." in browser.follow().page
    assert browser.get("/myaccount/").location.startswith(LOGIN)


def test_the_address_cannot_put_words_on_the_page(browser: Browser) -> None:
    assert "transfer" not in browser.get(LOGIN + "?done=transfer+your+money").page


def test_a_name_with_its_tenant_signs_in_there(browser: Browser, world: World) -> None:
    other_world(world).add("sam", PASSWORD)
    assert browser.sign_in("sam@acme.example", PASSWORD).location == "/t/acme.example/myaccount/"
    assert browser.follow().heading == "Welcome, sam"


def test_pages_under_a_tenant_keep_its_prefix(browser: Browser, world: World) -> None:
    other_world(world)
    assert 'action="/t/acme.example/authenticationendpoint/login.do"' in browser.get("/t/acme.example" + LOGIN).page


@pytest.mark.parametrize("path", ["/", "/dashboard", "/myaccount"])
def test_old_addresses_lead_to_my_account(browser: Browser, path: str) -> None:
    assert browser.get(path).location == "/myaccount/"


@pytest.mark.parametrize("path", ["/carbon", "/carbon/admin/login.jsp", "/console"])
def test_old_addresses_lead_to_the_console(browser: Browser, path: str) -> None:
    assert browser.get(path).location == "/console/"


def test_the_language_can_be_asked_for_once_or_for_good(browser: Browser) -> None:
    assert browser.get(LOGIN + "?ui_locales=de").heading == "Anmelden"
    assert browser.get(LOGIN).heading == "Sign In"
    assert browser.post("/language", {"language": "de", "next": LOGIN}).location == LOGIN
    assert browser.follow().heading == "Anmelden"
    assert '<html lang="de">' in browser.page


def test_an_unknown_language_changes_nothing(browser: Browser) -> None:
    browser.get(LOGIN)
    assert browser.post("/language", {"language": "xx", "next": "//evil.example"}).location == "/"
    assert browser.get(LOGIN).heading == "Sign In"
