"""POST /oauth2/token: what a program must send, what it gets, and every way it is refused (reference server 7)."""

from __future__ import annotations

import base64
import shlex
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from housekey.core.principal import USER_CREATE, USER_VIEW
from housekey.operations import clients
from housekey.store.models import AuditEntry, Token
from housekey.store.models import Client as Row
from tests.docs.reading import blocks
from tests.doors.oauth.support import CHALLENGE, GRANT, Program, registered
from tests.doors.scim.support import basic
from tests.operations.support import World, counts, other_world

TOKEN = "/oauth2/token"


def test_a_token_has_the_form_of_the_reference(world: World) -> None:
    answer = registered(world).ask()
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert set(answer.body) == {"access_token", "token_type", "expires_in", "scope"}  # no refresh token: RFC 6749 section 4.4.3
    assert (answer.body["token_type"], answer.body["expires_in"]) == ("Bearer", 3600)
    assert len(answer.body["access_token"]) == 43


def test_the_printed_request_gets_a_token(world: World) -> None:
    program = registered(world)
    printed = next(block.text for block in blocks("console") if block.file == "docs/operators/clients.md")
    words = shlex.split(printed.replace("CLIENT_ID", program.id).replace("CLIENT_SECRET", program.secret))
    name, _, secret = words[words.index("--user") + 1].partition(":")
    sent = words[words.index("--data") + 1].encode()
    assert program.post(urlsplit(words[-1]).path, sent, authorization=basic(name, secret)).status == 200


def test_credentials_go_into_the_header_or_into_the_body(world: World) -> None:
    program = registered(world)
    body = GRANT | {"client_id": program.id, "client_secret": program.secret}
    assert program.post(TOKEN, body, authorization=None).status == 200
    assert program.post(TOKEN, GRANT | {"client_id": program.id}).status == 200
    encoded = "".join(f"%{ord(char):02x}" for char in program.secret)
    assert program.post(TOKEN, GRANT, authorization=basic(program.id, encoded)).status == 200


@pytest.mark.parametrize(("asked", "given"), [
    ("", {USER_CREATE, USER_VIEW}), (USER_VIEW, {USER_VIEW}), (f"{USER_VIEW} xyz", {USER_VIEW}), ("openid", set()), ("xyz", set()),
    (f"openid {USER_CREATE} internal_user_mgt_delete {USER_CREATE}", {USER_CREATE}), ("SYSTEM", {USER_CREATE, USER_VIEW}),
])
def test_scopes_that_were_not_granted_are_dropped_without_a_word(world: World, asked: str, given: set[str]) -> None:
    answer = registered(world).ask(asked)
    assert answer.status == 200
    assert set(answer.body["scope"].split()) == given


@pytest.mark.parametrize(("body", "error"), [
    ({}, "invalid_request"),
    ({"grant_type": ""}, "invalid_request"),
    ({"grant_type": "password", "username": "admin", "password": "admin"}, "unsupported_grant_type"),
    ({"grant_type": "refresh_token", "refresh_token": "x"}, "unauthorized_client"),
    ({"grant_type": "authorization_code", "code": "x"}, "unauthorized_client"),
    ({"grant_type": "nonsense"}, "unsupported_grant_type"),
    (b"grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
    (b"grant_type=client_credentials&scope=a&scope=b", "invalid_request"),
    (b"grant_type=client_credentials&scope=%ff", "invalid_request"),
    (b"grant_type=client_credentials&scope=\xff", "invalid_request"),
    (b"&".join(b"x%d=1" % number for number in range(500)), "invalid_request"),
    (GRANT | {"client_secret": "too"}, "invalid_request"),
    (GRANT | {"client_id": "client_of_somebody_else"}, "invalid_request"),
])
def test_a_wrong_request_is_told_what_is_wrong(world: World, body: Any, error: str) -> None:
    answer = registered(world).post(TOKEN, body)
    assert answer.error == (400, error)
    assert answer.body["error_description"]


def test_the_password_grant_says_what_to_use_instead(world: World) -> None:
    """R-OA-05"""
    answer = registered(world).post(TOKEN, {"grant_type": "password", "username": "admin", "password": "admin"})
    assert "client_credentials" in answer.body["error_description"]


def test_only_a_form_is_taken(world: World) -> None:
    program = registered(world)
    for content_type in ("application/json", "text/plain", "multipart/form-data; boundary=x", ""):
        assert program.post(TOKEN, b'{"grant_type":"client_credentials"}', content_type=content_type).error == (400, "invalid_request")


def test_nothing_secret_is_taken_from_the_address(world: World) -> None:
    """R-OA-09"""
    program = registered(world)
    query = f"?client_id={program.id}&client_secret={program.secret}"
    assert program.post(f"{TOKEN}{query}", GRANT, authorization=None).error == (400, "invalid_request")
    assert program.post(f"{TOKEN}?grant_type=client_credentials").error == (400, "invalid_request")


def test_other_methods_are_refused(world: World) -> None:
    """A-149"""
    for method in ("GET", "PUT", "DELETE", "PATCH", "TRACE", "HEAD"):
        answer = Client().generic(method, TOKEN)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def _wrong_secret(program: Program) -> dict[str, Any]:
    return {"authorization": basic(program.id, "wrong")}


@pytest.mark.parametrize(("name", "secret"), [("its own", "wrong"), ("its own", ""), ("client_" + "0" * 32, "wrong"), ("admin", "admin"),
                                              ("nobody", "x"), ("a\0b", "\0"), ("x" * 10_000, "y" * 10_000), ("%00", "%ff")])
def test_wrong_secrets_and_unknown_clients_get_one_answer(world: World, name: str, secret: str) -> None:
    program = registered(world)
    name = program.id if name == "its own" else name
    answer = program.post(TOKEN, GRANT, authorization=basic(name, secret))
    assert answer.error == (401, "invalid_client")
    assert answer.body["error_description"] == "Client credentials are invalid."
    assert answer.headers["WWW-Authenticate"] == CHALLENGE


@pytest.mark.parametrize("header", [None, "Basic Og==", "Basic " + base64.b64encode(b":secret").decode(), "Bearer abc", " "])
def test_a_client_that_does_not_say_who_it_is_gets_a_challenge(world: World, header: str | None) -> None:
    answer = registered(world).post(TOKEN, GRANT, authorization=header)
    assert answer.error == (401, "invalid_client")
    assert answer.body["error_description"] == "Client ID not found in the request."
    assert answer.headers["WWW-Authenticate"] == CHALLENGE


@pytest.mark.parametrize("header", ["Basic !!!", "Basic", "Basic " + base64.b64encode(b"no colon").decode(),
                                    "Basic " + base64.b64encode(b"\xff\xfe:x").decode()])
def test_an_unreadable_header_is_a_wrong_client(world: World, header: str) -> None:
    assert registered(world).post(TOKEN, GRANT, authorization=header).error == (401, "invalid_client")


def test_guessing_is_slowed_down_and_written_down_but_the_owner_gets_in(world: World) -> None:
    """A-039: whoever knows the id keeps nobody out."""
    program = registered(world)
    for _ in range(5):
        assert program.post(TOKEN, GRANT, **_wrong_secret(program)).status == 401
    answer = program.post(TOKEN, GRANT, **_wrong_secret(program))
    assert answer.error == (429, "temporarily_unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert world.refusals() == ["wrong secret"] * 5
    assert program.ask().status == 200


def test_unknown_clients_are_slowed_down_alike(world: World) -> None:
    """A-050"""
    program = registered(world)
    statuses = [program.post(TOKEN, GRANT, authorization=basic("client_" + "0" * 32, "wrong")).status for _ in range(6)]
    assert statuses == [401] * 5 + [429]


def test_a_pause_of_a_client_is_none_for_a_user_of_that_name(world: World) -> None:
    program = registered(world)
    for _ in range(6):
        program.post(TOKEN, GRANT, authorization=basic("admin", "wrong"))
    assert Client().get("/scim2/Users", headers={"Authorization": basic("admin", "admin")}).status_code == 200


def test_tokens_and_secrets_rest_as_digests(world: World) -> None:
    """R-TK: what is stolen from the database opens nothing."""
    program = registered(world)
    token = program.token()
    assert len(bytes(Token.objects.within(world.tenant).get().digest)) == 32
    assert token not in repr(list(Token.objects.within(world.tenant).values()))
    assert program.secret not in repr(list(Row.objects.within(world.tenant).values()))
    assert not [row for row in AuditEntry.objects.within(world.tenant) if token in repr(row.detail) or program.secret in repr(row.detail)]


def test_a_client_of_another_tenant_is_unknown(world: World) -> None:
    """A-141"""
    acme = other_world(world)
    stranger = registered(acme)
    assert stranger.ask().error == (401, "invalid_client")
    stranger.prefix = "/t/acme.example"
    assert stranger.ask().status == 200
    native = registered(world)
    native.prefix = "/t/acme.example"
    assert native.ask().error == (401, "invalid_client")


def test_refused_requests_leave_no_token(world: World) -> None:
    program, before = registered(world), counts()
    program.post(TOKEN, {"grant_type": "password"})
    program.post(TOKEN, GRANT, **_wrong_secret(program))
    assert counts() == before | {"Client": 1}


def test_a_new_secret_ends_the_old_one_and_its_tokens(world: World) -> None:
    program = registered(world)
    token = program.token()
    renewed = Program(clients.rotate(world.house, world.by, program.id, world.now))
    assert program.ask().error == (401, "invalid_client")
    assert renewed.look_into(token) == {"active": False}
    assert renewed.ask().status == 200


def test_the_server_says_where_its_addresses_are(world: World) -> None:
    """RFC 8414, also with the tenant at the end, where its section 3.1 wants it."""
    other_world(world)
    base = world.house.config.base_url
    for address, issuer in (("/.well-known/oauth-authorization-server", base),
                            ("/t/acme.example/.well-known/oauth-authorization-server", f"{base}/t/acme.example"),
                            ("/.well-known/oauth-authorization-server/t/acme.example", f"{base}/t/acme.example")):
        told = Client().get(address).json()
        assert (told["issuer"], told["token_endpoint"]) == (issuer, f"{issuer}/oauth2/token")
        assert told["grant_types_supported"] == ["authorization_code", "refresh_token", "client_credentials"]
        assert told == Client().get(address.replace("oauth-authorization-server", "openid-configuration")).json() or "server/t/" in address
    assert Client().get("/.well-known/oauth-authorization-server/t/nowhere.example").status_code == 404
