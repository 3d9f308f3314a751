"""A walk by cursor while others create and delete: everybody who is there throughout is met exactly once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from housekey.core.attributes import USERS, resolve
from housekey.core.names import UserName, split_username
from housekey.core.searchable import searchable
from housekey.core.users import Email, NewUser, Profile
from housekey.operations import users
from housekey.operations.searching import Query, search
from housekey.store import population
from housekey.store.models import Account, SqlUser
from housekey.userstores.sql import columns
from tests.operations.support import World
from tests.support.at_once import at_once, with_own_connection

pytestmark = pytest.mark.postgres
GUESTS = 25
"""Creators, and as many deleters."""


def profile(number: int) -> Profile:
    """Display names are shared by many, so that pages end between equal ones."""
    return Profile(f"Given {number % 7}", f"Family {number % 11}", (Email(f"crowd{number}@example.com", primary=True),),
                   more={"displayName": f"Crowd {number % 13}"})


def crowd(world: World, size: int) -> dict[UUID, int]:
    """That many people, by id; those whose number is odd will stay."""
    accounts, people = [], []
    for number in range(size):
        name = UserName("PRIMARY", f"crowd{number:05}")
        moment = world.now + timedelta(seconds=number % 17)
        account = Account(tenant_id=world.tenant.id, domain=name.domain, name_key=name.key, created=moment, modified=moment)
        person = profile(number)
        accounts.append(account)
        people.append(SqlUser(id=account.id, tenant_id=world.tenant.id, domain=name.domain, username=name.bare, name_key=name.key,
                              **columns(person, searchable(person))))
    Account.objects.bulk_create(accounts, 1_000)
    SqlUser.objects.bulk_create(people, 1_000)
    population.change(world.tenant.id, "PRIMARY", size)
    return {account.id: number for number, account in enumerate(accounts)}


def walk(world: World, sort: str, descending: bool, met: list[UUID]) -> None:
    ref, cursor = resolve(USERS, sort), ""
    while True:
        page = search(world.house, world.by, Query(None, ref, descending, count=200, cursor=cursor), world.now)
        met += [user.id for user in page.users]
        cursor = page.next_cursor
        if not cursor:
            return


def creating(world: World, who: int, over: threading.Event) -> None:
    number = 0
    while not over.is_set():
        new = NewUser(split_username(f"crowd{(who * 977 + number * 131) % 20_000:05}-new-{who}-{number}"), profile(number))
        users.create(world.house, world.by, new, world.now)
        number += 1


def deleting(world: World, gone: list[UUID], over: threading.Event) -> None:
    for user_id in gone:
        if over.is_set():
            return
        users.delete(world.by, user_id, world.now)


def met_by_walks(world: World, size: int, sorts: list[tuple[str, bool]], guests: int) -> None:
    people = crowd(world, size)
    stay = {user_id for user_id, number in people.items() if number % 2}
    leave = sorted(set(people) - stay)
    over, walks = threading.Event(), [list[UUID]() for _ in sorts]

    def walking() -> None:
        try:
            for (sort, descending), met in zip(sorts, walks, strict=True):
                walk(world, sort, descending, met)
        finally:
            over.set()

    deeds: list[Callable[[], object]] = [walking]
    deeds += [partial(creating, world, who, over) for who in range(guests)]
    deeds += [partial(deleting, world, leave[who::guests], over) for who in range(guests)]
    assert at_once([with_own_connection(deed) for deed in deeds]) == [None] * len(deeds)
    for (sort, _), met in zip(sorts, walks, strict=True):
        times = Counter(met)
        assert {user_id: times[user_id] for user_id in stay} == dict.fromkeys(stay, 1), sort
        assert set(times.values()) == {1}, sort
    alive = Account.objects.within(world.tenant)
    assert population.accounts(world.tenant.id, "PRIMARY") == alive.count()
    assert alive.filter(name_key__contains="-new-").exists()
    assert len(leave) > alive.filter(id__in=leave).count()


SORTS = [("userName", False), ("displayName", False), ("meta.created", True), ("name.familyName", True), ("emails", False)]


def test_a_walk_meets_everybody_who_stays_once_while_others_come_and_go(world: World) -> None:
    met_by_walks(world, 2_000, SORTS, 4)


@pytest.mark.slow
def test_a_walk_over_twenty_thousand_meets_everybody_who_stays_once_while_fifty_come_and_go(world: World) -> None:
    met_by_walks(world, 20_000, SORTS[:1], GUESTS)
