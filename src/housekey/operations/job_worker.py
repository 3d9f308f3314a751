"""The hand that does jobs: `step` does a piece of one, and the server calls it again and again.

A row is marked as done in the transaction of its own deed, so a server that is killed half way goes on where it was: no user is created
twice and nobody is written to twice. Each row is done with what the person who started the job may do at that moment.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from housekey.conf.house import House
from housekey.core.errors import NotFound, Refused, Unavailable
from housekey.core.jobs import Deed, RowState
from housekey.core.names import Tenant
from housekey.core.principal import CONSOLE, Principal
from housekey.core.users import Changes, User
from housekey.operations import accounts, importing, jobs, onboarding, pending, resets, tenant_removal, turns, users
from housekey.operations.roles import permissions_of
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Job, JobRow

log = logging.getLogger("housekey.jobs")

SLICE = 2.0
"""Seconds of work on one job before another one has its turn."""
LEASE = timedelta(seconds=60)
LOOK_EVERY = 1.0
"""Seconds between two looks for work that another process started."""
SWEEP_EVERY = 60.0
"""Seconds between two looks for jobs that are over long enough to be forgotten."""
BATCH = 50
DAY = 24 * 60
"""Minutes of more time where a job does not say how many."""

Mark = Callable[[object], None]


class _Overtaken(Exception):
    """The row was dealt with meanwhile."""


def run(house: House, stop: threading.Event, clock: Callable[[], datetime]) -> None:
    """Work until `stop` is set. A database that is away is waited for."""
    swept = -SWEEP_EVERY

    def turn() -> bool:
        nonlocal swept
        if time.monotonic() - swept >= SWEEP_EVERY:
            swept = time.monotonic()
            jobs.sweep(clock())
        worked = step(house, clock())
        return tenant_removal.step(clock()) or worked

    turns.take(turn, bell=jobs.bell, stop=stop, every=LOOK_EVERY, log=log, what="Jobs")


def step(house: House, now: datetime) -> bool:
    """A slice of work on the job that has waited longest, a row at least. False: there is none. Raises Unavailable, DatabaseError."""
    job = _leased(now)
    if job is None:
        return False
    _turn(house, job, now)
    # Not None: whoever was worked on last comes last, behind jobs that had no turn yet.
    Job.objects.across_tenants("the lease of this worker").filter(id=job.id, state="running").update(leased_until=now)
    return True


def _turn(house: House, job: Job, now: datetime) -> None:
    """Row after row until the slice is over, or the job is."""
    tenant, ends = job.tenant.brief, time.monotonic() + SLICE
    while waiting := list(JobRow.objects.within(tenant).filter(job=job, state="waiting").order_by("number")[:BATCH]):
        for row in waiting:
            by = _principal(tenant, job)
            if by is None:
                _finish(job, now, f"{job.by} cannot use the console any more.")
                return
            if not _goes_on(job):
                return
            _do(house, by, job, row, now)
            if time.monotonic() > ends:
                return
    _finish(job, now)


def _leased(now: datetime) -> Job | None:
    """Turns go round among tenants, and then among the jobs of each: many jobs of one hold no other up (A-184)."""
    every = Job.objects.across_tenants("the worker takes the jobs of all tenants")
    its_own = every.filter(tenant=OuterRef("tenant")).annotate(at=Coalesce("leased_until", "ended"))
    turn = its_own.order_by(F("at").desc(nulls_last=True)).values("at")[:1]
    free = every.filter(state="running", tenant__active=True).exclude(leased_until__gt=now).select_related("tenant")
    job = free.order_by(Subquery(turn).asc(nulls_first=True), F("leased_until").asc(nulls_first=True), "created").first()
    if job is None:
        return None
    taken = Job.objects.across_tenants("the lease of this worker").filter(id=job.id, state="running", leased_until=job.leased_until)
    return job if taken.update(leased_until=now + LEASE) else None


def _principal(tenant: Tenant, job: Job) -> Principal | None:
    """Who started it, with what that account may do now; None if it may no longer use the console."""
    account = hot.account(tenant.id, job.account_id)
    if account is None or not accounts.standing_of(account).may_sign_in:
        return None
    by = Principal(tenant, job.by, permissions_of(tenant, account.id), account.id, network=job.network)
    return by if by.may(CONSOLE) and jobs.may(by, jobs.deed_of(job)) else None


def _goes_on(job: Job) -> bool:
    """A job of a suspended tenant rests; it is taken up again when the tenant is resumed."""
    mine = Job.objects.across_tenants("was it stopped, or its tenant suspended?").filter(id=job.id, state="running")
    return bool(mine.filter(tenant__active=True).exists())


def _do(house: House, by: Principal, job: Job, row: JobRow, now: datetime) -> None:
    """One row, by the operation that a single user's page calls. Raises Unavailable, and then the row is still waiting."""

    def mark(outcome: object) -> None:
        _settle(job, row, "done", "", outcome.id if isinstance(outcome, User) else row.target)

    try:
        _act(house, by, jobs.deed_of(job), row, now, mark)
    except _Overtaken:
        return
    except Unavailable:
        raise
    except Refused as refusal:
        _failed(job, row, refusal.sentence)
    except Exception as error:  # one row that cannot be done must not stop those behind it
        if isinstance(error, OperationalError | InterfaceError):
            raise
        log.exception("A row of the job %s cannot be done", job.id)
        _failed(job, row, "This could not be done because of an error in the server. The log says more.")


def _failed(job: Job, row: JobRow, sentence: str) -> None:
    with suppress(_Overtaken), durable():
        _settle(job, row, "failed", sentence, row.target)


def _settle(job: Job, row: JobRow, state: RowState, sentence: str, target: UUID | None) -> None:
    """A step inside a transaction. `target`: whom the row is about, also one it created. Raises _Overtaken if somebody else has dealt
    with the row."""
    # The job before its rows, as whoever stops it holds them: else the two would wait for each other.
    count = {"done": F("done") + 1} if state == "done" else {"failed": F("failed") + 1}
    Job.objects.within(job.tenant_id).filter(id=job.id).update(**count)
    waiting = JobRow.objects.within(job.tenant_id).filter(id=row.id, state="waiting")
    if not waiting.update(state=state, sentence=sentence[:500], input={}, target=target):
        raise _Overtaken


def _act(house: House, by: Principal, deed: Deed, row: JobRow, now: datetime, mark: Mark) -> None:
    if deed == "import":
        users.create(house, by, importing.new_user(row.input), now, also=mark)
        return
    target = row.target
    if target is None:
        raise NotFound("The row names nobody.")
    match deed:
        case "invite":
            account = accounts.load(by.tenant, target)
            send = pending.resend if account.pending else onboarding.resend
            send(house, by, target, now, also=mark)
        case "force-reset":
            resets.force(house, by, target, now, also=mark)
        case "delete":
            users.delete(by, target, now, also=mark)
        case "revoke":
            onboarding.revoke(house, by, target, now, also=mark)
        case "extend":
            onboarding.extend(house, by, target, int(row.input.get("minutes", DAY)), now, also=mark)
        case _:
            users.change(house, by, target, _CHANGES[deed], now, also=mark)


_CHANGES: dict[Deed, Changes] = {
    "lock": Changes(locked=True), "unlock": Changes(locked=False), "disable": Changes(disabled=True), "enable": Changes(disabled=False),
}


def _finish(job: Job, now: datetime, why: str = "") -> None:
    with durable():
        held = Job.objects.within(job.tenant_id).select_for_update().filter(id=job.id).first()
        if held is not None and held.state == "running":
            jobs.end(held, "stopped" if why else "finished", now, why)


