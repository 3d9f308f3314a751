"""Reminders: sent once, at their time, only of what still works and was not used."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from housekey.core.errors import Invalid
from housekey.core.messages import REMINDER
from housekey.core.names import split_username
from housekey.core.properties import INVITE_EMAIL_OTP, INVITE_EXPIRY, INVITE_REMINDER, INVITE_SMS_OTP, RESET_EXPIRY, RESET_REMINDER
from housekey.core.users import Changes, Email, Invite, NewUser, Profile, User
from housekey.delivery import worker
from housekey.operations import codes, insights, invitations, onboarding, outbox, pending, resets, users
from housekey.store.models import Code, Message
from tests.delivery.helpers import sender, with_email
from tests.operations.support import PASSWORD, World, code_in, link_in, text_of
from tests.support.smtp import Sink

DAY = 1_440


def reminders(world: World, **wanted: Any) -> list[Message]:
    return list(Message.objects.within(world.tenant).filter(fields__has_key=REMINDER, **wanted).order_by("created"))


def before_the_end(world: World, minutes: int = 120) -> datetime:
    return world.now + timedelta(minutes=DAY - minutes)


@pytest.fixture
def jane(world: World) -> User:
    """Invited for a day, to be reminded two hours before its end."""
    world.set(**{INVITE_REMINDER: 120})
    return world.invite()


def test_nobody_is_reminded_unless_the_tenant_wants_it(world: World) -> None:
    world.invite()
    assert not reminders(world)


def test_whoever_did_nothing_gets_the_same_link_once_more_two_hours_before_its_end(world: World, jane: User) -> None:
    first = world.mails(now=world.now)
    assert [mail["Subject"] for mail in first] == ["Set your password"]
    assert len(world.mails(now=before_the_end(world) - timedelta(seconds=1))) == 1
    last = sorted(world.mails(now=before_the_end(world)), key=lambda mail: "Reminder" in mail["Subject"])
    assert [mail["Subject"] for mail in last] == ["Set your password", "Reminder: Set your password"]
    assert link_in(last[0]) == link_in(last[1])
    assert text_of(last[1]).startswith("This is a reminder. What we sent you before still works, until ")
    html = last[1].get_body(("html",))
    assert html is not None
    assert "This is a reminder." in html.get_content()
    assert len(world.mails(now=before_the_end(world, 1))) == 2
    world.redeem(code_in(link_in(last[1])), now=before_the_end(world, 60))
    assert users.get(world.by, jane.id).standing.has_password


def test_a_reminder_is_in_the_readers_language(world: World) -> None:
    world.set(**{INVITE_REMINDER: 120})
    profile = Profile(emails=(Email("jana@example.com"),), locale="de-AT")
    users.create(world.house, world.by, NewUser(split_username("jana"), profile, ask_password=True), world.now)
    mail = world.mails(now=before_the_end(world))[-1]
    assert mail["Subject"] == "Erinnerung: Legen Sie Ihr Passwort fest"
    assert text_of(mail).startswith("Dies ist eine Erinnerung. Was wir Ihnen geschickt haben, funktioniert weiterhin, bis ")


@pytest.mark.usefixtures("jane")
def test_whoever_set_the_password_is_not_reminded(world: World) -> None:
    world.redeem(world.newest_code(now=world.now))
    assert [row.state for row in reminders(world)] == ["withdrawn"]
    assert not [mail for mail in world.mails(now=before_the_end(world)) if "Reminder" in mail["Subject"]]


@pytest.mark.parametrize("deed", ["revoke", "resend", "address", "delete", "password"])
def test_what_ends_a_code_takes_its_reminder_back(world: World, jane: User, deed: str) -> None:
    world.mails(now=world.now)
    (mine,) = reminders(world)
    match deed:
        case "revoke":
            onboarding.revoke(world.house, world.by, jane.id, world.now)
        case "resend":
            onboarding.resend(world.house, world.by, jane.id, world.now)
        case "address":
            users.change(world.house, world.by, jane.id, Changes(profile=Profile(emails=(Email("new@example.com"),))), world.now)
        case "delete":
            users.delete(world.by, jane.id, world.now)
        case "password":
            users.change(world.house, world.by, jane.id, Changes(password=PASSWORD), world.now)
    mine.refresh_from_db()
    assert mine.state == "withdrawn"
    late = [mail for mail in world.mails(now=before_the_end(world)) if "Reminder" in mail["Subject"]]
    assert [mail["To"] for mail in late] == {"resend": ["jane@example.com"], "address": ["new@example.com"]}.get(deed, [])


@pytest.mark.usefixtures("jane")
def test_whoever_was_never_written_to_is_not_reminded(world: World) -> None:
    """An administrator took the message back, perhaps for its address: the reminder would go there all the same."""
    (first,) = Message.objects.within(world.tenant).exclude(fields__has_key=REMINDER)
    outbox.withdraw(world.by, first.id, world.now)
    assert [row.state for row in reminders(world)] == ["withdrawn"]
    assert not world.mails(now=before_the_end(world))


def test_a_reminder_is_taken_back_alone(world: World, jane: User) -> None:
    (mine,) = reminders(world)
    outbox.withdraw(world.by, mine.id, world.now)
    assert [mail["Subject"] for mail in world.mails(now=before_the_end(world))] == ["Set your password"]
    assert codes.live(world.tenant, jane.id)


def test_a_code_used_at_the_last_moment_stops_a_reminder_that_is_already_taken(world: World, jane: User) -> None:
    """The row is leased, then the code is used, then the next lease looks again: what is dead is not sent."""
    world.mails(now=world.now)
    due = before_the_end(world)
    code = codes.live(world.tenant, jane.id)
    assert code is not None
    Message.objects.within(world.tenant).filter(fields__has_key=REMINDER).update(
        state="sending", leased_by="a worker that died", leased_until=due - timedelta(seconds=1))
    Code.objects.within(world.tenant).filter(id=code.id).update(spent=due)
    assert not [mail for mail in world.mails(now=due) if "Reminder" in mail["Subject"]]
    assert [(row.state, row.error) for row in reminders(world)] == [("withdrawn", "Not sent: its link was used before.")]


def test_more_time_moves_the_reminder_and_no_end_takes_it_back(world: World, jane: User) -> None:
    onboarding.extend(world.house, world.by, jane.id, 3 * DAY, world.now)
    assert [row.due for row in reminders(world)] == [world.now + timedelta(minutes=3 * DAY - 120)]
    onboarding.extend(world.house, world.by, jane.id, -1, world.now)
    assert [row.state for row in reminders(world)] == ["withdrawn"]
    onboarding.extend(world.house, world.by, jane.id, DAY, world.now)
    assert [row.due for row in reminders(world, state="queued")] == [before_the_end(world)]


def test_more_time_after_the_reminder_reminds_once_more(world: World, jane: User) -> None:
    late = before_the_end(world)
    world.mails(now=late)
    onboarding.extend(world.house, world.by, jane.id, DAY, late)
    assert [row.due for row in reminders(world, state="queued")] == [late + timedelta(minutes=DAY - 120)]


@pytest.mark.parametrize(("life", "reminder", "count"), [(179, 120, 0), (180, 120, 1), (-1, 120, 0), (0, 120, 0)])
def test_nobody_is_reminded_within_an_hour_nor_of_what_never_ends(world: World, life: int, reminder: int, count: int) -> None:
    world.set(**{INVITE_REMINDER: reminder})
    new = NewUser(split_username("jane"), Profile(emails=(Email("jane@example.com"),)), ask_password=True, invite=Invite(minutes=life))
    users.create(world.house, world.by, new, world.now)
    assert len(reminders(world)) == count


@pytest.mark.parametrize(("reminder", "expiry"), [(INVITE_REMINDER, INVITE_EXPIRY), (RESET_REMINDER, RESET_EXPIRY)])
def test_a_reminder_is_shorter_than_the_life_it_reminds_of(world: World, reminder: str, expiry: str) -> None:
    with pytest.raises(Invalid) as refused:
        world.set(**{reminder: DAY})
    assert refused.value.field == reminder
    world.set(**{reminder: DAY - 1})
    with pytest.raises(Invalid):
        world.set(**{expiry: 60})
    world.set(**{expiry: 60, reminder: 30})
    world.set(**{expiry: -1, reminder: 10_080})


def test_a_code_to_type_rests_sealed_until_its_reminder_has_left(world: World, smtp: Sink) -> None:
    world.set(**{INVITE_EMAIL_OTP: True, INVITE_REMINDER: 120})
    world.invite()
    code, house = world.otp(), with_email(world.house, sender(smtp))
    assert worker.drain(house, world.now) == 1
    assert world.live_code().sealed
    assert worker.drain(house, before_the_end(world)) == 1
    assert [mail.message["Subject"] for mail in smtp.messages] == ["Set your password", "Reminder: Set your password"]
    assert all(code in text_of(mail.message) for mail in smtp.messages)
    assert not world.live_code().sealed


@pytest.mark.usefixtures("jane")
def test_a_mail_server_gets_a_message_of_its_own_and_a_refusal_is_told_of_the_reminder_alone(world: World, smtp: Sink) -> None:
    house = with_email(world.house, sender(smtp))
    worker.drain(house, world.now)
    smtp.rules["jane@example.com"] = "550 5.1.1 no such user"
    worker.drain(house, before_the_end(world))
    assert len({mail.message["Message-ID"] for mail in smtp.messages}) == 1
    assert [row.state for row in reminders(world)] == ["failed"]
    assert invitations.counts(world.by, before_the_end(world))["failed"] == 0
    (issued,) = insights.story(world.by, users.by_name(world.by, "jane").id, world.now).issued
    assert (issued.it.state, [one.outcome for one in issued.reminders[0].tries]) == ("sent", ["permanent"])


def test_a_text_message_reminds_in_its_first_word(world: World) -> None:
    world.set(**{INVITE_SMS_OTP: True, INVITE_REMINDER: 120})
    profile = Profile(more={"phoneNumbers": [{"value": "+49 151 12345678", "type": "mobile"}]})
    users.create(world.house, world.by, NewUser(split_username("jane"), profile, ask_password=True), world.now)
    (row,) = reminders(world)
    text = outbox.get(world.house, world.by, row.id).text
    assert text.startswith("Reminder: ")
    assert text.splitlines()[-1].startswith("@")


def test_a_forced_reset_is_reminded_of_by_its_own_setting(world: World) -> None:
    world.set(**{RESET_REMINDER: 60})
    user = world.add()
    resets.force(world.house, world.by, user.id, world.now)
    assert [(row.kind, row.due) for row in reminders(world)] == [("AdminForcedPasswordReset", before_the_end(world, 60))]


def test_a_reminder_is_a_message_of_its_own_beside_the_one_it_repeats(world: World, jane: User) -> None:
    world.mails(now=world.now)
    it = onboarding.invitations(world.by, jane.id, world.now)[0]
    assert (it.state, it.attempts) == ("sent", 1)
    (sending,) = invitations.listing(world.by, invitations.Wanted(), world.now).rows
    assert sending.delivery in {"sent", "kept"}
    (issued,) = insights.story(world.by, jane.id, world.now).issued
    assert [(one.state, one.due) for one in issued.reminders] == [("queued", before_the_end(world))]
    assert len(issued.tries) == 1
    assert [row.reminder for row in outbox.listing(world.by, state="queued").rows] == [True]


def test_a_repeated_invitation_is_reminded_of_without_saying_that_its_link_is_dead(world: World, jane: User) -> None:
    pending.resend(world.house, world.by, jane.id, world.now)
    (mail,) = [mail for mail in world.mails(now=before_the_end(world)) if "Reminder" in mail["Subject"]]
    assert "no longer work" not in text_of(mail)
