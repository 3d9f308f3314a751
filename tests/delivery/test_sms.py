"""Promises of text messages, kept with a real gateway on loopback."""

from __future__ import annotations

import base64
import json
import logging
import re
import stat
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from housekey.conf.house import House
from housekey.conf.schema import SmsSender
from housekey.conf.sms import filled
from housekey.delivery import outbox, worker
from housekey.delivery.gateways import Answer, call, judge
from housekey.delivery.letter import Letter
from housekey.delivery.numbers import BadNumber, wire_number
from housekey.delivery.sms import MOST_READ, SmsChannel
from tests.delivery.helpers import Enqueue, code_of, stored, tries, with_sms
from tests.support.ports import free_port
from tests.support.sms import Gateway, Reply

pytestmark = pytest.mark.django_db(transaction=True)

INVITE, NUMBER = "ASK_PASSWORD_VIA_SMS_OTP", "+49 170 / 1234567"
WIRE = "+491701234567"
SID = "AC" + "0" * 32


def twilio(gateway: Gateway, **changes: Any) -> dict[str, Any]:
    return {"provider": "Twilio", "provider_url": gateway.url, "key": SID, "secret": "t0ken", "sender": "+15005550006"} | changes


def vonage(gateway: Gateway, **changes: Any) -> dict[str, Any]:
    return {"provider": "Vonage", "provider_url": gateway.url, "key": "abcd1234", "secret": "s3cret", "sender": "Acme"} | changes


def letter(text: str = "Acme: your code is X7K2P9", to: str = NUMBER) -> Letter:
    return Letter(UUID(int=7), "askPasswordSMSOTP", to, datetime.fromisoformat("2026-01-31T08:00:00+00:00"), "", text, "", "X7K2P9")


def hand_over(text: str = "Acme: your code is X7K2P9", **settings: Any) -> tuple[str, str]:
    """One letter through a channel of its own: the outcome's kind and words."""
    channel = SmsChannel(SmsSender(**settings))
    try:
        outcome = channel.send(letter(text), letter().created)
    finally:
        channel.close()
    return outcome.kind, outcome.detail


# --- through the outbox -----------------------------------------------------------------------------------------------


def test_a_code_arrives_by_sms_and_is_erased(texting: House, gateway: Gateway, enqueue: Enqueue, now: datetime) -> None:
    message_id = enqueue(NUMBER, scenario=INVITE)
    text = code_of(texting, message_id)
    assert worker.drain(texting, now) == 1
    [request] = gateway.requests
    assert (request.method, request.path, request.headers["content-type"]) == ("POST", "/send", "application/json")
    assert request.json["to"] == WIRE
    first, last = request.json["content"].split("\n")
    assert text in first
    assert last == f"@localhost #{text}"
    assert (stored(message_id).state, code_of(texting, message_id)) == ("sent", "")


def test_without_a_gateway_a_text_becomes_a_private_file(filing: House, enqueue: Enqueue, now: datetime) -> None:
    message_id = enqueue(NUMBER, scenario=INVITE)
    assert worker.drain(filing, now) == 1
    [path] = filing.config.sms_directory.iterdir()
    assert path.name == f"{now:%Y%m%dT%H%M%S.%fZ}-askPasswordSMSOTP-+49_170_1234567.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    text = path.read_text()
    assert text.startswith(f"To: {WIRE}\n\nAcme: sign in at ")
    assert text.endswith(f"@localhost #{code_of(filing, message_id)}\n")
    assert stored(message_id).state == "kept"
    assert "No SMS gateway is configured" in tries(message_id)[0][1]


@pytest.mark.parametrize("number", ["", "jane", "+49", "12345", "+1 2 3; 4", "0" * 16, "+49170\n1234567x", "++491701234567"])
def test_what_is_no_number_fails_at_once_and_asks_nobody(texting: House, gateway: Gateway, enqueue: Enqueue, now: datetime,
                                                         number: str) -> None:
    message_id = enqueue(number, scenario=INVITE)
    worker.drain(texting, now)
    assert stored(message_id).state == "failed"
    assert "not a telephone number" in stored(message_id).error
    assert gateway.requests == []


def test_a_gateway_that_comes_back_gets_what_waited(filing: House, gateway: Gateway, enqueue: Enqueue, now: datetime) -> None:
    gone = with_sms(filing, provider="Custom", provider_url=f"http://127.0.0.1:{free_port()}/")
    back = with_sms(filing, provider="Custom", provider_url=gateway.url)
    message_id = enqueue(NUMBER, scenario=INVITE)
    assert worker.drain(gone, now) == 0
    row = stored(message_id)
    assert (row.state, row.attempts) == ("queued", 0)
    assert "Nothing listens at 127.0.0.1" in row.error
    assert worker.drain(back, now + timedelta(minutes=6)) == 1


def test_a_worker_sends_mail_while_the_gateway_hangs(filing: House, gateway: Gateway, enqueue: Enqueue, now: datetime) -> None:
    held = threading.Event()
    gateway.before_reply = lambda: held.wait(20)
    house, stop = with_sms(filing, provider="Custom", provider_url=gateway.url), threading.Event()
    text, mail = enqueue(NUMBER, scenario=INVITE), enqueue()
    running = threading.Thread(target=worker.run, args=(house, stop))
    running.start()
    try:
        end = time.monotonic() + 20
        while stored(mail).state != "kept":
            assert time.monotonic() < end
            time.sleep(0.01)
        assert stored(text).state in {"queued", "sending"}
    finally:
        held.set()
        stop.set()
        outbox.ring()
        running.join(30)


# --- the providers ----------------------------------------------------------------------------------------------------


def test_twilio_gets_exactly_its_form(gateway: Gateway) -> None:
    gateway.replies = [Reply(201, '{"sid": "SM1", "status": "queued", "error_code": null}')]
    kind, words = hand_over("Grüße & co = 1+1\n@id.example.com #X7K2P9", **twilio(gateway))
    assert kind == "sent", words
    [request] = gateway.requests
    assert (request.method, request.target) == ("POST", f"/2010-04-01/Accounts/{SID}/Messages.json")
    assert request.form == {"To": WIRE, "From": "+15005550006", "Body": "Grüße & co = 1+1\n@id.example.com #X7K2P9"}
    assert request.headers["authorization"] == "Basic " + base64.b64encode(f"{SID}:t0ken".encode()).decode()
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"


def test_twilio_takes_the_sid_of_a_messaging_service_as_sender(gateway: Gateway) -> None:
    hand_over(**twilio(gateway, sender="MG" + "a" * 32))
    assert gateway.requests[0].form["MessagingServiceSid"] == "MG" + "a" * 32
    assert "From" not in gateway.requests[0].form


@pytest.mark.parametrize(("status", "code", "kind"), [(400, 21211, "permanent"), (400, 21212, "connection"), (401, 20003, "connection"),
                                                      (404, 20404, "permanent"), (429, 20429, "temporary"), (503, 0, "temporary")])
def test_what_twilio_refuses_is_told_apart(gateway: Gateway, status: int, code: int, kind: str) -> None:
    gateway.replies = [Reply(status, json.dumps({"code": code, "message": f"The 'To' number {WIRE} is wrong", "status": status}))]
    found, words = hand_over(**twilio(gateway))
    assert found == kind
    assert f"The gateway said: {status} {code} " in words
    assert "491701234567" not in words


def test_vonage_gets_exactly_its_form(gateway: Gateway) -> None:
    gateway.replies = [Reply(200, '{"message-count": "1", "messages": [{"to": "491701234567", "message-id": "m", "status": "0"}]}')]
    assert hand_over(**vonage(gateway))[0] == "sent"
    [request] = gateway.requests
    assert (request.method, request.target) == ("POST", "/sms/json")
    assert request.form == {"api_key": "abcd1234", "api_secret": "s3cret", "from": "Acme", "to": "491701234567",
                            "text": "Acme: your code is X7K2P9"}
    hand_over("Code für Łukasz", **vonage(gateway))
    assert gateway.requests[1].form["type"] == "unicode"


@pytest.mark.parametrize(("status", "kind"), [("1", "temporary"), ("2", "permanent"), ("4", "connection"), ("5", "temporary"),
                                              ("7", "permanent"), ("9", "connection"), ("15", "connection"), ("29", "permanent")])
def test_vonage_says_in_the_body_what_became_of_it(gateway: Gateway, status: str, kind: str) -> None:
    part = {"status": status, "error-text": "Something about abcd1234"}
    gateway.replies = [Reply(200, json.dumps({"message-count": "2", "messages": [{"status": "0"}, part]}))]
    found, words = hand_over(**vonage(gateway))
    assert found == kind
    assert "abcd1234" not in words


@pytest.mark.parametrize("body", ["", "ok", "[]", '{"messages": []}', '{"messages": 7}', '{"messages": [7]}', "[" * 60_000])
def test_an_answer_that_is_not_vonages_is_no_success(gateway: Gateway, body: str) -> None:
    gateway.replies = [Reply(200, body)]
    assert hand_over(**vonage(gateway))[0] == "temporary"


def test_the_usual_addresses_of_the_large_providers() -> None:
    one = call(SmsSender(provider="Twilio", key="AC/1", secret="s", sender="+1"), WIRE, "x")
    assert one.url == "https://api.twilio.com/2010-04-01/Accounts/AC%2F1/Messages.json"
    assert call(SmsSender(provider="Vonage", key="k", secret="s", sender="A"), WIRE, "x").url == "https://rest.nexmo.com/sms/json"
    elsewhere = SmsSender(provider="Vonage", provider_url="https://eu.example.com/v1/send", key="k", secret="s", sender="A")
    assert call(elsewhere, WIRE, "x").url == "https://eu.example.com/v1/send"


# --- any other gateway ------------------------------------------------------------------------------------------------

HOSTILE = 'a"b\\c\n</x>{{mobile}}&to=+1900 %00 \u2028"}, {"to": "+1900"'


def test_hostile_text_stays_text_in_json(gateway: Gateway) -> None:
    settings = {"provider": "Custom", "provider_url": gateway.url, "http_method": "put", "sender": 'A"B',
                "body": '{"messages": [{"text": {{body}}, "to": {{mobile}}, "from": {{sender}}}]}'}
    assert hand_over(HOSTILE, **settings)[0] == "sent"
    [request] = gateway.requests
    assert request.method == "PUT"
    assert request.json == {"messages": [{"text": HOSTILE, "to": WIRE, "from": 'A"B'}]}


def test_hostile_text_stays_text_in_a_form_and_in_a_query(gateway: Gateway) -> None:
    form = {"provider": "Custom", "provider_url": f"{gateway.url}/api?v=1", "content_type": "form", "key": "k&1", "secret": "p=2",
            "body": "user={{key}}&pw={{secret}}&to={{mobile}}&text={{body}}"}
    wanted = {"user": "k&1", "pw": "p=2", "to": WIRE, "text": HOSTILE}
    assert hand_over(HOSTILE, **form)[0] == "sent"
    assert hand_over(HOSTILE, **form, http_method="get")[0] == "sent"
    posted, got = gateway.requests
    assert posted.form == wanted
    assert (got.method, got.path, got.query, got.body) == ("GET", "/api", {"v": "1"} | wanted, b"")


@given(text=st.text(), number=st.text())
def test_any_text_filled_in_reads_back(text: str, number: str) -> None:
    values = {"body": text, "mobile": number, "sender": "", "key": "", "secret": ""}
    assert json.loads(filled('{"a": {{body}}, "b": [{{mobile}}, {{body}}]}', values, "json")) == {"a": text, "b": [number, text]}


@pytest.mark.parametrize(("settings", "header", "value"), [
    ({"authentication": "basic", "key": "me", "secret": "pa:ß"}, "authorization", "Basic " + base64.b64encode("me:pa:ß".encode()).decode()),
    ({"authentication": "bearer", "secret": "tok"}, "authorization", "Bearer tok"),
    ({"authentication": "api_key", "secret": "tok"}, "x-api-key", "tok"),
    ({"authentication": "api_key", "secret": "tok", "api_key_header": "X-Auth"}, "x-auth", "tok"),
    ({"headers": (("X-Account", "7"), ("content-type", "application/vnd.acme+json"))}, "content-type", "application/vnd.acme+json"),
])
def test_ways_to_sign_in(gateway: Gateway, settings: dict[str, Any], header: str, value: str) -> None:
    assert hand_over(provider="Custom", provider_url=gateway.url, **settings)[0] == "sent"
    assert gateway.requests[0].headers[header] == value


def test_a_token_is_fetched_once_and_again_when_it_is_refused(gateway: Gateway) -> None:
    gateway.paths = {"/token": Reply(200, '{"access_token": "t-1", "token_type": "Bearer", "expires_in": 3600}')}
    gateway.replies = [Reply(), Reply(), Reply(401), Reply()]
    channel = SmsChannel(SmsSender(provider="Custom", provider_url=f"{gateway.url}/send", authentication="client_credential", key="id",
                                   secret="se", token_endpoint=f"{gateway.url}/token", scopes="sms.send other"))
    assert [channel.send(letter(), letter().created).kind for _ in range(4)] == ["sent", "sent", "connection", "sent"]
    channel.close()
    fetched = [request for request in gateway.requests if request.path == "/token"]
    assert [request.form for request in fetched] == [{"grant_type": "client_credentials", "scope": "sms.send other"}] * 2
    assert {request.headers["authorization"] for request in gateway.requests if request.path == "/send"} == {"Bearer t-1"}


@pytest.mark.parametrize("reply", [Reply(401), Reply(200, "no"), Reply(200, "[]"), Reply(200, '{"access_token": "a\\nb"}'),
                                   Reply(200, '{"access_token": 7}'), Reply(200, '{"access_token": "a", "expires_in": {}}'), Reply(0)])
def test_without_a_token_nothing_is_handed_over(gateway: Gateway, reply: Reply) -> None:
    gateway.paths = {"/token": reply}
    kind, _ = hand_over(provider="Custom", provider_url=f"{gateway.url}/send", authentication="client_credential", key="id", secret="se",
                        token_endpoint=f"{gateway.url}/token")
    assert kind == "connection"
    assert {request.path for request in gateway.requests} == {"/token"}


# --- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "kind"), [(200, "sent"), (202, "sent"), (301, "connection"), (400, "permanent"), (401, "connection"),
                                              (402, "connection"), (403, "connection"), (404, "permanent"), (405, "connection"),
                                              (408, "temporary"), (422, "permanent"), (429, "temporary"), (500, "temporary"),
                                              (503, "temporary")])
def test_what_a_status_means(gateway: Gateway, status: int, kind: str) -> None:
    gateway.replies = [Reply(status, "some words")]
    found, words = hand_over(provider="Custom", provider_url=gateway.url)
    assert found == kind
    assert f"The gateway said: {status} some words" in words


def test_a_redirect_is_not_followed(gateway: Gateway) -> None:
    """A-071"""
    other = Gateway()
    other.start()
    gateway.replies = [Reply(307, "", {"Location": f"{other.url}/steal"})]
    kind, words = hand_over(provider="Custom", provider_url=gateway.url)
    other.stop()
    assert (kind, other.requests) == ("connection", [])
    assert "we do not follow" in words


@pytest.mark.parametrize(("retry_after", "seconds"), [("600", 600), ("Sat, 31 Jan 2026 08:10:00 GMT", 600), ("soon", 0), ("-5", 0),
                                                      ("999999999999999999", 3600)])
def test_a_gateway_is_left_alone_for_as_long_as_it_asks(texting: House, gateway: Gateway, enqueue: Enqueue, retry_after: str,
                                                        seconds: int) -> None:
    now = letter().created
    gateway.replies = [Reply(429, "slow down", {"Retry-After": retry_after})]
    message_id = enqueue(NUMBER, scenario=INVITE, at=now)
    worker.drain(texting, now)
    due = stored(message_id).due
    assert due == now + timedelta(seconds=seconds) if seconds else now < due <= now + timedelta(minutes=2)


def test_a_line_that_breaks_counts_against_the_message(gateway: Gateway) -> None:
    gateway.replies = [Reply(0)]
    kind, words = hand_over(provider="Custom", provider_url=f"{gateway.url}/?key=s3cret")
    assert kind == "temporary"
    assert "broke while the message was handed over" in words
    assert "s3cret" not in words


def test_only_the_beginning_of_an_answer_is_read(gateway: Gateway) -> None:
    gateway.replies = [Reply(400, "x" * (8 * MOST_READ))]
    kind, words = hand_over(provider="Custom", provider_url=gateway.url)
    assert kind == "permanent"
    assert len(words) < 400


def test_certificates_are_checked(tmp_path: Path) -> None:
    """A-115"""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    gateway = Gateway(ca)
    gateway.start()
    kind, words = hand_over(provider="Custom", provider_url=gateway.url)
    trusted, _ = hand_over(provider="Custom", provider_url=gateway.url, ca_file=tmp_path / "ca.pem")
    gateway.stop()
    assert (kind, trusted, len(gateway.requests)) == ("connection", "sent", 1)
    assert "cannot be trusted" in words
    assert "ca_file" in words


def test_nothing_secret_is_told_or_logged(texting: House, gateway: Gateway, enqueue: Enqueue, now: datetime,
                                          caplog: pytest.LogCaptureFixture) -> None:
    """A-191"""
    caplog.set_level(logging.DEBUG)
    by_get = with_sms(texting, provider="Custom", provider_url=f"{gateway.url}/send", http_method="get", content_type="form",
                      key="acct-9", secret="s3cret", body="k={{key}}&s={{secret}}&to={{mobile}}&t={{body}}")
    message_id = enqueue(NUMBER, scenario=INVITE)
    text = code_of(by_get, message_id)
    gateway.replies = [Reply(422, f"cannot send to 491701234567 for acct-9 (s3cret): your code {text} {text.lower()}")]
    worker.drain(by_get, now)
    assert text in gateway.requests[0].query["t"]
    told = caplog.text + stored(message_id).error + repr(tries(message_id))
    assert "cannot send to [removed] for [removed] ([removed]): your code [removed] [removed]" in told
    assert not re.search(f"{text}|s3cret|acct-9|491701234567", told, re.IGNORECASE)


@given(status=st.integers(100, 599), body=st.binary(max_size=300), retry_after=st.text(max_size=30),
       provider=st.sampled_from(["Twilio", "Vonage", "Custom"]))
def test_every_answer_means_something(status: int, body: bytes, retry_after: str, provider: str) -> None:
    sms = SmsSender(provider=provider, provider_url="https://x.example/", key="k", secret="s", sender="A")
    outcome = judge(sms, Answer(status, body, retry_after), letter().created, WIRE)
    assert outcome.kind in {"sent", "temporary", "permanent", "connection"}
    assert outcome.kind != "sent" or 200 <= status < 300


@pytest.mark.parametrize(("written", "number"), [
    ("+491701234567", "+491701234567"), (" +49 (0)170 / 123-45.67 ", "+491701234567"), ("tel:+1-201-555-0123", "+12015550123"),
    ("0049 170 1234567", "+491701234567"), ("0170 1234567", "01701234567")])
def test_numbers_as_people_write_them(written: str, number: str) -> None:
    assert wire_number(written) == number


@given(st.text(max_size=40))
def test_a_number_on_the_wire_is_digits_only(written: str) -> None:
    try:
        number = wire_number(written)
    except BadNumber:
        return
    assert re.fullmatch(r"\+?[0-9]{4,15}", number, re.ASCII)
