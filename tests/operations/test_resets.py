"""Forced resets: the account closes at once, by every method, and opens only under a new password."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from housekey.core.errors import DeadCode, FeatureOff, Invalid, NotPermitted, PasswordRefused, WrongCredentials
from housekey.core.names import split_username
from housekey.core.principal import HELP_DESK, OFFLINE_INVITE, Principal
from housekey.core.properties import (
    RESET_EMAIL_OTP,
    RESET_EXPIRY,
    RESET_LINK,
    RESET_OFFLINE,
    RESET_OTP_LENGTH,
    RESET_OTP_LOWER,
    RESET_SMS_OTP,
)
from housekey.core.users import Changes, Email, Invite, NewUser, Profile, User
from housekey.operations import claims, codes, login, onboarding, pending, recovery, resets, users
from housekey.store.models import AuditEntry, Code, Message, Session
from tests.operations.support import NETWORK, OTHER_PASSWORD, PASSWORD, World

SENTENCE = "Login failed! Please recheck the username and password and try again."
METHODS = {"link": RESET_LINK, "e-mail OTP": RESET_EMAIL_OTP, "SMS OTP": RESET_SMS_OTP, "offline": RESET_OFFLINE}


def tom(world: World) -> User:
    numbers = {"phoneNumbers": [{"value": "+4915112345678", "type": "mobile"}]}
    profile = Profile("Tom", "Miller", (Email("tom@example.com", primary=True),), more=numbers)
    return users.create(world.house, world.by, NewUser(split_username("tom"), profile, PASSWORD), world.now)


def choose(world: World, method: str) -> None:
    world.set(**{name: name == METHODS[method] for name in METHODS.values()})


def finish(world: World, password: str = OTHER_PASSWORD) -> None:
    """Redeem whatever is pending for tom, as its owner would."""
    code = world.live_code("tom")
    text = codes.text_of(world.house, code)
    ticket = world.opened("tom", text) if code.shape else recovery.open_link(world.house, world.tenant, text, world.now)
    recovery.set_password(world.house, world.tenant, ticket, password, NETWORK, world.now)


@pytest.mark.parametrize("method", METHODS)
def test_a_reset_closes_the_account_at_once_and_a_new_password_opens_it(world: World, method: str) -> None:
    user = tom(world)
    choose(world, method)
    world.sign_in("tom")
    resets.force(world.house, world.by, user.id, world.now)
    closed = users.get(world.by, user.id).standing
    assert (closed.state, closed.locked, closed.locked_reason) == ("PENDING_FUPR", True, "PENDING_ADMIN_FORCED_USER_PASSWORD_RESET")
    assert not Session.objects.within(world.tenant).filter(account_id=user.id).exists()
    with pytest.raises(WrongCredentials) as refused:
        world.sign_in("tom")
    assert refused.value.sentence == SENTENCE
    finish(world)
    assert users.get(world.by, user.id).standing.state == "UNLOCKED"
    assert world.sign_in("tom", OTHER_PASSWORD)
    with pytest.raises(WrongCredentials):
        world.sign_in("tom", PASSWORD)


def test_a_remembered_basic_credential_is_worthless_after_a_reset(world: World) -> None:
    user = tom(world)
    assert login.basic(world.house, world.tenant, "tom", PASSWORD, network=NETWORK, now=world.now)
    resets.force(world.house, world.by, user.id, world.now)
    with pytest.raises(WrongCredentials):
        login.basic(world.house, world.tenant, "tom", PASSWORD, network=NETWORK, now=world.now)


def test_basic_never_accepts_a_one_time_code(world: World) -> None:
    user = tom(world)
    choose(world, "e-mail OTP")
    resets.force(world.house, world.by, user.id, world.now)
    with pytest.raises(WrongCredentials):
        login.basic(world.house, world.tenant, "tom", world.otp("tom"), network=NETWORK, now=world.now)


def test_link_is_the_method_while_nothing_is_stored(world: World) -> None:
    user = tom(world)
    assert resets.force(world.house, world.by, user.id, world.now).invitation.scenario == "ADMIN_FORCED_PASSWORD_RESET_VIA_EMAIL_LINK"


def test_another_method_replaces_the_unstored_default_and_a_second_one_is_refused_by_name(world: World) -> None:
    world.set(**{RESET_EMAIL_OTP: True})
    with pytest.raises(Invalid, match=r"Email OTP.* is on already"):
        world.set(**{RESET_OFFLINE: True})
    world.set(**{RESET_EMAIL_OTP: False, RESET_OFFLINE: True})
    user = tom(world)
    assert resets.force(world.house, world.by, user.id, world.now).invitation.channel == ""


def test_with_every_method_off_a_reset_names_the_setting_and_changes_nothing(world: World) -> None:
    user = tom(world)
    world.set(**{RESET_LINK: False})
    with pytest.raises(FeatureOff, match="RecoveryLink"):
        resets.force(world.house, world.by, user.id, world.now)
    assert world.sign_in("tom")


def test_no_address_for_the_method_is_refused_before_anything_closes(world: World) -> None:
    user = world.add("tom", mail="")
    for method, part in (("link", "emails"), ("SMS OTP", "phoneNumbers")):
        choose(world, method)
        with pytest.raises(Invalid) as refused:
            resets.force(world.house, world.by, user.id, world.now)
        assert refused.value.field == part
    assert world.sign_in("tom")
    assert not Code.objects.within(world.tenant).filter(account_id=user.id).exists()


def test_a_reset_of_somebody_who_never_activated_is_an_invitation(world: World) -> None:
    user = world.invite("tom", "tom@example.com")
    old = world.live_code("tom")
    issued = resets.force(world.house, world.by, user.id, world.now)
    assert issued.invitation.scenario == "ASK_PASSWORD"
    assert users.get(world.by, user.id).standing.state == "PENDING_AP"
    with pytest.raises(DeadCode):
        recovery.open_link(world.house, world.tenant, codes.text_of(world.house, old), world.now)


def test_a_reset_code_is_six_of_a_to_z_and_digits_unless_the_tenant_sets_otherwise(world: World) -> None:
    user = tom(world)
    choose(world, "e-mail OTP")
    resets.force(world.house, world.by, user.id, world.now)
    assert world.live_code("tom").shape == "6x"
    world.set(**{RESET_OTP_LENGTH: 8, RESET_OTP_LOWER: True})
    resets.force(world.house, world.by, user.id, world.now)
    assert world.live_code("tom").shape == "8uld"


def test_a_newer_action_supersedes_what_was_pending(world: World) -> None:
    """Spec section 3: at most one set-password matter per account."""
    user = tom(world)
    choose(world, "e-mail OTP")
    resets.force(world.house, world.by, user.id, world.now)
    first = world.otp("tom")
    resets.force(world.house, world.by, user.id, world.now)
    assert Code.objects.within(world.tenant).filter(account_id=user.id, dead__isnull=True).count() == 1
    with pytest.raises(WrongCredentials):
        world.enter("tom", first)
    users.change(world.house, world.by, user.id, Changes(password=OTHER_PASSWORD), world.now)
    assert codes.live(world.tenant, user.id) is None
    assert world.sign_in("tom", OTHER_PASSWORD)


def test_revoking_the_code_leaves_the_account_closed(world: World) -> None:
    """Decisions, Forced reset: the lock ends only by a new password."""
    user = tom(world)
    resets.force(world.house, world.by, user.id, world.now)
    onboarding.revoke(world.house, world.by, user.id, world.now)
    users.change(world.house, world.by, user.id, Changes(locked=False, disabled=False), world.now)
    assert users.get(world.by, user.id).standing.state == "PENDING_FUPR"
    with pytest.raises(WrongCredentials):
        world.sign_in("tom")


def test_an_administrators_own_lock_survives_the_reset(world: World) -> None:
    """A-023."""
    user = tom(world)
    users.change(world.house, world.by, user.id, Changes(locked=True), world.now)
    resets.force(world.house, world.by, user.id, world.now)
    assert users.get(world.by, user.id).standing.locked_reason == "ADMIN_INITIATED"
    finish(world)
    with pytest.raises(WrongCredentials):
        world.sign_in("tom", OTHER_PASSWORD)


def test_one_change_resets_and_keeps_its_other_parts_but_not_the_lock(world: World) -> None:
    """Reference 3.5: an accountLocked beside the trigger is dropped."""
    user = tom(world)
    profile = replace(user.profile, given_name="Thomas")
    changed = users.change(world.house, world.by, user.id, Changes(profile=profile, locked=False, force_reset=True), world.now)
    assert (changed.profile.given_name, changed.standing.state) == ("Thomas", "PENDING_FUPR")
    with pytest.raises(Invalid):
        users.change(world.house, world.by, user.id, Changes(password=OTHER_PASSWORD, force_reset=True), world.now)


@pytest.mark.parametrize(("minutes", "wait", "live"), [(-1, timedelta(days=4000), True), (0, timedelta(0), False),
                                                       (1, timedelta(seconds=59), True), (1, timedelta(seconds=60), False)])
def test_a_reset_code_lives_as_long_as_the_tenant_said_when_it_was_issued(world: World, minutes: int, wait: timedelta, live: bool) -> None:
    user = tom(world)
    world.set(**{RESET_EXPIRY: minutes})
    choose(world, "e-mail OTP")
    resets.force(world.house, world.by, user.id, world.now)
    world.set(**{RESET_EXPIRY: 10_000})
    if live:
        assert world.opened("tom", world.otp("tom"), now=world.now + wait)
    else:
        with pytest.raises(WrongCredentials):
            world.enter("tom", world.otp("tom"), now=world.now + wait)


def test_the_help_desk_resets_and_sends_again_but_reads_no_code_and_no_administrator(world: World) -> None:
    tom(world)
    world.add("desk", role=HELP_DESK, mail="desk@example.com")
    desk, boss = world.acting_as("desk"), world.add("boss", role="admin", mail="boss@example.com")
    user = users.by_name(world.by, "tom")
    choose(world, "offline")
    resets.force(world.house, desk, user.id, world.now)
    for deed in (lambda: resets.offline_code(world.house, desk, user.id, world.now),
                 lambda: resets.reveal(world.house, desk, user.id, PASSWORD, world.now),
                 lambda: resets.force(world.house, desk, boss.id, world.now)):
        with pytest.raises(NotPermitted):
            deed()
    assert resets.readable_code(world.house, desk, user.id, world.now) == ""


def test_nobody_resets_themselves_or_the_last_administrator(world: World) -> None:
    boss = world.add("boss", role="admin", mail="boss@example.com")
    with pytest.raises(Invalid, match="own account"):
        resets.force(world.house, world.acting_as("boss"), boss.id, world.now)
    with pytest.raises(Invalid, match="last administrator"):
        resets.force(world.house, world.by, boss.id, world.now)


def test_an_offline_code_rests_sealed_is_read_only_with_proof_and_is_gone_when_used(world: World) -> None:
    """Decisions, At rest."""
    user = tom(world)
    world.add("boss", role="admin", mail="boss@example.com")
    choose(world, "offline")
    resets.force(world.house, world.by, user.id, world.now)
    row, boss = world.live_code("tom"), world.acting_as("boss")
    text = world.otp("tom")
    assert text.encode() not in bytes(row.sealed or b"")
    assert not Message.objects.within(world.tenant).filter(code=row).exists()
    with pytest.raises(WrongCredentials):
        resets.reveal(world.house, boss, user.id, "not the password", world.now)
    assert resets.reveal(world.house, boss, user.id, PASSWORD, world.now) == text
    assert resets.reveal(world.house, boss, user.id, PASSWORD, world.now) == text
    assert AuditEntry.objects.within(world.tenant).filter(event="reset:reveal", actor="boss").count() == 2
    finish(world)
    row.refresh_from_db()
    assert row.sealed is None
    assert resets.reveal(world.house, boss, user.id, PASSWORD, world.now) == ""
    assert not resets.has_offline_code(boss, user.id, world.now)


def test_programs_read_the_offline_code_only_while_its_claim_is_supported(world: World) -> None:
    user = tom(world)
    choose(world, "offline")
    resets.force(world.house, world.by, user.id, world.now)
    assert resets.readable_code(world.house, world.by, user.id, world.now) == ""
    claims.update(world.by, "http://wso2.org/claims/oneTimePassword", supported_by_default=True, now=world.now)
    assert resets.readable_code(world.house, world.by, user.id, world.now) == world.otp("tom")
    without = Principal(world.tenant, "reader", world.by.permissions - {OFFLINE_INVITE})
    assert resets.readable_code(world.house, without, user.id, world.now) == ""


def test_a_one_off_offline_code_supersedes_the_message_whatever_the_method(world: World) -> None:
    user = tom(world)
    choose(world, "e-mail OTP")
    resets.force(world.house, world.by, user.id, world.now)
    mailed = world.otp("tom")
    spoken = resets.offline_code(world.house, world.by, user.id, world.now)
    with pytest.raises(WrongCredentials):
        world.enter("tom", mailed)
    assert world.opened("tom", spoken)


def test_sending_again_goes_the_way_the_last_one_went_with_the_resend_message(world: World) -> None:
    user = tom(world)
    resets.force(world.house, world.by, user.id, world.now, invite=Invite(method="EMAIL_OTP", minutes=5, locale="de"))
    issued = pending.resend(world.house, world.by, user.id, world.now).invitation
    message = Message.objects.within(world.tenant).filter(code_id=issued.id).get()
    assert (message.kind, message.locale) == ("resendAdminForcedPasswordResetWithOTP", "de")
    assert issued.expires == world.now + timedelta(minutes=5)


def test_a_reset_whose_new_password_is_refused_can_be_finished_with_another(world: World) -> None:
    user = tom(world)
    choose(world, "e-mail OTP")
    resets.force(world.house, world.by, user.id, world.now)
    with pytest.raises(PasswordRefused):
        finish(world, "short")
    finish(world)
    assert world.sign_in("tom", OTHER_PASSWORD)


def test_a_disabled_engine_switches_resets_off_by_name(world: World) -> None:
    user = tom(world)
    house = world.configured(governance=False)
    with pytest.raises(FeatureOff, match="governance_identity_mgt"):
        resets.force(house, world.by, user.id, world.now)
    with pytest.raises(NotPermitted):
        resets.force(world.house, Principal(world.tenant, "nobody", frozenset({OFFLINE_INVITE})), user.id, world.now)
