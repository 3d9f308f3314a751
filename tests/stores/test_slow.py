"""A slow directory holds up those who asked it, and nobody else."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from housekey.userstores.directory import Down
from housekey.userstores.ldap import connections
from tests.support.at_once import at_once
from tests.support.slapd import Place

HANDS = 12


def test_nobody_waits_behind_a_slow_directory_for_a_connection(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each caller is a thread of the server. Those who would wait longer than the test has patience are told at once."""
    monkeypatch.setattr(connections, "LONGEST_WAIT", 3_000.0)
    place.add("jane")
    client = place.client(ConnectionPoolSize="2", ReadTimeout="20000")
    assert client.by_name("jane")
    place.slow(1.0)
    assert client.by_name("jane")
    ends = at_once([partial(client.by_name, "jane")] * HANDS)
    assert len([end for end in ends if isinstance(end, Down) and "in use" in str(end)]) == HANDS - 2, ends
    place.slow(0)
    assert client.by_name("jane")
    assert all(at_once([partial(client.by_name, "jane")] * HANDS)), "and once it is quick again they wait for one another"


def test_who_is_served_already_is_noticed_to_take_long(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before its first slow answer has come."""
    monkeypatch.setattr(connections, "LONGEST_WAIT", 3_000.0)
    place.add("jane")
    client = place.client(ConnectionPoolSize="1", ReadTimeout="20000")
    assert client.by_name("jane")
    silence = threading.Event()
    place.front.before = lambda _: silence.wait(30)
    held = threading.Thread(target=client.by_name, args=("jane",))
    held.start()
    silence.wait(connections.SLOW * 2)
    with pytest.raises(Down, match="in use"):
        client.by_name("jane")
    silence.set()
    held.join(30)
