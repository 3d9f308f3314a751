"""A directory that is only read: nothing is locked, sent or written for its users before the refusal 17008, at no door."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from housekey.core.claims import DIALECT, text_of, with_claims
from housekey.core.errors import Invalid, StoreReadOnly, WrongCredentials
from housekey.core.properties import AGE, AGE_DAYS
from housekey.core.users import User
from housekey.operations import forgotten, onboarding, own_password, resets, stores, users
from tests.doors.api.support import administrator
from tests.doors.pages.support import Browser, decide
from tests.doors.scim.support import ENTERPRISE, WSO2, Scim, invited
from tests.doors.soap.support import Soap
from tests.operations.support import NETWORK, OTHER_PASSWORD, PASSWORD, World, counts
from tests.stores.support import Domain, connected
from tests.support.slapd import READER, Place


@pytest.fixture
def staff(world: World, place: Place) -> Domain:
    """Jane is in it, and the account we connect as may only read."""
    place.add("jane", givenName="Jane", mail="jane@example.com", password=PASSWORD)
    return connected(world, place, "STAFF", ReadOnly="true", ConnectionName=READER)


@pytest.fixture
def jane(staff: Domain) -> User:
    return users.by_name(staff.by, "STAFF/jane")


def everything(staff: Domain) -> tuple[dict[str, int], Any, Any]:
    """What must be the same before and after a refusal."""
    assert staff.place
    return counts(), staff.find("jane"), staff.place.read("jane")


def test_its_users_sign_in(staff: Domain, jane: User) -> None:
    assert staff.enter("jane")
    with pytest.raises(WrongCredentials):
        staff.enter("jane", "wrong")


def test_no_verb_that_writes_there_begins(staff: Domain, jane: User) -> None:
    staff.enter("jane")
    house, by, now = staff.world.house, staff.by, staff.world.now
    me = staff.world.acting_as("STAFF/jane")
    before = everything(staff)
    for deed in (
        lambda: staff.create("paul", ask=True), lambda: staff.create("paul", password=PASSWORD), lambda: staff.create("paul"),
        lambda: resets.force(house, by, jane.id, now), lambda: resets.offline_code(house, by, jane.id, now),
        lambda: staff.change(jane, force_reset=True), lambda: staff.change(jane, password=OTHER_PASSWORD),
        lambda: staff.change(jane, profile=with_claims(jane.profile, {f"{DIALECT}/title": "Chef"})),
        lambda: own_password.change_password(house, me, PASSWORD, OTHER_PASSWORD, agent="a browser", now=now),
    ):
        with pytest.raises(StoreReadOnly) as refused:
            deed()
        assert refused.value.code == "17008"
        assert "STAFF" in refused.value.sentence
        assert everything(staff) == before
    with pytest.raises(Invalid):
        onboarding.resend(house, by, jane.id, now)
    with pytest.raises(Invalid, match="read-only here: delete this user in the directory itself"):
        staff.delete(jane)
    assert everything(staff) == before
    assert staff.enter("jane")
    assert staff.world.mails() == []


def test_scim_says_17008(staff: Domain, jane: User, scim: Scim) -> None:
    scim.get(str(jane.id))
    before = everything(staff)
    for answer in (
        scim.create(invited("STAFF/paul")),
        scim.patch(str(jane.id), {"op": "replace", "path": f"{WSO2}:forcePasswordReset", "value": True}),
        scim.patch(str(jane.id), {"op": "replace", "path": f"{ENTERPRISE}:adminForcedPasswordReset", "value": True}),
        scim.patch(str(jane.id), {"op": "replace", "path": "password", "value": OTHER_PASSWORD}),
    ):
        assert answer.status == 400, answer.text
        assert answer.detail.startswith("17008 - "), answer.detail
    assert scim.delete(str(jane.id)).status == 400
    assert everything(staff) == before


def test_soap_says_17008(staff: Domain, jane: User) -> None:
    soap = Soap("admin", "admin")
    soap.read("STAFF/jane")
    before = everything(staff)
    answer = soap.profile("STAFF/jane", identity__adminForcedPasswordReset="true")
    assert (answer.blames, answer.code) == ("Client", "17008")
    assert "read-only" in answer.sentence
    assert everything(staff) == before


def test_the_rest_api_says_17008(staff: Domain, jane: User) -> None:
    rest = administrator()
    rest.get(f"/api/users/v1/{jane.id}/invitations")
    before = everything(staff)
    assert rest.post(f"/api/users/v1/{jane.id}/password-reset").problem(400)["code"] == "17008"
    assert everything(staff) == before


def test_the_console_says_it_in_words(staff: Domain, jane: User) -> None:
    browser = Browser().signed_in("admin", "admin")
    browser.get(f"/console/users/{jane.id}")
    before = everything(staff)
    browser.post(f"/console/users/{jane.id}/reset")
    assert browser.status == 400
    assert "STAFF, which is read-only here" in browser.page
    browser.post(f"/console/users/{jane.id}/delete")
    assert browser.status == 400
    assert everything(staff) == before


def test_a_forgotten_password_answers_as_for_everybody_and_sends_nothing(staff: Domain, jane: User) -> None:
    world = staff.world
    decide(world, RECOVERY_LINK="true")
    world.add("paul", mail="paul@example.com")
    answers = []
    for number, name in enumerate(("STAFF/jane", "STAFF/nobody", "paul")):
        browser = Browser(f"192.0.2.{number + 1}")
        browser.forgot(name)
        answers.append((browser.status, browser.location, browser.follow().heading))
    assert len(set(answers)) == 1
    forgotten.start(world.house, world.tenant, "STAFF/jane", None, NETWORK, world.now)
    assert [mail["To"] for mail in world.mails()] == ["paul@example.com"]


def test_the_age_of_passwords_does_not_trap_those_who_cannot_change_theirs(staff: Domain, jane: User) -> None:
    staff.world.set(**{AGE: True, AGE_DAYS: 1})
    assert staff.enter("jane", later=timedelta(days=400).total_seconds())


def test_what_is_not_in_the_directory_may_be_changed(staff: Domain, jane: User) -> None:
    nickname = f"{DIALECT}/nickname"
    changed = staff.change(jane, profile=with_claims(jane.profile, {nickname: "Jay"}))
    assert text_of(changed.profile, nickname) == "Jay"
    staff.work(staff.world.now + timedelta(hours=1))
    assert text_of(users.get(staff.by, jane.id).profile, nickname) == "Jay"


def test_an_account_is_locked_and_disabled_here_and_the_directory_is_left_alone(staff: Domain, jane: User) -> None:
    assert staff.place
    entry = staff.place.read("jane")
    for changes in ({"locked": True}, {"locked": False, "disabled": True}):
        staff.change(users.get(staff.by, jane.id), **changes)
        staff.work(staff.world.now + timedelta(hours=1))
        with pytest.raises(WrongCredentials):
            staff.enter("jane")
    assert staff.place.read("jane") == entry


def test_who_was_invited_before_the_store_became_read_only_keeps_her_link_and_is_told(world: World, place: Place) -> None:
    """Redeeming would write to the directory: refused before the code is spent."""
    staff = connected(world, place, "STAFF")
    jane = staff.create("jane", ask=True, mail="jane@example.com")
    code = world.newest_code()
    new = stores.as_new(stores.get(world.by, "STAFF"))
    stores.change(world.house, world.by, "STAFF", replace(new, properties=dict(new.properties) | {"ReadOnly": "true"}), world.now)
    with pytest.raises(StoreReadOnly):
        world.redeem(code)
    with pytest.raises(StoreReadOnly):
        onboarding.resend(world.house, world.by, jane.id, world.now)
    assert world.live_code("STAFF/jane").spent is None

