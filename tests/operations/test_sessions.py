"""The list of one's own sessions shows those that still open something."""

from __future__ import annotations

from datetime import timedelta

from housekey.operations import sessions
from tests.operations.support import NETWORK, World


def test_a_session_that_ended_by_idling_is_not_listed(world: World) -> None:
    world.add("jane")
    limits = world.house.config.sessions
    world.sign_in("jane", now=world.now - timedelta(minutes=limits.idle + 1))
    token = world.sign_in("jane").token
    jane = sessions.recognise(world.house, world.tenant, token, NETWORK, world.now)
    assert jane is not None
    assert [view.current for view in sessions.my_sessions(world.house, jane, world.now)] == [True]


def test_another_session_that_is_still_good_is_listed_too(world: World) -> None:
    world.add("jane")
    world.sign_in("jane", now=world.now - timedelta(minutes=5))
    jane = sessions.recognise(world.house, world.tenant, world.sign_in("jane").token, NETWORK, world.now)
    assert jane is not None
    assert [view.current for view in sessions.my_sessions(world.house, jane, world.now)] == [True, False]
