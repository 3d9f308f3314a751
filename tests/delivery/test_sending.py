"""Promises of sending, kept with a real mail server on loopback."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from housekey.conf.house import House
from housekey.core.codes import derive_link
from housekey.core.errors import Unavailable
from housekey.core.messages import ACTIVATED
from housekey.delivery import worker
from tests.delivery.helpers import Enqueue, Wire, sender, stored, tries, with_email
from tests.support.ports import free_port
from tests.support.smtp import Sink, make_ca

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_invitation_arrives_once_encrypted_and_signed_in(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    message_id = enqueue()
    assert worker.drain(mailing, now) == 1
    assert worker.drain(mailing, now) == 0
    [mail] = smtp.messages
    assert (mail.tls, mail.login, mail.recipients) == (True, smtp.username, ("jane@example.com",))
    assert mail.message["Subject"] == "Set your password"
    assert mail.message["Message-ID"] == f"<{message_id}@example.com>"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    row = stored(message_id)
    assert (row.state, row.attempts, row.error, row.finished) == ("sent", 1, "", now)
    assert row.code is not None
    assert row.code.sent == now
    assert [outcome for outcome, _ in tries(message_id)] == ["sent"]


def test_the_mail_carries_the_link_of_its_code_in_both_parts(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    code = stored(enqueue()).code
    assert code is not None
    worker.drain(mailing, now)
    text = derive_link(mailing.keys.by_id(code.key_name), code.id, bytes(code.nonce))
    link = (f"{mailing.config.base_url}/accountrecoveryendpoint/confirmrecovery.do?confirmation={text}"
            "&userstoredomain=PRIMARY&username=jane&tenantdomain=carbon.super&type=invite")
    plain = smtp.messages[0].message.get_body(("plain",))
    html = smtp.messages[0].message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert link in plain.get_content().splitlines()
    assert re.findall(r'<a href="([^"]+)"', html.get_content()) == [link.replace("&", "&amp;")]


def test_nothing_secret_rests_in_the_outbox(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    message_id = enqueue("poison@example.com")
    row = stored(message_id)
    assert row.code is not None
    text = derive_link(mailing.keys.by_id(row.code.key_name), row.code.id, bytes(row.code.nonce))
    smtp.rules["poison@example.com"] = f"550 5.7.1 listed: https://x.example/?confirmation={text}"
    worker.drain(mailing, now)
    assert text not in repr(stored(message_id).__dict__) + repr(tries(message_id))
    assert "listed" in stored(message_id).error


def test_a_server_that_hides_starttls_gets_nothing_in_the_clear(house: House, other_smtp: Callable[..., Sink], enqueue: Enqueue,
                                                               now: datetime) -> None:
    sink = other_smtp(starttls=False, auth=False)
    message_id = enqueue()
    assert worker.drain(with_email(house, sender(sink)), now) == 0
    assert sink.messages == []
    row = stored(message_id)
    assert (row.state, row.attempts) == ("queued", 0)
    assert "does not offer STARTTLS, so nothing was sent" in row.error


def test_without_tls_when_the_operator_says_so(house: House, other_smtp: Callable[..., Sink], enqueue: Enqueue, now: datetime) -> None:
    sink = other_smtp(starttls=False, auth=False)
    enqueue()
    worker.drain(with_email(house, sender(sink, enable_start_tls=False, enable_authentication=False)), now)
    assert [mail.tls for mail in sink.messages] == [False]


def test_a_certificate_of_another_authority_is_refused_in_words(house: House, smtp: Sink, tmp_path: Path, enqueue: Enqueue,
                                                               now: datetime) -> None:
    (tmp_path / "wrong").mkdir()
    _, wrong = make_ca(tmp_path / "wrong")
    message_id = enqueue()
    worker.drain(with_email(house, sender(smtp, ca_file=wrong)), now)
    assert smtp.messages == []
    assert "cannot be trusted" in stored(message_id).error
    assert "ca_file" in stored(message_id).error


def test_a_certificate_for_another_host_is_refused_in_words(house: House, other_smtp: Callable[..., Sink], enqueue: Enqueue,
                                                           now: datetime) -> None:
    sink = other_smtp(hostname="mail.other.example")
    message_id = enqueue()
    worker.drain(with_email(house, sender(sink)), now)
    assert sink.messages == []
    assert "cannot be trusted: Hostname mismatch" in stored(message_id).error


def test_a_refused_sign_in_is_told_and_the_password_is_not(house: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    message_id = enqueue()
    worker.drain(with_email(house, sender(smtp, password="not-the-relay-secret")), now)
    row = stored(message_id)
    assert row.state == "queued"
    assert "does not accept our sign-in" in row.error
    assert "535" in row.error
    assert "not-the-relay-secret" not in row.error


def test_refused_for_now_is_tried_again_under_the_same_message_id(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    smtp.rules["jane@example.com"] = "451 4.7.1 greylisted, try later"
    message_id = enqueue()
    assert worker.drain(mailing, now) == 0
    row = stored(message_id)
    assert (row.state, row.attempts) == ("queued", 1)
    assert now + timedelta(seconds=45) < row.due < now + timedelta(seconds=75)
    assert "451 4.7.1 greylisted" in row.error
    smtp.rules.clear()
    assert worker.drain(mailing, now + timedelta(seconds=30)) == 0
    assert worker.drain(mailing, now + timedelta(seconds=80)) == 1
    assert smtp.messages[0].message["Message-ID"] == f"<{message_id}@example.com>"
    assert [outcome for outcome, _ in tries(message_id)] == ["temporary", "sent"]


def test_refused_for_good_fails_at_once_and_holds_up_nobody(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    smtp.rules["gone@example.com"] = "550 5.1.1 no such user"
    bad = enqueue("gone@example.com")
    good = [enqueue(f"user{number}@example.com") for number in range(5)]
    assert worker.drain(mailing, now) == 5
    assert (stored(bad).state, stored(bad).finished) == ("failed", now)
    assert "550 5.1.1 no such user" in stored(bad).error
    assert {stored(one).state for one in good} == {"sent"}


def test_an_unreachable_server_costs_the_messages_nothing(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    ids = [enqueue(f"user{number}@example.com") for number in range(3)]
    down = with_email(mailing, sender(smtp, port=free_port()))
    assert worker.drain(down, now) == 0
    assert {(stored(one).state, stored(one).attempts) for one in ids} == {("queued", 0)}
    assert "Nothing listens at localhost" in " ".join(stored(one).error for one in ids)
    assert max(stored(one).due for one in ids) <= now + timedelta(seconds=5)
    assert worker.drain(mailing, now + timedelta(seconds=6)) == 3


def test_what_cannot_be_delivered_has_a_visible_end(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    message_id = enqueue(expires=None)
    down = with_email(mailing, sender(smtp, port=free_port()))
    worker.drain(down, now)
    worker.drain(down, now + timedelta(minutes=down.config.outbox.give_up_after + 1))
    assert stored(message_id).state == "failed"
    assert stored(message_id).error.startswith("Given up after 24 hours. The last trouble: Nothing listens")


def test_a_broken_connection_between_two_mails_is_replaced(house: House, smtp: Sink, wire: Wire, enqueue: Enqueue, now: datetime) -> None:
    wire.up()
    sending = worker.Sender(with_email(house, sender(smtp, port=wire.port)), clock=lambda: now)
    enqueue()
    assert sending.batch().gone == 1
    wire.cut()
    enqueue()
    assert sending.batch().gone == 1
    sending.channel.close()
    assert len(smtp.messages) == 2


def test_a_connection_that_breaks_inside_a_message_counts_and_is_retried(house: House, smtp: Sink, wire: Wire, enqueue: Enqueue,
                                                                         now: datetime) -> None:
    wire.longest = 4000
    wire.up()
    message_id = enqueue()
    sending = with_email(house, sender(smtp, port=wire.port))
    assert worker.drain(sending, now) == 0
    row = stored(message_id)
    assert (row.state, row.attempts) == ("queued", 1)
    assert "The connection broke while the message was being sent" in row.error
    wire.longest = 1 << 30
    assert worker.drain(sending, now + timedelta(minutes=2)) == 1
    assert [mail.message["Message-ID"] for mail in smtp.messages] == [f"<{message_id}@example.com>"]


def test_an_address_beyond_ascii_goes_out_when_the_server_can(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    enqueue("jörg@bücher.example")
    assert worker.drain(mailing, now) == 1
    assert smtp.messages[0].recipients == ("jörg@xn--bcher-kva.example",)


@pytest.mark.parametrize("address", ["a@x.test,b@y.test", "a@x.test\r\nBcc: b@y.test", "alice@example.org)bob@evil.test",
                                     '"a b"@x.test', "a@x.test ", "<a@x.test>b@y.test", "nobody"])
def test_an_address_that_would_be_rewritten_is_never_sent_to(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime,
                                                            address: str) -> None:
    message_id = enqueue(address)
    assert worker.drain(mailing, now) == 0
    assert smtp.messages == []
    assert stored(message_id).state == "failed"
    assert "not an e-mail address that mail can be sent to" in stored(message_id).error


def test_a_name_full_of_markup_and_line_breaks_is_only_a_name(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    enqueue(fields={"user.claim.givenname": "<script>alert(1)</script>\r\n.\r\nMAIL FROM:<x@y.test>",
                    "organization-name": "Acme\r\nBcc: evil@example.com"})
    worker.drain(mailing, now)
    [mail] = smtp.messages
    html = mail.message.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()
    assert "&lt;script&gt;" in html.get_content()
    assert mail.message["Bcc"] is None
    assert b"\n" not in mail.raw.replace(b"\r\n", b"")


def test_an_activation_notice_needs_no_link(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    enqueue(kind=ACTIVATED)
    worker.drain(mailing, now)
    assert smtp.messages[0].message["Subject"] == "Your account is ready"


def test_the_test_message_says_what_became_of_it(mailing: House, smtp: Sink) -> None:
    assert worker.send_test(mailing, "ops@example.com").startswith("Taken by localhost.")
    assert smtp.messages[0].recipients == ("ops@example.com",)
    with pytest.raises(Unavailable, match="Nothing listens at localhost"):
        worker.send_test(with_email(mailing, sender(smtp, port=free_port())), "ops@example.com")
