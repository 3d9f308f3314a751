"""Names of users of a directory, users whom nobody has met yet, and what was changed over there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from housekey.core.claims import DIALECT, EMAIL, text_of
from housekey.core.errors import DeadCode, NotFound, Throttled, Unavailable, WrongCredentials
from housekey.core.principal import ADMINISTRATOR
from housekey.core.properties import RECOVERY_LINK
from housekey.operations import login, stores, users
from housekey.store.models import Entry
from tests.doors.pages.support import Browser
from tests.doors.scim.support import Scim
from tests.doors.soap.support import Soap
from tests.operations.support import NETWORK, PASSWORD, World, other_world
from tests.stores.support import Domain, at, connected, known
from tests.support.slapd import LIMITED, Place

LATER = timedelta(hours=2)
WRONG = ["*", "*)(uid=*", "er*", "\\2a", ")(|(uid=*", "erin)(uid=*", "erin)(|(uid=*))", "e?in", "er\\69n", "\0", "erin\0", "uid=erin",
         "(&(uid=erin))", "#erin", "erin,ou=people", "\\", "(", ")", "&", "|", "!(uid=x)", "\u0301", "ｅｒｉｎ*", "x" * 5000]


def gone_quiet(staff: Domain) -> None:
    """The worker has nothing to do for a while."""
    staff.work(staff.world.now + LATER)


def test_whoever_is_only_in_the_directory_signs_in_at_once(staff: Domain) -> None:
    at(staff).add("jane", mail="jane@example.com", givenName="Jane", password=PASSWORD)
    assert staff.enter("jane")
    user = users.by_name(staff.by, "STAFF/jane")
    assert (user.profile.given_name, user.profile.mail) == ("Jane", "jane@example.com")
    assert staff.enter("jane")
    assert set(known(staff)) == {"jane"}


def test_a_name_means_the_same_person_in_every_spelling(staff: Domain) -> None:
    world = staff.world
    at(staff).add("jane", mail="jane@example.com", password=PASSWORD)
    for name in ("STAFF/jane", "staff/JANE", "Staff/Jane", "staff/jane@carbon.super"):
        assert world.sign_in(name), name
    with pytest.raises(WrongCredentials):
        world.sign_in("jane")
    with pytest.raises(WrongCredentials):
        world.sign_in("PRIMARY/jane")
    assert set(known(staff)) == {"jane"}


def test_namesakes_in_two_tenants_are_two_people(staff: Domain) -> None:
    at(staff).add("jane", mail="jane@example.com", password=PASSWORD)
    other = other_world(staff.world)
    other.add("jane", "seven purple umbrellas tonight")
    assert staff.enter("jane")
    with pytest.raises(WrongCredentials):
        staff.world.sign_in("STAFF/jane@acme.example", PASSWORD)
    assert staff.world.sign_in("jane@acme.example", "seven purple umbrellas tonight").tenant == other.tenant
    with pytest.raises(WrongCredentials):
        login.sign_in(other.house, other.tenant, "STAFF/jane", PASSWORD, network=NETWORK, agent="x", now=other.now, by_path=True)


@pytest.mark.parametrize("name", WRONG)
def test_no_name_is_taken_for_a_filter_at_any_door(staff: Domain, name: str) -> None:
    """A-100: the same as nobody, and nobody is met."""
    world = staff.world
    at(staff).add("erin", mail="erin@example.com", password=PASSWORD)
    world.set(**{RECOVERY_LINK: True})
    with pytest.raises((WrongCredentials, Throttled)):
        staff.enter(name)
    scim, soap = Scim("STAFF/" + name, PASSWORD), Soap("admin", "admin")
    assert scim.get("x").status == 401
    escaped = name.replace("\\", "\\\\").replace("\0", "\\u0000")
    assert Scim("admin", "admin").named("STAFF/" + escaped).status in {200, 400}
    if name.isprintable():
        assert soap.profile("STAFF/" + name, givenname="x").status == 500
        assert soap.store("isExistingUser", userName="STAFF/" + name).status in {200, 500}
    browser = Browser()
    assert browser.sign_in("STAFF/" + name, PASSWORD).status in {200, 401}
    assert "Login failed!" in browser.page
    assert browser.forgot("STAFF/" + name).status in {200, 303, 400, 422}
    assert set(known(staff)) == set()


@pytest.mark.parametrize("password", ["", " ", "\0", PASSWORD + "\0", "x" * 100_000])
def test_no_password_but_hers_lets_somebody_in(staff: Domain, password: str) -> None:
    """A-101: an empty one is not even sent, to a directory that takes it for a good sign-in of nobody."""
    at(staff).add("erin", mail="erin@example.com", password=PASSWORD)
    gone_quiet(staff)
    at(staff).front.plain_binds.clear()
    with pytest.raises(WrongCredentials):
        staff.enter("erin", password)
    assert Scim("STAFF/erin", password).get("x").status == 401
    assert "Login failed!" in Browser().sign_in("STAFF/erin", password).page or password == ""
    if not password.strip("\0"):
        assert not [dn for dn in at(staff).front.plain_binds if "erin" in dn.lower()]


def test_an_entry_that_is_renamed_keeps_account_roles_and_sessions(staff: Domain) -> None:
    world = staff.world
    at(staff).add("jane", mail="jane@example.com", password=PASSWORD)
    gone_quiet(staff)
    user = users.by_name(world.by, "STAFF/jane")
    world.give(user.id, ADMINISTRATOR)
    browser = Browser().signed_in("STAFF/jane", PASSWORD)
    at(staff).rename("jane", "jane.roe")
    staff.work(world.now + 2 * LATER)
    after = users.by_name(world.by, "STAFF/jane.roe")
    assert (after.id, after.roles) == (user.id, user.roles or (ADMINISTRATOR,))
    assert staff.find("jane") is None
    assert browser.get("/myaccount/").status == 200
    assert staff.enter("jane.roe")
    with pytest.raises(WrongCredentials):
        staff.enter("jane")


def test_a_name_that_passes_to_another_entry_passes_neither_account_nor_roles(staff: Domain) -> None:
    """Keys are the directory's own ids: who gets a name that was free is somebody new."""
    world = staff.world
    at(staff).add("jane", mail="jane@example.com", password=PASSWORD)
    gone_quiet(staff)
    user = users.by_name(world.by, "STAFF/jane")
    world.give(user.id, ADMINISTRATOR)
    at(staff).remove("jane")
    at(staff).add("jane", mail="another@example.com", password="seven purple umbrellas tonight")
    with pytest.raises(WrongCredentials):
        staff.enter("jane", "seven purple umbrellas tonight")
    staff.work(world.now + 2 * LATER)
    staff.work(world.now + 4 * LATER)
    after = users.by_name(world.by, "STAFF/jane")
    assert after.id != user.id
    assert after.roles == ()
    assert staff.enter("jane", "seven purple umbrellas tonight", later=600)


def test_an_address_that_is_changed_over_there_kills_what_went_to_the_old_one(staff: Domain) -> None:
    world = staff.world
    user = staff.create("jane", ask=True, mail="jane@example.com")
    code = world.newest_code()
    at(staff).change("jane", mail="roe@example.com")
    staff.work(world.now + LATER)
    assert text_of(users.get(world.by, user.id).profile, EMAIL) == "roe@example.com"
    with pytest.raises(DeadCode):
        world.redeem(code)


def test_another_change_over_there_leaves_the_code_alive(staff: Domain) -> None:
    world = staff.world
    user = staff.create("jane", ask=True, mail="jane@example.com")
    at(staff).change("jane", title="Chef")
    staff.work(world.now + LATER)
    assert text_of(users.get(world.by, user.id).profile, f"{DIALECT}/title") == "Chef"
    world.redeem(world.newest_code())
    assert staff.enter("jane")


def test_a_look_removes_who_is_gone(staff: Domain) -> None:
    for number in range(6):
        at(staff).add(f"user{number}", mail=f"user{number}@example.com", password=PASSWORD)
    gone_quiet(staff)
    browser = Browser().signed_in("STAFF/user0", PASSWORD)
    at(staff).remove("user0")
    staff.work(staff.world.now + 2 * LATER)
    assert set(known(staff)) == {f"user{number}" for number in range(1, 6)}
    assert browser.get("/myaccount/").status in {302, 303}
    with pytest.raises(NotFound):
        users.by_name(staff.by, "STAFF/user0")


def test_a_look_removes_nobody_where_most_are_gone_and_says_why(staff: Domain) -> None:
    for number in range(24):
        at(staff).add(f"user{number}")
    gone_quiet(staff)
    for number in range(13):
        at(staff).remove(f"user{number}")
    staff.work(staff.world.now + 2 * LATER)
    assert len(known(staff)) == 24
    assert "13 of 24 users are not found" in stores.get(staff.by, "STAFF").findings["error"]
    at(staff).add("user0")
    at(staff).add("user1")
    staff.work(staff.world.now + 4 * LATER)
    assert "error" not in stores.get(staff.by, "STAFF").findings or len(known(staff)) >= 12


def test_a_look_that_is_given_only_a_part_removes_nobody(world: World, place: Place) -> None:
    for number in range(4):
        place.add(f"user{number}")
    staff = connected(world, place, "STAFF", ConnectionName=LIMITED, ReadOnly="true", PageSize="10")
    assert len(known(staff)) == 4
    for number in range(4, 12):
        place.add(f"user{number}")
    place.remove("user0")
    staff.work(world.now + LATER)
    assert "limit" in stores.get(staff.by, "STAFF").findings["error"]
    assert "user0" in known(staff)


def test_whoever_was_deleted_here_does_not_come_back_before_the_directory_knows(staff: Domain) -> None:
    user = staff.create("jane", password=PASSWORD)
    at(staff).stop()
    staff.delete(user)
    staff.work()
    at(staff).start()
    with pytest.raises(WrongCredentials):
        staff.enter("jane", later=1)
    assert set(known(staff)) == set()
    new = stores.as_new(stores.get(staff.by, "STAFF"))
    stores.change(staff.world.house, staff.by, "STAFF", new, staff.world.now)
    stores.look(staff.by, "STAFF", staff.world.now)
    staff.work()
    with pytest.raises(WrongCredentials):
        staff.enter("jane", later=2)
    assert set(known(staff)) == set()
    staff.work(staff.world.now + LATER)
    assert at(staff).read("jane") is None
    assert not Entry.objects.aside(staff.world.tenant).exists()


def test_a_store_that_is_switched_off_lets_nobody_in_and_asks_nothing(staff: Domain) -> None:
    staff.create("jane", password=PASSWORD)
    assert staff.enter("jane")
    browser = Browser().signed_in("STAFF/jane", PASSWORD)
    staff.create("lena", ask=True, mail="lena@example.com")
    code = staff.world.newest_code("lena@example.com")
    stores.switch(staff.by, "STAFF", False, staff.world.now)
    asked = at(staff).front.messages
    for name in ("STAFF/jane", "STAFF/nobody"):
        with pytest.raises(WrongCredentials):
            staff.world.sign_in(name)
    with pytest.raises(Unavailable, match="STAFF is switched off"):
        staff.create("paul", ask=True)
    with pytest.raises(Unavailable, match="STAFF is switched off"):
        staff.world.redeem(code)
    assert browser.get("/myaccount/").status in {302, 303}
    assert at(staff).front.messages == asked
    stores.switch(staff.by, "STAFF", True, staff.world.now)
    assert staff.enter("jane", later=60)
    staff.world.redeem(code)
    assert staff.enter("lena", later=60)


def test_the_users_of_a_store_that_is_switched_off_are_forgotten_and_the_directory_is_left_alone(staff: Domain) -> None:
    staff.create("jane", password=PASSWORD)
    stores.switch(staff.by, "STAFF", False, staff.world.now)
    assert stores.forget_people(staff.by, "STAFF", staff.world.now) == 0
    stores.remove(staff.by, "STAFF", staff.world.now)
    assert set(known(staff)) == set()
    assert at(staff).welcomes("jane", PASSWORD)
