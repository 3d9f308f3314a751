"""/scim2/Roles and /scim2/v2/Roles: what people may do and who may do it; nobody gives more than they hold."""

from __future__ import annotations

from typing import Any

import pytest

from housekey.core.principal import (
    ADMINISTRATOR,
    EVERYONE,
    HELP_DESK,
    LOGIN,
    ROLE_CREATE,
    ROLE_DELETE,
    ROLE_UPDATE,
    ROLE_VIEW,
    USER_LIST,
    USER_UPDATE,
    USER_VIEW,
)
from housekey.operations import roles
from tests.doors.scim.anywhere import Bearer, ask, called
from tests.doors.scim.support import PATCH, Answer, Scim
from tests.operations.support import World, counts, other_world

ROLE = "urn:ietf:params:scim:schemas:extension:2.0:Role"


def made(scim: Scim, name: str = "Readers", *permissions: str, users: tuple[object, ...] = ()) -> Answer:
    body = {"displayName": name, "permissions": [{"value": value} for value in permissions],
            "users": [{"value": str(user)} for user in users]}
    answer = ask(scim, "POST", "/v2/Roles", body)
    assert answer.status == 201, answer.text
    return answer


def patched(scim: Scim, role: str, *operations: dict[str, Any]) -> Answer:
    return ask(scim, "PATCH", f"/v2/Roles/{role}", {"schemas": [PATCH], "Operations": list(operations)})


def members(answer: Answer) -> list[str]:
    return called(answer.body.get("users", []))


def named(scim: Scim, name: str) -> Any:
    return ask(scim, "GET", f'/v2/Roles?filter=displayName eq "{name}"').body["Resources"][0]


def test_a_role_is_made_with_its_permissions_and_users_and_read_back(world: World, scim: Scim) -> None:
    jane = world.add("jane")
    answer = made(scim, "Readers", USER_VIEW, USER_LIST, users=(jane.id,))
    body = answer.body
    assert body["schemas"] == [ROLE]
    assert body["permissions"] == [{"value": USER_LIST}, {"value": USER_VIEW}]
    assert body["users"] == [{"value": str(jane.id), "$ref": f"https://localhost:9443/scim2/Users/{jane.id}"}]
    assert answer.headers["Location"] == body["meta"]["location"] == f"https://localhost:9443/scim2/v2/Roles/{body['id']}"
    assert ask(scim, "GET", f"/v2/Roles/{body['id']}").body == body
    assert {USER_VIEW, USER_LIST} <= world.acting_as("jane").permissions
    assert scim.get(str(jane.id)).body["roles"] == [{"value": "Readers", "display": "Readers"}]


def test_the_older_address_writes_permissions_as_texts(world: World, scim: Scim) -> None:
    """Reference 4B.4: permission paths stand for scopes."""
    permissions = ["/permission/admin/manage/identity/usermgt/view", USER_LIST]
    answer = ask(scim, "POST", "/Roles", {"displayName": "Old", "permissions": permissions})
    assert answer.body["permissions"] == [USER_LIST, USER_VIEW]
    assert answer.body["meta"]["location"].endswith(f"/scim2/Roles/{answer.body['id']}")
    assert ask(scim, "GET", f"/v2/Roles/{answer.body['id']}").body["permissions"] == [{"value": USER_LIST}, {"value": USER_VIEW}]


def test_lists_are_filtered_sorted_and_paged(world: World, scim: Scim) -> None:
    made(scim, "Readers", USER_VIEW)

    def names(query: str) -> list[str]:
        return [row["displayName"] for row in ask(scim, "GET", f"/v2/Roles?{query}").body["Resources"]]

    everyone = names("")
    assert set(everyone) == {ADMINISTRATOR, EVERYONE, HELP_DESK, "Readers"}
    assert names('filter=displayName co "read"') == ["Readers"]
    assert names(f'filter=permissions.value eq "{USER_VIEW}" and not (displayName eq "admin")') == [HELP_DESK, "Readers"]
    assert names("sortBy=displayName&sortOrder=descending&count=2&startIndex=2") == sorted(everyone, key=str.lower, reverse=True)[1:3]
    page = ask(scim, "GET", "/v2/Roles?startIndex=2&count=1").body
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (4, 2, 1)
    found = ask(scim, "POST", "/v2/Roles/.search", {"filter": 'displayName eq "READERS"', "attributes": ["displayName"]}).body
    assert [row.keys() for row in found["Resources"]] == [{"schemas", "id", "displayName"}]
    assert ask(scim, "GET", "/v2/Roles?filter=shoe eq 7").body["scimType"] == "invalidFilter"
    assert ask(scim, "GET", "/v2/Roles?sortBy=users").body["scimType"] == "invalidPath"


def test_put_replaces_the_members_and_keeps_permissions_that_it_does_not_name(world: World, scim: Scim) -> None:
    jane, bob = world.add("jane"), world.add("bob")
    role = made(scim, "Readers", USER_VIEW, users=(jane.id,)).body["id"]
    answer = ask(scim, "PUT", f"/v2/Roles/{role}", {"displayName": "Watchers", "users": [{"value": str(bob.id)}]})
    assert (answer.body["displayName"], members(answer), answer.body["permissions"]) == ("Watchers", ["bob"], [{"value": USER_VIEW}])
    assert USER_VIEW not in world.acting_as("jane").permissions
    emptied = ask(scim, "PUT", f"/v2/Roles/{role}", {"displayName": "Watchers", "permissions": []}).body
    assert emptied.keys().isdisjoint({"permissions", "users"})


def test_patch_in_every_form(world: World, scim: Scim) -> None:
    jane, bob = world.add("jane"), world.add("bob")
    role = made(scim, "Readers", USER_VIEW).body["id"]

    def after(*operations: dict[str, Any]) -> Answer:
        answer = patched(scim, role, *operations)
        assert answer.status == 200, answer.text
        assert ask(scim, "GET", f"/v2/Roles/{role}").body == answer.body
        return answer

    both = [{"value": str(jane.id)}, {"value": str(bob.id)}]
    assert members(after({"op": "add", "path": "users", "value": both})) == ["bob", "jane"]
    assert members(after({"op": "add", "value": {"users": both[:1]}})) == ["bob", "jane"]
    assert members(after({"op": "remove", "path": f'users[value eq "{bob.id}"]'})) == ["jane"]
    assert members(after({"op": "Remove", "path": 'users[display sw "ja"]'})) == []
    assert members(after({"op": "replace", "path": "users", "value": both[1:]})) == ["bob"]
    assert members(after({"op": "remove", "path": "users"})) == []
    assert after({"op": "replace", "path": f"{ROLE}:displayName", "value": "Watchers"}).body["displayName"] == "Watchers"
    body = after({"op": "add", "path": "permissions", "value": [USER_LIST]},
                 {"op": "remove", "path": f'permissions[value eq "{USER_VIEW}"]'})
    assert body.body["permissions"] == [{"value": USER_LIST}]
    assert after({"op": "replace", "value": {"permissions": [LOGIN], "id": "7", "externalId": "e"}}).body["externalId"] == "e"


@pytest.mark.parametrize(("operation", "scim_type"), [
    ({"op": "replace", "path": "id", "value": "7"}, "mutability"), ({"op": "remove", "path": "displayName"}, "mutability"),
    ({"op": "replace", "path": "shoe", "value": "7"}, "invalidPath"), ({"op": "add", "path": "users[", "value": []}, "invalidPath"),
    ({"op": "add", "path": "users", "value": [{"value": "x"}]}, "invalidValue"), ({"op": "remove"}, "noTarget"),
    ({"op": "add", "path": "permissions", "value": ["internal_everything"]}, "invalidValue"),
    ({"op": "add", "path": "permissions", "value": [{"value": 7}]}, "invalidValue"),
    ({"op": "add", "path": "users", "value": [{"value": "6f1f9a54-58a5-4b6c-9d57-2f1f3f0c7c11"}]}, "invalidValue"),
    ({"op": "add", "path": "groups", "value": [{"value": "x"}]}, "invalidValue"),
    ({"op": "replace", "path": "displayName", "value": "Internal/x"}, "invalidValue"),
    ({"op": "replace", "path": "displayName", "value": "ADMIN"}, "uniqueness"),
    ({"op": "remove", "path": "users[shoe eq 7]"}, "invalidFilter"),
])
def test_what_cannot_be_done_is_named_and_changes_nothing(world: World, scim: Scim, operation: Any, scim_type: str) -> None:
    made(scim, "Readers", USER_VIEW, users=(world.add("jane").id,))
    role = named(scim, "Readers")
    before = counts(audit=True)
    refused = patched(scim, role["id"], {"op": "add", "path": "externalId", "value": "e"}, operation)
    assert (refused.status, refused.body["scimType"]) == (409 if scim_type == "uniqueness" else 400, scim_type), refused.text
    assert refused.detail
    assert (named(scim, "Readers"), counts(audit=True)) == (role, before)


def test_a_role_is_deleted_and_what_it_allowed_with_it(world: World, scim: Scim) -> None:
    """A-148."""
    jane = world.add("jane")
    role = made(scim, "Readers", USER_VIEW, users=(jane.id,)).body["id"]
    assert ask(scim, "DELETE", f"/v2/Roles/{role}").status == 204
    assert [ask(scim, method, f"/v2/Roles/{role}", {}).status for method in ("GET", "DELETE")] == [404, 404]
    assert USER_VIEW not in world.acting_as("jane").permissions


def test_names_are_unique_in_any_case(scim: Scim) -> None:
    made(scim)
    refused = ask(scim, "POST", "/v2/Roles", {"displayName": "READERS"})
    assert (refused.status, refused.body["scimType"]) == (409, "uniqueness")


def test_shipped_roles_stay_as_they_are(world: World, scim: Scim) -> None:
    admin, everyone = named(scim, ADMINISTRATOR), named(scim, EVERYONE)
    for role, change in ((admin, {"permissions": []}), (everyone, {"permissions": [USER_VIEW]}), (admin, {"displayName": "Kings"})):
        assert ask(scim, "PUT", f"/v2/Roles/{role['id']}", role | change).status == 400
    for role in (admin, everyone):
        assert ask(scim, "DELETE", f"/v2/Roles/{role['id']}").status == 400
        assert ask(scim, "PUT", f"/v2/Roles/{role['id']}", role).status == 200
    assert patched(scim, everyone["id"], {"op": "add", "path": "users", "value": [str(world.add("jane").id)]}).status == 400


def test_the_last_administrator_is_not_taken_out(scim: Scim) -> None:
    admin = named(scim, ADMINISTRATOR)
    refused = patched(scim, admin["id"], {"op": "remove", "path": "users"})
    assert (refused.status, "last administrator" in refused.detail) == (400, True)


def test_nobody_gives_or_takes_what_they_do_not_hold(world: World, scim: Scim) -> None:
    """A-133, A-135: neither a permission, nor a role, nor somebody who holds more."""
    jane = world.add("jane")
    clerk = Bearer(world, ROLE_CREATE, ROLE_UPDATE, ROLE_VIEW, USER_UPDATE, LOGIN)
    admin = named(scim, ADMINISTRATOR)
    assert ask(clerk, "POST", "/v2/Roles", {"displayName": "x", "permissions": [USER_VIEW]}).status == 403
    assert patched(clerk, admin["id"], {"op": "add", "path": "users", "value": [str(jane.id)]}).status == 403
    assert patched(clerk, admin["id"], {"op": "remove", "path": "users"}).status == 403
    own = ask(clerk, "POST", "/v2/Roles", {"displayName": "Mine", "permissions": [LOGIN]}).body["id"]
    assert patched(clerk, own, {"op": "add", "path": "permissions", "value": [USER_VIEW]}).status == 403
    assert patched(clerk, own, {"op": "add", "path": "users", "value": [admin["users"][0]["value"]]}).status == 403
    assert members(patched(clerk, own, {"op": "add", "path": "users", "value": [str(jane.id)]})) == ["jane"]


def test_each_method_needs_its_own_permission(world: World, scim: Scim) -> None:
    """Reference 4.0; who comes and goes is a change of that user, too."""
    role, jane = made(scim).body["id"], world.add("jane")
    path, rename = f"/v2/Roles/{role}", {"Operations": [{"op": "replace", "path": "displayName", "value": "Other"}]}
    wanted = {"POST": ROLE_CREATE, "PATCH": ROLE_UPDATE, "GET": ROLE_VIEW, "DELETE": ROLE_DELETE}
    programs = {held: Bearer(world, held) for held in wanted.values()}
    for method, scope in wanted.items():
        for held, program in programs.items():
            body = {"displayName": "New"} if method == "POST" else rename
            answer = ask(program, method, "/v2/Roles" if method == "POST" else path, body)
            assert (answer.status == 403) == (held != scope), (method, held, answer.text)
    assert ask(scim, "POST", "/v2/Roles", {"displayName": "Left"}).status == 201
    left = named(scim, "Left")["id"]
    joining = {"Operations": [{"op": "add", "path": "users", "value": [str(jane.id)]}]}
    refused = ask(programs[ROLE_UPDATE], "PATCH", f"/v2/Roles/{left}", joining)
    assert (refused.status, USER_UPDATE in refused.detail) == (403, True)


@pytest.mark.parametrize("role_id", ["x", "0", "-1", "9" * 40, "1.0", "%00", "６", "6f1f9a54-58a5-4b6c-9d57-2f1f3f0c7c11"])
def test_an_id_that_is_no_roles_is_not_found(scim: Scim, role_id: str) -> None:
    assert ask(scim, "GET", f"/v2/Roles/{role_id}").status == 404


def test_another_tenants_roles_are_not_there(world: World, scim: Scim) -> None:
    """A-140."""
    other = other_world(world)
    theirs = roles.add(other.by, "Theirs", [], world.now)
    assert theirs.name not in ask(scim, "GET", "/v2/Roles").text
    stranger = other.add("eve")
    role = made(scim).body["id"]
    assert patched(scim, role, {"op": "add", "path": "users", "value": [str(stranger.id)]}).status == 400


@pytest.mark.parametrize("body", [{}, {"displayName": 7}, {"displayName": ""}, {"displayName": "x" * 101}, {"displayName": "a\nb"},
                                  {"displayName": "x", "users": {}}, {"displayName": "x", "users": [[]]},
                                  {"displayName": "x", "users": [7]},
                                  {"displayName": "x", "permissions": [[]]}, {"displayName": "x", "permissions": [LOGIN] * 101},
                                  {"displayName": "x", "externalId": {}}, {"displayName": "x", "externalId": "y" * 300}])
def test_strange_roles_are_refused(scim: Scim, body: dict[str, Any]) -> None:
    before = counts()
    for path in ("/Roles", "/v2/Roles"):
        assert ask(scim, "POST", path, body).status == 400
    assert counts() == before
