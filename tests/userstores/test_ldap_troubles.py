"""A directory that is down, slow, or not the one it claims to be: said quickly, and no password leaves us in plain text."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from housekey.userstores.directory import Denied, Down
from housekey.userstores.ldap import connections
from tests.support.slapd import SERVICE, Place


@pytest.fixture
def certified(slapd: Place) -> Iterator[Callable[..., None]]:
    """Gives the directory another certificate for this test."""
    server = slapd.server

    def give(*names: str, ca: trustme.CA | None = None, expired: bool = False) -> None:
        ends = datetime.now(UTC) - timedelta(days=1) if expired else None
        issued = (ca or server.ca).issue_cert(*names, common_name=names[0], not_after=ends)
        issued.private_key_pem.write_to_path(str(server.directory / "key.pem"))
        issued.cert_chain_pems[0].write_to_path(str(server.directory / "cert.pem"))
        slapd.stop()
        slapd.start()

    yield give
    give("localhost", "127.0.0.1")


@pytest.mark.parametrize("security", ["starttls", "ldaps"])
def test_a_certificate_that_is_not_good_ends_it_before_any_password(slapd: Place, certified: Callable[..., None], security: str) -> None:
    """A-102."""
    slapd.add("erin", password="right one")
    person = slapd.client(security).by_name("erin")
    assert person is not None
    for name, ca, expired, words in (("wrong.example", None, False, "another name"), ("localhost", trustme.CA(), False, "own certificate"),
                                     ("localhost", None, True, "expired")):
        certified(name, ca=ca, expired=expired)
        client = slapd.client(security)
        with pytest.raises(Denied, match=words):
            client.by_name("erin")
        with pytest.raises(Denied, match=words):
            client.authenticate(person.unique_id, "right one")
        assert words in client.test().steps[-1][0]
    assert slapd.front.plain_binds == []


def test_a_refused_starttls_ends_it_before_any_password(slapd: Place) -> None:
    """A-102."""
    slapd.front.refuses_start_tls = True
    with pytest.raises(Denied, match="refuses StartTLS"):
        slapd.client("starttls").by_name("erin")
    assert slapd.front.plain_binds == []


def test_nothing_goes_in_plain_text_where_encryption_is_set(slapd: Place) -> None:
    """A-102."""
    slapd.add("erin", password="right one")
    for security in ("starttls", "ldaps"):
        client = slapd.client(security)
        person = client.by_name("erin")
        assert person is not None
        assert client.authenticate(person.unique_id, "right one")
        slapd.front.drop()
        assert client.authenticate(person.unique_id, "right one")
    assert slapd.front.plain_binds == []


def test_an_empty_password_is_never_asked_about(slapd: Place) -> None:
    """A-101: this slapd would say yes to it."""
    slapd.add("erin", password="right one")
    client = slapd.client()
    person = client.by_name("erin")
    assert person is not None
    asked = slapd.front.messages
    for password in ("", "\0", "right one\0", "\0right one", "\ud800"):
        assert client.authenticate(person.unique_id, password) is False
    assert slapd.front.messages == asked
    assert client.authenticate(person.unique_id, " ") is False
    assert slapd.front.plain_binds == [SERVICE, slapd.dn("erin")]


def test_an_address_in_our_own_network_is_not_reached_unless_allowed(slapd: Place) -> None:
    client = slapd.client(private=False)
    with pytest.raises(Down, match="own network"):
        client.by_name("erin")
    assert slapd.front.messages == 0


def test_a_directory_that_is_down_is_said_at_once_and_asked_again_later(slapd: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    slapd.add("erin", password="right one")
    client = slapd.client()
    assert client.by_name("erin") is not None
    slapd.stop()
    for _ in range(3):
        with pytest.raises(Down):
            client.by_name("erin")
    slapd.start()
    with pytest.raises(Down):
        client.by_name("erin")
    later = time.monotonic() + connections.FIRST_PAUSE
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: later)
        assert client.by_name("erin") is not None


def test_a_test_asks_whatever_failed_before_and_ends_the_pause(slapd: Place) -> None:
    client = slapd.client()
    slapd.stop()
    with pytest.raises(Down):
        client.by_name("erin")
    assert not client.test().good
    slapd.start()
    assert client.test().good
    assert client.by_name("erin") is None


def test_a_directory_that_was_restarted_is_asked_again_without_a_failure(slapd: Place) -> None:
    slapd.add("erin", password="right one")
    client = slapd.client()
    person = client.by_name("erin")
    assert person is not None
    assert client.authenticate(person.unique_id, "right one")
    slapd.stop()
    slapd.start()
    assert client.authenticate(person.unique_id, "right one")
    slapd.stop()
    slapd.start()
    assert client.change(person.unique_id, {}) == person
    slapd.front.drop()
    assert client.add("new", {}, "").username == "new"


def test_a_directory_that_says_nothing_is_not_waited_for_twice(slapd: Place) -> None:
    slapd.add("erin")
    client = slapd.client(ReadTimeout="300")
    assert client.by_name("erin") is not None
    slapd.front.mute = True
    with pytest.raises(Down, match="did not answer within"):
        client.by_name("erin")
    with pytest.raises(Down):
        client.by_name("erin")
    slapd.front.mute = False
    assert client.test().good
    assert client.by_name("erin") is not None


def test_a_pause_ends_with_a_connection_that_was_kept(slapd: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    slapd.add("erin", password="right one")
    client = slapd.client(ReadTimeout="300")
    person = client.by_name("erin")
    assert person is not None
    assert client.authenticate(person.unique_id, "right one")
    slapd.front.mute = True
    with pytest.raises(Down):
        list(client.everybody())
    slapd.front.mute = False
    later = time.monotonic() + connections.FIRST_PAUSE
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: later)
        assert client.by_name("erin") == person
        assert client.by_name("erin") == person


def test_a_slow_directory_is_waited_for_as_long_as_is_set(slapd: Place) -> None:
    slapd.add("erin")
    client = slapd.client(ReadTimeout="5000")
    slapd.slow(0.2)
    assert client.by_name("erin") is not None


def test_more_callers_than_connections_wait_and_then_are_told(slapd: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "LONGEST_WAIT", 0.2)
    slapd.add("erin")
    client = slapd.client(ConnectionPoolSize="2", ReadTimeout="10000")
    assert client.by_name("erin") is not None
    slapd.slow(1)
    found: list[object] = []

    def ask() -> None:
        try:
            found.append(client.by_name("erin"))
        except Down as trouble:
            found.append(str(trouble))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = [one for one in found if isinstance(one, str)]
    assert len(told) == 2
    assert "All connections" in told[0]
    slapd.slow(0)
    assert client.by_name("erin") is not None


def test_one_connection_is_enough_for_everything(slapd: Place) -> None:
    slapd.add("erin", password="right one")
    client = slapd.client(ConnectionPoolSize="1")
    for _ in range(3):
        for person in client.everybody():
            assert client.authenticate(person.unique_id, "right one")
            client.set_password(person.unique_id, "right one")


def test_many_threads_get_their_own_answers(slapd: Place) -> None:
    for number in range(10):
        slapd.add(f"u{number}", password=f"pw{number}")
    client = slapd.client(ConnectionPoolSize="5")
    wrong: list[str] = []

    def ask(number: int) -> None:
        for _ in range(10):
            person = client.by_name(f"u{number}")
            if person is None or person.username != f"u{number}" or not client.authenticate(person.unique_id, f"pw{number}"):
                wrong.append(str(person))
            elif client.authenticate(person.unique_id, f"pw{(number + 1) % 10}"):
                wrong.append("another's password")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


NONSENSE = (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x30\x00", b"\x30\x80\x00\x00", b"\x30\x84\xff\xff\xff\xff",
            b"\x30\x05\x02\x01\x01\x61\x00",
            b"\x30\x0c\x02\x01\x09\x61\x07\x0a\x01\x00\x04\x00\x04\x00", b"\x00", b"\xff" * 1_000, b"220 mail ESMTP\r\n", b"",
            b"\x30\x0c\x02\x01\x00\x78\x07\x0a\x01\x34\x04\x00\x04\x00", b"\x30\x03\x02\x01\x01")


@pytest.mark.parametrize("answer", NONSENSE)
def test_what_does_not_speak_ldap_is_said_and_nothing_breaks(slapd: Place, answer: bytes) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = listener.accept()
                with line:
                    line.recv(1_000)
                    line.sendall(answer)
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    client = slapd.client(ConnectionURL=f"ldap://127.0.0.1:{listener.getsockname()[1]}", ReadTimeout="500")
    with pytest.raises(Down):
        client.by_name("erin")
    assert not client.test().good
    encrypted = slapd.client("ldaps", ConnectionURL=f"ldaps://127.0.0.1:{listener.getsockname()[1]}", LDAPConnectionTimeout="500")
    with pytest.raises(Down):
        encrypted.by_name("erin")
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_an_answer_that_comes_drop_by_drop_has_an_end(slapd: Place) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        line, _ = listener.accept()
        with line, suppress(OSError):
            line.sendall(b"\x30\x84\x00\xff\xff\xff")
            while not over.wait(0.05):
                line.sendall(b"\x02")

    thread = threading.Thread(target=serve)
    thread.start()
    with pytest.raises(Down, match="did not answer within"):
        slapd.client(ConnectionURL=f"ldap://127.0.0.1:{listener.getsockname()[1]}", ReadTimeout="400").by_name("erin")
    over.set()
    thread.join()
    listener.close()


def test_certificates_that_are_none_are_said(slapd: Place) -> None:
    client = slapd.client("ldaps", CACertificates="-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----")
    with pytest.raises(Denied, match="cannot be read"):
        client.by_name("erin")
    assert "cannot be read" in client.test().steps[0][0]
