"""Back-channel logout: applications are told that somebody's session ended (OpenID Connect Back-Channel Logout 1.0).

A farewell is a row, written in the transaction of the deed it tells of, and sent afterwards by whoever leases it. One thread does all
that needs the database; the calls are made in others, never two for one application, so that one that hangs delays only what is its own.
Delivery is at least once: an application may be told twice, and is told the same.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID, uuid4

from django.db import connection, connections, transaction
from django.db.models import Q, QuerySet

from housekey.conf.house import House
from housekey.core.applications import Algorithm
from housekey.core.errors import Unavailable
from housekey.core.names import SUPER_TENANT, Tenant
from housekey.core.principal import system
from housekey.delivery.backchannel import Told, tell
from housekey.operations import audit, signing, turns
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Client, Farewell, Grant

log = logging.getLogger("housekey.farewells")

EVENT = "http://schemas.openid.net/event/backchannel-logout"
GOOD_FOR = timedelta(minutes=2)
"""How long a logout token holds (section 4 recommends two minutes at most)."""
WAITS = tuple(timedelta(seconds=seconds) for seconds in (2, 10, 30, 120, 600))
"""After the first failure, the second, …; after the last one nothing is tried any more."""
LEASE = timedelta(seconds=60)
SLICE = 10.0
"""Seconds of calls to one application before the rest is given back."""
BATCH = 20
"""Notices for one application at a time."""
LOOK_EVERY = 0.5
"""Seconds between two looks for what another process owes."""
LOOKED_AT = 1_000
"""Notices that one look for applications sees."""
THREADS, OF_A_TENANT, TROUBLED = 32, 16, 6
"""Calls at once; of one tenant's applications; to those that did not answer last time (A-184)."""
ACROSS = "farewells are sent for all tenants"

bell = threading.Event()
"""Set when a transaction that owes something commits, and when a call is over."""


def owe(tenant: Tenant | int, grants: QuerySet[Grant], now: datetime) -> None:
    """A step inside a transaction, before `grants` go: every application that was given tokens by them is to be told."""
    told = grants.filter(redeemed__isnull=False).exclude(client__backchannel_logout_uri="")
    owed = list(told.order_by().values_list("client_id", "account_id", "sid").distinct())
    if not owed:
        return
    tenant_id = tenant if isinstance(tenant, int) else tenant.id
    hot.insert_many([
        hot.made(Farewell, id=uuid4(), tenant_id=tenant_id, client_id=client, subject=account, sid=sid, created=now, due=now)
        for client, account, sid in owed
    ])
    transaction.on_commit(bell.set)


@dataclass(frozen=True, slots=True)
class _Notice:
    id: UUID
    subject: UUID
    attempts: int
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one application is to be told now. `mark`: of the lease; whoever finds another one in a row has lost it."""

    client: UUID
    name: str
    tenant: Tenant
    uri: str
    private: bool
    mark: datetime
    notices: tuple[_Notice, ...]


Results = list[tuple[_Notice, Told | None]]
"""None: there was no time for it."""


def run(house: House, stop: threading.Event, clock: Callable[[], datetime]) -> None:
    """Send until `stop` is set; then the calls that are under way are waited for. A database that is away is waited for."""
    with ThreadPoolExecutor(THREADS, "farewell") as pool:
        hand = _Hand(house, pool, clock, stop)
        turns.take(hand.turn, bell=bell, stop=stop, every=LOOK_EVERY, log=log, what="Farewells")
        hand.finish()


def step(house: House, now: datetime) -> int:
    """Send everything that is due, here and one after the other; how many calls were made. Raises Unavailable, DatabaseError."""
    calls = 0
    while turn := next(iter(_due_clients(now)), None):
        leased = _lease(house, turn[0], now)
        results = _calls(leased) if leased else []
        if leased:
            _settle(leased, results, now)
        calls += sum(told is not None for _, told in results)
    return calls


class _Hand:
    """What this process is sending. Used by one thread; only `_calls` runs in others, and touches no database."""

    def __init__(self, house: House, pool: ThreadPoolExecutor, clock: Callable[[], datetime], stop: threading.Event) -> None:
        self._house, self._pool, self._clock, self._stop = house, pool, clock, stop
        self._busy: dict[Future[Results], _Turn] = {}
        self._silent: set[UUID] = set()
        """Applications that did not answer last time."""

    def turn(self) -> bool:
        """Write down what is over, begin what may be. False: there was nothing more to begin. Raises DatabaseError, Unavailable."""
        self.settle()
        return self.begin()

    def begin(self) -> bool:
        """Begin calls, as many as may be made at once. False: there was nothing more. Raises DatabaseError, Unavailable."""
        begun, free = False, self._free()
        waiting = _due_clients(self._clock(), free.nobody()) if free.left else []
        for client, tenant_id in waiting:
            if not free.take(client, tenant_id):
                continue
            turn = _lease(self._house, client, self._clock())
            if turn is not None:
                future = self._pool.submit(_calls, turn, self._stop)
                self._busy[future] = turn
                future.add_done_callback(lambda _: bell.set())
                begun = True
        return begun

    def settle(self) -> None:
        """Write down what came of the calls that are over. Raises DatabaseError, Unavailable; calling again is safe."""
        for future in [future for future in self._busy if future.done()]:
            turn, results = self._busy[future], _results(future)
            self._remember(turn.client, [told for _, told in results if told is not None])
            _settle(turn, results, self._clock())
            del self._busy[future]

    def finish(self) -> None:
        """Wait for what is under way, and write it down; where that fails the leases run out, and it is sent again."""
        self._pool.shutdown(wait=True)
        try:
            self.settle()
        except turns.TROUBLE as error:
            log.warning("What applications were told could not be written down (%s): some are told again.", type(error).__name__)
        finally:
            connections.close_all()

    def _free(self) -> _Free:
        turns = self._busy.values()
        busy = {turn.client for turn in turns}
        return _Free(THREADS - len(busy), busy, Counter(turn.tenant.id for turn in turns), self._silent,
                     TROUBLED - len(busy & self._silent))

    def _remember(self, client: UUID, answers: list[Told]) -> None:
        if any(told.reached for told in answers):
            self._silent.discard(client)
        elif answers:
            self._silent.add(client)


@dataclass(slots=True)
class _Free:
    """Which applications may be called now, beside those that are being called."""

    left: int
    busy: set[UUID]
    tenants: Counter[int]
    silent: set[UUID]
    silent_left: int

    def nobody(self) -> Q:
        """Whom not to look for."""
        full = [tenant for tenant, calls in self.tenants.items() if calls >= OF_A_TENANT]
        out = self.busy | (self.silent if self.silent_left <= 0 else set())
        return Q(client_id__in=out) | Q(tenant_id__in=full)

    def take(self, client: UUID, tenant_id: int) -> bool:
        silent = client in self.silent
        if self.left <= 0 or self.tenants[tenant_id] >= OF_A_TENANT or (silent and self.silent_left <= 0):
            return False
        self.left -= 1
        self.silent_left -= silent
        self.tenants[tenant_id] += 1
        return True


def _due(now: datetime) -> QuerySet[Farewell]:
    """Of a suspended tenant nothing is sent, and nothing given up."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    return Farewell.objects.across_tenants(ACROSS).filter(free, due__lte=now, tenant__active=True)


def _due_clients(now: datetime, but: Q | None = None) -> list[tuple[UUID, int]]:
    """Applications with something due and their tenants, who has waited longest first. Those behind many notices of one application come
    when that one is being called."""
    rows = _due(now).exclude(but) if but else _due(now)
    return list(dict.fromkeys(rows.order_by("due").values_list("client_id", "tenant_id")[:LOOKED_AT]))


def _lease(house: House, client_pk: UUID, now: datetime) -> _Turn | None:
    """The oldest notices for an application, ours for a while; None: another node was faster. Raises DatabaseError, Unavailable."""
    mark = now + LEASE
    with durable():
        due = _due(now).filter(client_id=client_pk).order_by("due")
        locked = due.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked, of=("self",))
        rows = list(locked.select_related("client", "tenant")[:BATCH])
        if not rows:
            return None
        Farewell.objects.across_tenants(ACROSS).filter(id__in=[row.id for row in rows]).update(leased_until=mark)
    client, mine = rows[0].client, rows[0].tenant.brief
    private = mine.domain == SUPER_TENANT or house.config.oauth.allow_private_networks
    notices = tuple(_Notice(row.id, row.subject, row.attempts, _token(house, mine, client, row, now)) for row in rows)
    return _Turn(client.id, client.name, mine, client.backchannel_logout_uri, private, mark, notices)


def _token(house: House, tenant: Tenant, client: Client, row: Farewell, now: datetime) -> str:
    """The logout token (section 2.4); `""` where the tenant's key cannot be opened: that is told where it would have been sent."""
    claims: dict[str, object] = {
        "aud": client.client_id, "sub": str(row.subject), "jti": uuid4().hex, "exp": int((now + GOOD_FOR).timestamp()),
        "events": {EVENT: {}},
    }
    if row.sid is not None:
        claims["sid"] = str(row.sid)
    try:
        return signing.sign(house, tenant, cast(Algorithm, client.signed_with), claims, now, typ="logout+jwt")
    except Unavailable:
        return ""


def _calls(turn: _Turn, stop: threading.Event | None = None) -> Results:
    """Tell one application one thing after the other. If it does not answer, the rest fails with the first: it would only wait, too."""
    results: Results = []
    last, silence = time.monotonic() + SLICE, None
    for notice in turn.notices:
        told: Told | None = silence
        if told is None and time.monotonic() < last and not (stop is not None and stop.is_set()):
            told = _call(turn, notice)
            silence = None if told.reached else told
        results.append((notice, told))
    return results


def _call(turn: _Turn, notice: _Notice) -> Told:
    if not turn.uri:
        return Told("refused", "The application has no address for this any more.")
    if not notice.token:
        return Told("later", "The tenant's signing key cannot be opened.")
    return tell(turn.uri, notice.token, private=turn.private)


def _results(future: Future[Results]) -> Results:
    """Nothing for a call that broke in a way nobody thought of: its notices wait for their lease to run out."""
    try:
        return future.result()
    except Exception:
        log.exception("A call to an application broke.")
        return []


def _settle(turn: _Turn, results: Results, now: datetime) -> None:
    """Write down what came of a turn, in one transaction. A row that another worker holds by now is left as it is.

    Raises Unavailable, DatabaseError.
    """
    with durable():
        for notice, told in results:
            mine = Farewell.objects.aside(turn.tenant).filter(id=notice.id, leased_until=turn.mark)
            if told is None:
                mine.update(leased_until=None)
            elif told.outcome == "later" and notice.attempts < len(WAITS):
                mine.update(leased_until=None, attempts=notice.attempts + 1, due=now + WAITS[notice.attempts], error=told.words[:300])
            elif mine.delete()[0]:
                _record(turn, notice, told, now)


def _record(turn: _Turn, notice: _Notice, told: Told, now: datetime) -> None:
    done = told.outcome == "told"
    detail = {} if done else {"why": told.words[:300]}
    audit.record(system(turn.tenant), "client:farewell", now, target=turn.name, target_id=notice.subject,
                 outcome="done" if done else "refused", tries=notice.attempts + 1, **detail)
