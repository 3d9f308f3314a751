"""A domain of users in one of the kinds of store, and what a test does to it from both sides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from housekey.core.names import UserName, split_username
from housekey.core.principal import Principal
from housekey.core.users import Changes, Email, NewUser, Profile, User
from housekey.operations import login, looking, searching, stores, users
from housekey.operations.login import SignedIn
from housekey.operations.searching import Query
from housekey.store.models import Account
from housekey.userstores import registry
from housekey.userstores.registry import Placed
from tests.operations.support import NETWORK, PASSWORD, World
from tests.support.slapd import SECRET, Place


@dataclass
class Domain:
    """`place`: the directory behind the domain, None where it is in our own database."""

    world: World
    name: str
    place: Place | None = None
    kind: str = "sql"

    @property
    def by(self) -> Principal:
        return self.world.by

    def called(self, bare: str) -> str:
        return str(UserName(self.name, bare))

    def create(self, bare: str, *, ask: bool = False, password: str | None = None, mail: str = "", **profile: Any) -> User:
        address = mail or f"{bare}@example.com"
        person = Profile(emails=(Email(address, primary=True),), **{"given_name": "Jane", "family_name": "Doe"} | profile)
        new = NewUser(split_username(self.called(bare)), person, password, ask_password=ask)
        return users.create(self.world.house, self.by, new, self.world.now)

    def change(self, user: User, **changes: Any) -> User:
        return users.change(self.world.house, self.by, user.id, Changes(**changes), self.world.now)

    def delete(self, user: User) -> None:
        users.delete(self.by, user.id, self.world.now)

    def find(self, bare: str) -> User | None:
        return users.find(self.by, self.called(bare), self.world.now)

    def enter(self, bare: str, password: str = PASSWORD, *, later: float = 0) -> bool:
        """Does sign-in let this person in?"""
        now = self.world.now + timedelta(seconds=later)
        name = self.called(bare)
        entered = login.sign_in(self.world.house, self.world.tenant, name, password, network=NETWORK, agent="a browser", now=now)
        return isinstance(entered, SignedIn)

    def search(self, **query: Any) -> searching.Page:
        return searching.search(self.world.house, self.by, Query(domain=self.name, **query), self.world.now)

    def work(self, now: datetime | None = None) -> None:
        """Everything the worker has to do for directories by now."""
        for _ in range(100):
            if not looking.step(self.world.house, now or self.world.now):
                return
        raise AssertionError("the worker does not come to an end")


def connected(world: World, place: Place, domain: str = "STAFF", **changes: Any) -> Domain:
    """A directory set up as a domain, and looked through once."""
    kind = place.server.kind
    new = stores.NewStore(domain, kind, place.settings(**changes), {}, SECRET)
    stores.add(world.house, world.by, new, world.now)
    found = Domain(world, domain, place, kind)
    found.work()
    return found



def at(staff: Domain) -> Place:
    """The directory behind a domain that has one."""
    assert staff.place is not None
    return staff.place


def placed(staff: Domain) -> Placed:
    found = registry.directory_for(staff.world.tenant, staff.name)
    assert found is not None
    return found


def known(staff: Domain) -> dict[str, UUID]:
    """Key of the name -> id of the account."""
    return dict(Account.objects.within(staff.world.tenant).filter(domain=staff.name).values_list("name_key", "id"))
