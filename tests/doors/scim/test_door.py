"""The door itself: who may knock, on which tenant's wall, how often; and lists."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from housekey.core.names import split_username
from housekey.core.principal import HELP_DESK
from housekey.operations import throttle, users
from housekey.store.models import AuditEntry
from tests.doors.scim.support import USERS, Answer, Scim, basic, invited, person
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, counts, other_world

NOBODY = "6f1f9a54-58a5-4b6c-9d57-2f1f3f0c7c11"
CHALLENGE = 'Basic realm="Housekey", charset="UTF-8"'


@pytest.mark.parametrize("header", [None, "", "Basic", "Basic ", "Basic !!!", "Basic " + base64.b64encode(b"admin").decode(),
                                    "Basic " + base64.b64encode(b"\xff\xfe:x").decode(), "Digest x", "admin:admin",
                                    "Basic YWRtaW46YWRtaW4=x=="])
def test_without_proof_there_is_a_challenge_and_nothing_else(world: World, header: str | None) -> None:
    before = counts(audit=True)
    answer = Answer(Client().post(USERS, b"{}", "application/json", headers={"Authorization": header} if header is not None else {}))
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, CHALLENGE)
    assert "Authorization" in answer.detail
    assert counts(audit=True) == before


@pytest.mark.parametrize(("username", "password"), [("admin", "wrong"), ("nobody", "admin"), ("jane", ""), ("jane", PASSWORD), ("", ""),
                                                    ("a\0b", "x"),
                                                    ("admin@nowhere.example", "admin"), ("x" * 10_000, "y" * 10_000),
                                                    ("LDAP/admin", "admin")])
def test_wrong_credentials_get_one_answer_whoever_it_is(world: World, scim: Scim, username: str, password: str) -> None:
    scim.create(invited())
    answer = Scim(username, password).create(person("x"))
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, CHALLENGE)
    assert answer.detail == "Login failed! Please recheck the username and password and try again."


def test_the_scheme_is_read_in_any_case_and_names_as_at_sign_in(world: World) -> None:
    scim = Scim("ADMIN@carbon.super", "admin")
    scim.headers = {"Authorization": scim.headers["Authorization"].replace("Basic", "bAsIC")}
    assert scim.create(person()).status == 201


def test_guessing_is_slowed_down_with_the_seconds_to_wait(world: World, scim: Scim) -> None:
    world.add("sam")
    for spelling in ("sam", "SAM", "PRIMARY/sam", "ｓａｍ", "sam@carbon.super"):
        assert Scim(spelling, "wrong").named("x").status == 401
    answer = Scim("sam", PASSWORD).named("x")
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert scim.named("x").status == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "X_Forwarded_For"])
def test_a_client_cannot_choose_its_address(world: World, header: str) -> None:
    """A-041: the audit log shows the socket's address, and the limit counts it."""
    assert Scim("nobody", "wrong").create(person(), headers={header: "203.0.113.9"}).status == 401
    assert AuditEntry.objects.within(world.tenant).get(outcome="refused").network == "127.0.0.1"
    for number in range(99):
        throttle.reserve(throttle.keys(world.tenant, split_username(f"u{number}"), "127.0.0.1"), datetime.now(UTC), known=lambda: False)
    assert Scim("somebody", "wrong").create(person(), headers={header: "203.0.113.10"}).status == 429


def test_behind_a_trusted_proxy_the_right_most_untrusted_hop_is_the_client(world: World, settings: Any) -> None:
    """A-041."""
    settings.HOUSE = world.configured(server=replace(world.house.config.server, trusted_proxies=("127.0.0.0/8", "10.0.0.0/8")))
    Scim("nobody", "wrong").create(person(), headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7, 10.1.2.3"})
    assert AuditEntry.objects.within(world.tenant).get(outcome="refused").network == "198.51.100.7"


def test_a_session_cookie_opens_nothing_here(world: World) -> None:
    """A-068."""
    client = Client()
    client.cookies["__Host-session"] = client.cookies["session"] = world.sign_in("admin", "admin").token
    assert client.get(USERS).status_code == 401
    assert client.post(USERS, b"{}", "application/json").status_code == 401


def test_help_desk_sees_but_does_not_create_change_or_delete(world: World, scim: Scim) -> None:
    world.add("desk", role=HELP_DESK)
    desk, jane = Scim("desk", PASSWORD), scim.create(person()).body["id"]
    assert desk.get(jane).status == 200
    assert desk.named("jane").body["totalResults"] == 1
    for answer in (desk.create(person("x")), desk.delete(jane), desk.patch(jane, {"op": "replace", "path": "active", "value": False}),
                   desk.patch(scim.named("admin").body["Resources"][0]["id"],
                              {"op": "replace", "path": "password", "value": OTHER_PASSWORD})):
        assert answer.status == 403
        assert "internal_user_mgt_" in answer.detail
    assert Scim("admin", "admin").get(jane).status == 200


def test_an_ordinary_user_sees_nobody(world: World, scim: Scim) -> None:
    world.add("sam")
    sam, jane = Scim("sam", PASSWORD), scim.create(person()).body["id"]
    assert [answer.status for answer in (sam.get(jane), sam.named("jane"), sam.send("GET"), sam.create(person("x")))] == [403] * 4


def test_a_tenants_administrator_acts_in_that_tenant_only(world: World, scim: Scim) -> None:
    """A-140."""
    other = other_world(world)
    other.add("boss", OTHER_PASSWORD, role="admin")
    janes = scim.create(person()).body["id"]
    for boss in (Scim("boss", OTHER_PASSWORD, "/t/acme.example"), Scim("boss@acme.example", OTHER_PASSWORD)):
        assert [answer.status for answer in (boss.get(janes), boss.delete(janes),
                                             boss.patch(janes, {"op": "remove", "path": "emails"}))] == [404] * 3
        assert boss.named("jane").body["totalResults"] == 0
    assert Scim("boss", OTHER_PASSWORD, "/t/acme.example").create(person()).status == 201
    assert users.find(other.by, "jane") is not None
    assert Scim("boss", OTHER_PASSWORD).named("jane").status == 401
    assert Scim("boss@acme.example", OTHER_PASSWORD, "/t/carbon.super").named("jane").status == 401
    assert Scim("admin", "admin", "/t/acme.example").named("jane").status == 401
    assert Scim("admin@carbon.super", "admin", "/t/acme.example").named("jane").status == 401
    assert Scim("boss", OTHER_PASSWORD, "/t/nowhere.example").named("jane").status == 404


def test_the_last_administrator_and_oneself_cannot_be_deleted(world: World, scim: Scim) -> None:
    own = scim.named("admin").body["Resources"][0]["id"]
    refused = scim.delete(own)
    assert refused.status == 400
    assert "own account" in refused.detail
    world.give(world.add("second").id, "admin")
    assert Scim("second", PASSWORD).delete(own).status == 204
    assert scim.named("admin").status == 401


def test_a_deleted_user_is_gone_and_a_namesake_is_somebody_else(world: World, scim: Scim) -> None:
    """A-014."""
    first = scim.create(invited()).body["id"]
    assert scim.delete(first).status == 204
    assert [scim.get(first).status, scim.delete(first).status] == [404, 404]
    assert scim.create(invited()).body["id"] != first
    assert len(world.mails()) == 1


@pytest.mark.parametrize("user_id", ["x", "7", "%00", "..", "' OR 1=1", "a" * 1_000, NOBODY, "urn:uuid:" + NOBODY])
def test_an_id_that_is_nobodys_is_not_found(scim: Scim, user_id: str) -> None:
    answer = scim.get(user_id)
    assert answer.status == 404
    assert answer.detail


@pytest.mark.parametrize(("method", "path", "allow"),
                         [("PUT", "", "GET, POST"), ("DELETE", "", "GET, POST"), ("POST", "/" + NOBODY, "GET, PUT, PATCH, DELETE"),
                                                       ("TRACE", "", "GET, POST"), ("OPTIONS", "", "GET, POST"), ("BREW", "", "GET, POST")])
def test_methods_that_are_not_possible_say_which_are(scim: Scim, method: str, path: str, allow: str) -> None:
    answer = scim.send(method, path, b"{}")
    assert (answer.status, answer.headers["Allow"]) == (405, allow)


def test_answers_are_not_kept_by_caches_and_cannot_be_read_as_something_else(scim: Scim) -> None:
    """A-065."""
    headers = scim.named("admin").headers
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert not [name for name in headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("text", ['userName eq "jane"', 'USERNAME EQ "JANE"', ' username  eq  "j\\u0061ne" ',
                                  'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "primary/jane"', 'userName eq "ｊａｎｅ"'])
def test_a_user_is_found_by_name(scim: Scim, text: str) -> None:
    scim.create(person())
    body = Answer(scim.client.get(USERS, {"filter": text}, headers=scim.headers)).body
    assert (body["totalResults"], [row["userName"] for row in body["Resources"]]) == (1, ["jane"])


@pytest.mark.parametrize("text", ['userName eq "nobody"', 'userName eq ""', 'userName eq "ja\\u0000ne"', 'userName eq "*"',
                                  'userName eq "LDAP/jane"'])
def test_nobody_of_that_name_is_an_empty_list(scim: Scim, text: str) -> None:
    scim.create(person())
    answer = Answer(scim.client.get(USERS, {"filter": text}, headers=scim.headers))
    assert (answer.status, answer.body["totalResults"], answer.body["Resources"]) == (200, 0, [])


@pytest.mark.parametrize("text", ["", "userName", "userName eq jane", 'userName eq "x', 'userName eq "\\ud800"', 'userName eq "\\x"',
                                  "(" * 500,
                                  'userName eq "' + "x" * 2_000 + '"', "\0"])
def test_what_is_no_filter_is_refused_in_a_sentence(scim: Scim, text: str) -> None:
    answer = Answer(scim.client.get(USERS, {"filter": text}, headers=scim.headers))
    assert (answer.status, answer.body["scimType"]) == (400, "invalidFilter")
    assert answer.detail


def test_lists_come_in_pages(scim: Scim) -> None:
    for name in ("a", "b", "c"):
        scim.create({"userName": name})

    def page(**query: int) -> tuple[int, int, int, list[str]]:
        body = Answer(scim.client.get(USERS, query, headers=scim.headers)).body
        return body["totalResults"], body["startIndex"], body["itemsPerPage"], [row["userName"] for row in body["Resources"]]

    assert page() == (4, 1, 4, ["a", "admin", "b", "c"])
    assert page(startIndex=2, count=2) == (4, 2, 2, ["admin", "b"])
    assert page(startIndex=-7, count=1) == (4, 1, 1, ["a"])
    assert page(count=0) == page(count=-1) == (4, 1, 0, [])
    assert page(startIndex=10**30)[3] == []
    assert Answer(scim.client.get(USERS, {"count": "many"}, headers=scim.headers)).status == 400


def test_the_administrators_password_is_not_shown_in_any_list(scim: Scim) -> None:
    assert "password" not in scim.send("GET").text.lower()
    assert basic("admin", "admin") not in scim.send("GET").text
