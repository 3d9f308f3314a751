"""A directory in the hands of somebody who means ill, set up as a domain."""

from __future__ import annotations

from dataclasses import replace

from housekey.core import directories as core
from housekey.operations import looking, stores
from housekey.store.models import Directory
from tests.operations.support import World, other_world
from tests.support.ldap_hostile import Hostile


def spoken(evil: Hostile, *, private: bool = True, **changes: str) -> core.Directory:
    return core.directory("ldap", core.clean("ldap", evil.settings(**changes), private=True), {}, private=private)


def set_up(world: World, evil: Hostile, domain: str = "STAFF", **changes: str) -> Directory:
    """The directory as a domain, not looked through yet."""
    stores.add(world.house, world.by, stores.NewStore(domain, "ldap", evil.settings(**changes)), world.now)
    row: Directory = Directory.objects.within(world.tenant).get(domain=domain)
    return row


def looked(world: World, row: Directory) -> Directory:
    looking.look(world.house, row, world.now)
    row.refresh_from_db()
    return row


def acme(world: World) -> World:
    """Another tenant, on a server whose tenants may have directories in its own network."""
    house = world.configured(user_stores=replace(world.house.config.user_stores, allow_private_networks=True))
    return replace(other_world(world), house=house)
