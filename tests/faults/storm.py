"""Provisioning clients that keep creating users while somebody kills the server, and what they were told."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.doors.scim.support import USERS, invited
from tests.support.served import Served

ADMIN, PASSWORD = "admin", "fourteen green bottles"
CONFIG = f'[super_admin]\nusername = "{ADMIN}"\npassword = "{PASSWORD}"\n'
AHEAD = 12
"""Names that the clients may begin beyond what somebody waits for: more than there are clients."""
FORSAKEN_EVERY = 10
"""Each so-manieth name is not asked for again after a cut, so that some users may rightly be missing."""
_GONE = (OSError, http.client.HTTPException)
_HEADERS = {"Authorization": "Basic " + base64.b64encode(f"{ADMIN}:{PASSWORD}".encode()).decode(), "Content-Type": "application/scim+json"}


@dataclass
class Told:
    """What the clients know. `created`: names answered 201; `found`: names answered 409 after a cut; `strange`: anything else."""

    created: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    forsaken: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    cuts: int = 0
    """Requests sent whole that were never answered."""

    @property
    def done(self) -> int:
        return len(self.created) + len(self.found) + len(self.forsaken) + len(self.strange)


class Storm:
    """`clients` threads that create all `names`, each with askPassword. `told` may be read at any time."""

    def __init__(self, served: Served, names: Sequence[str], clients: int = 6) -> None:
        self._served, self._names = served, list(reversed(names))
        self.told = Told()
        self._change = threading.Condition()
        self._in_flight, self._begun, self._allowed = 0, 0, AHEAD
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(clients)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self, seconds: float) -> None:
        """Wait for the clients. Raises AssertionError if they do not come to an end."""
        deadline = time.monotonic() + seconds
        self._allow(len(self._names) + self._begun)
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            assert not thread.is_alive(), f"{self.told.done} done, the rest hangs"

    def wait_for_request(self, done: int, seconds: float = 60.0) -> None:
        """Return at a moment when at least `done` names are done and a request is under way that has no answer yet.

        The clients do not run far ahead of whoever waits here: on a busy machine they would be through before the next look.
        """
        self._allow(done + AHEAD)
        with self._change:
            good = self._change.wait_for(lambda: self.told.done >= done and self._in_flight > 0, seconds)
        assert good, f"{self.told.done} done, no request under way"

    def _allow(self, names: int) -> None:
        with self._change:
            self._allowed = max(self._allowed, names)
            self._change.notify_all()

    def _work(self) -> None:
        connection: http.client.HTTPSConnection | None = None
        while True:
            with self._change:
                self._change.wait_for(lambda: self._begun < self._allowed or not self._names)
                if not self._names:
                    break
                name = self._names.pop()
                self._begun += 1
            connection = self._create(connection, name)
        if connection is not None:
            connection.close()

    def _create(self, connection: http.client.HTTPSConnection | None, name: str) -> http.client.HTTPSConnection:
        """Ask until there is an answer; the connection to go on with."""
        cut = False
        while True:
            connection = connection or self._connect()
            sent = [False]
            try:
                status, pause = self._ask(connection, name, sent)
            except _GONE:
                connection.close()
                connection = None
                cut = cut or sent[0]
                if self._gave_up(name, cut=sent[0]):
                    return self._connect()
                time.sleep(0.05)
                continue
            if status not in {429, 503}:
                self._answered(name, status, cut=cut)
                return connection
            time.sleep(pause)

    def _connect(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self._served.ca))
        return http.client.HTTPSConnection("localhost", self._served.port, timeout=30, context=context)

    def _ask(self, connection: http.client.HTTPSConnection, name: str, sent: list[bool]) -> tuple[int, float]:
        """Status and, for "come again", the seconds to wait. `sent[0]` becomes true once the request has left."""
        if connection.sock is None:
            connection.connect()
        connection.request("POST", USERS, json.dumps(invited(name)), _HEADERS)
        sent[0] = True
        with self._change:
            self._in_flight += 1
            self._change.notify_all()
        try:
            answer = connection.getresponse()
            answer.read()
        finally:
            with self._change:
                self._in_flight -= 1
        return answer.status, float(answer.headers.get("Retry-After", "1"))

    def _gave_up(self, name: str, *, cut: bool) -> bool:
        with self._change:
            self.told.cuts += cut
            if cut and hash_of(name) % FORSAKEN_EVERY == 0:
                self.told.forsaken.append(name)
                self._change.notify_all()
                return True
        return False

    def _answered(self, name: str, status: int, *, cut: bool) -> None:
        with self._change:
            if status == 201:
                self.told.created.append(name)
            elif status == 409 and cut:
                self.told.found.append(name)
            else:
                self.told.strange.append(f"{name}: {status}")
            self._change.notify_all()


def hash_of(name: str) -> int:
    """The number at the end of a name."""
    return int("".join(letter for letter in name if letter.isdigit()))
