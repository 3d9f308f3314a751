"""The owner of an e-mail address confirms it (verifyEmail)."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from housekey.core.users import User
from housekey.operations import users
from housekey.store.models import Code
from tests.doors.pages.support import CODE, CONFIRM, CONFIRMED, LOGIN, OPEN, Browser, code_of, decide, person
from tests.operations.support import PASSWORD, World, counts, text_of


def unconfirmed(world: World) -> tuple[User, str]:
    """Jane, whose address is not confirmed, and the code in her link."""
    user = person(world, password=PASSWORD, verify_email=True)
    found = re.search(r"https?://\S+confirmregistration\.do\?\S+", text_of(world.mails()[-1]))
    assert found
    return user, parse_qs(urlsplit(found.group()).query)["confirmation"][0]


def test_looking_confirms_nothing_and_the_button_does(guest: Browser, world: World) -> None:
    """A-067."""
    user, code = unconfirmed(world)
    before = counts(audit=True)
    for _ in range(2):
        assert (guest.head(f"{CONFIRM}?confirmation={code}").status, guest.page) == (200, "")
        assert guest.get(f"{CONFIRM}?confirmation={code}").location == CONFIRM, "the code leaves the address (A-017)"
        assert guest.follow().heading == "Confirm Your Email Address"
    assert counts(audit=True) == before
    assert not users.get(world.by, user.id).email_verified
    assert guest.post(CONFIRM, {"confirmation": code}).location == CONFIRMED
    assert guest.follow().heading == "Email Confirmed"
    assert users.get(world.by, user.id).email_verified
    assert guest.sign_in("jane", PASSWORD).location == "/myaccount/"


def test_a_used_confirmation_says_so(guest: Browser, world: World) -> None:
    _, code = unconfirmed(world)
    guest.get(f"{CONFIRM}?confirmation={code}")
    guest.post(CONFIRM, {"confirmation": code})
    for answer in (guest.post(CONFIRM, {"confirmation": code}), guest.get(f"{CONFIRM}?confirmation={code}")):
        assert (answer.status, answer.heading) == (410, "This link was already used.")
        assert "The address was confirmed with it." in answer.page


def test_an_expired_confirmation_sends_to_support(guest: Browser, world: World) -> None:
    user, code = unconfirmed(world)
    Code.objects.within(world.tenant).filter(account_id=user.id).update(expires=world.now - timedelta(minutes=1))
    guest.get(f"{CONFIRM}?confirmation={code}")
    assert (guest.status, guest.heading) == (410, "This link has expired.")
    assert "Ask support for a new one." in guest.page


@pytest.mark.parametrize("code", ["", "x", "A" * 43, "%00", "é" * 43])
def test_an_unknown_confirmation_is_not_found(guest: Browser, world: World, code: str) -> None:
    assert (guest.get(f"{CONFIRM}?confirmation={code}").status, guest.heading) == (404, "This link is not valid.")
    assert guest.post(CONFIRM, {"confirmation": code}).status == 404


def test_a_code_for_one_purpose_is_none_for_another(guest: Browser, world: World) -> None:
    """A-005: an invitation confirms nothing, a confirmation sets no password."""
    _, confirmation = unconfirmed(world)
    world.invite("bob", "bob@example.com")
    invitation = world.newest_code("bob@example.com")
    assert guest.get(f"{OPEN}?confirmation={confirmation}").status == 404
    assert guest.get(f"{CONFIRM}?confirmation={invitation}").status == 404
    assert guest.post(CONFIRM, {"confirmation": invitation}).status == 404


def test_a_confirmation_given_twice_is_refused(guest: Browser, world: World) -> None:
    _, code = unconfirmed(world)
    assert guest.get(f"{CONFIRM}?confirmation={code}&confirmation={code}").status == 400


def test_without_a_code_the_address_leads_to_the_page_for_codes(guest: Browser) -> None:
    """The message with a code names this address."""
    assert guest.get(CONFIRM).location == CODE


def test_the_page_comes_back_in_another_language(guest: Browser, world: World) -> None:
    _, code = unconfirmed(world)
    guest.get(f"{CONFIRM}?confirmation={code}").follow()
    assert guest.post("/language", {"language": "de", "next": CONFIRM}).follow().heading == "E-Mail-Adresse bestätigen"


def test_a_typed_code_confirms_too(guest: Browser, world: World) -> None:
    decide(world, CONFIRM_BY_OTP="true")
    user = person(world, password=PASSWORD, verify_email=True)
    assert guest.type_code("jane", code_of(world, user)).location == CONFIRMED
    assert guest.follow().heading == "Email Confirmed"
    assert users.get(world.by, user.id).email_verified


def test_the_page_that_says_confirmed_is_shown_to_nobody_else(guest: Browser) -> None:
    assert guest.get(CONFIRMED).location == LOGIN
