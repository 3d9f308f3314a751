"""Groups in the console: the list, a group's members a page at a time, and what may not be done."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import pytest

from housekey.core.groups import Group, GroupChanges, NewGroup, split_group
from housekey.core.principal import CONSOLE, GROUP_UPDATE, GROUP_VIEW, HELP_DESK, LOGIN
from housekey.operations import groups, memberships, roles
from housekey.operations.groups import Wanted
from tests.doors.pages.support import Browser
from tests.operations.support import PASSWORD, World, counts, other_world

LIST = "/console/groups/"


def group(world: World, name: str = "sales", *members: UUID) -> Group:
    return groups.create(world.by, NewGroup(split_group(name), members), world.now)


def place(made: Group, rest: str = "") -> str:
    return f"{LIST}{made.id}/{rest}"


def inside(world: World, made: Group) -> list[str]:
    return [str(member.name) for member in groups.get(world.by, made.id).members]


def with_role(world: World, name: str, *permissions: str) -> Browser:
    """Somebody signed in who holds these permissions and may open the console."""
    roles.add(world.by, f"of {name}", [LOGIN, CONSOLE, *permissions], world.now)
    world.add(name, mail=f"{name}@example.com", role=f"of {name}")
    return Browser().signed_in(name, PASSWORD)


def test_an_empty_list_says_what_to_do_and_the_navigation_leads_to_it(guest: Browser) -> None:
    page = guest.get(LIST).page
    assert "No groups yet" in page
    assert re.search(r'href="/console/groups/" aria-current="page"', page)
    assert page.index(">Users<") < page.index('href="/console/groups/"') < page.index('href="/console/roles/"')


def test_groups_are_counted_searched_and_sorted(guest: Browser, world: World) -> None:
    tom = world.add("tom")
    group(world, "Sales", tom.id)
    group(world, "support")
    page = guest.get(LIST).page
    assert page.index(">Sales<") < page.index(">support<")
    assert 'data-label="Members">1<' in page
    assert "1–2 of 2" in page
    page = guest.get(LIST + "?sort=-name").page
    assert page.index(">support<") < page.index(">Sales<")
    page = guest.get(LIST + "?q=SALE").page
    assert ">Sales<" in page
    assert ">support<" not in page
    assert "No group matches" in guest.get(LIST + "?q=nothing").page


def test_a_search_takes_wildcards_as_letters(guest: Browser, world: World) -> None:
    group(world, "sales")
    assert groups.listing(world.by, Wanted(search="s%")).total == 0
    assert "No group matches" in guest.get(LIST + "?q=_ales").page
    assert guest.get(LIST + "?q=%00&page=0").status == 200


def test_the_list_of_many_groups_has_pages(guest: Browser, world: World) -> None:
    for number in range(51):
        group(world, f"g{number:02}")
    assert 'rel="next"' in guest.get(LIST).page
    page = guest.get(LIST + "?page=2").page
    assert ">g50<" in page
    assert ">g49<" not in page


def test_a_group_is_added_with_its_first_members(guest: Browser, world: World) -> None:
    world.add("tom")
    world.add("ann")
    assert guest.get(LIST + "add").heading == "Add Group"
    guest.post(LIST + "add", {"name": "sales", "members": "tom, ANN\ntom"})
    assert guest.location.endswith("?done=group-added")
    page = guest.follow().page
    assert guest.heading == "sales"
    assert "2 members" in page
    assert ">ann<" in page


@pytest.mark.parametrize(("name", "members", "sentence"), [
    ("", "", "Please type a name for the group."), ("SALES", "", "There is already a group with this name."),
    ("new", "tom, nobody", "There is no user with the name nobody."), ("Internal/x", "", "is the name of a role"),
    ("new", "\n".join(f"u{number}" for number in range(101)), "At most 100 users at once."),
])
def test_what_cannot_be_added_is_said_and_what_was_typed_stays(
    guest: Browser, world: World, name: str, members: str, sentence: str
) -> None:
    world.add("tom")
    group(world, "sales")
    before = counts()
    guest.get(LIST + "add")
    page = guest.post(LIST + "add", {"name": name, "members": members}).page
    assert guest.status == 400
    assert sentence in page
    assert members in page
    assert counts() == before


def test_a_group_is_renamed_and_a_lost_race_is_told(guest: Browser, world: World) -> None:
    made = group(world, "sales")
    page = guest.get(place(made)).page
    assert 'name="version" value="1"' in page
    groups.change(world.by, made.id, GroupChanges(name=split_group("Sales team")), world.now)
    guest.post(place(made, "rename"), {"name": "selling", "version": "1"})
    assert "Somebody else changed this group meanwhile." in guest.page
    assert 'value="selling"' in guest.page
    guest.post(place(made, "rename"), {"name": "selling", "version": "2"})
    assert guest.location == place(made) + "?done=group-saved"
    assert guest.follow().heading == "selling"
    group(world, "other")
    guest.post(place(made, "rename"), {"name": "Other", "version": ""})
    assert "There is already a group with this name." in guest.page


def test_a_member_is_put_in_by_name_taken_out_and_put_back(guest: Browser, world: World) -> None:
    tom, made = world.add("tom"), group(world)
    guest.get(place(made))
    assert guest.post(place(made, "join"), {"username": "Tom"}).location == place(made) + "?done=group-joined"
    assert inside(world, made) == ["tom"]
    guest.follow()
    guest.post(place(made, f"leave/{tom.id}"))
    assert inside(world, made) == []
    page = guest.follow().page
    assert "The user was taken out of the group." in page
    assert "Put tom back" in page
    guest.post(place(made, "join"), {"username": "tom"})
    assert inside(world, made) == ["tom"]


def test_a_name_that_nobody_has_is_said_on_the_page(guest: Browser, world: World) -> None:
    made = group(world)
    guest.get(place(made))
    assert guest.post(place(made, "join"), {"username": "nobody"}).status == 400
    assert "There is no user with this name." in guest.page
    assert 'value="nobody"' in guest.page
    assert "Username is a required field." in guest.post(place(made, "join"), {"username": " "}).page


def test_members_are_looked_through_a_page_at_a_time(guest: Browser, world: World) -> None:
    everybody = [world.add(f"user{number:02}", None, mail="") for number in range(52)]
    made = group(world, "all", *(user.id for user in everybody))
    page = guest.get(place(made)).page
    assert "52 members" in page
    assert "1–50 of 52" in page
    assert page.count("Take out") == 50
    page = guest.get(place(made, "?page=2")).page
    assert ">user51<" in page
    assert page.count("Take out") == 2
    page = guest.get(place(made, "?q=R51")).page
    assert page.count("Take out") == 1
    assert "52 members" in page
    assert "No member matches." in guest.get(place(made, "?q=nobody")).page


def test_a_page_of_members_reads_no_more_than_the_page(world: World, django_assert_max_num_queries: object) -> None:
    everybody = [world.add(f"user{number:02}", None, mail="") for number in range(12)]
    made = group(world, "all", *(user.id for user in everybody))
    with django_assert_max_num_queries(8):  # type: ignore[operator] # a fixture that is called
        found = memberships.members(world.by, made.id, offset=10, limit=10)
    assert ([str(member.name) for member in found.members], found.total) == (["user10", "user11"], 12)


def test_a_large_group_is_looked_through_like_a_small_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = [world.add(f"user{number:02}", None, mail="") for number in range(12)]
    world.add("outsider")
    made = group(world, "all", *(user.id for user in everybody))
    small = [memberships.members(world.by, made.id, search=text, offset=skip, limit=5) for text in ("", "r1") for skip in (0, 1, 11)]
    monkeypatch.setattr(memberships, "FEW", 3)
    large = [memberships.members(world.by, made.id, search=text, offset=skip, limit=5) for text in ("", "r1") for skip in (0, 1, 11)]
    assert large == small
    assert [(len(page.members), page.total) for page in large] == [(5, 12), (5, 12), (1, 12), (2, 2), (1, 2), (0, 2)]


def test_a_group_is_deleted_after_a_question_that_counts_and_its_members_stay(guest: Browser, world: World) -> None:
    tom = world.add("tom")
    made = group(world, "sales", tom.id)
    page = guest.get(place(made, "delete")).page
    assert guest.heading == "Delete the group sales?"
    assert "It has 1 member." in page
    assert "The users themselves stay" in page
    assert guest.post(place(made, "delete")).location == LIST + "?done=group-deleted"
    assert groups.listing(world.by).total == 0
    assert guest.get(f"/console/users/{tom.id}/").status == 200


def test_who_may_only_look_sees_why_and_can_do_nothing(world: World) -> None:
    tom = world.add("tom")
    made = group(world, "sales", tom.id)
    viewer = with_role(world, "viewer", GROUP_VIEW)
    page = viewer.get(LIST).page
    assert "Add Group" not in page
    page = viewer.get(place(made)).page
    assert "You may look at groups, but not change them." in page
    assert "You may not delete groups." in page
    assert "Take out" not in page
    assert ">tom<" in page.replace("<div>tom", "<div>tom<").replace("<div>", ">")
    for path in ("rename", "join", f"leave/{tom.id}", "delete"):
        assert viewer.post(place(made, path), {"name": "x", "username": "tom"}).status == 403
    assert viewer.get(LIST + "add").status == 403
    assert inside(world, made) == ["tom"]


def test_who_may_not_list_users_names_none(world: World) -> None:
    """A form for user names would tell which exist."""
    made = group(world)
    changer = with_role(world, "changer", GROUP_VIEW, GROUP_UPDATE)
    assert "You may not list users, so you cannot name any here." in changer.get(place(made)).page
    assert changer.post(place(made, "join"), {"username": "admin"}).status == 403


def test_without_the_permission_the_navigation_says_nothing_of_groups(world: World) -> None:
    world.add("helen", role=HELP_DESK)
    helen = Browser().signed_in("helen", PASSWORD)
    assert LIST not in helen.get("/console/").page
    assert helen.get(LIST).status == 403


def test_another_tenants_group_is_not_there(guest: Browser, world: World) -> None:
    """A-150: an id of another tenant is no key."""
    other = other_world(world)
    theirs = group(other, "secret")
    guest.get(LIST)
    assert guest.get(place(theirs)).status == 404
    assert guest.get(place(theirs, "delete")).status == 404
    for path in ("rename", "join", "delete", f"leave/{uuid4()}"):
        assert guest.post(place(theirs, path), {"name": "mine", "username": "admin"}).status == 404
    assert "secret" not in guest.get(LIST).page
    assert str(groups.get(other.by, theirs.id).name) == "secret"


def test_another_tenants_user_cannot_be_a_member(guest: Browser, world: World) -> None:
    other = other_world(world)
    sam, made = other.add("sam"), group(world)
    guest.get(place(made))
    assert guest.post(place(made, "join"), {"username": "sam"}).status == 400
    assert guest.get(place(made, f"?done=group-left&undo={sam.id}")).status == 200
    assert "sam" not in guest.page
    assert guest.get(place(made, "?done=group-left&undo=x")).status == 200


def test_a_name_with_script_is_text(guest: Browser, world: World) -> None:
    """A-118: names are written by others."""
    name = '"><script>alert(1)</script>'
    made = group(world, f"PRIMARY/{name}")
    for path in (LIST, place(made), place(made, "delete"), "/console/users/add"):
        assert b"<script>alert" not in guest.client.get(path, secure=True).content


def test_nothing_changes_without_the_token_of_a_form(guest: Browser, world: World) -> None:
    """A-067, A-068: another site's page cannot send these forms."""
    tom = world.add("tom")
    made = group(world, "sales", tom.id)
    for path in (LIST + "add", place(made, "rename"), place(made, "join"), place(made, f"leave/{tom.id}"), place(made, "delete")):
        assert guest.client.post(path, {"name": "x", "username": "admin"}, secure=True).status_code == 403
        assert guest.get(path).status in {200, 405}
    assert inside(world, made) == ["tom"]


def test_the_order_of_the_page_is_the_order_of_the_keyboard(guest: Browser, world: World) -> None:
    tom = world.add("tom")
    made = group(world, "sales", tom.id)
    page = guest.get(place(made)).page
    order = [page.index(mark) for mark in ('name="q"', ">tom<", "Take out", 'id="username"', 'id="name"', "Danger Zone")]
    assert order == sorted(order)
    assert not re.search(r'tabindex="[1-9]', page)
