"""Settings: stored wins over file wins over built in; a lost race is told; what was before and after is on record."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from housekey.core.errors import Invalid, Stale
from housekey.core.properties import ENABLE, INVITE_EXPIRY, LOCK, PROPERTIES
from housekey.operations import policies
from housekey.store.models import AuditEntry, Setting
from tests.operations.support import World, other_world


def test_without_a_word_the_built_in_values_hold(world: World) -> None:
    policy = policies.effective(world.house, world.tenant)
    assert policy.on(ENABLE)
    assert policy.number(INVITE_EXPIRY) == 1440
    assert {item.origin for item in policy.items.values()} == {"built in"}
    assert len(policy.items) == len(PROPERTIES)


def test_the_file_is_the_live_default_the_stored_value_wins_and_revert_returns_to_the_file(world: World) -> None:
    house = world.configured(policy=MappingProxyType({INVITE_EXPIRY: "60"}),
                             origins=MappingProxyType({INVITE_EXPIRY: "deployment.toml line 12"}))
    item = policies.effective(house, world.tenant).items[INVITE_EXPIRY]
    assert (item.value, item.origin, item.stored) == ("60", "deployment.toml line 12", False)
    item = policies.change(house, world.by, {INVITE_EXPIRY: "90"}, {}, world.now).items[INVITE_EXPIRY]
    assert (item.value, item.origin, item.default) == ("90", "stored", "60")
    newer = world.configured(policy=MappingProxyType({INVITE_EXPIRY: "30"}))
    assert policies.effective(newer, world.tenant).number(INVITE_EXPIRY) == 90
    assert policies.revert(newer, world.by, INVITE_EXPIRY, now=world.now).number(INVITE_EXPIRY) == 30


def test_a_lost_race_is_told_and_nothing_of_the_form_is_stored(world: World) -> None:
    seen = policies.effective(world.house, world.tenant).items[INVITE_EXPIRY].version
    policies.change(world.house, world.by, {INVITE_EXPIRY: "60"}, {INVITE_EXPIRY: seen}, world.now)
    with pytest.raises(Stale) as stale:
        policies.change(world.house, world.by, {LOCK: "false", INVITE_EXPIRY: "90"}, {INVITE_EXPIRY: seen}, world.now)
    assert "60" in stale.value.sentence
    policy = policies.effective(world.house, world.tenant)
    assert (policy.number(INVITE_EXPIRY), policy.on(LOCK)) == (60, True)
    version = policy.items[INVITE_EXPIRY].version
    assert policies.change(world.house, world.by, {INVITE_EXPIRY: "90"}, {INVITE_EXPIRY: version}, world.now).number(INVITE_EXPIRY) == 90


def test_one_bad_value_stores_none_of_them(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        policies.change(world.house, world.by, {LOCK: "false", INVITE_EXPIRY: "-2"}, {}, world.now)
    assert refused.value.field == INVITE_EXPIRY
    assert not Setting.objects.within(world.tenant).exists()


def test_an_unchanged_form_stores_nothing(world: World) -> None:
    policies.change(world.house, world.by, {LOCK: "true", INVITE_EXPIRY: "1440"}, {}, world.now)
    assert not Setting.objects.within(world.tenant).exists()


def test_before_and_after_are_on_record(world: World) -> None:
    policies.change(world.house, world.by, {INVITE_EXPIRY: "60"}, {}, world.now)
    policies.revert(world.house, world.by, INVITE_EXPIRY, now=world.now)
    policies.revert(world.house, world.by, INVITE_EXPIRY, now=world.now)
    rows = AuditEntry.objects.within(world.tenant).filter(target=INVITE_EXPIRY).order_by("id")
    assert [(row.event, row.detail) for row in rows] == [
        ("setting:change", {"before": "1440", "after": "60"}), ("setting:revert", {"before": "60", "after": "1440"})]


def test_settings_of_one_tenant_are_none_of_anothers(world: World) -> None:
    other = other_world(world)
    policies.change(world.house, other.by, {ENABLE: "false"}, {}, world.now)
    assert policies.effective(world.house, world.tenant).on(ENABLE)
    assert not policies.effective(world.house, other.tenant).on(ENABLE)


def test_a_switched_off_listener_wins_over_everything_and_says_where(world: World) -> None:
    key = "event.default_listener.governance_identity_mgt.enable"
    house = world.configured(governance=False, origins=MappingProxyType({key: "deployment.toml line 3"}))
    policies.change(world.house, world.by, {ENABLE: "false"}, {}, world.now)
    policies.change(world.house, world.by, {ENABLE: "true"}, {}, world.now)
    item = policies.effective(house, world.tenant).items[ENABLE]
    assert (item.on, item.origin) == (False, "deployment.toml line 3")


def test_unknown_settings_are_refused_by_name(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        policies.change(world.house, world.by, {"nonsense": "1"}, {}, world.now)
    assert refused.value.field == "nonsense"
    with pytest.raises(Invalid) as refused:
        policies.revert(world.house, world.by, "nonsense", now=world.now)
    assert refused.value.field == "nonsense"
