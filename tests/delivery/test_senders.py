"""Promises of tenants' own senders, kept with real mail servers and a real gateway on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import trustme

from housekey.conf.house import House
from housekey.core.codes import Keys
from housekey.core.messages import EMAIL, SMS
from housekey.core.principal import system
from housekey.delivery import outbox, worker
from housekey.operations import sealing, senders
from housekey.operations.senders import NewSender
from housekey.store.models import Message, Sender
from tests.delivery.helpers import Enqueue, code_of, sender, stored, tries, with_email
from tests.operations.support import other_world
from tests.support.ports import free_port
from tests.support.senders import mail_sender, private, text_sender, trusting
from tests.support.sms import Gateway, Reply
from tests.support.smtp import Sink

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER, TEXT = "+491701234567", "ASK_PASSWORD_VIA_SMS_OTP"


@pytest.fixture
def plain(other_smtp: Callable[..., Sink]) -> Sink:
    """A second mail server, without encryption and sign-in."""
    return other_smtp(starttls=False, auth=False)


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, smtp: Sink) -> Iterator[Gateway]:
    """A gateway under TLS. Its authority and that of `smtp` are believed."""
    ca = trustme.CA()
    trusting(monkeypatch, tmp_path, ca.cert_pem.bytes(), smtp.ca_file.read_bytes())
    gateway = Gateway(ca)
    gateway.start()
    yield gateway
    gateway.stop()


def unsigned(sink: Sink) -> NewSender:
    return mail_sender(sink, username="", security="none", from_address="hello@b.example")


def put(house: House, enqueue: Enqueue, new: NewSender, channel: str = EMAIL) -> None:
    senders.save(house, system(enqueue.tenant), channel, new, enqueue.now)


def beside(world: Any, house: House, now: datetime) -> Enqueue:
    """The same for another tenant."""
    return Enqueue(house, other_world(world).tenant, now)


# --- by mail ----------------------------------------------------------------------------------------------------------


def test_two_tenants_leave_through_two_servers_and_a_third_through_ours(
    world: Any, enqueue: Enqueue, smtp: Sink, secure: Gateway, plain: Sink, other_smtp: Callable[..., Sink], now: datetime
) -> None:
    ours = other_smtp()
    house = with_email(private(world.house), sender(ours))
    acme = beside(world, house, now)
    put(house, enqueue, mail_sender(smtp))
    mine, theirs = enqueue("jane@a.example"), acme("joe@b.example")
    assert worker.drain(house, now) == 2
    assert [(one.sender, one.recipients, one.login, one.tls) for one in smtp.messages] == [
        ("hello@a.example", ("jane@a.example",), smtp.username, True)]
    assert [one.recipients for one in ours.messages] == [("joe@b.example",)]
    put(house, acme, unsigned(plain))
    again = acme("ann@b.example")
    worker.drain(house, now)
    assert [(one.sender, one.recipients) for one in plain.messages] == [("hello@b.example", ("ann@b.example",))]
    assert (len(smtp.messages), len(ours.messages)) == (1, 1)
    assert tries(mine)[0][1].startswith("Through the tenant's own EmailPublisher. Taken by localhost.")
    assert tries(theirs)[0][1].startswith("Taken by localhost.")
    assert stored(again).state == "sent"


def test_a_dead_sender_holds_up_nobody_else(
    world: Any, enqueue: Enqueue, smtp: Sink, plain: Sink, now: datetime
) -> None:
    house = with_email(private(world.house), sender(smtp))
    acme = beside(world, house, now)
    put(house, acme, unsigned(plain))
    put(house, enqueue, NewSender("SMTP", {"host": "127.0.0.1", "port": str(free_port()), "from_address": "a@a.example"}))
    dead = [enqueue(f"p{number}@a.example") for number in range(3)]
    theirs = [acme(f"p{number}@b.example") for number in range(3)]
    assert worker.drain(house, now) == 3
    assert [stored(one).state for one in theirs] == ["sent"] * 3
    assert [stored(one).state for one in dead] == ["queued"] * 3
    assert sum(len(tries(one)) for one in dead) == 1, "the first failure opens the circuit for all of them"
    assert "Through the tenant's own EmailPublisher. Nothing listens at 127.0.0.1" in stored(dead[0]).error


def test_the_running_worker_sends_through_own_senders_too(
    world: Any, enqueue: Enqueue, smtp: Sink, plain: Sink, other_smtp: Callable[..., Sink], now: datetime
) -> None:
    house = with_email(private(world.house), sender(smtp))
    acme = beside(world, house, now)
    put(house, acme, unsigned(plain))
    put(house, enqueue, NewSender("SMTP", {"host": "127.0.0.1", "port": str(free_port()), "from_address": "a@a.example"}))
    dead, good = enqueue("jane@a.example"), acme("joe@b.example")
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(house, stop))
    thread.start()
    try:
        wait(lambda: stored(good).state == "sent" and stored(dead).error != "")
        put(house, enqueue, unsigned(other := other_smtp(starttls=False, auth=False)))
        Message.objects.across_tenants("a test").filter(pk=dead).update(due=now)
        outbox.ring()
        wait(lambda: stored(dead).state == "sent")
    finally:
        stop.set()
        outbox.ring()
        thread.join()
    assert [one.recipients for one in other.messages] == [("jane@a.example",)]


def wait(condition: Callable[[], bool]) -> None:
    """At most some seconds; asks again and again."""
    for _ in range(400):
        if condition():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it did not come to that")


def test_what_waits_goes_back_to_the_servers_own_when_the_sender_is_deleted(
    world: Any, enqueue: Enqueue, smtp: Sink, now: datetime
) -> None:
    house = with_email(private(world.house), sender(smtp))
    put(house, enqueue, NewSender("SMTP", {"host": "127.0.0.1", "port": str(free_port()), "from_address": "a@a.example"}))
    waiting = enqueue("jane@a.example")
    worker.drain(house, now)
    senders.delete(house, system(enqueue.tenant), EMAIL, now)
    worker.drain(house, now + timedelta(minutes=10))
    assert stored(waiting).state == "sent"
    assert [one.sender for one in smtp.messages] == ["housekey@example.com"]


def test_a_password_the_server_repeats_is_not_written_down(
    world: Any, enqueue: Enqueue, smtp: Sink, secure: Gateway, now: datetime
) -> None:
    """A-187"""
    house = private(world.house)
    put(house, enqueue, mail_sender(smtp))
    smtp.rules["*"] = f"550 5.7.1 never with {smtp.password}"
    message = enqueue("jane@a.example")
    worker.drain(house, now)
    assert stored(message).state == "failed"
    assert "never with [removed]" in stored(message).error


# --- by text message --------------------------------------------------------------------------------------------------


def test_a_text_leaves_through_the_tenants_own_gateway(
    world: Any, enqueue: Enqueue, secure: Gateway, gateway: Gateway, now: datetime
) -> None:
    house = private(world.house)
    put(house, enqueue, NewSender("Custom", {"url": f"{secure.url}/send", "authentication": "BEARER"}, "b3arer", "X-Team: blue"), SMS)
    message = enqueue(NUMBER, scenario=TEXT)
    code = code_of(house, message)
    worker.drain(house, now)
    [request] = secure.requests
    assert (request.path, request.headers["authorization"], request.headers["x-team"]) == ("/send", "Bearer b3arer", "blue")
    assert request.headers["host"] == secure.url.removeprefix("https://")
    assert code in request.json["content"]
    assert tries(message)[0][1].startswith("Through the tenant's own SMSPublisher. Taken by 127.0.0.1")
    assert gateway.requests == []


@pytest.mark.parametrize(("provider", "fields"), [
    ("Twilio", {"To": NUMBER, "From": "Acme"}),
    ("Vonage", {"to": NUMBER[1:], "from": "Acme", "api_key": "AC123", "api_secret": "t0ps3cret"}),
])
def test_twilio_and_vonage_are_spoken_to_as_they_document(
    world: Any, enqueue: Enqueue, secure: Gateway, now: datetime, provider: str, fields: dict[str, str]
) -> None:
    house = private(world.house)
    secure.replies = [Reply(body='{"sid": "SM1"}' if provider == "Twilio" else '{"messages": [{"status": "0"}]}')]
    put(house, enqueue, text_sender(secure, provider, url=secure.url), SMS)
    message = enqueue(NUMBER, scenario=TEXT)
    worker.drain(house, now)
    [request] = secure.requests
    assert request.path == ("/2010-04-01/Accounts/AC123/Messages.json" if provider == "Twilio" else "/sms/json")
    assert fields.items() <= request.form.items()
    assert stored(message).state == "sent"


def test_a_redirect_is_not_followed(world: Any, enqueue: Enqueue, secure: Gateway, gateway: Gateway, now: datetime) -> None:
    """A-071: a public gateway could send us to a private address."""
    house = private(world.house)
    secure.replies = [Reply(302, "", {"Location": f"{gateway.url}/latest/meta-data"})]
    put(house, enqueue, text_sender(secure), SMS)
    message = enqueue(NUMBER, scenario=TEXT)
    worker.drain(house, now)
    assert gateway.requests == []
    assert "we do not follow" in stored(message).error


def test_a_certificate_is_checked_against_the_name(world: Any, enqueue: Enqueue, secure: Gateway, now: datetime) -> None:
    """The connection goes to an address, the certificate belongs to the name: the gateway's is for 127.0.0.1 only."""
    house = private(world.house)
    put(house, enqueue, text_sender(secure, url=secure.url.replace("127.0.0.1", "localhost")), SMS)
    message = enqueue(NUMBER, scenario=TEXT)
    worker.drain(house, now)
    assert secure.requests == []
    assert "cannot be trusted" in stored(message).error


# --- keys -------------------------------------------------------------------------------------------------------------


def test_a_secret_outlives_a_rotation_and_is_sealed_anew(
    world: Any, enqueue: Enqueue, smtp: Sink, secure: Gateway, now: datetime
) -> None:
    house = private(world.house)
    put(house, enqueue, mail_sender(smtp))
    rotated = replace(house, keys=Keys((("next", b"n" * 32), *house.keys.ring)))
    enqueue("jane@a.example")
    assert worker.drain(rotated, now) == 1
    assert sealing.rewrap(rotated) == 1
    assert sealing.rewrap(rotated) == 0
    only_new = replace(house, keys=Keys((("next", b"n" * 32),)))
    row = row_of(enqueue)
    assert row.key_name == "next"
    assert smtp.password.encode() not in bytes(row.sealed)
    found = senders.find(only_new, system(enqueue.tenant), EMAIL)
    assert found is not None
    assert found.secret


def test_without_its_key_messages_wait_and_say_why(world: Any, enqueue: Enqueue, smtp: Sink, now: datetime) -> None:
    house = private(world.house)
    put(house, enqueue, mail_sender(smtp))
    Sender.objects.across_tenants("a test").update(key_name="gone")
    message = enqueue("jane@a.example")
    worker.drain(house, now)
    assert stored(message).state == "queued"
    assert "The keys file lacks the key gone" in stored(message).error
    assert sealing.rewrap(replace(house, keys=Keys((("next", b"n" * 32),)))) == 0


def row_of(enqueue: Enqueue) -> Any:
    return Sender.objects.within(enqueue.tenant).get()


def test_sealed_for_one_tenant_it_opens_for_no_other(world: Any, enqueue: Enqueue, smtp: Sink, now: datetime) -> None:
    """A-019: copying the column to another row gives nobody the password."""
    house = private(world.house)
    acme = beside(world, house, now)
    put(house, enqueue, mail_sender(smtp))
    put(house, acme, mail_sender(smtp))
    rows = {row.tenant_id: row for row in Sender.objects.across_tenants("a test")}
    other: UUID = rows[acme.tenant.id].id
    Sender.objects.across_tenants("a test").filter(id=other).update(sealed=rows[enqueue.tenant.id].sealed)
    message = acme("joe@b.example")
    worker.drain(house, now)
    assert stored(message).state == "queued"
    assert "cannot be opened" in stored(message).error
    assert smtp.messages == []
