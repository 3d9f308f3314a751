"""Promises that a second review found broken once: who gets to hold a code, what ends one, and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from housekey.core.errors import FeatureOff, Invalid, NotPermitted, Throttled, WrongCredentials
from housekey.core.names import split_username
from housekey.core.principal import (
    CODE_CREATE,
    LOGIN,
    OFFLINE_INVITE,
    OUTBOX_VIEW,
    USER_RECOVERY,
    USER_UPDATE,
    USER_VIEW,
    Principal,
)
from housekey.core.properties import (
    AGE,
    AGE_DAYS,
    ENABLE,
    INTERNAL,
    INVITE_EMAIL_OTP,
    RECOVERY,
    RECOVERY_EMAIL_OTP,
    RECOVERY_INTERNAL,
    RECOVERY_LINK,
    RESET_LINK,
    RESET_OFFLINE,
)
from housekey.core.users import Changes, Email, Invite, NewUser, Profile, User
from housekey.delivery import worker
from housekey.operations import (
    claims,
    codes,
    confirmation,
    flows,
    forgotten,
    login,
    onboarding,
    outbox,
    pending,
    recovery,
    resets,
    throttle,
    tickets,
    users,
)
from housekey.store.models import Code, Message
from tests.operations.support import NETWORK, OTHER_PASSWORD, PASSWORD, World

TOM = split_username("tom")
ONE_TIME_PASSWORD = "http://wso2.org/claims/oneTimePassword"


def client(world: World, *scopes: str) -> Principal:
    """A program with exactly these scopes."""
    return Principal(world.tenant, "client hr", frozenset(scopes), network=NETWORK, client_id="client_1")


def tom(world: World, role: str = "") -> User:
    return world.add("tom", mail="tom@example.com", role=role)


def confirming(world: World) -> User:
    """Tom has a password; his address waits to be confirmed."""
    new = NewUser(TOM, Profile(emails=(Email("tom@example.com", primary=True),)), PASSWORD, verify_email=True)
    return users.create(world.house, world.by, new, world.now)


def by_sms(world: World, number: str = "+4915112345678") -> User:
    profile = Profile(more={"phoneNumbers": [{"value": number, "type": "mobile"}]})
    new = NewUser(TOM, profile, ask_password=True, invite=Invite(method="SMS_OTP"))
    return users.create(world.house, world.by, new, world.now)


def kinds(world: World) -> list[str]:
    return list(Message.objects.within(world.tenant).order_by("created", "kind").values_list("kind", flat=True))


def test_an_offline_code_is_on_no_answer_to_who_may_not_read_it(world: World) -> None:
    """A-135: forcing a reset, or sending it again, hands the code to nobody."""
    user = tom(world)
    world.set(**{RESET_LINK: False, RESET_OFFLINE: True})
    hr, desk = client(world, USER_UPDATE, USER_VIEW), client(world, CODE_CREATE, USER_VIEW)
    assert users.change(world.house, hr, user.id, Changes(force_reset=True), world.now).code == ""
    assert resets.force(world.house, desk, user.id, world.now).code == ""
    assert pending.resend(world.house, desk, user.id, world.now).code == ""
    assert pending.resend_by_name(world.house, desk, TOM, "ADMIN_FORCED_PASSWORD_RESET_VIA_OTP", world.now).code == ""
    assert world.opened("tom", world.otp("tom"))


def test_a_recovery_sent_again_hands_its_code_only_to_who_may_hold_codes(world: World) -> None:
    tom(world)
    world.set(**{RECOVERY_INTERNAL: False})
    code = forgotten.start_for(world.house, world.by, TOM, None, world.now)
    with pytest.raises(NotPermitted):
        pending.resend_by_name(world.house, client(world, CODE_CREATE), TOM, "NOTIFICATION_BASED_PW_RECOVERY", world.now)
    assert recovery.open_link(world.house, world.tenant, code, world.now), "what was refused changed nothing"
    again = pending.resend_by_name(world.house, world.by, TOM, "NOTIFICATION_BASED_PW_RECOVERY", world.now)
    assert again.code not in {"", code}


def test_a_recovery_is_not_sent_again_once_recovery_is_off(world: World) -> None:
    tom(world)
    forgotten.start(world.house, world.tenant, "tom", None, NETWORK, world.now)
    world.set(**{RECOVERY: False})
    with pytest.raises(FeatureOff):
        pending.resend_by_name(world.house, world.by, TOM, "NOTIFICATION_BASED_PW_RECOVERY", world.now)


def test_an_application_that_delivers_recoveries_gets_no_code_of_who_may_do_more(world: World) -> None:
    """A-135: the answer is the one for somebody who cannot recover."""
    tom(world, role="admin")
    world.set(**{RECOVERY_INTERNAL: False})
    portal = client(world, USER_RECOVERY, OFFLINE_INVITE)
    assert forgotten.start_for(world.house, portal, TOM, None, world.now) == ""
    started = flows.start(world.house, portal, flows.Flow(TOM, "EMAIL_LINK"), world.now)
    assert started.external
    assert started.code
    assert not Code.objects.within(world.tenant).exists()
    world.add("sue", mail="sue@example.com")
    assert forgotten.start_for(world.house, portal, split_username("sue"), None, world.now)


def test_where_housekey_sends_it_an_administrator_recovers_like_everybody(world: World) -> None:
    tom(world, role="admin")
    forgotten.start_for(world.house, client(world, USER_RECOVERY), TOM, None, world.now)
    assert kinds(world) == ["PasswordReset"]


def test_a_message_of_who_may_do_more_is_read_without_its_code(world: World) -> None:
    """A-138: where there is no mail server, the outbox is how a link is read; not by those whom its owner outranks."""
    tom(world, role="admin")
    world.add("sue", mail="sue@example.com")
    for name in ("tom", "sue"):
        forgotten.start(world.house, world.tenant, name, None, NETWORK, world.now)
    reader = client(world, OUTBOX_VIEW, LOGIN)
    shown = {}
    for row in outbox.listing(reader).rows:
        for who in (reader, world.by):
            shown[row.recipient, who.name] = outbox.get(world.house, who, row.id).text
    secrets = {name: codes.text_of(world.house, world.live_code(name)) for name in ("tom", "sue")}
    assert secrets["tom"] not in shown["tom@example.com", reader.name]
    assert secrets["tom"] in shown["tom@example.com", world.by.name]
    assert secrets["sue"] in shown["sue@example.com", reader.name]


def test_a_profile_of_who_may_do_more_is_read_without_the_code(world: World) -> None:
    user = tom(world, role="admin")
    claims.update(world.by, ONE_TIME_PASSWORD, supported_by_default=True, now=world.now)
    assert resets.readable_code(world.house, client(world, OFFLINE_INVITE, USER_VIEW), user.id, world.now) == ""


def test_a_code_that_another_system_delivers_rests_nowhere(world: World) -> None:
    """Decisions, At rest: sealed only for as long as somebody here still has to read it."""
    world.set(**{INTERNAL: False, RECOVERY_INTERNAL: False, INVITE_EMAIL_OTP: True, RECOVERY_LINK: False, RECOVERY_EMAIL_OTP: True})
    jane = world.invite()
    tom(world)
    typed = {"jane": jane.code, "tom": forgotten.start_for(world.house, world.by, TOM, None, world.now)}
    assert not Code.objects.within(world.tenant).filter(sealed__isnull=False).exists()
    again = pending.resend(world.house, world.by, jane.id, world.now)
    assert (again.invitation.state, again.invitation.sent) == ("issued", world.now)
    assert not Code.objects.within(world.tenant).filter(sealed__isnull=False).exists()
    assert world.opened("jane", again.code)
    assert world.opened("tom", typed["tom"])


def test_who_was_invited_by_text_message_alone_can_have_an_expired_code_sent_anew(world: World) -> None:
    """Sent by the way the last one went, though the tenant's is another."""
    by_sms(world)
    forgotten.start(world.house, world.tenant, "tom", None, NETWORK, world.now + timedelta(minutes=1441))
    assert kinds(world) == ["askPasswordSMSOTP", "askPasswordResendSMSOTP"]


def test_an_invitation_that_died_is_sent_again_by_the_way_it_went(world: World) -> None:
    user = by_sms(world)
    right = world.otp("tom")
    guess = ("A" if right[0] != "A" else "B") + right[1:]
    for number in range(5):
        with pytest.raises(WrongCredentials):
            world.enter("tom", guess, now=world.now + timedelta(minutes=number))
    assert codes.live(world.tenant, user.id) is None
    later = world.now + timedelta(hours=2)
    forgotten.start(world.house, world.tenant, "tom", None, NETWORK, later)
    assert world.live_code("tom").scenario == "ASK_PASSWORD_VIA_SMS_OTP"
    onboarding.revoke(world.house, world.by, user.id, later)
    assert pending.resend(world.house, world.by, user.id, later).invitation.scenario == "ASK_PASSWORD_VIA_SMS_OTP"


def test_who_guesses_codes_all_day_is_heard_less_than_a_hundred_times(world: World) -> None:
    """A-030: over any number of codes and networks, waiting no longer than told."""
    moment, end, heard = world.now, world.now + timedelta(days=1), 0
    while moment < end:
        tried = throttle.keys(world.tenant, TOM, f"2001:db8:{heard:x}::1")
        try:
            throttle.reserve_code(tried, moment)
            heard += 1
        except Throttled as wait:
            moment += timedelta(seconds=wait.retry_after)
    assert 50 < heard < 100


def test_who_renews_an_old_password_may_still_recover(world: World) -> None:
    """What sends no message is not counted as one."""
    world.set(**{AGE: True, AGE_DAYS: 1})
    tom(world)
    late = world.now + timedelta(days=2)
    for _ in range(forgotten.AGAIN_PER_HOUR):
        world.enter("tom", PASSWORD, now=late)
    forgotten.start(world.house, world.tenant, "tom", None, NETWORK, late)
    assert kinds(world) == ["PasswordReset"]


def test_a_link_that_never_went_out_is_not_extended_but_sent_anew(world: World) -> None:
    user = world.invite()
    late = world.now + timedelta(minutes=1441)
    worker.drain(world.house, late)
    with pytest.raises(Invalid, match="Send a new one"):
        onboarding.extend(world.house, world.by, user.id, 60, late)


def test_an_address_can_be_corrected_while_inviting_is_off(world: World) -> None:
    user = world.invite("tom", "tmo@example.com")
    world.set(**{ENABLE: False})
    corrected = Changes(profile=replace(user.profile, emails=(Email("tom@example.com", primary=True),)))
    assert users.change(world.house, world.by, user.id, corrected, world.now).profile.mail == "tom@example.com"
    assert codes.live(world.tenant, user.id) is None, "the link to the wrong address is dead"


def test_a_new_password_leaves_a_waiting_confirmation_alone(world: World) -> None:
    """It sets no password; without it the account could not be opened by its owner any more."""
    user = confirming(world)
    users.change(world.house, world.by, user.id, Changes(password=OTHER_PASSWORD), world.now)
    text = codes.text_of(world.house, world.live_code("tom"))
    confirmation.confirm(world.house, world.tenant, text, NETWORK, world.now)
    assert world.sign_in("tom", OTHER_PASSWORD)


@pytest.mark.parametrize("number", ["+4915112345678" + " " * 400, "12345", "+4915112345678" + " " * 50 + "x"])
def test_a_number_that_no_text_message_can_go_to_is_refused_by_name(world: World, number: str) -> None:
    with pytest.raises(Invalid) as refused:
        by_sms(world, number)
    assert refused.value.field == "phoneNumbers"
    assert users.find(world.by, "tom") is None


@pytest.mark.parametrize("number", ["+49 (0)151 / 123-456 78", "tel:+49-151-12345678", "0049 151 12345678"])
def test_a_number_that_a_text_message_can_go_to_is_taken(world: World, number: str) -> None:
    assert by_sms(world, number).standing.state == "PENDING_AP"


def test_a_step_of_a_recovery_takes_the_longest_name(world: World) -> None:
    name = split_username("\U0001f511" * 250)
    text = flows.sign(world.house, world.tenant, flows.Flow(name, "EMAIL_LINK"), "recover", world.now)
    assert flows.read(world.house, world.tenant, text, "recover", world.now).name == name


def test_printing_a_result_shows_no_secret(world: World) -> None:
    tom(world)
    session = world.sign_in("tom")
    opened = tickets.Opened("ticket-of-somebody", world.tenant)
    started = flows.Started(True, "code-of-somebody")
    new = NewUser(TOM, Profile(), password="password-of-somebody")
    shown = f"{session} {opened} {started} {new} {Changes(password='password-of-somebody')}"
    entry = login._try(world.tenant, TOM, PASSWORD, NETWORK, world.now)
    assert session.token not in shown
    assert "of-somebody" not in shown
    assert entry.phc not in repr(entry)
