"""The hand that keeps directories and our database together: it finishes deeds that ended in one of the two only, and looks through the
directories for what changed over there.

`step` does one piece of work; the server calls it again and again, beside the outbox and the jobs.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from housekey.conf.house import House
from housekey.core.batches import batches
from housekey.core.errors import Refused
from housekey.core.principal import Principal
from housekey.operations import accounts, audit, directory_groups, entries, repairs, turns, users
from housekey.operations.entries import Findings
from housekey.operations.transactions import durable
from housekey.store.models import Account, Directory, Entry
from housekey.userstores.directory import Trouble
from housekey.userstores.registry import Placed, place

log = logging.getLogger("housekey.directories")

LOOK_EVERY = 1.0
"""Seconds between two looks for work that another process made."""
LEASE = timedelta(minutes=5)
"""A look that stopped half way is begun anew after this; while it goes on the lease is prolonged."""
PROLONGED = 60.0
"""Seconds after which the lease is written anew."""
BATCH = 200
SPARED = 10
"""So many users may be gone at once without anybody being asked; more only if they are no more than half, and never all of several."""
AGAIN = timedelta(minutes=1)
"""After a look that failed, the next one; then it is as often as the directory says."""

bell = threading.Event()
"""Set when there is something to do for the worker of this process."""


def run(house: House, stop: threading.Event, clock: Callable[[], datetime], work: Callable[[House, datetime], bool] | None = None) -> None:
    """Work until `stop` is set. A database that is away is waited for. `work`: a piece of it, `step` if nothing else is said; repairs have
    a thread of their own besides, since a look may take long."""
    def turn() -> bool:
        return work(house, clock()) if work else step(house, clock(), stop)

    turns.take(turn, bell=bell, stop=stop, every=LOOK_EVERY, log=log, what="Directories")


def step(house: House, now: datetime, stop: threading.Event | None = None) -> bool:
    """One repair, else one look through a directory, which is broken off when `stop` is set. False: there is nothing to do. Raises
    Unavailable, DatabaseError."""
    return repairs.step(house, now) or _look_step(house, now, stop)


def _look_step(house: House, now: datetime, stop: threading.Event | None) -> bool:
    every = Directory.objects.across_tenants("the worker looks through the directories of all tenants")
    free = every.filter(Q(leased_until__isnull=True) | Q(leased_until__lt=now), due__lte=now, enabled=True, tenant__active=True)
    row = free.order_by("due").select_related("tenant").first()
    if row is None:
        return False
    mine = every.filter(id=row.id, leased_until=row.leased_until)
    with durable():
        if not mine.update(leased_until=now + LEASE):
            return True
    look(house, row, now, stop)
    return True


def look(house: House, row: Directory, now: datetime, stop: threading.Event | None = None) -> Findings:
    """Look through a whole directory, whoever asked for it. What was found is written to its row; nothing is raised."""
    placed, findings, error, lease = place(house, row.tenant.brief, row), Findings(), "", _Lease(row, now, stop)
    left: list[UUID] = []
    try:
        _take_everybody(placed, now, findings, lease)
        lease.must_go_on()
        _let_go(placed, now, findings, left, lease)
        directory_groups.take(placed, now, findings)
    except Trouble as trouble:
        error = str(trouble)[:400]
    except Refused as refusal:
        error = refusal.sentence[:400]
    _conclude(placed, row, now, findings, error, len(left))
    return findings


def _conclude(placed: Placed, row: Directory, now: datetime, findings: Findings, error: str, left: int) -> None:
    told: dict[str, Any] = {
        "seen": findings.seen, "added": findings.added, "changed": findings.changed, "gone": left, "refused": findings.refused,
        "left_out": findings.left_out, "error": error,
    }
    again = AGAIN if error else timedelta(minutes=placed.settings.sync_minutes)
    tenant, present = placed.tenant, Directory.objects.aside(placed.tenant).filter(id=row.id).first()
    if present is None:
        return  # taken away meanwhile
    due = now + again if placed.settings.sync_minutes else None
    if present.version != row.version or (present.due is not None and present.due > now):
        due = present.due  # changed, or somebody asked for another look meanwhile
    with durable():
        changes = {"leased_until": None, "findings": told, "due": due} | ({} if error else {"looked": now})
        Directory.objects.aside(tenant).filter(id=row.id).update(**changes)
        if error or left or findings.added or findings.left_out:
            counts: dict[str, Any] = {name: told[name] for name in ("seen", "added", "changed", "gone", "left_out", "error")}
            outcome = "failed" if error else "done"
            audit.record(entries.worker(placed), "store:looked", now, target=placed.domain, outcome=outcome, **counts)


class _Lease:
    """A look is one worker's while it goes on."""

    def __init__(self, row: Directory, now: datetime, stop: threading.Event | None) -> None:
        self._mine = Directory.objects.aside(row.tenant_id).filter(id=row.id, version=row.version, enabled=True)
        self._now, self._stop = now, stop
        self._began = self._told = time.monotonic()

    def prolong(self) -> None:
        """Once a minute. Raises as `must_go_on`, and _Over when the server is to end."""
        if self._stop is not None and self._stop.is_set():
            raise _Over("The server was stopped while it looked.")
        at = time.monotonic()
        if at - self._told > PROLONGED:
            self._told = at
            self.must_go_on()
            with durable():
                self._mine.update(leased_until=self._now + LEASE + timedelta(seconds=at - self._began))

    def must_go_on(self) -> None:
        """Raise _Over where the directory is not any more what is looked through: then whom we did not see may be there all the same."""
        if not self._mine.exists():
            raise _Over("The user store was changed, switched off or taken away while it was looked through.")


def _take_everybody(placed: Placed, now: datetime, findings: Findings, lease: _Lease) -> None:
    for some in batches(placed.client.everybody(), BATCH):
        entries.take(placed, some, now, findings)
        lease.prolong()


class _TooMany(Refused):
    code = "HK-409"


class _Over(Refused):
    code = "HK-409"


def _let_go(placed: Placed, now: datetime, findings: Findings, left: list[UUID], lease: _Lease) -> None:
    """Users whose entries are gone go here, too; who went is added to `left`. Raises _TooMany, and nobody goes, where it looks like a
    mistake in a setting."""
    total = entries.count(placed)
    missing = entries.gone(placed, now, total)
    blind = findings.seen == 0 and len(missing) > 1  # as when the account we connect as may not read users any more
    if blind or (len(missing) > SPARED and len(missing) * 2 > total):
        raise _TooMany(
            f"{len(missing)} of {total} users are not found in the directory any more. Nobody was removed: look at the place and the "
            "filter of users. If they are really gone, switch the store off, forget its users, and switch it on again."
        )
    for account_id in missing:
        if _went(placed, account_id, now, findings):
            left.append(account_id)
        lease.prolong()


def _went(placed: Placed, account_id: UUID, now: datetime, findings: Findings) -> bool:
    """Whom the walk missed is asked for once more: she may have been created after it passed, by a node whose clock is behind."""
    mine = Entry.objects.aside(placed.tenant).filter(account_id=account_id, directory_id=placed.id)
    row = mine.first()
    if row is None:
        return False
    entry = placed.client.by_id(row.unique_id)
    if entry is not None:
        entries.take(placed, [entry], now, findings)
        return False
    with durable():
        account = Account.objects.within(placed.tenant).select_for_update().filter(id=account_id).first()
        if account is None or not mine.filter(unique_id=row.unique_id).exists():
            return False
        name = accounts.user(placed.tenant, account).name
        users.erase(placed.tenant, account, now)
        audit.record(entries.worker(placed), "user:delete", now, target=str(name), target_id=account_id, why="gone from the directory")
    return True


def forget(by: Principal, row: Directory, now: datetime, *, most: int) -> None:
    """Forget up to `most` accounts of a directory; the directory is not asked."""
    ids = Account.objects.within(by.tenant).filter(domain=row.domain).values_list("id", flat=True)[:most]
    for some in batches(ids, 50):
        with durable():
            for account in Account.objects.among(by.tenant, some).order_by("id").select_for_update():
                name = accounts.names(by.tenant, [account.id]).get(account.id)
                users.erase(by.tenant, account, now)
                audit.record(by, "user:delete", now, target=str(name or account.name_key), target_id=account.id, why="forgotten")
    directory_groups.forget(by, row.domain, now)
