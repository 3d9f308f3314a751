"""What is in force for a tenant: its stored value, else the live file, else what is built in. Change it, revert it."""

from __future__ import annotations

from datetime import datetime

from housekey.conf.house import House
from housekey.core.errors import FeatureOff, Invalid, Stale
from housekey.core.names import Tenant
from housekey.core.policy import BY_NAME, ENABLE, PROPERTIES, Effective, Policy, Property, clean
from housekey.core.principal import GOVERNANCE_UPDATE, Principal
from housekey.operations import audit
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Setting

LISTENER = "event.default_listener.governance_identity_mgt.enable"
"""WSO2's switch of the whole engine: off, nobody can be invited whatever a tenant has stored."""


def effective(house: House, tenant: Tenant) -> Policy:
    """All settings of the tenant with the origin of each value."""
    stored = hot.settings(tenant.id)
    return Policy({item.name: _in_force(house, item, stored.get(item.name)) for item in PROPERTIES})


def _in_force(house: House, item: Property, stored: tuple[str, int] | None) -> Effective:
    config = house.config
    if item.name == ENABLE and not config.governance:
        origin = config.origins.get(LISTENER, "deployment.toml")
        return Effective(item, "false", origin, stored[1] if stored else 0, default="false", pinned=LISTENER)
    default = config.policy.get(item.name, item.default)
    if stored:
        return Effective(item, stored[0], "stored", stored[1], default)
    return Effective(item, default, config.origins.get(item.name, "built in"), 0, default)


def change(house: House, by: Principal, values: dict[str, str], versions: dict[str, int], now: datetime) -> Policy:
    """Store values for the caller's tenant. Only what differs from what is in force is written.

    `versions` holds, per name, the version the form was made from; Stale if somebody stored another value since.
    Raises Invalid for a bad value and then stores none of them.
    """
    by.must(GOVERNANCE_UPDATE)
    cleaned = {name: clean(name, value) for name, value in values.items()}
    with durable(taken=Stale("Somebody else saved the same setting at the same moment. Look at it and save again.")):
        before = effective(house, by.tenant)
        for name, value in cleaned.items():
            item = before.items[name]
            if name in versions and versions[name] != item.version:
                raise Stale(
                    f"“{item.definition.label}” was changed by somebody else meanwhile; it is now {item.value}. Look at it and save again."
                )
            if value != item.value and item.pinned:
                raise FeatureOff(
                    f"“{item.definition.label}” is decided by {item.pinned} in deployment.toml.", setting=item.pinned, field=name
                )
            if value != item.value:
                _store(by, item, value, now)
    return effective(house, by.tenant)


def _store(by: Principal, item: Effective, value: str, now: datetime) -> None:
    name = item.definition.name
    if item.version:
        changed = (
            Setting.objects.within(by.tenant)
            .filter(name=name, version=item.version)
            .update(value=value, version=item.version + 1, changed=now, changed_by=by.name)
        )
        if changed != 1:
            raise Stale(f"“{item.definition.label}” was changed by somebody else meanwhile. Look at it and save again.")
    else:
        hot.insert(Setting(tenant_id=by.tenant.id, name=name, value=value, changed=now, changed_by=by.name))
    audit.record(by, "setting:change", now, target=name, before=item.value, after=value)


def revert(house: House, by: Principal, name: str, now: datetime) -> Policy:
    """Forget the stored value: the file, or what is built in, holds again."""
    by.must(GOVERNANCE_UPDATE)
    if name not in BY_NAME:
        raise Invalid(f"There is no setting called {name}.", field=name)
    with durable():
        before = effective(house, by.tenant).items[name]
        if Setting.objects.within(by.tenant).filter(name=name).delete()[0]:
            audit.record(by, "setting:revert", now, target=name, before=before.value, after=before.default)
    return effective(house, by.tenant)
