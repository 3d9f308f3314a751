"""The connections to one directory: so many at once, lent one by one, and none for a while after a failure."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Literal, TypeVar

from housekey.core.directories import Directory
from housekey.userstores.directory import Denied, Down, Trouble
from housekey.userstores.ldap import troubles
from housekey.userstores.ldap.line import Line, Lost, secured

T = TypeVar("T")
Kind = Literal["service", "people"]
"""A connection signed in as the account we connect as, or one that people's passwords are tried on."""
LONGEST_WAIT = 1.0
"""Seconds that a caller waits for a connection to become free."""
SLOW = 0.5
"""Seconds after which what somebody asks of a directory takes too long for others to wait for the connection."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0
"""Seconds in which a directory that failed is not asked; doubled with each failure."""
IDLE = 120.0
"""Seconds after which an unused connection is not trusted: firewalls drop them without a word."""


class Breaker:
    """After a failure everybody is told at once, until one caller finds the directory well again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until, self._pause = 0.0, 0.0
        self._trouble: Trouble = Down("")

    def check(self, patience: float) -> None:
        """Raises the last trouble while the directory is not to be asked. After that one caller may; the others wait `patience` seconds
        for what he finds."""
        with self._lock:
            if not self._pause:
                return
            now = time.monotonic()
            if now < self._until:
                raise type(self._trouble)(str(self._trouble))
            self._until = now + patience

    def failed(self, trouble: Trouble) -> None:
        with self._lock:
            self._pause = min(self._pause * 2 or FIRST_PAUSE, LONGEST_PAUSE)
            self._until = time.monotonic() + self._pause
            self._trouble = Denied(str(trouble)) if isinstance(trouble, Denied) else Down(str(trouble))

    def well(self) -> None:
        if self._pause:
            with self._lock:
                self._pause = 0.0


class Pool:
    """At most `directory.connections` connections, and one more for a walk through everything."""

    def __init__(self, directory: Directory, password: str, lane: threading.Semaphore | None = None) -> None:
        """`lane`: shared with other directories; whoever waits for one of them holds a place in it."""
        self.directory, self._password, self._lane = directory, password, lane
        self._places = threading.BoundedSemaphore(directory.connections)
        self._walk = threading.Lock()
        self._lock = threading.Lock()
        self._idle: dict[Kind, list[tuple[float, Line]]] = {"service": [], "people": []}
        self._lent: list[float] = []
        """Since when each connection is lent."""
        self._took = 0.0
        """Seconds for which the last one was."""
        self._age = 0
        """How often everything was closed; older connections are not kept."""
        self._breaker = Breaker()

    @cached_property
    def _context(self) -> ssl.SSLContext | None:
        return secured(self.directory)

    def use(self, work: Callable[[Line], T], kind: Kind = "service") -> T:
        """`work` with a connection. It is done a second time, on a new one, where a kept connection turns out to be dead and nothing was
        written. Raises Down, Denied and what `work` raises."""
        self._breaker.check(self.directory.connect_seconds + self.directory.answer_seconds)
        with self._place():
            kept = self._kept(kind)
            if kept:
                try:
                    return self._done(kept, kind, work)
                except Lost as trouble:
                    if trouble.late or kept.wrote:
                        self._breaker.failed(trouble)
                        raise
            return self._done(self._opened(kind), kind, work, new=True)

    @contextmanager
    def walk(self) -> Iterator[Line]:
        """A connection for a walk through everything, which may take long and keeps nobody else from asking; one walk at a time."""
        self._breaker.check(self.directory.connect_seconds + self.directory.answer_seconds)
        if not self._walk.acquire(timeout=LONGEST_WAIT):
            raise Down("The directory is being looked through already.")
        try:
            line = self._opened("service")
            try:
                yield line
            except Lost as trouble:
                self._breaker.failed(trouble)
                raise
            finally:
                line.close()
        finally:
            self._walk.release()

    def tried(self) -> Line:
        """A connection that is signed in, whatever failed before; the caller closes it. Raises Down, Denied."""
        return self._opened("service")

    def close(self) -> None:
        with self._lock:
            self._age += 1
            lines = [line for rows in self._idle.values() for _, line in rows]
            for rows in self._idle.values():
                rows.clear()
        for line in lines:
            line.close()

    def __del__(self) -> None:
        self.close()

    @contextmanager
    def _place(self) -> Iterator[None]:
        with self.lane():
            if not self._places.acquire(timeout=self._patience()):
                raise Down("All connections to the directory are in use. More can be allowed in its settings.")
            began = time.monotonic()
            try:
                with self._lock:
                    self._lent.append(began)
                yield
            finally:
                with self._lock:
                    self._lent.remove(began)
                    self._took = time.monotonic() - began
                self._places.release()

    def _patience(self) -> float:
        """Nobody waits behind a slow directory: the threads that would are needed by people who have nothing to do with it."""
        with self._lock:
            slow = self._took > SLOW or any(time.monotonic() - since > SLOW for since in self._lent)
        return 0.0 if slow else LONGEST_WAIT

    @contextmanager
    def lane(self) -> Iterator[None]:
        """A slow directory of one tenant must not keep all threads of the server waiting (A-183). Raises Down."""
        if self._lane is None:
            yield
            return
        if not self._lane.acquire(timeout=self._patience()):
            raise Down("As many requests as one tenant may have at a time are waiting for its directories already.")
        try:
            yield
        finally:
            self._lane.release()

    def _done(self, line: Line, kind: Kind, work: Callable[[Line], T], *, new: bool = False) -> T:
        line.wrote = False
        age = self._age
        try:
            found = work(line)
        except Lost as trouble:
            line.close()
            if new:
                self._breaker.failed(trouble)
            raise
        except Trouble:
            self._breaker.well()
            self._keep(line, kind, age)
            raise
        except BaseException:
            line.close()
            raise
        self._breaker.well()
        self._keep(line, kind, age)
        return found

    def _opened(self, kind: Kind) -> Line:
        """A new connection, signed in if it is to be. Raises Down, Denied; both make others wait."""
        try:
            line = Line(self.directory, self._context)
            try:
                if kind == "service" and self.directory.bind_dn:
                    self._sign_in(line)
            except BaseException:
                line.close()
                raise
        except Trouble as trouble:
            self._breaker.failed(trouble)
            raise
        self._breaker.well()
        return line

    def _sign_in(self, line: Line) -> None:
        name = self.directory.bind_dn
        if not self._password:
            raise Denied(f"There is no password to connect with as {name}.")
        answer = line.bind(name, self._password)
        if answer.code == troubles.WRONG_PASSWORD:
            raise Denied(f"The directory does not let us in as {name}: name or password is wrong.{troubles.said(answer.text)}")
        if answer.code:
            raise troubles.refusal(answer.code, answer.text)

    def _kept(self, kind: Kind) -> Line | None:
        """A connection that is idle. Where there is none, one of the other kind makes room for a new one."""
        now = time.monotonic()
        stale: list[Line] = []
        with self._lock:
            for rows in self._idle.values():
                stale += [line for since, line in rows if now - since > IDLE]
                rows[:] = [row for row in rows if now - row[0] <= IDLE]
            found = self._idle[kind].pop()[1] if self._idle[kind] else None
            others = self._idle["people" if kind == "service" else "service"]
            if found is None and others and len(self._lent) + len(others) > self.directory.connections:
                stale.append(others.pop(0)[1])
        for line in stale:
            line.close()
        return found

    def _keep(self, line: Line, kind: Kind, age: int) -> None:
        with self._lock:
            if age == self._age:
                self._idle[kind].append((time.monotonic(), line))
                return
        line.close()
