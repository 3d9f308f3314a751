"""A bearer token at an API door: SCIM stands for all of them, they share `web.authentication`."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from housekey.core.principal import USER_CREATE, USER_LIST
from housekey.operations import clients
from housekey.store.models import AuditEntry
from tests.doors.oauth.support import CHALLENGE, Program, registered
from tests.doors.scim.support import USERS, Answer, Scim, invited, person
from tests.operations.support import World, counts, other_world

WRONG = f'{CHALLENGE}, Bearer realm="Housekey", error="invalid_token"'


def bearer(token: str, prefix: str = "") -> Scim:
    scim = Scim("", "", prefix)
    scim.headers = {"Authorization": f"Bearer {token}"}
    return scim


@pytest.fixture
def program(world: World) -> Program:
    return registered(world, USER_CREATE)


def test_the_right_scope_creates_a_user(world: World, program: Program) -> None:
    assert bearer(program.token()).create(invited()).status == 201
    entry = AuditEntry.objects.within(world.tenant).filter(event__startswith="user:").latest("id")
    assert entry.actor == "client importer"


def test_a_scope_that_is_missing_is_named(world: World, program: Program) -> None:
    answer = bearer(program.token()).named("admin")
    assert answer.status == 403
    assert USER_LIST in answer.detail
    assert answer.headers["WWW-Authenticate"] == f'Bearer realm="Housekey", error="insufficient_scope", scope="{USER_LIST}"'


def test_a_token_holds_what_was_asked_for_and_no_more(world: World) -> None:
    program = registered(world, USER_CREATE, USER_LIST)
    assert bearer(program.token(USER_LIST)).create(person()).status == 403
    assert bearer(program.token("openid")).create(person()).status == 403


@pytest.mark.parametrize("token", ["", " ", "null", "x", "a" * 43, "a" * 10_000, "é" * 43, "\0"])
def test_what_is_no_token_gets_a_challenge_and_nothing_else(world: World, token: str) -> None:
    """A-131"""
    before = counts(audit=True)
    answer = bearer(token).create(person())
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, WRONG)
    assert "Authorization failure" in answer.detail
    assert counts(audit=True) == before


def test_the_scheme_is_read_in_any_case(world: World, program: Program) -> None:
    scim = bearer("")
    scim.headers = {"Authorization": f"bEARER {program.token()}"}
    assert scim.create(person()).status == 201


def test_a_token_is_taken_from_the_header_only(world: World, program: Program) -> None:
    """A-068, R-OA-09: not from a cookie, not from the address, not from a form."""
    token = program.token()
    client = Client()
    for name in ("access_token", "Authorization", "__Host-session"):
        client.cookies[name] = token
    body: dict[str, Any] = person() | {"access_token": token}
    sent = client.post(f"{USERS}?access_token={token}", body, "application/json")
    answer = Answer(sent)
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, CHALLENGE)


def test_a_token_of_another_tenant_is_no_token(world: World, program: Program) -> None:
    """A-141"""
    acme = other_world(world)
    native = registered(acme, USER_CREATE, prefix="/t/acme.example")
    for token, prefix in ((program.token(), "/t/acme.example"), (native.token(), "")):
        answer = bearer(token, prefix).create(person())
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, WRONG)
    assert bearer(native.token(), "/t/acme.example").create(person()).status == 201


def test_a_secret_is_no_token_and_no_password(world: World, program: Program) -> None:
    assert bearer(program.secret).create(person()).status == 401
    assert Scim(program.id, program.secret).create(person()).status == 401


def test_the_end_of_a_token_is_felt_at_once(world: World, program: Program) -> None:
    """A-148, A-164"""
    kept, revoked = program.token(), program.token()
    program.post("/oauth2/revoke", {"token": revoked})
    assert bearer(revoked).create(person("a")).status == 401
    clients.set_scopes(world.by, program.id, [USER_LIST], world.now)
    assert bearer(kept).create(person("b")).status == 403
    clients.delete(world.by, program.id, world.now)
    assert bearer(kept).create(person("c")).status == 401
