"""Roles in the console: what they allow, who is in them, and the login permission."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from housekey.core.principal import (
    ADMINISTRATOR,
    EVERYONE,
    EVERYONE_PERMISSIONS,
    HELP_DESK,
    LOGIN,
    OWN_PASSWORD,
    ROLE_CREATE,
    ROLE_UPDATE,
    ROLE_VIEW,
    USER_VIEW,
)
from housekey.operations import roles, users
from tests.doors.pages.support import Browser
from tests.operations.support import PASSWORD, World, counts

LIST = "/console/roles/"


def role_page(name: str) -> str:
    return f"/console/roles/role?name={quote(name, safe='')}"


def permissions(world: World, name: str) -> set[str]:
    return set(roles.get(world.by, name).permissions)


def send(guest: Browser, path: str, **fields: list[str] | str) -> Browser:
    """A form with several boxes of one name."""
    return guest.post(path, fields)  # type: ignore[arg-type] # a list is several values


def test_the_seeds_role_is_added_with_the_login_permission(guest: Browser, world: World) -> None:
    page = guest.get(LIST + "add").page
    assert re.search(rf'value="{LOGIN}".*?<span>Login<', page, re.DOTALL)
    send(guest, LIST + "add", name="test role", permissions=[LOGIN])
    assert guest.location == "/console/roles/role?name=test+role&done=role-added"
    assert "Nobody is in this role yet." in guest.follow().page
    assert permissions(world, "test role") == {LOGIN}
    assert "test role" in guest.get(LIST).page


@pytest.mark.parametrize(("name", "sentence"), [
    ("", "Please type a name for the role."), ("Internal/x", "does not begin with Internal/"),
    ("ADMIN", "There is a role called ADMIN already."), ("x" * 101, "at most 100 characters"),
])
def test_a_name_that_cannot_be_is_said_and_the_ticks_stay(guest: Browser, name: str, sentence: str) -> None:
    guest.get(LIST + "add")
    before = counts()
    send(guest, LIST + "add", name=name, permissions=[USER_VIEW])
    assert sentence in guest.page
    assert re.search(rf'value="{USER_VIEW}" checked', guest.page)
    assert counts() == before


def test_the_permissions_of_a_role_are_changed(guest: Browser, world: World) -> None:
    roles.add(world.by, "desk", [LOGIN], world.now)
    guest.get(role_page("desk"))
    send(guest, role_page("desk"), permissions=[LOGIN, USER_VIEW])
    assert guest.location.endswith("done=role-saved")
    assert permissions(world, "desk") == {LOGIN, USER_VIEW}


def test_administrators_stay_able_to_do_everything(guest: Browser, world: World) -> None:
    before = permissions(world, ADMINISTRATOR)
    page = guest.get(role_page(ADMINISTRATOR)).page
    assert "Administrators can do everything: somebody must be able to." in page
    assert "Save permissions" not in page
    assert send(guest, role_page(ADMINISTRATOR), permissions=[]).status == 400
    assert permissions(world, ADMINISTRATOR) == before


def test_taking_the_login_permission_from_everyone_says_who_is_shut_out(guest: Browser, world: World) -> None:
    world.add("tom")
    world.add("jane")
    roles.add(world.by, "test role", [LOGIN], world.now)
    roles.grant(world.by, users.by_name(world.by, "tom").id, "test role", world.now)
    guest.get(role_page(EVERYONE))
    send(guest, role_page(EVERYONE), permissions=[OWN_PASSWORD])
    assert guest.heading == "Shut everyone else out?"
    assert "<strong>test role</strong>" in guest.page
    assert "1 member<" in guest.page
    assert LOGIN in permissions(world, EVERYONE)
    send(guest, role_page(EVERYONE), permissions=[OWN_PASSWORD], sure="yes")
    assert permissions(world, EVERYONE) == {OWN_PASSWORD}
    assert Browser().sign_in("tom", PASSWORD).status == 303
    assert "Login failed!" in Browser().sign_in("jane", PASSWORD).page
    assert Browser().sign_in("admin", "admin").status == 303


def test_everyone_is_offered_only_what_concerns_their_own_account(guest: Browser, world: World) -> None:
    page = guest.get(role_page(EVERYONE)).page
    assert set(re.findall(r'name="permissions" value="([^"]+)"', page)) == EVERYONE_PERMISSIONS
    send(guest, role_page(EVERYONE), permissions=[LOGIN, OWN_PASSWORD, USER_VIEW])
    assert permissions(world, EVERYONE) == EVERYONE_PERMISSIONS


def test_a_role_is_deleted_after_a_question_and_a_shipped_one_never(guest: Browser, world: World) -> None:
    roles.add(world.by, "desk", [LOGIN], world.now)
    address = f"{LIST}delete?name=desk"
    assert guest.get(address).heading == "Delete the role desk?"
    assert guest.post(address).location == LIST + "?done=role-deleted"
    shipped = f"{LIST}delete?name={quote(HELP_DESK, safe='')}"
    assert "This role belongs to the product." in guest.get(shipped).page
    assert guest.post(shipped).status == 400
    assert permissions(world, HELP_DESK)


def test_members_are_put_in_and_taken_out(guest: Browser, world: World) -> None:
    tom = world.add("tom")
    guest.get(role_page(HELP_DESK))
    query = "?name=" + quote(HELP_DESK, safe="")
    assert "There is no user with this name." in guest.post(f"{LIST}join{query}", {"username": "nobody"}).page
    assert guest.post(f"{LIST}join{query}", {"username": "tom"}).location.endswith("done=role-joined")
    assert f'href="/console/users/{tom.id}/"' in guest.follow().page
    assert users.get(world.by, tom.id).roles == (HELP_DESK,)
    assert guest.post(f"{LIST}leave/{tom.id}{query}").location.endswith("done=role-left")
    assert users.get(world.by, tom.id).roles == ()


def test_the_last_administrator_is_not_taken_out(guest: Browser, world: World) -> None:
    admin = users.by_name(world.by, "admin")
    guest.get(role_page(ADMINISTRATOR))
    assert guest.post(f"{LIST}leave/{admin.id}?name=admin").status == 400
    assert "This is the last administrator" in guest.page


def test_nobody_gives_a_permission_they_lack(guest: Browser, world: World) -> None:
    roles.add(world.by, "role keeper", ["internal_housekey_console", ROLE_VIEW, ROLE_CREATE, ROLE_UPDATE], world.now)
    world.add("rita", role="role keeper")
    rita = Browser().signed_in("rita", PASSWORD)
    page = rita.get(LIST + "add").page
    assert re.search(rf'value="{USER_VIEW}" disabled', page)
    assert "You do not hold this permission yourself." in page
    send(rita, LIST + "add", name="mine", permissions=[USER_VIEW, ROLE_VIEW])
    assert permissions(world, "mine") == {ROLE_VIEW}
    rita.get(role_page(HELP_DESK))
    send(rita, role_page(HELP_DESK), permissions=[])
    assert USER_VIEW in permissions(world, HELP_DESK)
    assert rita.get(f"{LIST}delete?name=mine").status == 403


@pytest.mark.parametrize("name", ["..", "a/b", "<b>&amp;", "Straße ⚙", "a?b#c"])
def test_a_role_may_have_an_odd_name(guest: Browser, world: World, name: str) -> None:
    roles.add(world.by, name, [LOGIN], world.now)
    for path in (role_page(name), f"{LIST}delete?name={quote(name, safe='')}"):
        assert guest.get(path).status == 200
        assert "<b>&amp;" not in guest.client.get(path, secure=True).content.decode()
    assert guest.post(f"{LIST}delete?name={quote(name, safe='')}").status == 303


def test_a_role_that_is_not_there_is_not_found(guest: Browser) -> None:
    assert guest.get(role_page("nobody")).status == 404
    assert guest.get("/console/roles/role").status == 404
