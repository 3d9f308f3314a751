"""Promises that a review found broken once: who may end whose way in, and what survives a correction."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from housekey.conf.schema import SuperAdmin
from housekey.core.errors import Conflict, DeadCode, FeatureOff, Invalid, NotPermitted
from housekey.core.principal import ADMINISTRATOR, HELP_DESK
from housekey.core.properties import ENABLE
from housekey.core.users import Changes, Email
from housekey.operations import bootstrap, forgotten, onboarding, policies, roles, tenants, users
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, code_in, other_world

LATER = timedelta(minutes=5)


def test_a_password_beside_ask_password_is_ignored_in_a_change_too(world: World) -> None:
    waiting, bare = world.invite("waiting"), world.add("bare", password=None)
    for user in (waiting, bare):
        users.change(world.house, world.by, user.id, Changes(password=PASSWORD, ask_password=True), world.now)
        assert users.get(world.by, user.id).standing.state == "PENDING_AP"


def test_a_corrected_address_kills_the_old_link_and_gets_a_new_one(world: World) -> None:
    user = world.invite(mail="jnae@example.com")
    wrong = world.newest_code("jnae@example.com")
    corrected = replace(user.profile, emails=(Email("jane@example.com", primary=True),))
    users.change(world.house, world.by, user.id, Changes(profile=corrected), world.now + LATER)
    with pytest.raises(DeadCode) as dead:
        world.redeem(wrong)
    assert dead.value.reason == "superseded"
    world.redeem(world.newest_code("jane@example.com", now=world.now + LATER), now=world.now + LATER)


def test_an_address_that_is_taken_away_takes_its_link_along(world: World) -> None:
    user = world.invite()
    code = world.newest_code()
    users.change(world.house, world.by, user.id, Changes(profile=replace(user.profile, emails=())), world.now)
    with pytest.raises(DeadCode):
        world.redeem(code)


def test_a_withdrawn_invitation_cannot_be_called_back_with_an_older_link(world: World) -> None:
    user = world.invite()
    old = world.newest_code()
    onboarding.resend(world.house, world.by, user.id, world.now + LATER)
    onboarding.revoke(world.house, world.by, user.id, world.now + LATER)
    before = len(world.mails())
    forgotten.ask_again(world.house, world.tenant, old, "", world.now + 2 * LATER)
    assert len(world.mails()) == before


def test_a_link_handed_over_in_person_is_not_ended_by_an_old_mail(world: World) -> None:
    user = world.invite()
    old = world.newest_code()
    link = onboarding.offline_link(world.house, world.by, user.id, world.now + LATER)
    forgotten.ask_again(world.house, world.tenant, old, "", world.now + 2 * LATER)
    world.redeem(code_in(link), now=world.now + 2 * LATER)
    assert world.sign_in("jane").token


def test_a_live_link_asks_for_no_other(world: World) -> None:
    world.invite()
    code = world.newest_code()
    forgotten.ask_again(world.house, world.tenant, code, "", world.now + LATER)
    world.redeem(code, now=world.now + LATER)
    assert len(world.mails(now=world.now + LATER)) == 2, "the invitation and the notice, nothing between"


def test_the_last_administrator_who_can_sign_in_stays(world: World) -> None:
    boss, idle = world.add("boss", role=ADMINISTRATOR), world.invite("idle")
    world.give(idle.id, ADMINISTRATOR)
    for change in (Changes(disabled=True), Changes(locked=True)):
        with pytest.raises(Invalid, match="last administrator"):
            users.change(world.house, world.by, boss.id, change, world.now)
    with pytest.raises(Invalid, match="last administrator"):
        users.delete(world.by, boss.id, world.now)
    with pytest.raises(Invalid, match="last administrator"):
        roles.deny(world.by, boss.id, ADMINISTRATOR, world.now)
    world.add("second", role=ADMINISTRATOR)
    roles.deny(world.by, boss.id, ADMINISTRATOR, world.now)
    assert users.get(world.by, boss.id).roles == ()


def test_roles_are_given_by_those_who_hold_as_much(world: World) -> None:
    clerk = world.add("clerk")
    desk = world.add("desk", role=HELP_DESK)
    by = replace(world.acting_as("desk"), permissions=world.acting_as("desk").permissions | {"internal_user_mgt_update"})
    with pytest.raises(NotPermitted):
        roles.grant(by, clerk.id, ADMINISTRATOR, world.now)
    roles.grant(by, clerk.id, HELP_DESK, world.now)
    roles.grant(by, clerk.id, HELP_DESK, world.now)
    assert users.get(world.by, clerk.id).roles == (HELP_DESK,)
    with pytest.raises(Invalid, match="There is no role called nobody"):
        roles.grant(by, desk.id, "nobody", world.now)


def test_no_link_is_printed_while_somebody_can_administer(world: World) -> None:
    house = world.configured(super_admin=SuperAdmin("admin"))
    assert bootstrap.first_administrator(house, world.now) is not None
    world.add("boss", role=ADMINISTRATOR)
    assert bootstrap.first_administrator(house, world.now) is None


def test_the_configured_name_of_an_ordinary_user_makes_nobody_administrator(world: World) -> None:
    world.invite("jane")
    code = world.newest_code()
    with pytest.raises(Conflict, match="no administrator"):
        bootstrap.first_administrator(world.configured(super_admin=SuperAdmin("jane")), world.now)
    world.redeem(code)


def test_an_administrator_who_forgot_the_password_comes_back_by_a_link(world: World) -> None:
    world.add("boss", role=ADMINISTRATOR)
    policies.change(world.house, world.by, {ENABLE: "false"}, {}, world.now)
    link = bootstrap.invite_administrator(world.house, world.by, "boss", "", world.now)
    assert link is not None
    world.redeem(code_in(link), OTHER_PASSWORD)
    assert world.sign_in("boss", OTHER_PASSWORD).token


def test_no_administrator_of_a_tenant_makes_tenants_and_only_the_command_line_makes_administrators(world: World) -> None:
    other = other_world(world)
    other.add("boss", role=ADMINISTRATOR)
    world.add("boss", role=ADMINISTRATOR)
    with pytest.raises(NotPermitted):
        tenants.add(other.acting_as("boss"), "more.example", "", world.now)
    for place in (world, other):
        with pytest.raises(NotPermitted):
            bootstrap.invite_administrator(world.house, place.acting_as("boss"), "more", "", world.now)


def test_the_switch_of_the_whole_engine_rules_whatever_a_tenant_stored(world: World) -> None:
    policies.change(world.house, world.by, {ENABLE: "false"}, {}, world.now)
    policies.change(world.house, world.by, {ENABLE: "true"}, {}, world.now)
    off = world.configured(governance=False)
    with pytest.raises(FeatureOff, match="governance_identity_mgt"):
        policies.change(off, world.by, {ENABLE: "true"}, {}, world.now)
    with pytest.raises(FeatureOff, match="governance_identity_mgt"):
        world.invite(house=off)
    assert policies.change(off, world.by, {ENABLE: "false"}, {}, world.now).items[ENABLE].pinned
