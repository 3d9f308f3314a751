"""Sends what is due: at once when this process enqueued it, within a second when another one did, again later when it failed.

Survives the loss of the mail server, the gateway and the database: it says so once, waits longer each time, and goes on. E-mail and
text messages have threads of their own, so that the trouble of one does not hold up the other.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import uuid4

from django.db import DatabaseError, InterfaceError, connections

from housekey.conf.house import House
from housekey.conf.schema import Config
from housekey.core.errors import Unavailable
from housekey.core.messages import CHANNELS, EMAIL, SMS, TEST
from housekey.core.names import SUPER_TENANT, Tenant
from housekey.delivery import lanes, outbox, own, sweep
from housekey.delivery.channels import Channel, channel_for
from housekey.delivery.leased import LeasedMessage
from housekey.delivery.letter import Letter, MissingKey, content, write
from housekey.delivery.outbox import Result
from housekey.delivery.outcomes import Outcome, in_words, outage_wait, without
from housekey.delivery.render import NoTemplate

log = logging.getLogger("housekey.delivery")

T = TypeVar("T")

BATCH = 50
SLICE = 2.0
"""Seconds after which the rest of a batch is given back: what was asked of the database at the lease must still be true."""
STEPS = 8
"""Times `timeout` of the channel that handing over one message may take, connecting and signing in included."""
SETTLE_EVERY = 0.04
"""Seconds between two notes of what was sent: what a crash in between sends twice."""
LOOK_EVERY = 1.0
"""Seconds between two looks for messages of other processes."""
SWEEP_EVERY = 60.0
"""Seconds between two looks at what has waited too long, and at what is over."""
DATABASE_TROUBLE = (DatabaseError, InterfaceError)


def utc_now() -> datetime:
    return datetime.now(UTC)


def lease_for(config: Config, channel: str) -> timedelta:
    """How long a worker keeps a batch: until a message begun at the very end of its slice must be over, however slow the server."""
    way = config.sms if channel == SMS else config.email
    slowest = timedelta(seconds=SLICE + STEPS * way.timeout) if way.configured else outbox.LEASE
    return max(outbox.LEASE, slowest)


@dataclass(frozen=True, slots=True)
class Pass:
    """One batch: how many messages were leased, how many of them have left, and what kept the channel from working."""

    leased: int
    gone: int
    trouble: str = ""


class Sender:
    """One sending thread: its name, what it sends through, and how often in a row that failed. `way`: EMAIL or SMS.

    `tenant`: it sends for this one only, through the tenant's own `channel`; None: for all that have none of their own.
    """

    def __init__(self, house: House, clock: Callable[[], datetime] = utc_now, channel: Channel | None = None, way: str = EMAIL,
                 tenant: int | None = None) -> None:
        self.house, self.clock, self.way, self.tenant = house, clock, way, tenant
        self.channel = channel or channel_for(house, way)
        self.failures = 0
        self.lease = lease_for(house.config, way) if tenant is None else timedelta(seconds=SLICE + STEPS * own.TIMEOUT)
        self._who = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._patience = timedelta(minutes=house.config.outbox.give_up_after)

    def batch(self, limit: int = BATCH) -> Pass:
        """Lease, send, settle. After a failure of the channel only one message is tried. Raises DatabaseError."""
        leased = outbox.lease(self._who, self.clock(), 1 if self.failures else limit, self.lease, self.way, self.tenant)
        if not leased:
            return Pass(0, 0)
        results: list[Result] = []
        gone, started = 0, time.monotonic()
        settled, trouble = started, ""
        for message in leased:
            if trouble or time.monotonic() - started > SLICE:
                results.append(Result(message, Outcome("released")))
                continue
            result = self._one(message)
            results.append(result)
            gone += result.outcome.kind in {"sent", "kept"}
            trouble = result.outcome.detail if result.outcome.kind == "connection" else ""
            if time.monotonic() - settled > SETTLE_EVERY:
                self._settle(results)
                results, settled = [], time.monotonic()
        self._settle(results)
        return Pass(len(leased), gone, in_words(trouble))

    def _one(self, message: LeasedMessage) -> Result:
        if message.obstacle:
            return Result(message, Outcome("withdrawn", message.obstacle))
        outcome = _try(self.house, self.channel, message, self.clock())
        if outcome.kind == "connection":
            self.failures += 1
        elif outcome.kind != "permanent":  # an address that cannot exist is refused without asking the server
            self.failures = 0
        return Result(message, outcome, max(1, self.failures))

    def _settle(self, results: list[Result]) -> None:
        """What was sent must be noted, or it is sent twice: tried for as long as the lease protects us."""
        last = time.monotonic() + self.lease.total_seconds()
        while True:
            try:
                outbox.settle(results, self.clock(), self._patience)
                return
            except DATABASE_TROUBLE:
                connections.close_all()
                if time.monotonic() > last:
                    raise
                time.sleep(0.5)

    def sweep(self) -> None:
        """End what has waited too long, delete what is over; raise the alarm when too much is waiting. Raises DatabaseError."""
        outbox.give_up(self.clock(), self._patience)
        sweep.sweep(self.house.config, self.clock())
        waiting = outbox.waiting(self.clock())
        if waiting >= self.house.config.outbox.queue_alarm:
            log.warning("%d messages are waiting in the outbox.", waiting)


def _try(house: House, channel: Channel, message: LeasedMessage, now: datetime) -> Outcome:
    try:
        letter = write(house, message)
    except MissingKey as error:
        return Outcome("temporary", str(error))
    except DATABASE_TROUBLE:
        return Outcome("temporary", "The tenant's templates could not be read.")
    except NoTemplate as error:
        return Outcome("permanent", str(error))
    except Exception as error:  # one message that cannot be written must not stop those behind it
        log.error("A message of kind %s cannot be written (%s)", message.kind, type(error).__name__)
        return Outcome("permanent", f"The message cannot be written ({type(error).__name__}).")
    try:
        outcome = channel.send(letter, now)
    except Exception as error:  # likewise
        log.error("A message of kind %s cannot be sent (%s)", message.kind, type(error).__name__)
        return Outcome("temporary", f"The message cannot be sent ({type(error).__name__}).")
    return replace(outcome, detail=without(letter.code, outcome.detail))


def drain(house: House, now: datetime, limit: int = 1000) -> int:
    """Send what is due at `now`, once, and return how many messages have left. A channel that cannot be used is given up for now.

    Raises DatabaseError.
    """
    gone = sum(_drain(Sender(house, clock=lambda: now, way=way), limit) for way in CHANNELS)
    for tenant, way in outbox.waiting_for_own(now):
        if (found := own.find(tenant, way)) is not None:
            gone += _drain(Sender(house, lambda: now, own.channel_of(house, found.row), way, tenant), limit)
    return gone


def _drain(sender: Sender, limit: int) -> int:
    gone = seen = 0
    try:
        while seen < limit:
            done = sender.batch(min(BATCH, limit - seen))
            gone, seen = gone + done.gone, seen + done.leased
            if not done.leased or done.trouble:
                return gone
    finally:
        sender.channel.close()
    return gone


def run(house: House, stop: threading.Event) -> None:
    """Send until `stop` is set. `[outbox] connections` threads for each channel; all but the first rest until there is a backlog."""
    texting = threading.Thread(target=_crew, args=(house, stop, SMS), name="outbox-sms", daemon=True)
    texting.start()
    apart = threading.Thread(target=lanes.run, args=(house, stop, _own_sender(house), utc_now), name="outbox-own", daemon=True)
    apart.start()
    try:
        _crew(house, stop, EMAIL)
    finally:
        outbox.ring()
        texting.join(timeout=2 * house.config.sms.timeout + 5)
        apart.join(timeout=own.TIMEOUT + 5)


def _own_sender(house: House) -> lanes.Make:
    return lambda tenant, way, channel: Sender(house, channel=channel, way=way, tenant=tenant)


def _crew(house: House, stop: threading.Event, way: str) -> None:
    """All threads of one channel, this one being the first."""
    backlog = threading.Event()
    helpers = [threading.Thread(target=_help, args=(house, stop, backlog, way), name=f"outbox-{way.lower()}-{number}", daemon=True)
               for number in range(2, house.config.outbox.connections + 1)]
    for helper in helpers:
        helper.start()
    try:
        _loop(Sender(house, way=way), stop, backlog)
    finally:
        backlog.set()
        for helper in helpers:
            helper.join(timeout=(house.config.sms if way == SMS else house.config.email).timeout + 5)


def _loop(sender: Sender, stop: threading.Event, backlog: threading.Event) -> None:
    watch = _Watch(quiet=sender.way != EMAIL, way=sender.way)
    swept = float("-inf") if sender.way == EMAIL else float("inf")  # one of the threads sweeps for all
    try:
        while not stop.is_set():
            outbox.bells[sender.way].clear()
            if time.monotonic() - swept > SWEEP_EVERY:
                swept = time.monotonic()
                watch.guarded(sender.sweep)
            done = watch.guarded(sender.batch) or Pass(0, 0)
            if done.leased == BATCH:
                backlog.set()
            watch.tell(sender, done)
            _rest(sender, watch, done, stop)
    finally:
        sender.channel.close()
        connections.close_all()


def _rest(sender: Sender, watch: _Watch, done: Pass, stop: threading.Event) -> None:
    """Wait for the next thing to do: not at all in the middle of a backlog, longer and longer during an outage."""
    if done.trouble or watch.failures:
        pause = outage_wait(sender.failures) if done.trouble else timedelta(seconds=min(0.5 * 2 ** watch.failures, 10))
        stop.wait(pause.total_seconds())
    elif not done.leased:
        sender.channel.tidy()
        outbox.bells[sender.way].wait(LOOK_EVERY)


def _help(house: House, stop: threading.Event, backlog: threading.Event, way: str) -> None:
    """A further connection: works while there is a backlog, then rests. What it meets, the first thread meets and tells too."""
    sender = Sender(house, way=way)
    watch = _Watch(quiet=True)
    try:
        while not stop.is_set():
            if not backlog.wait(LOOK_EVERY):
                sender.channel.tidy()
                continue
            done = watch.guarded(sender.batch) if not stop.is_set() else None
            if done is None or not done.leased or done.trouble:
                backlog.clear()
                stop.wait(0.1)
    finally:
        sender.channel.close()
        connections.close_all()


class _Watch:
    """Tells an outage once when it begins and once when it ends. `quiet`: another thread speaks of the database."""

    def __init__(self, *, quiet: bool = False, way: str = EMAIL) -> None:
        self.failures = 0
        self._what = "Text messages" if way == SMS else "Messages"
        self._quiet = quiet
        self._trouble = ""

    def guarded(self, deed: Callable[[], T]) -> T | None:
        """Do something with the database; None if that cannot be used. The broken connection is let go."""
        try:
            result = deed()
        except DATABASE_TROUBLE as error:
            self.failures += 1
            if self.failures == 1 and not self._quiet:
                log.error("The database cannot be used (%s); messages wait.", type(error).__name__)
            connections.close_all()
            return None
        except Exception:  # this thread is the only one that sends: it must not end before the process does
            self.failures += 1
            log.exception("The outbox met an unexpected error; it goes on.")
            return None
        if self.failures and not self._quiet:
            log.info("The database can be used again; messages are being sent.")
        self.failures = 0
        return result

    def tell(self, sender: Sender, done: Pass) -> None:
        if done.trouble and done.trouble != self._trouble:
            log.error("%s cannot be sent: %s", self._what, done.trouble)
            self._trouble = done.trouble
        elif self._trouble and done.leased and not sender.failures:
            log.info("%s can be sent again.", self._what)
            self._trouble = ""


def send_test(house: House, to: str) -> str:
    """Send a test message to `to`, past the outbox; a sentence saying what became of it. Raises Unavailable, in words."""
    tenant = Tenant(0, SUPER_TENANT)
    now = utc_now()
    rendered = content(house, tenant, TEST, "en", {})
    channel = channel_for(house)
    try:
        outcome = channel.send(Letter(uuid4(), TEST, to, now, rendered.subject, rendered.text, rendered.html), now)
    finally:
        channel.close()
    if outcome.kind in {"sent", "kept"}:
        return in_words(outcome.detail)
    raise Unavailable(in_words(outcome.detail))
