"""`attributes` and `excludedAttributes`: what was asked for, what is always there, and nothing that is secret."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doors.scim.anywhere import ask
from tests.doors.scim.support import ENTERPRISE, HOUSEKEY, PATCH, WSO2, Scim, invited, person
from tests.operations.support import PASSWORD, World

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
JANE = person(name={"givenName": "Jane", "familyName": "Doe"}, nickName="J", password=PASSWORD,
              emails=[{"value": "jane@work.example", "type": "work", "primary": True}, {"value": "jane@home.example", "type": "home"}],
              extension={ENTERPRISE: {"department": "R&D", "manager": {"value": "7"}}})


@pytest.fixture
def jane(scim: Scim) -> str:
    return str(scim.create(JANE).body["id"])


def seen(scim: Scim, user_id: str, **query: str) -> Any:
    """The user without what is always there."""
    text = "&".join(f"{name}={value}" for name, value in query.items())
    body = scim.send("GET", f"/{user_id}?{text}").body
    assert body.pop("id") == user_id
    assert body.pop("schemas")[0] == CORE
    return body


@pytest.mark.parametrize(("wanted", "shown"), [
    ("userName", {"userName": "jane"}), ("USERNAME,%20nickname", {"userName": "jane", "nickName": "J"}),
    ("name.givenName", {"name": {"givenName": "Jane"}}), ("name", {"name": {"givenName": "Jane", "familyName": "Doe"}}),
    ("emails.value", {"emails": [{"value": "jane@work.example"}, {"value": "jane@home.example"}]}),
    (f"{CORE}:name.familyName", {"name": {"familyName": "Doe"}}),
    (f"{ENTERPRISE}:department", {ENTERPRISE: {"department": "R&D"}}), ("EnterpriseUser.department", {ENTERPRISE: {"department": "R&D"}}),
    (f"{ENTERPRISE}:manager.value", {ENTERPRISE: {"manager": {"value": "7"}}}),
    (ENTERPRISE, {ENTERPRISE: {"department": "R&D", "manager": {"value": "7"}}}),
    (f"{WSO2}:accountState", {WSO2: {"accountState": "UNLOCKED"}}),
    ("meta.resourceType", {"meta": {"resourceType": "User"}}), ("shoeSize", {}), ("password", {}), ("id,schemas", {}),
    ("locale", {}), ("emails[type eq \"work\"]", {}),
])
def test_only_what_is_asked_for_is_shown(scim: Scim, jane: str, wanted: str, shown: dict[str, Any]) -> None:
    assert seen(scim, jane, attributes=wanted) == shown


@pytest.mark.parametrize(("unwanted", "gone"), [
    ("userName", ["userName"]), ("NAME.givenname", []), ("emails,nickName", ["emails", "nickName"]), (ENTERPRISE, [ENTERPRISE]),
    (f"{WSO2},meta", [WSO2, "meta"]), ("id", []), ("schemas", []), ("nothing", []),
])
def test_what_is_excluded_is_left_out_unless_it_is_always_shown(scim: Scim, jane: str, unwanted: str, gone: list[str]) -> None:
    whole, body = scim.get(jane).body, scim.send("GET", f"/{jane}?excludedAttributes={unwanted}").body
    assert whole.keys() - body.keys() == set(gone)
    assert ("givenName" in body.get("name", {})) == ("givenname" not in unwanted)


def test_schemas_name_what_is_there(scim: Scim, jane: str) -> None:
    """RFC 7643 section 3."""
    assert scim.send("GET", f"/{jane}?attributes=userName").body["schemas"] == [CORE]
    assert scim.send("GET", f"/{jane}?excludedAttributes={WSO2}").body["schemas"] == [CORE, ENTERPRISE]


def test_both_at_once_are_refused(scim: Scim, jane: str) -> None:
    """RFC 7644 section 3.9."""
    refused = scim.send("GET", f"/{jane}?attributes=userName&excludedAttributes=emails")
    assert (refused.status, refused.body["scimType"]) == (400, "invalidValue")


@pytest.mark.parametrize("text", ["x," * 300, "x" * 9_000])
def test_too_many_names_are_refused(scim: Scim, jane: str, text: str) -> None:
    assert scim.send("GET", f"/{jane}?attributes={text}").status == 400


def test_every_answer_with_a_user_is_projected(scim: Scim, jane: str) -> None:
    """RFC 7644 section 3.9: on any operation that returns a resource."""
    assert scim.send("POST", "?attributes=userName", person("eve")).body.keys() == {"schemas", "id", "userName"}
    patch = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "nickName", "value": "Jay"}]}
    assert scim.send("PATCH", f"/{jane}?attributes=nickName", patch).body.keys() == {"schemas", "id", "nickName"}
    assert scim.send("PUT", f"/{jane}?excludedAttributes=meta", JANE).body.keys().isdisjoint({"meta"})
    rows = scim.send("GET", "?attributes=userName").body["Resources"]
    assert {tuple(sorted(row)) for row in rows} == {("id", "schemas", "userName")}
    found = ask(scim, "POST", "/Users/.search", {"attributes": ["nickName"], "filter": 'userName eq "jane"'}).body["Resources"]
    assert found == [{"schemas": [CORE], "id": jane, "nickName": "J"}]


@pytest.mark.parametrize("asked", ["password", f"{CORE}:password", "passwordHash", CORE,
                                   f"{WSO2}:askPassword", WSO2, HOUSEKEY, "oneTimePassword"])
def test_no_secret_is_returned_whoever_asks(world: World, scim: Scim, jane: str, asked: str) -> None:
    """A-106, A-138."""
    scim.create(invited("bob"))
    for path in (f"/{jane}", ""):
        text = scim.send("GET", f"{path}?attributes={asked}").text
        secrets = (PASSWORD, "argon2", "askPassword", "oneTimePassword", world.newest_code("bob@example.com"))
        assert not [word for word in secrets if word in text]


def test_what_became_of_an_invitation_is_told_on_request_only(world: World, scim: Scim) -> None:
    bob = scim.create(invited("bob")).body["id"]
    assert HOUSEKEY not in scim.get(bob).text
    shown = seen(scim, bob, attributes=HOUSEKEY)[HOUSEKEY]["invitation"]
    assert (shown["state"], shown["method"]) == ("queued", "EMAIL_LINK")
    assert shown["expires"].endswith("Z")
    assert "sent" not in shown
    code = world.newest_code("bob@example.com")
    assert seen(scim, bob, attributes=f"{HOUSEKEY}:invitation.state")[HOUSEKEY] == {"invitation": {"state": "sent"}}
    world.redeem(code)
    assert seen(scim, bob, attributes="invitation")[HOUSEKEY]["invitation"]["state"] == "redeemed"


def test_a_page_of_invitations_costs_two_queries_however_many(scim: Scim) -> None:
    """The codes and their messages; nothing for each user."""

    def cost(users: str, query: str) -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        scim.create(invited(users))
        with CaptureQueriesContext(connection) as queries:
            assert scim.send("GET", query).status == 200
        return len(queries)

    wanted = f"?attributes=userName,{HOUSEKEY}:invitation"
    one, two, plain = cost("a", wanted), cost("b", wanted), cost("c", "?attributes=userName")
    assert (one, two) == (plain + 2, plain + 2)


def test_who_may_only_list_is_not_told_of_invitations(world: World, scim: Scim) -> None:
    """The attribute is read with the permission for the invitations themselves."""
    from housekey.core.principal import USER_LIST
    from tests.doors.scim.anywhere import Bearer

    program = Bearer(world, USER_LIST)
    assert program.send("GET", "?attributes=userName").status == 200
    assert program.send("GET", f"?attributes={HOUSEKEY}").status == 403
