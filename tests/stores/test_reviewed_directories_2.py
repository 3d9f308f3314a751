"""What went wrong between a directory and our database, second part: changes, repairs, names and what is far too much."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from housekey.conf.schema import PrimaryStore
from housekey.core.account import Standing
from housekey.core.claims import DIALECT, text_of, with_claims
from housekey.core.directories import clean
from housekey.core.errors import FeatureOff, Invalid, PasswordRefused, Stale, WrongCredentials
from housekey.core.names import UserName
from housekey.core.users import Changes, Profile, User
from housekey.operations import (
    accounts,
    directories,
    directory_groups,
    groups,
    login,
    own_profile,
    repairs,
    stores,
    users,
)
from housekey.operations.transactions import durable
from housekey.store.models import Repair
from tests.operations.support import NETWORK, OTHER_PASSWORD, PASSWORD, World
from tests.stores.support import Domain, at, connected, known, placed
from tests.support.slapd import POLICY, SECRET, Place

LATER = timedelta(hours=2)
TITLE = f"{DIALECT}/title"


# --- all of a change or none of it ------------------------------------------------------------------------------------------


def title_of(staff: Domain, name: str = "jane") -> str:
    row = at(staff).read(name)
    assert row is not None
    return b" ".join(row.get("title", [])).decode()


def test_a_change_of_ones_own_that_is_refused_as_stale_is_not_made(staff: Domain) -> None:
    user = staff.create("jane", password=PASSWORD)
    me = staff.world.acting_as("STAFF/jane")
    wanted = replace(user.profile, given_name="Joan")
    with pytest.raises(Stale):
        own_profile.change(staff.world.house, me, wanted, staff.world.now, version=user.version + 7)
    staff.work(staff.world.now + LATER)
    assert users.get(staff.by, user.id).profile.given_name == "Jane"
    row = at(staff).read("jane")
    assert row is not None
    assert row["givenName"] == [b"Jane"]
    assert not Repair.objects.aside(staff.world.tenant).exists()


def test_a_change_that_is_refused_for_another_part_of_it_is_not_made(staff: Domain) -> None:
    user = staff.create("jane", password=PASSWORD)
    house = staff.world.configured(governance=False)
    wanted = Changes(profile=with_claims(user.profile, {TITLE: "Chef"}), force_reset=True)
    with pytest.raises(FeatureOff):
        users.change(house, staff.by, user.id, wanted, staff.world.now)
    assert title_of(staff) == ""
    staff.work(staff.world.now + LATER)
    assert text_of(users.get(staff.by, user.id).profile, TITLE) == ""
    assert not Repair.objects.aside(staff.world.tenant).exists()


def test_a_change_with_a_password_that_the_directory_refuses_is_not_made(staff: Domain) -> None:
    user = staff.create("jane", password=PASSWORD)
    at(staff).change("jane", pwdPolicySubentry=POLICY)
    browser = staff.world.sign_in("STAFF/jane")
    assert browser
    with pytest.raises(PasswordRefused):
        staff.change(user, profile=with_claims(user.profile, {TITLE: "Chef"}), password="Tulip-7!x")
    assert title_of(staff) == ""
    assert not Repair.objects.aside(staff.world.tenant).exists()


def test_two_who_change_different_things_at_once_leave_both_sides_alike(staff: Domain) -> None:
    """What the second one wrote here is not what the directory holds then: it is read again."""
    user = staff.create("jane")
    person = directories.person(staff.world.tenant, accounts.load(staff.world.tenant, user.id))
    staff.change(user, profile=with_claims(user.profile, {TITLE: "Chef"}))
    later = with_claims(user.profile, {f"{DIALECT}/organization": "Acme"})
    with directories.writing(person, user, staff.world.now, profile=later) as settle, durable():
        account = accounts.hold(staff.world.tenant, user.id)
        accounts.store_of(staff.world.tenant, account).update(staff.world.tenant, account.id, later)
        settle()
    staff.work(staff.world.now + LATER)
    assert title_of(staff) == "Chef"
    assert text_of(users.get(staff.by, user.id).profile, TITLE) == "Chef"


def test_somebody_without_a_last_name_does_not_get_one_from_the_directory(staff: Domain) -> None:
    """Its classes demand one, so her user name stands there."""
    user = staff.create("jane", family_name="")
    at(staff).change("jane", title="Chef")
    staff.work(staff.world.now + LATER)
    profile = users.get(staff.by, user.id).profile
    assert (text_of(profile, TITLE), profile.family_name) == ("Chef", "")


# --- repairs ----------------------------------------------------------------------------------------------------------------


def creating(staff: Domain, created: datetime, due: datetime) -> Repair:
    row = Repair(id=uuid4(), tenant_id=staff.world.tenant.id, directory_id=placed(staff).id, deed="create", account_id=uuid4(),
                 name="STAFF/jane", created=created, due=due)
    row.save(force_insert=True)
    return row


def test_a_creation_is_not_undone_by_the_repair_of_an_earlier_one(staff: Domain) -> None:
    """The first was lost on its way; the second is between its two writes."""
    now = staff.world.now
    creating(staff, now - timedelta(minutes=1), now)
    user = User(uuid4(), UserName("STAFF", "jane"), Profile(), Standing(), now, now)
    with directories.adding(user, staff.world.tenant, now) as settle:
        Repair.objects.aside(staff.world.tenant).update(unique_id="")
        assert repairs.step(staff.world.house, now)
        assert at(staff).read("jane") is not None
        with durable():
            accounts.insert(staff.world.tenant, user)
            settle()
    assert at(staff).read("jane") is not None


def test_an_entry_that_was_made_after_the_deed_had_ended_is_somebody_elses(staff: Domain) -> None:
    """By hand, over there, while we were down."""
    row = creating(staff, staff.world.now - LATER, staff.world.now)
    at(staff).add("jane")
    staff.work()
    assert at(staff).read("jane") is not None
    assert not Repair.objects.aside(staff.world.tenant).filter(id=row.id).exists()


# --- names ------------------------------------------------------------------------------------------------------------------


def test_a_remembered_password_is_not_good_for_a_name_that_has_passed_on(staff: Domain) -> None:
    def basic(name: str) -> object:
        world = staff.world
        return login.basic(world.house, world.tenant, f"STAFF/{name}", PASSWORD, network=NETWORK, now=world.now)

    at(staff).add("jane", password=PASSWORD)
    assert basic("jane")
    at(staff).rename("jane", "jane.roe")
    at(staff).add("jane", password=OTHER_PASSWORD)
    staff.work(staff.world.now + LATER)
    with pytest.raises(WrongCredentials):
        basic("jane")
    assert basic("jane.roe")


LONG = {"givenName": "J" * 300, "sn": "D" * 599, "mail": ["a@" + "b" * 330 + ".example", "jane@example.com"], "title": "T" * 700,
        "preferredLanguage": "x" * 300, "employeeNumber": "n" * 200}


def test_an_entry_with_endless_texts_stops_nobody(staff: Domain) -> None:
    """What is too long for a profile is left out; the database would refuse it, and with it the whole look."""
    at(staff).add("jane", **LONG)
    at(staff).add("paul")
    for number in range(1, 3):
        staff.work(staff.world.now + number * LATER)
    profile = users.by_name(staff.by, "STAFF/jane").profile
    assert (profile.given_name, profile.mail, text_of(profile, TITLE)) == ("", "jane@example.com", "T" * 700)
    assert set(known(staff)) == {"jane", "paul"}
    assert stores.get(staff.by, "STAFF").findings["changed"] == 0


def test_a_read_only_directory_does_not_open_who_was_disabled_here(world: World, active_directory: Place) -> None:
    """Her entry is enabled over there and stays so; only that it is switched on over there would open her account."""
    active_directory.add("jane", password=PASSWORD)
    windows = connected(world, active_directory, "STAFF", ReadOnly="true")
    jane = users.by_name(windows.by, "STAFF/jane")
    windows.change(jane, disabled=True)
    active_directory.change("jane", title="Chef")
    windows.work(world.now + LATER)
    assert users.get(windows.by, jane.id).standing.disabled
    for number, control in enumerate(("514", "512"), start=2):
        active_directory.change("jane", userAccountControl=control)
        windows.work(world.now + number * LATER)
    assert not users.get(windows.by, jane.id).standing.disabled


# --- far too much at once ----------------------------------------------------------------------------------------------------


def test_nobody_of_our_own_database_is_forgotten_with_a_directory_that_was_primary(world: World, place: Place) -> None:
    settings = place.settings()
    world.house = world.configured(primary_store=PrimaryStore("ldap", clean("ldap", settings, private=True), {}, SECRET))
    stores.ensure_primary(world.house, world.by, world.now)
    stores.ensure_primary(world.configured(primary_store=None), world.by, world.now)
    with pytest.raises(Invalid):
        stores.forget_people(world.by, "PRIMARY", world.now)
    assert users.by_name(world.by, "admin")


def test_a_group_with_many_members_is_written_in_pieces(world: World, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody else waits for a transaction on SQLite; one with 100,000 members took seven seconds."""
    monkeypatch.setattr(directory_groups, "AT_ONCE", 2)
    names = [f"user{number}" for number in range(5)]
    for name in names:
        place.add(name)
    place.group("Staff", *names)
    staff = connected(world, place, "STAFF")
    (group,) = groups.listing(staff.by).groups
    assert {member.name.bare for member in group.members} == set(names)
    place.remove("user0")
    others = [place.dn(name) for name in names[1:2]]
    place.server.done(place.server.admin().modify(f"cn=Staff,{place.groups}", {"member": [("MODIFY_REPLACE", others)]}))
    staff.work(world.now + LATER)
    (group,) = groups.listing(staff.by).groups
    assert {member.name.bare for member in group.members} == {"user1"}
