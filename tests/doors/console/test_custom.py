"""The tenant's own attributes in the console: one form, one question, and what a user's page shows of them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from housekey.core.attributes import CUSTOM_URN
from housekey.core.custom import MOST, CustomAttribute, CustomType
from housekey.core.principal import CLAIM_UPDATE, CLAIM_VIEW, CONSOLE, LOGIN
from housekey.core.users import Changes
from housekey.operations import custom_attributes, roles, users
from tests.doors.pages.support import Browser
from tests.operations.support import PASSWORD, World, other_world

LIST = "/console/claims/"
ADD = LIST + "add"
HOSTILE = "<script>alert(1)</script>\"'&{{ 7 }}"


def add(world: World, name: str = "badge", type: CustomType = "string", description: str = "") -> None:
    custom_attributes.add(world.by, CustomAttribute(name, type, description), world.now)


def raw(browser: Browser, path: str) -> str:
    """The page as it was sent, entities and all."""
    return browser.client.get(path, secure=True).content.decode()


def test_an_attribute_lives_from_the_empty_list_to_the_confirmed_end(guest: Browser, world: World) -> None:
    assert "No attributes of your own yet" in guest.get(LIST).page
    assert f'href="{ADD}"' in guest.page
    assert guest.get(ADD).heading == "Add Attribute"
    assert re.search(r'<label for="type">Type</label><select class="input" id="type" name="type">', guest.page)
    guest.post(ADD, {"name": " badge ", "type": "boolean", "description": "Has a badge"})
    assert (guest.status, guest.location) == (303, LIST + "?done=attribute-added")
    page = guest.follow().page
    for words in ("The attribute was added.", "<strong>badge</strong>", "Has a badge", "Yes or no", f"<code>{CUSTOM_URN}:badge</code>"):
        assert words in page
    assert "No attributes of your own yet" not in page
    assert guest.get(LIST + "badge/remove").heading == "Remove the attribute badge?"
    for words in ("stays in the database until", "get no error", "not through SCIM"):
        assert words in guest.page
    assert custom_attributes.listing(world.by) == [CustomAttribute("badge", "boolean", "Has a badge")], "asking removes nothing"
    assert guest.post(LIST + "badge/remove").location == LIST + "?done=attribute-removed"
    assert "No attributes of your own yet" in guest.follow().page
    assert custom_attributes.listing(world.by) == []


@pytest.mark.parametrize(("changed", "sentence"), [
    ({"name": ""}, "Please type a name for the attribute."), ({"name": "userName"}, "Every user has an attribute of this name."),
    ({"name": "Badge"}, "There is already an attribute of this name."), ({"name": "a b"}, "begins with a letter"),
    ({"name": "x" * 61}, "60 characters at most"), ({"type": "complex"}, "The type must be one of string"),
    ({"type": ""}, "The type must be one of string"), ({"description": "x" * 301}, "takes at most 300 characters"),
])
def test_a_mistake_is_said_and_what_was_typed_stays(guest: Browser, world: World, changed: dict[str, str], sentence: str) -> None:
    add(world)
    form = {"name": "zone", "type": "dateTime", "description": "Since when"} | changed
    guest.get(ADD)
    assert sentence in guest.post(ADD, form).page
    assert guest.status == 200
    assert f'id="name" name="name" type="text" autocomplete="off" value="{form["name"]}"' in guest.page
    assert f'value="{form["description"]}"' in guest.page
    if form["type"] == "dateTime":
        assert '<option value="dateTime" selected>' in guest.page
    assert len(custom_attributes.listing(world.by)) == 1


def test_every_refusal_is_said_in_german(guest: Browser, world: World) -> None:
    add(world)
    guest.get(ADD, **{"Accept-Language": "de"})
    assert guest.heading == "Attribut anlegen"
    for changed in ({"name": "id"}, {"name": "badge"}, {"name": "1"}, {"type": "x"}, {"description": "x" * 301}):
        guest._ask("post", ADD, data={"csrfmiddlewaretoken": guest.token, "name": "zone", "type": "string"} | changed,
                   headers={"Referer": "https://testserver/", "Accept-Language": "de"})
        errors = re.findall(r'class="error" id="[a-z]+-error">.*?<span>(.*?)</span>', guest.page)
        assert len(errors) == 1
        assert not re.search(r"\b(?:the|an|of|must|takes)\b", errors[0]), errors[0]
    assert "Das Attribut badge entfernen?" in guest.get(LIST + "badge/remove", **{"Accept-Language": "de"}).page


def test_the_fifty_first_is_refused_with_the_way_out(guest: Browser, world: World) -> None:
    for number in range(MOST):
        add(world, f"a{number}")
    guest.get(ADD)
    assert "Remove one that nobody needs." in guest.post(ADD, {"name": "last", "type": "string"}).page


def test_a_hostile_description_is_only_text(guest: Browser, world: World) -> None:
    """A-118: whoever may add attributes is not to run scripts in the console of others."""
    guest.get(ADD)
    assert guest.post(ADD, {"name": "badge", "type": "string", "description": HOSTILE}).status == 303
    assert custom_attributes.listing(world.by)[0].description == HOSTILE
    for page in (raw(guest, LIST), raw(guest, LIST + "badge/remove")):
        assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;{{ 7 }}" in raw(guest, LIST)
    guest.get(ADD)
    guest.post(ADD, {"name": HOSTILE, "type": HOSTILE, "description": HOSTILE})
    response = guest.client.post(ADD, {"csrfmiddlewaretoken": guest.token, "name": HOSTILE, "type": HOSTILE}, secure=True,
                                 headers={"Referer": "https://testserver/"})
    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()


def test_a_users_page_shows_what_is_defined_and_only_that(guest: Browser, world: World) -> None:
    for name, type in (("badge", "string"), ("keyHolder", "boolean"), ("hiredAt", "dateTime"), ("zone", "string"), ("gone", "string")):
        add(world, name, type)  # type: ignore[arg-type] # one of the types
    user = world.add()
    kept = {"badge": HOSTILE, "keyHolder": False, "hiredAt": "2026-03-01T09:00:00.000Z", "gone": "hidden from now on"}
    users.change(world.house, world.by, user.id, Changes(profile=replace(user.profile, more={CUSTOM_URN: kept})), world.now)
    custom_attributes.remove(world.by, "gone", world.now)
    page = guest.get(f"/console/users/{user.id}/").page
    for fact in (f"<dt>badge</dt><dd>{HOSTILE}", "<dt>keyHolder</dt><dd>no", "<dt>hiredAt</dt><dd>1 March 2026, 09:00 UTC",
                 "<dt>zone</dt><dd>–"):
        assert fact in page
    assert "hidden from now on" not in page
    assert "<dt>gone" not in page
    assert "<script>alert" not in raw(guest, f"/console/users/{user.id}/")


def test_editing_a_user_keeps_them(guest: Browser, world: World) -> None:
    add(world)
    user = world.add()
    users.change(world.house, world.by, user.id, Changes(profile=replace(user.profile, more={CUSTOM_URN: {"badge": "7"}})), world.now)
    guest.get(f"/console/users/{user.id}/edit")
    assert guest.post(f"/console/users/{user.id}/edit", {"given": "Jane", "mail": "jane@example.com"}).status == 303
    assert "<dt>badge</dt><dd>7" in guest.follow().page


def test_whoever_may_only_look_finds_nothing_to_press(world: World) -> None:
    add(world)
    roles.add(world.by, "reader", [LOGIN, CONSOLE, CLAIM_VIEW], world.now)
    world.add("rita", role="reader")
    rita = Browser().signed_in("rita", PASSWORD)
    page = rita.get(LIST).page
    assert "<strong>badge</strong>" in page
    assert "You may look at these settings, but not change them." in page
    assert ADD not in page
    assert "badge/remove" not in page
    for path in (ADD, LIST + "badge/remove"):
        assert rita.get(path).status == 403
        assert rita.post(path, {"name": "zone", "type": "string"}).status == 403
    assert [one.name for one in custom_attributes.listing(world.by)] == ["badge"]


def test_whoever_may_not_see_attributes_is_refused(world: World) -> None:
    roles.add(world.by, "other", [LOGIN, CONSOLE, CLAIM_UPDATE], world.now)
    world.add("otto", role="other")
    otto = Browser().signed_in("otto", PASSWORD)
    assert [otto.get(path).status for path in (LIST, ADD, LIST + "badge/remove")] == [403, 403, 403]


def test_another_tenants_attribute_is_not_found(guest: Browser, world: World) -> None:
    add(other_world(world), "theirs")
    assert "theirs" not in guest.get(LIST).page
    assert guest.get(LIST + "theirs/remove").status == 404
    assert guest.post(LIST + "theirs/remove").status == 404
