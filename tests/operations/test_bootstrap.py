"""The first administrator: by a link that is printed, or by a password that is read once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from housekey.conf.house import House
from housekey.conf.schema import Server, SuperAdmin
from housekey.core.codes import Keys
from housekey.core.errors import DeadCode, Invalid, WrongCredentials
from housekey.core.principal import ADMINISTRATOR
from housekey.core.users import Changes
from housekey.operations import bootstrap, tenants, users
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, code_in, counts, new_world


def started(world: World, *, days: int = 0, **super_admin: object) -> str | None:
    """Start a house with this `[super_admin]`; the link that is printed."""
    house = world.configured(super_admin=SuperAdmin(**super_admin))  # type: ignore[arg-type] # fields by name
    return bootstrap.first_administrator(house, world.now + timedelta(days=days))


def test_the_first_administrator_sets_a_password_by_the_products_own_flow(world: World) -> None:
    link = started(world)
    assert link is not None
    assert world.mails() == []
    world.redeem(code_in(link))
    assert users.by_name(world.by, "admin").roles == (ADMINISTRATOR,)
    assert world.sign_in("admin").token
    assert started(world) is None


def test_each_start_prints_a_fresh_link_until_one_is_used_and_older_ones_die(world: World) -> None:
    first, second = started(world), started(world, days=2)
    assert first is not None
    assert second is not None
    with pytest.raises(DeadCode):
        world.redeem(code_in(first))
    world.redeem(code_in(second), now=world.now + timedelta(days=2, hours=23))


def test_the_printed_link_works_for_a_day(world: World) -> None:
    link = started(world)
    assert link is not None
    with pytest.raises(DeadCode):
        world.redeem(code_in(link), now=world.now + timedelta(days=1))


def test_a_configured_password_is_read_at_the_first_start_only(world: World) -> None:
    assert started(world, username="root", password=PASSWORD) is None
    boss = users.by_name(world.by, "root")
    users.change(world.house, world.by, boss.id, Changes(password=OTHER_PASSWORD), world.now)
    assert started(world, username="root", password=PASSWORD) is None
    with pytest.raises(WrongCredentials):
        world.sign_in("root", PASSWORD)
    assert world.sign_in("root", OTHER_PASSWORD).token


def test_a_configured_password_must_meet_the_rules(world: World) -> None:
    before = counts(audit=True)
    with pytest.raises(Invalid) as refused:
        started(world, password="password1")
    assert refused.value.field == "super_admin.password"
    assert counts(audit=True) == before


def test_admin_admin_is_kept_off_the_network(db: None, house: House, tmp_path: Path, now: datetime) -> None:
    world = new_world(house, tmp_path, now, administrator=True)
    assert world.sign_in("admin", "admin").token
    assert "well-known default" in bootstrap.guard_default_password(world.house)
    public = world.configured(server=Server(bind="0.0.0.0"))  # noqa: S104 - the bind that must be refused
    with pytest.raises(Invalid, match="allow_default_admin"):
        bootstrap.guard_default_password(public)
    allowed = replace(public, config=replace(public.config, super_admin=replace(public.config.super_admin, allow_default_admin=True)))
    assert bootstrap.guard_default_password(allowed)
    users.change(world.house, world.by, users.by_name(world.by, "admin").id, Changes(password=PASSWORD), now)
    assert bootstrap.guard_default_password(public) == ""


def test_no_administrator_is_made_where_that_is_switched_off_or_another_one_exists(world: World) -> None:
    assert started(world, create_admin_account=False) is None
    assert users.find(world.by, "admin") is None
    world.add("boss", role=ADMINISTRATOR)
    assert started(world) is None
    assert users.find(world.by, "admin") is None


def test_start_is_refused_without_a_key_this_database_was_written_with(world: World) -> None:
    bootstrap.check_keys(world.house, world.now)
    newer = replace(world.house, keys=Keys((("new", b"n" * 32), *world.house.keys.ring)))
    bootstrap.check_keys(newer, world.now)
    with pytest.raises(Invalid, match="lacks the key new"):
        bootstrap.check_keys(world.house, world.now)


def test_the_default_tenant_is_made_once(world: World) -> None:
    before = counts(audit=True)
    started(world, create_admin_account=False)
    assert counts(audit=True) == before
    assert tenants.default() == world.tenant
