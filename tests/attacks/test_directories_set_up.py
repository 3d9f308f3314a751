"""What may be done with a directory, and by whom: administrators of tenants, of users and of user stores only."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from housekey.core.entries import dn_key
from housekey.core.errors import Invalid, NotPermitted
from housekey.core.principal import ADMINISTRATOR, STORE_DELETE, STORE_UPDATE, STORE_VIEW
from housekey.operations import looking, repairs, stores, tenants, users
from housekey.store.models import GroupMember, Repair, RoleMember
from tests.attacks.hostile import acme, looked, set_up
from tests.operations.support import World
from tests.support.ldap_hostile import Hostile, person

LATER = timedelta(hours=2)


def test_nothing_is_asked_of_the_directory_of_a_suspended_tenant(world: World, evil: Hostile) -> None:
    """A-142: neither looks nor repairs; both go on when it is resumed."""
    other = acme(world)
    evil.found = lambda _: [person("jane")]
    row = looked(other, set_up(other, evil))
    Repair(directory_id=row.id, tenant_id=other.tenant.id, deed="refresh", account_id=uuid4(), name="STAFF/jane", unique_id="id-jane",
           created=world.now, due=world.now).save(force_insert=True)
    tenants.suspend(world.by, other.tenant.id, world.now)
    asked = evil.searches
    assert not looking.step(world.house, world.now + LATER)
    assert evil.searches == asked
    tenants.resume(world.by, other.tenant.id, world.now)
    assert looking.step(world.house, world.now + LATER)
    assert evil.searches > asked


def test_a_directory_with_much_to_repair_does_not_keep_the_others_waiting(world: World, evil: Hostile) -> None:
    """A-184: another tenant's turn comes after one deed, not after all that were asked for earlier."""
    other = acme(world)
    first, second = set_up(other, evil), set_up(world, evil)
    for row in (looked(other, first), looked(world, second)):
        for number in range(1 if row == second else 5):
            Repair(directory_id=row.id, tenant_id=row.tenant_id, deed="refresh", account_id=uuid4(), name="STAFF/jane", unique_id="x",
                   created=world.now, due=world.now - timedelta(seconds=60 - number if row == first else 0)).save(force_insert=True)
    assert repairs.step(world.house, world.now)
    assert repairs.step(world.house, world.now)
    assert not Repair.objects.aside(world.tenant).filter(directory_id=second.id).exists()
    assert Repair.objects.aside(other.tenant).filter(directory_id=first.id).count() == 4


def test_two_names_that_differ_are_never_one_member(world: World, evil: Hostile) -> None:
    """A-103: spaces count for nothing around what parts a DN, and for something inside a name."""
    assert dn_key("CN=Doe\\, Jane , DC=x") == dn_key("cn=doe\\, jane,dc=x")
    assert dn_key("cn=Doe\\, Jane,dc=x") != dn_key("cn=Doe\\,Jane,dc=x")
    assert dn_key("cn=a\\+ b,dc=x") != dn_key("cn=a\\+b,dc=x")
    evil.found = lambda number: (
        [("cn=Doe\\, Jane,dc=evil", person("jane")[1]), ("cn=Doe\\,Jane,dc=evil", person("mallory")[1])] if number == 1 else
        [("cn=crew", {"cn": ["crew"], "entryUUID": ["crew"], "member": ["CN=Doe\\, Jane,DC=evil"]})])
    looked(world, set_up(world, evil, ReadGroups="true", GroupSearchBase="ou=groups,dc=evil"))
    members = GroupMember.objects.within(world.tenant)
    assert [users.get(world.by, member.account_id).name.bare for member in members] == ["jane"]


def test_nobody_takes_over_an_administrator_by_her_user_store(world: World, evil: Hostile) -> None:
    """A-135: whoever may set up stores and no more could have another directory say that any password is an administrator's."""
    evil.found = lambda _: [person("boss")]
    looked(world, set_up(world, evil))
    boss = users.by_name(world.by, "STAFF/boss")
    world.give(boss.id, ADMINISTRATOR)
    clerk = replace(world.by, name="clerk", permissions=frozenset({STORE_VIEW, STORE_UPDATE, STORE_DELETE}))
    trap = Hostile()
    new = stores.NewStore("STAFF", "ldap", trap.settings())
    world.add("first", mail="first@example.com", role=ADMINISTRATOR)
    with pytest.raises(NotPermitted):
        stores.change(world.house, clerk, "STAFF", new, world.now)
    with pytest.raises(NotPermitted):
        stores.switch(clerk, "STAFF", False, world.now)
    stores.switch(world.by, "STAFF", False, world.now)
    with pytest.raises(NotPermitted):
        stores.forget_people(clerk, "STAFF", world.now)
    assert not trap.binds
    trap.close()
    assert users.get(world.by, boss.id)


def test_the_store_of_all_administrators_is_not_closed(world: World, evil: Hostile) -> None:
    """A-149, THREATS 22: nobody could open it again."""
    evil.found = lambda _: [person("boss")]
    looked(world, set_up(world, evil))
    RoleMember.objects.within(world.tenant).delete()
    world.give(users.by_name(world.by, "STAFF/boss").id, ADMINISTRATOR)
    with pytest.raises(Invalid, match="All administrators"):
        stores.switch(world.by, "STAFF", False, world.now)
    with pytest.raises(Invalid, match="All administrators"):
        stores.change(world.house, world.by, "STAFF", stores.NewStore("STAFF", "ldap", evil.settings(), enabled=False), world.now)
    world.add("paul", role=ADMINISTRATOR)
    assert not stores.switch(world.by, "STAFF", False, world.now).enabled
