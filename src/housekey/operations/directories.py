"""Writing to a directory and to our database so that they agree, whatever dies between the two (docs/adr/0001).

What opens an account is written to the directory first and commits here last: around the transaction of such a deed stands `adding` or
`writing`. What closes one commits here first, together with a repair entry that `follow` leaves; the worker carries it to the directory
(`operations.repairs`). No network call is made inside a transaction, and a repair entry never holds a password.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from django.db import DatabaseError, InterfaceError
from django.db.models import DateTimeField, F, Q, QuerySet, Value
from django.db.models.functions import Greatest

from housekey.core.claims import EMAIL, LAST_NAME
from housekey.core.entries import digest, dn_key, merged, outdated, values_of
from housekey.core.errors import Invalid, NotFound, PasswordRefused, Refused, StoreReadOnly, Unavailable
from housekey.core.names import Tenant, UserName, name_taken
from housekey.core.users import Profile, User
from housekey.operations import hashing
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Account, Entry, Repair
from housekey.userstores import registry
from housekey.userstores.directory import Denied, Down, Gone, PersonEntry, Taken, Trouble, Unfit, Values, Weak
from housekey.userstores.registry import Placed, directory_for

log = logging.getLogger("housekey.directories")

CREATE, REFRESH, PASSWORD = "create", "refresh", "password"
BLOCK, REMOVE, STATE, MIRROR = "block", "remove", "state", "mirror"
"""Deeds that begin here."""
AWAY = "user store:"
"""How the audit log begins to say that a password could not be compared."""
GRACE = timedelta(seconds=20)
"""After which nobody waits for a deed any more, beside the times the directory itself may take."""

Settle = Callable[[], None]
"""A step inside the transaction of a deed: what the directory said is written down, the repair entry is not needed any more."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user who is in a directory."""

    placed: Placed
    entry: Entry


def person(tenant: Tenant, account: Account) -> Person | None:
    """None for a user who is in our own database: also somebody of a directory's domain whom the server itself made there."""
    placed = directory_for(tenant, account.domain)
    if placed is None:
        return None
    entry = Entry.objects.aside(tenant).filter(account_id=account.id).first()
    return Person(placed, entry) if entry else None


def of(tenant: Tenant, domain: str) -> Placed | None:
    """The directory that new users of `domain` are put into."""
    return directory_for(tenant, domain)


def has_any(tenant: Tenant) -> bool:
    return bool(registry.directories(tenant))


def must_be_writable(found: Person | None, name: UserName, *, field: str = "user") -> None:
    """Raise StoreReadOnly for somebody whose password cannot be set from here."""
    if found and found.placed.read_only:
        raise StoreReadOnly(str(name), found.placed.domain, field=field)


def is_read_only(tenant: Tenant, account: Account) -> bool:
    """Is this somebody whose password can only be set in the directory?"""
    found = person(tenant, account)
    return found is not None and found.placed.read_only


def hash_of(password: str | None, *, own: bool) -> str:
    """What is stored of an accepted password here: its hash, `""` where a directory keeps it. Never inside a transaction."""
    return hashing.make(password) if password is not None and own else ""


def single(placed: Placed) -> frozenset[str]:
    """The claims of which this directory holds one value."""
    return frozenset({EMAIL} if placed.settings.kind == "ad" else ())


@contextmanager
def adding(user: User, tenant: Tenant, now: datetime, password: str | None = None) -> Iterator[Settle]:
    """Around the transaction that stores a new user. What was done in the directory is undone if that does not come about.

    Raises StoreReadOnly, Conflict, Invalid, PasswordRefused, Unavailable: then there is neither a user nor an entry.
    """
    placed = directory_for(tenant, user.name.domain)
    if placed is None:
        yield _nothing
        return
    if placed.read_only:
        raise StoreReadOnly(str(user.name), placed.domain, field="userName")
    with translated(placed, user.name, openly=True):
        if placed.client.by_name(user.name.bare) is not None:
            raise Taken
    repair = _begin(placed, CREATE, user, now)
    try:
        with translated(placed, user.name, openly=True):
            entry = placed.client.add(user.name.bare, values_of(user.profile, placed.settings.attributes), user.profile.full_name)
    except Unavailable:
        raise  # nobody knows whether it was done: the repair entry stays
    except Exception:
        drop(repair)
        raise
    try:
        _note(repair, entry)
        if password is not None:
            with translated(placed, user.name):
                placed.client.set_password(entry.unique_id, password)
        yield partial(_settle_new, placed, repair, user, entry, now)
    except BaseException:
        with suppress(Trouble, DatabaseError, InterfaceError):
            if hot.account(tenant.id, user.id) is None:  # a commit whose answer was lost is one all the same
                placed.client.remove(entry.unique_id)
                drop(repair)
        raise


def _nothing() -> None:
    """Nothing was written anywhere else."""


def _begin(placed: Placed, deed: str, user: User, now: datetime, unique_id: str = "") -> Repair:
    repair = Repair(
        id=uuid4(), tenant_id=placed.tenant.id, directory_id=placed.id, deed=deed, account_id=user.id, name=str(user.name)[:400],
        unique_id=unique_id, created=now, due=end_of(placed, now),
    )
    with durable():
        repair.save(force_insert=True)
    return repair


def end_of(placed: Placed, now: datetime) -> datetime:
    """By then a deed that begins now has ended in one way or another."""
    return now + GRACE + timedelta(seconds=3 * (placed.settings.connect_seconds + placed.settings.answer_seconds))


def _note(repair: Repair, entry: PersonEntry) -> None:
    """By its id the worker knows the entry that was made."""
    with durable():
        Repair.objects.aside(repair.tenant_id).filter(id=repair.id).update(unique_id=entry.unique_id)


def drop(repair: Repair) -> None:
    with durable():
        Repair.objects.aside(repair.tenant_id).filter(id=repair.id).delete()


def _settle_new(placed: Placed, repair: Repair, user: User, entry: PersonEntry, now: datetime) -> None:
    link(placed, user, entry, now)
    _end(repair)
    _keep_disabled(placed, user.id, user.name, entry.unique_id, now)
    if placed.settings.mirrored:
        _leave(placed, MIRROR, user.id, user.name, entry.unique_id, now)


def _end(repair: Repair) -> None:
    """The deed has ended. If the worker has begun to undo it, it must not happen after all."""
    if not Repair.objects.aside(repair.tenant_id).filter(id=repair.id, attempts=0).delete()[0]:
        raise _too_late()


def _too_late() -> Unavailable:
    return Unavailable("This took too long. Nothing was changed; please try again.")


def link(placed: Placed, user: User, entry: PersonEntry, now: datetime) -> None:
    """A step inside a transaction: this account belongs to this entry."""
    row = Entry(account_id=user.id, tenant_id=placed.tenant.id, directory_id=placed.id, unique_id=entry.unique_id, seen=now)
    describe(row, placed, entry, user.profile)
    row.save(force_insert=True)


def describe(row: Entry, placed: Placed, entry: PersonEntry, profile: Profile) -> None:
    """`profile`: what stands in our database now. If the entry says something else, e.g. because two changed it at once, our database
    follows with the next look."""
    row.dn, row.dn_key = entry.dn[:2000], dn_key(entry.dn)
    row.digest = digest(entry.username, entry.dn, entry.enabled, entry.values)
    if followed(placed, profile, entry) != profile:
        row.digest = outdated(row.digest)


def followed(placed: Placed, profile: Profile, entry: PersonEntry) -> Profile:
    """`profile` as the directory has it. Where its classes demand a last name, the user name stands in for one that there is not."""
    values = dict(entry.values)
    if not profile.family_name and values.get(LAST_NAME) == (entry.username,):
        del values[LAST_NAME]
    return merged(profile, values, placed.settings.attributes, single=single(placed))


@contextmanager
def writing(
    found: Person | None, before: User | None, now: datetime, *, profile: Profile | None = None, password: str | None = None
) -> Iterator[Settle]:
    """Around the transaction that changes a profile or a password. The directory has the change first; if the transaction does not come
    about, the worker has our database follow the directory.

    Raises StoreReadOnly, Invalid, PasswordRefused, Unavailable, NotFound where the entry is gone.
    """
    changed = _differing(found.placed, before.profile, profile) if found and before and profile else {}
    if found is None or before is None or (not changed and password is None):
        yield _nothing
        return
    if found.placed.read_only:
        raise StoreReadOnly(str(before.name), found.placed.domain)
    placed, unique_id = found.placed, found.entry.unique_id
    if password is not None:
        _hold_back_blocking(placed, before, now)
    repair, entry = _begin(placed, REFRESH if password is None else PASSWORD, before, now, unique_id), None
    old = {uri: values for uri, values in values_of(before.profile, placed.settings.attributes).items() if uri in changed}
    try:
        with translated(placed, before.name):
            entry = placed.client.change(unique_id, changed) if changed else None
            if password is not None:
                placed.client.set_password(unique_id, password)
    except Unavailable:
        raise
    except Exception:
        _take_back(found, old if entry else {}, repair)
        raise
    try:
        yield partial(_settle, found, repair, entry, profile or before.profile, now)
    except Unavailable:
        raise  # nobody knows whether it was committed
    except Refused:
        _take_back(found, old, repair if password is None else None)
        raise


def _take_back(found: Person, old: Values, repair: Repair | None) -> None:
    """The change was refused: the directory has `old` again. Where that does not work, our database follows it (`repair` stays)."""
    with suppress(Trouble):
        if old:
            found.placed.client.change(found.entry.unique_id, old)
        if repair:
            drop(repair)


def _hold_back_blocking(placed: Placed, user: User, now: datetime) -> None:
    """A forced reset has the old password replaced by the worker: not while a new one is being set, and not any more once it is there
    (`_settle`). If that does not come about, the old one is replaced after all. If the worker is at it at this very moment, the new
    password might be the one that it replaces. Raises Unavailable then."""
    with durable():
        waiting = _blocking(placed, user.id)
        free = waiting.filter(Q(attempts=0) | Q(due__lte=now) | ~Q(error=""))
        held = free.update(attempts=0, error="", due=end_of(placed, now))
        if waiting.count() > held:
            raise Unavailable("The account is just being closed in its user store. Please try again shortly.")


def _blocking(placed: Placed, account_id: UUID) -> QuerySet[Repair]:
    return Repair.objects.aside(placed.tenant).filter(directory_id=placed.id, account_id=account_id, deed=BLOCK)


def _differing(placed: Placed, before: Profile, after: Profile) -> Values:
    """What of the change the directory holds."""
    old, new = (values_of(profile, placed.settings.attributes) for profile in (before, after))
    if EMAIL in single(placed):
        old[EMAIL], new[EMAIL] = old.get(EMAIL, ())[:1], new.get(EMAIL, ())[:1]
    return {uri: values for uri, values in new.items() if values != old[uri]}


def _settle(found: Person, repair: Repair, entry: PersonEntry | None, profile: Profile, now: datetime) -> None:
    if repair.deed == PASSWORD:
        waiting = _blocking(found.placed, repair.account_id)
        waiting.filter(attempts=0).delete()
        if waiting.exists():
            raise _too_late()
        name = UserName(found.placed.domain, repair.name.rpartition("/")[2])
        _keep_disabled(found.placed, repair.account_id, name, repair.unique_id, now)
    if entry is not None:
        describe(found.entry, found.placed, entry, profile)
        save(found.entry, now)
    _end(repair)


def save(row: Entry, now: datetime) -> None:
    """What was read of an entry at `now`. When it was last seen never goes back: a look may have begun after this and seen it."""
    seen = Greatest(F("seen"), Value(now, output_field=DateTimeField()))
    Entry.objects.aside(row.tenant_id).filter(account_id=row.account_id).update(dn=row.dn, dn_key=row.dn_key, digest=row.digest, seen=seen)


def _keep_disabled(placed: Placed, account_id: UUID, name: UserName, unique_id: str, now: datetime) -> None:
    """Active Directory enables with the first password: whoever is disabled here is disabled there again."""
    account = hot.account(placed.tenant.id, account_id) if placed.settings.kind == "ad" else None
    if account is not None and account.disabled:
        _leave(placed, STATE, account_id, name, unique_id, now)


def is_switching(placed: Placed, account_id: UUID) -> bool:
    """Is it not yet carried to the directory that this account was disabled or enabled here?"""
    return bool(Repair.objects.aside(placed.tenant).filter(directory_id=placed.id, account_id=account_id, deed=STATE).exists())


def follow(tenant: Tenant, account: Account, name: UserName, deed: str, now: datetime) -> None:
    """A step inside the transaction of a deed that closes an account: the worker carries it to the directory. Nothing to do for users of
    our own database, and for a directory that is not written to."""
    found = person(tenant, account)
    if found is None or found.placed.read_only:
        return
    _leave(found.placed, deed, account.id, name, found.entry.unique_id, now)


def _leave(placed: Placed, deed: str, account_id: UUID, name: UserName, unique_id: str, now: datetime) -> None:
    row = Repair(id=uuid4(), tenant_id=placed.tenant.id, directory_id=placed.id, deed=deed, account_id=account_id, name=str(name)[:400],
                 unique_id=unique_id, created=now, due=now)
    row.save(force_insert=True)


def mirror(placed: Placed, account: Account, name: UserName, now: datetime) -> None:
    """A step inside the transaction of whatever changes lock or state: the worker writes it to the directory as it then is. One entry will
    do for several changes, unless the worker has taken it already: so it is held until this transaction ends."""
    waiting = Repair.objects.aside(placed.tenant).filter(directory_id=placed.id, account_id=account.id, deed=MIRROR, attempts=0)
    if waiting.select_for_update().first() is None:
        follow(placed.tenant, account, name, MIRROR, now)


def authenticate(found: Person, password: str) -> tuple[bool, str]:
    """Is this the password, and why not, for the audit log. A directory that does not answer is no reason to tell anybody more."""
    try:
        return found.placed.client.authenticate(found.entry.unique_id, password), ""
    except Trouble as trouble:
        return False, f"{AWAY} {trouble}"[:300]


def feign(tenant: Tenant, domain: str, password: str, *, looked: bool) -> None:
    """Of the directory the same is asked for a name that is not in it as for one that is (A-051): an entry, and a sign-in. `looked`: the
    name was looked for already."""
    placed = directory_for(tenant, domain)
    if placed is not None:
        with suppress(Trouble):
            placed.client.authenticate("" if looked else "00", password)


@contextmanager
def translated(placed: Placed, name: UserName, *, openly: bool = False) -> Iterator[None]:
    """What the directory says, as refusals. `openly`: to an administrator, who may read why we are not let in; whoever holds a link learns
    nothing of the directory, and the log says it."""
    domain = placed.domain
    try:
        yield
    except Taken:
        raise name_taken(name) from None
    except Gone:
        raise NotFound(f"{name} is not in the user store {domain} any more.") from None
    except Weak as trouble:
        raise PasswordRefused(f"The directory does not take this password: {trouble}", rules=()) from None
    except Unfit as trouble:
        raise Invalid(f"The user store {domain} does not take this: {trouble}", field="user") from None
    except Denied as trouble:
        log.warning("The user store %s does not let us act on %s: %s", domain, name, trouble)
        why = f": {trouble}" if openly else ". Please tell your administrator."
        raise Unavailable(f"The user store {domain} does not let Housekey do this{why}", retry_after=60) from None
    except Down:
        state = "does not answer at the moment. Please try again" if placed.enabled else "is switched off"
        raise Unavailable(f"The user store {domain} {state}.", retry_after=10) from None
