"""Attacks on SCIM as a whole: who holds little and wants more, questions that cost too much, walks that somebody else breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from housekey.core import principal as p
from housekey.core.custom import CustomAttribute
from housekey.operations.custom_attributes import add
from tests.doors.scim.anywhere import Bearer, add_group, ask, bulk, patch_group, post, statuses
from tests.doors.scim.support import HOUSEKEY, WSO2, Scim, invited, person
from tests.operations.support import PASSWORD, World, other_world

CLERK = (p.USER_CREATE, p.USER_VIEW, p.USER_LIST, p.USER_UPDATE, p.ROLE_CREATE, p.ROLE_VIEW, p.ROLE_UPDATE, p.ROLE_DELETE)
NOBODY = "0b8a1d3e-5b8f-4a57-9d3a-111111111111"
SUPERIOR = (p.OFFLINE_INVITE, p.GOVERNANCE_UPDATE)


def role(scim: Scim, name: str, *permissions: str, users: tuple[object, ...] = (), **more: Any) -> str:
    """Its id."""
    rows = [{"value": str(user)} for user in users]
    answer = ask(scim, "POST", "/v2/Roles", {"displayName": name, "permissions": list(permissions), "users": rows} | more)
    assert answer.status == 201, answer.text
    return str(answer.body["id"])


def found(scim: Scim, place: str, question: str) -> Any:
    """The list that a filter finds at /Users or /Groups."""
    return ask(scim, "GET", f"{place}?filter={quote(question)}").body


def patch_role(scim: Scim, role_id: str, *operations: dict[str, Any]) -> int:
    return ask(scim, "PATCH", f"/v2/Roles/{role_id}", {"Operations": list(operations)}).status


@pytest.mark.parametrize("scopes", [(p.BULK,), (p.BULK_ROLE_CREATE, p.BULK_USER_CREATE, p.BULK_USER_UPDATE)])
def test_what_holds_in_a_bulk_only_cannot_be_given_away(world: World, scim: Scim, scopes: tuple[str, ...]) -> None:
    """A-132: a program that may do something inside a Bulk makes no role that allows it everywhere and for ever."""
    world.add("puppet")
    puppet = scim.named("puppet").body["Resources"][0]["id"]
    made = {"displayName": "Escalated", "permissions": [p.USER_UPDATE, p.ROLE_CREATE], "users": [{"value": puppet}]}
    assert statuses(bulk(Bearer(world, *scopes), post("1", made, "/v2/Roles"))) == ["403"]
    assert "Escalated" not in [row["displayName"] for row in ask(scim, "GET", "/v2/Roles").body["Resources"]]


def test_a_bulk_puts_nobody_into_a_role_that_allows_more_than_the_program_may(world: World, scim: Scim) -> None:
    """A-135: the role exists; the puppet is not let into it."""
    world.add("puppet")
    puppet = scim.named("puppet").body["Resources"][0]["id"]
    there = role(scim, "Staff", p.USER_UPDATE)
    operation = {"method": "PATCH", "path": f"/v2/Roles/{there}",
                 "data": {"Operations": [{"op": "add", "path": "users", "value": [{"value": puppet}]}]}}
    assert statuses(bulk(Bearer(world, p.BULK), operation)) == ["403"]
    assert statuses(bulk(Bearer(world, p.BULK, p.USER_UPDATE), operation)) == ["200"]


def test_a_bulk_takes_over_nobody_who_may_do_it_everywhere(world: World, scim: Scim) -> None:
    """A-135: setting the password of somebody with a standing permission would be a way to it."""
    user = world.add("clerk")
    role(scim, "Clerks", p.USER_UPDATE, users=(user.id,))
    wanted = {"Operations": [{"op": "replace", "path": "password", "value": "another horse battery 9"}]}
    operation = {"method": "PATCH", "path": f"/Users/{user.id}", "data": wanted}
    assert statuses(bulk(Bearer(world, p.BULK_USER_UPDATE), operation)) == ["403"]
    assert world.sign_in("clerk", PASSWORD)
    assert statuses(bulk(Bearer(world, p.BULK_USER_UPDATE, p.USER_UPDATE), operation)) == ["200"]


def test_roles_above_ones_own_keep_their_names(world: World, scim: Scim) -> None:
    """A-135: who swaps the names of two roles has the next provisioning run give the one for the other."""
    clerk, above, mine = Bearer(world, *CLERK), role(scim, "Masters", *SUPERIOR, externalId="m"), role(scim, "Readers", p.USER_VIEW)
    assert patch_role(clerk, above, {"op": "replace", "path": "displayName", "value": "Newcomers"}) == 403
    assert patch_role(clerk, above, {"op": "replace", "path": "externalId", "value": "n"}) == 403
    assert ask(clerk, "PUT", f"/v2/Roles/{above}", {"displayName": "Newcomers", "permissions": list(SUPERIOR)}).status == 403
    shown = ask(scim, "GET", f"/v2/Roles/{above}").body
    assert (shown["displayName"], shown["externalId"]) == ("Masters", "m")
    assert patch_role(clerk, mine, {"op": "replace", "path": "displayName", "value": "Lookers"}) == 200
    assert patch_role(scim, above, {"op": "replace", "path": "displayName", "value": "Mistresses"}) == 200


@pytest.mark.parametrize("operation", [
    {"op": "remove", "path": "active"}, {"op": "replace", "value": {"active": False}}, {"op": "remove", "path": WSO2},
    {"op": "remove", "path": f"{WSO2}:accountLocked"}, {"op": "add", "path": "accountLocked", "value": "TRUE"},
    {"op": "replace", "path": "emails", "value": ["thief@example.com"]}, {"op": "replace", "path": "password", "value": "a stolen horse 7"},
    {"op": "replace", "path": WSO2.upper() + ":FORCEPASSWORDRESET", "value": True},
    {"op": "replace", "value": {"phoneNumbers": [{"type": "mobile", "value": "+491701234567"}], "preferredChannel": "SMS"}},
])  # fmt: skip
def test_a_lower_clerk_writes_nothing_to_an_administrator(world: World, scim: Scim, operation: dict[str, Any]) -> None:
    """A-132, A-135: whichever form the path has; neither does the administrator close the last way in."""
    admin = scim.named("admin").body["Resources"][0]["id"]
    before = scim.get(admin).body
    clerk = Bearer(world, *CLERK)
    assert clerk.patch(admin, operation).status == 403
    inside = {"method": "PATCH", "path": f"/Users/{admin}", "data": {"Operations": [operation]}}
    assert statuses(bulk(Bearer(world, p.BULK), inside)) == ["403"]
    assert ask(clerk, "PUT", f"/Users/{admin}", {"userName": "admin", "active": False}).status == 403
    assert scim.get(admin).body == before


@pytest.mark.parametrize("operation", [
    {"op": "remove", "path": "active"}, {"op": "replace", "path": "active", "value": False},
    {"op": "add", "value": {f"{WSO2}:accountLocked": True}},
])  # fmt: skip
def test_the_last_administrator_stays(world: World, scim: Scim, operation: dict[str, Any]) -> None:
    """A-145: neither by herself nor by way of the role."""
    admin = scim.named("admin").body["Resources"][0]["id"]
    there = next(row["id"] for row in ask(scim, "GET", "/v2/Roles").body["Resources"] if row["displayName"] == "admin")
    assert scim.patch(admin, operation).status == 400
    assert patch_role(scim, there, {"op": "remove", "path": "users"}) == 400
    assert ask(scim, "PUT", f"/v2/Roles/{there}", {"displayName": "admin", "users": []}).status == 400
    assert scim.get(admin).body["active"] is True


def test_what_others_write_into_their_profile_breaks_no_walk(world: World, scim: Scim) -> None:
    """A-104: a letter that NFKC makes eighteen of; a cursor that holds the whole text would be refused when it comes back."""
    add(world.by, CustomAttribute("shoe"), world.now)
    custom = {"urn:scim:schemas:extension:custom:User": {"shoe": "\u3042" * 1_000}}
    for number in range(3):
        assert scim.create(person(f"long{number}", custom, title="\ufdfa" * 1_000, userType="\U0001f600" * 1_000)).status == 201
    for path in ("title", "userType", "shoe"):
        for order in ("ascending", "descending"):
            assert walked(scim, path, order) == ["long0", "long1", "long2"]


def walked(scim: Scim, path: str, order: str) -> list[str]:
    """Everybody called long…, one to a page, sorted when found."""
    names, cursor = [], ""
    for _ in range(9):
        query = {"cursor": cursor, "count": 1, "sortBy": path, "sortOrder": order, "filter": 'userName sw "long"'}
        answer = ask(scim, "GET", f"/Users?{urlencode(query)}")
        assert answer.status == 200, answer.text
        names += [row["userName"] for row in answer.body["Resources"]]
        cursor = answer.body.get("nextCursor", "")
        assert len(cursor) <= 4_000
        if not cursor:
            break
    return sorted(names)


def test_a_cursor_is_good_for_its_own_question_only(world: World, scim: Scim) -> None:
    """A-104, A-141: neither changed, nor in another tenant, nor for another filter or order."""
    for name in ("a1", "a2", "a3"):
        world.add(name, mail=f"{name}@example.com")
    there = other_world(world)
    stranger = Bearer(there, p.USER_LIST)
    stranger.prefix = f"/t/{there.tenant.domain}"
    cursor = ask(scim, "GET", "/Users?cursor=&count=1").body["nextCursor"]

    def taken(client: Scim, text: str, **more: str) -> int:
        return ask(client, "GET", f"/Users?{urlencode({'cursor': text, 'count': '1'} | more)}").status

    assert taken(scim, cursor) == 200
    assert taken(stranger, cursor) == 400
    others: list[dict[str, str]] = [{"filter": "userName pr"}, {"sortBy": "title"}, {"sortOrder": "descending"}]
    assert [taken(scim, cursor, **more) for more in others] == [400, 400, 400]
    changed = [cursor[:at] + ("B" if cursor[at] == "A" else "A") + cursor[at + 1 :] for at in range(len(cursor))]
    odd = [cursor + "=", cursor + "A", f" {cursor}", cursor[:-4], "A" * 5_000, "\0", "é"]
    assert {taken(scim, text) for text in (*changed, *odd)} == {400}


def test_a_group_is_read_once_however_many_filters_choose_from_it(world: World, scim: Scim) -> None:
    """A-107: a hundred paths with filters would else read a large group a hundred times."""
    group = add_group(scim, "Staff", *(world.add(name, mail=f"{name}@example.com").id for name in ("ann", "bob")))
    asked = []
    for many in (1, 1, 100):
        operations = [{"op": "remove", "path": f'members[display co "zz{number}"]'} for number in range(many)]
        with CaptureQueriesContext(connection) as queries:
            assert patch_group(scim, group, *operations).status == 200
        asked.append(len(queries))
    assert asked[1] == asked[2]


def test_a_bulk_reads_no_members_that_it_does_not_show(world: World, scim: Scim) -> None:
    """A-137: a thousand operations on a large group would else read all its members a thousand times, for an answer without them."""
    group = add_group(scim, "Staff", world.add("ann").id)
    change = {"op": "replace", "path": "externalId", "value": "x"}
    with CaptureQueriesContext(connection) as queries:
        assert statuses(bulk(scim, {"method": "PATCH", "path": f"/Groups/{group}", "data": {"Operations": [change]}})) == ["200"]
    assert [query["sql"] for query in queries if "SELECT" in query["sql"] and "store_groupmember" in query["sql"]] == []
    assert len(ask(scim, "GET", f"/Groups/{group}").body["members"]) == 1


@pytest.mark.parametrize("question", ['members.display co "zzz"', 'displayName co "zzz"'])
def test_looking_through_groups_is_given_up_after_a_while(world: World, scim: Scim, settings: Any, question: str) -> None:
    """A-107: groups of any size are compared here, not in the database; so the limit has to be ours. The next question is answered."""
    user = world.add("ann")
    group = add_group(scim, "Staff", user.id)
    settings.HOUSE = world.configured(limits=replace(world.house.config.limits, search=0))
    for answer in (
        ask(scim, "GET", f"/Groups?filter={quote(question)}"),
        ask(scim, "POST", "/Groups/.search", {"filter": question}),
        patch_group(scim, group, {"op": "remove", "path": 'members[display co "ann"]'}),
    ):
        assert (answer.status, answer.body["scimType"]) == (400, "tooMany")
    assert found(scim, "/Groups", 'displayName eq "Staff"')["totalResults"] == 1
    assert len(ask(scim, "GET", f"/Groups/{group}").body["members"]) == 1


def test_a_filter_on_groups_shows_the_members_of_those_it_finds(world: World, scim: Scim) -> None:
    """A-107: members are read for the page only; it is a page all the same."""
    user = world.add("ann")
    add_group(scim, "Staff", user.id)
    add_group(scim, "Stable")
    shown = found(scim, "/Groups", 'displayName sw "St"')["Resources"]
    assert [[row["value"] for row in group.get("members", [])] for group in shown] == [[], [str(user.id)]]


def test_a_long_list_of_tags_is_read_to_its_end(world: World, scim: Scim) -> None:
    """A-105: what stands behind four thousand characters counts too."""
    made = scim.create(person()).body
    tags = ",".join(['"x"'] * 1_500)
    wanted = {"Operations": [{"op": "replace", "path": "displayName", "value": "Changed"}]}
    for last in ("*", made["meta"]["version"]):
        assert ask(scim, "PATCH", f"/Users/{made['id']}", wanted, If_None_Match=f"{tags}, {last}").status == 412
        assert ask(scim, "PATCH", f"/Users/{made['id']}", wanted, If_Match=tags).status == 412
    assert ask(scim, "PATCH", f"/Users/{made['id']}", wanted, If_Match=f"{tags}, {made['meta']['version']}").status == 200


@pytest.mark.parametrize("name", ["password", "PassWord", "oneTimePassword", f"{WSO2}:oneTimePassword"])
def test_no_secret_is_looked_for_or_sorted_by(world: World, scim: Scim, name: str) -> None:
    """A-106: neither alone nor beside something else, in the address or in a body."""
    scim.create(invited())
    for question in (f"{name} pr", f'userName eq "jane" and {name} sw "a"', f'not ({name} co "a")'):
        answer = ask(scim, "GET", f"/Users?filter={quote(question)}")
        assert (answer.status, answer.body["scimType"]) == (403, "sensitive")
        assert ask(scim, "POST", "/Users/.search", {"filter": question}).status == 400
        assert ask(scim, "POST", "/.search", {"filter": question}).status == 400
    assert ask(scim, "GET", f"/Users?sortBy={name}").status == 400


@pytest.mark.parametrize("question", [
    'sh"oe pr', "shoe' pr", "$.userName pr", "custom.shoe.x pr", "__class__ pr", "__proto__ pr", "passwordHash pr", "tenant_id eq 1",
    "emails[emails[value pr]]", "meta.location pr", 'id sw "0"', "\u017fchemas pr", 'userName eq "\\ud800"', "not not (userName pr)",
    "(" * 33 + "userName pr" + ")" * 33, " or ".join(['id eq "x"'] * 101), 'title eq "' + "x" * 2_000 + '"',
])  # fmt: skip
def test_a_filter_that_cannot_be_is_refused_by_name(world: World, scim: Scim, question: str) -> None:
    """A-104, A-107: nothing that looks like a path into the document, a column or code; nothing too deep, too long, too much."""
    answer = ask(scim, "GET", f"/Users?filter={quote(question)}")
    assert (answer.status, answer.body["scimType"]) == (400, "invalidFilter")


@pytest.mark.parametrize("literal", ["%", "_", "\\\\", "*", ".", "a%", "\\u0000", "\u200b", "\U0010ffff", "' or 1=1 --", "\u0301" * 500])
def test_nothing_in_a_value_is_a_pattern(world: World, scim: Scim, literal: str) -> None:
    """A-104: neither LIKE nor a regular expression nor SQL is written into a value; nobody is found by it."""
    world.add("ann", mail="ann@example.com")
    for operator in ("eq", "co", "sw", "ew", "gt"):
        for name in ("userName", "title", "emails.value", "name.familyName"):
            answer = ask(scim, "POST", "/Users/.search", {"filter": f'{name} {operator} "{literal}"', "attributes": ["userName"]})
            assert answer.status == 200
            if operator != "gt":
                assert answer.body["totalResults"] == (1 if (name, operator, literal) == ("emails.value", "co", ".") else 0)


def test_another_tenants_ids_are_unknown_ones_everywhere(world: World, scim: Scim) -> None:
    """A-140, A-150: every kind, every method, the same words but for the id itself; in a Bulk and as a member too."""
    user = str(world.add("ann").id)
    group, there = add_group(scim, "Staff", user), role(scim, "Readers", p.USER_VIEW)
    other = other_world(world)
    stranger = Bearer(other, *(p.GRANTABLE))
    stranger.prefix = f"/t/{other.tenant.domain}"
    bodies: dict[str, Any] = {"GET": None, "DELETE": None, "PUT": {"userName": "ann", "displayName": "X"},
                              "PATCH": {"Operations": [{"op": "replace", "path": "displayName", "value": "X"}]}}
    places = (("/Users", user, NOBODY), ("/Groups", group, NOBODY), ("/v2/Roles", there, "999999"), ("/Roles", there, "999999"))
    for place, mine, none in places:
        for method, body in bodies.items():
            answers = [ask(stranger, method, f"{place}/{some}", body) for some in (mine, none)]
            assert [answer.status for answer in answers] == [404, 404]
            assert answers[0].detail.replace(mine, "ID") == answers[1].detail.replace(none, "ID")
    assert ask(stranger, "POST", "/Groups", {"displayName": "G", "members": [{"value": user}]}).status == 400
    assert ask(stranger, "POST", "/v2/Roles", {"displayName": "R", "users": [{"value": user}]}).status == 400
    assert statuses(bulk(stranger, {"method": "DELETE", "path": f"/Users/{user}"})) == ["404"]
    assert found(stranger, "/Users", f'id eq "{user}"')["totalResults"] == 0
    assert found(stranger, "/Groups", f'members eq "{user}"')["totalResults"] == 0


@pytest.mark.parametrize("path", [
    "/t/carbon.super/scim2/Users/{user}", "/../../scim2/Users/{user}", "/Users/../Users/{user}", "/Users/%2e%2e/{user}", "//Users/{user}",
    "/scim2/scim2/Users/{user}", "https://localhost/scim2/Users/{user}", "/Me", "/Bulk", "/Users/.search", "/v2/Roles/.search",
    "/Users/{user}/",
])  # fmt: skip
def test_a_path_in_a_bulk_leads_nowhere_else(world: World, scim: Scim, path: str) -> None:
    """A-137: no other tenant, no other address of the server, no Bulk inside a Bulk, nothing that a GET would show."""
    user = scim.create(person()).body["id"]
    data = {"Operations": [{"op": "replace", "path": "displayName", "value": "Changed"}]}
    for method in ("PATCH", "GET"):
        result = statuses(bulk(scim, {"method": method, "path": path.format(user=user), "data": data}))
        assert result[0] in {"400", "404", "405"}
    assert "displayName" not in scim.get(user).body


def test_a_chain_of_a_thousand_references_is_no_trouble(world: World, scim: Scim) -> None:
    """A-137: each refers to the next; the one at the end is made first, those that hold groups as members fail alone."""
    chain = [
        post(str(number), {"displayName": f"G{number}", "members": [{"value": f"bulkId:{number + 1}"}]}, "/Groups") for number in range(999)
    ]
    results = statuses(bulk(scim, *chain, post("999", person("ann"))))
    assert (results[-2:], set(results[:-2])) == (["201", "201"], {"400"})


def test_a_key_of_ones_own_finds_nobody_elses_answer(world: World, scim: Scim) -> None:
    """A-141: the same Idempotency-Key in the hands of another program, and with another request."""
    headers, body = {"Idempotency_Key": "import-1"}, invited("ann")
    first = ask(scim, "POST", "/Users", body, **headers)
    assert (first.status, ask(scim, "POST", "/Users", body, **headers).text) == (201, first.text)
    assert ask(scim, "POST", "/Users", invited("bob"), **headers).status == 422
    assert ask(scim, "POST", "/Users?attributes=id", body, **headers).status == 422
    assert ask(Bearer(world, p.USER_CREATE), "POST", "/Users", body, **headers).status == 409
    assert ask(Bearer(world, p.USER_LIST), "POST", "/Users", body, **headers).status == 403
    for key in ("", "x" * 256, "x" * 100_000, "\x7f"):
        assert ask(scim, "POST", "/Users", person("eve"), Idempotency_Key=key).status == 400


def test_asking_for_what_is_secret_by_name_shows_nothing(world: World, scim: Scim) -> None:
    """A-106, A-138: no attribute, schema or star reveals a password, a code or a link."""
    user = scim.create(invited()).body["id"]
    code = world.newest_code()
    for wanted in ("password", f"{WSO2}:oneTimePassword", WSO2, HOUSEKEY, "*", "passwordHash,has_password,search", "invitation.link"):
        for address in (f"/Users/{user}?attributes={wanted}", f"/Users?attributes={wanted}"):
            text = ask(scim, "GET", address).text
            assert code not in text
            assert [word for word in ('"oneTimePassword"', '"password"', "argon2", '"link"') if word in text] == []


@pytest.mark.parametrize("given", [
    {"roles": [{"value": "admin"}], "id": "x", "meta": {}, "groups": ["x"]},
    {f"{WSO2}:emailVerified": True, WSO2.upper(): {"PHONEVERIFIED": "true"}},
    {WSO2: {"accountState": "UNLOCKED", "lockedReason": "x", "emailVerified": True}},
])  # fmt: skip
def test_nothing_but_what_is_meant_to_be_written_is(world: World, scim: Scim, given: dict[str, Any]) -> None:
    """A-132, A-133: in whichever shape and case; what Okta reads and sends back is passed over."""
    made = scim.create(person() | given).body
    assert scim.patch(made["id"], {"op": "add", "value": given}).status == 200
    assert ask(scim, "PUT", f"/Users/{made['id']}", person() | given).status == 200
    shown = ask(scim, "GET", f"/Users/{made['id']}?attributes={WSO2},roles,groups").body
    assert (shown["id"], "roles" in shown, "groups" in shown) == (made["id"], False, False)
    assert not {"emailVerified", "phoneVerified", "lockedReason"} & shown[WSO2].keys()
