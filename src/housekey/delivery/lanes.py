"""Tenants' own senders, each in a lane of its own: a connection, a count of failures and, while there is work, a thread.

One that is dead, slow or hostile holds up nobody's messages but those of its own tenant.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connections

from housekey.conf.house import House
from housekey.delivery import outbox, own
from housekey.delivery.channels import Channel
from housekey.delivery.outcomes import outage_wait

log = logging.getLogger("housekey.delivery")

MOST_LANES = 32
"""Threads at once; lanes beyond wait for the next look."""
TURN = 30.0
"""Seconds after which a lane that still has something to do makes room for those who wait."""
LOOK_EVERY = 1.0


class Done(Protocol):
    """What one batch came to."""

    @property
    def leased(self) -> int: ...

    @property
    def trouble(self) -> str: ...


class Batches(Protocol):
    """What sends: `worker.Sender`."""

    channel: Channel
    failures: int

    def batch(self) -> Done: ...


Make = Callable[[int, str, Channel], Batches]
"""A sender for a tenant and channel through a channel of its own."""


class Lane:
    """One tenant's own sender for one channel. Its thread and `Lanes.look` never use the connection at the same time."""

    def __init__(self, house: House, key: tuple[int, str], make: Make) -> None:
        self._house, self.key, self._make = house, key, make
        self._sender: Batches | None = None
        self._mark: tuple[UUID, int] | None = None
        self._trouble = ""
        self.rests_until = self.began = 0.0
        self.thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        return self.thread is not None and self.thread.is_alive()

    def rests(self, mark: tuple[UUID, int]) -> bool:
        """Did this very sender fail a moment ago?"""
        return mark == self._mark and time.monotonic() < self.rests_until

    def start(self, stop: threading.Event) -> None:
        self.began = time.monotonic()
        self.thread = threading.Thread(target=self._work, args=(stop,), name=f"outbox-own-{self.key[0]}-{self.key[1].lower()}", daemon=True)
        self.thread.start()

    def _work(self, stop: threading.Event) -> None:
        try:
            while not stop.is_set() and time.monotonic() < self.began + TURN and self._once():
                pass
        except (DatabaseError, InterfaceError):
            self.rests_until = time.monotonic() + LOOK_EVERY  # the worker of the server's own messages tells of it
        except Exception:  # one tenant's trouble must not end the process's sending
            log.exception("A tenant's own sender met an unexpected error; it goes on.")
            self.rests_until = time.monotonic() + 60
        finally:
            connections.close_all()

    def _once(self) -> bool:
        """One batch; is there more to do?"""
        sender = self._current()
        if sender is None:
            return False
        done = sender.batch()
        if done.trouble:
            self.rests_until = time.monotonic() + outage_wait(sender.failures).total_seconds()
            if done.trouble != self._trouble:
                log.warning("Messages of tenant %d wait. %s", self.key[0], done.trouble)
        self._trouble = done.trouble or ("" if done.leased else self._trouble)
        return bool(done.leased) and not done.trouble

    def _current(self) -> Batches | None:
        """The sender as the tenant has it now; a changed one begins anew, a deleted one is let go."""
        found = own.find(*self.key)
        if self._sender is not None and (found is None or found.mark != self._mark):
            self.close()
            self.rests_until = 0.0
        if found is not None and self._sender is None:
            self._sender, self._mark = self._make(*self.key, own.channel_of(self._house, found.row)), found.mark
        return self._sender

    def tidy(self) -> None:
        if self._sender is not None:
            self._sender.channel.tidy()

    def close(self) -> None:
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.channel.close()


class Lanes:
    """All lanes of this process."""

    def __init__(self, house: House, make: Make) -> None:
        self._house, self._make = house, make
        self._lanes: dict[tuple[int, str], Lane] = {}

    def look(self, waiting: dict[tuple[int, str], tuple[UUID, int]], stop: threading.Event) -> None:
        """Start what has something to do and does not rest, whoever waited longest first; let go of idle connections.

        A sender that was changed rests no longer.
        """
        busy = sum(lane.busy for lane in self._lanes.values())
        lanes = {key: self._lanes.setdefault(key, Lane(self._house, key, self._make)) for key in waiting}
        for key, lane in sorted(lanes.items(), key=lambda item: item[1].began):
            if lane.busy or busy >= MOST_LANES or lane.rests(waiting[key]):
                continue
            lane.start(stop)
            busy += 1
        for lane in self._lanes.values():
            if not lane.busy and lane.key not in waiting:
                lane.tidy()

    def close(self) -> None:
        """Give those at work a moment, then let go of every connection that is not in use."""
        last = time.monotonic() + own.TIMEOUT
        for lane in self._lanes.values():
            if lane.thread is not None:
                lane.thread.join(timeout=max(0.0, last - time.monotonic()))
            if not lane.busy:
                lane.close()


def run(house: House, stop: threading.Event, make: Make, clock: Callable[[], datetime]) -> None:
    """Send through tenants' own senders until `stop` is set. Who stops it sets `outbox.own_bell` too."""
    lanes = Lanes(house, make)
    try:
        while not stop.is_set():
            outbox.own_bell.clear()
            try:
                lanes.look(outbox.waiting_for_own(clock()), stop)
            except (DatabaseError, InterfaceError):  # told by the worker of the server's own messages
                connections.close_all()
            outbox.own_bell.wait(LOOK_EVERY)
    finally:
        lanes.close()
        connections.close_all()
