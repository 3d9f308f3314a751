"""What the server says about itself is what it does, and anybody who may use it may read it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from housekey.core.attributes import GROUP_URN, HOUSEKEY_URN, ROLE_URN, USER_URN
from housekey.core.principal import GRANTABLE
from tests.doors.scim.anywhere import ask
from tests.doors.scim.support import ENTERPRISE, WSO2, Answer, Scim
from tests.operations.support import PASSWORD, World, other_world

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
CHARACTERISTICS = {"name", "type", "multiValued", "description", "required", "mutability", "returned"}


@pytest.mark.parametrize("path", ["/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User"])
def test_what_the_server_can_do_is_open_to_everybody(world: World, path: str) -> None:
    """RFC 7644 section 4; reference 4.0."""
    answer = Answer(Client().get(f"/scim2{path}"))
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/scim+json")


@pytest.mark.parametrize("path", ["/Schemas", f"/Schemas/{USER_URN}"])
def test_schemas_are_for_whoever_signs_in_and_need_no_permission(world: World, path: str) -> None:
    """Reference 4.0."""
    assert Answer(Client().get(f"/scim2{path}")).status == 401
    world.add("sam")
    assert ask(Scim("sam", PASSWORD), "GET", path).status == 200


def test_the_configuration_names_the_limits_that_hold(world: World, scim: Scim, settings: Any) -> None:
    settings.HOUSE = world.configured(
        scim2=replace(world.house.config.scim2, max_bulk_operations=7, max_bulk_payload=2_000),
        limits=replace(world.house.config.limits, page=5),
    )
    body = ask(scim, "GET", "/ServiceProviderConfig").body
    assert body["bulk"] == {"supported": True, "maxOperations": 7, "maxPayloadSize": 2_000}
    assert body["filter"] == {"supported": True, "maxResults": 5}
    assert (body["pagination"]["cursor"], body["pagination"]["maxPageSize"], body["pagination"]["defaultPageSize"]) == (True, 5, 5)
    assert {name: body[name]["supported"] for name in ("patch", "changePassword", "sort", "etag")} == dict.fromkeys(
        ("patch", "changePassword", "sort", "etag"), True)
    assert {scheme["type"] for scheme in body["authenticationSchemes"]} == {"httpbasic", "oauthbearertoken"}
    assert body["meta"]["location"].endswith("/scim2/ServiceProviderConfig")


def test_every_resource_type_leads_to_its_resources_and_schemas(scim: Scim) -> None:
    listed = ask(scim, "GET", "/ResourceTypes").body
    assert (listed["schemas"], listed["totalResults"]) == ([LIST], 3)
    for row in listed["Resources"]:
        assert ask(scim, "GET", f"/ResourceTypes/{row['id']}").body == row
        assert ask(scim, "GET", row["endpoint"]).status == 200
        for urn in (row["schema"], *(extension["schema"] for extension in row.get("schemaExtensions", []))):
            assert ask(scim, "GET", f"/Schemas/{urn}").body["id"] == urn
    user = next(row for row in listed["Resources"] if row["id"] == "User")
    assert [extension["schema"] for extension in user["schemaExtensions"]] == [ENTERPRISE, WSO2, HOUSEKEY_URN]


def test_schemas_are_the_rfcs_with_every_characteristic(scim: Scim) -> None:
    """RFC 7643 section 7."""
    listed = ask(scim, "GET", "/Schemas").body
    served = {f"urn:ietf:params:scim:schemas:core:2.0:{name}" for name in ("ServiceProviderConfig", "ResourceType", "Schema")}
    assert {row["id"] for row in listed["Resources"]} == {USER_URN, GROUP_URN, ROLE_URN, ENTERPRISE, WSO2, HOUSEKEY_URN} | served
    todo = [attribute for row in listed["Resources"] for attribute in row["attributes"]]
    while todo:
        attribute = todo.pop()
        assert attribute.keys() >= CHARACTERISTICS
        assert attribute["description"]
        assert ("subAttributes" in attribute) == (attribute["type"] == "complex")
        todo += attribute.get("subAttributes", [])


def test_what_only_starts_something_is_not_advertised(world: World, scim: Scim) -> None:
    """Spec section 8."""
    text = ask(scim, "GET", "/Schemas").text
    assert not [name for name in ("askPassword", "verifyEmail", "forcePasswordReset", "adminForcedPasswordReset") if name in text]


def test_a_schema_that_is_switched_off_is_not_advertised(world: World, scim: Scim, settings: Any) -> None:
    settings.HOUSE = world.configured(scim2=replace(world.house.config.scim2, enable_schema_extension=False))
    assert WSO2 not in ask(scim, "GET", "/Schemas").text + ask(scim, "GET", "/ResourceTypes").text


def test_the_permissions_that_roles_can_have_are_named(scim: Scim) -> None:
    attributes = ask(scim, "GET", f"/Schemas/{ROLE_URN}").body["attributes"]
    permissions = next(row for row in attributes if row["name"] == "permissions")
    assert permissions["subAttributes"][0]["canonicalValues"] == sorted(GRANTABLE)


@pytest.mark.parametrize("path", ["/Schemas/urn:nothing", "/ResourceTypes/Shoe", "/Schemas/%00", "/Schemas/" + "x" * 1_000])
def test_what_there_is_not_is_not_found(scim: Scim, path: str) -> None:
    assert ask(scim, "GET", path).detail


@pytest.mark.parametrize("path", ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"])
def test_discovery_is_neither_filtered_nor_written(scim: Scim, path: str) -> None:
    """RFC 7644 section 4: a filter is refused with 403, not passed over."""
    assert ask(scim, "GET", f"{path}?filter=id%20pr").status == 403
    assert ask(scim, "GET", f"{path}?startIndex=2&count=1&sortBy=id").status == 200
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = ask(scim, method, path, {})
        assert (answer.status, answer.headers["Allow"]) == (405, "GET")


def test_a_tenants_addresses_are_its_own(world: World, scim: Scim) -> None:
    other_world(world)
    body = Answer(Client().get("/t/acme.example/scim2/ResourceTypes/User")).body
    assert body["meta"]["location"].endswith("/t/acme.example/scim2/ResourceTypes/User")
