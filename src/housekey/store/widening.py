"""A step of migrations: administrators of databases from before a release may do what the release adds."""

from __future__ import annotations

from typing import Any

from housekey.core.principal import ADMINISTRATOR, shipped_roles


def widen_administrators(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - Django calls it so
    """Gives the shipped role everything it has in this release, and takes nothing away."""
    Role = apps.get_model("store", "Role")
    for role in Role.plain.filter(shipped=True, name=ADMINISTRATOR).select_related("tenant"):
        wider = sorted({*role.permissions, *shipped_roles(role.tenant.domain)[ADMINISTRATOR]})
        if wider != role.permissions:
            role.permissions = wider
            role.save(update_fields=["permissions"])
