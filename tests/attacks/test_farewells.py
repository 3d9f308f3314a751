"""The call that tells an application of a sign-out leads where it should, and comes to an end (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from housekey.conf.schema import OAuth
from housekey.delivery import backchannel
from housekey.delivery.backchannel import tell
from housekey.delivery.http import MOST_READ
from housekey.operations import farewells
from tests.operations.support import World, other_world
from tests.support.applications import PATH, Start, applications, claims_of, leave, left, signed_in
from tests.support.sms import Gateway, Reply

pytestmark = pytest.mark.django_db(transaction=True)

SECOND = timedelta(seconds=1)


@pytest.fixture
def start(world: World) -> Iterator[Start]:
    with applications(world) as begin:
        yield begin


def test_a_tenants_application_is_not_looked_for_in_the_servers_own_network(world: World, start: Start) -> None:
    """A-071"""
    acme = other_world(world)
    wiki, jane = start(tenant=acme.tenant), acme.add()
    signed_in(wiki.row, jane.id, world.now)
    leave(acme, jane.id)
    farewells.step(world.house, world.now)
    assert wiki.told == []
    assert "leads into the server's own network" in left()[0].error
    trusting = replace(world.house, config=replace(world.house.config, oauth=OAuth(allow_private_networks=True)))
    farewells.step(trusting, world.now + 2 * SECOND)
    _, claims = claims_of(world.house, acme.tenant, wiki.told[0], world.now)
    assert claims["iss"] == f"{world.house.config.base_url}/t/acme.example"


def test_the_name_is_resolved_once_and_called_by_the_address_that_was_looked_at(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A-071, rebinding."""
    wiki, real, asked = start(), socket.getaddrinfo, list[str]()

    def resolver(host: Any, port: Any, *more: Any, **others: Any) -> Any:
        if host != "wiki.example":
            return real(host, port, *more, **others)
        asked.append(host)
        return real("127.0.0.1" if len(asked) == 1 else "192.0.2.1", port, *more, **others)

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    port = wiki.there.url.rpartition(":")[2]
    assert tell(f"http://wiki.example:{port}{PATH}", "token", private=True).outcome == "told"
    assert (len(asked), wiki.told[0].headers["host"]) == (1, f"wiki.example:{port}")
    asked.clear()
    assert tell(f"http://wiki.example:{port}{PATH}", "token", private=False).outcome == "later"
    assert len(wiki.told) == 1


def test_a_redirect_is_not_followed(start: Start) -> None:
    """A-071"""
    wiki, other = start("wiki"), start("other")
    wiki.there.replies = [Reply(307, "", {"Location": other.there.url})]
    told = tell(wiki.there.url, "token", private=True)
    assert (told.outcome, told.words, other.told) == ("later", "The application answered 307.", [])


def test_certificates_are_checked(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A-115"""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    gateway = Gateway(ca)
    gateway.start()
    backchannel._trusted.cache_clear()
    told = tell(gateway.url, "token", private=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    backchannel._trusted.cache_clear()
    trusted = tell(gateway.url, "token", private=True)
    backchannel._trusted.cache_clear()
    gateway.stop()
    assert (told.outcome, trusted.outcome, len(gateway.requests)) == ("later", "told", 1)
    assert "cannot be trusted" in told.words


@pytest.mark.parametrize("uri", [
    "http://no-such-host.invalid/", "http://[::1", "ftp://x.invalid/", "", "http://127.0.0.1:99999/",
    "http://127.0.0.1:1/", "http://\u2028/", "https://xn--/",
])
def test_nothing_that_is_no_application_is_an_error_of_ours(uri: str) -> None:
    told = tell(uri, "token", private=True)
    assert (told.outcome, told.reached) == ("later", False)
    assert told.words


def test_only_the_beginning_of_an_answer_is_read(start: Start) -> None:
    wiki = start()
    wiki.there.replies = [Reply(400, "x" * (20 * MOST_READ))]
    assert tell(wiki.there.url, "token", private=True).words == "The application answered 400."


@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 503 No\r\nContent-Length: 60000\r\n\r\n"])
def test_an_answer_without_an_end_is_cut_off(monkeypatch: pytest.MonkeyPatch, beginning: bytes) -> None:
    """A byte now and then keeps a connection alive for ever, but not ours."""
    monkeypatch.setattr(backchannel, "SECONDS", 0.6)
    listener, over = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def drip() -> None:
        line, _ = listener.accept()
        with line, suppress(OSError):
            line.sendall(beginning)
            while not over.wait(0.1):
                line.sendall(b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    told = tell(f"http://127.0.0.1:{listener.getsockname()[1]}/", "token", private=True)
    over.set()
    thread.join(20)
    listener.close()
    assert told.outcome == "later"
    assert told.words.endswith("did not answer in time.") or told.words == "The application answered 503."
