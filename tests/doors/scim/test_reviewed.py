"""What a review found: tags, orders and repeated patches that did not say the same twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from housekey.conf.schema import UserStores
from housekey.operations import roles
from tests.doors.scim.anywhere import add_group, ask, bulk, post
from tests.doors.scim.support import Scim, person
from tests.operations.support import World


def listed(scim: Scim, path: str) -> list[Any]:
    answer = ask(scim, "GET", path)
    assert answer.status == 200, answer.text
    return list(answer.body["Resources"])


def test_a_list_names_the_version_that_a_single_read_names(world: World, scim: Scim) -> None:
    """Groups and roles in a different order are the same ones; whoever lists may change what was listed."""
    jane = scim.create(person()).body["id"]
    for name in ("apple", "Zebra"):
        add_group(scim, name, jane)
        roles.add(world.by, f"{name} role", (), world.now)
        roles.grant(world.by, UUID(jane), f"{name} role", world.now)
    [row] = listed(scim, "/Users?filter=" + quote('userName co "jane"'))
    assert row["meta"]["version"] == scim.get(jane).headers["ETag"]
    changed = ask(scim, "PATCH", f"/Users/{jane}", {"Operations": [{"op": "add", "path": "title", "value": "Dr"}]},
                  If_Match=row["meta"]["version"])
    assert changed.status == 200


def test_a_role_has_its_version_whatever_of_it_is_shown(world: World, scim: Scim) -> None:
    jane = world.add("jane")
    made = ask(scim, "POST", "/v2/Roles", {"displayName": "Readers", "users": [{"value": str(jane.id)}]})
    for query in ("", "&excludedAttributes=users", "&attributes=meta"):
        versions = {row["id"]: row["meta"]["version"] for row in listed(scim, f"/v2/Roles?count=100{query}")}
        assert versions[made.body["id"]] == made.headers["ETag"]


def test_roles_without_what_is_sorted_by_come_last_and_first_when_descending(scim: Scim) -> None:
    """RFC 7644 section 3.4.2.3."""
    for name, external in (("R1", "a"), ("R2", "b")):
        assert ask(scim, "POST", "/v2/Roles", {"displayName": name, "externalId": external}).status == 201
    upwards = [row.get("externalId") for row in listed(scim, "/v2/Roles?sortBy=externalId")]
    assert upwards[:2] == ["a", "b"]
    downwards = [row.get("externalId") for row in listed(scim, "/v2/Roles?sortBy=externalId&sortOrder=descending")]
    assert downwards == upwards[::-1]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "emails", "value": [{"value": "jane@example.com", "type": "work", "primary": True}]},
        {"op": "add", "value": {"emails": [{"value": "jane@example.com", "type": "work"}]}},
        {"op": "replace", "path": "displayName", "value": "Jane"},
        {"op": "replace", "value": {"active": True}},
        {"op": "remove", "path": "nickName"},
    ],
)
def test_a_patch_that_changes_nothing_leaves_values_version_and_time(scim: Scim, operation: dict[str, Any]) -> None:
    """RFC 7644 section 3.5.2.1: it shall not change the modify timestamp; whoever sends it again adds nothing either."""
    emails = [{"value": "jane@example.com", "type": "work", "primary": True}]
    before = scim.create(person(emails=emails, displayName="Jane", password="Sehr-geheim-7")).body
    answer = scim.patch(before["id"], operation)
    assert (answer.status, answer.body) == (200, before)
    assert scim.get(before["id"]).body == before


def test_a_put_of_what_was_read_leaves_version_and_time(scim: Scim) -> None:
    before = scim.create(person(displayName="Jane")).body
    assert scim.send("PUT", f"/{before['id']}", before).body == before


def test_an_added_value_that_is_there_gets_what_it_lacked(scim: Scim) -> None:
    """RFC 7643 section 2.4: no value of the same type twice."""
    emails = [{"value": "a@example.com", "type": "work"}, {"value": "b@example.com", "primary": True}]
    jane = scim.create(person(emails=emails)).body["id"]
    added = {"op": "add", "path": "emails", "value": [{"value": "a@example.com", "type": "work", "primary": True}]}
    for _ in range(2):
        rows = scim.patch(jane, added).body["emails"]
        assert [(row["value"], row.get("primary")) for row in rows] == [("a@example.com", True), ("b@example.com", False)]


@pytest.fixture
def two(world: World, settings: Any) -> World:
    """A domain STAFF beside PRIMARY, with two users and a namesake of one of them."""
    settings.HOUSE = world.house = replace(world.house, config=replace(world.house.config, user_stores=UserStores(("Staff",))))
    for name in ("zoe", "alex", "STAFF/alex", "STAFF/Bob"):
        world.add(name, mail=f"{name.replace('/', '.')}@example.com")
    return world


EVERYBODY = ["admin", "alex", "STAFF/alex", "STAFF/Bob", "zoe"]


def names(rows: list[Any]) -> list[str]:
    return [row["userName"] for row in rows]


def test_users_of_every_domain_are_listed_and_counted(two: World, scim: Scim) -> None:
    answer = ask(scim, "GET", "/Users").body
    assert (names(answer["Resources"]), answer["totalResults"]) == (EVERYBODY, 5)
    assert names(listed(scim, "/Users?sortOrder=descending")) == EVERYBODY[::-1]
    for query, total in (("count=0", 5), ("count=0&domain=staff", 2), ("count=0&domain=PRIMARY", 3)):
        assert ask(scim, "GET", f"/Users?{query}").body["totalResults"] == total
    assert names(listed(scim, "/Users?domain=staff")) == ["STAFF/alex", "STAFF/Bob"]
    assert names(listed(scim, "/Users?domain=PRIMARY")) == ["admin", "alex", "zoe"]


@pytest.mark.parametrize("query", ["", "&sortOrder=descending", "&sortBy=emails", "&domain=STAFF", "&filter=userName%20ne%20%22x%22"])
def test_a_walk_by_cursor_meets_the_users_of_every_domain_once(two: World, scim: Scim, query: str) -> None:
    whole, cursor = names(listed(scim, f"/Users?count=50{query}")), ""
    met: list[str] = []
    while cursor or not met:
        body = ask(scim, "GET", f"/Users?count=2&cursor={cursor}{query}").body
        met += names(body["Resources"])
        cursor = body.get("nextCursor", "")
    assert met == whole
    assert len(whole) == (2 if "domain" in query else 5)


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ('userName eq "staff/ALEX"', ["STAFF/alex"]),
        ('userName eq "alex"', ["alex"]),
        ('userName eq "PRIMARY/alex"', ["alex"]),
        ('userName eq "NOWHERE/alex"', []),
        ('userName eq "staff/alex" and active eq true', ["STAFF/alex"]),
        ('userName eq "alex" and active eq true', ["alex"]),
        ('userName ne "staff/alex"', ["admin", "alex", "STAFF/Bob", "zoe"]),
        ('userName sw "staff/"', ["STAFF/alex", "STAFF/Bob"]),
        ('userName sw "Staff/A"', ["STAFF/alex"]),
        ('userName sw "a"', ["admin", "alex"]),
        ('userName co "/b"', ["STAFF/Bob"]),
        ('userName ew "lex"', ["alex", "STAFF/alex"]),
        ('userName gt "s"', ["STAFF/alex", "STAFF/Bob", "zoe"]),
        ('emails.value eq "staff.bob@example.com"', ["STAFF/Bob"]),
        ('userName pr', EVERYBODY),
    ],
)
def test_a_filter_on_the_name_means_the_name_as_it_is_shown(two: World, scim: Scim, filter: str, found: list[str]) -> None:
    body = ask(scim, "GET", "/Users?filter=" + quote(filter)).body
    assert (names(body["Resources"]), body["totalResults"]) == (found, len(found))


def test_a_filter_on_the_domain_alone_finds_its_user(two: World, scim: Scim) -> None:
    query = quote('userName eq "staff/alex"')
    assert names(listed(scim, f"/Users?domain=STAFF&filter={query}")) == ["STAFF/alex"]
    assert names(listed(scim, f"/Users?domain=PRIMARY&filter={query}")) == []


def test_users_are_found_by_the_name_of_their_group_as_it_is_shown(two: World, scim: Scim) -> None:
    bob = listed(scim, "/Users?filter=" + quote('userName eq "staff/bob"'))[0]["id"]
    add_group(scim, "STAFF/Ops", bob)
    for filter in ('groups.display eq "staff/ops"', 'groups.display sw "staff/o"', 'groups[display co "/op"]'):
        assert names(listed(scim, "/Users?filter=" + quote(filter))) == ["STAFF/Bob"]
    assert names(listed(scim, "/Users?filter=" + quote('groups.display eq "ops"'))) == []


def test_operations_of_a_bulk_that_wait_for_one_another_are_no_question_of_uniqueness(scim: Scim) -> None:
    """RFC 7644 section 3.7.1: 409; section 3.12: uniqueness is for values that are taken."""
    body = bulk(scim, post("a", {"displayName": "A", "members": [{"value": "bulkId:b"}]}, "/Groups"),
                post("b", {"displayName": "B", "members": [{"value": "bulkId:a"}]}, "/Groups")).body
    assert [(row["status"], row["response"].get("scimType")) for row in body["Operations"]] == [("409", None), ("409", None)]
