"""My Account: the password, the sessions, and what happened lately."""

from __future__ import annotations

import re

from tests.doors.pages.support import Browser
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World

CHANGE = "/myaccount/change-password"
SECURITY = "/myaccount/security"


def fields(current: str, new: str, again: str | None = None) -> dict[str, str]:
    return {"current-password": current, "new-password": new, "confirm-password": new if again is None else again}


def test_changing_the_password_asks_for_the_old_one_and_keeps_this_browser(guest: Browser, world: World) -> None:
    world.add("jane")
    other = Browser().signed_in("jane", PASSWORD)
    guest.signed_in("jane", PASSWORD).get(SECURITY)
    assert guest.post(CHANGE, fields(PASSWORD, OTHER_PASSWORD)).location == SECURITY + "?done=password-changed"
    assert "Your password was changed." in guest.follow().page
    assert other.get("/myaccount/").status == 302, "every other session ends"
    assert Browser().sign_in("jane", OTHER_PASSWORD).status == 303


def test_a_wrong_old_password_a_typo_and_a_weak_one_are_told_apart(guest: Browser, world: World) -> None:
    world.add("jane")
    guest.signed_in("jane", PASSWORD).get(SECURITY)
    assert "That is not your current password." in guest.post(CHANGE, fields("wrong", OTHER_PASSWORD)).page
    assert "The two passwords are not the same." in guest.post(CHANGE, fields(PASSWORD, OTHER_PASSWORD, "other")).page
    assert 'data-rule="min" data-limit="8" data-state="unmet"' in guest.post(CHANGE, fields(PASSWORD, "short")).page
    assert "Please type your current password." in guest.post(CHANGE, fields("", "")).page
    assert PASSWORD not in guest.page


def test_another_session_can_be_ended_and_only_ones_own(guest: Browser, world: World) -> None:
    world.add("jane")
    other = Browser().signed_in("jane", PASSWORD)
    stranger = Browser().signed_in("admin", "admin")
    guest.signed_in("jane", PASSWORD).get(SECURITY)
    found = re.search(r"/myaccount/sessions/\d+/end", guest.page)
    assert found
    stranger.get(SECURITY)
    stranger.post(found.group())
    assert other.get("/myaccount/").status == 200
    assert guest.post(found.group()).location == SECURITY + "?done=session-ended"
    assert other.get("/myaccount/").status == 302


def test_what_happened_lately_is_told_in_sentences(guest: Browser, world: World) -> None:
    world.add("jane")
    guest.sign_in("jane", "wrong")
    guest.sign_in("jane", PASSWORD)
    for address in ("/myaccount/", SECURITY):
        page = guest.get(address).page
        assert "Sign-in refused" in page
        assert "Signed in" in page


def test_names_are_text_and_never_markup(guest: Browser, world: World) -> None:
    world.add("<b>jane</b>".replace("/", ""))
    guest.signed_in("<b>jane<b>", PASSWORD)
    assert "&lt;b&gt;jane" in guest.client.get("/myaccount/", secure=True).content.decode()
