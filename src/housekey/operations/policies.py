"""What is in force for a tenant: its stored value, else the live file, else what is built in. Change it, revert it."""

from __future__ import annotations

from datetime import datetime

from housekey.conf.house import House
from housekey.conf.schema import Config
from housekey.core.claim_rules import rules_in
from housekey.core.errors import FeatureOff, Invalid, Stale
from housekey.core.names import Tenant
from housekey.core.policy import Effective, Policy, check_together, clean, settle_choices
from housekey.core.principal import GOVERNANCE_UPDATE, GOVERNANCE_VIEW, Principal
from housekey.core.properties import BY_NAME, ENABLE, PROPERTIES, Property
from housekey.operations import audit
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Setting
from housekey.store.models import Tenant as Row

LISTENER = "event.default_listener.governance_identity_mgt.enable"
"""WSO2's switch of the whole engine: off, nobody can be invited whatever a tenant has stored."""


_MADE: dict[tuple[int, tuple[tuple[str, tuple[str, int]], ...]], tuple[Config, Policy]] = {}
"""What follows from a configuration and stored values, already put together: every request asks, answers seldom change."""


def effective(house: House, tenant: Tenant) -> Policy:
    """All settings of the tenant with the origin of each value. The stored ones are read anew each time."""
    stored = hot.settings(tenant.id)
    key = (id(house.config), tuple(sorted(stored.items())))
    made = _MADE.get(key)
    if made is None or made[0] is not house.config:
        if len(_MADE) > 1_000:
            _MADE.clear()
        made = _MADE[key] = (house.config, _put_together(house, stored))
    return made[1]


def _put_together(house: House, stored: dict[str, tuple[str, int]]) -> Policy:
    return Policy(settle_choices({item.name: _in_force(house, item, stored.get(item.name)) for item in PROPERTIES}), rules_in(stored))


def _in_force(house: House, item: Property, stored: tuple[str, int] | None) -> Effective:
    config = house.config
    if item.name == ENABLE and not config.governance:
        origin = config.origins.get(LISTENER, "deployment.toml")
        return Effective(item, "false", origin, stored[1] if stored else 0, default="false", pinned=LISTENER)
    default = config.policy.get(item.name, item.default)
    if stored:
        return Effective(item, stored[0], "stored", stored[1], default)
    return Effective(item, default, config.origins.get(item.name, "built in"), 0, default)


def stored_by(by: Principal) -> dict[str, tuple[datetime, str]]:
    """Of each setting that the tenant has stored, when that was and by whom. Raises NotPermitted."""
    by.must(GOVERNANCE_VIEW)
    rows = Setting.objects.within(by.tenant).filter(name__in=BY_NAME)
    return {row.name: (row.changed, row.changed_by) for row in rows}


def change(house: House, by: Principal, values: dict[str, str], versions: dict[str, int], now: datetime) -> Policy:
    """Store values for the caller's tenant. Only what differs from what is in force is written.

    `versions` holds, per name, the version the form was made from; Stale if somebody stored another value since.
    Raises Invalid for a bad value and then stores none of them.
    """
    by.must(GOVERNANCE_UPDATE)
    cleaned = {name: clean(name, value) for name, value in values.items()}
    with durable(taken=Stale("Somebody else saved the same setting at the same moment. Look at it and save again.")):
        _hold(by.tenant)
        before = effective(house, by.tenant)
        check_together(before, _afterwards(house, by.tenant, cleaned))
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


def _hold(tenant: Tenant) -> None:
    """Changes of one tenant's settings wait for one another: two that are good alone may not be so together."""
    Row.objects.select_for_update(no_key=True).get(pk=tenant.id)


def _afterwards(house: House, tenant: Tenant, cleaned: dict[str, str]) -> dict[str, str]:
    """The values of all settings as they would be in force with `cleaned` stored."""
    stored = hot.settings(tenant.id) | {name: (value, 1) for name, value in cleaned.items()}
    return {name: item.value for name, item in _put_together(house, stored).items.items()}


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


def revert(house: House, by: Principal, *names: str, now: datetime) -> Policy:
    """Forget stored values: the file, or what is built in, holds again. All of them or none; judged by the end state like a change.

    Raises Invalid for a setting that does not exist, or an end state that cannot be.
    """
    by.must(GOVERNANCE_UPDATE)
    for name in names:
        if name not in BY_NAME:
            raise Invalid(f"There is no setting called {name}.", field=name)
    with durable():
        _hold(by.tenant)
        before = effective(house, by.tenant)
        stored = {name: value for name, value in hot.settings(by.tenant.id).items() if name not in names}
        check_together(before, {name: item.value for name, item in _put_together(house, stored).items.items()})
        for name in names:
            if Setting.objects.within(by.tenant).filter(name=name).delete()[0]:
                item = before.items[name]
                audit.record(by, "setting:revert", now, target=name, before=item.value, after=item.default)
    return effective(house, by.tenant)
