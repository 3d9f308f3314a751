"""A second domain in our own database: its users are invited, reset and signed in like everybody, and are nobody else's namesakes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from housekey.conf.schema import UserStores
from housekey.core.errors import Invalid, NothingPending, WrongCredentials
from housekey.core.names import split_username
from housekey.operations import codes, pending, recovery, resets, users
from tests.operations.support import NETWORK, OTHER_PASSWORD, PASSWORD, World, link_in


@pytest.fixture
def two(world: World, settings: Any) -> World:
    """The world with a domain STAFF beside PRIMARY."""
    settings.HOUSE = world.house = replace(world.house, config=replace(world.house.config, user_stores=UserStores(("Staff",))))
    return world


def test_namesakes_of_two_domains_are_two_people(two: World) -> None:
    two.add("alex", PASSWORD, mail="a@example.com")
    two.add("STAFF/alex", OTHER_PASSWORD, mail="b@example.com")
    assert two.sign_in("alex", PASSWORD)
    assert two.sign_in("staff/ALEX", OTHER_PASSWORD)
    for name, password in (("alex", OTHER_PASSWORD), ("STAFF/alex", PASSWORD)):
        with pytest.raises(WrongCredentials):
            two.sign_in(name, password)
    assert {str(user.name) for user in users.listing(two.by).users} >= {"alex", "STAFF/alex"}


def test_an_invitation_in_a_second_realm_is_sent_again_by_bare_name_and_realm(two: World) -> None:
    """Seed 003; reference 4.1."""
    two.invite("STAFF/alex", "alex@example.com")
    with pytest.raises(NothingPending):
        pending.resend_by_name(two.house, two.by, split_username("alex"), "ASK_PASSWORD", two.now)
    issued = pending.resend_by_name(two.house, two.by, split_username("staff/alex"), "ASK_PASSWORD", two.now)
    assert issued.invitation.recipient == "alex@example.com"
    assert "userstoredomain=STAFF&username=alex&" in link_in(two.mails()[-1])


def test_a_reset_in_a_second_realm_closes_and_opens_that_account(two: World) -> None:
    user = two.add("STAFF/tom", mail="tom@example.com")
    resets.force(two.house, two.by, user.id, two.now)
    text = codes.text_of(two.house, two.live_code("STAFF/tom"))
    ticket = recovery.open_link(two.house, two.tenant, text, two.now)
    recovery.set_password(two.house, two.tenant, ticket, OTHER_PASSWORD, NETWORK, two.now)
    assert two.sign_in("STAFF/tom", OTHER_PASSWORD)


def test_a_domain_that_does_not_exist_is_refused_by_name(two: World) -> None:
    with pytest.raises(Invalid, match="PRIMARY, STAFF"):
        two.invite("NOWHERE/alex", "alex@example.com")
