"""One-time codes under many hands: simultaneous guesses get no more tries than successive ones (A-031), one password wins (A-004)."""

from __future__ import annotations

from collections import Counter

import pytest

from housekey.core.errors import DeadCode
from housekey.core.otp import MOST_TRIES
from housekey.core.properties import INVITE_EMAIL_OTP
from housekey.core.users import Changes, User
from housekey.operations import codes, recovery, resets, sessions, users
from housekey.operations.transactions import durable
from housekey.store.models import Account, Code, Session
from tests.operations.support import NETWORK, OTHER_PASSWORD, World
from tests.support.at_once import at_once, with_own_connection

pytestmark = pytest.mark.postgres

HANDS = 16


def invited(world: World) -> User:
    world.set(**{INVITE_EMAIL_OTP: True})
    return world.invite()


def test_sixteen_simultaneous_guesses_are_five_tries(world: World) -> None:
    """A-031."""
    invited(world)
    row, right = world.live_code(), world.otp()
    guess = ("A" if right[0] != "A" else "B") * len(right)

    def deed() -> bool:
        with durable():
            return codes.try_otp(world.house, row, guess, world.now)

    assert Counter(at_once([with_own_connection(deed)] * HANDS)) == {False: HANDS}
    row.refresh_from_db()
    assert (row.tries, row.dead_reason, row.sealed) == (MOST_TRIES, "exhausted", None)


def test_sixteen_who_type_the_right_code_all_see_the_form_and_one_sets_the_password(world: World) -> None:
    """A-004."""
    invited(world)
    code = world.otp()
    tickets = [recovery.open_otp(world.house, world.tenant, "jane", code, NETWORK, world.now).ticket for _ in range(HANDS)]
    deeds = [with_own_connection(lambda ticket=ticket, number=number: recovery.set_password(  # type: ignore[misc] # bound now
        world.house, world.tenant, ticket, f"green lamp number {number}", NETWORK, world.now)) for number, ticket in enumerate(tickets)]
    told = Counter(type(result).__name__ if not isinstance(result, DeadCode) else result.reason for result in at_once(deeds))
    assert told == {"PasswordForm": 1, "spent": HANDS - 1}
    assert world.live_count() == 0


def test_resets_forced_at_once_leave_one_live_code(world: World) -> None:
    user = world.add()
    results = at_once([with_own_connection(lambda: resets.force(world.house, world.by, user.id, world.now))] * 8)
    assert not [result for result in results if isinstance(result, Exception)]
    assert world.live_count() == 1


def test_no_session_begun_beside_a_reset_survives_it(world: World) -> None:
    """A-160: whichever comes first, afterwards nobody is signed in."""
    user = world.add()
    deeds = [with_own_connection(lambda: world.sign_in("jane"))] * 6
    at_once([*deeds, with_own_connection(lambda: resets.force(world.house, world.by, user.id, world.now)), *deeds])
    for row in Session.objects.within(world.tenant).filter(account_id=user.id):
        assert row.credential_version != users_version(world, user)
    assert sessions.my_sessions(world.house, world.acting_as("jane"), world.now) == []


def users_version(world: World, user: User) -> int:
    return int(Account.objects.within(world.tenant).get(id=user.id).credential_version)


def test_a_password_by_the_administrator_and_one_by_the_owner_leave_one_of_them_and_no_live_code(world: World) -> None:
    user = world.add()
    resets.force(world.house, world.by, user.id, world.now)
    text = codes.text_of(world.house, world.live_code())
    ticket = recovery.open_link(world.house, world.tenant, text, world.now)
    at_once([
        with_own_connection(lambda: recovery.set_password(world.house, world.tenant, ticket, OTHER_PASSWORD, NETWORK, world.now)),
        with_own_connection(lambda: users.change(world.house, world.by, user.id, Changes(password="a third one of these"), world.now)),
    ])
    assert users.get(world.by, user.id).standing.state == "UNLOCKED"
    assert not Code.objects.within(world.tenant).filter(account_id=user.id, spent__isnull=True, dead__isnull=True).exists()
