"""Lists of users: filters, order, pages by index and by cursor, and /.search (RFC 7644 section 3.4, RFC 9865)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from housekey.operations import cursors
from housekey.operations.cursors import Mark
from housekey.store.models import Account, SqlMail, SqlUser
from housekey.userstores import pages
from tests.doors.scim.support import ENTERPRISE, USERS, WSO2, Answer, Scim, invited
from tests.operations.support import PASSWORD, World, other_world

PEOPLE: list[dict[str, Any]] = [
    {"userName": "alex", "name": {"givenName": "Alex", "familyName": "Olsen"}, "displayName": "Zed", "externalId": "E-1",
     "emails": [{"value": "alex@example.com", "type": "work"}, {"value": "ao@example.org", "type": "home", "primary": True}]},
    {"userName": "Berit", "name": {"givenName": "berit", "familyName": "Åsen"}, "displayName": "anna", "externalId": "e-1", "active": False,
     "emails": [{"value": "Berit@Example.com"}], ENTERPRISE: {"department": "Sales"}},
    {"userName": "chris", "displayName": "Émile", "phoneNumbers": [{"value": "+47 1", "type": "mobile"}], "title": "50% off_x"},
    {"userName": "dora", "name": {"givenName": "Dora"}, "emails": [{"value": "dora@example.net", "primary": True}]},
]


@pytest.fixture
def door(scim: Scim) -> Scim:
    """Four people beside the administrator."""
    for person in PEOPLE:
        assert scim.create(person).status == 201
    return scim


def listed(door: Scim, **query: Any) -> Answer:
    return Answer(door.client.get(f"{door.prefix}{USERS}", query, headers=door.headers))


def searched(door: Scim, path: str = "/Users", **body: object) -> Answer:
    schemas = ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]
    return Answer(door.client.generic("POST", f"{door.prefix}/scim2{path}/.search", json.dumps({"schemas": schemas, **body}),
                                      "application/scim+json", headers=door.headers))


def names(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    assert answer.body["itemsPerPage"] == len(answer.body["Resources"])
    return [row.get("userName") or row.get("displayName") for row in answer.body["Resources"]]


@pytest.mark.parametrize(("text", "found"), [
    ('userName eq "BERIT"', ["Berit"]), ('userName sw "a"', ["admin", "alex"]), ('externalId eq "E-1"', ["alex"]),
    ('externalId eq "e-1"', ["Berit"]),
    ('emails.value eq "alex@example.com"', ["alex"]), ('emails eq "AO@example.org"', ["alex"]),
    ('emails co "example.com"', ["alex", "Berit"]),
    ('emails[type eq "work" and value ew "@example.com"]', ["alex"]), ('emails[type eq "home" and value eq "alex@example.com"]', []),
    ('name.familyName eq "a\\u030asen"', ["Berit"]), ('name.givenName sw "B"', ["Berit"]), ("name.givenName pr", ["alex", "Berit", "dora"]),
    ("active eq false", ["Berit"]), ('active eq "True" and emails pr', ["alex", "dora"]), ("not (emails pr)", ["admin", "chris"]),
    ('displayName gt "b"', ["alex", "chris"]), ('title co "% off_"', ["chris"]), ('title co "%off"', []),
    ('phoneNumbers.type eq "mobile"', ["chris"]),
    ('department eq "sales" or displayName eq "émile"', ["Berit", "chris"]), ('roles eq "admin"', ["admin"]),
    ('accountState eq "UNLOCKED"', ["admin"]),
    (f'{ENTERPRISE}:accountState eq "DISABLED"', ["Berit"]), ('meta.created gt "2020-01-01T00:00:00Z" and userName ge "c"',
                                                              ["chris", "dora"]),
    ('meta.lastModified lt "2020-01-01"', []), ('userName eq "alex" or userName eq "dora"', ["alex", "dora"]),
])
def test_a_filter_finds_whom_it_means(door: Scim, text: str, found: list[str]) -> None:
    if text.startswith("accountState"):
        found = ["admin", "alex", "chris", "dora"]
    answer = listed(door, filter=text)
    assert (names(answer), answer.body["totalResults"]) == (found, len(found))
    assert names(searched(door, filter=text)) == found


def test_a_user_is_found_by_id_and_by_a_time_to_the_millisecond(door: Scim) -> None:
    alex = listed(door, filter='userName eq "alex"').body["Resources"][0]
    assert names(listed(door, filter=f'id eq "{alex["id"]}"')) == ["alex"]
    assert names(listed(door, filter=f'id eq "{alex["id"].upper()}"')) == ([] if alex["id"] != alex["id"].upper() else ["alex"])
    assert "alex" in names(listed(door, filter=f'meta.created eq "{alex["meta"]["created"]}"'))


def test_what_is_changed_is_found_as_it_is_now(door: Scim) -> None:
    user_id = listed(door, filter='userName eq "alex"').body["Resources"][0]["id"]
    door.patch(user_id, {"op": "replace", "path": "emails", "value": [{"value": "new@example.com", "type": "work"},
                                                                      {"value": "more@example.com"}]},
               {"op": "replace", "path": "displayName", "value": "Aaron"})
    assert names(listed(door, filter='emails eq "alex@example.com"')) == []
    assert names(listed(door, filter='emails eq "new@example.com"')) == names(listed(door,
                                                                                     filter='emails eq "more@example.com"')) == ["alex"]
    assert names(listed(door, filter='displayName eq "aaron"')) == ["alex"]
    assert door.delete(user_id).status == 204
    assert not SqlMail.objects.across_tenants("a look at all").exists()
    assert listed(door).body["totalResults"] == 4


def test_the_pending_and_the_locked_are_found_by_their_state(scim: Scim) -> None:
    scim.create(invited("jane"))
    scim.create({"userName": "lock", ENTERPRISE: {"accountLocked": True}})
    assert names(listed(scim, filter=f'{WSO2}:accountState eq "PENDING_AP"')) == ["jane"]
    assert names(listed(scim, filter="accountLocked eq true")) == ["jane", "lock"]
    assert names(listed(scim, filter='lockedReason eq "ADMIN_INITIATED"')) == ["lock"]
    assert names(listed(scim, filter="accountLocked eq false")) == ["admin"]


@pytest.mark.parametrize("text", ['shoeSize eq "7"', "title gt", 'active gt "x"', "(" * 200 + "title pr" + ")" * 200, 'members eq "x"',
                                  'title eq "x" or ' * 200 + "title pr", "tenant eq 1", "password_hash pr", 'more eq "x"', "__class__ pr"])
def test_what_cannot_be_looked_for_is_refused_and_never_passed_over(door: Scim, text: str) -> None:
    """A-104, A-107."""
    for answer in (listed(door, filter=text), searched(door, filter=text)):
        assert (answer.status, answer.body["scimType"]) == (400, "invalidFilter")
        assert answer.detail


def test_a_secret_in_an_address_is_refused_as_sensitive_and_in_a_body_as_no_filter(door: Scim) -> None:
    """A-106; RFC 7644 section 7.5.2."""
    for text in ('password sw "$"', "not (password pr)", 'oneTimePassword eq "123456"'):
        answer, body = listed(door, filter=text), searched(door, filter=text)
        assert (answer.status, answer.body["scimType"]) == (403, "sensitive")
        assert (body.status, body.body["scimType"]) == (400, "invalidFilter")
    for path in ("password", "oneTimePassword"):
        assert listed(door, sortBy=path).status == 400


@pytest.mark.parametrize("text", ["' OR 1=1 --", '\\" OR 1=1 --', "%", "_", "x') OR ('a'='a", "$.emails", "\\u0000", "{d}", "%s", "{has}"])
def test_what_looks_like_sql_is_a_text(door: Scim, text: str) -> None:
    """A-104."""
    for name in ("userName", "displayName", "emails", "externalId", "title", "roles", "groups.display", "manager", "accountState"):
        for op in ("eq", "co", "sw", "ew"):
            found = names(listed(door, filter=f'{name} {op} "{text}"'))
            assert found == (["chris"] if (name, text) in {("title", "%"), ("title", "_")} and op == "co" else [])


@pytest.mark.parametrize(("query", "found"), [
    ({}, ["admin", "alex", "Berit", "chris", "dora"]), ({"sortOrder": "descending"}, ["dora", "chris", "Berit", "alex", "admin"]),
    ({"sortBy": "displayName"}, ["Berit", "alex", "chris"]), ({"sortBy": "DISPLAYNAME", "sortOrder": "Descending"},
                                                              ["chris", "alex", "Berit"]),
    ({"sortBy": "emails"}, ["alex", "Berit", "dora"]), ({"sortBy": "name.givenName"}, ["alex", "Berit", "dora"]),
    ({"sortBy": "externalId"}, ["alex", "Berit"]), ({"sortBy": "department"}, ["Berit"]), ({"sortBy": "title"}, ["chris"]),
])
def test_lists_are_sorted_by_what_is_asked_for_and_who_has_none_comes_last(door: Scim, query: dict[str, str], found: list[str]) -> None:
    """RFC 7644 section 3.4.2.3: last when ascending, first when descending."""
    everybody = names(listed(door, **query))
    without = everybody[: -len(found)] if query.get("sortOrder") else everybody[len(found) :]
    assert [name for name in everybody if name not in without] == found
    assert len(everybody) == 5


@pytest.mark.parametrize("path", ["meta.created", "meta.lastModified", "id", "active", "accountState", "accountLocked", "emails.value",
                                  "locale"])
def test_every_single_value_can_be_sorted_by(door: Scim, path: str) -> None:
    assert names(listed(door, sortBy=path)) == names(listed(door, sortBy=path, sortOrder="descending"))[::-1]


@pytest.mark.parametrize("query", [{"sortBy": "shoeSize"}, {"sortBy": "phoneNumbers"}, {"sortBy": "name"}, {"sortBy": "groups"},
                                   {"sortBy": "password"},
                                   {"sortBy": "userName", "sortOrder": "sideways"}, {"sortBy": "1; DROP TABLE store_account"},
                                   {"domain": "LDAP"},
                                   {"startIndex": "one"}, {"count": "1.5"}])
def test_what_cannot_be_sorted_or_counted_by_is_refused(door: Scim, query: dict[str, str]) -> None:
    answer = listed(door, **query)
    assert (answer.status, answer.body["scimType"] in {"invalidValue", "invalidPath"}) == (400, True)
    assert answer.detail


def test_pages_by_index_are_honest_about_the_total(door: Scim) -> None:
    def page(**query: object) -> tuple[int, int, list[str]]:
        answer = listed(door, **query)
        return answer.body["totalResults"], answer.body["startIndex"], names(answer)

    assert page(startIndex=2, count=2) == (5, 2, ["alex", "Berit"])
    assert page(startIndex=5, count=2) == (5, 5, ["dora"])
    assert page(startIndex=6, count=2) == (5, 6, [])
    assert page(startIndex=-3, count=-1) == (5, 1, [])
    assert page(count=0) == (5, 1, [])
    assert page(count=0, filter='emails co "example"') == (3, 1, [])
    assert page(count=1, startIndex=2, filter='emails co "example"') == (3, 2, ["Berit"])
    assert page(count=1, startIndex=2, filter='userName eq "alex"') == (1, 2, [])
    assert page(count=10**30, startIndex=1)[0] == 5
    assert page(domain="primary") == (5, 1, ["admin", "alex", "Berit", "chris", "dora"])


def walked(door: Scim, **query: object) -> list[list[str]]:
    """The pages of a walk, to its end."""
    found, cursor = [], ""
    while True:
        answer = listed(door, cursor=cursor, **query)
        found.append(names(answer))
        assert "startIndex" not in answer.body
        cursor = answer.body.get("nextCursor", "")
        if not cursor:
            return found


def test_a_walk_by_cursor_goes_through_everybody_and_back(door: Scim) -> None:
    """RFC 9865 section 2."""
    assert walked(door, count=2) == [["admin", "alex"], ["Berit", "chris"], ["dora"]]
    assert walked(door, count=5) == [["admin", "alex", "Berit", "chris", "dora"]]
    assert walked(door, count=2, sortBy="displayName", sortOrder="descending", filter="displayName pr") == [["chris", "alex"], ["Berit"]]
    first = listed(door, cursor="", count=2)
    assert "previousCursor" not in first.body
    second = listed(door, cursor=first.body["nextCursor"], count=2)
    assert names(listed(door, cursor=second.body["previousCursor"], count=2)) == names(first)
    assert second.body["totalResults"] == 5


def test_a_walk_goes_on_from_where_it_was_whoever_comes_and_goes(door: Scim) -> None:
    first = listed(door, cursor="", count=2)
    for name in ("alex", "Berit"):
        assert door.delete(listed(door, filter=f'userName eq "{name}"').body["Resources"][0]["id"]).status == 204
    door.create({"userName": "aaron"})
    door.create({"userName": "bob"})
    second = listed(door, cursor=first.body["nextCursor"], count=2)
    assert names(second) == ["bob", "chris"]
    back = listed(door, cursor=second.body["previousCursor"], count=2)
    assert names(back) == ["aaron", "admin"]


def test_who_steps_back_to_where_nobody_is_left_can_step_on_again(scim: Scim) -> None:
    for name in ("a", "b", "c"):
        scim.create({"userName": name})
    first = listed(scim, cursor="", count=1)
    second = listed(scim, cursor=first.body["nextCursor"], count=5)
    assert (names(first), names(second)) == (["a"], ["admin", "b", "c"])
    scim.delete(first.body["Resources"][0]["id"])
    empty = listed(scim, cursor=second.body["previousCursor"], count=5)
    assert (names(empty), "previousCursor" in empty.body) == ([], False)
    assert names(listed(scim, cursor=empty.body["nextCursor"], count=5)) == ["admin", "b", "c"]


def test_a_cursor_answers_only_its_own_question(door: Scim, world: World) -> None:
    """A-104: changed by a letter, cut, made up, or taken to another filter, order, direction or tenant."""
    cursor = listed(door, cursor="", count=1, filter="emails pr").body["nextCursor"]
    assert listed(door, cursor=cursor, count=2, filter="emails pr").status == 200
    assert listed(door, cursor=cursor, filter='EMAILS   pr').status == 200
    forged = [cursor[:-1] + ("A" if cursor[-1] != "A" else "B"), "B" + cursor[1:], cursor[:-4], cursor + "AAAA", "x", "%00", "é",
              "A" * 5_000, cursor + "="]
    for text in forged:
        answer = listed(door, cursor=text, filter="emails pr")
        assert (answer.status, answer.body["scimType"]) == (400, "invalidCursor")
        assert answer.detail
    for query in ({}, {"filter": "title pr"}, {"filter": "emails pr", "sortBy": "displayName"},
                  {"filter": "emails pr", "sortOrder": "descending"}):
        assert listed(door, cursor=cursor, **query).body["scimType"] == "invalidCursor"
    there = other_world(world)
    there.add("chief", role="admin")
    other = Scim("chief", PASSWORD, "/t/acme.example")
    assert listed(other, cursor="", filter="emails pr").status == 200
    assert listed(other, cursor=cursor, filter="emails pr").body["scimType"] == "invalidCursor"


def test_an_old_cursor_has_expired(world: World) -> None:
    mark = Mark(pages.Place("after", "alex", Account.objects.within(world.tenant).get().id), 7)
    text = cursors.write(world.house.keys, "question", mark, world.now)
    assert cursors.read(world.house.keys, "question", text, world.now + timedelta(seconds=cursors.TIMEOUT - 2)) == mark
    with pytest.raises(cursors.BadCursor) as refusal:
        cursors.read(world.house.keys, "question", text, world.now + timedelta(seconds=cursors.TIMEOUT + 2))
    assert refusal.value.scim_type == "expiredCursor"


def test_a_cursor_may_stand_in_an_address_as_it_is(door: Scim) -> None:
    """RFC 9865 section 2: only RFC 3986's unreserved characters."""
    door.create({"userName": "ÿÿÿ>>>???"[:3], "displayName": "Ω"})
    cursor = listed(door, cursor="", count=1, sortBy="displayName").body["nextCursor"]
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert cursor.isascii()


@pytest.mark.parametrize("count", ["0", "-1", "x"])
def test_a_walk_needs_a_count(door: Scim, count: str) -> None:
    answer = listed(door, cursor="", count=count)
    assert (answer.status, answer.body["scimType"]) == (400, "invalidCount")


def test_search_takes_what_a_list_takes_and_shows_what_is_asked_for(door: Scim) -> None:
    answer = searched(door, filter="displayName pr", sortBy="displayName", sortOrder="descending", startIndex=2, count=1,
                      attributes=["userName"])
    assert names(answer) == ["alex"]
    assert answer.body["totalResults"] == 3
    assert set(answer.body["Resources"][0]) == {"schemas", "id", "userName"}
    assert "emails" not in searched(door, excludedAttributes="emails", COUNT="2").body["Resources"][1]
    first = searched(door, cursor="", count=2)
    assert names(searched(door, cursor=first.body["nextCursor"], count=2)) == ["Berit", "chris"]


@pytest.mark.parametrize("body", [{"filter": 7}, {"attributes": [7]}, {"attributes": {}}, {"count": True}, {"count": 1.5},
                                  {"startIndex": []},
                                  {"sortOrder": 1}, {"sortOrder": "up"}, {"cursor": 7}, {"attributes": ["a"] * 9_000}])
def test_a_search_of_the_wrong_shape_is_refused(door: Scim, body: dict[str, Any]) -> None:
    for path in ("/Users", "/Groups", ""):
        assert searched(door, path, **body).status == 400


def test_a_search_over_everything_finds_users_and_groups_in_one_list(door: Scim) -> None:
    for name in ("Anna's team", "Zoo"):
        assert Answer(door.client.generic("POST", "/scim2/Groups", json.dumps({"displayName": name}), "application/json",
                                          headers=door.headers)).status == 201
    both = searched(door, "", filter='displayName sw "an" or displayName sw "Z"')
    assert (names(both), both.body["totalResults"]) == (["alex", "Berit", "Anna's team", "Zoo"], 4)
    assert names(searched(door, "", filter='userName sw "d"')) == ["dora"]
    everything = names(searched(door, ""))
    assert everything[:7] == ["admin", "alex", "Berit", "chris", "dora", "Anna's team", "Zoo"]
    assert searched(door, "").body["totalResults"] == len(everything) > 7  # the shipped roles
    pairs = [names(searched(door, "", startIndex=start, count=2)) for start in range(1, len(everything) + 3, 2)]
    assert [name for pair in pairs for name in pair] == everything
    assert searched(door, "", filter='shoeSize eq "7"').body["scimType"] == "invalidFilter"
    assert searched(door, "", filter="password pr").status == 400
    assert searched(door, "", sortBy="displayName").status == searched(door, "", cursor="").status == 400
    assert names(searched(door, "/Groups", filter='displayName eq "zoo"')) == ["Zoo"]
    assert "admin" in names(searched(door, "/Roles", filter='displayName sw "a"'))
    assert Answer(door.client.get("/scim2/Users/.search", headers=door.headers)).status == 405


def test_lists_are_for_who_may_list(world: World) -> None:
    world.add("plain")
    nobody = Scim("plain", PASSWORD)
    for answer in (listed(nobody), listed(nobody, cursor=""), searched(nobody), searched(nobody, "")):
        assert answer.status == 403


def crowd(world: World, size: int) -> None:
    for number in range(size):
        world.add(f"crowd{number:03}", None, mail=f"crowd{number}@example.com")


def test_a_long_list_costs_as_many_queries_as_a_short_one(world: World, scim: Scim) -> None:
    questions: list[dict[str, object]] = [{}, {"cursor": ""}, {"filter": 'emails co "crowd"'}, {"sortBy": "emails"},
                                          {"filter": 'userName eq "crowd001"'},
                                          {"filter": 'userName sw "crowd"', "cursor": "", "count": 2}]
    scim.named("admin")
    crowd(world, 4)
    few = [queries(scim, question) for question in questions]
    crowd_before = Account.objects.within(world.tenant).count()
    for number in range(40):
        world.add(f"more{number:03}", None, mail=f"crowd-{number}@example.com")
    many = [queries(scim, question) for question in questions]
    assert crowd_before == 5
    assert many == few
    assert max(many) <= 12


def queries(scim: Scim, question: dict[str, object]) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert listed(scim, **question).status == 200
    return len(seen)


def test_the_total_is_kept_through_creating_and_deleting(world: World, scim: Scim) -> None:
    """It is kept, not counted: a list of a million says it as fast."""
    crowd(world, 3)
    assert scim.create({"userName": "crowd001"}).status == 409
    scim.delete(listed(scim, filter='userName eq "crowd002"').body["Resources"][0]["id"])
    assert listed(scim, count=1).body["totalResults"] == Account.objects.within(world.tenant).count() == 3
    assert SqlUser.objects.within(world.tenant).count() == 3
