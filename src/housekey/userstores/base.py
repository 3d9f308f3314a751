"""What a user store can do, and what it hands back. One conformance suite runs over every implementation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from housekey.core.names import Tenant, UserName
from housekey.core.users import Profile


@dataclass(frozen=True, slots=True)
class StoredUser:
    """A person as the store keeps them: who they are, not whether they may come in."""

    id: UUID
    name: UserName
    profile: Profile


class UserStore(Protocol):
    """A domain of people. Writes take part in the caller's database transaction where the store is our own database."""

    def insert(self, tenant: Tenant, user: StoredUser, password_hash: str) -> None:
        """Raises Conflict if the name is taken in this domain; our own database raises IntegrityError, which `durable` turns into it."""

    def get(self, tenant: Tenant, user_id: UUID) -> StoredUser | None: ...

    def many(self, tenant: Tenant, ids: list[UUID]) -> dict[UUID, StoredUser]:
        """The users of `ids` that exist, in one query."""

    def names(self, tenant: Tenant, ids: Iterable[UUID]) -> dict[UUID, UserName]:
        """The names of those of `ids` that exist, in one query. `ids` may be a query that has not run yet."""

    def update(self, tenant: Tenant, user_id: UUID, profile: Profile) -> None: ...

    def delete(self, tenant: Tenant, user_id: UUID) -> None: ...

    def password_hash(self, tenant: Tenant, user_id: UUID) -> str:
        """The PHC string, `""` when there is no usable password."""

    def set_password_hash(self, tenant: Tenant, user_id: UUID, password_hash: str) -> None: ...
