"""/scim2/Me: one's own names, language and phone; nothing that decides who one is or whether one gets in."""

from __future__ import annotations

from typing import Any

import pytest

from housekey.core.principal import EVERYONE, LOGIN, OWN_PASSWORD, USER_UPDATE
from housekey.operations import roles
from tests.doors.scim.anywhere import Bearer, ask
from tests.doors.scim.support import ENTERPRISE, PATCH, WSO2, Answer, Scim
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, counts


@pytest.fixture
def sam(world: World) -> Scim:
    world.add("sam", mail="sam@example.com")
    return Scim("sam", PASSWORD)


def me(person: Scim, method: str = "GET", body: object = None, **headers: str) -> Answer:
    return ask(person, method, "/Me", body, **headers)


def patched(person: Scim, *operations: dict[str, Any]) -> Answer:
    return me(person, "PATCH", {"schemas": [PATCH], "Operations": list(operations)})


def test_everybody_reads_themselves_at_their_lasting_address(scim: Scim, sam: Scim) -> None:
    """RFC 7644 section 3.11."""
    read = me(sam)
    assert (read.status, read.body["userName"]) == (200, "sam")
    assert read.headers["Location"] == read.body["meta"]["location"]
    assert read.body == scim.get(read.body["id"]).body
    assert me(sam, If_None_Match=read.headers["ETag"]).status == 304
    assert ask(sam, "GET", "/Me?attributes=userName").body.keys() == {"schemas", "id", "userName"}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_names_language_and_phone_are_ones_own(sam: Scim, method: str) -> None:
    wanted = {"name": {"givenName": "Sam", "familyName": "Poe", "middleName": "X"}, "displayName": "Sammy", "nickName": "S", "locale": "de",
              "phoneNumbers": [{"value": "+41 1", "type": "mobile"}]}
    answer = me(sam, "PUT", me(sam).body | wanted) if method == "PUT" else patched(sam, {"op": "replace", "value": wanted})
    assert answer.status == 200, answer.text
    assert {key: answer.body[key] for key in wanted} == wanted
    assert me(sam).body == answer.body


def test_put_takes_away_what_is_ones_own_and_keeps_the_rest(scim: Scim, sam: Scim) -> None:
    own = me(sam).body["id"]
    scim.patch(own, {"op": "add", "value": {"title": "Clerk", "nickName": "S", ENTERPRISE: {"department": "R&D"}}})
    body = me(sam, "PUT", {"userName": "sam", "displayName": "Sammy"}).body
    assert (body["displayName"], body["title"], body[ENTERPRISE]) == ("Sammy", "Clerk", {"department": "R&D"})
    assert "nickName" not in body
    assert body["emails"] == [{"value": "sam@example.com", "primary": True}]


@pytest.mark.parametrize("change", [
    {"emails": [{"value": "evil@example.com", "primary": True}]}, {"active": False}, {"title": "Boss"},
    {ENTERPRISE: {"department": "Board"}},
    {WSO2: {"accountLocked": True}}, {"externalId": "7"}, {"userType": "x"}, {WSO2: {"forcePasswordReset": True}},
])
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_what_others_decide_is_not_ones_own(sam: Scim, method: str, change: dict[str, Any]) -> None:
    """A-132, A-133: codes go to the address, so its owner does not change it here."""
    before, rows = me(sam).body, counts(audit=True)
    refused = me(sam, "PUT", before | change) if method == "PUT" else patched(sam, {"op": "replace", "value": change})
    assert (refused.status, USER_UPDATE in refused.detail) == (403, True), refused.text
    assert (me(sam).body, counts(audit=True)) == (before, rows)


@pytest.mark.parametrize("change", [{"roles": [{"value": "admin"}]}, {"groups": [{"value": "x"}]}, {"id": "x"}, {"meta": {}},
                                    {WSO2: {"accountState": "LOCKED", "emailVerified": True}}])
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_what_is_read_only_is_passed_over(sam: Scim, method: str, change: dict[str, Any]) -> None:
    before = me(sam).body
    answer = me(sam, "PUT", before | change) if method == "PUT" else patched(sam, {"op": "replace", "value": change})
    assert answer.status == 200, answer.text
    assert {key: value for key, value in answer.body.items() if key != "meta"} == {
        key: value for key, value in before.items() if key != "meta"}
    assert "admin" not in answer.text


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_ones_password_is_changed_where_the_old_one_is_asked_for(world: World, sam: Scim, method: str) -> None:
    change = {"password": OTHER_PASSWORD}
    refused = me(sam, "PUT", me(sam).body | change) if method == "PUT" else patched(sam, {"op": "replace", "value": change})
    assert (refused.status, "change-password" in refused.detail) == (400, True)
    assert world.sign_in("sam").token


def test_one_does_not_rename_oneself(sam: Scim) -> None:
    assert me(sam, "PUT", {"userName": "eve"}).body["scimType"] == "mutability"
    assert patched(sam, {"op": "replace", "path": "userName", "value": "eve"}).body["scimType"] == "mutability"


def test_a_program_has_no_me(world: World) -> None:
    answer = me(Bearer(world, LOGIN))
    assert answer.status == 404
    assert "program" in answer.detail


def test_it_needs_the_login_permission(world: World, sam: Scim) -> None:
    assert me(Bearer(world, USER_UPDATE)).status == 403
    roles.set_permissions(world.by, EVERYONE, [OWN_PASSWORD], world.now)
    assert me(sam).status == 401


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_nobody_registers_or_removes_themselves_here(sam: Scim, method: str) -> None:
    answer = me(sam, method, {})
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, PUT, PATCH")


def test_without_proof_there_is_no_me(world: World) -> None:
    assert me(Scim("nobody", "x")).status == 401


def test_a_stale_write_is_refused(sam: Scim) -> None:
    assert me(sam, "PATCH", {"Operations": [{"op": "add", "path": "nickName", "value": "x"}]}, If_Match='W/"999"').status == 412
    assert "nickName" not in me(sam).body
