"""Two creations of one name, and a flood of guesses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from housekey.core.errors import Conflict, Invalid, Throttled, Unavailable, WrongCredentials
from housekey.core.names import split_username
from housekey.core.principal import ADMINISTRATOR
from housekey.core.properties import INVITE_EXPIRY
from housekey.core.users import Changes, User
from housekey.delivery import worker
from housekey.operations import policies, throttle, users
from housekey.operations.login import SignedIn
from housekey.operations.roles import administrators
from housekey.store.models import Account, Attempt, Code, Message, Session, SqlUser
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
    assert 1 <= world.refusals().count("wrong password") <= throttle.PAIR.free


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
    john = throttle.keys(world.tenant, split_username("john"), NETWORK)
    throttle.reserve(john, world.now + timedelta(seconds=1), known=lambda: False)
    assert world.sign_in("jane", now=world.now).token


def test_four_outbox_workers_send_every_message_once(world: World) -> None:
    for number in range(60):
        world.invite(f"user{number}", f"user{number}@example.com")
    results = at_once([with_own_connection(partial(worker.drain, world.house, world.now))] * 4)
    assert sum(result for result in results if isinstance(result, int)) == 60, results
    assert Counter(Message.objects.within(world.tenant).values_list("state", flat=True)) == {"kept": 60}
    assert Attempt.objects.within(world.tenant).count() == 60
    assert len({mail["To"] for mail in world.mails()}) == 60


def test_two_administrators_who_remove_each_other_leave_one(world: World) -> None:
    one, two = world.add("one", role=ADMINISTRATOR), world.add("two", role=ADMINISTRATOR)
    users.delete(world.by, users.by_name(world.by, "admin").id, world.now)
    results = at_once([
        with_own_connection(partial(users.delete, world.acting_as("one"), two.id, world.now)),
        with_own_connection(partial(users.delete, world.acting_as("two"), one.id, world.now)),
    ])
    assert {type(result) for result in results} == {type(None), Invalid}, results
    assert len(administrators(world.tenant)) == 1


def test_a_setting_saved_twice_at_once_is_saved_once(world: World) -> None:
    save = partial(policies.change, world.house, world.by)
    saves = [with_own_connection(partial(save, {INVITE_EXPIRY: str(value)}, {INVITE_EXPIRY: 0}, world.now)) for value in (10, 20, 30)]
    results = at_once(saves)
    assert sorted(type(result).__name__ for result in results) == ["Policy", "Stale", "Stale"], results


def test_a_sign_in_that_meets_a_lock_or_a_deletion_is_refused_like_any_other(world: World) -> None:
    for end in ("lock", "delete"):
        user = world.add(end, mail=f"{end}@example.com")
        finish = (partial(users.change, world.house, world.by, user.id, Changes(locked=True), world.now) if end == "lock"
                  else partial(users.delete, world.by, user.id, world.now))
        results = at_once([with_own_connection(partial(world.sign_in, end)) for _ in range(4)] + [with_own_connection(finish)])
        assert {type(result) for result in results[:4]} <= {SignedIn, WrongCredentials, Throttled, Unavailable}, results
        assert not isinstance(results[4], Exception) or isinstance(results[4], Unavailable), results
        assert not Session.objects.within(world.tenant).filter(account_id=user.id).exists()
