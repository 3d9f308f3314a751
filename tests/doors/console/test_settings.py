"""The settings forms: where a value comes from, saving, losing a race, going back."""

from __future__ import annotations

import re

import pytest

from housekey.console.layout import SHEETS, placed, sections
from housekey.core.properties import (
    AGE,
    AGE_DAYS,
    BY_NAME,
    CONFIRM_EXPIRY,
    ENABLE,
    INVITE_EMAIL_OTP,
    INVITE_EXPIRY,
    INVITE_SMS_OTP,
    ORGANIZATION,
    OTP_DIGITS,
    OTP_LENGTH,
    OTP_LOWER,
    OTP_UPPER,
    PROPERTIES,
    RECOVERY,
    RECOVERY_EXPIRY,
    RECOVERY_OTP_EXPIRY,
    RESET_EXPIRY,
    RESET_LINK,
    RESET_OFFLINE,
    RESET_SMS_OTP,
    SUPPORT,
)
from housekey.operations import policies
from tests.doors.pages.support import Browser
from tests.operations.support import World

FORM = "/console/onboarding/"


def shown(page: str) -> dict[str, str]:
    """What a browser would send back unchanged."""
    inputs = [dict(re.findall(r'(\w+)="([^"]*)"', tag)) | {"checked": " checked" in tag} for tag in re.findall(r"<input[^>]+>", page)]
    return {str(item["name"]): str(item["value"]) for item in inputs
            if "name" in item and item.get("name") != "next" and (item.get("type") not in {"checkbox", "radio"} or item["checked"])}


def test_only_what_was_changed_is_stored(guest: Browser, world: World) -> None:
    sent = shown(guest.get(FORM).page) | {INVITE_EXPIRY: "60"}
    assert guest.post(FORM, sent).location == FORM + "?done=saved"
    policy = policies.effective(world.house, world.tenant)
    assert policy.number(INVITE_EXPIRY) == 60
    assert [item.definition.name for item in policy.items.values() if item.stored] == [INVITE_EXPIRY]


def test_a_stored_value_can_be_taken_back(guest: Browser, world: World) -> None:
    guest.post(FORM, shown(guest.get(FORM).page) | {INVITE_EXPIRY: "-1"})
    page = guest.follow().page
    assert "Policy exception: links and codes never expire." in page
    assert "Set in the console" in page
    assert "Revert to: 1440" in page
    guest.post("/console/settings/invite/revert", {"revert": INVITE_EXPIRY})
    assert guest.location == FORM + "?done=reverted"
    assert policies.effective(world.house, world.tenant).number(INVITE_EXPIRY) == 1440


def test_switching_the_feature_off_is_one_unticked_box(guest: Browser, world: World) -> None:
    sent = shown(guest.get(FORM).page)
    del sent[ENABLE]
    guest.post(FORM, sent)
    assert not policies.effective(world.house, world.tenant).on(ENABLE)
    assert "Inviting users is switched off." in guest.get("/console/").page


def test_a_bad_value_is_said_and_stays_in_the_field(guest: Browser, world: World) -> None:
    guest.post(FORM, shown(guest.get(FORM).page) | {INVITE_EXPIRY: "soon"})
    assert guest.status == 200
    assert 'role="alert"' in guest.page
    assert 'value="soon"' in guest.page
    assert not any(item.stored for item in policies.effective(world.house, world.tenant).items.values())


def test_a_lost_race_is_told_and_nothing_is_overwritten(guest: Browser, world: World) -> None:
    sent = shown(guest.get(FORM).page) | {INVITE_EXPIRY: "60"}
    policies.change(world.house, world.by, {INVITE_EXPIRY: "90"}, {}, world.now)
    guest.post(FORM, sent)
    assert "was changed by somebody else meanwhile" in guest.page
    assert policies.effective(world.house, world.tenant).number(INVITE_EXPIRY) == 90


def test_the_old_consoles_words_are_found(guest: Browser) -> None:
    assert "Formerly: “Enable User Email Verification”." in guest.get(FORM).page


def test_the_support_contact_reaches_every_page(guest: Browser) -> None:
    address = "/console/organization/"
    guest.post(address, shown(guest.get(address).page) | {SUPPORT: "help@acme.example", ORGANIZATION: "Acme <Corp>"})
    assert guest.status == 303
    page = Browser().get("/authenticationendpoint/login.do").page
    assert '<a href="mailto:help@acme.example">' in page
    assert "Acme <Corp>" in page


RESET = "/console/reset/"


def methods_of_resets(world: World) -> list[str]:
    policy = policies.effective(world.house, world.tenant)
    return [name for name in (RESET_LINK, RESET_SMS_OTP, RESET_OFFLINE) if policy.on(name)]


def test_a_reset_method_replaces_the_other_in_one_step(guest: Browser, world: World) -> None:
    sent = shown(guest.get(RESET).page)
    assert sent["reset-method"] == RESET_LINK
    assert guest.post(RESET, sent | {"reset-method": RESET_OFFLINE}).location == RESET + "?done=saved"
    assert methods_of_resets(world) == [RESET_OFFLINE]
    guest.post(RESET, shown(guest.follow().page) | {"reset-method": RESET_SMS_OTP})
    assert methods_of_resets(world) == [RESET_SMS_OTP]


def test_resets_can_be_switched_off_and_put_back_to_the_default(guest: Browser, world: World) -> None:
    guest.post(RESET, shown(guest.get(RESET).page) | {"reset-method": "none"})
    assert methods_of_resets(world) == []
    assert re.search(r'value="none" checked', guest.follow().page)
    guest.post("/console/settings/reset/revert", {"revert": "reset-method"})
    assert guest.location == RESET + "?done=reverted"
    assert methods_of_resets(world) == [RESET_LINK]
    assert not any(item.stored for item in policies.effective(world.house, world.tenant).items.values())


def test_a_method_that_somebody_else_chose_meanwhile_is_not_overwritten(guest: Browser, world: World) -> None:
    sent = shown(guest.get(RESET).page) | {"reset-method": RESET_OFFLINE}
    policies.change(world.house, world.by, {RESET_LINK: "false", RESET_SMS_OTP: "true"}, {}, world.now)
    guest.post(RESET, sent)
    assert "“Enable password reset via SMS OTP” is on already" in guest.page
    assert methods_of_resets(world) == [RESET_SMS_OTP]


def test_an_invitation_method_is_one_choice_over_two_switches(guest: Browser, world: World) -> None:
    page = guest.get(FORM).page
    for words in ("Choose invitation method", "Email with password setup link", "Email with OTP code", "SMS with OTP code",
                  "OTP Code Configuration"):
        assert words in page
    guest.post(FORM, shown(page) | {"invitation-method": INVITE_SMS_OTP})
    policy = policies.effective(world.house, world.tenant)
    assert (policy.on(INVITE_SMS_OTP), policy.on(INVITE_EMAIL_OTP), policy.invitation_method) == (True, False, "SMS_OTP")


def test_a_code_keeps_at_least_one_class_of_characters(guest: Browser, world: World) -> None:
    sent = shown(guest.get(FORM).page)
    guest.post(FORM, {key: value for key, value in sent.items() if key not in {OTP_UPPER, OTP_LOWER, OTP_DIGITS}} | {OTP_LENGTH: "8"})
    assert "A one-time code needs some characters" in guest.page
    assert policies.effective(world.house, world.tenant).number(OTP_LENGTH) == 6


@pytest.mark.parametrize(("form", "setting"), [
    (FORM, INVITE_EXPIRY), (FORM, CONFIRM_EXPIRY), (RESET, RESET_EXPIRY), ("/console/recovery/", RECOVERY_EXPIRY),
    ("/console/recovery/", RECOVERY_OTP_EXPIRY),
])
@pytest.mark.parametrize(("value", "words"), [("-1", "links and codes never expire."), ("0", "expire at once and cannot be used.")])
def test_every_unusual_expiry_is_called_an_exception(guest: Browser, form: str, setting: str, value: str, words: str) -> None:
    guest.post(form, shown(guest.get(form).page) | {setting: value})
    page = guest.follow().page
    assert "Policy exception: " in page
    assert words in page


def test_passwords_can_be_given_an_age(guest: Browser, world: World) -> None:
    address = "/console/password/"
    guest.post(address, shown(guest.get(address).page) | {AGE: "true", AGE_DAYS: "30"})
    policy = policies.effective(world.house, world.tenant)
    assert (policy.on(AGE), policy.number(AGE_DAYS)) == (True, 30)


def test_recovery_has_a_page_of_its_own(guest: Browser, world: World) -> None:
    address = "/console/recovery/"
    sent = shown(guest.get(address).page)
    del sent[RECOVERY]
    guest.post(address, sent)
    assert not policies.effective(world.house, world.tenant).on(RECOVERY)


def test_every_setting_stands_on_exactly_one_page() -> None:
    found = [name for form in SHEETS for section in sections(form) for part in section.parts for name in placed(part)]
    assert sorted(found) == sorted(BY_NAME)
    assert {item.form for item in PROPERTIES} == set(SHEETS)


def test_enter_in_a_field_saves_and_never_reverts(guest: Browser) -> None:
    guest.post(FORM, shown(guest.get(FORM).page) | {INVITE_EXPIRY: "60"})
    form = guest.follow().page.partition('action="/console/onboarding/"')[2]
    first = re.search(r"<button[^>]*>[^<]*", form)
    assert first
    assert "Update" in first[0]
    assert "formaction" not in first[0]


def test_whoever_walks_by_the_old_documentation_finds_the_password_reset(guest: Browser) -> None:
    assert 'href="/console/resident/"' in guest.get("/console/").page
    page = guest.get("/console/resident/").page
    assert guest.heading == "Resident Identity Provider"
    page = page.partition("<main")[2]
    walk = [page.index(words) for words in ("Account Management Policies", ">Password Reset<", "Enable Password Reset via Recovery Email")]
    assert walk == sorted(walk)
    for words in ("Enable Password Reset via OTP", "Enable Password Reset Offline", "Enable User Email Verification",
                  "Ask password code expiry time"):
        assert words in page
    assert 'href="/console/reset/#reset-method"' in page
    assert 'id="reset-method"' in guest.get(RESET).page
    assert "Formerly: “Enable Password Reset Offline”." in guest.page


def test_every_line_of_the_old_names_leads_to_a_place_that_exists(guest: Browser) -> None:
    for address, anchor in re.findall(r'href="(/console/[a-z]+/)#([^"]+)"', guest.get("/console/resident/").page):
        assert f'id="{anchor}"' in guest.get(address).page, anchor
