"""Whatever a client sends: never a traceback, never a half-made user, never a 5xx."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.doors.scim.support import ENTERPRISE, USERS, WSO2, Scim, person
from tests.operations.support import World, counts

WORDS = st.sampled_from(["userName", "emails", "name", "active", "password", "schemas", "roles", "id", "meta", "addresses", "phoneNumbers",
                         "locale",
                         "EnterpriseUser", ENTERPRISE, WSO2, "urn:ietf:params:scim:schemas:core:2.0:User", "askPassword", "accountLocked",
                         "manager",
                         "value", "type", "primary", "givenName", "Operations", "op", "path", "emails.value",
                         'emails[type eq "work"].value',
                         f"{ENTERPRISE}:manager", f"{WSO2}:accountLocked", "name.givenName", "urn", "", "$ref", "add", "replace", "remove"])
TEXTS = WORDS | st.text(max_size=12) | st.sampled_from(["true", "jane@example.com", "jane", "admin", "\u202e", "\ud800", "\0"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=5), max_leaves=15)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=6)
OPERATIONS = st.lists(st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "Replace", "remove"])}, optional={"path": WORDS | st.text(max_size=20), "value": VALUES}), max_size=4)
QUIET = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def whole(before: dict[str, int], after: dict[str, int]) -> bool:
    """Accounts and people come in pairs, invitations with their messages."""
    grown = {table: after[table] - before[table] for table in before}
    return grown["Account"] == grown["SqlUser"] and grown["Code"] <= grown["Message"]


@QUIET
@given(OBJECTS)
def test_any_object_makes_a_whole_user_or_none(world: World, scim: Scim, body: dict[str, Any]) -> None:
    before = counts()
    answer = scim.create(body)
    after = counts()
    assert answer.status in {201, 400, 409}, answer.text
    assert whole(before, after)
    assert after["Account"] - before["Account"] == (answer.status == 201)
    if answer.status == 201:
        assert scim.get(answer.body["id"]).body == answer.body


@QUIET
@given(OPERATIONS)
def test_any_patch_is_carried_out_or_refused(world: World, scim: Scim, operations: list[dict[str, Any]]) -> None:
    found = scim.named("patched").body["Resources"]
    user_id = found[0]["id"] if found else scim.create(person("patched", name={"givenName": "P"}, addresses=[{"type": "work"}])).body["id"]
    answer = scim.patch(user_id, *operations)
    assert answer.status in {200, 400}, answer.text
    assert scim.get(user_id).status == 200


@QUIET
@given(st.binary(max_size=300), st.sampled_from(["POST", "PATCH", "GET", "DELETE", "PUT"]),
       st.sampled_from(["", "/x", "/%ff", "/" + "0" * 32]))
def test_any_bytes_by_any_method_get_an_answer(world: World, scim: Scim, body: bytes, method: str, path: str) -> None:
    before = counts()
    assert scim.send(method, path, body).status < 500
    assert whole(before, counts())


@QUIET
@given(st.integers(0, 300), st.binary(max_size=3))
def test_a_damaged_request_gets_an_answer(world: World, scim: Scim, at: int, damage: bytes) -> None:
    body = json.dumps(person("jane", name={"givenName": "Jane"}, extension={ENTERPRISE: {"askPassword": "true"}})).encode()
    assert scim.create(body[:at] + damage + body[at + len(damage):]).status in {201, 400, 409}


@QUIET
@given(TEXTS, st.text(max_size=40), st.text(max_size=10))
def test_any_query_gets_an_answer(world: World, scim: Scim, literal: str, text: str, number: str) -> None:
    for query in ({"filter": text}, {"filter": f"userName eq {json.dumps(literal)}"}, {"startIndex": number, "count": number}):
        safe = {key: value.encode("utf-8", "replace").decode() for key, value in query.items()}
        assert scim.client.get(USERS, safe, headers=scim.headers).status_code < 500


@QUIET
@given(st.text(max_size=20), st.text(max_size=20))
def test_any_credentials_get_an_answer(world: World, username: str, password: str) -> None:
    assert Scim(username, password).send("GET").status in {401, 429}
