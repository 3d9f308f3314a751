"""/scim2/Bulk: many operations, each as if it came alone (RFC 7644 section 3.7; A-137)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from housekey.core import principal as p
from housekey.core.properties import INTERNAL
from housekey.operations import idempotency, users
from housekey.scim.views import users as user_views
from housekey.store.models import Account, Kept
from tests.doors.scim.anywhere import Bearer, add_group, ask, bulk, called, patch_group, post, statuses
from tests.doors.scim.support import ENTERPRISE, ERROR, HOUSEKEY, WSO2, Answer, Scim, invited, person
from tests.operations.support import PASSWORD, World, counts, other_world

RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"


def rows(answer: Answer) -> list[dict[str, Any]]:
    assert answer.status == 200, answer.text
    found: list[dict[str, Any]] = answer.body["Operations"]
    return found


def patch(path: str, *operations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"method": "PATCH", "path": path, "data": {"Operations": list(operations)}} | more


def test_one_of_each_with_its_status_location_and_version(world: World, scim: Scim) -> None:
    jane, tom, group = world.add("jane"), world.add("tom"), add_group(scim)
    answer = bulk(
        scim,
        post("new", person("ann")),
        {"method": "put", "path": f"/Users/{jane.id}", "data": person("jane", displayName="Jane")},
        patch(f"/Users/{tom.id}", {"op": "replace", "path": "name.givenName", "value": "Tom"}),
        patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": str(tom.id)}]}),
        {"method": "DELETE", "path": f"/Users/{jane.id}"},
    )
    assert answer.body["schemas"] == [RESPONSE]
    assert statuses(answer) == ["201", "200", "200", "200", "204"]
    ann = users.by_name(world.by, "ann")
    first, put, *_, last = rows(answer)
    assert first == {
        "method": "POST",
        "bulkId": "new",
        "location": f"https://localhost:9443/scim2/Users/{ann.id}",
        "version": first["version"],
        "status": "201",
    }
    assert first["version"] == scim.get(str(ann.id)).headers["ETag"]
    assert (put["method"], put["location"]) == ("PUT", f"https://localhost:9443/scim2/Users/{jane.id}")
    assert last == {"method": "DELETE", "location": f"https://localhost:9443/scim2/Users/{jane.id}", "status": "204"}
    assert users.find(world.by, "jane") is None
    assert called(ask(scim, "GET", f"/Groups/{group}").body["members"]) == ["tom"]


def test_references_are_followed_across_resources_in_any_order(world: World, scim: Scim) -> None:
    answer = bulk(
        scim,
        post("team", {"displayName": "Team", "members": [{"value": "bulkId:boss"}, {"value": "bulkId:a b"}]}, "/Groups"),
        post("a b", person("ann", {ENTERPRISE: {"manager": {"value": "bulkId:boss"}}})),
        patch("/Groups/bulkId:team", {"op": "remove", "path": 'members[value eq "bulkId:boss"]'}, bulkId="later"),
        post("boss", person("boss", displayName="bulkId:boss")),
    )
    assert statuses(answer) == ["201", "201", "200", "201"]
    assert [row.get("bulkId") for row in rows(answer)] == ["team", "a b", "later", "boss"]
    boss, ann = users.by_name(world.by, "boss"), users.by_name(world.by, "ann")
    assert scim.get(str(ann.id)).body[ENTERPRISE]["manager"]["value"] == str(boss.id)
    assert scim.get(str(boss.id)).body["displayName"] == "bulkId:boss"
    [team] = ask(scim, "GET", "/Groups").body["Resources"]
    assert [row["value"] for row in team["members"]] == [str(ann.id)]


def test_a_circle_is_refused_and_nothing_of_it_is_made(world: World, scim: Scim) -> None:
    """A-137."""

    def managed(name: str, by: str) -> dict[str, Any]:
        return post(name, person(name, {ENTERPRISE: {"manager": {"value": f"bulkId:{by}"}}}))

    answer = bulk(
        scim, managed("a", "b"), managed("b", "c"), managed("c", "a"), managed("d", "d"), managed("e", "a"), post("f", person("f"))
    )
    assert statuses(answer) == ["409"] * 5 + ["201"]
    assert "circle" in rows(answer)[0]["response"]["detail"]
    assert [name for name in "abcdef" if users.find(world.by, name)] == ["f"]


def test_what_refers_to_nothing_or_to_a_failure_fails_alone(world: World, scim: Scim) -> None:
    answer = bulk(
        scim,
        post("bad", {"userName": ""}),
        post("g", {"displayName": "G", "members": [{"value": "bulkId:bad"}]}, "/Groups"),
        post("h", {"displayName": "H", "members": [{"value": "bulkId:nobody"}]}, "/Groups"),
        post("i", {"displayName": "I"}, "/Groups"),
    )
    assert statuses(answer) == ["400", "400", "400", "201"]
    assert "failed" in rows(answer)[1]["response"]["detail"]
    assert "no operation" in rows(answer)[2]["response"]["detail"]


@pytest.mark.parametrize(("limit", "tried"), [(0, 6), (None, 6), (1, 2), ("2", 4), (5, 6)])
def test_after_so_many_errors_the_rest_is_not_tried(world: World, scim: Scim, limit: object, tried: int) -> None:
    """A-137: failOnErrors 0, 1, 5."""
    good, bad = [post(f"g{number}", person(f"g{number}")) for number in range(3)], [post(f"b{number}", {}) for number in range(3)]
    mixed = [row for pair in zip(good, bad, strict=True) for row in pair]
    answer = bulk(scim, *mixed, failOnErrors=limit)
    assert statuses(answer) == ["201", "400", "201", "400", "201", "400"][:tried]
    assert sum(users.find(world.by, f"g{number}") is not None for number in range(3)) == (tried + 1) // 2


def test_a_failure_says_what_a_single_request_would_say(world: World, scim: Scim) -> None:
    world.add("jane")
    alone = scim.create(person("jane"))
    [row] = rows(bulk(scim, post("x", person("jane"))))
    assert (row["status"], row["response"]) == ("409", alone.body)
    assert row["response"]["schemas"] == [ERROR]
    assert "location" not in row


@pytest.mark.parametrize(
    ("operation", "status", "words"),
    [
        ({"method": "GET", "path": "/Users", "bulkId": "x"}, "405", "GET"),
        ({"path": "/Users", "bulkId": "x", "data": {}}, "405", "no method"),
        ({"method": "POST", "path": "/Bulk", "bulkId": "x", "data": {}}, "400", "/Bulk"),
        ({"method": "POST", "path": "/Users/.search", "bulkId": "x", "data": {}}, "400", ".search"),
        ({"method": "PATCH", "path": "/Me", "data": {}}, "400", "/Me"),
        ({"method": "DELETE", "path": "/t/acme.example/scim2/Users/x"}, "400", "/t/acme.example"),
        ({"method": "DELETE", "path": "https://elsewhere.example/scim2/Users/x"}, "400", "elsewhere"),
        ({"method": "DELETE", "path": "/Users/../Groups/x"}, "400", "path"),
        ({"method": "DELETE", "path": "/Users"}, "405", ""),
        ({"method": "DELETE", "path": f"/Users/{uuid4()}"}, "404", "no user"),
        ({"method": "POST", "path": "/Users", "data": person("x")}, "400", "bulkId"),
        ({"method": "POST", "path": "/Users", "bulkId": "x"}, "400", "no data"),
        ({"method": "POST", "path": "/Users", "bulkId": "x", "data": "text"}, "400", "no data"),
        ({"method": "POST", "path": "/Users", "bulkId": "x" * 201, "data": {}}, "400", "longer"),
        ("POST /Users", "400", "object"),
        ({"method": ["POST"], "path": {}, "bulkId": 7}, "405", ""),
    ],
)
def test_an_operation_that_cannot_be_fails_alone(world: World, scim: Scim, operation: Any, status: str, words: str) -> None:
    """A-137: GET inside, a nested Bulk, other tenants."""
    answer = bulk(scim, operation, post("after", person("after")))
    assert statuses(answer) == [status, "201"]
    assert words in rows(answer)[0]["response"]["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"Operations": []}, 400),
        ({"Operations": {}}, 400),
        ({"Operations": "x"}, 400),
        ({"Operations": [post("x", person("a")), post("x", person("b"))]}, 400),
        ({"Operations": [post("x", person("a"))], "failOnErrors": -1}, 400),
        ({"Operations": [post("x", person("a"))], "failOnErrors": True}, 400),
        ({"Operations": [post("x", person("a"))], "failOnErrors": "many"}, 400),
        ({"Operations": [post(f"x{number}", {}) for number in range(1_001)]}, 413),
        ({"Operations": [post("x", person("a", title="y" * 1_100_000))]}, 413),
        ([], 400),
    ],
)
def test_a_request_that_is_none_is_refused_whole(scim: Scim, body: object, status: int) -> None:
    """A-137: 1,001 operations, a large body, the same bulkId twice."""
    before = counts()
    answer = ask(scim, "POST", "/Bulk", body)
    assert (answer.status, bool(answer.detail)) == (status, True)
    assert counts() == before


def test_the_limits_are_those_of_the_configuration(world: World, scim: Scim, settings: Any) -> None:
    settings.HOUSE = world.configured(scim2=replace(world.house.config.scim2, max_bulk_operations=1, max_bulk_payload=2_000))
    assert bulk(scim, post("a", person("a")), post("b", person("b"))).status == 413
    assert bulk(scim, post("a", person("a", title="x" * 2_000))).status == 413
    assert statuses(bulk(scim, post("a", person("a")))) == ["201"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_post(scim: Scim, method: str) -> None:
    answer = ask(scim, method, "/Bulk")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


def test_a_version_that_is_no_longer_the_present_one_fails_alone(world: World, scim: Scim) -> None:
    jane = world.add("jane")
    change = {"op": "replace", "path": "name.givenName", "value": "Jo"}
    tag = scim.get(str(jane.id)).headers["ETag"]
    answer = bulk(scim, patch(f"/Users/{jane.id}", change, version='W/"99"'), patch(f"/Users/{jane.id}", change, version=tag))
    assert statuses(answer) == ["412", "200"]


def test_each_operation_is_permitted_on_its_own(world: World, scim: Scim) -> None:
    """A-137: an operation without right in the middle."""
    jane = world.add("jane")
    mixed = [post("a", person("a")), {"method": "DELETE", "path": f"/Users/{jane.id}"}, post("g", {"displayName": "G"}, "/Groups")]
    assert statuses(bulk(Bearer(world, p.BULK_USER_CREATE), *mixed)) == ["201", "403", "403"]
    assert statuses(bulk(Bearer(world, p.BULK_GROUP_CREATE, p.USER_DELETE), *mixed)) == ["403", "204", "201"]


@pytest.mark.parametrize("scope", [p.BULK, *p.BULK_GIVES])
def test_the_scopes_of_bulk_open_it_and_no_other_does(world: World, scim: Scim, scope: str) -> None:
    """reference 4.0: internal_bulk_resource_create, or one for each kind of operation."""
    others = sorted(p.ADMINISTRATOR_PERMISSIONS - {p.CONSOLE, p.OWN_PASSWORD, p.BULK, *p.BULK_GIVES})
    refused = bulk(Bearer(world, *others), post("a", person("a")))
    assert (refused.status, p.BULK in refused.detail) == (403, True)
    assert users.find(world.by, "a") is None
    assert bulk(Bearer(world, scope), post("a", person("a"))).status == 200


def test_the_whole_of_bulk_is_what_its_one_scope_gives(world: World) -> None:
    answer = bulk(
        Bearer(world, p.BULK), post("a", invited("a")), post("g", {"displayName": "G", "members": [{"value": "bulkId:a"}]}, "/Groups")
    )
    assert statuses(answer) == ["201", "201"]
    assert ask(Bearer(world, p.BULK, p.LOGIN), "GET", "/Users").status == 403


def test_nobody_is_reached_who_outranks_the_caller(world: World) -> None:
    """A-135: the scope for Bulk is no way around rank."""
    boss = world.add("boss", role=p.ADMINISTRATOR)
    answer = bulk(
        Bearer(world, p.BULK),
        patch(f"/Users/{boss.id}", {"op": "replace", "path": "password", "value": PASSWORD}),
        {"method": "DELETE", "path": f"/Users/{boss.id}"},
    )
    assert statuses(answer) == ["403", "403"]


def test_another_tenants_ids_are_nobodys(world: World, scim: Scim) -> None:
    """A-025, A-137."""
    acme = other_world(world)
    theirs = acme.add("theirs")
    answer = bulk(
        scim,
        {"method": "DELETE", "path": f"/Users/{theirs.id}"},
        patch(f"/Users/{theirs.id}", {"op": "remove", "path": "title"}),
        post("g", {"displayName": "G", "members": [str(theirs.id)]}, "/Groups"),
    )
    assert statuses(answer) == ["404", "404", "400"]
    assert users.get(acme.by, theirs.id)


def test_mails_go_out_for_what_was_made(world: World, scim: Scim) -> None:
    """A-137; a bulk invitation (reference 4B.4)."""
    mixed = [post(f"b{number}", invited(f"p{number}", emails=[f"p{number}@example.com"] if number % 2 else [])) for number in range(6)]
    assert statuses(bulk(scim, *mixed)) == ["400", "201"] * 3
    assert sorted(mail["To"] for mail in world.mails()) == [f"p{number}@example.com" for number in (1, 3, 5)]


def test_codes_and_links_to_hand_over_are_in_the_operations_answer(world: World, scim: Scim) -> None:
    [row] = rows(bulk(scim, post("a", invited("a") | {HOUSEKEY: {"invitation": {"returnLink": True}}})))
    assert row["response"][HOUSEKEY]["invitation"]["link"].startswith("https://")
    world.set(**{INTERNAL: False})
    [row] = rows(bulk(scim, post("b", invited("b"))))
    assert len(row["response"][HOUSEKEY]["invitation"]["code"]) == 43


def test_wso2s_shape(world: World, scim: Scim, settings: Any) -> None:
    """reference 4B.4: an object for the status, a text for the body, grouped by kind."""
    settings.HOUSE = world.configured(scim2=replace(world.house.config.scim2, wso2_responses=True))
    answer = bulk(scim, post("g", {"displayName": "G"}, "/Groups"), post("a", person("a")), post("x", {}))
    first, bad, group = rows(answer)
    assert (first["status"], bad["status"], group["status"]) == ({"code": 201}, {"code": 400}, {"code": 201})
    assert json.loads(first["response"])["userName"] == "a"
    assert json.loads(group["response"])["displayName"] == "PRIMARY/G"
    assert json.loads(bad["response"])["status"] == "400"


# --- the Idempotency-Key ------------------------------------------------------------------------------------------------


def test_sent_again_a_bulk_does_nothing_and_says_the_same(world: World, scim: Scim) -> None:
    mixed = [post("a", invited("a")), post("bad", {}), post("g", {"displayName": "G", "members": ["bulkId:a"]}, "/Groups")]
    first = bulk(scim, *mixed, key="k")
    after = counts(audit=True)
    again = bulk(scim, *mixed, key="k")
    assert (first.status, first.text) == (again.status, again.text)
    assert counts(audit=True) == after
    assert bulk(scim, *mixed[:2], key="k").status == 422
    assert ask(scim, "POST", "/Users", invited("z"), Idempotency_Key="k").status == 422


def test_roles_are_made_once_too(world: World, scim: Scim) -> None:
    mixed = [
        post("r", {"displayName": "Readers", "permissions": [p.USER_LIST], "users": [{"value": "bulkId:a"}]}, "/v2/Roles"),
        post("a", person("a")),
        post("bad", {}, "/Roles"),
    ]
    first = bulk(scim, *mixed, key="k")
    assert statuses(first) == ["201", "201", "400"]
    assert rows(first)[0]["location"].startswith("https://localhost:9443/scim2/v2/Roles/")
    assert bulk(scim, *mixed, key="k").text == first.text
    assert users.by_name(world.by, "a").roles == ("Readers",)


class Cut(BaseException):
    """The process is gone."""


def cut_after(monkeypatch: pytest.MonkeyPatch, done: int) -> None:
    """End the request when so many of its users were created, before the next one is."""
    create, made = user_views.create, [0]

    def counted(*arguments: Any) -> Any:
        if made[0] == done:
            raise Cut
        made[0] += 1
        return create(*arguments)

    monkeypatch.setattr(user_views, "create", counted)


def test_a_bulk_that_was_cut_off_goes_on_where_it_was(world: World, scim: Scim, monkeypatch: pytest.MonkeyPatch) -> None:
    jane = world.add("jane")
    reset = patch(f"/Users/{jane.id}", {"op": "add", "value": {WSO2: {"forcePasswordReset": True}}})
    mixed = [
        reset,
        *(post(f"b{number}", invited(f"p{number}", emails=[f"p{number}@example.com"])) for number in range(8)),
        post("g", {"displayName": "G", "members": [f"bulkId:b{number}" for number in range(8)]}, "/Groups"),
    ]
    with monkeypatch.context() as patched:
        cut_after(patched, 5)
        with pytest.raises(Cut):
            bulk(scim, *mixed, key="k")
    assert Account.objects.within(world.tenant).filter(name_key__startswith="p").count() == 5
    answer = bulk(scim, *mixed, key="k")
    assert statuses(answer) == ["200", *["201"] * 9]
    assert answer.text == bulk(scim, *mixed, key="k").text
    sent = sorted(mail["To"] for mail in world.mails())
    assert sent == ["jane@example.com", *(f"p{number}@example.com" for number in range(8))]
    [group] = ask(scim, "GET", "/Groups").body["Resources"]
    assert len(group["members"]) == 8


def test_while_a_bulk_runs_the_same_one_is_told_to_come_again(world: World, scim: Scim) -> None:
    with idempotency.in_flight(idempotency.slip(world.acting_as("admin"), "k", "")):
        assert bulk(scim, post("a", person("a")), key="k").status == 409
    assert bulk(scim, post("a", person("a")), key="k").status == 200


def test_what_failed_in_passing_is_tried_again(world: World, scim: Scim, monkeypatch: pytest.MonkeyPatch) -> None:
    from housekey.core.errors import Unavailable

    def busy(*_: object) -> None:
        raise Unavailable

    mixed = [post("g", {"displayName": "G"}, "/Groups"), post("a", invited("a"))]
    with monkeypatch.context() as patched:
        patched.setattr(user_views, "create", busy)
        assert statuses(bulk(scim, *mixed, key="k")) == ["201", "503"]
    assert statuses(bulk(scim, *mixed, key="k")) == ["201", "201"]
    assert ask(scim, "GET", "/Groups").body["totalResults"] == 1


def test_without_a_key_nothing_is_kept(world: World, scim: Scim) -> None:
    bulk(scim, post("a", person("a")))
    assert Kept.objects.within(world.tenant).count() == 0


def test_a_thousand_operations_of_which_half_invite(world: World, scim: Scim) -> None:
    """Issue 4, shown when 6: every mail once, also when the same is sent again."""
    mixed = [
        post(f"b{number}", (invited if number % 2 else person)(f"p{number}", emails=[f"p{number}@example.com"])) for number in range(1_000)
    ]
    first = bulk(scim, *mixed, key="k")
    assert statuses(first) == ["201"] * 1_000
    assert bulk(scim, *mixed, key="k").text == first.text
    sent = [mail["To"] for mail in world.mails()]
    assert len(sent) == len(set(sent)) == 500


def test_patching_a_group_alone_and_in_bulk_ends_alike(world: World, scim: Scim) -> None:
    """One function behind both ways."""
    jane = world.add("jane")
    change = {"op": "add", "path": "members", "value": [{"value": str(jane.id)}]}
    one, two = add_group(scim, "One"), add_group(scim, "Two")
    assert patch_group(scim, one, change).status == 200
    bulk(scim, patch(f"/Groups/{two}", change))
    assert {row["display"] for row in scim.get(str(jane.id)).body["groups"]} == {"One", "Two"}
