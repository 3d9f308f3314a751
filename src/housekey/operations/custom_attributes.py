"""The attributes that a tenant's administrator added to its users (`core.custom`): list, add, remove."""

from __future__ import annotations

import time
from datetime import datetime

from django.db.models.functions import Lower

from housekey.core.characteristics import ResourceType
from housekey.core.claim_rules import SETTINGS, setting
from housekey.core.custom import MOST, CustomAttribute, check, user_kind
from housekey.core.errors import Conflict, Invalid, NotFound
from housekey.core.names import Tenant, findable
from housekey.core.principal import CLAIM_UPDATE, CLAIM_VIEW, Principal
from housekey.operations import audit
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import CustomAttribute as Row
from housekey.store.models import Setting
from housekey.store.models import Tenant as TenantRow

_KEEP = 2.0
"""Seconds for which a process remembers what /Users of a tenant is: every request asks, it hardly ever changes."""
_kinds: dict[int, tuple[float, ResourceType]] = {}


def kind_of_users(tenant: Tenant) -> ResourceType:
    """What /Users is in this tenant: all attributes, the tenant's own among them. For doors."""
    known = _kinds.get(tenant.id)
    if known and known[0] > time.monotonic():
        return known[1]
    if len(_kinds) > 10_000:
        _kinds.clear()
    kind = user_kind(_all(tenant))
    _kinds[tenant.id] = (time.monotonic() + _KEEP, kind)
    return kind


def forget() -> None:
    """This process reads anew what it remembered."""
    _kinds.clear()


def listing(by: Principal) -> list[CustomAttribute]:
    """By name. Raises NotPermitted."""
    by.must(CLAIM_VIEW)
    return _all(by.tenant)


def of(tenant: Tenant) -> list[CustomAttribute]:
    """The same for other operations, and for doors that find out whether a name is known."""
    return _all(tenant)


def add(by: Principal, attribute: CustomAttribute, now: datetime) -> None:
    """From now on users can have it. Other processes of the server see it within two seconds.

    Raises NotPermitted, Invalid (field name, type, description), Conflict.
    """
    by.must(CLAIM_UPDATE)
    check(attribute)
    taken = Conflict("There is already an attribute of this name. Choose another one.", field="name")
    with durable(taken=taken):
        TenantRow.objects.select_for_update(no_key=True).get(pk=by.tenant.id)
        present = _all(by.tenant)
        if attribute.name.lower() in {row.name.lower() for row in present}:
            raise taken
        if len(present) >= MOST:
            raise Invalid(f"A tenant can have {MOST} attributes of its own. Remove one that nobody needs.", field="name")
        hot.insert(Row(tenant_id=by.tenant.id, name=attribute.name, name_key=attribute.name.lower(), type=attribute.type,
                       description=attribute.description, created=now))
        audit.record(by, "attribute:add", now, target=attribute.name, type=attribute.type)
    forget()


def remove(by: Principal, name: str, now: datetime) -> None:
    """It is shown and written no more. Values that users have stay in the store until each is written through SCIM the next time.

    Raises NotPermitted, NotFound.
    """
    by.must(CLAIM_UPDATE)
    with durable():
        if not Row.objects.within(by.tenant).filter(name_key=name.lower()).delete()[0]:
            raise NotFound(f"There is no attribute called {findable(name)[:100]}.")
        rules = [setting(part, CustomAttribute(name).uri).lower() for part in SETTINGS]
        Setting.objects.within(by.tenant).annotate(key=Lower("name")).filter(key__in=rules).delete()
        audit.record(by, "attribute:remove", now, target=name)
    forget()


def _all(tenant: Tenant) -> list[CustomAttribute]:
    rows = Row.objects.within(tenant).order_by("name_key")
    return [CustomAttribute(row.name, row.type, row.description) for row in rows]
