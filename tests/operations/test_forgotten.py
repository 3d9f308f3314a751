"""“Forgot password?”, confirmations, sending again by scenario, and what other systems deliver."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from housekey.core.errors import DeadCode, FeatureOff, Invalid, NothingPending, NotPermitted, Throttled, WrongCredentials
from housekey.core.names import split_username
from housekey.core.principal import OFFLINE_INVITE, USER_RECOVERY, Principal
from housekey.core.properties import (
    CONFIRM_BY_OTP,
    INTERNAL,
    INVITE_EMAIL_OTP,
    LOCK,
    RECOVERY,
    RECOVERY_EMAIL_OTP,
    RECOVERY_INTERNAL,
    RECOVERY_LINK,
    RECOVERY_OTP_EXPIRY,
)
from housekey.core.scenario import Method
from housekey.core.users import Changes, Email, Invite, NewUser, Profile, User
from housekey.operations import codes, confirmation, forgotten, onboarding, pending, recovery, resets, users
from housekey.store.models import Code, Message
from tests.operations.support import NETWORK, OTHER_PASSWORD, PASSWORD, World


def start(world: World, name: str = "jane", method: Method | None = None, minutes: float = 0) -> None:
    moment = world.now + timedelta(minutes=minutes)
    forgotten.start(world.house, world.tenant, name, method, NETWORK, moment)


def messages(world: World) -> list[str]:
    """The kinds of all messages, in alphabetical order without regard to case."""
    return sorted(Message.objects.within(world.tenant).values_list("kind", flat=True), key=str.lower)


def test_a_forgotten_password_is_replaced_by_link_while_the_old_one_goes_on_working(world: World) -> None:
    world.add("jane")
    start(world)
    assert world.sign_in("jane")
    text = codes.text_of(world.house, world.live_code("jane"))
    ticket = recovery.open_link(world.house, world.tenant, text, world.now)
    assert recovery.set_password(world.house, world.tenant, ticket, OTHER_PASSWORD, NETWORK, world.now).invite is False
    assert world.sign_in("jane", OTHER_PASSWORD)
    assert messages(world) == ["PasswordReset", "passwordResetSucess"]


def test_by_code_it_is_typed_and_lives_shortly(world: World) -> None:
    world.add("jane")
    world.set(**{RECOVERY_LINK: False, RECOVERY_EMAIL_OTP: True, RECOVERY_OTP_EXPIRY: 10})
    start(world)
    code = world.otp("jane")
    with pytest.raises(DeadCode):
        recovery.open_otp(world.house, world.tenant, "jane", code, NETWORK, world.now + timedelta(minutes=10))
    assert recovery.open_otp(world.house, world.tenant, "jane", code, NETWORK, world.now + timedelta(minutes=9)).ticket


def locked(world: World) -> None:
    users.change(world.house, world.by, world.add().id, Changes(locked=True), world.now)


def disabled(world: World) -> None:
    users.change(world.house, world.by, world.add().id, Changes(disabled=True), world.now)


@pytest.mark.parametrize("prepare", [World.mails, locked, disabled, partial(World.add, mail=""), partial(World.add, password=None)],
                         ids=["unknown", "locked", "disabled", "no address", "never had one"])
def test_nobody_else_is_written_to_and_nothing_is_told(world: World, prepare: Callable[[World], object]) -> None:
    """A-050."""
    prepare(world)
    before = messages(world)
    start(world)
    assert messages(world) == before


def test_a_pending_invitation_is_not_ended_by_somebody_who_knows_the_name(world: World) -> None:
    world.set(**{INVITE_EMAIL_OTP: True})
    world.invite()
    code = world.otp("jane")
    start(world, minutes=2)
    assert world.otp("jane") == code
    assert messages(world) == ["AskPasswordEmailOTP"]


def test_a_pending_matter_that_expired_is_sent_anew(world: World) -> None:
    world.set(**{INVITE_EMAIL_OTP: True})
    world.invite()
    start(world, minutes=1441)
    assert messages(world) == ["AskPasswordEmailOTP", "AskPasswordResendEmailOTP"]
    user = world.add("tom", mail="tom@example.com")
    resets.force(world.house, world.by, user.id, world.now)
    start(world, "tom", minutes=1441)
    assert "resendAdminForcedPasswordReset" in messages(world)


def test_a_revoked_one_stays_revoked(world: World) -> None:
    user = world.invite()
    onboarding.revoke(world.house, world.by, user.id, world.now)
    start(world, minutes=10)
    assert codes.live(world.tenant, user.id) is None


def test_anonymous_starts_are_limited_per_account_and_per_network(world: World) -> None:
    """A-042."""
    world.add("jane")
    for minutes in (0, 0.5, 2, 3, 4, 5, 6, 7, 8):
        start(world, minutes=minutes)
    assert len(messages(world)) == 5
    for _ in range(20):
        start(world, "nobody", minutes=60)
    with pytest.raises(Throttled):
        start(world, "nobody", minutes=60)


def test_a_method_that_is_not_offered_is_refused_for_every_name_alike(world: World) -> None:
    for name in ("jane", "nobody"):
        with pytest.raises(Invalid):
            start(world, name, "SMS_OTP")
    world.set(**{RECOVERY: False})
    with pytest.raises(FeatureOff):
        start(world)


def test_an_administrators_action_supersedes_a_recovery(world: World) -> None:
    user = world.add("jane")
    start(world)
    text = codes.text_of(world.house, world.live_code("jane"))
    resets.force(world.house, world.by, user.id, world.now)
    with pytest.raises(DeadCode) as dead:
        recovery.open_link(world.house, world.tenant, text, world.now)
    assert dead.value.reason == "superseded"


def test_channels_are_what_the_tenant_offers_and_show_nobodys_address(world: World) -> None:
    """A-052."""
    world.set(**{RECOVERY_EMAIL_OTP: True})
    shown = forgotten.channels(world.house, world.by)
    assert [(row.id, row.type, row.method) for row in shown] == [("1", "EMAIL", "EMAIL_LINK"), ("2", "EMAIL", "EMAIL_OTP")]
    assert {char for row in shown for char in row.value} == {"*"}


def verified(world: World) -> User:
    profile = Profile(emails=(Email("eve@example.com", primary=True),))
    new = NewUser(split_username("eve"), profile, PASSWORD, verify_email=True)
    return users.create(world.house, world.by, new, world.now)


def test_verify_email_keeps_the_password_and_opens_the_account_when_the_address_is_confirmed(world: World) -> None:
    """Reference 3.3."""
    user = verified(world)
    standing = user.standing
    assert (standing.state, standing.locked_reason) == ("PENDING_EV", "PENDING_EMAIL_VERIFICATION")
    with pytest.raises(WrongCredentials):
        world.sign_in("eve")
    text = codes.text_of(world.house, world.live_code("eve"))
    assert confirmation.look_up(world.house, world.tenant, text, world.now).user_id == user.id
    with pytest.raises(DeadCode):
        recovery.open_link(world.house, world.tenant, text, world.now)
    confirmation.confirm(world.house, world.tenant, text, NETWORK, world.now)
    after = users.get(world.by, user.id)
    assert (after.standing.state, after.email_verified) == ("UNLOCKED", True)
    assert world.sign_in("eve")
    with pytest.raises(DeadCode):
        confirmation.confirm(world.house, world.tenant, text, NETWORK, world.now)


def test_an_address_is_confirmed_by_code_too_and_the_code_sets_no_password(world: World) -> None:
    world.set(**{CONFIRM_BY_OTP: True})
    verified(world)
    code = world.otp("eve")
    with pytest.raises(WrongCredentials):
        world.enter("eve", code)
    assert recovery.open_otp(world.house, world.tenant, "eve", code, NETWORK, world.now).confirmed
    assert world.sign_in("eve")


def test_verify_email_without_an_address_creates_nobody(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        users.create(world.house, world.by, NewUser(split_username("eve"), Profile(), PASSWORD, verify_email=True), world.now)
    assert refused.value.code == "UEV-10001"
    assert users.find(world.by, "eve") is None


def test_without_the_lock_an_unconfirmed_user_may_sign_in(world: World) -> None:
    world.set(**{LOCK: False})
    verified(world)
    assert world.sign_in("eve")


@pytest.mark.parametrize("scenario", ["ASK_PASSWORD", "ADMIN_FORCED_PASSWORD_RESET_VIA_EMAIL_LINK", "ASK_PASSWORD_VIA_SMS_OTP"])
def test_either_scenario_name_sends_the_pending_invitation_again(world: World, scenario: str) -> None:
    """Spec section 12: seed 003 names a reset's scenario for an invitation."""
    world.invite()
    issued = pending.resend_by_name(world.house, world.by, split_username("JANE"), scenario, world.now)
    assert issued.invitation.scenario == "ASK_PASSWORD"
    assert messages(world) == ["AskPassword", "resendAskPassword"]


@pytest.mark.parametrize("scenario", ["ASK_PASSWORD", "EMAIL_VERIFICATION", "NOTIFICATION_BASED_PW_RECOVERY", "SELF_SIGN_UP", ""])
def test_nothing_pending_is_said_in_the_references_words(world: World, scenario: str) -> None:
    world.add("jane")
    for name in ("jane", "nobody"):
        with pytest.raises(NothingPending, match=re.escape(NothingPending.SENTENCE)):
            pending.resend_by_name(world.house, world.by, split_username(name), scenario, world.now)


def test_a_scenario_that_does_not_exist_is_refused(world: World) -> None:
    with pytest.raises(Invalid, match="not a recovery scenario"):
        pending.resend_by_name(world.house, world.by, split_username("jane"), "MAKE_COFFEE", world.now)


def test_one_invitation_may_differ_from_the_settings(world: World) -> None:
    """Spec section 5."""
    profile = Profile(emails=(Email("jane@example.com"),))
    special = Invite("EMAIL_OTP", 5, "de")
    new = NewUser(split_username("jane"), profile, ask_password=True, invite=special)
    user = users.create(world.house, world.by, new, world.now)
    row = onboarding.invitations(world.by, user.id, world.now)[0]
    assert (row.scenario, row.expires) == ("ASK_PASSWORD_VIA_EMAIL_OTP", world.now + timedelta(minutes=5))
    assert Message.objects.within(world.tenant).get().locale == "de"


def test_a_link_asked_back_is_on_the_answer_and_in_no_message(world: World) -> None:
    profile = Profile()
    new = NewUser(split_username("jane"), profile, ask_password=True, invite=Invite(method="OFFLINE"))
    user = users.create(world.house, world.by, new, world.now)
    assert "confirmation=" in user.code
    assert messages(world) == []
    without = Principal(world.tenant, "hr", world.by.permissions - {OFFLINE_INVITE})
    with pytest.raises(NotPermitted):
        users.create(world.house, without, NewUser(split_username("tom"), profile, ask_password=True, invite=Invite("OFFLINE")), world.now)
    assert users.find(world.by, "tom") is None


def test_extending_moves_the_end_and_sends_nothing(world: World) -> None:
    user = world.invite()
    later = world.now + timedelta(minutes=1439)
    extended = onboarding.extend(world.house, world.by, user.id, 60, later)
    assert extended.expires == later + timedelta(minutes=60)
    assert messages(world) == ["AskPassword"]
    assert onboarding.extend(world.house, world.by, user.id, -1, later).expires is None
    with pytest.raises(NothingPending):
        onboarding.extend(world.house, world.by, world.add("tom", mail="tom@example.com").id, 60, world.now)


def test_where_another_system_delivers_the_permitted_caller_gets_the_code_and_nobody_a_mail(world: World) -> None:
    """Reference 3.2, external mode."""
    world.set(**{INTERNAL: False, RECOVERY_INTERNAL: False, INVITE_EMAIL_OTP: True})
    user = world.invite()
    assert world.opened("jane", user.code)
    again = pending.resend(world.house, world.by, user.id, world.now)
    assert world.opened("jane", again.code)
    world.add("tom", mail="tom@example.com")
    text = forgotten.start_for(world.house, world.by, split_username("tom"), None, world.now)
    assert recovery.open_link(world.house, world.tenant, text, world.now)
    assert forgotten.start_for(world.house, world.by, split_username("nobody"), None, world.now) == ""
    assert messages(world) == []


def test_who_may_not_hold_codes_cannot_start_what_nobody_would_deliver(world: World) -> None:
    world.set(**{INTERNAL: False, RECOVERY_INTERNAL: False})
    without = Principal(world.tenant, "hr", (world.by.permissions | {USER_RECOVERY}) - {OFFLINE_INVITE})
    with pytest.raises(NotPermitted):
        world.invite(by=without)
    assert users.find(world.by, "jane") is None
    world.add("tom", mail="tom@example.com")
    assert forgotten.start_for(world.house, without, split_username("tom"), None, world.now) == ""
    assert not Code.objects.within(world.tenant).exists()
