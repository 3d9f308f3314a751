"""People who are in a directory, as the console shows them: what may be done to them, and what is said when the directory is in trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from housekey.operations import looking, stores
from housekey.operations.stores import NewStore
from tests.doors.pages.support import Browser
from tests.operations.support import PASSWORD, World
from tests.stores.support import Domain, connected

if TYPE_CHECKING:
    from tests.support.slapd import Place

ADD = "/console/stores/add?kind=ldap"


@pytest.fixture
def staff(world: World, slapd: Place) -> Domain:
    return connected(world, slapd, "STAFF", ReadTimeout="1000", LDAPConnectionTimeout="1000")


def looked(domain: Domain) -> None:
    stores.look(domain.by, domain.name, domain.world.now)
    while looking.step(domain.world.house, domain.world.now):
        pass


def down(domain: Domain) -> None:
    assert domain.place is not None
    domain.place.stop()


def test_home_and_her_page_say_that_her_directory_is_in_trouble(guest: Browser, staff: Domain) -> None:
    user = staff.create("mei", password=PASSWORD)
    looked(staff)
    trouble = "The user store STAFF is in trouble"
    assert trouble not in guest.get("/console/").page + guest.get(f"/console/users/{user.id}/").page
    down(staff)
    looked(staff)
    assert trouble in guest.get("/console/").page
    assert trouble in guest.get(f"/console/users/{user.id}/").page
    stores.switch(staff.by, "STAFF", enabled=False, now=staff.world.now)
    assert "The user store STAFF is switched off" in guest.get(f"/console/users/{user.id}/").page


@pytest.mark.parametrize("form", ["add", "edit", "set-password"])
def test_a_directory_that_is_down_is_told_in_the_form_and_what_was_typed_stays(guest: Browser, staff: Domain, form: str) -> None:
    user = staff.create("mei", password=PASSWORD)
    down(staff)
    place = "/console/users/add" if form == "add" else f"/console/users/{user.id}/{form}"
    typed = {"domain": "STAFF", "method": "invite", "username": "tom", "given": "Tomasina", "family": "Doe", "mail": "tom@example.com"}
    guest.get(place)
    page = guest.post(place, typed if form != "set-password" else {"password": PASSWORD, "password2": PASSWORD}).page
    assert "does not answer at the moment" in page
    assert form == "set-password" or 'value="Tomasina"' in page
    assert PASSWORD not in page


def test_deleting_her_says_that_her_entry_goes_too(guest: Browser, staff: Domain, world: World) -> None:
    user, own = staff.create("mei", password=PASSWORD), world.invite("tom", "tom@example.com")
    assert "entry in the directory of STAFF is deleted, too" in guest.get(f"/console/users/{user.id}/delete").page
    assert "entry in the directory" not in guest.get(f"/console/users/{own.id}/delete").page


def test_of_a_directory_that_is_only_read_each_deed_says_why_not(guest: Browser, staff: Domain, slapd: Place) -> None:
    user = staff.create("mei", password=PASSWORD)
    new = NewStore("STAFF", staff.kind, slapd.settings() | {"ReadOnly": "true"}, {}, slapd.secret)
    stores.change(staff.world.house, staff.by, "STAFF", new, staff.world.now)
    page = guest.get(f"/console/users/{user.id}/").page
    assert page.count("The directory of STAFF is only read here") >= 4
    assert f"/console/users/{user.id}/reset" not in page
    assert f"/console/users/{user.id}/lock" in page


def test_nobody_says_when_a_password_that_was_found_in_a_directory_was_set(guest: Browser, staff: Domain, slapd: Place) -> None:
    slapd.add("mei", password=PASSWORD, mail="mei@example.com")
    looked(staff)
    visitor = Browser().signed_in("STAFF/mei", PASSWORD)
    assert "Password changed" not in visitor.get("/myaccount/").page
    assert "Found in the directory" in visitor.page


def test_an_account_to_connect_with_needs_its_password(guest: Browser, slapd: Place) -> None:
    typed = slapd.settings() | {"domain": "staff"}
    guest.get(ADD)
    assert "Type the password of the account to connect with." in guest.post(ADD, typed).page
    wrong = guest.post(ADD, typed | {"ConnectionPassword": slapd.secret, "ReadTimeout": "0"}).page
    assert "Type the password again: it is not kept on the page." in wrong
    assert slapd.secret not in wrong
    assert guest.post(ADD, typed | {"ConnectionPassword": slapd.secret}).follow().heading == "STAFF"
