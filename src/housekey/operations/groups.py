"""Groups: create, read, list, change, delete; who is in which.

A group gives nobody any permission, so putting an administrator into one takes no rank above hers: `must_outrank` does not apply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from django.db.models import F, QuerySet, Value
from django.db.models.functions import NullIf

from housekey.core.batches import batches
from housekey.core.errors import Conflict, Invalid, NotFound, Stale
from housekey.core.groups import (
    Group,
    GroupChanges,
    GroupPage,
    GroupRef,
    Member,
    NewGroup,
    check_external_id,
    check_group_name,
    check_members,
)
from housekey.core.names import Tenant, UserName, findable, name_key, searched
from housekey.core.principal import GROUP_CREATE, GROUP_DELETE, GROUP_UPDATE, GROUP_VIEW, Principal
from housekey.operations import audit
from housekey.operations.transactions import durable, nothing
from housekey.store import hot
from housekey.store.models import Account, GroupMember
from housekey.store.models import Group as Row
from housekey.userstores.registry import domains, store_for

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which groups a list shows; None: whatever it is. `name` in any spelling of it."""

    id: UUID | None = None
    name: UserName | None = None
    external_id: str | None = None
    member: UUID | None = None
    search: str = ""
    """Words that the name holds."""


ANY = Wanted()
Sort = Literal["name", "id", "external_id", "created", "modified"]


def create(by: Principal, new: NewGroup, now: datetime, *, also: Callable[[Group], object] = nothing) -> Group:
    """Create a group with its members, all of it or nothing. Raises NotPermitted, Invalid (field names the part), Conflict."""
    by.must(GROUP_CREATE)
    _check_name(by.tenant, new.name)
    check_external_id(new.external_id)
    check_members(new.members)
    row = Row(
        id=uuid4(), tenant_id=by.tenant.id, domain=new.name.domain, name=new.name.bare, name_key=new.name.key, external_id=new.external_id,
        created=now, modified=now,
    )
    with durable(taken=_taken(new.name)):
        if Row.objects.within(by.tenant).filter(domain=row.domain, name_key=row.name_key).exists():
            raise _taken(new.name)
        hot.insert(row)
        _put_in(by.tenant, row, set(new.members))
        audit.record(by, "group:create", now, target=str(new.name), target_id=row.id, members=len(set(new.members)))
        group = _view(row, _members(by.tenant, [row.id]).get(row.id, ()))
        also(group)
    return group


def _check_name(tenant: Tenant, name: UserName) -> None:
    check_group_name(name)
    if name.domain not in domains(tenant):
        known = ", ".join(domains(tenant))
        raise Invalid(f"There is no user store called {name.domain} to put a group into. There are: {known}.", field="displayName")


def _taken(name: UserName) -> Conflict:
    return Conflict(f"There is a group called {name} already. Choose another displayName.", field="displayName")


def get(by: Principal, group_id: UUID, *, permission: str = GROUP_VIEW, members: bool = True) -> Group:
    """Who changes a group may see what is changed: such a caller names that `permission`. Raises NotFound, NotPermitted."""
    by.must(permission)
    row = Row.objects.within(by.tenant).filter(id=group_id).first()
    if row is None:
        raise _missing(group_id)
    return _view(row, _members(by.tenant, [row.id]).get(row.id, ()) if members else ())


def _missing(group_id: UUID) -> NotFound:
    return NotFound(f"There is no group with the id {group_id}.")


def listing(
    by: Principal,
    wanted: Wanted = ANY,
    *,
    offset: int = 0,
    limit: int = 100,
    members: bool = True,
    sort: Sort = "name",
    descending: bool = False,
) -> GroupPage:
    """One page of groups, stable by id; those without what is sorted by come last, or first when descending (RFC 7644 section 3.4.2.3).

    Raises NotPermitted.
    """
    by.must(GROUP_VIEW)
    rows = _chosen(by.tenant, wanted)
    total = rows.count()
    page = list(_sorted(rows, sort, descending=descending)[offset : offset + limit]) if limit else []
    inside = _members(by.tenant, [row.id for row in page]) if members and page else {}
    return GroupPage([_view(row, inside.get(row.id, ())) for row in page], total)


def with_members(by: Principal, found: Iterable[Group]) -> list[Group]:
    """Groups of a list that was made without members, with them. Raises NotPermitted."""
    by.must(GROUP_VIEW)
    found = list(found)
    inside = _members(by.tenant, [group.id for group in found])
    return [replace(group, members=inside.get(group.id, ())) for group in found]


def _sorted(rows: QuerySet[Row], sort: Sort, *, descending: bool) -> QuerySet[Row]:
    key = NullIf(F("external_id"), Value("")) if sort == "external_id" else F("name_key" if sort == "name" else sort)
    if descending:
        return rows.order_by(key.desc(nulls_first=True) if sort == "external_id" else key.desc(), "-id")
    return rows.order_by(key.asc(nulls_last=True) if sort == "external_id" else key.asc(), "id")


def _chosen(tenant: Tenant, wanted: Wanted) -> QuerySet[Row]:
    rows: QuerySet[Row] = Row.objects.within(tenant)
    if wanted.id is not None:
        rows = rows.filter(id=wanted.id)
    if wanted.name is not None:
        rows = rows.filter(domain=wanted.name.domain, name_key=name_key(findable(wanted.name.bare)))
    if wanted.external_id is not None:
        rows = rows.filter(external_id=wanted.external_id)
    if wanted.member is not None:
        rows = rows.filter(members__account_id=wanted.member)
    for word in searched(wanted.search):
        rows = rows.filter(name_key__contains=name_key(word))
    return rows


def change(
    by: Principal, group_id: UUID, changes: GroupChanges, now: datetime, *, members: bool = True, also: Callable[[Group], object] = nothing
) -> Group:
    """Apply `changes`; all of them or none. What changes nothing leaves the version as it is (RFC 7644 section 3.5.2.1).

    `members=False` answers without them: one member more in a group of many costs no reading of the many.
    Raises NotFound, Stale, Invalid, Conflict, NotPermitted.
    """
    by.must(GROUP_UPDATE)
    if changes.name is not None:
        _check_name(by.tenant, changes.name)
    if changes.external_id is not None:
        check_external_id(changes.external_id)
    for ids in (changes.members or (), changes.added, changes.removed):
        check_members(ids)
    with durable(taken=_taken(changes.name) if changes.name else None):
        row = _hold(by.tenant, group_id)
        if changes.version is not None and changes.version != row.version:
            raise Stale("The group was changed by somebody else meanwhile. Read it again and repeat your change.")
        renamed = _rename(by.tenant, row, changes)
        came, went = _exchange(by.tenant, row, changes)
        if renamed or came or went:
            row.version, row.modified = row.version + 1, now
            row.save(update_fields=["name", "domain", "name_key", "external_id", "version", "modified"])
            audit.record(by, "group:change", now, target=_name(row), target_id=row.id, renamed=renamed, added=came, removed=went)
        group = _view(row, _members(by.tenant, [row.id]).get(row.id, ()) if members else ())
        also(group)
    return group


def enter(by: Principal, account_id: UUID, wanted: Iterable[UUID], now: datetime) -> None:
    """A step of creating a user: she is in these groups from the start. Held in the order of their ids, as `leave_all` does.

    Raises NotPermitted, Invalid (field groups) for a group that is not there.
    """
    ids = sorted(set(wanted))
    if ids:
        by.must(GROUP_UPDATE)
    for group_id in ids:
        try:
            row = _hold(by.tenant, group_id)
        except NotFound as refusal:
            raise Invalid(refusal.sentence, field="groups") from None
        _put_in(by.tenant, row, {account_id})
        Row.objects.within(by.tenant).filter(id=row.id).update(version=F("version") + 1, modified=now)
        audit.record(by, "group:change", now, target=_name(row), target_id=row.id, renamed=False, added=1, removed=0)


def _hold(tenant: Tenant, group_id: UUID) -> Row:
    """For a change. Raises NotFound, and Invalid for a group that is read from a directory."""
    row = Row.objects.within(tenant).select_for_update().filter(id=group_id).first()
    if row is None:
        raise _missing(group_id)
    if row.unique_id:
        raise Invalid(f"The group {_name(row)} is kept in the directory of {row.domain}. Change it there.", field="displayName")
    return row  # type: ignore[no-any-return] # the scoped manager is typed loosely


def _rename(tenant: Tenant, row: Row, changes: GroupChanges) -> bool:
    before = (row.domain, row.name, row.external_id)
    if changes.name is not None:
        row.domain, row.name, row.name_key = changes.name.domain, changes.name.bare, changes.name.key
        if Row.objects.within(tenant).filter(domain=row.domain, name_key=row.name_key).exclude(id=row.id).exists():
            raise _taken(changes.name)
    if changes.external_id is not None:
        row.external_id = changes.external_id
    return before != (row.domain, row.name, row.external_id)


def _exchange(tenant: Tenant, row: Row, changes: GroupChanges) -> tuple[int, int]:
    """How many came in and how many went."""
    if changes.members is None:
        wanted, gone = changes.added - changes.removed, changes.removed
    else:
        wanted = (changes.members | changes.added) - changes.removed
        gone = frozenset(_ids(tenant, row)) - wanted
    came = _put_in(tenant, row, set(wanted))
    return came, sum(
        GroupMember.objects.within(tenant).filter(group=row, account_id__in=some).delete()[0] for some in batches(sorted(gone), _BATCH)
    )


def _ids(tenant: Tenant, row: Row) -> list[UUID]:
    return list(GroupMember.objects.within(tenant).filter(group=row).values_list("account_id", flat=True))


def _put_in(tenant: Tenant, row: Row, ids: set[UUID]) -> int:
    """Those who are not in the group yet. They are held, in the order of their ids, so that nobody is deleted at the same moment."""
    came = 0
    for some in batches(sorted(ids), _BATCH):
        present = GroupMember.objects.within(tenant).filter(group=row, account_id__in=some).values_list("account_id", flat=True)
        new = sorted(set(some) - set(present))
        known = Account.objects.among(tenant, new).order_by("id").select_for_update(no_key=True).values_list("id", flat=True)
        for missing in sorted(set(new) - set(known)):
            raise _no_member(tenant, missing)
        GroupMember.objects.bulk_create([GroupMember(tenant_id=tenant.id, group=row, account_id=account_id) for account_id in new])
        came += len(new)
    return came


def _no_member(tenant: Tenant, missing: UUID) -> Invalid:
    if Row.objects.within(tenant).filter(id=missing).exists():
        return Invalid(f"{missing} is a group. Groups inside groups are not supported: add its users themselves.", field="members")
    return Invalid(f"There is no user with the id {missing} to be a member.", field="members")


def delete(by: Principal, group_id: UUID, now: datetime, *, version: int | None = None, also: Callable[[None], object] = nothing) -> None:
    """Remove the group; its users stay. Raises NotFound, NotPermitted, Stale."""
    by.must(GROUP_DELETE)
    with durable():
        row = _hold(by.tenant, group_id)
        if version is not None and version != row.version:
            raise Stale("The group was changed by somebody else meanwhile. Read it again and repeat your change.")
        GroupMember.objects.within(by.tenant).filter(group=row).delete()
        Row.objects.within(by.tenant).filter(id=row.id).delete()
        audit.record(by, "group:delete", now, target=_name(row), target_id=group_id)
        also(None)


def leave_all(tenant: Tenant, account_id: UUID, now: datetime) -> None:
    """A step of deleting a user: the groups she was in look different from now on. They are held in the order of their ids, so that two
    who are deleted at once cannot wait for one another."""
    mine = GroupMember.objects.within(tenant).filter(account_id=account_id).values("group_id")
    held = list(Row.objects.within(tenant).filter(id__in=mine).order_by("id").select_for_update().values_list("id", flat=True))
    Row.objects.within(tenant).filter(id__in=held).update(version=F("version") + 1, modified=now)
    GroupMember.objects.within(tenant).filter(account_id=account_id).delete()


def of(tenant: Tenant, ids: list[UUID]) -> dict[UUID, tuple[GroupRef, ...]]:
    """The groups of each of `ids`, by name: one query."""
    found: dict[UUID, list[GroupRef]] = {}
    rows = GroupMember.objects.within(tenant).filter(account_id__in=ids).order_by("group__name_key", "group_id")
    for account_id, group_id, domain, name in rows.values_list("account_id", "group_id", "group__domain", "group__name"):
        found.setdefault(account_id, []).append(GroupRef(group_id, UserName(domain, name)))
    return {account_id: tuple(groups) for account_id, groups in found.items()}


def _members(tenant: Tenant, groups: list[UUID]) -> dict[UUID, tuple[Member, ...]]:
    """The members of each of `groups`, by name: one query, and one for each user store."""
    inside = GroupMember.objects.within(tenant).filter(group_id__in=groups)
    pairs = list(inside.order_by("account__domain", "account__name_key").values_list("group_id", "account_id"))
    names: dict[UUID, UserName] = {}
    if pairs:
        for domain in domains(tenant):
            names |= store_for(tenant, domain).names(tenant, inside.filter(account__domain=domain).values_list("account_id", flat=True))
    found: dict[UUID, list[Member]] = {}
    for group_id, account_id in pairs:
        if account_id in names:
            found.setdefault(group_id, []).append(Member(account_id, names[account_id]))
    return {group_id: tuple(members) for group_id, members in found.items()}


def _name(row: Row) -> str:
    return str(UserName(row.domain, row.name))


def _view(row: Row, members: tuple[Member, ...]) -> Group:
    name, elsewhere = UserName(row.domain, row.name), row.unique_id != ""
    return Group(row.id, name, row.created, row.modified, members, row.external_id, row.version, elsewhere)
