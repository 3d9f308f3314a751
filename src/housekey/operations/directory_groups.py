"""Groups that are kept in directories: read, shown beside our own, changed over there only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from housekey.core.batches import batches
from housekey.core.entries import dn_key
from housekey.core.errors import Invalid
from housekey.core.groups import check_group_name
from housekey.core.names import UserName
from housekey.core.principal import Principal
from housekey.operations import audit, entries
from housekey.operations.entries import Findings
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Account, Entry, Group, GroupMember
from housekey.userstores.directory import GroupEntry, PersonEntry
from housekey.userstores.registry import Placed

_BATCH = 500
AT_ONCE = 5_000
"""Members who come or go in one transaction: on SQLite everybody else waits for it."""


def take(placed: Placed, now: datetime, findings: Findings) -> None:
    """Have the groups here say what those of the directory say. Raises Trouble."""
    if not placed.settings.read_groups:
        return
    seen: set[str] = set()
    for found in placed.client.groups():
        seen.add(found.unique_id)
        try:
            _one(placed, found, now)
        except Invalid as refusal:
            findings.refuse(PersonEntry(found.unique_id, found.dn, found.name), refusal.sentence)
    rows = Group.objects.within(placed.tenant).filter(domain=placed.domain).exclude(unique_id="")
    for row in [row for row in rows if row.unique_id not in seen]:
        with durable():
            _remove(entries.worker(placed), row, now)


def _one(placed: Placed, found: GroupEntry, now: datetime) -> None:
    name = UserName(placed.domain, found.name)
    check_group_name(name)
    wanted, present = _accounts(placed, found.members), _present(placed, found)
    come, go = sorted(wanted - present), sorted(present - wanted)
    for start in range(0, max(len(come), len(go), 1), AT_ONCE):
        _write(placed, found, name, come[start : start + AT_ONCE], go[start : start + AT_ONCE], now)


def _present(placed: Placed, found: GroupEntry) -> set[UUID]:
    """Nobody but a look changes the members of such a group, except that users are deleted."""
    inside = GroupMember.objects.within(placed.tenant)
    return set(inside.filter(group__domain=placed.domain, group__unique_id=found.unique_id).values_list("account_id", flat=True))


def _write(placed: Placed, found: GroupEntry, name: UserName, come: Sequence[UUID], go: Sequence[UUID], now: datetime) -> None:
    taken = Invalid("There is another group of that name.")
    with durable(taken=taken):
        rows = Group.objects.within(placed.tenant).filter(domain=placed.domain)
        row = rows.select_for_update().filter(unique_id=found.unique_id).first()
        if rows.filter(name_key=name.key).exclude(id=row.id if row else UUID(int=0)).exists():
            raise taken
        fresh = row is None
        if row is None:
            row = Group(id=uuid4(), tenant_id=placed.tenant.id, domain=placed.domain, name=name.bare, name_key=name.key,
                        unique_id=found.unique_id, created=now, modified=now)
            hot.insert(row)
        came, went = _exchange(row, come, go)
        renamed = row.name != name.bare
        if fresh or came or went or renamed:
            changes = {"name": name.bare, "name_key": name.key, "modified": now, "version": row.version + (0 if fresh else 1)}
            rows.filter(id=row.id).update(**changes)
            event = "group:meet" if fresh else "group:change"
            audit.record(entries.worker(placed), event, now, target=str(name), target_id=row.id, renamed=renamed, added=came, removed=went)


def _accounts(placed: Placed, dns: Iterable[str]) -> set[UUID]:
    """The accounts of the entries that are called so; others (groups inside groups, people elsewhere) are none of ours."""
    keys, found = (dn_key(dn) for dn in dns), set[UUID]()
    for some in batches(keys, _BATCH):
        rows = Entry.objects.aside(placed.tenant).filter(directory_id=placed.id, dn_key__in=some)
        found |= set(rows.values_list("account_id", flat=True))
    return found


def _exchange(row: Group, come: Sequence[UUID], go: Sequence[UUID]) -> tuple[int, int]:
    """How many came in and how many went. Who was deleted meanwhile does not come."""
    came = 0
    for some in batches(come, _BATCH):
        there = Account.objects.among(row.tenant_id, some).order_by("id").values_list("id", flat=True)
        new = [GroupMember(tenant_id=row.tenant_id, group=row, account_id=account_id) for account_id in there]
        GroupMember.objects.bulk_create(new)
        came += len(new)
    inside = GroupMember.objects.within(row.tenant_id).filter(group=row)
    return came, sum(inside.filter(account_id__in=some).delete()[0] for some in batches(go, _BATCH))


def _remove(by: Principal, row: Group, now: datetime) -> None:
    GroupMember.objects.within(by.tenant).filter(group=row).delete()
    Group.objects.within(by.tenant).filter(id=row.id).delete()
    audit.record(by, "group:delete", now, target=str(UserName(row.domain, row.name)), target_id=row.id, why="gone from the directory")


def forget(by: Principal, domain: str, now: datetime) -> None:
    """The groups of a directory that is taken away."""
    for row in Group.objects.within(by.tenant).filter(domain=domain).exclude(unique_id=""):
        with durable():
            _remove(by, row, now)
