"""`[scim2] wso2_responses = true`: one switch for WSO2's shapes (reference 4.0, 4B, 4B.3, 4B.4), and what it must not change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from housekey.core.attributes import USER_URN
from housekey.core.principal import EVERYONE
from tests.doors.scim.anywhere import ask
from tests.doors.scim.support import ENTERPRISE, ERROR, WSO2, Scim, invited, person
from tests.operations.support import PASSWORD, World


@pytest.fixture(autouse=True)
def _as_wso2(world: World, settings: Any) -> None:
    settings.HOUSE = world.configured(scim2=replace(world.house.config.scim2, wso2_responses=True))


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/xml", "multipart/form-data; boundary=x"])
def test_an_alien_or_missing_content_type_is_406(scim: Scim, content_type: str) -> None:
    """Reference 4B."""
    answer = scim.create(person(), content_type=content_type)
    assert answer.status == 406
    assert answer.detail


@pytest.mark.parametrize("content_type", ["application/json", "application/scim+json; charset=utf-8", "*/*", "application/*"])
def test_wso2s_four_content_types_are_taken(scim: Scim, content_type: str) -> None:
    assert scim.create(person(), content_type=content_type).status == 201


@pytest.mark.parametrize(("accept", "status"), [("text/html", 406), ("application/json", 200), ("*/*", 200), ("text/html, */*;q=0.1", 200)])
def test_a_client_that_takes_no_json_gets_406(scim: Scim, accept: str, status: int) -> None:
    assert ask(scim, "GET", "/Users", Accept=accept).status == status


def test_schemas_are_a_bare_array_with_types_in_capitals_and_the_triggers(scim: Scim) -> None:
    rows = ask(scim, "GET", "/Schemas").body
    assert isinstance(rows, list)
    wso2 = next(row for row in rows if row["id"] == WSO2)
    assert "askPassword" in {row["name"] for row in wso2["attributes"]}
    types = {row["type"] for schema in rows for row in schema["attributes"]}
    assert {"STRING", "BOOLEAN", "COMPLEX"} <= types
    assert all(kind == kind.upper() for kind in types)


def test_two_resource_types_and_three_extensions(scim: Scim) -> None:
    body = ask(scim, "GET", "/ResourceTypes").body
    assert (body["totalResults"], [row["id"] for row in body["Resources"]]) == (2, ["User", "Group"])
    assert all(len(row["schemas"]) == 1 for row in body["Resources"])
    extensions = [row["schema"] for row in body["Resources"][0]["schemaExtensions"]]
    assert {ENTERPRISE, WSO2, "urn:scim:schemas:extension:custom:User"} <= set(extensions)
    assert not any(row["required"] for row in body["Resources"][0]["schemaExtensions"])


@pytest.mark.parametrize("name", ["sortBy=userName", "sortOrder=ascending", "sortOder=ascending"])
def test_sorting_is_501(scim: Scim, name: str) -> None:
    answer = ask(scim, "GET", f"/Users?{name}")
    assert (answer.status, answer.detail) == (501, "Sorting is not supported")
    assert ask(scim, "GET", "/ServiceProviderConfig").body["sort"] == {"supported": False}


def test_resources_are_absent_when_nothing_is_found(scim: Scim) -> None:
    for path in ('/Users?filter=userName eq "nobody"', '/Groups?filter=displayName eq "nothing"'):
        body = ask(scim, "GET", path).body
        assert body["totalResults"] == 0
        assert "Resources" not in body


def test_roles_are_always_there_and_begin_with_everyone(world: World, scim: Scim) -> None:
    created = scim.create(person())
    assert created.body["roles"] == [{"type": "default", "value": EVERYONE, "display": EVERYONE}]
    assert [row["value"] for row in scim.named("admin").body["Resources"][0]["roles"]] == [EVERYONE, "admin"]
    assert "roles" not in ask(scim, "GET", f"/Users/{created.body['id']}?attributes=userName").body


def test_where_the_account_stands_is_told_under_the_enterprise_urn_too(scim: Scim) -> None:
    """Decisions, SCIM while pending; the bare EnterpriseUser is never written."""
    body = scim.create(invited() | {ENTERPRISE: {"askPassword": True, "department": "R&D"}}).body
    assert body[ENTERPRISE] == {"department": "R&D"} | body[WSO2]
    assert body[WSO2]["accountState"] == "PENDING_AP"
    assert body["schemas"] == [USER_URN, ENTERPRISE, WSO2]
    assert "EnterpriseUser" not in body


def test_an_address_without_a_type_is_a_plain_text(scim: Scim) -> None:
    emails = [{"value": "a@example.com"}, {"value": "b@example.com", "type": "work"}]
    assert scim.create(person(emails=emails)).body["emails"] == ["a@example.com", {"value": "b@example.com", "type": "work"}]


def test_what_was_read_can_be_sent_back(world: World, scim: Scim) -> None:
    read = scim.create(invited()).body
    answer = scim.send("PUT", f"/{read['id']}", read)
    assert answer.status == 200, answer.text
    assert answer.body | {"meta": {}} == read | {"meta": {}}
    unlocked = read | {WSO2: read[WSO2] | {"accountLocked": True}, ENTERPRISE: read[ENTERPRISE] | {"accountLocked": False}}
    assert scim.send("PUT", f"/{read['id']}", unlocked).body[WSO2]["accountState"] == "PENDING_AP"


def test_a_patch_works_on_what_the_rfc_would_show(scim: Scim) -> None:
    jane = scim.create(person(emails=[{"value": "a@example.com"}])).body["id"]
    answer = scim.patch(jane, {"op": "replace", "path": 'emails[value eq "a@example.com"].type', "value": "work"},
                        {"op": "add", "path": f"{ENTERPRISE}:accountLocked", "value": "true"})
    assert answer.status == 200, answer.text
    assert answer.body["emails"] == [{"value": "a@example.com", "type": "work"}]
    assert answer.body[ENTERPRISE]["lockedReason"] == "ADMIN_INITIATED"


def test_who_is_not_known_or_may_not_gets_the_valves_body(world: World, scim: Scim) -> None:
    """Reference 4.0: the status as a number, the sentences as they are."""
    world.add("sam")
    unknown, forbidden = ask(Scim("nobody", "x"), "GET", "/Users"), ask(Scim("sam", PASSWORD), "GET", "/Users")
    assert (unknown.status, forbidden.status) == (401, 403)
    assert unknown.body == {
        "schemas": [ERROR], "status": 401,
        "detail": "Authorization failure. Authorization information was invalid or missing from your request."}
    assert forbidden.body == {
        "schemas": [ERROR], "status": 403, "detail": "Operation is not permitted. You do not have permissions to make this request."}
    assert "WWW-Authenticate" in unknown.headers


def test_other_refusals_have_their_status_as_a_text(scim: Scim) -> None:
    scim.create(person())
    again = scim.create(person())
    assert again.status == 409
    assert again.detail.startswith("User with the name: jane already exists in the system.")


def test_roles_of_version_two_have_an_audience(scim: Scim) -> None:
    role = ask(scim, "GET", "/v2/Roles").body["Resources"][0]
    assert role["audience"] == {"type": "organization", "value": "carbon.super", "display": "carbon.super"}
    assert all(row["display"] == row["value"] for row in role["permissions"])
    assert "audience" not in ask(scim, "GET", "/Roles").text


def test_without_the_switch_none_of_it_shows(world: World, scim: Scim, settings: Any) -> None:
    settings.HOUSE = world.house
    body = scim.create(person(), content_type="").body
    assert "roles" not in body
    assert ENTERPRISE not in body
    assert isinstance(ask(scim, "GET", "/Schemas").body, dict)
    assert ask(scim, "GET", "/Users?sortBy=userName", Accept="text/html").status == 200
    assert ask(scim, "GET", '/Users?filter=userName eq "nobody"').body["Resources"] == []
