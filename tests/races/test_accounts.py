"""Two creations of one name, and a flood of guesses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from housekey.core.errors import Conflict, Throttled, WrongCredentials
from housekey.core.users import User
from housekey.delivery import worker
from housekey.operations import throttle, users
from housekey.operations.login import SignedIn
from housekey.store.models import Account, Attempt, Code, Message, SqlUser
from tests.doors.scim.support import Scim, invited
from tests.operations.support import NETWORK, PASSWORD, World
from tests.support.at_once import at_once, with_own_connection

pytestmark = pytest.mark.postgres


def test_of_eight_creations_of_one_name_one_is_created_and_seven_conflict_whatever_the_spelling(world: World) -> None:
    door = Scim("admin", "admin")
    assert door.create(invited("warm")).status == 201  # the credential is verified once, before the race
    names = ["jane", "JANE", "Jane", "PRIMARY/jane"] * 2
    answers = at_once([with_own_connection(partial(Scim("admin", "admin").create, invited(name))) for name in names])
    assert Counter(getattr(answer, "status", answer) for answer in answers) == {201: 1, 409: 7}
    mine = {"tenant_id": world.tenant.id}
    assert Account.objects.within(world.tenant).filter(name_key="jane").count() == 1
    assert SqlUser.objects.within(world.tenant).filter(name_key="jane").count() == 1
    for model in (Code, Message):
        assert model._base_manager.filter(**mine, recipient__iexact="jane@example.com").count() <= 1


def test_a_name_that_is_deleted_and_created_at_once_is_there_whole_or_not_at_all(world: World) -> None:
    user = world.add("jane")
    deeds: list[Callable[[], object]] = [partial(users.delete, world.by, user.id, world.now), partial(world.add, "jane")]
    deleted, created = at_once([with_own_connection(deed) for deed in deeds])
    assert deleted is None
    assert isinstance(created, Conflict | User), created
    there = 0 if isinstance(created, Conflict) else 1
    assert (Account.objects.within(world.tenant).filter(name_key="jane").count(),
            SqlUser.objects.within(world.tenant).filter(name_key="jane").count()) == (there, there)


def test_two_hundred_parallel_guesses_are_evaluated_no_more_often_than_one_after_another(world: World) -> None:
    world.add("jane")
    guesses = [with_own_connection(partial(world.sign_in, "jane", f"guess number {number}")) for number in range(40)]
    results = [result for _ in range(5) for result in at_once(guesses)]
    assert {type(result) for result in results} == {WrongCredentials, Throttled}
    assert 1 <= world.refusals().count("wrong password") <= throttle.FREE_TRIES


def test_twenty_parallel_good_sign_ins_succeed_or_are_asked_to_come_again(world: World) -> None:
    world.add("jane")
    results = at_once([with_own_connection(partial(world.sign_in, "jane", PASSWORD))] * 20)
    assert {type(result) for result in results} <= {SignedIn, Throttled}, results
    assert any(isinstance(result, SignedIn) for result in results)
    assert world.sign_in("jane").token  # whoever comes again comes in


def test_a_good_sign_in_that_began_earlier_and_comes_later_is_not_made_to_wait(world: World) -> None:
    """`now` is read at the door; two requests may well reach the counter in the other order, above all on two nodes."""
    world.add("jane")
    world.add("john", mail="john@example.com")
    throttle.reserve(b"john", throttle.network_key(NETWORK), world.now + timedelta(seconds=1))
    assert world.sign_in("jane", now=world.now).token


def test_four_outbox_workers_send_every_message_once(world: World) -> None:
    for number in range(60):
        world.invite(f"user{number}", f"user{number}@example.com")
    results = at_once([with_own_connection(partial(worker.drain, world.house, world.now))] * 4)
    assert sum(result for result in results if isinstance(result, int)) == 60, results
    assert Counter(Message.objects.within(world.tenant).values_list("state", flat=True)) == {"kept": 60}
    assert Attempt.objects.within(world.tenant).count() == 60
    assert len({mail["To"] for mail in world.mails()}) == 60
