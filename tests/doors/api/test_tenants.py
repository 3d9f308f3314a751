"""/api/server/v1/tenants: WSO2's tenant management, for callers of the default tenant only."""

from __future__ import annotations

import re
from typing import Any

import pytest

from housekey.core.principal import TENANT_CREATE, TENANT_DELETE, TENANT_PERMISSIONS, TENANT_UPDATE, TENANT_VIEW
from housekey.operations import tenant_removal, tenants
from tests.doors.api.support import Rest, administrator, holder
from tests.doors.scim.support import basic
from tests.operations.support import PASSWORD, World, other_world

ROOT = "/api/server/v1/tenants"
OWNER = {"username": "jane", "email": "jane@acme.example", "firstname": "Jane", "lastname": "Doe", "provisioningMethod": "invite-via-email"}
ACME = {"domain": "acme.example", "owners": [OWNER]}


def test_a_tenant_is_added_with_an_administrator_who_is_invited(world: World) -> None:
    answer = administrator().post(ROOT, ACME)
    assert answer.status == 201
    assert answer.headers["Location"] == f"{ROOT}/{answer.body['id']}"
    assert (answer.body["domain"], answer.body["lifecycleStatus"]) == ("acme.example", {"activated": True})
    assert administrator().get(answer.headers["Location"]).body["users"] == 1
    found = tenants.by_domain("acme.example")
    assert found is not None
    World(world.house, found, world.now).redeem(world.newest_code("jane@acme.example"))
    assert Rest(basic("jane", PASSWORD), "/t/acme.example").get("/api/server/v1/identity-governance").status == 200


def test_an_inline_password_is_set_and_nothing_is_sent(world: World) -> None:
    owner = {"username": "jane", "email": "jane@acme.example", "provisioningMethod": "inline-password", "password": PASSWORD}
    assert administrator().post(ROOT, {"domain": "acme.example", "owners": [owner]}).status == 201
    assert Rest(basic("jane", PASSWORD), "/t/acme.example").get("/api/server/v1/identity-governance").status == 200
    assert world.mails() == []


@pytest.mark.parametrize(("body", "place"), [
    (ACME | {"domain": "nonsense"}, "domain"), (ACME | {"owners": []}, "owners"), (ACME | {"owners": [OWNER, OWNER]}, "owners"),
    (ACME | {"owners": [OWNER | {"email": "nowhere"}]}, "owners[0].email"), (ACME | {"owners": [OWNER | {"email": ""}]}, "owners[0].email"),
    (ACME | {"owners": [OWNER | {"username": "ja ne"}]}, "owners[0].username"), (ACME | {"owners": [{"email": "x@y.example"}]}, "username"),
    (ACME | {"owners": [OWNER | {"provisioningMethod": "by-pigeon"}]}, "provisioningMethod"),
    (ACME | {"owners": [{"username": "jane"}]}, "owners[0].password"), (ACME | {"name": "x" * 300}, "name"),
    (ACME | {"owners": [{"username": "jane", "password": "short"}]}, "owners[0].password"), ({}, "domain"),
])  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_is_left_behind(world: World, body: Any, place: str) -> None:
    problem = administrator().post(ROOT, body).problem(400)
    assert place in problem["description"]
    assert [tenant.domain for tenant in tenants.listing()] == ["carbon.super"]


def test_a_domain_is_taken_once(world: World) -> None:
    other_world(world)
    assert administrator().post(ROOT, ACME).problem(409)["code"] == "HK-409"
    assert administrator().send("HEAD", f"{ROOT}/domain/acme.example").status == 200
    assert administrator().send("HEAD", f"{ROOT}/domain/free.example").status == 404


def test_the_list_is_paged_by_limit_and_offset(world: World) -> None:
    for name in ("a.example", "b.example"):
        other_world(world, name)
    whole = administrator().get(ROOT).body
    assert (whole["totalResults"], whole["startIndex"], whole["count"]) == (3, 1, 3)
    part = administrator().get(f"{ROOT}?limit=1&offset=1").body
    assert (part["totalResults"], part["startIndex"], [one["domain"] for one in part["tenants"]]) == (3, 2, ["b.example"])
    for query in ("limit=x", "offset=-1", "limit=" + "9" * 30):
        administrator().get(f"{ROOT}?{query}").problem(400)
    administrator().get(f"{ROOT}?filter=x").problem(501)


def test_a_tenant_is_suspended_resumed_and_deleted(world: World) -> None:
    acme = other_world(world)
    acme.add("jane")
    one, rest = f"{ROOT}/{acme.tenant.id}", administrator()
    inside = Rest(basic("jane", PASSWORD), "/t/acme.example")
    for activated, status in ((False, 404), (True, 200)):
        assert rest.put(f"{one}/lifecycle-status", {"activated": activated}).body["lifecycleStatus"] == {"activated": activated}
        assert inside.get("/scim2/Me").status == status
    assert rest.send("DELETE", f"{one}/metadata").status == 204
    assert inside.get("/scim2/Me").status == 404
    assert rest.get(one).body["state"] == "deleting"
    assert rest.put(f"{one}/lifecycle-status", {"activated": True}).status == 400
    while tenant_removal.step(world.now):
        pass
    assert rest.get(one).status == 404


def test_the_default_tenant_stays(world: World) -> None:
    one = f"{ROOT}/{world.tenant.id}"
    administrator().put(f"{one}/lifecycle-status", {"activated": False}).problem(400)
    administrator().send("DELETE", f"{one}/metadata").problem(400)


def test_administrators_of_other_tenants_are_refused_whatever_they_hold(world: World) -> None:
    """A-142: not even told which tenants there are."""
    acme, beta = other_world(world), other_world(world, "beta.example")
    stranger = holder(acme, *TENANT_PERMISSIONS, prefix="/t/acme.example")
    for tenant_id in (beta.tenant.id, acme.tenant.id, world.tenant.id, 999_999):
        for answer in (stranger.get(f"{ROOT}/{tenant_id}"), stranger.put(f"{ROOT}/{tenant_id}/lifecycle-status", {"activated": False}),
                       stranger.send("DELETE", f"{ROOT}/{tenant_id}/metadata")):
            answer.problem(403)
    stranger.get(ROOT).problem(403)
    stranger.get(f"{ROOT}/domain/beta.example").problem(403)
    stranger.post(ROOT, ACME | {"domain": "new.example"}).problem(403)
    assert len(tenants.listing()) == 3


@pytest.mark.parametrize("wrong", ["x", "0", "999999", "9" * 18, "9" * 40, "-1", "%00", "1e3"])
def test_an_id_that_no_tenant_has_is_not_found(world: World, wrong: str) -> None:
    rest = holder(world, TENANT_VIEW, TENANT_UPDATE, TENANT_DELETE, TENANT_CREATE)
    rest.get(f"{ROOT}/{wrong}").problem(404)
    rest.put(f"{ROOT}/{wrong}/lifecycle-status", {"activated": True}).problem(404)
    rest.send("DELETE", f"{ROOT}/{wrong}/metadata").problem(404)


def test_every_door_of_a_suspended_tenant_answers_as_for_an_unknown_one(world: World) -> None:
    """A-142: reference 4.0."""
    acme = other_world(world)
    acme.add("jane")
    tenants.suspend(world.by, acme.tenant.id, world.now)
    paths = ("/scim2/Users", "/api/server/v1/identity-governance", "/oauth2/token", "/services/UserProfileMgtService", "/console/",
             "/myaccount/", "/authenticationendpoint/login.do", "/.well-known/oauth-authorization-server")
    for path in paths:
        answers = [Rest(basic("jane", PASSWORD), f"/t/{domain}").get(path) for domain in ("acme.example", "none.example")]
        assert [answer.status for answer in answers] == [404, 404]
        seen, none = (re.sub(r"(?:acme|none)\.example", "TENANT", re.sub(r"[\w-]{36,}", "NEW", answer.text)) for answer in answers)
        assert "TENANT is an invalid tenant domain" in seen
        assert seen == none
    assert Rest(basic("jane@acme.example", PASSWORD)).get("/scim2/Me").status == 401
