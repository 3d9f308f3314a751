"""A pattern that an administrator wrote holds at every door and keeps no door busy."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from housekey.core.claims import EMAIL, GIVEN_NAME, LAST_NAME, MOBILE
from housekey.core.connectors import public_id
from housekey.operations import claims, users
from tests.doors.api.support import administrator
from tests.doors.scim.anywhere import ask
from tests.doors.scim.support import PATCH, Scim
from tests.doors.soap.support import Soap

if TYPE_CHECKING:
    from tests.doors.pages.support import Browser
    from tests.operations.support import World

DEFAULT = r"^([a-zA-Z0-9_\.\-])+\@(([a-zA-Z0-9\-])+\.)+([a-zA-Z0-9]{2,4})+$"
EVIL = "^(a+)+$"
PAGE = f"/console/claims/claim?uri={quote(EMAIL, safe='')}"
FORM = {"display_name": "Email", "description": "", "display_order": "3", "supported_by_default": "true"}


def test_a_pattern_that_would_keep_the_usual_engine_busy_for_years_costs_nothing(world: World, scim: Scim) -> None:
    """A-086."""
    claims.update(world.by, LAST_NAME, regex=EVIL, now=world.now)
    claims.update(world.by, EMAIL, regex=r"^(([a-z0-9])+\.?)+@(([a-z0-9\-])+\.)+[a-z]+$", now=world.now)
    body = {"userName": "eve", "name": {"familyName": "a" * 254 + "!"}, "emails": ["eve@example.com"]}
    assert scim.create(body).status == 400
    for address in ("a" * 64 + "@" + "a-" * 90 + "!", "a@" + "a." * 120, "a" * 65_536 + "@example.com", "a@" + "a-" * 50_000):
        assert scim.create({"userName": "eve", "emails": [address]}).status == 400
    assert not users.find(world.by, "eve")


@pytest.mark.parametrize("pattern", [r"(a)\1", "(?=a)", "(?<=a)b", "((a{200}){200}){200}", "(" * 200, "[a-", "x" * 300])
def test_the_form_and_the_api_refuse_what_the_engine_does_not_take(admin: Browser, world: World, pattern: str) -> None:
    """A-086."""
    admin.get(PAGE)
    admin.post(PAGE, FORM | {"regex": pattern})
    assert admin.status == 200
    assert 'id="regex-error"' in admin.page
    place = f"/api/server/v1/claim-dialects/local/claims/{public_id(EMAIL)}"
    assert "regEx" in administrator().put(place, {"regEx": pattern}).problem(400)["description"]
    assert not claims.get(world.by, EMAIL).rule.regex


def test_a_value_is_tried_without_being_saved(admin: Browser, world: World) -> None:
    world.add(mail="jane+x@example.com")
    admin.get(PAGE)
    admin.post(PAGE, FORM | {"regex": DEFAULT, "sample": "abc#def@example.com", "try": "true"})
    assert "does not match" in admin.page
    assert "users has a value that does not match" in admin.page
    admin.post(PAGE, FORM | {"regex": DEFAULT.replace(r"\-]", r"\-#]", 1), "sample": "abc#def@example.com", "try": "true"})
    assert "</svg>matches</span>" in admin.page
    assert not claims.get(world.by, EMAIL).changed


def test_what_is_typed_as_a_pattern_is_shown_and_never_run(admin: Browser) -> None:
    admin.get(PAGE)
    admin.post(PAGE, FORM | {"regex": "<script>alert(1)</script>", "sample": "<b>{{ 7|add:7 }}</b>", "try": "true"})
    assert admin.status == 200
    answer = admin.client.post(PAGE, FORM | {"regex": "<script>alert(1)</script>", "sample": "<b>", "try": "true",
                                             "csrfmiddlewaretoken": admin.token}).content.decode()
    assert "<script>alert" not in answer
    assert "<code>&lt;b&gt;</code>" in answer
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer


def test_a_pattern_holds_at_every_door(admin: Browser, world: World, scim: Scim) -> None:
    """Set through REST, asked of what comes through the console, SCIM (create, PUT, PATCH, Me), SOAP and My Account."""
    place = f"/api/server/v1/claim-dialects/local/claims/{public_id(EMAIL)}"
    assert administrator().put(place, {"regEx": DEFAULT}).body["regEx"] == DEFAULT
    assert administrator().put(f"/api/server/v1/claim-dialects/local/claims/{public_id(GIVEN_NAME)}", {"regEx": "[A-Z].*"}).status == 200
    jane, wrong = world.add(), "jane+x@example.com"
    assert "does not match" in scim.create({"userName": "john", "emails": [wrong]}).detail
    assert "does not match" in scim.send("PUT", f"/{jane.id}", {"userName": "jane", "emails": [wrong]}).detail
    patch = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "emails", "value": [{"value": wrong}]}]}
    assert "does not match" in scim.send("PATCH", f"/{jane.id}", patch).detail
    mine = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "name.givenName", "value": "jane"}]}
    from tests.operations.support import PASSWORD

    assert "does not match" in ask(Scim("jane", PASSWORD), "PATCH", "/Me", mine).detail
    admin.get(f"/console/users/{jane.id}/edit")
    admin.post(f"/console/users/{jane.id}/edit", {"mail": wrong})
    assert "does not match" in admin.page
    soap = Soap("admin", "admin")
    assert "does not match" in soap.profile("jane", emailaddress=wrong).sentence
    assert users.get(world.by, jane.id).profile.mail == "jane@example.com"


def test_a_required_attribute_is_required_at_every_door(world: World, scim: Scim) -> None:
    place = f"/api/server/v1/claim-dialects/local/claims/{public_id(MOBILE)}"
    assert administrator().put(place, {"required": True}).body["required"] is True
    assert "required" in scim.create({"userName": "john", "emails": ["john@example.com"]}).detail
    assert not users.find(world.by, "john")
