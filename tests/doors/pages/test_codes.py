"""One-time codes: typed in place of the password, or on the page for codes."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from housekey.core.errors import DeadCode, WrongCredentials
from housekey.core.users import User
from housekey.operations import codes, users
from tests.doors.pages.support import (
    CODE,
    COMPLETE,
    LOGIN,
    RECOVER,
    RESEND_CODE,
    SHOW,
    VERIFY,
    Browser,
    code_of,
    decide,
    force,
    person,
    wrong,
)
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, other_world

WRONG = "This username and code do not go together"
INVITED = {"INVITE_EMAIL_OTP": "true"}
BY_SMS = {"INVITE_SMS_OTP": "true"}


def invited(world: World, **method: str) -> tuple[User, str]:
    """Jane, invited by code, and her code."""
    decide(world, **(method or INVITED))
    user = person(world)
    return user, code_of(world, user)


def reset(world: World) -> tuple[User, str]:
    """Jane, who has to choose a new password, and her code."""
    decide(world, RESET_EMAIL_OTP="true")
    user = person(world, password=PASSWORD)
    force(world, user)
    return user, code_of(world, user)


@pytest.mark.parametrize("method", [INVITED, BY_SMS], ids=["mail", "sms"])
def test_a_code_typed_as_the_password_opens_the_form(guest: Browser, world: World, method: dict[str, str]) -> None:
    _, code = invited(world, **method)
    assert guest.sign_in("jane", code).location == SHOW
    assert guest.follow().heading == "Set Password"
    assert guest.set_password(OTHER_PASSWORD).heading == "Password Set Successfully"
    assert guest.get("/myaccount/").status == 302, "setting a password signs nobody in (A-016)"
    assert guest.sign_in("jane", OTHER_PASSWORD).location == "/myaccount/"


def test_after_the_password_is_set_sign_in_leads_back_to_where_one_was_heading(guest: Browser, world: World) -> None:
    _, code = invited(world)
    assert guest.get("/console/users/?status=locked").status == 302
    guest.follow()
    guest.post(LOGIN, {"username": "jane", "password": code, "next": "/console/users/?status=locked"}).follow()
    guest.set_password(OTHER_PASSWORD)
    assert f'href="{LOGIN}?next=%2Fconsole%2Fusers%2F%3Fstatus%3Dlocked"' in guest.page


@pytest.mark.parametrize("method", [INVITED, BY_SMS], ids=["mail", "sms"])
def test_the_recovery_page_leads_to_the_page_for_codes_and_from_there_to_a_password(
    guest: Browser, world: World, method: dict[str, str]
) -> None:
    """Seed 003, option 1."""
    _, code = invited(world, **method)
    assert guest.get(LOGIN).page.count('id="passwordRecoverLink"') == 1
    assert guest.get(RECOVER).heading == "Forgot Password?"
    assert guest.post(VERIFY, {"username": "jane", "have": "yes"}).location == CODE
    assert guest.follow().heading == "OTP Verification"
    assert 'value="jane"' in guest.page
    assert guest.post(CODE, {"username": "jane", "code": code}).location == SHOW
    assert guest.follow().heading == "Set Password"
    assert guest.set_password(OTHER_PASSWORD).heading == "Password Set Successfully"
    assert guest.sign_in("jane", OTHER_PASSWORD).location == "/myaccount/"


@pytest.mark.parametrize("by_page", [True, False])
def test_the_code_of_a_forced_reset_opens_the_form_and_the_old_password_does_not(guest: Browser, world: World, *, by_page: bool) -> None:
    """Seed 004, Password Reset via OTP."""
    _, code = reset(world)
    assert WrongCredentials.SENTENCE in guest.sign_in("jane", PASSWORD).page
    assert (guest.type_code("jane", code) if by_page else guest.sign_in("jane", code)).location == SHOW
    assert guest.follow().heading == "Reset Password"
    assert guest.set_password(OTHER_PASSWORD).heading == "Password Reset Successfully"
    assert guest.sign_in("jane", OTHER_PASSWORD).location == "/myaccount/"


def test_on_the_page_for_codes_case_and_blanks_are_forgiven_where_they_mean_nothing(guest: Browser, world: World) -> None:
    _, code = reset(world)
    assert code.upper() == code
    assert guest.type_code("jane", f"  {code[:3].lower()} {code[3:].lower()} ").location == SHOW


def test_a_mixed_code_is_taken_with_blanks_and_dashes(guest: Browser, world: World) -> None:
    _, code = invited(world)
    assert guest.type_code("jane", f"{code[:3]}-{code[3:]}").location == SHOW


def test_a_code_may_be_typed_again_until_the_password_is_set(guest: Browser, world: World) -> None:
    _, code = invited(world)
    for _ in range(3):
        assert guest.type_code("jane", code).location == SHOW
    guest.follow().set_password(OTHER_PASSWORD)
    assert WRONG in guest.type_code("jane", code).page
    assert WrongCredentials.SENTENCE in guest.sign_in("jane", code).page


def test_after_three_wrong_codes_the_right_one_works(guest: Browser, world: World) -> None:
    _, code = invited(world)
    for _ in range(3):
        assert (guest.type_code("jane", wrong(code)).status, WRONG in guest.page) == (200, True)
    assert guest.type_code("jane", code).location == SHOW


def test_after_five_wrong_codes_the_right_one_fails_from_everywhere(guest: Browser, world: World) -> None:
    """A-030."""
    user, code = invited(world)
    for _ in range(5):
        guest.type_code("jane", wrong(code))
    assert codes.live(world.tenant, user.id) is None
    assert WRONG in Browser("192.0.2.77").type_code("jane", code).page
    assert WrongCredentials.SENTENCE in Browser("192.0.2.78").sign_in("jane", code).page


def test_wrong_codes_at_sign_in_count_too(guest: Browser, world: World) -> None:
    """A-040."""
    _, code = invited(world)
    for _ in range(3):
        guest.sign_in("jane", wrong(code))
    for _ in range(2):
        Browser("192.0.2.77").type_code("jane", wrong(code))
    assert WRONG in Browser("192.0.2.78").type_code("jane", code).page


def test_a_phone_that_retries_the_old_password_does_not_burn_the_code(guest: Browser, world: World) -> None:
    _, code = reset(world)
    for _ in range(5):
        guest.sign_in("jane", PASSWORD)
    assert Browser("192.0.2.77").type_code("jane", code).location == SHOW


def test_too_many_codes_are_told_to_wait(guest: Browser, world: World) -> None:
    for _ in range(5):
        guest.type_code("nobody", "AAAAAA")
    guest.type_code("nobody", "AAAAAA")
    assert (guest.status, "Too many attempts. Please wait" in guest.page) == (429, True)
    assert int(guest.headers["Retry-After"]) > 0


@pytest.mark.parametrize("name", ["jane", "nobody", "carl", "dora"])
def test_every_wrong_code_is_the_same_page(guest: Browser, world: World, name: str) -> None:
    """A-050: invited by code, unknown, active, disabled."""
    invited(world)
    person(world, "carl", password=PASSWORD)
    person(world, "dora", password=PASSWORD, disabled=True)
    guest.type_code(name, "ABCDEF")
    strange = Browser("192.0.2.77").type_code("someone-else", "ABCDEF")
    assert (guest.status, blank(guest, name)) == (strange.status, blank(strange, "someone-else"))


def blank(browser: Browser, name: str) -> str:
    return browser.page.replace(browser.token, "").replace(name, "")


def test_a_code_of_one_person_or_tenant_is_no_code_of_another(guest: Browser, world: World) -> None:
    """A-034."""
    _, code = invited(world)
    elsewhere = other_world(world)
    person(elsewhere)
    person(world, "carl", ask_password=True)
    assert WRONG in guest.type_code("carl", code).page
    assert WRONG in guest.type_code("jane@acme.example", code).page
    assert guest.type_code("jane", code).location == SHOW


def test_a_name_with_its_tenant_opens_the_form_there(guest: Browser, world: World) -> None:
    elsewhere = other_world(world)
    decide(elsewhere, **INVITED)
    code = code_of(elsewhere, person(elsewhere))
    assert guest.type_code("jane@acme.example", code).location == "/t/acme.example" + SHOW
    assert guest.follow().heading == "Set Password"
    assert guest.sign_in("jane@acme.example", code).location == "/t/acme.example" + SHOW


def test_the_code_shows_up_in_no_address_cookie_page_or_log(guest: Browser, world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A-017."""
    caplog.set_level(logging.DEBUG)
    _, code = invited(world)
    seen = []
    steps: list[Callable[[], Browser]] = [
        lambda: guest.type_code("jane", code), guest.follow, lambda: guest.sign_in("jane", code), guest.follow,
        lambda: guest.type_code("jane", wrong(code)), lambda: guest.type_code("nobody", code), lambda: guest.set_password(OTHER_PASSWORD),
    ]
    for step in steps:
        step()
        seen += [guest.page, guest.location, str(dict(guest.headers)), guest.cookies]
    assert [text for text in seen if code in text] == []
    assert code not in caplog.text


def test_the_page_for_codes_helps_managers_and_phones(guest: Browser) -> None:
    page = guest.get(CODE).page
    field = page[page.index('id="code"'):].partition(">")[0]
    assert 'type="text" inputmode="text" autocomplete="one-time-code"' in field
    assert 'autocapitalize="none" spellcheck="false"' in field
    assert "value=" not in field
    assert 'name="username" type="text" autocomplete="username"' in page


def test_an_empty_form_says_what_is_missing_and_costs_no_try(guest: Browser) -> None:
    for _ in range(9):
        guest.type_code("", "")
    assert guest.status == 200
    assert ("Username cannot be empty." in guest.page, "Please type the code." in guest.page) == (True, True)


def test_a_code_on_the_other_address_of_the_page_works(guest: Browser, world: World) -> None:
    _, code = invited(world)
    guest.get("/accountrecoveryendpoint/passwordrecoveryotp.do")
    assert guest.post("/accountrecoveryendpoint/passwordrecoveryotp.do", {"username": "jane", "code": code}).location == SHOW


def test_a_code_in_the_address_is_not_taken(guest: Browser, world: World) -> None:
    _, code = invited(world)
    guest.get(f"{CODE}?username=jane&code={code}")
    assert (guest.status, guest.heading, 'value="jane"' in guest.page) == (200, "OTP Verification", False)


def test_resending_answers_everybody_alike(guest: Browser, world: World) -> None:
    decide(world, RECOVERY_LINK="false", RECOVERY_EMAIL_OTP="true")
    person(world, "carl", password=PASSWORD)
    answers = set()
    for name in ("carl", "nobody"):
        guest.get(CODE)
        assert guest.post(RESEND_CODE, {"username": name, "code": "typed"}).location == CODE
        guest.follow()
        assert "If a new code can be sent for this username, it is on its way." in guest.page
        answers.add(blank(guest, name))
    assert len(answers) == 1


def test_resending_sends_a_code_that_works(guest: Browser, world: World) -> None:
    decide(world, RECOVERY_LINK="false", RECOVERY_EMAIL_OTP="true")
    user = person(world, password=PASSWORD)
    guest.get(CODE)
    guest.post(RESEND_CODE, {"username": "jane"}).follow()
    assert guest.post(CODE, {"username": "jane", "code": code_of(world, user)}).location == SHOW


def test_resending_needs_a_name(guest: Browser, world: World) -> None:
    guest.get(CODE)
    assert "Username cannot be empty." in guest.post(RESEND_CODE, {"code": "ABCDEF"}).page
    assert "ABCDEF" not in guest.page


def test_where_recovery_is_off_the_page_offers_no_new_code_but_takes_the_one_there_is(guest: Browser, world: World) -> None:
    decide(world, RECOVERY="false")
    _, code = invited(world)
    assert "Resend Code" not in guest.get(CODE).page
    assert guest.post(RESEND_CODE, {"username": "jane"}).status == 200
    assert "Recovering a forgotten password is switched off here." in guest.page
    assert guest.type_code("jane", code).location == SHOW


def test_a_form_left_open_while_its_code_was_burnt_says_what_to_do(guest: Browser, world: World) -> None:
    _, code = invited(world)
    guest.type_code("jane", code).follow()
    for _ in range(5):
        Browser("192.0.2.77").type_code("jane", wrong(code))
    guest.set_password(OTHER_PASSWORD)
    assert (guest.status, guest.heading) == (410, "Too many wrong codes were typed.")
    assert f'href="{CODE}"' in guest.page
    assert DeadCode.SENTENCES["exhausted"][1] not in guest.page


def test_a_form_left_open_while_its_code_was_used_says_so(guest: Browser, world: World) -> None:
    _, code = invited(world)
    guest.type_code("jane", code).follow()
    other = Browser("192.0.2.77").type_code("jane", code).follow()
    assert other.set_password(OTHER_PASSWORD).heading == "Password Set Successfully"
    assert (guest.set_password(PASSWORD).status, guest.heading) == (410, "This code was already used.")
    assert guest.sign_in("jane", OTHER_PASSWORD).status == 303


def test_an_otp_opens_nothing_but_the_form(guest: Browser, world: World) -> None:
    """A-035."""
    _, code = invited(world)
    guest.sign_in("jane", code)
    for path in ("/myaccount/", "/console/", "/console/users/"):
        assert guest.get(path).location.startswith(LOGIN)
    assert not users.by_name(world.by, "jane").standing.has_password


def test_steps_out_of_order_set_no_password(guest: Browser, world: World) -> None:
    """A-001: every later step without the code."""
    invited(world)
    guest.forgot("jane")
    for path in (SHOW, COMPLETE, CODE, VERIFY, RESEND_CODE):
        guest.get(path)
        assert guest.status in {200, 303, 404}
        guest.post(path, {"username": "jane", "reset-password": OTHER_PASSWORD, "reset-password2": OTHER_PASSWORD, "step": "SET"})
        assert guest.status in {200, 303, 400, 403, 404, 405}
        assert "Successfully" not in guest.page
    assert not users.by_name(world.by, "jane").standing.has_password
