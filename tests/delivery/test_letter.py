"""Promises of the letter as bytes, as a file, and of the link inside it."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from housekey.conf.house import House
from housekey.core.links import invitation_link
from housekey.delivery import worker
from housekey.delivery.files import FileChannel
from housekey.delivery.letter import HIDDEN, Letter, preview
from housekey.delivery.mime import BadAddress, Sender, compose
from housekey.delivery.outcomes import Outcome, decide, in_words, outage_wait, wait
from housekey.delivery.words import expiry_in_words
from tests.delivery.helpers import Enqueue, stored

NOW = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)
SENDER = Sender("housekey@example.com", "Acme IT", "help@example.com")


def letter(subject: str = "Set your password", text: str = "Hello\n", html: str = "<p>Hello</p>\n", to: str = "jane@example.com") -> Letter:
    return Letter(UUID(int=7), "AskPassword", to, NOW, subject, text, html)


def parsed(data: bytes) -> EmailMessage:
    return message_from_bytes(data, policy=policy.default)


def test_the_headers_of_a_letter() -> None:
    mail = parsed(compose(letter(), SENDER, NOW))
    assert mail["From"] == "Acme IT <housekey@example.com>"
    assert (mail["To"], mail["Reply-To"], mail["Auto-Submitted"]) == ("jane@example.com", "help@example.com", "auto-generated")
    assert mail["Message-ID"] == "<00000000-0000-0000-0000-000000000007@example.com>"
    assert mail["Date"].datetime == NOW
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


@given(subject=st.text(max_size=200), text=st.text(max_size=2000), html=st.text(max_size=2000))
def test_any_text_is_one_message_with_crlf_only_and_reads_back(subject: str, text: str, html: str) -> None:
    data = compose(letter(subject, text, html), SENDER, NOW)
    rest = data.replace(b"\r\n", b"")
    assert b"\n" not in rest
    assert b"\r" not in rest
    assert max(len(line) for line in data.split(b"\r\n")) <= 998
    mail = parsed(data)
    assert mail.defects == []
    assert [name.lower() for name in mail] == ["date", "from", "to", "subject", "message-id", "reply-to", "auto-submitted", "mime-version",
                                               "content-type"]
    for kind, expected in (("plain", text), ("html", html)):
        part = mail.get_body((kind,))
        assert part is not None
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        unified = expected.encode(errors="replace").decode().replace("\r\n", "\n").replace("\r", "\n")
        assert content.decode().replace("\r\n", "\n").rstrip("\n") == unified.rstrip("\n")


@pytest.mark.parametrize("subject", ["Legen Sie Ihr Passwort fest – jetzt", "=?utf-8?q?x?=", "ä" * 150, "a b " * 40 + "c"])
def test_a_subject_reads_back(subject: str) -> None:
    assert parsed(compose(letter(subject), SENDER, NOW))["Subject"] == subject


@given(code=st.text(max_size=50), user=st.text(st.characters(exclude_categories=["Cs"]), max_size=100),
       tenant=st.sampled_from(["carbon.super", "acme.example"]))
def test_a_link_holds_its_values_and_nothing_that_could_end_it(code: str, user: str, tenant: str) -> None:
    code = code.encode(errors="replace").decode()
    link = invitation_link("https://id.example.com/", tenant, code, "PRIMARY", user)
    parts = urlsplit(link)
    assert dict(parse_qsl(parts.query, keep_blank_values=True)) == {
        "confirmation": code, "userstoredomain": "PRIMARY", "username": user, "tenantdomain": tenant, "type": "invite"}
    prefix = "" if tenant == "carbon.super" else f"/t/{tenant}"
    assert parts.path == f"{prefix}/accountrecoveryendpoint/confirmrecovery.do"
    assert not set(link) & set(" \"'<>\\^`{}|\r\n\t")


@pytest.mark.parametrize("address", ["a@x.test\x00", "a@x.test\u2028", "a\r\n@x.test", "a@x.test,b@y.test", "a@[127.0.0.1]",
                                     "", "@", "a" * 65 + "@x.test"])
def test_what_is_not_one_plain_address_is_no_recipient(address: str) -> None:
    with pytest.raises(BadAddress):
        compose(letter(to=address), SENDER, NOW)


def test_the_end_of_a_link_is_said_without_ambiguity() -> None:
    assert expiry_in_words(NOW, "en-GB") == "until 31 January 2026, 08:00 UTC"
    assert expiry_in_words(NOW, "de_AT") == "bis 31. Januar 2026, 08:00 Uhr UTC"
    assert expiry_in_words(NOW, "fr_CA") == "jusqu'au 31 janvier 2026, 08:00 UTC"
    assert expiry_in_words(NOW.replace(day=1), "fr") == "jusqu'au 1er janvier 2026, 08:00 UTC"
    assert expiry_in_words(NOW, "ja") == "2026年1月31日 08:00 UTC まで"
    assert expiry_in_words(None, "fr") == "sans date limite"
    assert expiry_in_words(None, "ru") == "with no end date"


@pytest.mark.django_db(transaction=True)
def test_without_a_mail_server_a_message_becomes_a_private_file(filing: House, enqueue: Enqueue, now: datetime) -> None:
    message_id = enqueue("jane+x/../y@example.com")
    assert worker.drain(filing, now) == 1
    [path] = filing.config.mail_directory.iterdir()
    assert path.name == f"{now:%Y%m%dT%H%M%S.%fZ}-AskPassword-jane+x_.._y_example.com.eml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert parsed(path.read_bytes())["From"] == "no-reply@localhost"
    row = stored(message_id)
    assert row.state == "kept"
    assert row.code is not None
    assert row.code.sent == now


@pytest.mark.django_db(transaction=True)
def test_a_preview_shows_the_link_only_when_asked(filing: House, enqueue: Enqueue) -> None:
    row = stored(enqueue())
    assert f"confirmation={HIDDEN}&" in preview(filing, row, show_code=False).text
    assert f"confirmation={HIDDEN}&" not in preview(filing, row, show_code=True).text


def test_a_retry_writes_the_same_file_again(tmp_path: Path) -> None:
    channel = FileChannel(tmp_path / "mail", SENDER)
    assert [channel.send(letter(), NOW).kind for _ in range(2)] == ["kept", "kept"]
    assert len(os.listdir(tmp_path / "mail")) == 1


def test_a_disk_that_cannot_be_written_keeps_messages_waiting(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    outcome = FileChannel(tmp_path / "mail", SENDER).send(letter(), NOW)
    assert outcome.kind == "connection"
    assert "cannot be written to the mail directory" in outcome.detail


def test_waits_grow_and_end_at_their_caps() -> None:
    assert [outage_wait(number).total_seconds() for number in (1, 2, 3, 4, 7, 100)] == [5, 10, 20, 40, 300, 300]
    for tries, minutes in ((1, 1), (2, 2), (4, 8), (7, 60), (1000, 60)):
        plain = timedelta(minutes=minutes)
        assert plain * 0.8 <= wait(tries) <= plain * 1.2


@given(kind=st.sampled_from(["temporary", "permanent", "connection"]), age=st.integers(0, 10**6), attempts=st.integers(0, 10**6),
       failures=st.integers(1, 10**6))
def test_every_message_either_ends_or_is_due_again_soon(kind: str, age: int, attempts: int, failures: int) -> None:
    outcome = Outcome(kind, "why")  # type: ignore[arg-type] # the strategy draws from the literal's values
    change = decide(outcome, since=NOW - timedelta(seconds=age), attempts=attempts, failures=failures, now=NOW,
                    give_up_after=timedelta(days=1))
    if change.state == "queued":
        assert change.due is not None
        assert NOW < change.due <= NOW + timedelta(minutes=72)
        assert age < 86400 or attempts < 2
    else:
        assert (change.state, change.finished) == ("failed", NOW)


def test_errors_are_one_line_without_anything_that_could_be_a_code() -> None:
    code = "A" * 43
    assert in_words(f"listed:\r\nhttps://x/?confirmation={code}&y \x00z") == "listed: https://x/?confirmation=[removed]&y  z"
    assert len(in_words("word " * 1000)) <= 1000
