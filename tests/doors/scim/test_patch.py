"""PATCH: RFC 7644's examples as far as they touch users, and what Entra ID and Okta make of it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from housekey.core.attributes import USER_URN as USER
from housekey.core.errors import WrongCredentials
from tests.doors.scim.support import ENTERPRISE, PATCH, WSO2, Scim, invited, person
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, counts

JANE = person(name={"givenName": "Jane", "familyName": "Doe"}, nickName="J", password=PASSWORD,
              emails=[{"value": "jane@work.example", "type": "work", "primary": True}, {"value": "jane@home.example", "type": "home"}],
              addresses=[{"type": "work", "streetAddress": "1 Main St", "locality": "Burbank"}],
              extension={ENTERPRISE: {"department": "R&D"}})


@pytest.fixture
def jane(scim: Scim) -> str:
    return str(scim.create(JANE).body["id"])


def op(kind: str, path: str | None = None, value: object = None) -> dict[str, Any]:
    return {"op": kind} | ({"path": path} if path is not None else {}) | ({"value": value} if kind != "remove" else {})


def after(scim: Scim, user_id: str, *operations: dict[str, Any]) -> Any:
    answer = scim.patch(user_id, *operations)
    assert answer.status == 200, answer.text
    assert scim.get(user_id).body == answer.body
    return answer.body


def test_add_without_a_path_adds_what_is_in_the_value(scim: Scim, jane: str) -> None:
    """RFC 7644 section 3.5.2.1, second example."""
    body = after(scim, jane, op("add", None, {"emails": [{"value": "babs@jensen.example", "type": "other"}], "nickName": "Babs"}))
    assert body["nickName"] == "Babs"
    assert [mail["value"] for mail in body["emails"]] == ["jane@work.example", "jane@home.example", "babs@jensen.example"]


def test_adding_what_is_there_already_changes_nothing(scim: Scim, jane: str) -> None:
    before = scim.get(jane).body["emails"]
    assert after(scim, jane, op("add", "emails", [{"value": "jane@home.example", "type": "home"}]))["emails"] == before


def test_a_new_primary_takes_the_place_of_the_old_one(scim: Scim, jane: str) -> None:
    """RFC 7644 section 3.5.2: the server shall set the others to false."""
    emails = after(scim, jane, op("add", "emails", [{"value": "new@work.example", "type": "work", "primary": True}]))["emails"]
    assert [mail["value"] for mail in emails if mail.get("primary")] == ["new@work.example"]


def test_replace_all_values(scim: Scim, jane: str) -> None:
    """RFC 7644 section 3.5.2.3, with a path."""
    assert after(scim, jane, op("replace", "emails", [{"value": "only@x.example"}]))["emails"] == [{"value": "only@x.example"}]


def test_replace_the_value_that_a_filter_selects(scim: Scim, jane: str) -> None:
    """RFC 7644 section 3.5.2.3: addresses[type eq "work"]."""
    changed = {"type": "work", "streetAddress": "911 Universal City Plaza", "locality": "Hollywood"}
    assert after(scim, jane, op("replace", 'addresses[type eq "work"]', changed))["addresses"] == [changed]


def test_replace_one_part_of_the_value_that_a_filter_selects(scim: Scim, jane: str) -> None:
    """RFC 7644 section 3.5.2.3: addresses[type eq "work"].streetAddress."""
    body = after(scim, jane, op("replace", 'addresses[type eq "work"].streetAddress', "1010 Broadway Ave"))
    assert body["addresses"] == [{"type": "work", "streetAddress": "1010 Broadway Ave", "locality": "Burbank"}]


def test_replace_without_a_path(scim: Scim, jane: str) -> None:
    """RFC 7644 section 3.5.2.3, last example."""
    body = after(scim, jane, op("replace", None, {"emails": [{"value": "bjensen@example.com", "type": "work", "primary": True}],
                                                  "nickName": "Babs"}))
    assert (body["nickName"], len(body["emails"])) == ("Babs", 1)


def test_remove_the_values_that_a_filter_selects(scim: Scim, jane: str) -> None:
    """RFC 7644 section 3.5.2.2: a filter of two terms."""
    body = after(scim, jane, op("remove", 'emails[type eq "work" and value ew "work.example"]'))
    assert [mail["value"] for mail in body["emails"]] == ["jane@home.example"]


def test_remove_an_attribute_and_a_part_of_one(scim: Scim, jane: str) -> None:
    body = after(scim, jane, op("remove", "nickName"), op("remove", "name.givenName"), op("remove", "emails"))
    assert "nickName" not in body
    assert "emails" not in body
    assert body["name"] == {"familyName": "Doe"}


def test_entra_id_replaces_an_address_that_is_not_there_yet(scim: Scim) -> None:
    user_id = scim.create({"userName": "bare"}).body["id"]
    body = after(scim, user_id, op("Replace", 'emails[type eq "work"].value', "bare@work.example"), op("Add", "name.givenName", "Bare"))
    assert body["emails"] == [{"value": "bare@work.example", "type": "work"}]
    assert body["name"] == {"givenName": "Bare"}


@pytest.mark.parametrize("kind", ["replace", "Replace", "REPLACE"])
@pytest.mark.parametrize("value", [False, "False", "false"])
def test_active_is_understood_in_every_case_and_as_text(scim: Scim, jane: str, kind: str, value: object) -> None:
    assert after(scim, jane, op(kind, "active", value))["active"] is False
    assert after(scim, jane, op(kind, None, {"active": "True"}))["active"] is True


@pytest.mark.parametrize("path", [f"{ENTERPRISE}:department", f"{ENTERPRISE.upper()}:Department", "EnterpriseUser.department"])
def test_extensions_are_reached_by_their_urn(scim: Scim, jane: str, path: str) -> None:
    assert after(scim, jane, op("replace", path, "Sales"))[ENTERPRISE] == {"department": "Sales"}


def test_an_extension_as_a_whole_and_the_core_schema_by_its_urn(scim: Scim, jane: str) -> None:
    body = after(scim, jane, op("add", None, {ENTERPRISE: {"employeeNumber": "7"}}),
                 op("replace", "urn:ietf:params:scim:schemas:core:2.0:User:nickName", "Jay"))
    assert body[ENTERPRISE] == {"department": "R&D", "employeeNumber": "7"}
    assert body["nickName"] == "Jay"


def test_operations_are_carried_out_all_or_none(scim: Scim, jane: str) -> None:
    before = scim.get(jane).body
    refused = scim.patch(jane, op("replace", "nickName", "changed"), op("replace", "emails", ["nonsense"]))
    assert refused.status == 400
    assert "emails[0]" in refused.detail
    assert scim.get(jane).body == before


def test_what_is_said_in_any_spelling_of_the_request_is_understood(scim: Scim, jane: str) -> None:
    answer = scim.send("PATCH", f"/{jane}", b"{operations:[{OP:'Add',Path:'NICKNAME',Value:'x'}]}")
    assert (answer.status, answer.body["nickName"]) == (200, "x")


@pytest.mark.parametrize(("operation", "scim_type"), [
    ({"op": "move", "path": "nickName", "value": "x"}, "invalidSyntax"), ({"path": "nickName", "value": "x"}, "invalidSyntax"),
    ({"op": "remove"}, "noTarget"), ({"op": "add", "path": "nickName"}, "invalidValue"), ({"op": "add", "value": "x"}, "invalidValue"),
    ({"op": "add", "path": "a b", "value": "x"}, "invalidPath"), ({"op": "add", "path": 7, "value": "x"}, "invalidPath"),
    ({"op": "add", "path": "x" * 2_000, "value": "x"}, "invalidPath"),
    ({"op": "add", "path": "emails[type eq]", "value": {}}, "invalidFilter"),
    ({"op": "add", "path": "emails[primary gt true]", "value": {}}, "invalidFilter"),
    ({"op": "add", "path": 'emails[type co "x"]', "value": {}}, "noTarget"),
    ({"op": "add", "path": "emails[shoe eq 7]", "value": {}}, "invalidFilter"), ({"op": "add", "path": "shoe", "value": 7}, "invalidPath"),
    ({"op": "replace", "path": f"{WSO2}:accountState", "value": "UNLOCKED"}, "mutability"),
    ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
    ({"op": "replace", "path": "meta.location", "value": "x"}, "mutability"),
    ({"op": "replace", "path": "userName", "value": "x"}, "mutability"),
    ({"op": "add", "path": "roles", "value": [{"value": "admin"}]}, "mutability"),
    ({"op": "add", "path": "groups", "value": ["x"]}, "mutability"),
    ({"op": "replace", "path": 'emails[type eq "work"]', "value": "x"}, "invalidValue"), ("replace", "invalidSyntax"),
    ({"op": "replace", "path": "nickName[type eq \"x\"]", "value": {}}, "invalidPath"),
    ({"op": ["add"], "path": "nickName", "value": "x"}, "invalidSyntax"),
    ({"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User", "value": ["x"]}, "invalidValue"),
    ({"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User", "value": "x"}, "invalidValue"),
    ({"op": "replace", "path": ENTERPRISE, "value": "x"}, "invalidValue"),
    ({"op": "replace", "path": "emails.value.x", "value": "x"}, "invalidPath"),
    ({"op": "replace", "path": 'emails[type eq "\\ud800"].value', "value": "x@x.example"}, "invalidFilter"),
    ({"op": "replace", "path": 'emails[type eq "\\u0000"].value', "value": "x@x.example"}, "invalidSyntax"),
    ({"op": "replace", "path": 'emails[type eq "\\x"].value', "value": "x"}, "invalidFilter"),
])
def test_what_cannot_be_done_is_named_in_scims_words_and_changes_nothing(scim: Scim, jane: str, operation: Any, scim_type: str) -> None:
    before = counts(audit=True)
    refused = scim.patch(jane, operation)
    assert (refused.status, refused.body["scimType"]) == (400, scim_type), refused.text
    assert refused.detail
    assert counts(audit=True) == before


@pytest.mark.parametrize("operations", [
    [op("replace", ENTERPRISE, "x"), op("replace", f"{ENTERPRISE}:department", "y")],
    [op("replace", "emails", ["a@x.example"]), op("add", "emails.type", "x")],
    [op("replace", "emails", "x"), op("add", 'emails[type eq "work"].value', "y")],
    [op("replace", "name", 7), op("add", "name.givenName", "y")],
    [op("replace", "name", {"givenName": {"x": 1}}), op("remove", "name.givenName.x")],
    [op("add", "emails", [[]]), op("add", "emails.value", "x")],
    [op("replace", "schemas", "x")], [op("replace", "emails", [None])], [op("replace", None, {"": "x"})], [op("replace", "name", None)],
    [op("replace", "emails", None)], [op("replace", WSO2, None)], [op("replace", "userName", None)], [op("remove", "userName")],
    [op("remove", "id")],
    [op("replace", f"{WSO2}:askPassword", {"x": 1})], [op("replace", "password", {"x": 1})], [op("replace", "active", [])],
    [op("replace", "phoneNumbers", [{"value": {"deep": [1, {"x": None}]}}])], [op("replace", f"{ENTERPRISE}:manager", 7)],
    [op("add", "urn:ietf:params:scim:schemas:core:2.0:User", 0)], [op("replace", "", {"nickName": "x"})],
    [op("replace", "externalId", 10**400)],
])
def test_strange_operations_are_never_the_servers_fault(scim: Scim, jane: str, operations: list[dict[str, Any]]) -> None:
    assert scim.patch(jane, *operations).status in {200, 400}
    assert scim.get(jane).status == 200


@pytest.mark.parametrize("body", [{}, {"Operations": []}, {"Operations": {}}, {"Operations": "x"}, {"Operations": [None]},
                                  {"schemas": [PATCH], "Operations": [op("add", "nickName", "x")] * 101}])
def test_a_patch_without_operations_or_with_too_many_is_refused(scim: Scim, jane: str, body: dict[str, Any]) -> None:
    refused = scim.send("PATCH", f"/{jane}", body)
    assert (refused.status, refused.body["scimType"]) == (400, "invalidSyntax")


ASK = op("add", None, {"EnterpriseUser": {"askPassword": "true"}})


def test_ask_password_while_pending_changes_nothing(world: World, scim: Scim) -> None:
    created = scim.create(invited())
    body = after(scim, created.body["id"], ASK)
    assert body[WSO2] == created.state
    assert len(world.mails()) == 1
    world.redeem(world.newest_code())


def test_ask_password_for_who_never_had_a_password_invites(world: World, scim: Scim) -> None:
    body = after(scim, scim.create(person()).body["id"], op("replace", f"{ENTERPRISE}:askPassword", True))
    assert body[WSO2]["accountState"] == "PENDING_AP"
    world.redeem(world.newest_code())


def test_ask_password_with_the_first_address_in_the_same_request(world: World, scim: Scim) -> None:
    user_id = scim.create({"userName": "jane"}).body["id"]
    refused = scim.patch(user_id, ASK)
    assert (refused.status, "emails" in refused.detail) == (400, True)
    after(scim, user_id, op("add", "emails", [{"value": "jane@example.com"}]), ASK)
    assert [mail["To"] for mail in world.mails()] == ["jane@example.com"]


def test_ask_password_for_who_has_one_names_force_password_reset(world: World, scim: Scim, jane: str) -> None:
    refused = scim.patch(jane, ASK)
    assert (refused.status, "forcePasswordReset" in refused.detail) == (400, True)
    assert world.sign_in("jane").token
    assert world.mails() == []


@pytest.mark.parametrize(("operation", "status"), [
    (op("replace", "active", True), 200), (op("replace", f"{WSO2}:accountLocked", False), 200),
    (op("replace", f"{WSO2}:accountState", "UNLOCKED"), 400), (op("remove", f"{WSO2}:lockedReason"), 400),
    (op("replace", None, {WSO2: {"accountState": "UNLOCKED"}}), 200), (op("remove", WSO2), 200)])
def test_nothing_a_client_writes_ends_a_pending_state(world: World, scim: Scim, operation: dict[str, Any], status: int) -> None:
    created = scim.create(invited())
    assert scim.patch(created.body["id"], operation).status == status
    assert scim.get(created.body["id"]).state == created.state


def test_a_lock_for_cause_is_added_to_the_pending_one_is_told_first_and_outlives_it(world: World, scim: Scim) -> None:
    """A-023."""
    user_id = scim.create(invited()).body["id"]
    state = after(scim, user_id, op("replace", f"{WSO2}:accountLocked", True))[WSO2]
    assert state == {"accountState": "PENDING_AP", "accountLocked": True, "lockedReason": "ADMIN_INITIATED"}
    world.redeem(world.newest_code())
    assert scim.state(user_id) == {
        "accountState": "LOCKED", "accountLocked": True, "lockedReason": "ADMIN_INITIATED", "emailVerified": True}
    after(scim, user_id, op("replace", f"{WSO2}:accountLocked", "false"))
    assert world.sign_in("jane").token


@pytest.mark.parametrize("by", [op("remove", "active"), op("replace", "active", None), op("remove", f"{USER}:active")])
def test_active_taken_away_reads_as_false_and_closes_the_account(world: World, scim: Scim, jane: str, by: dict[str, Any]) -> None:
    """What is absent is false: a client that takes `active` away shuts somebody out, it lets nobody in."""
    body = after(scim, jane, by)
    assert "active" not in body
    assert scim.state(jane)["accountState"] == "DISABLED"
    with pytest.raises(WrongCredentials):
        world.sign_in("jane")
    assert "active" not in after(scim, jane, op("replace", "nickName", "x"))
    assert [row["id"] for row in scim.named("jane").body["Resources"]] == [jane]
    for text, found in (("active eq false", 1), ("active pr", 0), ("not (active pr)", 1), ("active eq true", 0)):
        assert scim.send("GET", f'?filter={quote(f"id eq {json.dumps(jane)} and {text}")}').body["totalResults"] == found
    assert after(scim, jane, op("add", "active", True))["active"] is True
    assert world.sign_in("jane").token


@pytest.mark.parametrize("path", [f"{WSO2}:accountLocked", WSO2, "accountLocked"])
def test_the_lock_taken_away_is_opened_and_not_shown(world: World, scim: Scim, jane: str, path: str) -> None:
    after(scim, jane, op("replace", f"{WSO2}:accountLocked", True))
    assert "accountLocked" not in after(scim, jane, op("remove", path)).get(WSO2, {})
    assert world.sign_in("jane").token
    assert after(scim, jane, op("replace", f"{WSO2}:accountLocked", True))[WSO2]["accountLocked"] is True
    assert after(scim, jane, op("replace", f"{WSO2}:accountLocked", False))[WSO2]["accountLocked"] is False


def test_changing_something_else_touches_no_lock(world: World, scim: Scim) -> None:
    user_id = scim.create(person(extension={WSO2: {"accountLocked": True}})).body["id"]
    for operation in (op("replace", "nickName", "x"), op("replace", "active", False), op("replace", "active", True)):
        after(scim, user_id, operation)
        assert scim.state(user_id)["lockedReason"] == "ADMIN_INITIATED"


def test_a_password_by_patch_ends_the_invitation(world: World, scim: Scim) -> None:
    """A-012."""
    user_id = scim.create(invited()).body["id"]
    code = world.newest_code()
    after(scim, user_id, op("replace", "password", OTHER_PASSWORD))
    assert scim.state(user_id) == {"accountState": "UNLOCKED", "accountLocked": False}
    with pytest.raises(Exception, match="withdrawn"):
        world.redeem(code)
    assert world.sign_in("jane", OTHER_PASSWORD).token


def test_a_password_by_patch_must_meet_the_rules(world: World, scim: Scim, jane: str) -> None:
    assert scim.patch(jane, op("replace", "password", "password")).status == 400
    assert world.sign_in("jane").token


@pytest.mark.parametrize(("kind", "value"), [("add", "J"), ("add", None), ("replace", ["J"]), ("remove", None)])
def test_a_path_of_blanks_is_none(scim: Scim, jane: str, kind: str, value: object) -> None:
    """Found by inputs that nobody thought of: it counted as a path when the value was looked at, and as none when it was carried out."""
    before = scim.get(jane).body
    answer = scim.patch(jane, op(kind, " \t", value))
    assert answer.status == 400
    assert scim.get(jane).body == before
