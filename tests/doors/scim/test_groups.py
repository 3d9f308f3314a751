"""/scim2/Groups as provisioning clients use it: RFC 7644, and the ways of Entra ID and Okta."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from housekey.core import principal as p
from tests.doors.scim.anywhere import GROUP, Bearer, add_group, ask, called, patch_group
from tests.doors.scim.support import Answer, Scim
from tests.operations.support import World, other_world


def names(answer: Answer) -> list[str]:
    return called(answer.body.get("members", []))


def found(scim: Scim, filter: str, more: str = "") -> list[str]:
    answer = ask(scim, "GET", f"/Groups?filter={quote(filter)}{more}")
    assert answer.status == 200, answer.text
    assert answer.body["totalResults"] == len(answer.body["Resources"])
    return [row["displayName"] for row in answer.body["Resources"]]


def test_a_group_is_created_read_and_deleted(world: World, scim: Scim) -> None:
    jane = world.add("jane")
    made = ask(
        scim, "POST", "/Groups", {"schemas": [GROUP], "displayName": "Staff", "externalId": "e-1", "members": [{"value": str(jane.id)}]}
    )
    assert made.status == 201
    body = made.body
    assert made.headers["Location"] == body["meta"]["location"] == f"https://localhost:9443/scim2/Groups/{body['id']}"
    assert made.headers["ETag"] == body["meta"]["version"]
    assert body["schemas"] == [GROUP]
    assert (body["displayName"], body["externalId"]) == ("Staff", "e-1")
    assert body["members"] == [
        {"value": str(jane.id), "type": "User", "$ref": f"https://localhost:9443/scim2/Users/{jane.id}"}
    ]
    assert ask(scim, "GET", f"/Groups/{body['id']}").body == body
    told = ask(scim, "GET", f"/Groups/{body['id']}?attributes=members,members.display").body["members"]
    assert told == [row | {"display": "jane"} for row in body["members"]]
    [mine] = scim.get(str(jane.id)).body["groups"]
    assert mine == {"value": body["id"], "display": "Staff", "type": "direct", "$ref": body["meta"]["location"]}
    assert ask(scim, "DELETE", f"/Groups/{body['id']}").status == 204
    assert ask(scim, "GET", f"/Groups/{body['id']}").status == 404
    assert "groups" not in scim.get(str(jane.id)).body


@pytest.mark.parametrize(
    ("body", "scim_type", "words"),
    [
        ({}, "invalidValue", "displayName"),
        ({"displayName": 7}, "invalidValue", "displayName"),
        ({"displayName": "x", "externalId": "y" * 256}, "invalidValue", "externalId"),
        ({"displayName": "x", "members": ["nobody"]}, "invalidValue", "members[0]"),
        ({"displayName": "x", "members": [{"display": "jane"}]}, "invalidValue", "members[0]"),
        ({"displayName": "x", "members": [{"value": "x", "type": "Group"}]}, "invalidValue", "not supported"),
        ({"displayName": "Internal/x"}, "invalidValue", "/Roles"),
        ({"displayName": "STAFF"}, "uniqueness", "already"),
    ],
)
def test_what_cannot_be_is_refused_by_name(scim: Scim, body: dict[str, Any], scim_type: str, words: str) -> None:
    add_group(scim, "Staff")
    answer = ask(scim, "POST", "/Groups", body)
    assert (answer.status, answer.body["scimType"]) == (409 if scim_type == "uniqueness" else 400, scim_type)
    assert words in answer.detail
    assert ask(scim, "GET", "/Groups").body["totalResults"] == 1


def test_put_replaces_everything(world: World, scim: Scim) -> None:
    jane, tom = world.add("jane"), world.add("tom")
    group = add_group(scim, "Staff", jane.id, externalId="e-1")
    answer = ask(scim, "PUT", f"/Groups/{group}", {"displayName": "Team", "id": "ignored", "members": [str(tom.id)]})
    assert (answer.status, answer.body["displayName"], names(answer)) == (200, "Team", ["tom"])
    assert "externalId" not in answer.body
    assert ask(scim, "PUT", f"/Groups/{group}", {"members": []}).status == 400


def operations(jane: str, tom: str) -> dict[str, tuple[list[dict[str, Any]], list[str]]]:
    """Each on a group of jane alone -> who is in it afterwards."""
    row = {"value": tom}
    return {
        "add by path": ([{"op": "add", "path": "members", "value": [row]}], ["jane", "tom"]),
        "add one object": ([{"op": "add", "path": "members", "value": row}], ["jane", "tom"]),
        "add without path": ([{"op": "add", "value": {"members": [row]}}], ["jane", "tom"]),
        "add again": ([{"op": "add", "path": "members", "value": [{"value": jane}]}], ["jane"]),
        "with the URN": ([{"op": "add", "path": f"{GROUP}:members", "value": [row]}], ["jane", "tom"]),
        "replace": ([{"op": "replace", "path": "members", "value": [row]}], ["tom"]),
        "remove all": ([{"op": "remove", "path": "members"}], []),
        "remove by value path": ([{"op": "remove", "path": f'members[value eq "{jane}"]'}], []),
        "remove by two": ([{"op": "remove", "path": f'members[value eq "{tom}" or value eq "{jane}"]'}], []),
        "remove who is not in it": ([{"op": "remove", "path": f'members[value eq "{tom}"]'}], ["jane"]),
        "remove by name": ([{"op": "remove", "path": 'members[display sw "JA"]'}], []),
        "replace by value path": ([{"op": "replace", "path": f'members[value eq "{jane}"]', "value": row}], ["tom"]),
        "Entra ID's removal": ([{"op": "Remove", "path": "members", "value": [{"value": jane}]}], []),
        "Entra ID's addition": ([{"op": "Add", "path": "members", "value": [row]}], ["jane", "tom"]),
        "one after the other": (
            [{"op": "add", "path": "members", "value": [row]}, {"op": "remove", "path": f'members[value eq "{tom}"]'}],
            ["jane"],
        ),
        "the other way round": ([{"op": "remove", "path": "members"}, {"op": "add", "path": "members", "value": [row]}], ["tom"]),
    }


@pytest.mark.parametrize("name", list(operations("", "")))
def test_members_come_and_go_by_patch(world: World, scim: Scim, name: str) -> None:
    jane, tom = world.add("jane"), world.add("tom")
    group = add_group(scim, "Staff", jane.id)
    steps, left = operations(str(jane.id), str(tom.id))[name]
    answer = patch_group(scim, group, *steps)
    assert answer.status == 200, answer.text
    assert names(answer) == names(ask(scim, "GET", f"/Groups/{group}")) == left


def test_oktas_renaming_names_the_id_beside_the_name(scim: Scim) -> None:
    group = add_group(scim, "Staff", externalId="e")
    answer = patch_group(scim, group, {"op": "replace", "value": {"id": group, "displayName": "Team"}})
    assert (answer.status, answer.body["displayName"], answer.body["externalId"]) == (200, "Team", "e")
    assert patch_group(scim, group, {"op": "remove", "path": "externalId"}).body.get("externalId") is None


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "turn", "path": "members"}, "invalidSyntax"),
        ({"op": "add", "path": "members"}, "invalidValue"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "add", "value": "members"}, "invalidValue"),
        ({"op": "add", "path": "owners", "value": "x"}, "invalidPath"),
        ({"op": "add", "path": "members[", "value": "x"}, "invalidPath"),
        ({"op": "add", "path": 'members[value eq "x"]', "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": 'displayName[value eq "x"]', "value": "x"}, "invalidPath"),
        ({"op": "remove", "path": "members[value xx 1]"}, "invalidFilter"),
        ({"op": "remove", "path": 'members[password eq "x"]'}, "invalidFilter"),
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "replace", "path": 'members[value eq "x"].value', "value": "x"}, "mutability"),
        ({"op": "remove", "path": "displayName"}, "mutability"),
        ({"op": "replace", "path": "displayName", "value": ""}, "invalidValue"),
        ({"op": "add", "path": 7, "value": "x"}, "invalidPath"),
    ],
)
def test_a_bad_operation_is_refused_with_its_type_and_changes_nothing(scim: Scim, operation: dict[str, Any], scim_type: str) -> None:
    group = add_group(scim)
    before = ask(scim, "GET", f"/Groups/{group}").body
    answer = patch_group(scim, group, {"op": "add", "path": "externalId", "value": "x"}, operation)
    assert (answer.status, answer.body.get("scimType")) == (400, scim_type), answer.text
    assert ask(scim, "GET", f"/Groups/{group}").body == before


def test_a_group_is_found_by_every_attribute(world: World, scim: Scim) -> None:
    jane = world.add("jane")
    group = add_group(scim, "Staff", jane.id, externalId="e-1")
    add_group(scim, "Others", externalId="E-1")
    for text in (
        'displayName eq "staff"',
        'displayName eq "PRIMARY/Staff"',
        f'id eq "{group}"',
        'externalId eq "e-1"',
        f'members eq "{jane.id}"',
        f'members.value eq "{jane.id}"',
        f'id eq "{group}" and members[value eq "{jane.id}"]',
        'displayName sw "st"',
        'members[display eq "JANE"]',
        "members pr",
        'not (displayName co "other")',
        'displayName ne "Others"',
        f'urn:ietf:params:scim:schemas:core:2.0:Group:displayName eq "Staff" and members eq "{jane.id}"',
    ):
        assert found(scim, text) == ["Staff"], text
    assert found(scim, 'displayName eq "nobody"') == found(scim, 'members eq "nobody"') == found(scim, 'id eq "x"') == []
    assert found(scim, 'meta.created gt "2001-01-01T00:00:00Z"', "&sortBy=displayName&sortOrder=descending") == ["Staff", "Others"]
    for text in ('owner eq "x"', "displayName", "displayName eq", "displayName eq true or", 'members[owner eq "x"]'):
        refusal = ask(scim, "GET", f"/Groups?filter={quote(text)}")
        assert (refusal.status, refusal.body["scimType"]) == (400, "invalidFilter"), text


def test_lists_are_paged_with_honest_totals_and_without_members_on_request(world: World, scim: Scim) -> None:
    jane = world.add("jane")
    for number in range(5):
        add_group(scim, f"g{number}", jane.id)
    page = ask(scim, "GET", "/Groups?startIndex=2&count=2&excludedAttributes=members").body
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (5, 2, 2)
    assert [row["displayName"] for row in page["Resources"]] == ["g1", "g2"]
    assert all("members" not in row for row in page["Resources"])
    assert [set(row) for row in ask(scim, "GET", "/Groups?attributes=displayName&count=1").body["Resources"]] == [
        {"schemas", "id", "displayName"}
    ]
    assert ask(scim, "GET", "/Groups?sortBy=members").body["scimType"] == "invalidPath"


def test_the_number_of_queries_does_not_grow(world: World, scim: Scim) -> None:
    people = [world.add(f"p{number}") for number in range(6)]

    def queries(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert ask(scim, "GET", path).status == 200
        return len(seen)

    add_group(scim, "first", people[0].id)
    group = add_group(scim, "second", people[0].id)
    queries("/Users")  # what a process remembers for a while is asked for once
    few = queries("/Groups"), queries("/Users"), queries(f"/Groups/{group}")
    for number in range(4):
        add_group(scim, f"g{number}", *(person.id for person in people))
    patch_group(scim, group, {"op": "add", "path": "members", "value": [str(person.id) for person in people]})
    assert (queries("/Groups"), queries("/Users"), queries(f"/Groups/{group}")) == few


def test_versions_are_compared_where_the_client_names_one(scim: Scim) -> None:
    group = add_group(scim)
    first = ask(scim, "GET", f"/Groups/{group}").headers["ETag"]
    assert ask(scim, "GET", f"/Groups/{group}", If_None_Match=first).status == 304
    rename = {"Operations": [{"op": "replace", "path": "displayName", "value": "Team"}]}
    assert ask(scim, "PATCH", f"/Groups/{group}", rename, If_Match=first).status == 200
    for method, body in (("PATCH", rename), ("PUT", {"displayName": "x"}), ("DELETE", None)):
        assert ask(scim, method, f"/Groups/{group}", body, If_Match=first).status == 412
    assert ask(scim, "DELETE", f"/Groups/{group}", If_Match=ask(scim, "GET", f"/Groups/{group}").headers["ETag"]).status == 204


@pytest.mark.parametrize(
    ("method", "path", "scope", "status"),
    [
        ("POST", "/Groups", p.GROUP_CREATE, 201),
        ("GET", "/Groups", p.GROUP_VIEW, 200),
        ("GET", "/Groups/{id}", p.GROUP_VIEW, 200),
        ("PUT", "/Groups/{id}", p.GROUP_UPDATE, 200),
        ("PATCH", "/Groups/{id}", p.GROUP_UPDATE, 200),
        ("DELETE", "/Groups/{id}", p.GROUP_DELETE, 204),
    ],
)
def test_each_scope_opens_its_request_and_nothing_else_does(
    world: World, scim: Scim, method: str, path: str, scope: str, status: int
) -> None:
    group = add_group(scim)
    body: Any = {"displayName": "New", "Operations": [{"op": "add", "path": "externalId", "value": "x"}]}
    others = sorted(p.ADMINISTRATOR_PERMISSIONS - {p.CONSOLE, p.OWN_PASSWORD, scope})
    refused = ask(Bearer(world, *others), method, path.format(id=group), body)
    assert (refused.status, scope in refused.detail) == (403, True)
    assert ask(Bearer(world, scope), method, path.format(id=group), body).status == status


def test_a_tenant_sees_its_own_groups_only(world: World, scim: Scim) -> None:
    group = add_group(scim)
    acme = other_world(world)
    stranger = Bearer(acme, p.GROUP_VIEW, p.GROUP_UPDATE, p.GROUP_DELETE)
    stranger.prefix = f"/t/{acme.tenant.domain}"
    assert ask(stranger, "GET", "/Groups").body["totalResults"] == 0
    for method in ("GET", "PATCH", "DELETE"):
        assert ask(stranger, method, f"/Groups/{group}", {"Operations": [{"op": "remove", "path": "members"}]}).status == 404


def test_users_cannot_write_their_groups(world: World, scim: Scim) -> None:
    """A-132: membership is written at the group."""
    group = add_group(scim)
    made = scim.create({"userName": "eve", "groups": [{"value": group}]})
    assert (made.status, "groups" in made.body) == (201, False)
    assert names(ask(scim, "GET", f"/Groups/{group}")) == []


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/Groups"), ("POST", "/Groups/x"), ("GET", "/Groups/x"), ("GET", "/Groups/x/y")])
def test_other_methods_and_ids_that_are_none(scim: Scim, method: str, path: str) -> None:
    assert ask(scim, method, path, {}).status in {404, 405}
