"""What went wrong between a directory and our database when the two were read with mistrust, and must not again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from threading import Event
from types import SimpleNamespace
from uuid import UUID

import pytest

from housekey.core.claims import DIALECT, text_of
from housekey.core.errors import WrongCredentials
from housekey.core.names import split_username
from housekey.core.principal import ADMINISTRATOR
from housekey.core.users import NewUser, Profile
from housekey.operations import (
    entries,
    looking,
    stores,
    users,
)
from housekey.store.models import Account, Directory
from housekey.userstores.directory import PersonEntry
from tests.operations.support import PASSWORD
from tests.stores.support import Domain, at, known, placed

LATER = timedelta(hours=2)
TITLE = f"{DIALECT}/title"


def look(staff: Domain, now: datetime, during: Callable[[], object] = lambda: None) -> None:
    """A look that begins at `now`; `during` happens when its walk is over and nobody was let go yet."""
    row = Directory.objects.within(staff.world.tenant).get(domain=staff.name)
    real = placed(staff).client.everybody

    def everybody() -> Iterator[PersonEntry]:
        yield from real()
        during()

    client, batch = placed(staff).client, looking.BATCH
    client.everybody, looking.BATCH = everybody, 1  # type: ignore[method-assign] # the walk, with something at its end
    try:
        looking.look(staff.world.house, row, now)
    finally:
        del client.everybody
        looking.BATCH = batch


# --- who is let go ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["paul", "jane doe", "jane*doe"])
def test_whose_new_name_cannot_be_taken_over_stays_who_she_was(staff: Domain, name: str) -> None:
    """The entry is there; that its name is refused is no reason to remove the account and its roles."""
    at(staff).add("jane", mail="jane@example.com")
    staff.work(staff.world.now + LATER)
    own = Account.objects.within(staff.world.tenant).get(domain="STAFF")
    staff.world.give(own.id, ADMINISTRATOR)
    if name == "paul":
        at(staff).add("paul")
        staff.work(staff.world.now + 2 * LATER)
        at(staff).rename("paul", "rita")
        at(staff).rename("jane", "paul")
        at(staff).rename("rita", "jane")
    else:
        at(staff).rename("jane", name)
    staff.work(staff.world.now + 3 * LATER)
    after = users.by_name(staff.by, "STAFF/jane")
    assert (after.id, after.roles) == (own.id, (ADMINISTRATOR,))
    assert stores.get(staff.by, "STAFF").findings["refused"]


def test_who_is_created_while_a_look_goes_on_stays(staff: Domain) -> None:
    """The walk was past her, and the door read its clock before the look began, or has one that is behind."""
    staff.world.now -= timedelta(seconds=4)
    look(staff, staff.world.now + timedelta(seconds=4), during=lambda: staff.create("jane", password=PASSWORD))
    assert set(known(staff)) == {"jane"}
    assert staff.enter("jane")


def test_who_signs_in_while_a_look_goes_on_stays(staff: Domain) -> None:
    """A request that is older than the look reads the entry after it."""
    at(staff).add("jane", password=PASSWORD)
    now = staff.world.now + LATER
    staff.work(now)

    def request() -> None:
        entry = placed(staff).client.by_name("jane")
        assert entry is not None
        entries.take(placed(staff), [entry], now + timedelta(seconds=9))

    before = known(staff)
    look(staff, now + timedelta(seconds=10), during=request)
    assert known(staff) == before


def test_who_is_deleted_here_while_a_look_goes_on_does_not_stop_it(staff: Domain) -> None:
    for name in ("jane", "paul", "rita"):
        staff.create(name)
    now = staff.world.now + LATER
    staff.work(now)
    for name in ("jane", "paul"):
        at(staff).remove(name)
    missing = entries.gone

    def at_the_last_moment(*given: object) -> list[UUID]:
        found = missing(*given)  # type: ignore[arg-type] # as the function it stands for
        users.delete(staff.by, found[0], staff.world.now)
        return found

    entries.gone = at_the_last_moment  # type: ignore[assignment] # the same, and something in between
    try:
        look(staff, now + LATER)
    finally:
        entries.gone = missing
    assert set(known(staff)) == {"rita"}
    assert not stores.get(staff.by, "STAFF").findings["error"]


def test_a_directory_that_shows_nobody_any_more_takes_nobody_away(staff: Domain) -> None:
    """However few they are: the account we connect as may have lost its right to read them, and their roles would be gone."""
    for name in ("jane", "paul"):
        at(staff).add(name, title="Chef")
    staff.work(staff.world.now + LATER)
    new = stores.as_new(stores.get(staff.by, "STAFF"))
    blind = replace(new, properties=dict(new.properties) | {"UserNameListFilter": "(title=Baker)"})
    stores.change(staff.world.house, staff.by, "STAFF", blind, staff.world.now + 2 * LATER)
    staff.work(staff.world.now + 2 * LATER)
    assert set(known(staff)) == {"jane", "paul"}
    assert "2 of 2 users are not found" in stores.get(staff.by, "STAFF").findings["error"]


# --- a look that does not end -----------------------------------------------------------------------------------------------


def test_a_look_that_dies_is_begun_anew_after_minutes(staff: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the machine has been up."""
    moments = (1_000_000.0 + 90 * number for number in count())
    monkeypatch.setattr(looking, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    now = staff.world.now + LATER
    for number in range(3):
        at(staff).add(f"user{number}")
    leases: list[datetime] = []
    real = entries.take

    def noted(*given: object) -> entries.Findings:
        leases.extend(Directory.objects.within(staff.world.tenant).exclude(leased_until=None).values_list("leased_until", flat=True))
        return real(*given)  # type: ignore[arg-type] # as the function it stands for

    monkeypatch.setattr(looking, "BATCH", 1)
    monkeypatch.setattr(entries, "take", noted)
    staff.work(now)
    assert len(leases) >= 3
    assert now < max(leases) < now + timedelta(minutes=20)


def test_a_store_may_be_taken_away_in_the_middle_of_a_look(staff: Domain) -> None:
    def away() -> None:
        stores.switch(staff.by, "STAFF", False, staff.world.now)
        stores.forget_people(staff.by, "STAFF", staff.world.now)
        stores.remove(staff.by, "STAFF", staff.world.now)

    look(staff, staff.world.now + LATER, during=away)
    assert not Directory.objects.within(staff.world.tenant).exists()
    assert known(staff) == {}


def test_a_look_through_a_store_that_was_switched_off_meanwhile_lets_nobody_go(staff: Domain) -> None:
    for name in ("jane", "paul"):
        staff.create(name)
    at(staff).remove("jane")
    look(staff, staff.world.now + LATER, during=lambda: stores.switch(staff.by, "STAFF", False, staff.world.now))
    assert set(known(staff)) == {"jane", "paul"}


def test_a_look_is_broken_off_when_the_server_ends_and_begun_anew(staff: Domain) -> None:
    for name in ("jane", "paul"):
        at(staff).add(name)
    stop = Event()
    stop.set()
    assert looking.step(staff.world.house, staff.world.now + LATER, stop)
    assert "stopped" in stores.get(staff.by, "STAFF").findings["error"]
    staff.work(staff.world.now + LATER + timedelta(minutes=1))
    assert set(known(staff)) == {"jane", "paul"}


# --- what closes here stays closed ------------------------------------------------------------------------------------------


def test_who_is_created_disabled_stays_so(windows: Domain) -> None:
    """Active Directory enables with the first password; that is not an administrator's wish."""
    new = NewUser(split_username("STAFF/jane"), Profile("Jane", "Doe"), PASSWORD, disabled=True)
    jane = users.create(windows.world.house, windows.by, new, windows.world.now)
    windows.work(windows.world.now + LATER)
    windows.work(windows.world.now + 2 * LATER)
    assert users.get(windows.by, jane.id).standing.disabled
    row = at(windows).read("jane")
    assert row is not None
    assert int(row["userAccountControl"][0]) & 2


def test_a_password_for_somebody_disabled_does_not_enable_her(windows: Domain) -> None:
    jane = windows.create("jane")
    windows.change(jane, disabled=True)
    windows.work()
    windows.change(jane, password=PASSWORD)
    windows.work(windows.world.now + LATER)
    windows.work(windows.world.now + 2 * LATER)
    assert users.get(windows.by, jane.id).standing.disabled
    with pytest.raises(WrongCredentials):
        windows.enter("jane")


def test_who_was_disabled_here_stays_so_until_the_directory_knows(windows: Domain) -> None:
    """Another change over there, read before the switch was carried over, must not open the account again."""
    jane = windows.create("jane", password=PASSWORD)
    windows.work(windows.world.now + LATER)
    windows.change(jane, disabled=True)
    at(windows).change("jane", title="Chef")
    look(windows, windows.world.now + 2 * LATER)
    assert text_of(users.get(windows.by, jane.id).profile, TITLE) == "Chef"
    assert users.get(windows.by, jane.id).standing.disabled
    windows.work(windows.world.now + 3 * LATER)
    assert users.get(windows.by, jane.id).standing.disabled
