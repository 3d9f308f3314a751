"""One link, many hands: whoever is first has it, and nobody else gets in (A-004)."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest

from housekey.core.errors import DeadCode, Invalid, WrongCredentials
from housekey.core.users import User
from housekey.operations import codes, onboarding, recovery
from housekey.operations.transactions import durable
from housekey.store.models import Account, AuditEntry, Code
from tests.operations.support import NETWORK, World
from tests.support.at_once import at_once, with_own_connection
from tests.support.planted import select_then_update

pytestmark = pytest.mark.postgres

HANDS = 16
PASSWORDS = [f"blue lamp number {number}" for number in range(HANDS)]

Spend = Callable[[Code, datetime], None]


def told(result: object) -> str:
    """The end of one hand, in a word."""
    return result.reason if isinstance(result, DeadCode) else "won" if not isinstance(result, Exception) else repr(result)


def spenders(world: World, spend: Spend) -> Counter[str]:
    """How sixteen transactions ended that use up the same code at the same moment."""
    user = world.invite()
    code = Code.objects.within(world.tenant).get(account_id=user.id)

    def deed() -> None:
        with durable():
            spend(code, world.now)

    return Counter(told(result) for result in at_once([with_own_connection(deed)] * HANDS))


def test_of_sixteen_who_spend_a_code_one_wins_and_the_rest_read_spent(world: World) -> None:
    assert spenders(world, codes.spend) == {"won": 1, "spent": HANDS - 1}


def test_the_same_sixteen_all_win_where_the_code_is_read_first_and_written_afterwards(world: World) -> None:
    assert spenders(world, select_then_update)["won"] > 1


def test_of_sixteen_browsers_one_sets_its_password_and_only_that_one_opens_the_account(world: World) -> None:
    user = world.invite()
    code = world.newest_code()
    tickets = [recovery.open_link(world.house, world.tenant, code, world.now) for _ in PASSWORDS]

    def submit(ticket: str, password: str) -> None:
        recovery.set_password(world.house, world.tenant, ticket, password, NETWORK, world.now)

    deeds = [with_own_connection(partial(submit, ticket, password)) for ticket, password in zip(tickets, PASSWORDS, strict=True)]
    ends = [told(result) for result in at_once(deeds)]
    assert Counter(ends) == {"won": 1, "spent": HANDS - 1}
    winner = ends.index("won")
    assert world.sign_in("jane", PASSWORDS[winner]).token
    with pytest.raises(WrongCredentials):
        world.sign_in("jane", PASSWORDS[winner - 1])
    assert AuditEntry.objects.within(world.tenant).filter(event="account:password:set", target_id=user.id).count() == 1


def test_a_link_opened_by_many_at_once_opens_for_all_and_is_spent_by_none(world: World) -> None:
    world.invite()
    code = world.newest_code()
    results = at_once([with_own_connection(partial(recovery.open_link, world.house, world.tenant, code, world.now))] * HANDS)
    assert all(isinstance(result, str) for result in results), results
    assert len(set(results)) == HANDS
    assert Code.objects.within(world.tenant).filter(opened=world.now, spent__isnull=True, dead__isnull=True).count() == 1


def test_of_many_resends_at_once_one_link_stays_alive(world: World) -> None:
    user = world.invite()
    results = at_once([with_own_connection(partial(onboarding.resend, world.house, world.by, user.id, world.now))] * 8)
    assert not [result for result in results if isinstance(result, Exception)]
    assert alive(world, user) == 1
    assert Code.objects.within(world.tenant).filter(account_id=user.id, dead_reason="superseded").count() == 8


@pytest.mark.parametrize("head_start", range(8))
def test_resend_against_redeem_leaves_either_an_open_account_or_one_live_link(world: World, head_start: int) -> None:
    """The older link is redeemed while a newer one is being sent; `head_start` (times 4 ms) moves the two against each other."""
    user = world.invite()
    ticket = recovery.open_link(world.house, world.tenant, world.newest_code(), world.now)

    def redeem() -> object:
        return recovery.set_password(world.house, world.tenant, ticket, PASSWORDS[0], NETWORK, world.now)

    def resend() -> object:
        time.sleep(0.004 * head_start)
        return onboarding.resend(world.house, world.by, user.id, world.now)

    redeemed, resent = at_once([with_own_connection(redeem), with_own_connection(resend)])
    account = Account.objects.within(world.tenant).get(id=user.id)
    if isinstance(redeemed, Exception):
        assert told(redeemed) == "superseded"
        assert not isinstance(resent, Exception)
        assert (account.pending, account.has_password, alive(world, user)) == ("PENDING_AP", False, 1)
    else:
        assert isinstance(resent, Invalid), resent
        assert (account.pending, account.has_password, alive(world, user)) == ("", True, 0)


def test_revoke_against_redeem_never_opens_an_account_by_a_withdrawn_link(world: World) -> None:
    user = world.invite()
    ticket = recovery.open_link(world.house, world.tenant, world.newest_code(), world.now)
    gate = threading.Event()

    def redeem() -> object:
        gate.set()
        return recovery.set_password(world.house, world.tenant, ticket, PASSWORDS[0], NETWORK, world.now)

    def revoke() -> None:
        gate.wait(10)
        onboarding.revoke(world.house, world.by, user.id, world.now)

    redeemed, revoked = at_once([with_own_connection(redeem), with_own_connection(revoke)])
    assert not isinstance(revoked, Exception), revoked
    account = Account.objects.within(world.tenant).get(id=user.id)
    assert account.has_password == (told(redeemed) == "won")
    assert told(redeemed) in {"won", "revoked"}


def alive(world: World, user: User) -> int:
    return int(Code.objects.within(world.tenant).filter(account_id=user.id, spent__isnull=True, dead__isnull=True).count())
