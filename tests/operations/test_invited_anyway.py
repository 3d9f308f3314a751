"""The switch "invite users created without a password": off by default, and never a reason to refuse somebody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from housekey.core.names import split_username
from housekey.core.principal import USER_CREATE, Principal
from housekey.core.properties import ENABLE, INTERNAL, INVITE_SMS_OTP, INVITE_WITHOUT_PASSWORD
from housekey.core.users import Email, NewUser, Profile, User
from housekey.operations import users
from tests.operations.support import PASSWORD, World

JANE = NewUser(split_username("jane"), Profile(emails=(Email("jane@example.com", primary=True),)))


def create(world: World, new: NewUser = JANE, by: Principal | None = None) -> User:
    return users.create(world.house, by or world.by, new, world.now)


def test_by_default_nobody_is_surprised_with_mail(world: World) -> None:
    assert create(world).standing.label == "not-invited"
    assert world.mails() == []


def test_switched_on_who_comes_without_a_password_is_invited(world: World) -> None:
    world.set(**{INVITE_WITHOUT_PASSWORD: True})
    jane = create(world)
    assert jane.standing.label == "invited"
    assert [mail["To"] for mail in world.mails()] == ["jane@example.com"]
    world.redeem(world.newest_code())
    assert world.sign_in("jane")


@pytest.mark.parametrize(
    "new",
    [
        replace(JANE, password=PASSWORD),
        replace(JANE, verify_email=True),
        replace(JANE, disabled=True),
        replace(JANE, profile=Profile()),
    ],
)
def test_who_has_a_password_is_disabled_or_cannot_be_reached_is_not(world: World, new: NewUser) -> None:
    """Whoever asked for no invitation is not refused for want of an address: shown as "not invited yet"."""
    world.set(**{INVITE_WITHOUT_PASSWORD: True})
    assert create(world, new).standing.pending != "PENDING_AP"


@pytest.mark.parametrize("settings", [{ENABLE: False}, {INVITE_SMS_OTP: True}, {INTERNAL: False}])
def test_where_invitations_cannot_go_out_nobody_is_refused_for_it(world: World, settings: dict[str, bool]) -> None:
    """Off altogether; by SMS without a number; delivered by a system that this caller may not hold codes for."""
    world.set(**{INVITE_WITHOUT_PASSWORD: True}, **settings)
    assert create(world, by=Principal(world.tenant, "sync", frozenset({USER_CREATE}))).standing.label == "not-invited"
    assert world.mails() == []
