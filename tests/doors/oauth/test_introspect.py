"""Looking into tokens and taking them back (RFC 7662, RFC 7009): what a stranger may not see looks like what never was."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from housekey.core.principal import CLIENT_VIEW, HELP_DESK, USER_CREATE, USER_VIEW
from housekey.operations import clients
from housekey.store.models import AuditEntry, Token
from housekey.store.models import Tenant as TenantRow
from tests.doors.oauth.support import CHALLENGE, Program, registered
from tests.doors.scim.support import basic
from tests.operations.support import PASSWORD, World, other_world

DEAD = {"active": False}
ADMIN = basic("admin", "admin")


@pytest.fixture
def program(world: World) -> Program:
    return registered(world)


def test_a_client_sees_what_its_own_token_is_good_for(world: World, program: Program) -> None:
    seen = program.look_into(program.token(USER_VIEW))
    issued, expires = (datetime.fromtimestamp(seen.pop(name), world.now.tzinfo) for name in ("iat", "exp"))
    assert expires - issued == timedelta(hours=1)
    assert seen == {"active": True, "scope": USER_VIEW, "client_id": program.id, "sub": program.id, "token_type": "Bearer",
                    "iss": world.house.config.base_url}


def test_who_may_see_clients_sees_every_token_of_the_tenant(world: World, program: Program) -> None:
    token = program.token()
    assert program.look_into(token, authorization=ADMIN)["client_id"] == program.id
    auditor = registered(world, CLIENT_VIEW, name="auditor")
    assert auditor.look_into(token)["active"]
    assert auditor.look_into(token, authorization=f"Bearer {auditor.token()}")["active"]


def test_for_anybody_else_it_is_inactive(world: World, program: Program) -> None:
    token = program.token()
    stranger = registered(world, name="stranger")
    assert stranger.look_into(token) == DEAD
    assert stranger.look_into(token, authorization=f"Bearer {stranger.token()}") == DEAD
    world.add("hilda", role=HELP_DESK)
    assert stranger.look_into(token, authorization=basic("hilda", PASSWORD)) == DEAD


@pytest.mark.parametrize("text", ["x", "a" * 43, "\0", "é" * 43, "x" * 100_000])
def test_what_never_was_a_token_is_inactive(program: Program, text: str) -> None:
    assert program.look_into(text) == DEAD


def test_without_proof_there_is_a_challenge(program: Program) -> None:
    token = program.token()
    for authorization in (None, basic(program.id, "wrong"), basic("admin", "wrong"), "Digest x"):
        answer = program.post("/oauth2/introspect", {"token": token}, authorization=authorization)
        assert answer.error == (401, "invalid_client")
        assert answer.headers["WWW-Authenticate"] == CHALLENGE
    answer = program.post("/oauth2/introspect", {"token": token}, authorization="Bearer " + "a" * 43)
    assert answer.error == (401, "invalid_token")
    assert 'Bearer realm="Housekey", error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_request_without_a_token_is_told_so(program: Program) -> None:
    for path in ("/oauth2/introspect", "/oauth2/revoke"):
        assert program.post(path).error == (400, "invalid_request")


def test_a_token_ends_after_an_hour(world: World, program: Program) -> None:
    token = program.token()
    Token.objects.within(world.tenant).update(expires=world.now)
    assert program.look_into(token) == DEAD


def test_what_a_client_loses_its_tokens_lose_at_once(world: World, program: Program) -> None:
    """A-148"""
    token = program.token()
    clients.set_scopes(world.by, program.id, [USER_CREATE], world.now)
    assert program.look_into(token)["scope"] == USER_CREATE
    clients.set_scopes(world.by, program.id, [USER_CREATE, USER_VIEW, CLIENT_VIEW], world.now)
    assert program.look_into(token)["scope"] == f"{USER_CREATE} {USER_VIEW}"


def test_a_deleted_client_takes_its_tokens_along(world: World, program: Program) -> None:
    token = program.token()
    clients.delete(world.by, program.id, world.now)
    assert program.look_into(token, authorization=ADMIN) == DEAD
    assert Token.objects.within(world.tenant).count() == 0


def test_a_token_means_nothing_in_another_tenant(world: World, program: Program) -> None:
    """A-141"""
    token = program.token()
    acme = other_world(world)
    acme.add("root", role="admin")
    native = registered(acme, CLIENT_VIEW, prefix="/t/acme.example")
    assert native.look_into(token) == DEAD
    assert native.look_into(token, authorization=basic("root", PASSWORD)) == DEAD
    answer = native.post("/oauth2/introspect", {"token": native.token()}, authorization=f"Bearer {token}")
    assert answer.error == (401, "invalid_token")
    assert native.post("/oauth2/revoke", {"token": token}).status == 200
    assert program.look_into(token)["active"]
    assert native.look_into(native.token())["iss"] == f"{world.house.config.base_url}/t/acme.example"


def test_a_tenant_that_is_switched_off_has_no_live_tokens(world: World) -> None:
    """A-142: not even in the two seconds for which a process still knows the tenant's name."""
    acme = other_world(world)
    program = registered(acme, prefix="/t/acme.example")
    token = program.token()
    TenantRow.objects.filter(id=acme.tenant.id).update(active=False)
    assert program.look_into(token) == DEAD


def test_a_client_takes_back_its_own_token_and_no_other(world: World, program: Program) -> None:
    """R-OA: a token that is taken back ends at once; the answer is the same whatever was sent."""
    token, kept = program.token(), program.token()
    stranger = registered(world, CLIENT_VIEW, name="stranger")
    for text in (token, "nonsense", "a" * 43):
        answer = stranger.post("/oauth2/revoke", {"token": text, "token_type_hint": "refresh_token"})
        assert (answer.status, answer.body) == (200, {})
    assert program.look_into(token)["active"]
    assert program.post("/oauth2/revoke", {"token": token}).status == 200
    assert program.look_into(token) == DEAD
    assert program.look_into(kept)["active"]
    assert program.post("/oauth2/revoke", {"token": token}).status == 200
    assert AuditEntry.objects.within(world.tenant).filter(event="token:revoke").count() == 1


def test_taking_back_needs_the_clients_secret(world: World, program: Program) -> None:
    token = program.token()
    for authorization in (None, basic(program.id, "wrong"), ADMIN, f"Bearer {token}"):
        assert program.post("/oauth2/revoke", {"token": token}, authorization=authorization).error == (401, "invalid_client")
    assert program.look_into(token)["active"]
