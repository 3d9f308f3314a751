"""Who is in a group, a page at a time: a group may hold a whole company, so nothing here reads all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet

from housekey.core.groups import GroupRef
from housekey.core.names import UserName, findable, name_key, searched
from housekey.core.principal import GROUP_VIEW, USER_LIST, Principal
from housekey.operations import accounts
from housekey.store.models import Account, Group, GroupMember

FEW = 2_000
"""So many members are read and put in order faster than the accounts are gone through by name in order to find them."""
_OWN = "the group was found within the tenant, and its members are counted from one index"


@dataclass(frozen=True, slots=True)
class MemberView:
    """`full_name` only for who may list users."""

    id: UUID
    name: UserName
    full_name: str = ""


@dataclass(frozen=True, slots=True)
class MemberPage:
    """One page of members: the rows and the total over all pages."""

    members: list[MemberView]
    total: int


def sizes(by: Principal, ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many users each of these groups holds; one that is not there is left out, and so is an empty one. Raises NotPermitted."""
    by.must(GROUP_VIEW)
    own = Group.objects.within(by.tenant).filter(id__in=ids).values("id")
    rows = GroupMember.objects.across_tenants(_OWN).filter(group_id__in=own).values("group_id").annotate(members=Count("account_id"))
    return dict(rows.values_list("group_id", "members"))


def size(by: Principal, group_id: UUID) -> int:
    return sizes(by, [group_id]).get(group_id, 0)


def members(by: Principal, group_id: UUID, *, search: str = "", offset: int = 0, limit: int = 50) -> MemberPage:
    """A page of those in a group by name; `search`: words that the user name holds. Nobody for a group that is not there.

    Raises NotPermitted.
    """
    whole = size(by, group_id)
    if not whole:
        return MemberPage([], 0)
    inside = GroupMember.objects.across_tenants(_OWN).filter(group_id=group_id)
    rows: QuerySet[Account] = Account.objects.within(by.tenant)
    if whole > FEW:
        rows = rows.filter(Exists(inside.filter(account_id=OuterRef("id"))))
    else:
        rows = Account.objects.among(by.tenant, list(inside.values_list("account_id", flat=True)))
    rows = _named(rows, search)
    total = rows.count() if search else whole
    return MemberPage(_shown(by, list(rows.order_by("domain", "name_key").values_list("id", flat=True)[offset : offset + limit])), total)


def _named(rows: QuerySet[Account], search: str) -> QuerySet[Account]:
    for word in searched(search):
        rows = rows.filter(name_key__contains=name_key(word))
    return rows


def _shown(by: Principal, ids: list[UUID]) -> list[MemberView]:
    if by.may(USER_LIST):
        found = accounts.users(by.tenant, list(Account.objects.among(by.tenant, ids)))
        views = {user.id: MemberView(user.id, user.name, user.profile.full_name) for user in found}
    else:
        views = {user_id: MemberView(user_id, name) for user_id, name in accounts.names(by.tenant, ids).items()}
    return [views[user_id] for user_id in ids if user_id in views]


def by_name(by: Principal, name: UserName) -> GroupRef | None:
    """The group of that name, in any spelling of it. Raises NotPermitted."""
    by.must(GROUP_VIEW)
    row = Group.objects.within(by.tenant).filter(domain=name.domain, name_key=name_key(findable(name.bare))).first()
    return GroupRef(row.id, UserName(row.domain, row.name)) if row else None
