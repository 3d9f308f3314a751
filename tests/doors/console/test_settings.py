"""The settings forms: where a value comes from, saving, losing a race, going back."""

from __future__ import annotations

import re

from housekey.core.policy import ENABLE, INVITE_EXPIRY, ORGANIZATION, SUPPORT
from housekey.operations import policies
from tests.doors.pages.support import Browser
from tests.operations.support import World

FORM = "/console/onboarding/"


def shown(page: str) -> dict[str, str]:
    """What a browser would send back unchanged."""
    inputs = [dict(re.findall(r'(\w+)="([^"]*)"', tag)) | {"checked": " checked" in tag} for tag in re.findall(r"<input[^>]+>", page)]
    return {str(item["name"]): str(item["value"]) for item in inputs
            if "name" in item and item.get("name") != "next" and (item.get("type") != "checkbox" or item["checked"])}


def test_only_what_was_changed_is_stored(guest: Browser, world: World) -> None:
    sent = shown(guest.get(FORM).page) | {INVITE_EXPIRY: "60"}
    assert guest.post(FORM, sent).location == FORM + "?done=saved"
    policy = policies.effective(world.house, world.tenant)
    assert policy.number(INVITE_EXPIRY) == 60
    assert [item.definition.name for item in policy.items.values() if item.stored] == [INVITE_EXPIRY]


def test_a_stored_value_can_be_taken_back(guest: Browser, world: World) -> None:
    guest.post(FORM, shown(guest.get(FORM).page) | {INVITE_EXPIRY: "-1"})
    page = guest.follow().page
    assert "Policy exception: invitations never expire." in page
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
