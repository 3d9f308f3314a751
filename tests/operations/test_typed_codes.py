"""One-time codes that people type: what counts as a try, what ends a code, and where it leads."""

from __future__ import annotations

from datetime import timedelta

import pytest

from housekey.core.errors import DeadCode, Throttled, WrongCredentials
from housekey.core.names import split_username
from housekey.core.properties import AGE, AGE_DAYS, CALLBACKS, INVITE_EMAIL_OTP, INVITE_SMS_OTP, OTP_LENGTH, OTP_LOWER, OTP_UPPER
from housekey.core.users import Email, NewUser, Profile, User
from housekey.operations import codes, login, onboarding, recovery, throttle, users
from housekey.operations.login import SignedIn
from housekey.operations.tickets import Opened
from housekey.store.models import Code
from tests.operations.support import NETWORK, OTHER_PASSWORD, PASSWORD, World

PAUSE = timedelta(seconds=40)
"""Longer than any pause of the sign-in throttle."""


def invited(world: World, name: str = "alex") -> User:
    """Somebody invited by a code of six digits."""
    world.set(**{INVITE_EMAIL_OTP: True, OTP_UPPER: False, OTP_LOWER: False})
    return world.invite(name, f"{name}@example.com")


def wrong(world: World, name: str = "alex") -> str:
    """A code of the right length and class that is not the one."""
    return "".join(str((int(digit) + 1) % 10) for digit in world.otp(name))


def fails(world: World, typed: str, times: int, name: str = "alex") -> None:
    for number in range(times):
        with pytest.raises(WrongCredentials):
            world.enter(name, typed, now=world.now + number * PAUSE)


@pytest.mark.parametrize("by", ["mail", "sms"])
def test_an_invitation_code_typed_at_sign_in_opens_the_form_and_the_password_opens_the_account(world: World, by: str) -> None:
    world.set(**{INVITE_EMAIL_OTP if by == "mail" else INVITE_SMS_OTP: True})
    profile = Profile(emails=(Email("alex@example.com"),), more={"phoneNumbers": [{"value": "+49 151 12345678", "type": "mobile"}]})
    user = users.create(world.house, world.by, NewUser(split_username("alex"), profile, ask_password=True), world.now)
    ticket = world.opened("alex", world.otp("alex"), goal="/myaccount/?x=1")
    shown = recovery.set_password(world.house, world.tenant, ticket, PASSWORD, NETWORK, world.now)
    assert (shown.invite, shown.goal) == (True, "/myaccount/?x=1")
    after = users.get(world.by, user.id)
    assert (after.email_verified, after.phone_verified) == (by == "mail", by == "sms")
    assert isinstance(world.enter("alex", PASSWORD), SignedIn)


def test_a_code_may_be_typed_again_until_the_password_is_set_and_never_after(world: World) -> None:
    invited(world)
    code = world.otp("alex")
    first, second = world.opened("alex", code), world.opened("alex", code)
    recovery.set_password(world.house, world.tenant, first, PASSWORD, NETWORK, world.now)
    with pytest.raises(WrongCredentials):
        world.enter("alex", code)
    with pytest.raises(DeadCode) as dead:
        recovery.set_password(world.house, world.tenant, second, OTHER_PASSWORD, NETWORK, world.now)
    assert dead.value.reason == "spent"


def test_after_three_wrong_codes_the_right_one_works(world: World) -> None:
    """A-030."""
    invited(world)
    fails(world, wrong(world), 3)
    assert world.opened("alex", world.otp("alex"), now=world.now + 4 * PAUSE)


def test_after_five_wrong_codes_the_right_one_is_dead(world: World) -> None:
    """A-030."""
    user = invited(world)
    right = world.otp("alex")
    fails(world, wrong(world), 5)
    fails(world, right, 1)
    with pytest.raises(DeadCode):
        recovery.open_otp(world.house, world.tenant, "alex", right, NETWORK, world.now + timedelta(hours=1))
    assert onboarding.invitations(world.by, user.id, world.now)[0].state == "exhausted"


@pytest.mark.parametrize("old", [PASSWORD, "12345", "1234567", "12345a", "abcdef", ""])
def test_five_tries_of_something_else_leave_the_code_alive(world: World, old: str) -> None:
    """A phone that retries an old saved password must not burn the code (decisions)."""
    invited(world)
    fails(world, old, 5)
    assert world.live_code("alex").tries == 0
    assert world.opened("alex", world.otp("alex"), now=world.now + timedelta(minutes=5))


def test_a_right_code_gives_its_try_back(world: World) -> None:
    invited(world)
    for _ in range(8):
        assert world.opened("alex", world.otp("alex"))
    assert world.live_code("alex").tries == 0


def test_wrong_codes_over_many_codes_meet_a_budget_that_sending_again_does_not_refill(world: World) -> None:
    """A-032."""
    user = invited(world)
    moment, told = world.now, []
    for _ in range(10):
        onboarding.resend(world.house, world.by, user.id, moment)
        for _ in range(4):
            moment += PAUSE
            with pytest.raises((DeadCode, Throttled)) as refused:
                recovery.open_otp(world.house, world.tenant, "alex", wrong(world), NETWORK, moment)
            told.append(refused.type)
    assert 15 < told.index(Throttled) <= throttle.CODES.free + 2


def test_the_code_page_forgives_blanks_and_case_and_tells_nothing_apart(world: World) -> None:
    world.set(**{INVITE_EMAIL_OTP: True, OTP_LOWER: False})
    world.invite("alex", "alex@example.com")
    code = world.otp("alex")
    typed = f" {code[:3]} {code[3:].lower()} "
    opened = recovery.open_otp(world.house, world.tenant, "ALEX", typed, NETWORK, world.now, goal="/myaccount/")
    assert recovery.form(world.house, world.tenant, opened.ticket, world.now).goal == "/myaccount/"
    world.add("jane")
    told = set()
    for name in ("nobody", "jane", "alex"):
        with pytest.raises(DeadCode) as refused:
            recovery.open_otp(world.house, world.tenant, name, "ZZZZZZ", NETWORK, world.now)
        told.add((refused.value.reason, refused.value.sentence))
    assert len(told) == 1


@pytest.mark.parametrize("length", [4, 10])
def test_a_code_has_the_length_the_tenant_set(world: World, length: int) -> None:
    world.set(**{INVITE_EMAIL_OTP: True, OTP_LENGTH: length})
    world.invite("alex", "alex@example.com")
    assert len(world.otp("alex")) == length
    assert world.opened("alex", world.otp("alex"))


def test_an_old_code_is_dead_once_a_newer_was_sent(world: World) -> None:
    user = invited(world)
    old = world.otp("alex")
    onboarding.resend(world.house, world.by, user.id, world.now)
    if old != world.otp("alex"):
        fails(world, old, 1)
    assert world.opened("alex", world.otp("alex"))


def test_a_code_of_one_account_opens_no_other(world: World) -> None:
    """A-007."""
    invited(world, "alex")
    invited(world, "ben")
    if world.otp("alex") != world.otp("ben"):
        fails(world, world.otp("alex"), 1, "ben")


def test_what_waits_to_be_sent_is_sealed_and_ends_with_its_code(world: World) -> None:
    user = invited(world)
    row = world.live_code("alex")
    assert world.otp("alex").encode() not in bytes(row.sealed or b"") + bytes(row.digest)
    onboarding.revoke(world.house, world.by, user.id, world.now)
    assert Code.objects.within(world.tenant).get(id=row.id).sealed is None


def test_a_callback_is_honoured_only_if_the_tenant_lists_it_exactly(world: World) -> None:
    """A-062."""
    world.set(**{CALLBACKS: "https://app.example/done https://other.example/"})
    for goal, kept in (("https://app.example/done", True), ("https://app.example/done/", False), ("https://evil.example/", False)):
        user = world.invite(f"u{len(goal)}", "u@example.com")
        text = codes.text_of(world.house, world.live_code(str(user.name)))
        ticket = recovery.open_link(world.house, world.tenant, text, world.now, goal=goal)
        assert (recovery.form(world.house, world.tenant, ticket, world.now).goal == goal) is kept


@pytest.mark.parametrize(("days", "old"), [(30, True), (29.99, False)])
def test_a_password_that_is_too_old_opens_the_form_instead_of_a_session(world: World, days: float, old: bool) -> None:
    world.add("jane")
    world.set(**{AGE: True, AGE_DAYS: 30})
    moment = world.now + timedelta(days=days)
    entered = world.enter("jane", PASSWORD, now=moment)
    assert isinstance(entered, Opened if old else SignedIn)
    if isinstance(entered, Opened):
        shown = recovery.form(world.house, world.tenant, entered.ticket, moment)
        assert (shown.expired, shown.invite) == (True, False)
        with pytest.raises(WrongCredentials):
            login.basic(world.house, world.tenant, "jane", PASSWORD, network=NETWORK, now=moment)
        recovery.set_password(world.house, world.tenant, entered.ticket, OTHER_PASSWORD, NETWORK, moment)
        assert world.sign_in("jane", OTHER_PASSWORD, now=moment)


def test_a_wrong_password_is_wrong_however_old_the_right_one_is(world: World) -> None:
    world.add("jane")
    world.set(**{AGE: True, AGE_DAYS: 1})
    with pytest.raises(WrongCredentials):
        world.enter("jane", OTHER_PASSWORD, now=world.now + timedelta(days=2))


def test_age_has_no_meaning_while_it_is_off(world: World) -> None:
    world.add("jane")
    assert world.sign_in("jane", now=world.now + timedelta(days=10_000))
