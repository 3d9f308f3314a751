"""The owner is told of what others change, and what had to be replaced does not come back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from housekey.core.errors import DeadCode, Invalid, PasswordUsedBefore
from housekey.core.principal import OFFLINE_INVITE, Principal
from housekey.core.properties import AGE, AGE_DAYS, INTERNAL
from housekey.core.users import Changes, Email, User
from housekey.operations import codes, pending, recovery, resets, users
from housekey.operations.tickets import Opened
from housekey.store.models import Message
from tests.operations.support import NETWORK, OTHER_PASSWORD, PASSWORD, World

MOVED = "notifyOnExistingEmailUpdateWithoutVerification"


def sent(world: World) -> list[tuple[str, str]]:
    """Kind and recipient of every message."""
    return sorted(Message.objects.within(world.tenant).values_list("kind", "recipient"))


def move(world: World, user: User, to: str, by: Principal | None = None) -> User:
    profile = replace(user.profile, emails=(Email(to, primary=True),))
    return users.change(world.house, by or world.by, user.id, Changes(profile=profile), world.now)


def test_the_owner_hears_of_a_password_that_an_administrator_set(world: World) -> None:
    """A-192."""
    user = world.add()
    users.change(world.house, world.by, user.id, Changes(password=OTHER_PASSWORD), world.now)
    assert sent(world) == [("passwordResetSucess", "jane@example.com")]


def test_the_old_address_hears_of_a_new_one(world: World) -> None:
    """A-134."""
    user = move(world, world.add(), "thief@example.com")
    assert sent(world) == [(MOVED, "jane@example.com")]
    move(world, user, "THIEF@example.com")
    assert len(sent(world)) == 1


def test_a_wrong_address_of_somebody_invited_hears_nothing_more(world: World) -> None:
    move(world, world.invite(), "right@example.com")
    assert [kind for kind, _ in sent(world)] == ["AskPassword", "resendAskPassword"]


def test_the_password_that_a_reset_replaces_cannot_be_chosen_again(world: World) -> None:
    """Reference 3.9: 22001. It leaked; the code stays good for another one."""
    user = world.add()
    resets.force(world.house, world.by, user.id, world.now)
    text = codes.text_of(world.house, world.live_code())
    ticket = recovery.open_link(world.house, world.tenant, text, world.now)
    with pytest.raises(PasswordUsedBefore) as refused:
        recovery.set_password(world.house, world.tenant, ticket, PASSWORD, NETWORK, world.now)
    assert refused.value.code == "22001"
    recovery.set_password(world.house, world.tenant, ticket, OTHER_PASSWORD, NETWORK, world.now)
    assert world.sign_in("jane", OTHER_PASSWORD)


def test_a_password_that_is_too_old_does_not_replace_itself(world: World) -> None:
    world.add()
    world.set(**{AGE: True, AGE_DAYS: 1})
    later = world.now + timedelta(days=2)
    entered = world.enter("jane", PASSWORD, now=later)
    assert isinstance(entered, Opened)
    with pytest.raises(PasswordUsedBefore):
        recovery.set_password(world.house, world.tenant, entered.ticket, PASSWORD, NETWORK, later)


def test_disabling_an_account_ends_its_code(world: World) -> None:
    """A-014; a lock leaves it: locks come and go one by one (A-023)."""
    user = world.invite()
    text = codes.text_of(world.house, world.live_code())
    users.change(world.house, world.by, user.id, Changes(disabled=True), world.now)
    with pytest.raises(DeadCode):
        recovery.open_link(world.house, world.tenant, text, world.now)
    users.change(world.house, world.by, user.id, Changes(disabled=False), world.now)
    assert pending.resend(world.house, world.by, user.id, world.now).invitation.state == "queued"


def test_administrators_change_their_own_password_only_with_the_present_one(world: World) -> None:
    """A-027."""
    boss = world.add("boss", role="admin", mail="boss@example.com")
    with pytest.raises(Invalid, match="My Account"):
        users.change(world.house, world.acting_as("boss"), boss.id, Changes(password=OTHER_PASSWORD), world.now)


def test_an_address_is_corrected_by_who_may_not_hold_codes_and_the_old_code_dies(world: World) -> None:
    """Where another system delivers: a sync that only keeps addresses right must not be stopped."""
    world.set(**{INTERNAL: False})
    user = world.invite()
    sync = Principal(world.tenant, "hr", world.by.permissions - {OFFLINE_INVITE})
    assert move(world, user, "right@example.com", sync).code == ""
    assert codes.live(world.tenant, user.id) is None
