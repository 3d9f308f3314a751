"""My Account: three pages, the profile one may change oneself, and signing out other browsers."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from housekey.core.languages import LANGUAGES
from housekey.core.users import Changes, User
from housekey.operations import audit, sessions, users
from tests.doors.pages.support import Browser, decide, person
from tests.operations.support import PASSWORD, World, counts, other_world

OVERVIEW, INFO, SECURITY = "/myaccount/", "/myaccount/personal-info", "/myaccount/security"
OTHERS = "/myaccount/sessions/end-others"
NEW_NUMBER = "+49 151 99999999"


def jane(world: World) -> tuple[User, Browser]:
    """Somebody with an address and a mobile number, signed in."""
    return person(world, password=PASSWORD), Browser().signed_in("jane", PASSWORD)


def fields(user: User, **changed: str) -> dict[str, str]:
    """The form as it was shown, with some fields typed anew."""
    return {"version": str(user.version), "given": user.profile.given_name, "family": user.profile.family_name,
            "mobile": user.profile.mobile, "locale": user.profile.locale, "current-password": ""} | changed


def profile(world: World, name: str = "jane") -> User:
    return users.by_name(world.by, name)


@pytest.mark.parametrize("path", [OVERVIEW, INFO, SECURITY])
def test_each_page_has_its_address_and_says_where_one_is(world: World, path: str) -> None:
    _, browser = jane(world)
    page = browser.get(path).page
    assert re.findall(r'href="([^"]+)" aria-current="page">([^<]+)</a>', page) == [
        (path, {OVERVIEW: "Overview", INFO: "Personal Info", SECURITY: "Security"}[path])]
    assert not re.search(r'tabindex="[1-9]', page)
    assert Browser().get(path).status == 302


def test_the_overview_says_what_matters(world: World) -> None:
    _, browser = jane(world)
    page = browser.get(OVERVIEW).page
    assert browser.heading == "Welcome, jane"
    assert "jane@example.com" in page
    assert "not confirmed" in page
    assert "Password changed" in page
    assert "<dt>Active sessions</dt><dd>1</dd>" in page
    assert "Signed in" in page


def test_names_and_language_are_changed_and_the_pages_follow(world: World) -> None:
    user, browser = jane(world)
    page = browser.get(INFO).page
    for tag, name in LANGUAGES.items():
        assert f'<option value="{tag}" lang="{tag}">{name}<' in page
    assert browser.post(INFO, fields(user, given="Jane", family="Doe", locale="de")).location == INFO + "?done=profile-saved"
    changed = profile(world).profile
    assert (changed.given_name, changed.family_name, changed.locale) == ("Jane", "Doe", "de")
    assert browser.get(OVERVIEW).heading == "Willkommen, Jane"
    assert any(row.event == "account:profile:change" for row in audit.recent(world.by, user.id))


def test_another_mobile_number_needs_the_password(world: World) -> None:
    """A-133: codes go to the number, so whoever finds the browser open cannot make it hers."""
    user, browser = jane(world)
    browser.get(INFO)
    assert "Please type your current password." in browser.post(INFO, fields(user, mobile=NEW_NUMBER)).page
    assert 'value="+49 151 99999999"' in browser.page
    assert "That is not your current password." in browser.post(INFO, fields(user, mobile=NEW_NUMBER) | {"current-password": "wrong"}).page
    assert "Please type your current password." in browser.post(INFO, fields(user, mobile="")).page
    assert profile(world).profile.mobile == user.profile.mobile
    sent = browser.post(INFO, fields(user, mobile=NEW_NUMBER) | {"current-password": PASSWORD})
    assert sent.location == INFO + "?done=profile-saved"
    assert profile(world).profile.mobile == "+4915199999999"
    assert not profile(world).phone_verified


def test_guessing_the_password_there_is_slowed_down(world: World) -> None:
    """A-027: it counts like a sign-in."""
    user, browser = jane(world)
    browser.get(INFO)
    for _ in range(40):
        browser.post(INFO, fields(user, mobile=NEW_NUMBER) | {"current-password": "wrong"})
        if browser.status == 429:
            break
    assert browser.status == 429
    assert int(browser.headers["Retry-After"]) > 0
    assert profile(world).profile.mobile == user.profile.mobile


def test_the_password_is_not_shown_again(world: World) -> None:
    user, browser = jane(world)
    browser.get(INFO)
    assert PASSWORD not in browser.post(INFO, fields(user, locale="xx") | {"current-password": PASSWORD}).page


def test_the_address_roles_and_name_are_not_hers_to_change(world: World) -> None:
    """A-132, A-133: what the form does not have is not read."""
    user, browser = jane(world)
    assert "only an administrator can change it" in browser.get(INFO).page
    assert 'name="mail"' not in browser.page
    browser.post(INFO, fields(user, given="Jane") | {"mail": "thief@example.com", "emails": "thief@example.com", "userName": "admin",
                                                     "email_verified": "true", "roles": "admin"})
    after = profile(world)
    assert (after.profile.mail, after.roles, str(after.name), after.email_verified) == ("jane@example.com", (), "jane", False)


@pytest.mark.parametrize(("name", "text", "sentence"), [
    ("mobile", "call me", "That is not a mobile number."), ("locale", "xx", "Choose one of the languages in the list."),
    ("given", "x" * 300, "This is too long"), ("family", "a\0b", "This is too long or contains something that cannot be kept."),
])
def test_what_cannot_be_kept_is_said_beside_its_field(world: World, name: str, text: str, sentence: str) -> None:
    user, browser = jane(world)
    browser.get(INFO)
    page = browser.post(INFO, fields(user, **{name: text}) | {"current-password": PASSWORD}).page
    assert browser.status == 200
    assert f'<a href="#{name}">' in page
    assert sentence in page
    assert profile(world).version == user.version


def test_a_change_by_somebody_else_meanwhile_is_told(world: World) -> None:
    user, browser = jane(world)
    browser.get(INFO)
    users.change(world.house, world.by, user.id, Changes(profile=replace(user.profile, given_name="Other")), world.now)
    page = browser.post(INFO, fields(user, given="Jane")).page
    assert "Your profile was changed meanwhile." in page
    assert 'value="Jane"' in page
    assert browser.post(INFO, fields(user, given="Jane") | {"version": str(profile(world).version)}).status == 303


def test_this_browser_is_marked_and_all_others_are_signed_out(world: World) -> None:
    _, browser = jane(world)
    others = [Browser().signed_in("jane", PASSWORD) for _ in range(2)]
    stranger = Browser().signed_in("admin", "admin")
    page = browser.get(SECURITY).page
    assert page.count("this browser") == 1
    assert page.count("/end\"") == 2
    assert browser.post(OTHERS).location == SECURITY + "?done=signed-out-others"
    page = browser.follow().page
    assert "All other sessions were signed out." in page
    assert "You are signed in nowhere else." in page
    assert "Sign out all others" not in page
    assert all(other.get(OVERVIEW).status == 302 for other in others)
    assert stranger.get(OVERVIEW).status == 200


def test_a_session_of_somebody_else_or_of_another_tenant_is_not_hers_to_end(world: World) -> None:
    """A-150: the number of a session is no key to it, and the answer does not tell whether there is one."""
    _, browser = jane(world)
    stranger = Browser().signed_in("admin", "admin")
    admin = profile(world, "admin")
    there = other_world(world)
    there.add("sam")
    there.sign_in("sam")
    numbers = [sessions.of_user(world.house, world.by, admin.id, world.now)[0].id,
               sessions.of_user(there.house, there.by, users.by_name(there.by, "sam").id, there.now)[0].id, 999_999, 2**62]
    browser.get(SECURITY)
    for number in numbers:
        assert browser.post(f"/myaccount/sessions/{number}/end").location == SECURITY
    browser.post(OTHERS)
    assert stranger.get(OVERVIEW).status == 200
    assert len(sessions.of_user(there.house, there.by, users.by_name(there.by, "sam").id, there.now)) == 1


def test_nothing_happens_by_a_link_or_without_the_token_of_a_form(world: World) -> None:
    """A-067, A-068."""
    user, browser = jane(world)
    Browser().signed_in("jane", PASSWORD)
    before = counts()
    assert browser.get(OTHERS).status == 405
    for path in (OTHERS, INFO):
        assert browser.client.post(path, fields(user, given="Thief"), secure=True).status_code == 403
    assert counts() == before
    assert profile(world).profile.given_name == user.profile.given_name


def test_events_are_told_and_only_her_own(world: World) -> None:
    _, browser = jane(world)
    Browser("203.0.113.7").sign_in("admin", "wrong")
    Browser("203.0.113.8").sign_in("jane", "wrong")
    page = browser.get(SECURITY).page
    assert "203.0.113.8" in page
    assert "203.0.113.7" not in page
    assert "Something here was not you?" in page


def test_a_name_with_script_is_text(world: World) -> None:
    """A-118."""
    user, browser = jane(world)
    browser.get(INFO)
    browser.post(INFO, fields(user, given='"><script>alert(1)</script>'))
    for path in (OVERVIEW, INFO, SECURITY):
        assert b"<script>alert" not in browser.client.get(path, secure=True).content


def test_a_session_that_is_too_old_is_not_shown(world: World) -> None:
    user, browser = jane(world)
    old = world.now - timedelta(minutes=world.house.config.sessions.absolute + 1)
    world.sign_in("jane", now=old)
    assert browser.get(SECURITY).page.count("this browser") == 1
    assert len(sessions.of_user(world.house, world.by, user.id, world.now)) == 1


def test_my_account_is_there_while_recovery_is_off(world: World) -> None:
    decide(world, RECOVERY="false")
    _, browser = jane(world)
    assert browser.get(SECURITY).status == 200


def test_from_where_an_administrator_acted_is_not_told(world: World) -> None:
    """A-141"""
    user, _ = jane(world)
    admin = replace(world.by, name="sam", network="203.0.113.77")
    for locked in (True, False):
        users.change(world.house, admin, user.id, Changes(locked=locked), world.now)
    page = Browser().signed_in("jane", PASSWORD).get(SECURITY).page
    assert "by sam" in page
    assert "203.0.113.77" not in page
