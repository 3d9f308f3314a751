"""User stores: look, set up a directory, change it, try it, look through it now, take it away.

PRIMARY and the domains of `[user_stores] domains` are in our own database and only shown. A directory's password is written and never
read (A-138): what is shown says whether there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from housekey.conf.house import House
from housekey.core import directories as core
from housekey.core.errors import Conflict, Invalid, NotFound, Stale
from housekey.core.names import PRIMARY, SUPER_TENANT
from housekey.core.principal import STORE_CREATE, STORE_DELETE, STORE_UPDATE, STORE_VIEW, Principal
from housekey.operations import audit, looking, roles
from housekey.operations.transactions import durable
from housekey.store import population
from housekey.store.models import Account, Directory, Repair
from housekey.store.sealed import seal
from housekey.userstores import registry
from housekey.userstores.directory import Tested

MASK = "***"
"""Stands for the password in what is shown. Sent back, it keeps the one that is stored."""
DESTINATION = ("ConnectionURL", "ConnectionName", "StartTLSEnabled", "CACertificates")
"""Where the password goes and whose it is: when one of these changes, the stored one is not carried along."""
SQL = "sql"


@dataclass(frozen=True, slots=True)
class StoreView:
    """A domain of users. `kind`: sql, ldap or ad; what follows `users` is of directories only."""

    domain: str
    kind: str
    users: int
    """How many of its users are known here."""
    id: UUID | None = None
    description: str = ""
    enabled: bool = True
    read_only: bool = False
    managed: bool = False
    """Set by `[user_store]` in deployment.toml, and changed there."""
    properties: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Claim URI -> attribute, all that are mapped."""
    secret: bool = False
    version: int = 0
    changed: datetime | None = None
    changed_by: str = ""
    looked: datetime | None = None
    due: datetime | None = None
    findings: Mapping[str, Any] = field(default_factory=dict)
    waiting: int = 0
    """Deeds that must still be written to the directory."""


@dataclass(frozen=True, slots=True)
class NewStore:
    """What somebody wants. `properties`: as `core.directories.PROPERTIES`, without the password; `attributes`: what differs from the
    defaults. `password` None or MASK keeps the stored one."""

    domain: str
    kind: str
    properties: Mapping[str, str]
    attributes: Mapping[str, str] = field(default_factory=dict)
    password: str | None = field(default=None, repr=False)
    description: str = ""
    enabled: bool = True


def as_new(view: StoreView) -> NewStore:
    """What a directory is set to, for whoever changes a part of it. Its password stays."""
    differing = core.differing(view.kind, view.attributes)
    return NewStore(view.domain, view.kind, view.properties, differing, None, view.description, view.enabled)


def listing(by: Principal) -> list[StoreView]:
    """PRIMARY first, then by name. Raises NotPermitted."""
    by.must(STORE_VIEW)
    rows = {row.domain: row for row in Directory.objects.within(by.tenant)}
    own = [name for name in registry.own_domains() if name not in rows]
    names = sorted({*own, *rows}, key=lambda name: (name != PRIMARY, name))
    return [_view(by, rows[name]) if name in rows else _built_in(by, name) for name in names]


def get(by: Principal, domain: str) -> StoreView:
    """Raises NotPermitted, NotFound."""
    by.must(STORE_VIEW)
    name = domain.upper()
    row = Directory.objects.within(by.tenant).filter(domain=name).first()
    if row is None and name not in registry.own_domains():
        raise _missing(domain)
    return _view(by, row) if row else _built_in(by, name)


def troubled(by: Principal) -> list[tuple[str, str]]:
    """Domain and sentence of each directory whose last look failed. Raises NotPermitted."""
    by.must(STORE_VIEW)
    rows = Directory.objects.within(by.tenant).filter(enabled=True).order_by("domain").values_list("domain", "findings")
    return [(domain, str(findings["error"])) for domain, findings in rows if findings.get("error")]


def find(by: Principal, store_id: UUID) -> StoreView:
    """A directory by its id. Raises NotPermitted, NotFound."""
    by.must(STORE_VIEW)
    row = Directory.objects.within(by.tenant).filter(id=store_id).first()
    if row is None:
        raise _missing(str(store_id))
    return _view(by, row)


def add(house: House, by: Principal, new: NewStore, now: datetime) -> StoreView:
    """Set up a directory; it is looked through at once. Raises NotPermitted, Invalid (field: the property), Conflict."""
    by.must(STORE_CREATE)
    domain = core.check_domain(new.domain)
    row = Directory(id=uuid4(), tenant_id=by.tenant.id, domain=domain, created=now, version=0, private=_private(house, by))
    taken = Conflict(f"There is a user store with the domain {domain} already.", field="domain")
    _fill(house, by, row, new, now)
    with durable(taken=taken):
        if domain in registry.own_domains() or Account.objects.within(by.tenant).filter(domain=domain).exists():
            raise taken
        row.save(force_insert=True)
        audit.record(by, "store:add", now, target=domain, after=_shown(row))
    _changed(by)
    return _view(by, row)


def change(house: House, by: Principal, domain: str, new: NewStore, now: datetime, *, version: int | None = None) -> StoreView:
    """`version` is the one the form was made from. The domain's name and kind stay. Raises as `add`, and Stale, NotFound."""
    by.must(STORE_UPDATE)
    with durable():
        row = _held(by, domain)
        if version is not None and version != row.version:
            raise Stale("Somebody else changed the same user store meanwhile. Look at it and save again.")
        roles.must_outrank_domain(by, row.domain)
        if row.enabled and not new.enabled:
            roles.keep_one_administrator_outside(by.tenant, row.domain)
        if new.kind != row.kind:
            raise Invalid("The kind of a user store cannot be changed. Set up another one.", field="kind")
        before = _shown(row)
        row.private = (row.private and by.tenant.domain == SUPER_TENANT) or _private(house, by)
        _fill(house, by, row, new, now)
        row.save()
        typed = new.password not in {None, MASK}
        audit.record(by, "store:change", now, target=row.domain, before=before, after=_shown(row), new_secret=typed)
    _changed(by)
    return _view(by, row)


def switch(by: Principal, domain: str, enabled: bool, now: datetime) -> StoreView:
    """Switched off, nobody of the domain can sign in and nothing is asked of the directory. Raises NotPermitted, NotFound, Invalid."""
    by.must(STORE_UPDATE)
    with durable():
        row = _held(by, domain)
        roles.must_outrank_domain(by, row.domain)
        if row.enabled and not enabled:
            roles.keep_one_administrator_outside(by.tenant, row.domain)
        if row.enabled != enabled:
            row.enabled, row.version, row.changed, row.changed_by = enabled, row.version + 1, now, by.name[:300]
            row.due = now if enabled else None
            row.save()
            audit.record(by, "store:enable" if enabled else "store:disable", now, target=row.domain)
    _changed(by)
    return _view(by, row)


def test(house: House, by: Principal, new: NewStore, *, domain: str = "") -> Tested:  # noqa: PT028 - no test of pytest
    """Try settings without storing them; `domain` names the stored ones whose password may be used. Raises NotPermitted, Invalid."""
    if not by.may(STORE_CREATE):
        by.must(STORE_UPDATE)
    stored = Directory.objects.within(by.tenant).filter(domain=domain.upper()).first() if domain else None
    values, attributes = core.clean(new.kind, new.properties, private=_private(house, by)), core.clean_attributes(new.kind, new.attributes)
    password = _password(house, stored, new, values)
    client = registry.connect(core.directory(new.kind, values, attributes, private=_private(house, by)), password, by.tenant)
    try:
        return client.test()
    finally:
        client.close()


def look(by: Principal, domain: str, now: datetime) -> None:
    """Have the whole directory looked through now. Raises NotPermitted, NotFound, Invalid where it is switched off."""
    by.must(STORE_UPDATE)
    with durable():
        row = _row(by, domain)
        if not row.enabled:
            raise Invalid(f"{row.domain} is switched off. Switch it on first.", field="domain")
        Directory.objects.within(by.tenant).filter(id=row.id).update(due=now)
        audit.record(by, "store:look", now, target=row.domain)
    looking.bell.set()


def remove(by: Principal, domain: str, now: datetime) -> None:
    """Take the directory away from here; the directory itself is left as it is. It must have no users here any more, or be emptied first
    (`forget_people`). Raises NotPermitted, NotFound, Conflict."""
    by.must(STORE_DELETE)
    with durable():
        row = _held(by, domain)
        left = population.accounts(by.tenant.id, row.domain)
        if left:
            raise Conflict(f"{row.domain} still has {left} users here. Switch it off and forget its users first.", field="domain")
        audit.record(by, "store:delete", now, target=row.domain, before=_shown(row))
        row.delete()
    _changed(by)


def forget_people(by: Principal, domain: str, now: datetime, *, most: int = 500) -> int:
    """Forget up to `most` of the users of a directory that is switched off: their accounts here, nothing in the directory. How many are
    left. Raises NotPermitted, NotFound, Conflict where it is on, Invalid for PRIMARY, whose other users are in our own database."""
    by.must(STORE_DELETE)
    row = _must_be_ours(_row(by, domain))
    if row.enabled:
        raise Conflict(f"{row.domain} is switched on: its users would come back. Switch it off first.", field="domain")
    roles.must_outrank_domain(by, row.domain)
    looking.forget(by, row, now, most=most)
    return population.accounts(by.tenant.id, row.domain)


def ensure_primary(house: House, by: Principal, now: datetime) -> None:
    """PRIMARY of the default tenant as `[user_store]` has it: in a directory, or back in our own database. Called at the start."""
    wanted = house.config.primary_store
    row = Directory.objects.within(by.tenant).filter(domain=PRIMARY).first()
    if wanted is None:
        if row is not None and row.enabled:
            Directory.objects.within(by.tenant).filter(id=row.id).update(enabled=False, version=row.version + 1)
        registry.forget()
        return
    new = NewStore(PRIMARY, wanted.kind, wanted.properties, wanted.attributes, wanted.password)
    fresh = row is None
    row = row or Directory(id=uuid4(), tenant_id=by.tenant.id, domain=PRIMARY, created=now, version=0, private=True)
    before = None if fresh else (_shown(row), registry.password_of(house, row))
    _fill(house, by, row, new, now)
    if before != (_shown(row), wanted.password):
        with durable():
            row.save(force_insert=fresh)
            audit.record(by, "store:add" if fresh else "store:change", now, target=PRIMARY, after=_shown(row))
    registry.forget()


def _fill(house: House, by: Principal, row: Directory, new: NewStore, now: datetime) -> None:
    values, attributes = core.clean(new.kind, new.properties, private=row.private), core.clean_attributes(new.kind, new.attributes)
    if len(new.description) > 300:
        raise Invalid("The description is longer than 300 characters.", field="description")
    password = _password(house, row if row.version else None, new, values)
    if new.enabled and values["ConnectionName"] and not password and row.domain != PRIMARY:
        raise Invalid("Type the password of the account to connect with.", field=core.SECRET)
    row.kind, row.properties, row.attributes = new.kind, values, attributes
    row.description, row.enabled = new.description.strip(), new.enabled
    _seal(house, row, password)
    row.version, row.changed, row.changed_by = row.version + 1, now, by.name[:300]
    row.due = now if new.enabled else None


def _seal(house: House, row: Directory, password: str) -> None:
    row.key_name, key = house.keys.newest
    row.sealed = seal(key, row.id, password) if password else None


def _password(house: House, row: Directory | None, new: NewStore, values: Mapping[str, str]) -> str:
    """The one that was typed, else the stored one if it still goes where it went. Raises Invalid."""
    if new.password is not None and new.password != MASK:
        if len(new.password) > 1_000 or "\0" in new.password:
            raise Invalid("The password is too long or has a character that cannot be sent.", field=core.SECRET)
        return new.password
    if row is None or not row.sealed:
        return ""
    if any(row.properties.get(name) != values[name] for name in DESTINATION):
        raise Invalid("Type the password again: it is not carried along to another server or account.", field=core.SECRET)
    return registry.password_of(house, row)


def _private(house: House, by: Principal) -> bool:
    """The server's own administrators know its networks; those of other tenants may look into them only if it says so (A-071)."""
    return by.tenant.domain == SUPER_TENANT or house.config.user_stores.allow_private_networks


def _row(by: Principal, domain: str) -> Directory:
    row = Directory.objects.within(by.tenant).filter(domain=domain.upper()).first()
    if row is None:
        raise _not_a_directory(domain) if domain.upper() in registry.own_domains() else _missing(domain)
    return row  # type: ignore[no-any-return] # the scoped manager is typed loosely


def _held(by: Principal, domain: str) -> Directory:
    """For a change. What deployment.toml sets is changed there."""
    row = Directory.objects.within(by.tenant).select_for_update().filter(id=_row(by, domain).id).first()
    if row is None:
        raise _missing(domain)
    return _must_be_ours(row)


def _must_be_ours(row: Directory) -> Directory:
    if row.domain == PRIMARY:
        raise Invalid("PRIMARY is set by [user_store] in deployment.toml. Change it there and start again.", field="domain")
    return row


def _missing(domain: str) -> NotFound:
    return NotFound(f"There is no user store with the domain {domain[:60]}.")


def _not_a_directory(domain: str) -> Invalid:
    return Invalid(f"{domain.upper()} is in the server's own database. It is set by deployment.toml.", field="domain")


def _changed(by: Principal) -> None:
    registry.forget(by.tenant.id)
    looking.bell.set()


def _shown(row: Directory) -> dict[str, Any]:
    return {"kind": row.kind, "enabled": row.enabled, **row.properties, "attributes": row.attributes}


def _built_in(by: Principal, domain: str) -> StoreView:
    return StoreView(domain, SQL, population.accounts(by.tenant.id, domain))


def _view(by: Principal, row: Directory) -> StoreView:
    spoken = core.directory(row.kind, row.properties, row.attributes, private=row.private)
    # PostgreSQL keeps the names of a JSON object in an order of its own
    properties = {one.name: row.properties[one.name] for one in core.PROPERTIES if one.name in row.properties}
    return StoreView(
        row.domain, row.kind, population.accounts(by.tenant.id, row.domain), row.id, row.description, row.enabled, spoken.read_only,
        row.domain == PRIMARY, properties, {**spoken.attributes, **spoken.mirrored}, bool(row.sealed), row.version, row.changed,
        row.changed_by, row.looked, row.due, dict(row.findings), Repair.objects.within(by.tenant).filter(directory=row).count(),
    )


