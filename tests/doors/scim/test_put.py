"""PUT: the whole user replaced, except what no client may replace (RFC 7644 section 3.5.1; decisions, askPassword on PUT)."""

from __future__ import annotations

from typing import Any

import pytest

from housekey.core.properties import ENABLE
from tests.doors.scim.anywhere import ask
from tests.doors.scim.support import ENTERPRISE, HOUSEKEY, WSO2, Answer, Scim, basic, invited, person
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, counts

JANE = person(name={"givenName": "Jane", "familyName": "Doe"}, nickName="J", locale="de", password=PASSWORD,
              phoneNumbers=[{"value": "+41 1", "type": "mobile"}], extension={ENTERPRISE: {"department": "R&D"}})


@pytest.fixture
def jane(scim: Scim) -> str:
    return str(scim.create(JANE).body["id"])


def put(scim: Scim, user_id: str, body: dict[str, Any]) -> Answer:
    return scim.send("PUT", f"/{user_id}", body)


def test_what_was_read_can_be_sent_back_and_changes_nothing(scim: Scim, jane: str) -> None:
    before = scim.get(jane).body
    after = put(scim, jane, before)
    assert after.status == 200
    assert without_times(after.body) == without_times(before)
    assert scim.get(jane).body == after.body


def without_times(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != "meta"}


def test_what_is_left_out_is_taken_away(scim: Scim, jane: str) -> None:
    body = put(scim, jane, {"userName": "jane", "title": "Boss"}).body
    assert body["title"] == "Boss"
    assert body.keys().isdisjoint({"name", "nickName", "emails", "locale", "phoneNumbers", ENTERPRISE})


def test_what_decides_whether_one_gets_in_stays_when_it_is_left_out(world: World, scim: Scim, jane: str) -> None:
    put(scim, jane, {"userName": "jane"})
    assert world.sign_in("jane").token
    put(scim, jane, {"userName": "jane", "active": False, WSO2: {"accountLocked": True}})
    body = put(scim, jane, {"userName": "jane"}).body
    assert (body["active"], scim.state(jane)["lockedReason"]) == (False, "ADMIN_INITIATED")


@pytest.mark.parametrize("value", [False, "False", "false"])
def test_okta_deactivates_by_put(scim: Scim, jane: str, value: object) -> None:
    read = scim.get(jane).body
    assert put(scim, jane, read | {"active": value}).body["active"] is False
    assert put(scim, jane, read | {"active": "True"}).body["active"] is True


def test_a_password_is_replaced_if_it_is_there(world: World, scim: Scim, jane: str) -> None:
    assert "password" not in put(scim, jane, JANE | {"password": OTHER_PASSWORD}).text
    assert world.sign_in("jane", OTHER_PASSWORD).token
    assert put(scim, jane, JANE | {"password": "password"}).status == 400
    assert world.sign_in("jane", OTHER_PASSWORD).token


@pytest.mark.parametrize("name", ["jane", "JANE", "PRIMARY/jane", "ｊａｎｅ"])
def test_the_name_may_be_written_in_any_spelling(scim: Scim, jane: str, name: str) -> None:
    assert put(scim, jane, JANE | {"userName": name}).body["userName"] == "jane"


@pytest.mark.parametrize(("body", "scim_type"), [
    (JANE | {"userName": "eve"}, "mutability"), (JANE | {"userName": "LDAP/jane"}, "mutability"), ({"nickName": "x"}, "invalidValue"),
    ({"userName": ""}, "invalidValue"), ({"userName": None}, "invalidValue"), ({"userName": ["jane"]}, "invalidValue"),
    (JANE | {"emails": ["nonsense"]}, "invalidValue"), (JANE | {"active": "perhaps"}, "invalidValue"),
    (JANE | {WSO2: {"verifyEmail": True}}, "invalidValue"), (JANE | {"phoneNumbers": [{"value": {"deep": 1}}]}, "invalidValue"),
])
def test_what_cannot_be_is_refused_and_changes_nothing(scim: Scim, jane: str, body: dict[str, Any], scim_type: str) -> None:
    before, rows = scim.get(jane).body, counts(audit=True)
    refused = put(scim, jane, body)
    assert (refused.status, refused.body["scimType"]) == (400, scim_type), refused.text
    assert refused.detail
    assert (scim.get(jane).body, counts(audit=True)) == (before, rows)


def test_what_is_read_only_is_passed_over(world: World, scim: Scim, jane: str) -> None:
    """A-132; RFC 7644 section 3.5.1."""
    sent = {"id": "x", "meta": {"created": "2001-01-01T00:00:00Z", "version": "x"}, "groups": [{"value": "x"}],
            "roles": [{"value": "admin"}],
            WSO2: {"accountState": "UNLOCKED", "emailVerified": True, "phoneVerified": True, "lockedReason": "x", "oneTimePassword": "x"},
            "tenant": "x", "userStore": "x", "passwordHash": "x", "mail_key": "x"}
    before = scim.get(jane).body
    after = put(scim, jane, before | sent).body
    assert without_times(after) == without_times(before)
    assert after["meta"]["created"] == before["meta"]["created"]


def test_ask_password_invites_who_never_had_a_password(world: World, scim: Scim) -> None:
    bare = scim.create(person("bob")).body["id"]
    body = put(scim, bare, invited("bob")).body
    assert body[WSO2]["accountState"] == "PENDING_AP"
    world.redeem(world.newest_code("bob@example.com"))


def test_ask_password_is_passed_over_where_there_is_a_password_or_an_invitation(world: World, scim: Scim, jane: str) -> None:
    """Decisions: the seed's own body sent again by PUT neither resets nor sets the password printed in it."""
    seed = JANE | {"password": "password", "EnterpriseUser": {"askPassword": "true"}}
    assert put(scim, jane, seed).body[WSO2] == {"accountLocked": False}
    assert world.sign_in("jane").token
    bob = scim.create(invited("bob")).body["id"]
    assert put(scim, bob, invited("bob", password="password")).body[WSO2]["accountState"] == "PENDING_AP"
    assert len(world.mails()) == 1
    world.redeem(world.newest_code("bob@example.com"))


def test_sending_back_an_invited_user_neither_unlocks_nor_locks(world: World, scim: Scim) -> None:
    bob = scim.create(invited("bob")).body
    assert put(scim, bob["id"], bob).body[WSO2] == bob[WSO2]
    assert put(scim, bob["id"], bob | {WSO2: {"accountLocked": False}}).body[WSO2] == bob[WSO2]
    world.redeem(world.newest_code("bob@example.com"))
    assert scim.state(bob["id"])["accountState"] == "UNLOCKED"


def test_what_was_read_of_an_invitation_can_be_sent_back(world: World, scim: Scim) -> None:
    bob = scim.create(invited("bob")).body["id"]
    read = scim.send("GET", f"/{bob}?attributes={HOUSEKEY},userName,emails").body
    assert put(scim, bob, read).status == 200
    assert len(world.mails()) == 1


def test_a_corrected_address_gets_the_invitation(world: World, scim: Scim) -> None:
    bob = scim.create(invited("bob")).body
    put(scim, bob["id"], bob | {"emails": [{"value": "right@example.com", "primary": True}]})
    world.redeem(world.newest_code("right@example.com"))


def test_a_reset_is_forced_by_put_too(world: World, scim: Scim, jane: str) -> None:
    assert put(scim, jane, JANE | {"password": None, WSO2: {"forcePasswordReset": "true"}}).body[WSO2]["accountState"] == "PENDING_FUPR"


def test_where_invitations_are_off_ask_password_is_refused(world: World, scim: Scim) -> None:
    world.set(**{ENABLE: False})
    bare = scim.create(person("bob")).body["id"]
    refused = put(scim, bare, invited("bob"))
    assert (refused.status, "enable_email_verification" in refused.detail) == (400, True)


def test_there_must_be_somebody_and_it_needs_the_permission(world: World, scim: Scim, jane: str) -> None:
    assert put(scim, "6f1f9a54-58a5-4b6c-9d57-2f1f3f0c7c11", JANE).status == 404
    world.add("sam", mail="sam@example.com")
    assert put(Scim("sam", PASSWORD), jane, JANE).status == 403


def test_the_last_administrator_cannot_be_disabled_by_put(scim: Scim) -> None:
    own = scim.named("admin").body["Resources"][0]
    assert put(scim, own["id"], own | {"active": False}).status == 400
    assert ask(scim, "GET", "/Me", Authorization=basic("admin", "admin")).body["active"] is True
