"""What the server does with requests that other servers and frameworks get wrong."""

from __future__ import annotations

import base64
import http.client
import json
import shutil
import socket
import ssl
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.conftest import ServeFactory
from tests.support.at_once import at_once
from tests.support.served import Served

pytestmark = [pytest.mark.serve, pytest.mark.slow]

PASSWORD = "correct horse battery 9"
BASIC = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
LOGIN = "/authenticationendpoint/login.do"
SCIM = "application/scim+json"


@pytest.fixture(scope="module")
def server(serve_once: ServeFactory) -> Served:
    return serve_once(f'[super_admin]\nusername = "admin"\npassword = "{PASSWORD}"\n[limits]\nbody = 100000\n')


@pytest.fixture
def connection(server: Served) -> Iterator[http.client.HTTPSConnection]:
    opened = http.client.HTTPSConnection("localhost", server.port, context=server.tls(), timeout=10)
    yield opened
    opened.close()


def user(name: str) -> bytes:
    return json.dumps({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name}).encode()


def needs(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed (Debian package nghttp2-client)")
    return path


def answer(connection: http.client.HTTPSConnection) -> tuple[int, Any]:
    response = connection.getresponse()
    return response.status, json.loads(response.read() or b"null")


def test_a_chunked_body_arrives(connection: http.client.HTTPSConnection) -> None:
    body = user("chunked")
    headers = {"Authorization": BASIC, "Content-Type": SCIM}
    connection.request("POST", "/scim2/Users", iter([body[:20], body[20:]]), headers, encode_chunked=True)
    status, created = answer(connection)
    assert (status, created["userName"]) == (201, "chunked")


def test_an_http2_body_without_content_length_arrives(server: Served, tmp_path: Path) -> None:
    body = tmp_path / "user.json"
    body.write_bytes(user("streamed"))
    done = subprocess.run(
        [needs("nghttp"), "--no-content-length", "--data", str(body), "-H", f"authorization: {BASIC}", "-H", f"content-type: {SCIM}",
         "-H", ":method: POST", f"{server.url}/scim2/Users"], capture_output=True, text=True, timeout=20, check=False)
    assert '"userName": "streamed"' in done.stdout or '"userName":"streamed"' in done.stdout, done.stdout + done.stderr


def test_a_strict_http2_client_accepts_every_cookie(server: Served) -> None:
    done = subprocess.run([needs("nghttp"), "--verbose", "--null-out", "--no-verify-peer", f"{server.url}/authenticationendpoint/login.do"],
                          capture_output=True, text=True, timeout=20, check=False)
    assert "set-cookie: " in done.stdout, done.stdout
    assert "set-cookie:  " not in done.stdout
    assert ":status: 200" in done.stdout
    assert "PROTOCOL_ERROR" not in done.stdout


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
def test_a_body_over_the_limit_gets_413(server: Served, announced: bool) -> None:
    raw = server.tls().wrap_socket(socket.create_connection(("localhost", server.port), timeout=10), server_hostname="localhost")
    with raw:
        if announced:
            raw.sendall(b"POST /scim2/Users HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100001\r\n\r\n")
        else:
            raw.sendall(b"POST /scim2/Users HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + f"{100_001:x}\r\n".encode() + b"x" * 100_001 + b"\r\n0\r\n\r\n")
        assert raw.recv(1000).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("length", ["-1", "1e3", "+5", "٥", "5, 6", "9" * 5000])
def test_a_malformed_content_length_is_the_clients_mistake(server: Served, length: str) -> None:
    raw = server.tls().wrap_socket(socket.create_connection(("localhost", server.port), timeout=10), server_hostname="localhost")
    with raw:
        raw.sendall(f"POST /scim2/Users HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n12345".encode())
        assert raw.recv(1000)[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 413"}


def test_clients_that_send_their_bodies_slowly_leave_the_server_alive(server: Served) -> None:
    with ExitStack() as stack:
        for _ in range(120):
            raw = stack.enter_context(socket.create_connection(("localhost", server.port), timeout=10))
            slow = stack.enter_context(server.tls().wrap_socket(raw, server_hostname="localhost"))
            slow.sendall(b"POST /scim2/Users HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{\"\r\n")
        time.sleep(0.5)
        for path in ("/healthz", "/readyz"):
            assert server.get(path)[0] == 200
    assert server.get("/scim2/Users", Authorization=BASIC)[0] == 200


def silent(stack: ExitStack, server: Served, count: int, source: str = "127.0.0.1") -> None:
    """Clients that announce a body and send the half of it."""
    for _ in range(count):
        raw = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10, source_address=(source, 0)))
        client = stack.enter_context(server.tls().wrap_socket(raw, server_hostname="localhost"))
        client.sendall(b"POST /scim2/Users HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")


def test_one_client_that_falls_silent_in_its_bodies_leaves_room_for_others(server: Served) -> None:
    with ExitStack() as stack:
        silent(stack, server, 120, "127.0.0.2")
        time.sleep(0.5)
        connection = http.client.HTTPSConnection("localhost", server.port, context=server.tls(), timeout=10)
        stack.callback(connection.close)
        for number in range(5):
            connection.request("POST", "/scim2/Users", user(f"patient{number}"), {"Authorization": BASIC, "Content-Type": SCIM})
            assert answer(connection)[0] == 201


def test_a_burst_from_one_client_is_served(server: Served) -> None:
    """All bodies of a busy provisioning system come from one address: what has arrived holds no place."""
    def create(number: int) -> int:
        connection = http.client.HTTPSConnection("localhost", server.port, context=server.tls(), timeout=60)
        try:
            connection.request("POST", "/scim2/Users", user(f"burst{number}"), {"Authorization": BASIC, "Content-Type": SCIM})
            return answer(connection)[0]
        finally:
            connection.close()

    assert Counter(at_once([partial(create, number) for number in range(80)])) == {201: 80}


@pytest.fixture(scope="module")
def behind_proxy(serve_once: ServeFactory) -> Served:
    """Its clients all come through a proxy on 127.0.0.3, which ends TLS."""
    return serve_once(f'[server]\ntrusted_proxies = ["127.0.0.3"]\n[super_admin]\npassword = "{PASSWORD}"\n')


@pytest.mark.parametrize(("source", "scheme", "status"), [
    ("127.0.0.3", "http", 303), ("127.0.0.3", "HTTP", 303), ("127.0.0.3", "https", 403), ("127.0.0.3", "gopher", 403),
    ("127.0.0.3", "http, https", 403), ("127.0.0.3", "", 403), ("127.0.0.1", "http", 403),
])
def test_the_scheme_is_what_a_trusted_proxy_says(behind_proxy: Served, source: str, scheme: str, status: int) -> None:
    """A form that a browser sent from http://intranet to a proxy: its Origin is ours only if the scheme is."""
    connection = http.client.HTTPSConnection("localhost", behind_proxy.port, context=behind_proxy.tls(), timeout=10,
                                             source_address=(source, 0))
    with closing(connection):
        connection.request("GET", LOGIN)
        page = connection.getresponse()
        cookie = page.headers["Set-Cookie"].split(";")[0].strip()
        token = page.read().decode().partition('csrfmiddlewaretoken" value="')[2].partition('"')[0]
        form = urlencode({"csrfmiddlewaretoken": token, "username": "admin", "password": PASSWORD})
        connection.request("POST", LOGIN, form, {
            "Host": "intranet", "Origin": "http://intranet", "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded",
            **({"X-Forwarded-Proto": scheme} if scheme else {})})
        assert connection.getresponse().status == status


def test_behind_a_proxy_all_clients_share_the_places(behind_proxy: Served) -> None:
    with ExitStack() as stack:
        silent(stack, behind_proxy, 60, "127.0.0.3")
        time.sleep(0.5)
        connection = stack.enter_context(closing(http.client.HTTPSConnection(
            "localhost", behind_proxy.port, context=behind_proxy.tls(), timeout=10, source_address=("127.0.0.3", 0))))
        connection.request("POST", "/scim2/Users", user("through"), {"Authorization": BASIC, "Content-Type": SCIM})
        assert answer(connection)[0] == 201


def test_health_needs_no_database_and_readiness_does(server: Served) -> None:
    assert server.get("/healthz") == (200, b"ok")
    assert json.loads(server.get("/readyz")[1]) == {"ready": True, "findings": []}


def test_a_static_file_asked_for_by_its_hash_may_be_kept_for_ever(server: Served) -> None:
    with server.open("/static/housekey.css?v=0123") as forever, server.open("/static/housekey.css") as plain:
        assert "immutable" in forever.headers["Cache-Control"]
        assert "immutable" not in plain.headers["Cache-Control"]
        assert plain.headers["X-Content-Type-Options"] == "nosniff"
        assert plain.headers["Access-Control-Allow-Origin"] is None
    assert server.get("/static/../wsgi.py")[0] == 404
    assert server.get("/static/%2e%2e/wsgi.py")[0] == 404


def test_tls_1_2_is_spoken_and_1_1_is_not(server: Served) -> None:
    context = server.tls()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with context.wrap_socket(socket.create_connection(("localhost", server.port), timeout=10), server_hostname="localhost") as old:
        assert old.version() == "TLSv1.2"


def test_a_variable_of_the_environment_never_looks_like_a_header(serve: ServeFactory) -> None:
    server = serve(environment={"HTTP_AUTHORIZATION": BASIC, "HTTP_X_FORWARDED_FOR": "203.0.113.9"},
                   config=f'[super_admin]\npassword = "{PASSWORD}"\n')
    assert server.get("/scim2/Users")[0] == 401
    assert server.get("/scim2/Users", Authorization=BASIC)[0] == 200
