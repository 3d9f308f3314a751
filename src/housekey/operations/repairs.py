"""Deeds that may have ended in a directory or in our database only: finished or undone (docs/adr/0001).

A repair entry is taken with a guarded UPDATE, so that a deed which is still under way cannot end after it was undone. A directory that is
down is asked again later, ever more seldom, and never given up: the entry is shown with the user store.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Min, QuerySet

from housekey.conf.house import House
from housekey.core import claims
from housekey.core.names import split_username
from housekey.operations import accounts, audit, entries
from housekey.operations.directories import BLOCK, CREATE, MIRROR, PASSWORD, REFRESH, REMOVE, STATE, end_of
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Account, Entry, Repair
from housekey.userstores.directory import Gone, Trouble
from housekey.userstores.registry import Placed, place

log = logging.getLogger("housekey.directories")

LEASE = timedelta(seconds=60)
LONGEST = timedelta(minutes=30)
"""Between two tries with a directory that does not answer."""
MOST_OVERTAKEN = 5
_served: dict[UUID, float] = {}
"""When each directory had its last turn in this process."""
YOUNG = timedelta(minutes=2)
"""How far apart the directory's clock and ours may be: an entry that was not made during the deed is somebody else's."""


def step(house: House, now: datetime) -> bool:
    """One repair that is due. False: there is none."""
    every = Repair.objects.across_tenants("the worker repairs for all tenants")
    row = _next(every.filter(due__lte=now, directory__enabled=True, tenant__active=True))  # of a suspended tenant nothing is worked on
    if row is None:
        return False
    with durable():
        if not every.filter(id=row.id, due=row.due).update(due=now + LEASE, attempts=row.attempts + 1, error=""):
            return True
    placed = place(house, row.tenant.brief, row.directory)
    try:
        done = _DEEDS[row.deed](placed, row, now)
    except Trouble as trouble:
        _later(row, trouble, now)
        return True
    with durable():
        every.filter(id=row.id).delete()
        audit.record(entries.worker(placed), f"repair:{row.deed}", now, target=row.name, target_id=row.account_id, what=done)
    return True


def _next(waiting: QuerySet[Repair]) -> Repair | None:
    """The oldest of the directory whose last turn is longest ago: a slow one with much to do does not keep the others waiting (A-184)."""
    due = waiting.values("directory_id").annotate(first=Min("due"))
    chosen = min(due, key=lambda found: (_served.get(found["directory_id"], 0.0), found["first"]), default=None)
    if chosen is None:
        return None
    _served[chosen["directory_id"]] = time.monotonic()
    return waiting.filter(directory_id=chosen["directory_id"]).order_by("due").select_related("tenant", "directory").first()


def _later(row: Repair, trouble: Trouble, now: datetime) -> None:
    wait = min(LONGEST, timedelta(seconds=2 ** min(row.attempts, 11)))
    log.warning("%s of %s waits for the user store %s: %s", row.deed, row.name, row.directory.domain, trouble)
    with durable():
        Repair.objects.aside(row.tenant_id).filter(id=row.id).update(due=now + wait, error=str(trouble)[:500])


def _create(placed: Placed, row: Repair, now: datetime) -> str:  # noqa: ARG001 - as the others
    """Without an account here there must be no entry there; nobody was told of it."""
    if hot.account(placed.tenant.id, row.account_id) is not None:
        return "the user exists in both"
    if row.unique_id:
        placed.client.remove(row.unique_id)
        return "the entry was removed"
    bare = row.name.partition("/")[2] or row.name
    entry = placed.client.by_name(bare)
    if entry is None:
        return "there was no entry"
    again = _is_created_again(placed, row)  # asked first: that deed ends with the link
    linked = Entry.objects.aside(placed.tenant).filter(directory_id=placed.id, unique_id=entry.unique_id).exists()
    mine = entry.created is not None and row.created - YOUNG <= entry.created <= end_of(placed, row.created) + YOUNG
    if again or linked or not mine:
        return "the entry is somebody else's and stays"
    placed.client.remove(entry.unique_id)
    return "the entry was removed"


def _is_created_again(placed: Placed, row: Repair) -> bool:
    """Is somebody else just creating a user of the same name?"""
    others = Repair.objects.aside(placed.tenant).filter(directory_id=placed.id, deed=CREATE, attempts=0).exclude(id=row.id)
    return split_username(row.name) in {split_username(name) for name in others.values_list("name", flat=True)}


def _refresh(placed: Placed, row: Repair, now: datetime) -> str:
    """Our database follows the directory."""
    entry = placed.client.by_id(row.unique_id)
    if entry is None:
        return "the entry is gone"
    entries.take(placed, [entry], now)
    return "the profile was read again"


def _password(placed: Placed, row: Repair, now: datetime) -> str:
    """Whether the new password was written is not known. Whoever still had the old one is signed out in any case."""
    with durable():
        account = Account.objects.within(placed.tenant).select_for_update().filter(id=row.account_id).first()
        if account is None:
            return "the user is gone"
        accounts.put(account, accounts.standing_of(account), now, new_credential=True)
    return "sessions ended"


def _block(placed: Placed, row: Repair, now: datetime) -> str:  # noqa: ARG001 - as the others
    """Not if a new password was set meanwhile: then it is the good one that would go."""
    account = hot.account(placed.tenant.id, row.account_id)
    if account is None or account.pending != "PENDING_FUPR":
        return "not needed any more"
    try:
        placed.client.block_password(row.unique_id)
    except Gone:
        return "the entry is gone"
    return "the old password was replaced"


def _remove(placed: Placed, row: Repair, now: datetime) -> str:  # noqa: ARG001 - as the others
    placed.client.remove(row.unique_id)
    return "the entry was removed"


def _state(placed: Placed, row: Repair, now: datetime) -> str:  # noqa: ARG001 - as the others
    """As it is now. Once more if it changed meanwhile: another worker may have overtaken this one."""
    written: bool | None = None
    for _ in range(MOST_OVERTAKEN):
        account = hot.account(placed.tenant.id, row.account_id)
        if account is None:
            return "the user is gone"
        if account.disabled == written:
            break
        written = account.disabled
        try:
            placed.client.enable(row.unique_id, not written)
        except Gone:
            return "the entry is gone"
    return "switched off" if written else "switched on"


def _mirror(placed: Placed, row: Repair, now: datetime) -> str:  # noqa: ARG001 - every deed takes the time
    """Lock and state as they are now. Once more if they changed meanwhile: another worker may have overtaken this one."""
    for _ in range(MOST_OVERTAKEN):
        account = hot.account(placed.tenant.id, row.account_id)
        if account is None:
            return "the user is gone"
        user = accounts.user(placed.tenant, account)
        try:
            placed.client.note(row.unique_id, {name: claims.value_of(user, uri) for uri, name in placed.settings.mirrored.items()})
        except Gone:
            return "the entry is gone"
        after = hot.account(placed.tenant.id, row.account_id)
        if after is None or after.version == account.version:
            break
    return "lock and state were written"


_DEEDS: dict[str, Any] = {CREATE: _create, REFRESH: _refresh, PASSWORD: _password, BLOCK: _block, REMOVE: _remove, STATE: _state,
                          MIRROR: _mirror}
