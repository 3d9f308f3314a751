"""Requests no honest client sends. Whatever comes, the answer is never the server's fault, and nobody else waits for it."""

from __future__ import annotations

import base64
import http.client
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import ServeFactory
from tests.support.served import Served

if TYPE_CHECKING:
    from tests.doors.pages.support import Browser
    from tests.doors.scim.support import Scim
    from tests.operations.support import World

LOGIN = "/authenticationendpoint/login.do"
PASSWORD = "correct horse battery 9"
BASIC = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
NOT_TEXT = ("hex", "zlib", "rot13", "idna", "undefined", "utf-16", "no-such-thing", "%00")


@pytest.fixture(scope="module")
def server(serve_once: ServeFactory) -> Served:
    return serve_once(f'[super_admin]\nusername = "admin"\npassword = "{PASSWORD}"\n')


@pytest.fixture
def connection(server: Served) -> Iterator[http.client.HTTPSConnection]:
    opened = http.client.HTTPSConnection("localhost", server.port, context=server.tls(), timeout=60)
    yield opened
    opened.close()


def ask(connection: http.client.HTTPSConnection, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.mark.serve
@pytest.mark.slow
@pytest.mark.parametrize("charset", NOT_TEXT)
def test_a_charset_that_is_none_is_no_error_of_the_server(connection: http.client.HTTPSConnection, charset: str) -> None:
    """A-105: Python knows codecs that are not for text, and Django decodes the address with whatever the header names."""
    kind = f"text/plain; charset={charset}"
    assert ask(connection, "GET", f"{LOGIN}?a=%41%ff", Content_Type=kind)[0] == 200
    scim = f"application/scim+json; charset={charset}"
    assert ask(connection, "GET", "/scim2/Users?count=1", Content_Type=scim, Authorization=BASIC)[0] == 200
    assert ask(connection, "POST", "/scim2/Users", b"{}", Content_Type=scim, Authorization=BASIC)[0] == 400
    form = f"application/x-www-form-urlencoded; charset={charset}"
    assert ask(connection, "POST", LOGIN, b"username=%41%ff", Content_Type=form)[0] in {400, 403}
    parts = b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\n\xff\r\n--x--\r\n'
    assert ask(connection, "POST", LOGIN, parts, Content_Type=f"multipart/form-data; charset={charset}; boundary=x")[0] in {400, 403}


@pytest.mark.serve
@pytest.mark.slow
def test_a_monstrous_user_name_stops_nobody(server: Served, connection: http.client.HTTPSConnection) -> None:
    """A-086, A-183: NFKC is quadratic on marks in the wrong order; a megabyte of them would hold every thread for minutes."""
    connection.request("GET", LOGIN)
    page = connection.getresponse()
    cookie = next(iter(SimpleCookie(page.headers["Set-Cookie"].strip()).values()))
    token = re.search(rb'csrfmiddlewaretoken" value="([^"]+)"', page.read())
    assert token
    name = "a" + "\u0301\u0316" * 200_000
    fields = {"csrfmiddlewaretoken": token[1].decode(), "username": name, "password": "x"}
    body = "".join(f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in fields.items()) + "--x--\r\n"
    started = time.monotonic()
    status, _ = ask(connection, "POST", LOGIN, body.encode(), Content_Type="multipart/form-data; boundary=x",
                    Cookie=f"{cookie.key}={cookie.value}", Origin=server.url)
    assert status == 200
    assert time.monotonic() - started < 3


@pytest.mark.serve
@pytest.mark.slow
@pytest.mark.parametrize("path", [
    "/%00", "/%ff%fe", "/t/%00/", "/t/%ff%fe/x", "/t/%ed%a0%80/x", "/t/a%0ab/x", "/t//x", "/t/", "//evil.example/%2f..",
    "/t/carbon.super/t/carbon.super/x", "/static/%00", "/static/%ff", "/static/..%2f..%2fconf/settings.py",
    "/accountrecoveryendpoint/confirmrecovery.do?confirmation=%00%ff", "/scim2/Users/%00", "/scim2/Users/{0}",
])
def test_an_address_that_cannot_be_is_not_found(server: Served, path: str) -> None:
    """A-151."""
    status, body = server.get(path, Authorization=BASIC)
    assert status in {400, 404}
    assert b"Traceback" not in body


@pytest.mark.serve
@pytest.mark.slow
def test_headers_of_any_bytes_are_taken(connection: http.client.HTTPSConnection) -> None:
    """A-105, A-163: cookies, languages and agents that are no text, and cookies in more than one line."""
    connection.putrequest("GET", LOGIN)
    for name, value in (("User-Agent", b"\xff\xfe\x80"), ("Accept-Language", b"a-" * 3000), ("Accept-Language", b"\xff"),
                        ("Cookie", b"__Host-session=\x80; ui_lang=\"\\; =; __Host-csrf=\xff"), ("Cookie", b"ui_lang=de")):
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    page = answer.read()
    assert answer.status == 200
    assert b'lang="de"' in page


@pytest.mark.serve
@pytest.mark.slow
def test_nothing_above_was_an_error_in_the_log(server: Served) -> None:
    assert "Traceback" not in server.output


@pytest.mark.parametrize("path", [LOGIN, "/t/no.such.tenant/", "/scim2/Users", "/console/", "/readyz"])
def test_an_address_with_too_many_parts_is_refused(scim: Scim, guest: Browser, path: str) -> None:
    """A-182: and the refusal is a page with the headers of every page, not an error."""
    response = guest.client.get(f"{path}?{'&'.join(['a=1'] * 1000)}", secure=True, headers=scim.headers)
    assert response.status_code in {400, 404}
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("number", ["0000001" + "9" * 30, "0000001" + "9" * 5000, "9" * 5000, "-1", "٣", "1e3", "\0"])
@pytest.mark.parametrize("path", ["/console/users/", "/console/outbox/"])
def test_a_page_number_that_cannot_be_shows_the_first_page(admin: Browser, path: str, number: str) -> None:
    """A-105: leading zeros must not carry a number past the limit that the database's integers have."""
    assert admin.get(f"{path}?page={number}").status == 200


@pytest.mark.parametrize(("address", "told"), [
    ("::ffff:192.0.2.10", "192.0.2.10"), ("2001:DB8:0::1", "2001:db8::1"), ("fe80::1%" + "a" * 300, "fe80::1"),
])
def test_one_client_has_one_address_however_it_is_written(scim: Scim, address: str, told: str) -> None:
    """A-038, A-041: behind a socket that takes both kinds, each IPv4 client is counted by itself and not with all others as one /64."""
    from housekey.store.models import AuditEntry

    scim.headers["Authorization"] = "Basic " + base64.b64encode(b"nobody:x").decode()
    assert scim.send("GET", "", b"", REMOTE_ADDR=address).status == 401
    assert AuditEntry.objects.across_tenants("the newest").latest("id").network == told


def test_a_trusted_proxy_is_known_by_its_address_in_ipv6_too(scim: Scim, world: World, settings: Any) -> None:
    """A-041: a proxy that reaches a socket for both kinds is still the proxy; otherwise all clients would share its address."""
    from housekey.store.models import AuditEntry

    settings.HOUSE = world.configured(server=replace(world.house.config.server, trusted_proxies=("127.0.0.0/8",)))
    scim.headers["Authorization"] = "Basic " + base64.b64encode(b"nobody:x").decode()
    assert scim.send("GET", "", b"", headers={"X-Forwarded-For": "203.0.113.9"}, REMOTE_ADDR="::ffff:127.0.0.1").status == 401
    assert AuditEntry.objects.across_tenants("the newest").latest("id").network == "203.0.113.9"


FEW = [f"{number}" for number in range(150)]
MANY = [f"{number}" for number in range(9000)]


@pytest.mark.parametrize("operations", [
    [{"op": "add", "path": "photos", "value": MANY}, {"op": "add", "path": "photos", "value": [f"x{text}" for text in MANY]}],
    [{"op": "add", "path": "photos", "value": [f"{number} {text}" for text in FEW]} for number in range(99)],
    [{"op": "replace", "path": "photos", "value": [{"value": text} for text in MANY[:6000]]},
     {"op": "remove", "path": 'photos[value ne ""]'}],
], ids=["two heaps", "a hundred heaps", "a heap taken away"])
def test_heaps_of_values_are_not_compared_each_with_each(world: World, operations: list[dict[str, Any]]) -> None:
    """A-137: whoever may only look must not hold the processor for seconds with one request."""
    from housekey.core.principal import HELP_DESK
    from tests.doors.scim.support import Scim
    from tests.operations.support import PASSWORD as HELP_PASSWORD

    user = world.add("jane")
    world.add("hanna", role=HELP_DESK)
    hanna = Scim("hanna", HELP_PASSWORD)
    assert hanna.get(str(user.id)).status == 200
    started = time.process_time()
    assert hanna.patch(str(user.id), *operations).status in {400, 403}
    assert time.process_time() - started < 0.4
