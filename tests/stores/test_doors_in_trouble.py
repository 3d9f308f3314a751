"""What each door says while a directory does not answer: its own words for "come again", never an error of ours (F-24)."""

from __future__ import annotations

import pytest

from housekey.core.users import User
from housekey.operations import users
from tests.doors.api.support import administrator
from tests.doors.console.test_users import ADD, JANE
from tests.doors.pages.support import Browser
from tests.doors.scim.support import WSO2, Scim, invited
from tests.doors.soap.support import STORES, Soap
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, link_in
from tests.stores.support import Domain, connected
from tests.support.slapd import Place

SENTENCE = "The user store STAFF does not answer at the moment. Please try again."


@pytest.fixture
def staff(world: World, place: Place) -> Domain:
    return connected(world, place, "STAFF", ReadTimeout="1000")


@pytest.fixture
def jane(staff: Domain) -> User:
    return staff.create("jane", password=PASSWORD, mail="jane@example.com")


def stop(staff: Domain) -> None:
    assert staff.place
    staff.place.stop()


def test_scim(staff: Domain, jane: User, scim: Scim) -> None:
    scim.get(str(jane.id))
    stop(staff)
    for answer in (
        scim.create(invited("STAFF/paul")),
        scim.patch(str(jane.id), {"op": "replace", "path": "title", "value": "Chef"}),
        scim.patch(str(jane.id), {"op": "replace", "path": "password", "value": OTHER_PASSWORD}),
    ):
        assert (answer.status, answer.detail) == (503, SENTENCE)
        assert int(answer.headers["Retry-After"]) > 0
    assert scim.get(str(jane.id)).status == 200
    assert scim.named("STAFF/jane").body["totalResults"] == 1
    assert scim.named("STAFF/nobody").body["totalResults"] == 0
    assert scim.patch(str(jane.id), {"op": "replace", "path": f"{WSO2}:forcePasswordReset", "value": True}).status == 200
    assert scim.delete(str(jane.id)).status == 204


def test_who_is_in_the_directory_asks_with_basic_in_vain(staff: Domain, jane: User) -> None:
    stop(staff)
    answers = [Scim(name, PASSWORD).get("x") for name in ("STAFF/jane", "STAFF/nobody", "nobody")]
    assert {(answer.status, answer.text) for answer in answers} == {(401, answers[-1].text)}


def test_soap(staff: Domain, jane: User) -> None:
    soap = Soap("admin", "admin")
    soap.read("STAFF/jane")
    stop(staff)
    refused = soap.profile("STAFF/jane", title="Chef")
    assert (refused.blames, refused.sentence) == ("Server", SENTENCE)
    refused = soap.call(STORES, "addUser", userName="STAFF/paul", credential=PASSWORD, requirePasswordChange=False)
    assert (refused.blames, refused.sentence) == ("Server", SENTENCE)
    assert soap.profile("STAFF/jane", identity__adminForcedPasswordReset="true").done


def test_the_rest_api(staff: Domain, jane: User) -> None:
    rest = administrator()
    rest.get(f"/api/users/v1/{jane.id}/invitations")
    stop(staff)
    assert rest.post(f"/api/users/v1/{jane.id}/password-reset").status == 202
    code = staff.world.newest_code()
    refused = rest.post("/api/identity/recovery/v0.9/set-password", {"key": code, "password": OTHER_PASSWORD, "properties": []})
    assert refused.status == 503, refused.text
    assert SENTENCE in refused.text


def test_the_console(staff: Domain, jane: User) -> None:
    browser = Browser().signed_in("admin", "admin")
    stop(staff)
    browser.get(ADD)
    browser.post(ADD, JANE | {"domain": "STAFF", "username": "paul"})
    assert browser.heading == "Add User"
    assert SENTENCE in browser.page
    assert 'value="paul"' in browser.page, "what was typed stays"
    assert staff.find("paul") is None
    assert browser.get("/console/users/").status == 200
    assert "STAFF/jane" in browser.page
    assert browser.get(f"/console/users/{jane.id}/").status == 200
    browser.post(f"/console/users/{jane.id}/lock")
    assert users.get(staff.by, jane.id).standing.label == "locked"


def test_the_pages(staff: Domain, jane: User) -> None:
    staff.create("lena", ask=True, mail="lena@example.com")
    link = link_in(next(mail for mail in staff.world.mails() if mail["To"] == "lena@example.com"))
    browser = Browser().get(link.partition("//")[2].partition("/")[2].join(("/", "")))
    browser.follow()
    me = Browser().signed_in("STAFF/jane", PASSWORD)
    stop(staff)
    browser.set_password(PASSWORD)
    assert browser.status == 503
    assert browser.heading == "Set Password"
    assert "Your password could not be set just now." in browser.page
    assert "STAFF does not" not in browser.page, "whoever holds a link need not know where passwords are kept"
    assert int(browser.headers["Retry-After"]) > 0
    told = set()
    for name in ("STAFF/jane", "STAFF/nobody", "nobody"):
        guest = Browser().sign_in(name, PASSWORD)
        assert "Login failed!" in guest.page
        told.add(guest.status)
    assert len(told) == 1
    assert me.get("/myaccount/").status == 200
    me.get("/myaccount/security")
    passwords = {"current-password": PASSWORD, "new-password": OTHER_PASSWORD, "confirm-password": OTHER_PASSWORD}
    me.post("/myaccount/change-password", passwords)
    assert me.status == 503
    assert "Your password cannot be checked at the moment." in me.page
