"""Many hands at one user of a directory: two stores, one winner (docs/adr/0001)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from housekey.core.errors import Conflict, DeadCode, Refused, Unavailable
from housekey.core.users import User
from housekey.operations import looking, onboarding, recovery, resets, stores
from housekey.store.models import Account, AuditEntry, Code, Entry, Message, Repair
from tests.operations.support import NETWORK, OTHER_PASSWORD, PASSWORD, World
from tests.stores.support import Domain, connected
from tests.support.at_once import at_once, with_own_connection
from tests.support.slapd import Place

pytestmark = pytest.mark.postgres

HANDS = 16
PASSWORDS = [f"blue lamp number {number}" for number in range(HANDS)]
LATER = timedelta(hours=2)


@pytest.fixture
def staff(world: World, slapd: Place) -> Domain:
    """So many connections that nobody waits for another one's."""
    return connected(world, slapd, "STAFF", ConnectionPoolSize=str(HANDS))


def place(staff: Domain) -> Place:
    assert staff.place is not None
    return staff.place


def agree(staff: Domain) -> set[str]:
    """The names of all users, who are the same in the directory and here; nothing waits."""
    admin = place(staff).server.admin()
    admin.search(place(staff).people, "(objectClass=person)", "LEVEL", attributes=["uid", "entryUUID"])
    rows = [row["raw_attributes"] for row in admin.response if row["type"] == "searchResEntry"]
    there = {row["uid"][0].decode().lower(): row["entryUUID"][0].decode() for row in rows}
    tenant = staff.world.tenant
    here = dict(Entry.objects.within(tenant).values_list("account__name_key", "unique_id"))
    assert here == there
    assert Account.objects.within(tenant).filter(domain="STAFF").count() == len(here)
    assert not Repair.objects.within(tenant).exists()
    return set(here)


def redeeming(staff: Domain, ticket: str, password: str) -> Callable[[], object]:
    return with_own_connection(partial(
        recovery.set_password, staff.world.house, staff.world.tenant, ticket, password, NETWORK, staff.world.now))


def ticket_of(staff: Domain, code: str) -> str:
    return recovery.open_link(staff.world.house, staff.world.tenant, code, staff.world.now)


@pytest.mark.parametrize("delay", [0, 0.02])
def test_of_sixteen_who_redeem_one_code_one_wins_and_hers_is_the_password_of_the_directory(staff: Domain, delay: float) -> None:
    """A-004."""
    user = staff.create("jane", ask=True, mail="jane@example.com")
    code = staff.world.newest_code()
    tickets = [ticket_of(staff, code) for _ in PASSWORDS]
    place(staff).slow(delay)
    ends = at_once([redeeming(staff, ticket, password) for ticket, password in zip(tickets, PASSWORDS, strict=True)])
    place(staff).slow(0)
    assert {type(end) for end in ends if isinstance(end, Exception)} <= {DeadCode, Unavailable}, ends
    winners = [password for end, password in zip(ends, PASSWORDS, strict=True) if not isinstance(end, Exception)]
    assert len(winners) == 1
    assert [password for password in PASSWORDS if place(staff).welcomes("jane", password)] == winners
    assert staff.enter("jane", winners[0])
    assert AuditEntry.objects.within(staff.world.tenant).filter(event="account:password:set", target_id=user.id).count() == 1
    assert agree(staff) == {"jane"}


def test_of_sixteen_creations_of_one_name_one_is_created_and_one_mail_goes_out(staff: Domain) -> None:
    names = ["jane", "JANE", "Jane", "jAne"] * (HANDS // 4)
    deeds = [with_own_connection(partial(staff.create, name, ask=True, mail="jane@example.com")) for name in names]
    ends = at_once(deeds)
    assert {type(end) for end in ends} <= {User, Conflict, Unavailable}, ends
    assert Counter(isinstance(end, User) for end in ends)[True] == 1, ends
    staff.work(staff.world.now + LATER)
    assert agree(staff) == {"jane"}
    assert Message.objects.within(staff.world.tenant).filter(recipient="jane@example.com").count() == 1
    assert Code.objects.within(staff.world.tenant).count() == 1
    staff.world.redeem(staff.world.newest_code())
    assert staff.enter("jane")


@pytest.mark.parametrize("head_start", range(6))
def test_the_blocking_of_a_forced_reset_never_replaces_the_new_password(staff: Domain, head_start: int) -> None:
    """`head_start` (times 3 ms) moves the worker and the person against each other."""
    user = staff.create("jane", password=PASSWORD, mail="jane@example.com")
    resets.force(staff.world.house, staff.by, user.id, staff.world.now)
    code = staff.world.newest_code()
    redeem = redeeming(staff, ticket_of(staff, code), OTHER_PASSWORD)

    def block() -> object:
        time.sleep(0.003 * head_start)
        return looking.step(staff.world.house, staff.world.now)

    place(staff).slow(0.004)
    redeemed, blocked = at_once([redeem, with_own_connection(block)])
    place(staff).slow(0)
    assert not isinstance(blocked, Exception), blocked
    staff.work(staff.world.now + LATER)
    assert not place(staff).welcomes("jane", PASSWORD)
    if isinstance(redeemed, Exception):
        assert isinstance(redeemed, Unavailable), redeemed
        staff.world.redeem(code, OTHER_PASSWORD, now=staff.world.now + timedelta(minutes=3))
    assert staff.enter("jane", OTHER_PASSWORD)
    assert agree(staff) == {"jane"}


def test_a_code_that_is_revoked_while_it_is_redeemed_opens_nothing_or_was_redeemed(staff: Domain) -> None:
    for number in range(4):
        user = staff.create(f"jane{number}", ask=True, mail="jane@example.com")
        redeem = redeeming(staff, ticket_of(staff, staff.world.newest_code()), PASSWORD)

        def revoke(number: int = number, user: User = user) -> None:
            time.sleep(0.005 * number)
            onboarding.revoke(staff.world.house, staff.by, user.id, staff.world.now)

        redeemed, revoked = at_once([redeem, with_own_connection(revoke)])
        assert not isinstance(revoked, Exception), revoked
        account = Account.objects.within(staff.world.tenant).get(id=user.id)
        assert account.has_password == (not isinstance(redeemed, Exception)), redeemed
    staff.work(staff.world.now + LATER)
    agree(staff)


def test_who_comes_and_goes_while_the_directory_is_looked_through_is_there_once_or_not_at_all(staff: Domain) -> None:
    for number in range(20):
        place(staff).add(f"old{number}")
    staff.work(staff.world.now + LATER)
    leaving = [staff.create(f"leaving{number}") for number in range(4)]

    def look() -> None:
        for number in range(6):
            stores.look(staff.by, "STAFF", staff.world.now)
            while looking.step(staff.world.house, staff.world.now + timedelta(seconds=number)):
                pass

    place(staff).slow(0.003)
    ends = at_once([
        with_own_connection(look), with_own_connection(look),
        *[with_own_connection(partial(staff.create, f"new{number}", ask=True)) for number in range(4)],
        *[with_own_connection(partial(staff.delete, user)) for user in leaving],
    ])
    place(staff).slow(0)
    assert not [end for end in ends if isinstance(end, Exception) and not isinstance(end, Refused)], ends
    assert [isinstance(end, User) for end in ends[2:6]] == [True] * 4, ends
    assert ends[6:] == [None] * 4
    for hours in (2, 4):
        staff.work(staff.world.now + timedelta(hours=hours))
    assert agree(staff) == {f"old{number}" for number in range(20)} | {f"new{number}" for number in range(4)}


def test_sixteen_who_meet_the_same_new_person_meet_one(staff: Domain) -> None:
    place(staff).add("jane", mail="jane@example.com", password=PASSWORD)
    ends = at_once([with_own_connection(partial(staff.find, spelling)) for spelling in ["jane", "JANE"] * (HANDS // 2)])
    found = {end.id for end in ends if isinstance(end, User)}
    assert len(found) == 1, ends
    assert len([end for end in ends if isinstance(end, User)]) == HANDS
    assert agree(staff) == {"jane"}
