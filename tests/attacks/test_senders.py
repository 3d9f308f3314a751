"""A tenant's own sender leads out of the house, not about in it: SSRF, header injection, servers without an end."""

from __future__ import annotations

import base64
import ipaddress
import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest

from housekey.conf.schema import SmsSender
from housekey.core.errors import Invalid
from housekey.core.messages import EMAIL, SMS
from housekey.core.senders import clean, is_public, read_headers
from housekey.delivery import reach
from housekey.delivery.gateways import Answer, judge
from housekey.delivery.outcomes import hidden, spellings
from housekey.delivery.reach import AnySMTP, Forbidden, PublicSMTP, addresses

if TYPE_CHECKING:
    from tests.operations.support import World

NOW = datetime(2026, 11, 21, tzinfo=UTC)
PRIVATE = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1",  # noqa: S104 - refused, not listened on
    "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "198.18.0.1",
    "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:0:1::1",
    "2001:db8::1", "64:ff9b:1::7f00:1", "64:ff9b:1:ffff::a00:1", "::ffff:0:7f00:1", "3fff::1", "5f00::1", "192.88.99.1", "192.0.0.8",
]
PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
ODD = ["127.1", "0x7f000001", "2130706433", "0177.0.0.1", "localhost", "LOCALHOST.", "a.localhost"]
"""Names that resolvers take for loopback."""


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_refused_when_saved_and_when_used(address: str) -> None:
    """A-071"""
    assert not is_public(ipaddress.ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Invalid):
        clean(EMAIL, "SMTP", {"host": address, "from_address": "a@b.example"}, private=False)
    for name in ("url", "token_endpoint"):
        with pytest.raises(Invalid):
            clean(SMS, "Custom", {"url": "https://sms.example/", name: f"https://{host}/"}, private=False)
    with pytest.raises((Forbidden, socket.gaierror)):
        addresses(address, 443, private=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_not(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
    assert addresses(address, 443, private=False) == [address]


@pytest.mark.parametrize("name", ODD)
def test_another_spelling_of_loopback_leads_nowhere(name: str) -> None:
    """A-071: what counts is the address that the resolver gives."""
    with pytest.raises((Forbidden, socket.gaierror)):
        addresses(name, 443, private=False)


def test_the_name_is_resolved_once_and_its_checked_address_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A-071, rebinding: the second answer of a resolver that changes its mind is never asked for."""
    listener = socket.create_server(("127.0.0.1", 0))
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolver(host: Any, port: Any, *more: Any, **others: Any) -> Any:
        if host != "mail.rebinding.example":
            return real(host, port, *more, **others)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port)) for text in answers.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    with reach.connect("mail.rebinding.example", listener.getsockname()[1], 5, private=True) as line:
        assert line.getpeername() == listener.getsockname()
    with pytest.raises(Forbidden):
        reach.connect("mail.rebinding.example", 25, 5, private=False)
    assert len(asked) == 2
    listener.close()


def test_of_several_addresses_only_public_ones_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A-071"""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, 25)) for text in ("127.0.0.1", "93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert addresses("mixed.example", 25, private=False) == ["93.184.216.34"]


@pytest.mark.parametrize("url", [
    "http://sms.example/", "ftp://sms.example/", "file:///etc/passwd", "gopher://sms.example/", "https://", "https://a@sms.example/",
    "https://sms.example#@127.0.0.1/", "https://sms.example\\@127.0.0.1/", "https://sms.example:0/", "https://sms.example:99999/",
    "https://sms.exa mple/", "https://sms.example/\r\nHost: x", "https://[::1", "//sms.example/", "https://ⅼocalhost/",
])
def test_an_odd_url_is_refused(url: str) -> None:
    """A-071"""
    with pytest.raises(Invalid):
        clean(SMS, "Custom", {"url": url}, private=False)


@pytest.mark.parametrize("bad", ["\r", "\n", "\r\n", "\u2028", "\x00", "\x85", "\x0b"])
def test_no_line_break_gets_into_a_setting(bad: str) -> None:
    """A-113"""
    good = {"host": "smtp.example", "from_address": "a@b.example"}
    for name in ("host", "from_address", "reply_to", "display_name", "username", "port"):
        with pytest.raises(Invalid) as refusal:
            clean(EMAIL, "SMTP", good | {name: f"x{bad}Bcc: y@z.example"}, private=True)
        assert refusal.value.field == name
    for name in ("key", "sender", "api_key_header", "scopes"):
        with pytest.raises(Invalid):
            clean(SMS, "Custom", {"url": "https://sms.example/", name: f"x{bad}y"}, private=True)


@pytest.mark.parametrize("text", [
    "X-A: 1\rX-B: 2", "X A: 1", "X-A 1", ": 1", "X-Ä: 1", "X-A: ü", "X-A: 1\x00", "Host: evil", "Content-Length: 3",
    "transfer-encoding: chunked", "X-A: 1\nx-a: 2", "\n".join(f"X-{number}: 1" for number in range(21)),
])
def test_a_header_that_could_become_another_is_refused_and_not_quoted(text: str) -> None:
    """A-113"""
    with pytest.raises(Invalid) as refusal:
        read_headers(text)
    assert "evil" not in refusal.value.sentence


def test_headers_are_read_one_a_line_and_as_wso2_writes_them() -> None:
    wanted = [("X-Version", "1"), ("Accept", "a/b, c/d"), ("Authorization", "bearer x")]
    assert read_headers("X-Version: 1\r\nAccept: a/b, c/d\nAuthorization: bearer x\n") == wanted
    assert read_headers("X-Version: 1,Accept: a/b, c/d ,Authorization: bearer x") == wanted


@pytest.fixture
def babbler() -> Any:
    """A mail server whose greeting never ends."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        with suppress(OSError):
            line, _ = listener.accept()
            with line:
                while True:
                    line.sendall(b"220-" + b"x" * 500 + b"\r\n")

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    listener.close()


def test_a_server_that_never_ends_its_reply_is_left(babbler: int) -> None:
    """smtplib alone would collect the lines until memory ends."""
    with pytest.raises(OSError):
        AnySMTP("127.0.0.1", babbler, timeout=5)


def test_a_private_mail_server_is_never_connected_to(babbler: int) -> None:
    """A-071"""
    with pytest.raises(Forbidden):
        PublicSMTP("127.0.0.1", babbler, timeout=5)


@pytest.mark.parametrize("name", ["127.0.0.1", "localtest.example"])
def test_a_message_to_a_private_server_waits_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A-071: a sender that was stored while private networks were allowed, or whose name leads elsewhere by now."""
    from housekey.delivery import worker
    from housekey.operations import outbox, senders
    from housekey.operations.senders import NewSender
    from tests.support.senders import private

    lead_home(monkeypatch, "localtest.example")
    senders.save(private(world.house), world.by, EMAIL, NewSender("SMTP", {"host": name, "from_address": "a@b.example"}), world.now)
    senders.save(private(world.house), world.by, SMS, NewSender("Custom", {"url": f"https://{name}/"}), world.now)
    world.invite()
    worker.drain(world.house, world.now)
    [row] = outbox.listing(world.by).rows
    assert (row.state, row.tries[0][1]) == ("queued", "connection")
    assert "leads into the server's own network" in row.error
    with pytest.raises(Exception, match="leads into the server's own network"):
        senders.send_test(world.house, world.by, SMS, "+491701234567", world.now)


def lead_home(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A resolver that answers a public-looking name with loopback."""
    real: Callable[..., Any] = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **others: real("127.0.0.1" if host == name else host, *more, **others))


@pytest.mark.parametrize("authentication", ["basic", "client_credential", "api_key"])
def test_a_gateway_that_quotes_what_it_was_sent_tells_nobody_the_secret(authentication: Any) -> None:
    """A-138: who may look at the outbox is not who may set up senders. What is quoted is written as it travelled."""
    secret, key = "Kj7/secret+word", "account"
    sms = SmsSender(provider="Custom", sender="x", key=key, secret=secret, provider_url="https://s.example/", authentication=authentication)
    written = base64.b64encode(f"{key}:{secret}".encode()).decode()
    for quoted in (written, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], "tok-of-oauth"):
        for status in (400, 401, 200, 503):
            answer = Answer(status, f"refused: Authorization {quoted}".encode())
            said = judge(sms, answer, NOW, "+4915112345678", token="tok-of-oauth").detail
            assert quoted not in said
            assert "refused: Authorization" in said


def test_a_mail_server_that_quotes_what_it_was_sent_tells_nobody_the_secret() -> None:
    """A-138: AUTH PLAIN and LOGIN write the password in base64."""
    for secret in ("Kj7/secret+word", "pässword-äö"):
        plain = base64.b64encode(f"\0mailer\0{secret}".encode()).decode()
        login = base64.b64encode(secret.encode()).decode()
        told = hidden(f"535 5.7.8 AUTH PLAIN {plain} / {login} / {secret}", spellings("mailer", secret))
        assert told == "535 5.7.8 AUTH PLAIN [removed] / [removed] / [removed]"
