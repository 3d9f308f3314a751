"""Signing in and out, and the language of the pages."""

from __future__ import annotations

import pytest

from tests.doors.pages.support import LOGIN, Browser, decide
from tests.operations.support import PASSWORD, World, other_world

FAILED = "Login failed! Please recheck the username and password and try again."


def test_the_sign_in_page_has_the_fields_that_password_managers_know(guest: Browser) -> None:
    page = guest.get(LOGIN).page
    assert guest.heading == "Sign In"
    assert 'name="username" type="text" autocomplete="username"' in page
    assert 'name="password" type="password" autocomplete="current-password"' in page


def test_signing_in_leads_to_my_account(guest: Browser) -> None:
    assert guest.sign_in("admin", "admin").location == "/myaccount/"
    assert guest.follow().heading == "Welcome, admin"


@pytest.mark.parametrize("username", ["admin", "nobody", "jane"])
def test_every_failure_is_the_same_page_and_keeps_the_name(guest: Browser, world: World, username: str) -> None:
    world.invite("jane")
    guest.sign_in(username, "wrong")
    assert guest.status == 200
    assert FAILED in guest.page
    assert f'value="{username}"' in guest.page
    assert "wrong" not in guest.page


HINT = "If an administrator invited you or reset your password, look for a message from us"


@pytest.mark.parametrize("username", ["admin", "nobody", "jane"])
def test_after_three_failures_a_tenant_may_have_the_page_mention_messages_for_every_name(
    guest: Browser, world: World, username: str
) -> None:
    decide(world, RECOVERY_HINT="true")
    world.invite("jane")
    guest.sign_in(username, "wrong")
    for count in ("1", "2"):
        assert (f'name="failures" value="{count}"' in guest.page, HINT in guest.page) == (True, False)
        guest.post(LOGIN, {"username": username, "password": "wrong", "failures": count})
    assert (FAILED in guest.page, HINT in guest.page) == (True, True)


@pytest.mark.parametrize("said", ["", "-1", "3.5", "99999999999999999999", "x", "٣"])
def test_a_count_that_makes_no_sense_counts_as_none(guest: Browser, world: World, said: str) -> None:
    decide(world, RECOVERY_HINT="true")
    assert HINT not in guest.sign_in("admin", "wrong", failures=said).page


def test_without_that_setting_the_page_never_mentions_messages(guest: Browser) -> None:
    assert HINT not in guest.sign_in("admin", "wrong", failures="3").page
    assert 'name="failures"' not in guest.page


def test_an_empty_form_is_told_field_by_field_and_costs_no_try(guest: Browser) -> None:
    guest.sign_in("", "")
    assert "Username cannot be empty." in guest.page
    assert "Password cannot be empty." in guest.page
    assert FAILED not in guest.page


def test_an_unknown_browser_is_led_to_sign_in_and_back(guest: Browser) -> None:
    guest.get("/console/users/?status=locked")
    assert guest.location.startswith(LOGIN + "?next=")
    guest.follow()
    assert guest.sign_in("admin", "admin", next="/console/users/?status=locked").location == "/console/users/?status=locked"


@pytest.mark.parametrize("goal", [
    "//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example", "myaccount",
])
def test_sign_in_never_leads_to_another_site(guest: Browser, goal: str) -> None:
    assert guest.sign_in("admin", "admin", next=goal).location == "/myaccount/"


def test_a_form_from_another_site_signs_nobody_in(guest: Browser) -> None:
    guest.post(LOGIN, {"username": "admin", "password": "admin"})
    assert guest.status == 403


def test_signing_out_asks_first_and_ends_the_session(guest: Browser) -> None:
    guest.signed_in("admin", "admin")
    assert guest.get("/logout").heading == "Sign out?"
    assert guest.get("/myaccount/").status == 200
    guest.get("/logout")
    assert guest.post("/logout").location == LOGIN + "?done=signed-out"
    assert "You are signed out." in guest.follow().page
    assert guest.get("/myaccount/").location.startswith(LOGIN)


def test_the_address_cannot_put_words_on_the_page(guest: Browser) -> None:
    assert 'id="done"' in guest.get(LOGIN + "?done=signed-out").page
    assert 'id="done"' not in guest.get(LOGIN + "?done=transfer+your+money").page


def test_a_name_with_its_tenant_signs_in_there(guest: Browser, world: World) -> None:
    other_world(world).add("sam", PASSWORD)
    assert guest.sign_in("sam@acme.example", PASSWORD).location == "/t/acme.example/myaccount/"
    assert guest.follow().heading == "Welcome, sam"


def test_pages_under_a_tenant_keep_its_prefix(guest: Browser, world: World) -> None:
    other_world(world)
    assert 'action="/t/acme.example/authenticationendpoint/login.do"' in guest.get("/t/acme.example" + LOGIN).page


@pytest.mark.parametrize("path", ["/", "/dashboard", "/myaccount"])
def test_old_addresses_lead_to_my_account(guest: Browser, path: str) -> None:
    assert guest.get(path).location == "/myaccount/"


@pytest.mark.parametrize("path", ["/carbon", "/carbon/admin/login.jsp", "/console"])
def test_old_addresses_lead_to_the_console(guest: Browser, path: str) -> None:
    assert guest.get(path).location == "/console/"


def test_a_language_once_asked_for_stays_until_another_is_chosen(guest: Browser) -> None:
    assert guest.get(LOGIN + "?ui_locales=fr").heading == "Se connecter"
    assert guest.get(LOGIN).heading == "Se connecter"
    assert guest.post("/language", {"language": "de", "next": LOGIN}).location == LOGIN
    assert guest.follow().heading == "Anmelden"
    assert '<html lang="de">' in guest.page


def test_an_unknown_language_changes_nothing(guest: Browser) -> None:
    guest.get(LOGIN)
    assert guest.post("/language", {"language": "xx", "next": "//evil.example"}).location == "/"
    assert guest.get(LOGIN).heading == "Sign In"


def test_switching_the_language_comes_back_to_the_same_page(guest: Browser) -> None:
    page = guest.get(LOGIN + "?next=/console/&ui_locales=de").page
    assert 'name="next" value="/authenticationendpoint/login.do?next=%2Fconsole%2F"' in page
