"""Attributes that a tenant adds to its users, under WSO2's custom URN: written, read, patched, found and described as any other."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from housekey.core.custom import CustomAttribute, CustomType
from housekey.core.principal import USER_UPDATE
from housekey.operations import custom_attributes
from housekey.store.models import SqlUser
from tests.doors.scim.anywhere import ask, bulk, post, statuses
from tests.doors.scim.support import ENTERPRISE, PATCH, USERS, Answer, Scim, person
from tests.operations.support import PASSWORD, World, other_world

CUSTOM = "urn:scim:schemas:extension:custom:User"


def add(world: World, name: str, type: CustomType = "string", description: str = "") -> None:
    custom_attributes.add(world.by, CustomAttribute(name, type, description), world.now)


@pytest.fixture(autouse=True)
def _attributes(world: World) -> None:
    add(world, "badge", description="The number on the badge.")
    add(world, "keyHolder", "boolean")
    add(world, "hiredAt", "dateTime")


def created(scim: Scim, name: str = "jane", **custom: Any) -> str:
    """The id of a new user with these custom attributes."""
    answer = scim.create(person(name, {CUSTOM: custom}))
    assert answer.status == 201, answer.text
    return str(answer.body["id"])


def custom(answer: Answer) -> Any:
    """What an answer shows under the URN, None without it; the list of schemas says the same."""
    assert answer.status in {200, 201}, answer.text
    assert (CUSTOM in answer.body["schemas"]) == (CUSTOM in answer.body)
    return answer.body.get(CUSTOM)


def found(scim: Scim, condition: str, more: str = "") -> list[str]:
    answer = scim.send("GET", f"?filter={quote(condition)}&attributes=userName{more}")
    assert answer.status == 200, answer.text
    return [row["userName"] for row in answer.body["Resources"]]


# --- writing and reading ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [(CUSTOM, "badge"), (CUSTOM.upper(), "BADGE"), (CUSTOM.lower(), "Badge")])
def test_what_was_written_in_any_case_is_shown_in_its_own(scim: Scim, names: tuple[str, str]) -> None:
    answer = scim.create(person("jane", {names[0]: {names[1]: "A-7"}}))
    assert custom(answer) == {"badge": "A-7"}
    read = scim.get(answer.body["id"])
    assert read.body == answer.body
    assert read.body["schemas"].count(CUSTOM) == 1


def test_who_has_none_shows_no_empty_extension(scim: Scim) -> None:
    assert custom(scim.create(person("jane", {CUSTOM: {}}))) is None
    assert custom(scim.create(person("joe", {CUSTOM: {"badge": None, "hiredAt": ""}}))) is None


@pytest.mark.parametrize(("written", "kept"), [(True, True), (False, False), ("true", True), ("FALSE", False)])
def test_a_boolean_may_be_a_text(scim: Scim, written: object, kept: bool) -> None:
    assert custom(scim.get(created(scim, keyHolder=written))) == {"keyHolder": kept}


@pytest.mark.parametrize(("written", "kept"), [
    ("2026-03-01T09:00:00Z", "2026-03-01T09:00:00.000Z"), ("2026-03-01T09:00:00+02:00", "2026-03-01T07:00:00.000Z"),
    ("2026-03-01T09:00:00.123456Z", "2026-03-01T09:00:00.123Z"), ("2026-03-01T09:00:00", "2026-03-01T09:00:00.000Z"),
])
def test_a_time_is_shown_in_utc_to_the_millisecond(scim: Scim, written: str, kept: str) -> None:
    user = created(scim, hiredAt=written)
    assert custom(scim.get(user)) == {"hiredAt": kept}
    assert custom(scim.patch(user, {"op": "replace", "path": f"{CUSTOM}:hiredAt", "value": written})) == {"hiredAt": kept}


@pytest.mark.parametrize(("name", "value"), [
    ("hiredAt", "soon"), ("hiredAt", "2026-02-30T00:00:00Z"), ("hiredAt", 7), ("hiredAt", True), ("hiredAt", {}),
    ("hiredAt", "0001-01-01T00:00:00+14:00"), ("keyHolder", "maybe"), ("keyHolder", 1), ("keyHolder", []), ("badge", 7), ("badge", True),
    ("badge", ["7"]), ("badge", {"value": "7"}), ("badge", "x" * 1001),
])
def test_a_value_of_another_type_is_refused_by_its_path(scim: Scim, name: str, value: object) -> None:
    user = created(scim, "joe")
    before = scim.get(user).body
    body = {CUSTOM: {name: value}}
    path = f"{CUSTOM}:{name}"
    for answer in (scim.create(person("jane", body)), scim.send("PUT", f"/{user}", person("joe", body)),
                   scim.patch(user, {"op": "add", "path": path, "value": value})):
        assert (answer.status, answer.body["scimType"]) == (400, "invalidValue"), answer.text
        assert path in answer.detail
    assert scim.named("jane").body["totalResults"] == 0
    assert scim.get(user).body == before


def test_the_extension_must_be_an_object(scim: Scim) -> None:
    for value in ("x", 7, ["badge"]):
        assert scim.create(person("jane", {CUSTOM: value})).status == 400


def test_what_the_tenant_did_not_define_is_ignored(scim: Scim) -> None:
    assert custom(scim.get(created(scim, badge="7", size="XL", department="R&D"))) == {"badge": "7"}
    assert custom(scim.create(person("joe", {CUSTOM: {"size": "XL"}}, badge="not without the URN"))) is None


def test_put_takes_away_what_it_leaves_out(scim: Scim) -> None:
    user = created(scim, badge="7", keyHolder=True)
    assert custom(scim.send("PUT", f"/{user}", person("jane", {CUSTOM: {"badge": "8"}}))) == {"badge": "8"}
    assert custom(scim.send("PUT", f"/{user}", person("jane"))) is None
    assert custom(scim.get(user)) is None


# --- PATCH ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [f"{CUSTOM}:badge", f"{CUSTOM.upper()}:BADGE", f"{CUSTOM}.badge", "badge"])
def test_one_is_patched_at_its_path(scim: Scim, path: str) -> None:
    user = created(scim, keyHolder=True)
    assert custom(scim.patch(user, {"op": "add", "path": path, "value": "7"})) == {"badge": "7", "keyHolder": True}
    assert custom(scim.patch(user, {"op": "replace", "path": path, "value": "8"})) == {"badge": "8", "keyHolder": True}
    assert custom(scim.patch(user, {"op": "remove", "path": path})) == {"keyHolder": True}
    assert custom(scim.patch(user, {"op": "remove", "path": f"{CUSTOM}:keyHolder"})) is None


def test_the_whole_extension_is_patched_at_its_urn(scim: Scim) -> None:
    user = created(scim, badge="7")
    added = {"op": "add", "path": CUSTOM, "value": {"keyHolder": "true", "size": "XL"}}
    assert custom(scim.patch(user, added)) == {"badge": "7", "keyHolder": True}
    assert custom(scim.patch(user, {"op": "replace", "path": CUSTOM.upper(), "value": {"BADGE": "8"}})) == {"badge": "8", "keyHolder": True}
    assert custom(scim.patch(user, {"op": "replace", "path": CUSTOM, "value": {"badge": None}})) == {"keyHolder": True}
    assert custom(scim.patch(user, {"op": "remove", "path": CUSTOM})) is None


@pytest.mark.parametrize("value", [{CUSTOM: {"badge": "7"}}, {f"{CUSTOM}:badge": "7"}, {CUSTOM.upper(): {"Badge": "7", "size": 1}}])
@pytest.mark.parametrize("op", ["add", "replace"])
def test_without_a_path_the_names_stand_in_the_value(scim: Scim, op: str, value: dict[str, Any]) -> None:
    user = created(scim, hiredAt="2026-03-01T09:00:00Z")
    answer = scim.patch(user, {"op": op, "value": value})
    assert custom(answer) == {"badge": "7", "hiredAt": "2026-03-01T09:00:00.000Z"}
    assert scim.get(user).body == answer.body


@pytest.mark.parametrize("path", [f"{CUSTOM}:size", f"{CUSTOM}:badge.value", f'{CUSTOM}:badge[value eq "7"]'])
def test_a_path_that_names_nothing_is_invalid(scim: Scim, path: str) -> None:
    answer = scim.patch(created(scim, badge="7"), {"op": "replace", "path": path, "value": "8"})
    assert (answer.status, answer.body["scimType"]) == (400, "invalidPath"), answer.text


# --- looking for users ------------------------------------------------------------------------------------------------


def test_users_are_found_by_it(scim: Scim) -> None:
    created(scim, "ann", badge="A-7", keyHolder=True, hiredAt="2026-03-01T09:00:00Z")
    created(scim, "bob", badge="b-8", keyHolder=False, hiredAt="2026-04-01T09:00:00+02:00")
    created(scim, "cyd")
    for condition, names in (
        (f'{CUSTOM}:badge eq "a-7"', ["ann"]), (f'{CUSTOM.upper()}:BADGE sw "B"', ["bob"]), ('badge co "-"', ["ann", "bob"]),
        (f'{CUSTOM}:badge ne "A-7" and userName ne "admin"', ["bob", "cyd"]), (f"{CUSTOM}:badge pr", ["ann", "bob"]),
        (f'{CUSTOM}:badge gt "a-8"', ["bob"]), (f"{CUSTOM}:keyHolder eq true", ["ann"]),
        (f'{CUSTOM}:keyHolder eq false and userName ne "admin"', ["bob", "cyd"]),
        (f'{CUSTOM}:hiredAt eq "2026-03-01T10:00:00+01:00"', ["ann"]), (f'{CUSTOM}:hiredAt gt "2026-03-01T09:00:00Z"', ["bob"]),
        (f"{CUSTOM}:hiredAt pr and not ({CUSTOM}:keyHolder eq true)", ["bob"]),
    ):
        assert found(scim, condition) == names, condition


def test_a_filter_on_what_is_not_defined_or_of_another_type_is_invalid(scim: Scim) -> None:
    for condition in (f'{CUSTOM}:size eq "XL"', f'{CUSTOM}:keyHolder co "t"', f'{CUSTOM}:hiredAt eq "soon"', f"{CUSTOM}:keyHolder gt true"):
        answer = scim.send("GET", f"?filter={quote(condition)}")
        assert (answer.status, answer.body["scimType"]) == (400, "invalidFilter"), condition


def test_users_are_sorted_by_it_those_without_it_last(scim: Scim) -> None:
    created(scim, "ann", badge="b", hiredAt="2026-03-01T09:00:00+05:00")
    created(scim, "bob", badge="A", hiredAt="2026-03-01T09:00:00Z")
    created(scim, "cyd")
    some = 'userName ne "admin"'
    assert found(scim, some, f"&sortBy={CUSTOM}:badge") == ["bob", "ann", "cyd"]
    assert found(scim, some, f"&sortBy={CUSTOM}:badge&sortOrder=descending")[-2:] == ["ann", "bob"]
    assert found(scim, some, f"&sortBy={CUSTOM}:hiredAt") == ["ann", "bob", "cyd"]
    pages = [found(scim, some, f"&sortBy={CUSTOM}:badge&count=1&startIndex={start}") for start in (1, 2, 3)]
    assert pages == [["bob"], ["ann"], ["cyd"]]


def test_a_search_may_name_it_anywhere(scim: Scim) -> None:
    created(scim, "ann", badge="7", keyHolder=True)
    answer = ask(scim, "POST", "/Users/.search", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
                                                  "filter": f'{CUSTOM}:badge eq "7"', "attributes": [f"{CUSTOM}:badge"],
                                                  "sortBy": f"{CUSTOM}:badge"})
    assert [row[CUSTOM] for row in answer.body["Resources"]] == [{"badge": "7"}]


@pytest.mark.parametrize(("query", "kept"), [
    (f"attributes={CUSTOM}:badge", {"badge": "7"}), (f"attributes={CUSTOM.upper()}:BADGE", {"badge": "7"}),
    (f"attributes={CUSTOM}", {"badge": "7", "keyHolder": True}), ("attributes=badge", {"badge": "7"}), ("attributes=userName", None),
    (f"excludedAttributes={CUSTOM}:badge", {"keyHolder": True}), (f"excludedAttributes={CUSTOM}", None),
])
def test_an_answer_shows_of_it_what_was_asked_for(scim: Scim, query: str, kept: Any) -> None:
    user = created(scim, badge="7", keyHolder=True)
    answer = scim.send("GET", f"/{user}?{query}")
    assert custom(answer) == kept
    assert ("emails" in answer.body) == query.startswith("excluded")


# --- discovery, and the end of an attribute ---------------------------------------------------------------------------


def extensions(scim: Scim) -> set[str]:
    return {row["schema"] for row in ask(scim, "GET", "/ResourceTypes/User").body["schemaExtensions"]}


def test_it_is_described_to_this_tenant_only(scim: Scim, world: World) -> None:
    described = ask(scim, "GET", f"/Schemas/{CUSTOM}").body
    rows = {row["name"]: row for row in described["attributes"]}
    assert {name: row["type"] for name, row in rows.items()} == {"badge": "string", "keyHolder": "boolean", "hiredAt": "dateTime"}
    assert rows["badge"]["description"] == "The number on the badge."
    assert {row["mutability"] for row in rows.values()} == {"readWrite"}
    assert described in ask(scim, "GET", "/Schemas").body["Resources"]
    assert CUSTOM in extensions(scim)
    other = other_world(world)
    other.add("root", role="admin")
    theirs = Scim("root", PASSWORD, "/t/acme.example")
    assert ask(theirs, "GET", f"/Schemas/{CUSTOM}").status == 404
    assert CUSTOM not in {row["id"] for row in ask(theirs, "GET", "/Schemas").body["Resources"]}
    assert CUSTOM not in extensions(theirs)
    assert custom(theirs.create(person("jane", {CUSTOM: {"badge": "7"}}))) is None
    assert theirs.send("GET", f"?filter={quote(f'{CUSTOM}:badge pr')}").status == 400


def test_a_removed_one_is_seen_nowhere_and_its_values_go_when_the_user_is_written(scim: Scim, world: World) -> None:
    user = created(scim, badge="7", keyHolder=True)
    custom_attributes.remove(world.by, "badge", world.now)
    assert custom(scim.get(user)) == {"keyHolder": True}
    assert scim.send("GET", f"?filter={quote(f'{CUSTOM}:badge pr')}").status == 400
    assert "badge" not in ask(scim, "GET", f"/Schemas/{CUSTOM}").text
    assert custom(scim.send("PUT", f"/{user}", person("jane", {CUSTOM: {"badge": "8", "keyHolder": True}}))) == {"keyHolder": True}
    assert "badge" not in str(SqlUser.objects.within(world.tenant).get(id=user).more)
    add(world, "badge")
    assert custom(scim.get(user)) == {"keyHolder": True}


@pytest.mark.parametrize("type", ["boolean", "dateTime"])
def test_with_another_type_it_shows_nothing_of_the_old_one(scim: Scim, world: World, type: CustomType) -> None:
    user = created(scim, badge="true")
    other = created(scim, "joe", badge="2026-03-01")
    custom_attributes.remove(world.by, "badge", world.now)
    add(world, "badge", type)
    assert [custom(scim.get(user)), custom(scim.get(other))] == [None, None]
    assert custom(scim.patch(user, {"op": "replace", "path": "displayName", "value": "Jane"})) is None


# --- other addresses --------------------------------------------------------------------------------------------------


def test_its_owner_reads_it_and_does_not_write_it(scim: Scim, world: World) -> None:
    """A-132: what the tenant keeps about a person is not the person's to change."""
    world.add("sam", mail="sam@example.com")
    sam = Scim("sam", PASSWORD)
    own = ask(sam, "GET", "/Me").body
    scim.patch(own["id"], {"op": "add", "path": f"{CUSTOM}:badge", "value": "7"})
    own = ask(sam, "GET", "/Me").body
    assert own[CUSTOM] == {"badge": "7"}
    for operation in ({"op": "replace", "path": f"{CUSTOM}:badge", "value": "8"}, {"op": "remove", "path": CUSTOM},
                      {"op": "add", "value": {CUSTOM: {"keyHolder": True}}}):
        answer = ask(sam, "PATCH", "/Me", {"schemas": [PATCH], "Operations": [operation]})
        assert (answer.status, USER_UPDATE in answer.detail) == (403, True)
    assert ask(sam, "PUT", "/Me", own | {CUSTOM: {"badge": "8"}}).status == 403
    assert ask(sam, "PUT", "/Me", own | {"nickName": "S"}).body[CUSTOM] == {"badge": "7"}
    assert ask(sam, "PUT", "/Me", {"userName": "sam"}).body[CUSTOM] == {"badge": "7"}


def test_what_was_removed_is_not_in_its_owners_way(scim: Scim, world: World) -> None:
    """The values of a removed attribute are still there, and nobody can see or send them."""
    world.add("sam", mail="sam@example.com")
    sam = Scim("sam", PASSWORD)
    own = ask(sam, "GET", "/Me").body["id"]
    scim.patch(own, {"op": "add", "path": CUSTOM, "value": {"badge": "7", "keyHolder": True}})
    custom_attributes.remove(world.by, "badge", world.now)
    patched = ask(sam, "PATCH", "/Me", {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "nickName", "value": "S"}]})
    assert (custom(patched), patched.body["nickName"]) == ({"keyHolder": True}, "S")
    scim.patch(own, {"op": "add", "path": CUSTOM, "value": {"keyHolder": True}})
    custom_attributes.remove(world.by, "keyHolder", world.now)
    put = ask(sam, "PUT", "/Me", ask(sam, "GET", "/Me").body | {"nickName": "Sam"})
    assert (custom(put), put.body["nickName"]) == (None, "Sam")


def test_bulk_writes_it_too(scim: Scim) -> None:
    made = bulk(scim, post("a", person("jane", {CUSTOM: {"badge": "7"}})), post("b", person("joe", {CUSTOM: {"hiredAt": "soon"}})))
    assert statuses(made) == ["201", "400"]
    user = made.body["Operations"][0]["location"].rpartition("/")[2]
    changed = bulk(scim, {"method": "PATCH", "path": f"{USERS.removeprefix('/scim2')}/{user}", "data": {
        "Operations": [{"op": "replace", "path": f"{CUSTOM}:badge", "value": "8"}]}})
    assert statuses(changed) == ["200"]
    assert custom(scim.get(user)) == {"badge": "8"}


def test_it_stands_beside_the_other_extensions(scim: Scim) -> None:
    answer = scim.create(person("jane", {ENTERPRISE: {"department": "R&D", "badge": "7"}, CUSTOM: {"badge": "8"}}))
    assert (custom(answer), answer.body[ENTERPRISE]) == ({"badge": "8"}, {"department": "R&D"})
