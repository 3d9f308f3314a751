"""Places for bodies that are on their way: so many in all, and so many for one client, so that no client takes them all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

MOST = 96
"""Bodies that may be on their way at one time; the server has more threads than that, so whatever has no body is still answered."""
MOST_OF_ONE = 32
"""Of one client. More than a burst of honest requests needs: what has arrived already holds its place for microseconds."""
WAIT = 0.1
"""Seconds. A burst passes whose bodies have all arrived; nobody waits long behind clients that dawdle."""


class Places:
    """`shared`: all requests come from the same few addresses (a proxy's), so that these say nothing about clients."""

    def __init__(self, *, shared: bool) -> None:
        self._all = threading.BoundedSemaphore(MOST)
        self._most_of_one = MOST if shared else MOST_OF_ONE
        self._lock = threading.Lock()
        self._clients: dict[str, tuple[threading.BoundedSemaphore, int]] = {}
        """For each client that has or wants a place: its own places, and how many requests use this entry."""

    @contextmanager
    def taken(self, client: str) -> Iterator[bool]:
        """Hold a place, if there is one within `WAIT` seconds."""
        own = self._enter(client)
        try:
            if not own.acquire(timeout=WAIT):
                yield False
                return
            try:
                if not self._all.acquire(timeout=WAIT):
                    yield False
                    return
                try:
                    yield True
                finally:
                    self._all.release()
            finally:
                own.release()
        finally:
            self._leave(client)

    def _enter(self, client: str) -> threading.BoundedSemaphore:
        with self._lock:
            own, users = self._clients.get(client) or (threading.BoundedSemaphore(self._most_of_one), 0)
            self._clients[client] = own, users + 1
            return own

    def _leave(self, client: str) -> None:
        with self._lock:
            own, users = self._clients.pop(client)
            if users > 1:
                self._clients[client] = own, users - 1
