"""Lock and state are decided in our own database, and with `data_store` written to the directory for others to read (docs/adr/0020)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from housekey.conf.house import House
from housekey.conf.schema import PrimaryStore
from housekey.core.claims import (
    ACCOUNT_DISABLED,
    ACCOUNT_LOCKED,
    ACCOUNT_STATE,
    DIALECT,
    EMAIL_VERIFIED,
    LOCKED_REASON,
)
from housekey.core.directories import clean
from housekey.core.errors import Conflict, Invalid, WrongCredentials
from housekey.core.names import PRIMARY, split_username
from housekey.core.users import Changes, Email, NewUser, Profile, User
from housekey.operations import accounts, bootstrap, directories, login, looking, resets, stores, users
from housekey.operations.login import SignedIn
from housekey.store.models import Directory, Entry, Repair
from housekey.userstores import registry
from tests.operations.support import NETWORK, PASSWORD, World, new_world
from tests.support.slapd import Place

SECRET = "directory-secret"
MAPPED = {
    ACCOUNT_LOCKED: "employeeType", ACCOUNT_DISABLED: "businessCategory", ACCOUNT_STATE: "description", LOCKED_REASON: "roomNumber",
    EMAIL_VERIFIED: "carLicense",
}


@pytest.fixture
def mirroring(world: World) -> Iterator[World]:
    """The world with `data_store` set to the user store."""
    before: House = settings.HOUSE
    settings.HOUSE = world.house = world.configured(identity_data="store")
    yield world
    settings.HOUSE = before


def connect(world: World, place: Place, *, read_only: bool = False, mapped: dict[str, str] | None = None) -> None:
    """The directory as the domain STAFF, and everybody in it met."""
    properties = place.settings(ReadOnly=str(read_only).lower())
    new = stores.NewStore("STAFF", place.server.kind, properties, MAPPED if mapped is None else mapped, SECRET)
    stores.add(world.house, world.by, new, world.now)
    work(world)


def work(world: World, later: float = 0) -> None:
    """All that the worker has to do by then."""
    for _ in range(50):
        if not looking.step(world.house, world.now + timedelta(seconds=later)):
            return
    raise AssertionError("the worker does not come to an end")


def jane(world: World) -> User:
    return users.by_name(world.by, "STAFF/jane")


def change(world: World, **changes: Any) -> User:
    return users.change(world.house, world.by, jane(world).id, Changes(**changes), world.now)


def told(place: Place, claim: str, name: str = "jane") -> str:
    """What the directory says of a claim."""
    return (place.read(name) or {}).get(MAPPED[claim], [b""])[0].decode()


def waiting() -> list[str]:
    return [row.deed for row in Repair.objects.across_tenants("a test counts").order_by("created")]


def enters(world: World, name: str, password: str = PASSWORD) -> bool:
    try:
        entered = login.sign_in(world.house, world.tenant, name, password, network=NETWORK, agent="a browser", now=world.now)
    except WrongCredentials:
        return False
    return isinstance(entered, SignedIn)


# --- written ----------------------------------------------------------------------------------------------------------


def test_a_lock_is_written_to_the_directory_and_so_is_its_end(mirroring: World, slapd: Place) -> None:
    slapd.add("jane", password=PASSWORD)
    connect(mirroring, slapd)
    change(mirroring, locked=True)
    assert looking.step(mirroring.house, mirroring.now)
    assert (told(slapd, ACCOUNT_LOCKED), told(slapd, ACCOUNT_STATE)) == ("true", "LOCKED")
    assert told(slapd, LOCKED_REASON) == "ADMIN_INITIATED"
    assert told(slapd, ACCOUNT_DISABLED) == "false"
    change(mirroring, locked=False)
    assert looking.step(mirroring.house, mirroring.now)
    assert (told(slapd, ACCOUNT_LOCKED), told(slapd, ACCOUNT_STATE), told(slapd, LOCKED_REASON)) == ("false", "UNLOCKED", "")


def test_somebody_who_is_disabled_is_shown_so(mirroring: World, slapd: Place) -> None:
    slapd.add("jane")
    connect(mirroring, slapd)
    change(mirroring, disabled=True)
    work(mirroring)
    assert (told(slapd, ACCOUNT_DISABLED), told(slapd, ACCOUNT_STATE)) == ("true", "DISABLED")


def test_an_invitation_is_shown_from_its_first_moment_until_it_is_redeemed(mirroring: World, slapd: Place) -> None:
    connect(mirroring, slapd)
    profile = Profile(emails=(Email("nina@example.com", primary=True),), family_name="N")
    users.create(mirroring.house, mirroring.by, NewUser(split_username("STAFF/nina"), profile, ask_password=True), mirroring.now)
    work(mirroring)
    assert (told(slapd, ACCOUNT_STATE, "nina"), told(slapd, EMAIL_VERIFIED, "nina")) == ("PENDING_AP", "false")
    assert told(slapd, LOCKED_REASON, "nina") == "PENDING_ASK_PASSWORD"
    mirroring.redeem(mirroring.newest_code("nina@example.com"))
    work(mirroring)
    assert (told(slapd, ACCOUNT_STATE, "nina"), told(slapd, EMAIL_VERIFIED, "nina")) == ("UNLOCKED", "true")
    assert slapd.welcomes("nina", PASSWORD)


def test_a_forced_reset_is_shown(mirroring: World, slapd: Place) -> None:
    slapd.add("jane", password=PASSWORD, mail="jane@example.com")
    connect(mirroring, slapd)
    resets.force(mirroring.house, mirroring.by, jane(mirroring).id, mirroring.now)
    work(mirroring)
    assert (told(slapd, ACCOUNT_STATE), told(slapd, ACCOUNT_LOCKED)) == ("PENDING_FUPR", "true")
    assert not slapd.welcomes("jane", PASSWORD)


def test_several_changes_before_the_worker_comes_are_one_entry(mirroring: World, slapd: Place) -> None:
    slapd.add("jane")
    connect(mirroring, slapd)
    for locked in (True, False, True):
        change(mirroring, locked=locked)
    assert waiting() == ["mirror"]
    work(mirroring)
    assert told(slapd, ACCOUNT_LOCKED) == "true"


def test_what_does_not_touch_the_standing_writes_nothing(mirroring: World, slapd: Place) -> None:
    slapd.add("jane")
    connect(mirroring, slapd, mapped={ACCOUNT_LOCKED: "employeeType"})
    found = jane(mirroring)
    users.change(mirroring.house, mirroring.by, found.id, Changes(profile=replace(found.profile, given_name="Janet")), mirroring.now)
    assert not waiting()


def test_active_directorys_own_switch_is_left_alone_by_a_lock(mirroring: World, active_directory: Place) -> None:
    """Somebody disables her over there; a lock here must not enable her again."""
    active_directory.add("jane")
    connect(mirroring, active_directory, mapped={ACCOUNT_LOCKED: "department", f"{DIALECT}/department": ""})
    active_directory.change("jane", userAccountControl="514")
    change(mirroring, locked=True)
    assert looking.step(mirroring.house, mirroring.now)
    read = active_directory.read("jane") or {}
    assert (read["userAccountControl"], read["department"]) == ([b"514"], [b"true"])


# --- not written ------------------------------------------------------------------------------------------------------


def test_nothing_is_written_unless_it_is_asked_for(world: World, slapd: Place) -> None:
    """Mapped, but `data_store` is the usual one."""
    slapd.add("jane")
    connect(world, slapd)
    change(world, locked=True)
    assert not waiting()
    assert told(slapd, ACCOUNT_LOCKED) == ""


def test_a_lock_of_somebody_in_a_read_only_directory_counts_here_and_is_written_nowhere(mirroring: World, slapd: Place) -> None:
    slapd.add("jane", password=PASSWORD)
    connect(mirroring, slapd, read_only=True)
    assert enters(mirroring, "STAFF/jane")
    change(mirroring, locked=True)
    assert not waiting()
    work(mirroring)
    assert told(slapd, ACCOUNT_LOCKED) == ""
    assert not enters(mirroring, "STAFF/jane")


def test_a_lock_counts_while_the_directory_is_down_and_is_written_when_it_is_back(mirroring: World, slapd: Place) -> None:
    slapd.add("jane", password=PASSWORD)
    connect(mirroring, slapd)
    slapd.stop()
    change(mirroring, locked=True)
    assert looking.step(mirroring.house, mirroring.now)
    assert waiting() == ["mirror"]
    slapd.start()
    assert registry.directories(mirroring.tenant)["STAFF"].client.test().good  # it is not asked for a few seconds else
    assert not enters(mirroring, "STAFF/jane")
    work(mirroring, later=120)
    assert told(slapd, ACCOUNT_LOCKED) == "true"
    assert not waiting()


def test_what_the_directory_says_of_a_lock_decides_nothing(mirroring: World, slapd: Place) -> None:
    slapd.add("jane", password=PASSWORD)
    connect(mirroring, slapd)
    slapd.change("jane", employeeType="true", description="LOCKED", businessCategory="true")
    stores.look(mirroring.by, "STAFF", mirroring.now)
    work(mirroring)
    assert jane(mirroring).standing.may_sign_in
    assert enters(mirroring, "STAFF/jane")
    change(mirroring, locked=True)
    work(mirroring)
    slapd.change("jane", employeeType="false", description="UNLOCKED")
    stores.look(mirroring.by, "STAFF", mirroring.now)
    work(mirroring)
    assert not enters(mirroring, "STAFF/jane")


def test_a_tenant_without_directories_is_not_slowed_down(world: World, django_assert_num_queries: object) -> None:
    """Where the server mirrors nothing, nobody asks which directories there are."""
    user = world.add("jane")
    registry.forget()
    account = accounts.load(world.tenant, user.id)
    with django_assert_num_queries(0):  # type: ignore[operator] # pytest-django's fixture
        assert registry.mirror_for(world.tenant.id, account.domain) is None


# --- which claims -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", [f"{DIALECT}/identity/askPassword", f"{DIALECT}/oneTimePassword", f"{DIALECT}/identity/unlockTime"])
def test_no_other_identity_claim_can_be_kept_in_a_directory(world: World, slapd: Place, claim: str) -> None:
    with pytest.raises(Invalid):
        connect(world, slapd, mapped={claim: "employeeType"})


def test_a_mapping_stays_when_a_store_is_changed_in_another_way(mirroring: World, slapd: Place) -> None:
    connect(mirroring, slapd)
    new = stores.as_new(stores.get(mirroring.by, "STAFF"))
    stores.change(mirroring.house, mirroring.by, "STAFF", replace(new, description="Everybody"), mirroring.now)
    assert registry.directories(mirroring.tenant)["STAFF"].settings.mirrored == MAPPED


def test_a_store_that_does_not_know_the_attribute_says_so_when_it_is_tried(mirroring: World, slapd: Place) -> None:
    new = stores.NewStore("STAFF", "ldap", slapd.settings(), {ACCOUNT_LOCKED: "accountLock"}, SECRET)
    tested = stores.test(mirroring.house, mirroring.by, new)
    assert not tested.good
    assert "accountLock" in tested.steps[-1][0]


# --- PRIMARY ----------------------------------------------------------------------------------------------------------


def with_primary(world: World, place: Place) -> World:
    """PRIMARY in a directory, as `[user_store]` puts it there, before anybody was made."""
    store = PrimaryStore("ldap", clean("ldap", place.settings(), private=True), {}, SECRET)
    world.house = world.configured(primary_store=store)
    stores.ensure_primary(world.house, world.by, world.now)
    work(world)
    return world


def test_people_of_primary_sign_in_with_the_directorys_password(world: World, slapd: Place) -> None:
    slapd.add("jane", password=PASSWORD)
    with_primary(world, slapd)
    found = users.by_name(world.by, "jane")
    assert Entry.objects.within(world.tenant).filter(account_id=found.id).exists()
    assert enters(world, "jane")


def test_the_first_administrator_is_made_here_and_not_in_the_directory(world: World, slapd: Place) -> None:
    with_primary(world, slapd)
    new_world(world.house, world.house.config.data, world.now, administrator=True)
    admin = users.by_name(world.by, "admin")
    assert slapd.read("admin") is None
    assert not Entry.objects.within(world.tenant).filter(account_id=admin.id).exists()
    assert directories.is_read_only(world.tenant, accounts.load(world.tenant, admin.id)) is False
    assert enters(world, "admin", "admin")
    slapd.stop()
    assert enters(world, "admin", "admin")
    slapd.start()


def test_an_entry_of_the_administrators_name_does_not_take_the_account(world: World, slapd: Place) -> None:
    new_world(world.house, world.house.config.data, world.now, administrator=True)
    slapd.add("admin", password=PASSWORD)
    with_primary(world, slapd)
    assert not enters(world, "admin", PASSWORD)
    assert enters(world, "admin", "admin")


def test_somebody_whom_the_directory_brought_is_not_made_the_administrator(world: World, slapd: Place) -> None:
    slapd.add("admin", password=PASSWORD)
    with_primary(world, slapd)
    with pytest.raises(Conflict, match="is no administrator"):
        bootstrap.invite_administrator(world.house, world.by, "admin", "", world.now)


def test_primary_comes_back_into_our_own_database_when_the_table_goes(world: World, slapd: Place) -> None:
    slapd.add("jane", password=PASSWORD)
    with_primary(world, slapd)
    assert enters(world, "jane")
    stores.ensure_primary(world.configured(primary_store=None), world.by, world.now)
    assert not enters(world, "jane")
    assert not Directory.objects.within(world.tenant).get(domain=PRIMARY).enabled
