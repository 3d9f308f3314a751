"""Claim dialects: attributes of the tenant's own as local claims, where user stores keep each claim, and what SCIM calls them."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from housekey.conf.schema import PrimaryStore
from housekey.core.claims import BY_URI, DIALECT, EMAIL
from housekey.core.directories import clean
from housekey.core.openid import OIDC_DIALECT
from housekey.core.principal import CLAIM_UPDATE, CLAIM_VIEW, STORE_VIEW
from housekey.operations import custom_attributes, stores
from housekey.operations.stores import NewStore
from tests.doors.api.support import Rest, administrator, holder
from tests.operations.support import World, other_world

ROOT = "/api/server/v1/claim-dialects"
LOCAL = f"{ROOT}/local/claims"
BADGE = f"{DIALECT}/badgeNumber"
TITLE, DEPARTMENT = f"{DIALECT}/title", f"{DIALECT}/department"


def place(uri: str) -> str:
    return f"{LOCAL}/{base64.urlsafe_b64encode(uri.encode()).decode().rstrip('=')}"


def staff(world: World, domain: str = "STAFF") -> None:
    values = {"ConnectionURL": "ldap://127.0.0.1:1", "UserSearchBase": "ou=people,dc=example", "SyncMinutes": "0"}
    stores.add(world.house, world.by, NewStore(domain, "ldap", values), world.now)


def mapping(body: dict[str, Any]) -> dict[str, str]:
    return {row["userstore"]: row["mappedAttribute"] for row in body["attributeMapping"]}


@pytest.fixture
def admin(world: World) -> Rest:
    return administrator()


def test_a_new_claim_is_an_attribute_of_the_tenants_own(world: World, admin: Rest) -> None:
    made = admin.post(LOCAL, {"claimURI": BADGE, "displayName": "Badge", "description": "On the badge", "regEx": "[0-9]+",
                              "required": False, "attributeMapping": [{"mappedAttribute": "badgeNumber", "userstore": "PRIMARY"}]})
    assert (made.status, made.headers["Location"]) == (201, place(BADGE))
    assert (made.body["claimURI"], made.body["regEx"], mapping(made.body)) == (BADGE, "[0-9]+", {"PRIMARY": "badgeNumber"})
    assert admin.get(place(BADGE)).body == made.body
    assert made.body in admin.get(LOCAL).body
    assert [one.name for one in custom_attributes.listing(world.by)] == ["badgeNumber"]
    assert admin.put(place(BADGE), made.body | {"readOnly": True}).body == made.body | {"readOnly": True}
    assert admin.send("DELETE", place(BADGE)).status == 204
    assert admin.get(place(BADGE)).problem(404)["code"] == "CMT-50019"


@pytest.mark.parametrize(("body", "status", "code"), [
    ({"claimURI": BADGE}, 409, "CMT-50021"), ({"claimURI": EMAIL}, 409, "CMT-50021"),
    ({"claimURI": f"{DIALECT}/Badgenumber"}, 409, "HK-409"),
    ({"claimURI": "http://example.com/x"}, 400, "HK-400"), ({}, 400, "HK-400"), ({"claimURI": f"{DIALECT}/a/b"}, 400, "HK-400"),
    ({"claimURI": f"{DIALECT}/new", "dataType": "complex"}, 400, "HK-400"), ({"claimURI": f"{DIALECT}/new", "regEx": "("}, 400, None),
    ({"claimURI": f"{DIALECT}/new", "attributeMapping": [{"mappedAttribute": "other", "userstore": "PRIMARY"}]}, 400, "HK-400"),
    ({"claimURI": f"{DIALECT}/new", "attributeMapping": [{"mappedAttribute": "x", "userstore": "NONE"}]}, 400, "HK-400"),
])
def test_a_claim_that_cannot_be_is_refused_and_leaves_nothing(
    world: World, admin: Rest, body: dict[str, Any], status: int, code: str | None
) -> None:
    admin.post(LOCAL, {"claimURI": BADGE})
    problem = admin.post(LOCAL, body).problem(status)
    assert code is None or problem["code"] == code
    assert [one.name for one in custom_attributes.listing(world.by)] == ["badgeNumber"]


def test_a_shipped_claim_cannot_be_removed(admin: Rest) -> None:
    assert "claimURI" in admin.send("DELETE", place(EMAIL)).problem(400)["description"]


def test_each_store_says_where_it_keeps_a_claim(world: World, admin: Rest) -> None:
    staff(world)
    body = admin.get(place(TITLE)).body
    assert mapping(body) == {"PRIMARY": "title", "STAFF": "title"}
    assert admin.put(place(TITLE), body).body == body
    changed = admin.put(place(TITLE), {"attributeMapping": [{"mappedAttribute": "employeeType", "userstore": "staff"}]})
    assert mapping(changed.body) == {"PRIMARY": "title", "STAFF": "employeeType"}
    assert stores.get(world.by, "STAFF").attributes[TITLE] == "employeeType"
    taken_out = admin.put(place(TITLE), {"attributeMapping": [{"mappedAttribute": "", "userstore": "STAFF"}]})
    assert mapping(taken_out.body) == {"PRIMARY": "title"}
    assert admin.put(place(TITLE), {"displayName": "Job"}).status == 200
    assert TITLE not in stores.get(world.by, "STAFF").attributes, "a store that is not named stays as it is"


def test_an_attribute_of_the_tenants_own_can_be_in_a_directory(world: World, admin: Rest) -> None:
    staff(world)
    sent = {"claimURI": BADGE, "attributeMapping": [{"mappedAttribute": "employeeNumber", "userstore": "STAFF"}]}
    assert mapping(admin.post(LOCAL, sent).body) == {"PRIMARY": "badgeNumber", "STAFF": "employeeNumber"}
    assert stores.get(world.by, "STAFF").attributes["urn:scim:schemas:extension:custom:User:badgeNumber"] == "employeeNumber"
    store = f"/api/server/v1/userstores/{base64.urlsafe_b64encode(b'STAFF').decode().rstrip('=')}"
    assert {"claimURI": BADGE, "mappedAttribute": "employeeNumber"} in admin.get(store).body["claimAttributeMappings"]
    assert admin.send("DELETE", place(BADGE)).status == 204
    body = admin.get(store).body
    assert BADGE not in [row["claimURI"] for row in body["claimAttributeMappings"]]
    assert admin.put(store, body).status == 200


@pytest.mark.parametrize(("userstore", "attribute"), [
    ("STAFF", "userPassword"), ("STAFF", "mail"), ("STAFF", "(x=y)"), ("STAFF", "x" * 65), ("PRIMARY", "other"), ("NONE", "x"),
])
def test_a_mapping_that_cannot_be_is_refused_and_changes_nothing(world: World, admin: Rest, userstore: str, attribute: str) -> None:
    staff(world)
    before = admin.get(place(TITLE)).body
    sent = before | {"displayName": "Changed", "attributeMapping": [{"mappedAttribute": attribute, "userstore": userstore}]}
    assert "attributeMapping" in admin.put(place(TITLE), sent).problem(400)["description"]
    assert admin.get(place(TITLE)).body == before


def test_a_claim_about_the_account_is_not_written_to_a_directory(world: World, admin: Rest) -> None:
    staff(world)
    locked = place(f"{DIALECT}/username")
    sent = {"attributeMapping": [{"mappedAttribute": "pager", "userstore": "STAFF"}]}
    assert admin.put(locked, sent).status == 400


def test_the_mapping_of_primary_in_a_directory_is_changed_in_deployment_toml_only(world: World, admin: Rest) -> None:
    given = {"ConnectionURL": "ldap://127.0.0.1:1", "UserSearchBase": "ou=people,dc=example", "SyncMinutes": "0"}
    values = clean("ldap", given, private=True)
    house = world.configured(primary_store=PrimaryStore("ldap", values, {TITLE: "employeeType"}, ""))
    stores.ensure_primary(house, world.by, world.now)
    body = admin.get(place(TITLE)).body
    assert mapping(body) == {"PRIMARY": "employeeType"}
    assert admin.put(place(TITLE), body).status == 200
    sent = {"attributeMapping": [{"mappedAttribute": "title", "userstore": "PRIMARY"}]}
    assert "deployment.toml" in admin.put(place(TITLE), sent).problem(400)["description"]


def test_directories_are_told_to_who_may_see_and_changed_by_who_may_change_them(world: World) -> None:
    staff(world)
    claims_only, seeing = holder(world, CLAIM_VIEW, CLAIM_UPDATE), holder(world, CLAIM_VIEW, CLAIM_UPDATE, STORE_VIEW)
    assert mapping(claims_only.get(place(TITLE)).body) == {"PRIMARY": "title"}
    sent = {"attributeMapping": [{"mappedAttribute": "employeeType", "userstore": "STAFF"}]}
    assert claims_only.put(place(TITLE), sent).status == 400
    assert seeing.put(place(TITLE), sent).status == 403
    assert stores.get(world.by, "STAFF").attributes[TITLE] == "title"


def test_another_tenants_directories_and_attributes_are_not_seen(world: World, admin: Rest) -> None:
    staff(world)
    admin.post(LOCAL, {"claimURI": BADGE})
    other = other_world(world)
    stranger = holder(other, CLAIM_VIEW, STORE_VIEW, prefix=f"/t/{other.tenant.domain}")
    assert mapping(stranger.get(place(TITLE)).body) == {"PRIMARY": "title"}
    assert stranger.get(place(BADGE)).problem(404)["code"] == "CMT-50019"


def test_what_scim_and_openid_connect_call_the_claims_can_be_read(admin: Rest) -> None:
    admin.post(LOCAL, {"claimURI": BADGE})
    dialects = {row["dialectURI"]: row for row in admin.get(ROOT).body}
    assert "urn:ietf:params:scim:schemas:core:2.0:User" in dialects
    for row in list(dialects.values())[1:]:
        assert admin.get(f"{ROOT}/{row['id']}").body == row
        listed = admin.get(row["link"]["href"]).body
        assert {one["mappedLocalClaimURI"] for one in listed} <= {*BY_URI, BADGE}
        assert all(one["claimURI"].startswith(row["dialectURI"]) for one in listed) or row["dialectURI"] == OIDC_DIALECT
        assert admin.get(f"{row['link']['href']}/{listed[0]['id']}").body == listed[0]
    openid = {one["claimURI"]: one["mappedLocalClaimURI"] for one in admin.get(dialects[OIDC_DIALECT]["link"]["href"]).body}
    assert (openid["email"], openid["sub"]) == (EMAIL, f"{DIALECT}/userid"), "by their bare names, as in tokens"
    custom = admin.get(dialects["urn:scim:schemas:extension:custom:User"]["link"]["href"]).body
    assert {one["claimURI"]: one["mappedLocalClaimURI"] for one in custom} == {"urn:scim:schemas:extension:custom:User:badgeNumber": BADGE}


@pytest.mark.parametrize("path", ["bm90aGluZw", "bm90aGluZw/claims", "!/claims/x"])
def test_an_unknown_dialect_is_not_found_and_none_is_changed(admin: Rest, path: str) -> None:
    assert admin.get(f"{ROOT}/{path}").status == 404
    assert admin.send("DELETE", f"{ROOT}/{path}").status == 405
