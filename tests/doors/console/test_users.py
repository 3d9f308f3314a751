"""Users in the console: add, invite, look, lock, delete."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from housekey.core.principal import ADMINISTRATOR, HELP_DESK, LOGIN
from housekey.core.properties import ENABLE, INVITE_SMS_OTP, OFFER_ASK_PASSWORD
from housekey.core.users import Changes
from housekey.operations import onboarding, policies, roles, users
from tests.doors.pages.support import Browser
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, counts

ADD = "/console/users/add"
JANE = {"domain": "PRIMARY", "username": "jane", "given": "Jane", "family": "Doe", "mail": "jane@example.com", "method": "invite"}


def page_of(world: World, name: str = "jane") -> str:
    return f"/console/users/{users.by_name(world.by, name).id}/"


def test_inviting_creates_the_user_and_says_what_happens_next(guest: Browser, world: World) -> None:
    guest.get(ADD)
    guest.post(ADD, JANE)
    assert (guest.status, guest.location) == (303, page_of(world) + "?done=user-invited")
    page = guest.follow().page
    assert "The user was added and the invitation is on its way." in page
    assert "Locked – waiting for Jane to set a password (message queued just now, expires in 24 hours)." in page
    assert world.newest_code(now=world.now + timedelta(minutes=1))


def test_a_password_can_be_set_instead(guest: Browser, world: World) -> None:
    guest.get(ADD)
    guest.post(ADD, JANE | {"method": "password", "password": PASSWORD, "password2": PASSWORD, "mail": ""})
    assert guest.location.endswith("?done=user-added")
    assert Browser().sign_in("jane", PASSWORD).status == 303


@pytest.mark.parametrize(("changed", "sentence"), [
    ({"username": ""}, "Username is a required field."),
    ({"mail": ""}, "An invitation needs an e-mail address to go to."),
    ({"mail": "jane@"}, "“jane@” is not a valid e-mail address."),
    ({"username": "ADMIN"}, "There is already a user with this name."),
    ({"username": "ja ne"}, "The user name may not contain spaces, control or invisible characters."),
    ({"domain": "NOWHERE"}, "Choose one of the domains in the list."),
    ({"method": "password", "password": "", "password2": ""}, "Please type a password."),
    ({"method": "password", "password": PASSWORD, "password2": "other"}, "The two passwords are not the same."),
    ({"method": "password", "password": "password1", "password2": "password1"}, "Please choose another password"),
])
def test_a_mistake_is_said_and_what_was_typed_stays(guest: Browser, changed: dict[str, str], sentence: str) -> None:
    guest.get(ADD)
    before = counts()
    guest.post(ADD, JANE | changed)
    assert guest.status == 200
    assert sentence in guest.page
    assert 'value="Doe"' in guest.page
    assert counts() == before


@pytest.mark.parametrize("setting", [ENABLE, OFFER_ASK_PASSWORD])
def test_an_invitation_that_is_switched_off_says_where_to_switch_it_on(guest: Browser, world: World, setting: str) -> None:
    policies.change(world.house, world.by, {setting: "false"}, {}, world.now)
    page = guest.get(ADD).page
    assert re.search(r'value="invite"\s+disabled', page)
    assert 'href="/console/onboarding/"' in page.partition('id="invite-hint"')[2][:200]


def test_the_list_is_filtered_by_its_address(guest: Browser, world: World) -> None:
    world.invite("jane")
    world.add("paul", mail="paul@example.com")
    invited = guest.get("/console/users/?status=invited").page
    assert ">jane</a>" in invited
    assert ">paul</a>" not in invited
    assert "1–1 of 1" in invited
    assert ">paul</a>" in guest.get("/console/users/?q=paul@").page
    assert "Nobody matches" in guest.get("/console/users/?q=nobody").page
    assert guest.get("/console/users/?status=nonsense&page=-1").status == 200
    assert guest.get("/console/users/?page=99999999999999999999").status == 200


def test_resending_supersedes_the_older_link(guest: Browser, world: World) -> None:
    world.invite()
    guest.get(page_of(world))
    assert guest.post(page_of(world) + "resend").location == page_of(world) + "?done=invited"
    assert "Replaced by a newer one" in guest.follow().page


def test_an_offline_link_is_shown_once_and_works(guest: Browser, world: World) -> None:
    world.invite()
    assert guest.get(page_of(world) + "offline-link").heading.startswith("Make a link for jane")
    guest.post(page_of(world) + "offline-link")
    found = re.search(r'id="offline-link">https?://[^/]+(/[^<]+)<', guest.page)
    assert found
    assert found[1] not in guest.get(page_of(world)).page
    jane = Browser().get(found[1]).follow()
    assert "Password Set Successfully" in jane.set_password(OTHER_PASSWORD).page


@pytest.mark.parametrize(("verb", "question"), [
    ("lock", "Lock jane?"), ("delete", "Delete jane?"), ("revoke", "Withdraw what was sent to jane?"),
])
def test_what_takes_something_away_asks_first(guest: Browser, world: World, verb: str, question: str) -> None:
    world.invite()
    before = counts(audit=True)
    assert guest.get(page_of(world) + verb).heading == question
    assert counts(audit=True) == before
    assert guest.post(page_of(world) + verb).status == 303


def test_a_locked_user_is_unlocked_again(guest: Browser, world: World) -> None:
    world.add()
    guest.get(page_of(world))
    guest.post(page_of(world) + "lock")
    assert "Locked by an administrator." in guest.follow().page
    assert "Login failed!" in Browser().sign_in("jane", PASSWORD).page
    assert guest.post(page_of(world) + "unlock").location.endswith("?done=unlocked")
    assert Browser().sign_in("jane", PASSWORD).status == 303


def test_the_last_administrator_cannot_delete_herself(guest: Browser, world: World) -> None:
    address = page_of(world, "admin")
    assert "This is your own account: ask another administrator." in guest.get(address).page
    guest.post(address + "delete")
    assert guest.status == 400
    assert "You cannot delete your own account." in guest.page


def test_a_profile_is_changed_and_a_lost_race_is_told(guest: Browser, world: World) -> None:
    user = world.add()
    address = page_of(world) + "edit"
    version = re.search(r'name="version" value="(\d+)"', guest.get(address).page)
    assert version
    sent = {"given": "Jane", "family": "Roe", "mail": "jane.roe@example.com", "version": version[1]}
    assert guest.post(address, sent).location.endswith("?done=changed")
    assert users.by_name(world.by, "jane").profile.mail == "jane.roe@example.com"
    assert "Somebody else changed this user meanwhile." in guest.post(address, sent | {"family": "Late"}).page
    assert 'value="Late"' in guest.page
    assert users.by_name(world.by, "jane").id == user.id


def version_of(page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found
    return found[1]


def test_a_mobile_number_and_a_language_are_kept_beside_the_rest(guest: Browser, world: World) -> None:
    user = world.add()
    numbers = [{"type": "work", "value": "+49 30 1"}, {"type": "mobile", "value": "+4915100"}]
    users.change(world.house, world.by, user.id, Changes(profile=replace(user.profile, more={"phoneNumbers": numbers})), world.now)
    sent = {"version": version_of(guest.get(page_of(world) + "edit").page), "mail": "jane@example.com", "locale": "de",
            "claim-telephone": "+49 30 1"}
    assert "is not a mobile number" in guest.post(page_of(world) + "edit", sent | {"mobile": "call me"}).page
    assert guest.post(page_of(world) + "edit", sent | {"mobile": "+49 (151) 12345678"}).status == 303
    profile = users.get(world.by, user.id).profile
    assert (profile.mobile, profile.locale) == ("+4915112345678", "de")
    assert {row["value"] for row in profile.more["phoneNumbers"]} == {"+49 30 1", "+4915112345678"}


def test_roles_are_given_and_taken_on_the_profile(guest: Browser, world: World) -> None:
    user = world.add()
    roles.add(world.by, "test role", [LOGIN], world.now)
    address, shown = page_of(world) + "edit", ["test role", HELP_DESK]
    guest.get(address)
    guest.post(address, {"mail": "jane@example.com", "roles": ["test role"], "role-shown": shown})  # type: ignore[dict-item] # a list is several values
    assert guest.location.endswith("?done=changed")
    assert users.get(world.by, user.id).roles == ("test role",)
    guest.get(address)
    guest.post(address, {"mail": "jane@example.com", "roles": [HELP_DESK], "role-shown": shown})  # type: ignore[dict-item] # a list is several values
    assert users.get(world.by, user.id).roles == (HELP_DESK,)
    assert "Role taken away" in guest.follow().page


def test_a_role_the_form_did_not_show_is_left_alone(guest: Browser, world: World) -> None:
    user = world.add(role=HELP_DESK)
    guest.get(page_of(world) + "edit")
    guest.post(page_of(world) + "edit", {"mail": "jane@example.com", "role-shown": "other"})
    assert users.get(world.by, user.id).roles == (HELP_DESK,)


def test_the_last_administrator_keeps_the_role(guest: Browser, world: World) -> None:
    address = page_of(world, "admin") + "edit"
    guest.get(address)
    assert "This is the last administrator" in guest.post(address, {"role-shown": ADMINISTRATOR}).page
    assert users.by_name(world.by, "admin").roles == (ADMINISTRATOR,)


def test_somebody_is_invited_offline_and_the_link_is_shown_once(guest: Browser, world: World) -> None:
    assert "Invite offline" in guest.get(ADD).page
    guest.post(ADD, JANE | {"mail": "", "how": "OFFLINE"})
    found = re.search(r'id="offline-link">https?://[^/]+(/[^<]+)<', guest.page)
    assert found
    assert world.mails() == []
    assert "in person" in guest.get(page_of(world)).page
    assert found[1] not in guest.page
    assert "Password Set Successfully" in Browser().get(found[1]).follow().set_password(OTHER_PASSWORD).page


@pytest.mark.parametrize(("how", "changed", "scenario"), [
    ("EMAIL_OTP", {}, "ASK_PASSWORD_VIA_EMAIL_OTP"),
    ("SMS_OTP", {"mail": "", "mobile": "+4915112345678"}, "ASK_PASSWORD_VIA_SMS_OTP"),
    ("", {}, "ASK_PASSWORD"),
])
def test_the_way_of_an_invitation_is_chosen(guest: Browser, world: World, how: str, changed: dict[str, str], scenario: str) -> None:
    guest.get(ADD)
    guest.post(ADD, JANE | {"how": how, "special-minutes": "90"} | changed)
    assert guest.location.endswith("?done=user-invited")
    newest = onboarding.invitations(world.by, users.by_name(world.by, "jane").id, world.now)[0]
    assert newest.scenario == scenario
    assert newest.expires
    assert newest.expires - newest.issued == timedelta(minutes=90)


def test_the_way_that_is_set_is_chosen_already(guest: Browser, world: World) -> None:
    policies.change(world.house, world.by, {INVITE_SMS_OTP: "true"}, {}, world.now)
    assert re.search(r'value="SMS_OTP" checked', guest.get(ADD).page)
    guest.post(ADD, JANE)
    assert "An invitation by text message needs a mobile number to go to." in guest.page


def test_the_help_desk_sees_and_invites_but_cannot_change(world: World) -> None:
    world.add("hanna", role=HELP_DESK)
    world.invite("jane", "j@example.com")
    hanna = Browser().signed_in("hanna", PASSWORD)
    page = hanna.get(page_of(world)).page
    assert "Resend Invite" in page
    assert "Danger Zone" not in page
    assert "Outbox" not in page
    assert hanna.post(page_of(world) + "resend").status == 303
    assert hanna.post(page_of(world) + "delete").status == 403
    for closed in ("/console/users/add", "/console/onboarding/", "/console/outbox/"):
        assert hanna.get(closed).status == 403


def test_a_user_of_no_role_has_no_console(world: World) -> None:
    world.add()
    assert Browser().signed_in("jane", PASSWORD).get("/console/").status == 403


def test_a_user_who_is_not_there_is_not_found(guest: Browser) -> None:
    assert guest.get("/console/users/00000000-0000-4000-8000-000000000000/").status == 404
    assert guest.get("/console/users/x/").status == 404


def test_names_are_text_and_never_markup(guest: Browser, world: World) -> None:
    user = world.add("jane")
    odd = replace(user.profile, given_name="<script>alert(1)</script>")
    users.change(world.house, world.by, user.id, Changes(profile=odd), world.now)
    for path in ("/console/users/", page_of(world), page_of(world) + "edit"):
        assert "<script>alert" not in guest.client.get(path, secure=True).content.decode()
