"""Promises of the outbox: at least once, hardly ever twice, never for the dead, always with an end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections, transaction

from housekey.conf.house import House
from housekey.core.messages import NewMessage
from housekey.core.names import Tenant
from housekey.delivery import outbox, worker
from housekey.delivery.channels import channel_for
from housekey.delivery.letter import write
from housekey.delivery.outbox import Result
from housekey.delivery.outcomes import Outcome
from housekey.store.models import Account, Code, Message
from tests.delivery.helpers import Enqueue, Wire, sender, stored, tries, with_email
from tests.support.smtp import Sink

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


def test_what_is_rolled_back_is_never_sent(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime, tenant: Tenant) -> None:
    outbox.wake.clear()
    with transaction.atomic():
        outbox.enqueue(tenant, NewMessage("accountActivationSuccess", "jane@example.com"), now)
        transaction.set_rollback(True)
    assert not outbox.wake.is_set()
    assert worker.drain(mailing, now) == 0
    assert smtp.messages == []


def test_a_message_is_not_sent_before_its_time(mailing: House, now: datetime, tenant: Tenant) -> None:
    later = now + timedelta(hours=1)
    outbox.enqueue(tenant, NewMessage("accountActivationSuccess", "jane@example.com", not_before=later), now)
    assert worker.drain(mailing, now) == 0
    assert worker.drain(mailing, later) == 1


def test_a_leased_message_belongs_to_one_worker(enqueue: Enqueue, now: datetime) -> None:
    message_id = enqueue()
    assert [message.id for message in outbox.lease("one", now, 10)] == [message_id]
    assert outbox.lease("two", now, 10) == []


def test_a_killed_workers_message_is_sent_by_another_under_the_same_message_id(mailing: House, smtp: Sink, enqueue: Enqueue,
                                                                               now: datetime) -> None:
    message_id = enqueue()
    [leased] = outbox.lease("killed", now, 10)
    channel = channel_for(mailing)
    channel.send(write(mailing, leased), now)
    channel.close()
    assert worker.drain(mailing, now + timedelta(seconds=30)) == 0
    assert worker.drain(mailing, now + timedelta(seconds=61)) == 1
    assert [mail.message["Message-ID"] for mail in smtp.messages] == [f"<{message_id}@example.com>"] * 2
    bodies = [mail.message.get_body(("plain",)) for mail in smtp.messages]
    assert len({body.get_content() for body in bodies if body is not None}) == 1


def test_a_worker_that_lost_its_lease_cannot_overwrite_its_successor(enqueue: Enqueue, now: datetime) -> None:
    message_id = enqueue()
    [stale] = outbox.lease("stale", now, 10)
    [fresh] = outbox.lease("fresh", now + timedelta(seconds=61), 10)
    outbox.settle([Result(stale, Outcome("permanent", "too late"))], now + timedelta(seconds=62), DAY)
    assert stored(message_id).state == "sending"
    outbox.settle([Result(fresh, Outcome("sent"))], now + timedelta(seconds=63), DAY)
    assert stored(message_id).state == "sent"
    outbox.settle([Result(fresh, Outcome("sent"))], now + timedelta(seconds=64), DAY)
    assert [outcome for outcome, _ in tries(message_id)] == ["sent"]


@pytest.mark.parametrize(("change", "words"), [
    ({"spent": datetime(2026, 1, 1, tzinfo=UTC)}, "used before"),
    ({"dead": datetime(2026, 1, 1, tzinfo=UTC), "dead_reason": "superseded"}, "a newer link was sent"),
    ({"dead": datetime(2026, 1, 1, tzinfo=UTC), "dead_reason": "revoked"}, "its link was withdrawn"),
    ({"expires": datetime(2026, 1, 1, tzinfo=UTC)}, "expired before"),
])
def test_the_mail_of_a_dead_code_is_withdrawn_and_not_sent(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime,
                                                          change: dict[str, object], words: str) -> None:
    message_id = enqueue()
    Code.objects.across_tenants("test").filter(pk=stored(message_id).code_id).update(**change)
    assert worker.drain(mailing, now) == 0
    assert smtp.messages == []
    assert stored(message_id).state == "withdrawn"
    assert words in stored(message_id).error


def test_withdrawing_takes_the_waiting_and_leaves_the_sent(enqueue: Enqueue, now: datetime) -> None:
    waiting, sent = enqueue(), enqueue()
    Message.objects.across_tenants("test").filter(pk=sent).update(state="sent")
    codes = [code_id for code_id in (stored(waiting).code_id, stored(sent).code_id) if code_id is not None]
    assert outbox.withdraw_for(codes, now) == 1
    assert (stored(waiting).state, stored(sent).state) == ("withdrawn", "sent")


def test_no_mail_for_somebody_who_was_deleted(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    invitation, notice = enqueue(), enqueue(kind="accountActivationSuccess")
    for message_id in (invitation, notice):
        Account.objects.across_tenants("test").filter(pk=stored(message_id).account_id).delete()
    assert worker.drain(mailing, now) == 0
    assert smtp.messages == []
    assert {stored(invitation).state, stored(notice).state} == {"withdrawn"}


def test_a_message_that_cannot_be_written_lets_the_others_pass(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    poison, good = enqueue(kind="NoSuchKind"), enqueue()
    assert worker.drain(mailing, now) == 1
    assert (stored(poison).state, stored(good).state) == ("failed", "sent")
    assert "no message template called NoSuchKind" in stored(poison).error


def test_a_key_that_is_missing_is_named_and_the_message_waits(mailing: House, enqueue: Enqueue, now: datetime) -> None:
    message_id = enqueue()
    Code.objects.across_tenants("test").filter(pk=stored(message_id).code_id).update(key_name="k-lost")
    worker.drain(mailing, now)
    assert stored(message_id).state == "queued"
    assert "lacks the key k-lost" in stored(message_id).error


def test_those_behind_a_long_outage_are_given_up_too(enqueue: Enqueue, now: datetime) -> None:
    old, new = enqueue(at=now - timedelta(days=2)), enqueue()
    assert outbox.give_up(now, DAY) == 1
    assert (stored(old).state, stored(new).state) == ("failed", "queued")
    assert "Given up after 24 hours" in stored(old).error


def test_a_retry_never_waits_past_the_end_of_the_link(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    smtp.rules["*"] = "451 later"
    message_id = enqueue(expires=timedelta(seconds=20))
    worker.drain(mailing, now)
    assert stored(message_id).due == now + timedelta(seconds=20)
    worker.drain(mailing, now + timedelta(seconds=20))
    assert stored(message_id).state == "withdrawn"
    assert "expired before the message could be delivered. The last trouble:" in stored(message_id).error


@contextmanager
def working(house: House, count: int = 1) -> Iterator[None]:
    """`count` workers as the server runs them."""
    stop = threading.Event()
    threads = [threading.Thread(target=worker.run, args=(house, stop)) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        outbox.wake.set()
        for thread in threads:
            thread.join(30)
        connections.close_all()


def wait_until(what: str, arrived: Callable[[], int], count: int, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while arrived() < count:
        assert time.monotonic() < end, f"{what}: {arrived()} of {count}"
        time.sleep(0.002)


def test_two_workers_send_two_hundred_messages_without_a_double(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    ids = [enqueue(f"user{number}@example.com") for number in range(200)]
    with working(mailing, 2):
        wait_until("mails", lambda: len(smtp.messages), 200)
        time.sleep(0.3)
    assert len(smtp.messages) == 200
    assert len({mail.message["Message-ID"] for mail in smtp.messages}) == 200
    assert {stored(one).state for one in ids} == {"sent"}


def test_a_message_leaves_right_after_the_commit(mailing: House, smtp: Sink, enqueue: Enqueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker looks for the messages of others only once a minute here: what arrives sooner was announced by the commit."""
    monkeypatch.setattr("housekey.delivery.worker.LOOK_EVERY", 60.0)
    one = replace(mailing, config=replace(mailing.config, outbox=replace(mailing.config.outbox, connections=1)))
    with working(one):
        for number in range(5):
            enqueue(f"user{number}@example.com", at=datetime.now(UTC))
            wait_until("a mail", lambda: len(smtp.messages), number + 1)
    assert len(smtp.messages) == 5


def test_the_worker_outlives_the_mail_server(house: House, smtp: Sink, wire: Wire, enqueue: Enqueue,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("housekey.delivery.worker.outage_wait", "housekey.delivery.outcomes.outage_wait"):
        monkeypatch.setattr(place, lambda _: timedelta(milliseconds=100))
    with working(with_email(house, sender(smtp, port=wire.port))):
        message_id = enqueue(at=datetime.now(UTC))
        time.sleep(0.5)
        assert stored(message_id).attempts == 0
        assert "connection" in [outcome for outcome, _ in tries(message_id)]
        wire.up()
        wait_until("mail", lambda: len(smtp.messages), 1)
    assert stored(message_id).state == "sent"


def test_the_worker_outlives_the_database(mailing: House, smtp: Sink, enqueue: Enqueue, caplog: pytest.LogCaptureFixture) -> None:
    message_id = enqueue(at=datetime.now(UTC) + timedelta(seconds=1))
    table, hidden = Message._meta.db_table, "hidden_for_a_while"
    with working(mailing):
        _rename(table, hidden)
        try:
            outbox.wake.set()
            wait_until("complaint", lambda: caplog.text.count("The database cannot be used"), 1)
        finally:
            _rename(hidden, table)
        wait_until("mail", lambda: len(smtp.messages), 1)
    assert stored(message_id).state == "sent"
    assert caplog.text.count("The database cannot be used") == 1


def _rename(old: str, new: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")


def test_too_many_waiting_messages_raise_the_alarm(mailing: House, enqueue: Enqueue, caplog: pytest.LogCaptureFixture) -> None:
    calm = replace(mailing, config=replace(mailing.config, outbox=replace(mailing.config.outbox, queue_alarm=3)))
    enqueue()
    enqueue()
    worker.Sender(calm).sweep()
    assert "waiting in the outbox" not in caplog.text
    enqueue()
    worker.Sender(calm).sweep()
    assert "3 messages are waiting in the outbox" in caplog.text
