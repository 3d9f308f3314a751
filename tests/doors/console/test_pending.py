"""What waits for a user: resets by every method, codes to pass on, more time, and who may do which of it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from housekey.conf.house import House
from housekey.core.claims import ONE_TIME_PASSWORD
from housekey.core.principal import ADMINISTRATOR, CODE_CREATE, HELP_DESK
from housekey.core.properties import INTERNAL, INVITE_EMAIL_OTP, RESET_EMAIL_OTP, RESET_LINK, RESET_OFFLINE, RESET_SMS_OTP
from housekey.core.users import Changes, NewUser
from housekey.operations import audit, claims, onboarding, policies, resets, users
from tests.doors.pages.support import Browser
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, counts

METHODS = (RESET_LINK, RESET_EMAIL_OTP, RESET_SMS_OTP, RESET_OFFLINE)


def page_of(world: World, name: str = "jane") -> str:
    return f"/console/users/{users.by_name(world.by, name).id}/"


def by_method(world: World, chosen: str) -> None:
    policies.change(world.house, world.by, {name: "true" if name == chosen else "false" for name in METHODS}, {}, world.now)


def show_codes(world: World) -> None:
    claims.update(world.by, ONE_TIME_PASSWORD, supported_by_default=True, now=world.now)


def code_on(page: str) -> str:
    found = re.search(r'id="offline-code">([A-Z0-9]+)<', page)
    assert found, page
    return found[1]


def reveal(guest: Browser, world: World, password: str = "admin") -> Browser:  # noqa: S107 - the test world's administrator
    guest.get(page_of(world) + "reveal")
    return guest.post(page_of(world) + "reveal", {"password": password})


def test_the_reset_button_asks_first_and_says_how_the_user_gets_in(guest: Browser, world: World) -> None:
    world.add()
    before = counts(audit=True)
    assert f'href="{page_of(world)}reset"' in guest.get(page_of(world)).page
    page = guest.get(page_of(world) + "reset").page
    assert guest.heading == "Reset the password of jane?"
    assert "How the user gets in: link by e-mail" in page
    assert "The present password stops working at once" in page
    assert counts(audit=True) == before


def test_a_reset_locks_the_user_out_until_the_link_is_used(guest: Browser, world: World) -> None:
    world.add()
    guest.get(page_of(world) + "reset")
    assert guest.post(page_of(world) + "reset").location == page_of(world) + "?done=reset-sent"
    page = guest.follow().page
    assert "Reset pending" in page
    assert "Locked – waiting for jane to set a new password (message queued just now, expires in 24 hours)." in page
    assert "Login failed!" in Browser().sign_in("jane", PASSWORD).page
    code = world.newest_code(now=world.now + timedelta(minutes=1))
    jane = Browser().get(f"/accountrecoveryendpoint/confirmrecovery.do?confirmation={code}").follow()
    assert "Password Reset Successfully" in jane.set_password(OTHER_PASSWORD).page
    assert Browser().sign_in("jane", OTHER_PASSWORD).status == 303


def test_a_reset_can_go_another_way_this_once(guest: Browser, world: World) -> None:
    world.add()
    guest.get(page_of(world) + "reset")
    guest.post(page_of(world) + "reset", {"special-method": "EMAIL_OTP", "special-minutes": "30", "special-locale": "de"})
    assert "code by e-mail · to jane@example.com" in guest.follow().page
    mail = world.mails(now=world.now + timedelta(minutes=1))[-1]
    assert mail["To"] == "jane@example.com"
    newest = onboarding.invitations(world.by, users.by_name(world.by, "jane").id, world.now)[0]
    assert newest.scenario == "ADMIN_FORCED_PASSWORD_RESET_VIA_OTP"
    assert newest.expires
    assert newest.expires - newest.issued == timedelta(minutes=30)


@pytest.mark.parametrize(("fields", "sentence"), [
    ({"special-method": "PIGEON"}, "Choose one of the methods in the list."),
    ({"special-minutes": "soon"}, "The expiry time has to be a whole number of minutes."),
    ({"special-minutes": "-5"}, "The expiry time must be a number of minutes"),
    ({"special-locale": "???"}, "The locale must be a language tag"),
    ({"special-method": "SMS_OTP"}, "needs a mobile number"),
])
def test_a_special_wish_that_cannot_be_is_said_and_nothing_happens(
    guest: Browser, world: World, fields: dict[str, str], sentence: str
) -> None:
    world.add()
    guest.get(page_of(world) + "reset")
    guest.post(page_of(world) + "reset", fields)
    assert guest.status == 400
    assert sentence in guest.page
    assert Browser().sign_in("jane", PASSWORD).status == 303
    world.invite("paul", "paul@example.com")
    before = counts()
    guest.get(page_of(world, "paul"))
    assert guest.post(page_of(world, "paul") + "resend", fields).status == 400
    assert sentence in guest.page
    assert counts() == before


def test_a_reset_that_is_switched_off_is_a_disabled_button_that_says_where_to_switch_it_on(guest: Browser, world: World) -> None:
    world.add()
    by_method(world, "")
    page = guest.get(page_of(world)).page
    assert re.search(r"<button[^>]*disabled[^>]*>.*?Reset Password", page, re.DOTALL)
    assert "No method for password resets is switched on." in page
    assert 'href="/console/reset/"' in page.partition("No method for password resets")[2][:200]
    assert "No method for password resets is switched on." in guest.get(page_of(world) + "reset").page
    assert guest.post(page_of(world) + "reset").status == 400
    assert "Recovery.AdminPasswordReset.RecoveryLink" in guest.page


def test_a_reset_that_cannot_reach_the_user_says_so(guest: Browser, world: World) -> None:
    world.add(mail="")
    assert "The user has no e-mail address that a message could go to." in guest.get(page_of(world)).page
    by_method(world, RESET_SMS_OTP)
    assert "The user has no mobile number that a text message could go to." in guest.get(page_of(world)).page


def test_nobody_resets_herself(guest: Browser, world: World) -> None:
    page = guest.get(page_of(world, "admin")).page
    assert "Reset Password: This is your own account: ask another administrator." in re.sub(r"<[^>]+>", "", page)
    assert guest.post(page_of(world, "admin") + "reset").status == 400
    assert guest.get("/console/").status == 200


def test_a_pending_reset_is_sent_again(guest: Browser, world: World) -> None:
    world.add()
    resets.force(world.house, world.by, users.by_name(world.by, "jane").id, world.now)
    page = guest.get(page_of(world)).page
    assert re.search(r"<button class=\"button primary\">.*?Resend</button>", page, re.DOTALL)
    assert guest.post(page_of(world) + "resend").location == page_of(world) + "?done=reset-sent"
    assert "Replaced by a newer one" in guest.follow().page


def test_an_unconfirmed_address_is_no_invitation(guest: Browser, world: World) -> None:
    from housekey.core.names import split_username
    from housekey.core.users import Email, Profile

    profile = Profile(emails=(Email("jane@example.com", primary=True),))
    users.create(world.house, world.by, NewUser(split_username("jane"), profile, PASSWORD, verify_email=True), world.now)
    page = guest.get(page_of(world)).page
    assert "To be confirmed" in page
    assert "waiting for jane to confirm the address" in page
    assert "Resend confirmation" in page
    assert guest.post(page_of(world) + "resend").location == page_of(world) + "?done=confirmation-sent"


def test_the_one_time_password_is_in_the_profile_once_its_claim_is_supported(guest: Browser, world: World) -> None:
    world.add()
    by_method(world, RESET_OFFLINE)
    assert "One Time Password" not in guest.get(page_of(world)).page
    show_codes(world)
    empty = guest.get(page_of(world)).page
    assert "One Time Password" in empty
    assert "Reveal" not in empty
    guest.get(page_of(world) + "reset")
    assert guest.post(page_of(world) + "reset").location == page_of(world) + "?done=reset-offline"
    assert "Reveal" in guest.follow().page
    code = code_on(reveal(guest, world).page)
    assert code not in guest.get(page_of(world)).page
    assert Browser().sign_in("jane", code).follow().heading == "Reset Password"


def test_a_code_is_revealed_only_to_somebody_who_proves_again_who_she_is(guest: Browser, world: World) -> None:
    user = world.add()
    by_method(world, RESET_OFFLINE)
    resets.force(world.house, world.by, user.id, world.now)
    assert 'autocomplete="current-password"' in guest.get(page_of(world) + "reveal").page
    assert "That is not your password." in reveal(guest, world, "wrong").page
    assert "offline-code" not in guest.page
    assert "Please type your own password." in reveal(guest, world, "").page
    assert len(code_on(reveal(guest, world).page)) == 6
    assert guest.headers["Cache-Control"] == "no-store"
    assert [row.event for row in audit.recent(world.by, user.id)].count("reset:reveal") == 1
    assert "One-time password looked at" in guest.get(page_of(world)).page


def test_a_code_that_is_gone_is_not_revealed(guest: Browser, world: World) -> None:
    world.add()
    page = reveal(guest, world).page
    assert "There is no code to pass on" in page
    assert 'id="offline-code"' not in page


def test_an_offline_code_is_issued_for_somebody_on_the_phone_whatever_the_method(guest: Browser, world: World) -> None:
    world.add()
    guest.get(page_of(world) + "offline-code")
    assert guest.heading == "Issue a code for jane to pass on?"
    code = code_on(guest.post(page_of(world) + "offline-code").page)
    assert world.mails() == []
    assert "Login failed!" in Browser().sign_in("jane", PASSWORD).page
    assert Browser().sign_in("jane", code).follow().heading == "Reset Password"


def test_a_pending_code_is_given_more_time_without_a_message(guest: Browser, world: World) -> None:
    user = world.invite()
    before = onboarding.invitations(world.by, user.id, world.now)[0]
    guest.get(page_of(world) + "extend")
    assert guest.heading == "Give jane more time?"
    assert "Please type a whole number of minutes." in guest.post(page_of(world) + "extend", {"minutes": "soon"}).page
    assert "must be a number of minutes from -1" in guest.post(page_of(world) + "extend", {"minutes": "99999999"}).page
    assert guest.post(page_of(world) + "extend", {"minutes": "10080"}).location == page_of(world) + "?done=extended"
    assert "expires in 7 days" in guest.follow().page
    after = onboarding.invitations(world.by, user.id, world.now)
    assert [item.id for item in after] == [before.id]
    assert "More time given" in guest.page


def test_there_is_nothing_to_extend_where_nothing_is_pending(guest: Browser, world: World) -> None:
    world.add()
    assert ">Extend<" not in guest.get(page_of(world)).page.replace("</svg> Extend", ">Extend<")
    guest.get(page_of(world) + "extend")
    assert "Nothing is pending for this user" in guest.post(page_of(world) + "extend", {"minutes": "60"}).page


def test_a_corrected_address_gets_what_is_pending(guest: Browser, world: World) -> None:
    world.invite(mail="jnae@example.com")
    assert "Correct address and resend" in guest.get(page_of(world)).page
    version = re.search(r'name="version" value="(\d+)"', guest.get(page_of(world) + "edit").page)
    assert version
    guest.post(page_of(world) + "edit", {"mail": "jane@example.com", "version": version[1]})
    assert guest.location.endswith("?done=changed")
    assert world.newest_code(now=world.now + timedelta(minutes=1))


def test_a_withdrawn_reset_stays_a_reset(guest: Browser, world: World) -> None:
    user = world.add()
    resets.force(world.house, world.by, user.id, world.now)
    guest.get(page_of(world) + "revoke")
    assert guest.post(page_of(world) + "revoke").location.endswith("?done=revoked")
    assert "withdrawn – send a new one" in guest.follow().page
    assert "Login failed!" in Browser().sign_in("jane", PASSWORD).page


def test_what_another_system_delivers_is_shown_to_be_passed_on(guest: Browser, world: World) -> None:
    policies.change(world.house, world.by, {INTERNAL: "false", INVITE_EMAIL_OTP: "true"}, {}, world.now)
    world.add("jane", None)
    guest.get(page_of(world))
    page = guest.post(page_of(world) + "resend").page
    assert guest.heading == "Code for jane"
    assert re.search(r'id="offline-code">[A-Za-z0-9]{6}<', page)


def test_the_help_desk_resends_and_resets_but_neither_reveals_nor_edits(world: World) -> None:
    world.add("hanna", role=HELP_DESK)
    world.add("jane")
    show_codes(world)
    hanna = Browser().signed_in("hanna", PASSWORD)
    hanna.get(page_of(world) + "reset")
    assert hanna.post(page_of(world) + "reset").status == 303
    page = hanna.get(page_of(world)).page
    assert "Resend" in page
    for missing in ("Reveal", "Show the code", "offline-code", "Edit profile", "Danger Zone", "console/roles/"):
        assert missing not in page
    for verb in ("reveal", "edit", "set-password"):
        assert hanna.get(page_of(world) + verb).status == 403
    for verb in ("offline-code", "revoke", "lock"):
        assert hanna.post(page_of(world) + verb).status == 403
    for closed in ("/console/roles/", "/console/claims/", "/console/clients/", "/console/reset/", "/console/resident/"):
        assert hanna.get(closed).status == 403


def test_the_help_desk_does_nothing_to_an_administrator(world: World) -> None:
    world.add("hanna", role=HELP_DESK)
    world.add("alma", role=ADMINISTRATOR)
    hanna = Browser().signed_in("hanna", PASSWORD)
    assert "This user may do things that you may not." in hanna.get(page_of(world, "alma")).page
    assert CODE_CREATE in world.acting_as("hanna").permissions
    assert hanna.post(page_of(world, "alma") + "reset").status == 403


def test_the_file_may_switch_all_of_it_off(guest: Browser, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add()
    off: House = world.configured(governance=False)
    for place in ("users", "pending"):
        monkeypatch.setattr(f"housekey.console.views.{place}.house", lambda: off)
    assert "Password resets are switched off in deployment.toml." in guest.get(page_of(world)).page
    assert guest.post(page_of(world) + "reset").status == 400


def test_a_password_is_set_by_the_administrator_and_ends_what_was_pending(guest: Browser, world: World) -> None:
    world.invite()
    address = page_of(world) + "set-password"
    assert guest.get(address).heading == "Set a password for jane"
    assert "The two passwords are not the same." in guest.post(address, {"password": PASSWORD, "password2": "x"}).page
    assert "Please choose another password" in guest.post(address, {"password": "password1", "password2": "password1"}).page
    assert guest.post(address, {"password": PASSWORD, "password2": PASSWORD}).location == page_of(world) + "?done=password-set"
    assert Browser().sign_in("jane", PASSWORD).status == 303
    assert guest.get(page_of(world, "admin") + "set-password").status == 400


def test_a_disabled_user_gets_no_invitation(guest: Browser, world: World) -> None:
    user = world.invite()
    users.change(world.house, world.by, user.id, Changes(disabled=True), world.now)
    assert "Resend Invite: The account is disabled." in re.sub(r"<[^>]+>", "", guest.get(page_of(world)).page)
