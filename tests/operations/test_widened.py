"""Databases from before this release: administrators may do what it adds, and a role somebody made gets nothing."""

from __future__ import annotations

from importlib import import_module

from django.apps import apps

from housekey.core.principal import ADMINISTRATOR, ADMINISTRATOR_PERMISSIONS, BULK_USER_CREATE, GROUP_CREATE, USER_LIST
from housekey.operations import roles
from housekey.store.models import Role
from tests.operations.support import World


def test_administrators_get_groups_and_bulk_and_nobody_else_does(world: World) -> None:
    roles.add(world.by, "readers", [USER_LIST], world.now)
    before = sorted(ADMINISTRATOR_PERMISSIONS - {GROUP_CREATE, BULK_USER_CREATE})
    Role.objects.within(world.tenant).filter(name=ADMINISTRATOR).update(permissions=before)
    import_module("housekey.store.migrations.0003_groups").widen_administrators(apps, None)
    assert {role.name: set(role.permissions) for role in roles.listing(world.by) if role.name in {ADMINISTRATOR, "readers"}} == {
        ADMINISTRATOR: set(ADMINISTRATOR_PERMISSIONS),
        "readers": {USER_LIST},
    }
