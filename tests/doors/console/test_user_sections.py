"""What stands below a user's profile: groups, roles, sessions and the danger zone."""

from __future__ import annotations

import re

import pytest

from housekey.core.groups import Group, GroupChanges, NewGroup, split_group
from housekey.core.names import split_username
from housekey.core.principal import (
    ADMINISTRATOR,
    CONSOLE,
    GROUP_VIEW,
    HELP_DESK,
    LOGIN,
    ROLE_VIEW,
    USER_CREATE,
    USER_LIST,
    USER_UPDATE,
    USER_VIEW,
)
from housekey.core.users import Changes, NewUser, Profile, User
from housekey.operations import groups, roles, sessions, users
from tests.doors.pages.support import Browser
from tests.operations.support import PASSWORD, World, counts, other_world

ADD = "/console/users/add"
CHECK = "/console/users/check"


def place(user: User, rest: str = "") -> str:
    return f"/console/users/{user.id}/{rest}"


def group(world: World, name: str = "sales") -> Group:
    return groups.create(world.by, NewGroup(split_group(name)), world.now)


def groups_of(world: World, user: User) -> list[str]:
    return [str(item.name) for item in users.get(world.by, user.id).groups]


def with_role(world: World, name: str, *permissions: str) -> Browser:
    """Somebody signed in who holds these permissions and may open the console."""
    roles.add(world.by, f"of {name}", [LOGIN, CONSOLE, *permissions], world.now)
    world.add(name, mail=f"{name}@example.com", role=f"of {name}")
    return Browser().signed_in(name, PASSWORD)


def section(page: str, name: str) -> str:
    found = re.search(rf'<section class="card" id="{name}">.*?</section>', page, re.DOTALL)
    assert found, name
    return found.group()


# --- groups -------------------------------------------------------------------------------------------------------------


def test_a_user_is_put_into_a_group_taken_out_and_put_back(guest: Browser, world: World) -> None:
    jane, made = world.add(), group(world)
    page = guest.get(place(jane)).page
    assert "In no group." in section(page, "groups")
    assert '<option value="sales">' in section(page, "groups")
    assert guest.post(place(jane, "groups/join"), {"group": "SALES"}).location == place(jane) + "?done=group-joined"
    assert groups_of(world, jane) == ["sales"]
    page = section(guest.follow().page, "groups")
    assert f'href="/console/groups/{made.id}/"' in page
    guest.post(place(jane, f"groups/{made.id}/leave"))
    assert groups_of(world, jane) == []
    assert "Put back into sales" in section(guest.follow().page, "groups")
    guest.post(place(jane, "groups/join"), {"group": "sales"})
    assert groups_of(world, jane) == ["sales"]


@pytest.mark.parametrize(("name", "sentence"), [
    ("nothing", "There is no group with the name nothing."), (" ", "Please type the name of a group."),
])
def test_a_group_that_is_not_there_is_said_beside_the_field(guest: Browser, world: World, name: str, sentence: str) -> None:
    jane = world.add()
    guest.get(place(jane))
    page = guest.post(place(jane, "groups/join"), {"group": name}).page
    assert guest.status == 400
    assert sentence in section(page, "groups")
    assert '<a href="#group">' in page


def test_who_may_not_change_groups_sees_why(world: World) -> None:
    jane, made = world.add(), group(world)
    groups.change(world.by, made.id, GroupChanges(added=frozenset({jane.id})), world.now)
    viewer = with_role(world, "viewer", USER_VIEW, USER_LIST, GROUP_VIEW)
    page = section(viewer.get(place(jane)).page, "groups")
    assert "You may not change groups. Ask an administrator." in page
    assert "Take out" not in page
    assert viewer.post(place(jane, "groups/join"), {"group": "sales"}).status == 403
    assert viewer.post(place(jane, f"groups/{made.id}/leave")).status == 403
    assert groups_of(world, jane) == ["sales"]


# --- roles --------------------------------------------------------------------------------------------------------------


def test_a_role_is_given_taken_away_and_given_back(guest: Browser, world: World) -> None:
    jane = world.add()
    assert "No role beyond what everybody holds." in section(guest.get(place(jane)).page, "roles")
    guest.post(place(jane, "roles/give"), {"role": HELP_DESK})
    assert guest.location == place(jane) + "?done=role-joined"
    assert users.get(world.by, jane.id).roles == (HELP_DESK,)
    assert "Take away" in section(guest.follow().page, "roles")
    guest.post(place(jane, "roles/take"), {"role": HELP_DESK})
    assert users.get(world.by, jane.id).roles == ()
    assert f"Give {HELP_DESK} back" in guest.follow().page


def test_nobody_gives_a_role_that_allows_more_than_she_may_do(world: World) -> None:
    """A-135: a small administrator makes no big one."""
    jane = world.add()
    small = with_role(world, "small", USER_VIEW, USER_LIST, USER_UPDATE, ROLE_VIEW)
    page = section(small.get(place(jane)).page, "roles")
    assert "You cannot give what allows more than you may do yourself:" in page
    assert f"<option>{ADMINISTRATOR}<" not in page
    assert small.post(place(jane, "roles/give"), {"role": ADMINISTRATOR}).status == 403
    assert users.get(world.by, jane.id).roles == ()


def test_nobody_takes_roles_from_somebody_above_her(world: World) -> None:
    """A-135."""
    small = with_role(world, "small", USER_VIEW, USER_LIST, USER_UPDATE, ROLE_VIEW)
    admin = users.by_name(world.by, "admin")
    assert "This user may do things that you may not." in section(small.get(place(admin)).page, "roles")
    assert small.post(place(admin, "roles/take"), {"role": ADMINISTRATOR}).status == 403
    assert users.by_name(world.by, "admin").roles == (ADMINISTRATOR,)


def test_the_help_desk_sees_roles_and_why_they_stay(world: World) -> None:
    jane = world.add()
    world.add("helen", role=HELP_DESK)
    helen = Browser().signed_in("helen", PASSWORD)
    assert "You may not give or take roles. Ask an administrator." in section(helen.get(place(jane)).page, "roles")
    assert helen.post(place(jane, "roles/give"), {"role": HELP_DESK}).status == 403


def test_the_last_administrator_and_an_unknown_role_are_explained(guest: Browser, world: World) -> None:
    admin = users.by_name(world.by, "admin")
    guest.get(place(admin))
    assert "last administrator" in guest.post(place(admin, "roles/take"), {"role": ADMINISTRATOR}).page
    assert guest.status == 400
    assert guest.post(place(admin, "roles/give"), {"role": "x" * 300}).status == 400
    assert users.by_name(world.by, "admin").roles == (ADMINISTRATOR,)


def test_an_address_cannot_put_words_on_the_page(guest: Browser, world: World) -> None:
    jane = world.add()
    page = section(guest.get(place(jane, "?done=role-left&undo=Call+0900+now")).page, "roles")
    assert "0900" not in page
    assert guest.get(place(jane, "?done=group-left&undo=0900")).status == 200


# --- sessions -----------------------------------------------------------------------------------------------------------


def test_sessions_are_shown_and_one_is_signed_out(guest: Browser, world: World) -> None:
    jane = world.add()
    first, second = Browser("192.0.2.1").signed_in("jane", PASSWORD), Browser("192.0.2.2").signed_in("jane", PASSWORD)
    page = section(guest.get(place(jane)).page, "sessions")
    assert "from 192.0.2.1" in page
    assert "from 192.0.2.2" in page
    newest = next(row for row in sessions.of_user(world.house, world.by, jane.id, world.now) if row.network == "192.0.2.2")
    assert guest.post(place(jane, f"sessions/{newest.id}/end")).location == place(jane) + "?done=session-ended"
    assert first.get("/myaccount/").status == 200
    assert second.get("/myaccount/").status == 302


def test_signing_out_everywhere_asks_first(guest: Browser, world: World) -> None:
    jane = world.add()
    browsers = [Browser().signed_in("jane", PASSWORD) for _ in range(2)]
    guest.get(place(jane))
    assert guest.get(place(jane, "sign-out")).heading == "Sign jane out everywhere?"
    assert all(browser.get("/myaccount/").status == 200 for browser in browsers)
    assert guest.post(place(jane, "sign-out")).location == place(jane) + "?done=signed-out-user"
    assert all(browser.get("/myaccount/").status == 302 for browser in browsers)
    assert "Not signed in anywhere." in guest.follow().page


def test_ones_own_sessions_are_ended_in_my_account(guest: Browser, world: World) -> None:
    admin = users.by_name(world.by, "admin")
    page = section(guest.get(place(admin)).page, "sessions")
    assert "sign out other browsers in My Account" in page
    assert "this browser" in page
    assert guest.post(place(admin, "sign-out")).status == 400
    assert guest.get("/console/").status == 200


def test_the_help_desk_signs_nobody_out_and_a_small_administrator_no_big_one(world: World) -> None:
    """A-135: ending an administrator's sessions is not for those below."""
    jane, admin = world.add(), users.by_name(world.by, "admin")
    janes, admins = Browser().signed_in("jane", PASSWORD), Browser().signed_in("admin", "admin")
    world.add("helen", role=HELP_DESK)
    helen = Browser().signed_in("helen", PASSWORD)
    assert "You may not sign users out." in section(helen.get(place(jane)).page, "sessions")
    number = sessions.of_user(world.house, world.by, jane.id, world.now)[0].id
    assert helen.post(place(jane, f"sessions/{number}/end")).status == 403
    assert helen.post(place(jane, "sign-out")).status == 403
    small = with_role(world, "small", USER_VIEW, USER_LIST, USER_UPDATE)
    number = sessions.of_user(world.house, world.by, admin.id, world.now)[0].id
    small.get(place(admin))
    assert small.post(place(admin, f"sessions/{number}/end")).status == 403
    assert small.post(place(admin, "sign-out")).status == 403
    assert janes.get("/myaccount/").status == admins.get("/myaccount/").status == 200


def test_a_session_of_somebody_else_is_not_ended_through_another_users_page(guest: Browser, world: World) -> None:
    """A-150: the number of a session is no key to it."""
    jane, tom = world.add(), world.add("tom")
    toms = Browser().signed_in("tom", PASSWORD)
    number = sessions.of_user(world.house, world.by, tom.id, world.now)[0].id
    guest.get(place(jane))
    guest.post(place(jane, f"sessions/{number}/end"))
    assert toms.get("/myaccount/").status == 200


def test_users_and_sessions_of_another_tenant_are_not_there(guest: Browser, world: World) -> None:
    """A-150: an id of another tenant opens nothing here."""
    other = other_world(world)
    sam, theirs = other.add("sam"), group(other, "secret")
    other.sign_in("sam")
    number = sessions.of_user(other.house, other.by, sam.id, other.now)[0].id
    jane = world.add()
    guest.get(place(jane))
    for path in (f"sessions/{number}/end", "sign-out", "groups/join", f"groups/{theirs.id}/leave", "roles/give", "roles/take"):
        assert guest.post(place(sam, path), {"group": "secret", "role": HELP_DESK}).status == 404
    assert guest.post(place(jane, f"groups/{theirs.id}/leave")).status == 404
    assert guest.post(place(jane, "groups/join"), {"group": "secret"}).status == 400
    assert guest.post(place(jane, f"sessions/{number}/end")).status == 303
    assert len(sessions.of_user(other.house, other.by, sam.id, other.now)) == 1


def test_nothing_changes_by_a_link_or_without_the_token_of_a_form(guest: Browser, world: World) -> None:
    """A-067, A-068."""
    jane, made = world.add(), group(world)
    Browser().signed_in("jane", PASSWORD)
    number = sessions.of_user(world.house, world.by, jane.id, world.now)[0].id
    before = counts()
    for path in ("groups/join", f"groups/{made.id}/leave", "roles/give", "roles/take", f"sessions/{number}/end"):
        assert guest.get(place(jane, path)).status == 405
        assert guest.client.post(place(jane, path), {"group": "sales", "role": HELP_DESK}, secure=True).status_code == 403
    assert counts() == before


# --- danger zone and facts ----------------------------------------------------------------------------------------------


def test_a_user_is_disabled_after_a_question_and_enabled_again(guest: Browser, world: World) -> None:
    jane = world.add()
    janes = Browser().signed_in("jane", PASSWORD)
    guest.get(place(jane))
    assert guest.get(place(jane, "disable")).heading == "Disable jane?"
    assert guest.post(place(jane, "disable")).location == place(jane) + "?done=disabled"
    page = guest.follow().page
    assert janes.get("/myaccount/").status == 302
    assert "Enable user" in page
    assert "The account is disabled. Enable it first." in page
    guest.post(place(jane, "enable"))
    assert not users.get(world.by, jane.id).standing.disabled
    assert Browser().sign_in("jane", PASSWORD).status == 303


def test_every_danger_of_ones_own_account_says_why_not(guest: Browser, world: World) -> None:
    page = guest.get(place(users.by_name(world.by, "admin"))).page
    zone = page[page.index("Danger Zone"):]
    for heading in ("Set password", "Reset Password", "Disable user", "Lock user", "Delete user"):
        assert re.search(rf"<h3>{heading}</h3><p class=\"soft\">[^<]*own account", zone), heading
    assert "<a class" not in zone[:zone.index("</section>")]


def test_dates_and_the_id_are_shown(guest: Browser, world: World) -> None:
    jane = world.add()
    page = guest.get(place(jane)).page
    assert f'<code id="user-id">{jane.id}</code>' in page
    assert "<dt>Created</dt>" in page
    assert "<dt>Last changed</dt>" in page


def test_the_search_field_holds_only_what_was_searched_for(guest: Browser, world: World) -> None:
    """What a page calls `words`, such as those a new password must not contain, is not what somebody typed there."""
    jane = world.add()
    for address, held in ((place(jane) + "set-password", ""), ("/console/search?q=jane", "jane")):
        assert f'name="q" value="{held}"' in guest.get(address).page


def test_the_order_of_the_page_is_the_order_of_the_keyboard(guest: Browser, world: World) -> None:
    jane = world.add()
    page = guest.get(place(jane)).page
    order = [page.index(mark) for mark in ("Edit profile", 'id="timeline"', 'id="group"', 'id="role"', 'id="sessions"', "Danger Zone")]
    assert order == sorted(order)
    assert not re.search(r'tabindex="[1-9]', page)


# --- adding -------------------------------------------------------------------------------------------------------------


def check(browser: Browser, **asked: str) -> tuple[bool, str]:
    response = browser.client.get(CHECK, asked, secure=True)
    assert response.status_code == 200
    said = response.json()
    return said["free"], said["sentence"]


def test_a_name_is_checked_while_it_is_typed(guest: Browser, world: World) -> None:
    world.add("jane")
    assert check(guest, name="JANE") == (False, "There is already a user with this name. Choose another one.")
    assert check(guest, name="tom", domain="PRIMARY") == (True, "This name is free.")
    assert check(guest, name=" ") == (False, "")
    assert check(guest, name="x" * 300)[0] is False
    assert check(guest, name="a\u202eb")[0] is False
    assert check(guest, name="tom", domain="NOWHERE")[0] is False
    assert 'data-check="/console/users/check"' in guest.get(ADD).page


def test_who_may_not_add_users_learns_no_names(world: World) -> None:
    """A-053: whether somebody exists is told to nobody who could not add her."""
    world.add("helen", role=HELP_DESK)
    assert Browser().signed_in("helen", PASSWORD).get(CHECK + "?name=admin").status == 403
    assert Browser().get(CHECK + "?name=admin").status == 302


def test_the_methods_keep_the_words_people_know(guest: Browser) -> None:
    page = guest.get(ADD).page
    for words in ("Invite the user to set their own password", "Set a password for the user", "Invite via email", "Invite offline"):
        assert words in page


def test_a_new_user_is_in_the_groups_that_were_ticked_and_named(guest: Browser, world: World) -> None:
    made = [group(world, f"g{number:02}") for number in range(22)]
    page = guest.get(ADD).page
    assert page.count('name="groups"') == 20
    assert 'id="groups-named"' in page
    fields = {"username": "tom", "domain": "PRIMARY", "method": "password", "password": PASSWORD, "password2": PASSWORD,
              "groups": [str(made[0].id), str(made[1].id)], "groups-named": "G21, g20"}
    guest.post(ADD, fields)  # type: ignore[arg-type] # a list is several values
    assert guest.location.endswith("done=user-added")
    tom = users.by_name(world.by, "tom")
    assert groups_of(world, tom) == ["g00", "g01", "g20", "g21"]
    assert groups.get(world.by, made[0].id).version == 2


@pytest.mark.parametrize(("field", "value"), [("groups", "not-an-id"), ("groups", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"),
                                             ("groups-named", "nothing")])
def test_a_group_that_is_not_there_keeps_the_user_from_being_added(guest: Browser, world: World, field: str, value: str) -> None:
    group(world)
    guest.get(ADD)
    before = counts()
    fields = {"username": "tom", "domain": "PRIMARY", "method": "password", "password": PASSWORD, "password2": PASSWORD, field: value}
    assert "roup" in guest.post(ADD, fields).page
    assert guest.heading == "Add User"
    assert counts() == before


def test_another_tenants_group_takes_nobody_in(guest: Browser, world: World) -> None:
    """A-132: ids in a form are checked against the tenant."""
    theirs = group(other_world(world), "secret")
    guest.get(ADD)
    fields = {"username": "tom", "domain": "PRIMARY", "method": "password", "password": PASSWORD, "password2": PASSWORD}
    guest.post(ADD, fields | {"groups": str(theirs.id)})
    assert users.find(world.by, "tom") is None


def test_who_may_not_change_groups_puts_nobody_into_one(world: World) -> None:
    """A-132."""
    made = group(world)
    adder = with_role(world, "adder", USER_CREATE, GROUP_VIEW)
    assert "You may not change groups." in adder.get(ADD).page
    fields = {"username": "tom", "domain": "PRIMARY", "method": "password", "password": PASSWORD, "password2": PASSWORD}
    assert adder.post(ADD, fields | {"groups": str(made.id)}).status == 403
    assert users.find(world.by, "tom") is None


def test_a_locked_user_is_unlocked_in_the_danger_zone(guest: Browser, world: World) -> None:
    jane = users.create(world.house, world.by, NewUser(split_username("jane"), Profile(), PASSWORD), world.now)
    users.change(world.house, world.by, jane.id, Changes(locked=True), world.now)
    assert "Unlock user" in guest.get(place(jane)).page
    assert guest.post(place(jane, "unlock")).location.endswith("?done=unlocked")
