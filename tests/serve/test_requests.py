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
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ServeFactory
from tests.support.served import Served

pytestmark = [pytest.mark.serve, pytest.mark.slow]

PASSWORD = "correct horse battery 9"
BASIC = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
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
