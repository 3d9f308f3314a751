"""Login & Registration: cards that say what is set, forms that say where it comes from and what it is worth, old names that are found."""

from __future__ import annotations

import re
from html import unescape

import pytest

from housekey.console.finding import found, older
from housekey.core.principal import CONSOLE, GOVERNANCE_VIEW, LOGIN, Principal
from housekey.core.properties import (
    AGE,
    BY_NAME,
    ENABLE,
    INVITE_EXPIRY,
    INVITE_REMINDER,
    OTP_LENGTH,
    OTP_LOWER,
    OTP_UPPER,
    PROPERTIES,
    RESET_LINK,
    RESET_OFFLINE,
)
from housekey.operations import policies, roles
from tests.doors.console.test_settings import shown
from tests.doors.pages.support import Browser
from tests.operations.support import PASSWORD, World

CARDS = "/console/login-registration/"
FORM = "/console/onboarding/"


def test_every_page_of_settings_is_a_card_that_says_what_is_set(guest: Browser, world: World) -> None:
    page = guest.get(CARDS).page
    for title in ("User Onboarding", "Invite User to Set Password", "Account Recovery", "Password Recovery",
                  "Admin Initiated Password Reset", "Login Security", "Password Validation", "Internal notification sending"):
        assert title in page
    assert "On: link by e-mail, it lasts 1 day." in page
    world.set(**{ENABLE: False, INVITE_EXPIRY: 90, RESET_LINK: False, AGE: True})
    page = guest.get(CARDS).page
    for now in ("Off: nobody can be invited.", "Off: nobody can force a reset.", "8 to 128 characters. A new one after 90 days."):
        assert now in page


def test_every_card_leads_to_its_form(guest: Browser) -> None:
    for address in set(re.findall(r'<a class="tile" href="([^"#]+)', guest.get(CARDS).page)):
        assert guest.get(address).status == 200


def test_whoever_may_not_see_settings_gets_no_card(world: World) -> None:
    roles.add(world.by, "guest", [LOGIN, CONSOLE], world.now)
    world.add("gina", role="guest")
    assert Browser().signed_in("gina", PASSWORD).get(CARDS).status == 403


def test_a_form_says_by_whom_a_value_was_stored_and_what_is_built_in(guest: Browser, world: World) -> None:
    assert "Set in the console" not in guest.get(FORM).page
    world.set(**{INVITE_EXPIRY: 60})
    page = guest.get(FORM).page
    assert re.search(r"Set in the console – system, <time[^>]+>just now</time> · Built in: 1440", page)


def test_a_form_says_what_a_code_is_worth(guest: Browser, world: World) -> None:
    world.set(**{OTP_UPPER: False, OTP_LOWER: False})
    page = guest.get(FORM).page
    assert "A code of 6 characters with 5 tries lets a guesser in once in 200,000." in page
    assert "NIST SP 800-63B-4" in page
    assert "OWASP Forgot Password" in page
    world.set(**{OTP_LENGTH: 4})
    page = guest.get(FORM).page
    assert "once in 2,000." in page
    assert "Fewer codes than six digits have: only 10,000." in page


def test_a_reminder_that_is_too_long_is_said_at_its_field(guest: Browser, world: World) -> None:
    guest.post(FORM, shown(guest.get(FORM).page) | {INVITE_REMINDER: "1440"})
    assert guest.status == 200
    assert f'<a href="#{INVITE_REMINDER}">' in guest.page
    assert policies.effective(world.house, world.tenant).number(INVITE_REMINDER) == 0


@pytest.mark.parametrize(("old", "address"), [
    ("Enable User Email Verification", f"/console/onboarding/#{ENABLE}"),
    ("Ask password code expiry time", f"/console/onboarding/#{INVITE_EXPIRY}"),
    ("Enable Password Reset via OTP", "/console/reset/#reset-method"),
    ("Enable Password Reset via Recovery Email", "/console/reset/#reset-method"),
    ("Enable Password Reset Offline", "/console/reset/#reset-method"),
    ("Enable email invitations for user password setup", f"/console/onboarding/#{ENABLE}"),
    ("Email with OTP code", "/console/onboarding/#invitation-method"),
    ("Resident", "/console/resident/"), ("claims list", "/console/claims/"), ("add new user", "/console/users/add"),
    ("Invite User to Set Password", "/console/onboarding/"), ("Password Validation", "/console/password/"),
    ("Admin Initiated Password Reset", "/console/reset/"), ("Password Recovery", "/console/recovery/"),
    ("lock_on_creation", "/console/onboarding/#EmailVerification.LockOnCreation"), ("one time password", "/console/claims/claim?uri="),
    ("account management policies", "/console/onboarding/"), ("bulk import users", "/console/users/import"),
])
@pytest.mark.django_db
def test_what_the_documentation_calls_something_is_found(world: World, old: str, address: str) -> None:
    assert any(hit.url.startswith(address) for hit in found(world.by, old)[:4]), found(world.by, old)[:4]


def test_every_setting_is_found_by_each_of_its_names(world: World) -> None:
    for item in PROPERTIES:
        for name in (item.label, item.name, item.toml, *older(item.name)):
            assert found(world.by, name), (item.name, name)


def test_nothing_is_found_that_may_not_be_opened(world: World) -> None:
    nobody = Principal(world.tenant, "nobody", frozenset({CONSOLE}))
    assert not found(nobody, "password reset")
    assert not found(world.by, "   ")
    seen = {hit.url for hit in found(Principal(world.tenant, "reader", frozenset({CONSOLE, GOVERNANCE_VIEW})), "user")}
    assert "/console/users/add" not in seen


def test_every_setting_stands_on_a_form_and_each_of_the_old_ones_on_the_resident_page(guest: Browser) -> None:
    pages = "".join(guest.get(f"/console/{place}/").page for place in ("onboarding", "reset", "recovery", "password", "organization"))
    assert [item.name for item in BY_NAME.values() if item.name not in pages] == []
    resident = unescape(guest.get("/console/resident/").page)
    for label in ("Enable User Email Verification", "Enable account lock on creation", "Manage notifications sending internally",
                  "Email verification code expiry time", "Ask password code expiry time", "Enable Password Reset via Recovery Email",
                  "Enable Password Reset via OTP", "Enable Password Reset Offline", "Admin forced password reset code expiry time"):
        assert label in resident
    assert RESET_OFFLINE not in resident


def test_a_reminder_shows_in_the_outbox_and_in_the_users_story(guest: Browser, world: World) -> None:
    world.set(**{INVITE_REMINDER: 120})
    user = world.invite()
    page = guest.get("/console/outbox/").page
    assert "Reminder: Invitation" in page
    assert re.search(r"goes out <time[^>]+>in 22 hours</time>", page)
    assert "Reminder queued" in guest.get(f"/console/users/{user.id}/").page
    world.redeem(world.newest_code())
    assert "Reminder withdrawn" in guest.get(f"/console/users/{user.id}/").page
    assert "Reminder: Invitation" in guest.get("/console/outbox/?state=withdrawn").page
