"""From the link in a mail to a password, and the pages of links that no longer work."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from housekey.core.properties import SUPPORT
from housekey.operations import onboarding, policies, users
from housekey.store.models import Code, Ticket
from tests.doors.pages.support import COMPLETE, OPEN, RECOVER, RESEND, SHOW, Browser, decide, force, person
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, counts


def link(world: World) -> str:
    world.invite()
    return f"{OPEN}?confirmation={world.newest_code()}"


def test_the_whole_walk_from_link_to_signed_in(guest: Browser, world: World) -> None:
    assert guest.get(link(world)).location == SHOW
    assert guest.follow().heading == "Set Password"
    guest.set_password(OTHER_PASSWORD)
    assert (guest.status, "Password Set Successfully" in guest.page) == (200, True)
    assert guest.get("/myaccount/").status == 302, "setting a password signs nobody in"
    assert guest.sign_in("jane", OTHER_PASSWORD).location == "/myaccount/"


def test_a_scanner_that_sends_head_gets_nothing_and_leaves_no_trace(guest: Browser, world: World) -> None:
    address = link(world)
    before = counts(audit=True)
    guest.head(address)
    assert (guest.status, guest.page) == (200, "")
    assert counts(audit=True) == before


def test_looking_as_often_as_one_likes_spends_nothing(guest: Browser, world: World) -> None:
    address = link(world)
    for _ in range(3):
        assert guest.get(address).follow().heading == "Set Password"
    assert "Password Set Successfully" in guest.set_password(OTHER_PASSWORD).page


def test_the_form_is_what_managers_and_the_printed_walks_expect(guest: Browser, world: World) -> None:
    page = guest.get(link(world)).follow().page
    assert '<form class="stack" method="post" action="completepasswordreset.do" id="passwordResetForm"' in page
    assert page.count('autocomplete="new-password"') == 2
    assert 'name="username" value="jane" autocomplete="username"' in page
    assert ">Submit</button>" in page
    assert "confirmation=" not in page


@pytest.mark.parametrize(("first", "second", "sentence"), [
    ("", "", "Please type a password."),
    (OTHER_PASSWORD, "", "Please type the password a second time."),
    (OTHER_PASSWORD, OTHER_PASSWORD + "x", "The two passwords are not the same."),
    ("short", "short", "Please choose another password: see the rules marked below."),
    ("password1", "password1", "Please choose another password: see the rules marked below."),
])
def test_a_refused_password_spends_nothing_and_says_why(guest: Browser, world: World, first: str, second: str, sentence: str) -> None:
    guest.get(link(world)).follow()
    guest.set_password(first, second)
    assert sentence in guest.page
    assert 'role="alert"' in guest.page
    assert OTHER_PASSWORD not in guest.page
    assert "Password Set Successfully" in guest.set_password(OTHER_PASSWORD).page


def test_the_broken_rules_are_marked(guest: Browser, world: World) -> None:
    guest.get(link(world)).follow()
    guest.set_password("jane")
    assert 'data-rule="min" data-limit="8" data-state="unmet"' in guest.page
    assert 'data-rule="max" data-limit="128" data-state="open"' in guest.page


def test_a_used_link_says_so_and_offers_sign_in(guest: Browser, world: World) -> None:
    address = link(world)
    guest.get(address).follow().set_password(OTHER_PASSWORD)
    guest.get(address)
    assert (guest.status, guest.heading) == (410, "This link was already used.")
    assert "Send a new link" not in guest.page
    assert "jane" not in guest.page.replace(address, "")
    assert 'href="/authenticationendpoint/login.do"' in guest.page
    assert f'href="{RECOVER}">Forgot password?</a>' in guest.page


def test_a_used_link_names_the_support_contact_where_recovery_is_off(guest: Browser, world: World) -> None:
    decide(world, RECOVERY="false")
    address = link(world)
    guest.get(address).follow().set_password(OTHER_PASSWORD)
    assert "Forgot your password? Ask the people who run the accounts of" in guest.get(address).page
    for contact, shown in (("Desk 7", "Forgot your password? Ask Desk 7"),
                           ("help@example.com", 'Forgot your password? Ask <a href="mailto:help@example.com">help@example.com</a>')):
        policies.change(world.house, world.by, {SUPPORT: contact}, {}, world.now)
        assert shown in guest.get(address).page


def test_an_expired_link_offers_a_new_one_and_it_arrives(guest: Browser, world: World) -> None:
    world.invite(now=world.now - timedelta(days=3))
    code = world.newest_code(now=world.now - timedelta(days=3))
    guest.get(f"{OPEN}?confirmation={code}")
    assert (guest.status, guest.heading) == (410, "This link has expired.")
    guest.post(RESEND, {"code": code})
    assert "If this link was yours, a new message is on its way to the address we have." in guest.page
    assert world.newest_code(now=world.now + timedelta(minutes=1)) != code


def test_an_expired_reset_link_offers_a_new_one_and_it_arrives(guest: Browser, world: World) -> None:
    user = person(world, password=PASSWORD)
    force(world, user)
    code = world.newest_code()
    Code.objects.within(world.tenant).update(issued=world.now - timedelta(days=3), expires=world.now - timedelta(days=2))
    assert guest.get(f"{OPEN}?confirmation={code}").heading == "This link has expired."
    guest.post(RESEND, {"code": code})
    assert guest.get(f"{OPEN}?confirmation={world.newest_code()}").follow().heading == "Reset Password"


def test_a_form_that_was_open_for_too_long_says_so(guest: Browser, world: World) -> None:
    guest.get(link(world)).follow()
    Ticket.objects.within(world.tenant).update(expires=world.now - timedelta(seconds=1))
    assert (guest.set_password(OTHER_PASSWORD).status, guest.heading) == (410, "This page has expired.")
    assert "Open the link in your message again" in guest.page


def test_a_superseded_link_names_the_newer_message(guest: Browser, world: World) -> None:
    address = link(world)
    onboarding.resend(world.house, world.by, _jane(world), world.now)
    guest.get(address)
    assert (guest.status, guest.heading) == (410, "A newer message was sent.")
    assert "Send a new link" in guest.page


def test_a_withdrawn_link_sends_to_support(guest: Browser, world: World) -> None:
    address = link(world)
    onboarding.revoke(world.house, world.by, _jane(world), world.now)
    guest.get(address)
    assert (guest.status, guest.heading) == (410, "This link was withdrawn.")
    assert "Send a new link" not in guest.page
    assert "Need help?" in guest.page


@pytest.mark.parametrize("code", ["", "x", "A" * 43, "é" * 43, "%00"])
def test_an_unknown_code_is_not_found(guest: Browser, world: World, code: str) -> None:
    guest.get(f"{OPEN}?confirmation={code}")
    assert (guest.status, guest.heading) == (404, "This link is not valid.")
    assert "Send a new link" not in guest.page


def test_a_code_given_twice_is_refused(guest: Browser, world: World) -> None:
    code = link(world).partition("=")[2]
    assert guest.get(f"{OPEN}?confirmation={code}&confirmation={code}").status == 400


def test_asking_again_tells_nothing_about_the_link(guest: Browser) -> None:
    guest.get("/authenticationendpoint/login.do")
    answers = {guest.post(RESEND, {"code": code}).page.replace(guest.token, "") for code in ("", "x", "A" * 43)}
    assert len(answers) == 1


def test_without_a_ticket_there_is_no_form(guest: Browser) -> None:
    assert guest.get(SHOW).status == 404
    assert guest.get(COMPLETE).location == SHOW


def test_a_form_sets_the_password_of_nobody_but_the_one_it_was_shown_for(guest: Browser, world: World) -> None:
    """Two links opened in one browser: the older form stands in another tab, and the browser holds the newer ticket."""
    guest.get(link(world)).follow()
    alices = guest.form
    world.invite("bob", "bob@example.com")
    guest.get(f"{OPEN}?confirmation={world.newest_code('bob@example.com')}").follow()
    bobs, guest.form = guest.form, alices
    before = counts()
    guest.set_password(OTHER_PASSWORD)
    assert (guest.status, "This form belongs to another link. Open the link in the message again." in guest.page) == (400, True)
    assert not [name for name in ("jane", "bob") if name in guest.page]
    assert counts() == before
    guest.form = bobs
    assert "Password Set Successfully" in guest.set_password(OTHER_PASSWORD).page
    assert guest.sign_in("bob", OTHER_PASSWORD).status == 303


@pytest.mark.parametrize("mark", ["", "x", "é" * 22, "A" * 22])
def test_a_form_without_its_mark_sets_no_password(guest: Browser, world: World, mark: str) -> None:
    guest.get(link(world)).follow()
    guest.form = mark
    assert (guest.set_password(OTHER_PASSWORD).status, "jane" in guest.page) == (400, False)
    assert guest.get(SHOW).heading == "Set Password", "nothing was spent"


def test_the_forms_mark_is_not_the_ticket(guest: Browser, world: World) -> None:
    guest.get(link(world)).follow()
    ticket = next(cookie.value for name, cookie in guest.client.cookies.items() if name.endswith("ticket"))
    assert guest.form
    assert ticket not in guest.page


def test_opening_a_link_leaves_somebody_elses_session_alone(guest: Browser, world: World) -> None:
    guest.signed_in("admin", "admin")
    guest.get(link(world)).follow().set_password(OTHER_PASSWORD)
    assert guest.get("/myaccount/").heading == "Welcome, admin"


def _jane(world: World) -> UUID:
    return users.by_name(world.by, "jane").id
