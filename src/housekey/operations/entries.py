"""What is read of directories becomes known here: users whom nobody has met yet, and changes that were made over there.

Our database has a row for everybody we know of a directory, so that lists, cursors and counts go right across all stores, and go on while
one of them is down. The directory stays what says who somebody is and what the password is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from housekey.core.account import Standing
from housekey.core.entries import digest, merged, switch_of
from housekey.core.errors import Invalid, Refused, Unavailable
from housekey.core.filters import Filter
from housekey.core.names import PRIMARY, Tenant, UserName, check_username, printable
from housekey.core.principal import Principal, system
from housekey.core.users import NOBODY, Profile, User
from housekey.operations import accounts, audit, codes, directories, sending
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Account, Entry, Repair, SqlUser
from housekey.userstores.directory import PersonEntry, Trouble
from housekey.userstores.registry import Placed, directory_for, store_for

FRESH = timedelta(seconds=30)
"""For how long what was read of an entry is believed where one user is asked for."""
MOST_MET = 200
"""Users whom one search may bring here from a directory; the next look through it brings all."""


@dataclass
class Findings:
    """What became of entries. `refused`: sentences, the first few of them."""

    seen: int = 0
    added: int = 0
    changed: int = 0
    refused: list[str] = field(default_factory=list)
    left_out: int = 0

    def refuse(self, entry: PersonEntry, why: str) -> None:
        self.left_out += 1
        if len(self.refused) < 20:
            self.refused.append(f"{printable(entry.dn[:200])}: {why}"[:400])


def account_named(tenant: Tenant, name: UserName, now: datetime) -> Account | None:
    """The account of that name; somebody whom only the directory knows is met first. A directory that is down knows nobody new."""
    return hot.account_by_name(tenant.id, name.domain, name.key) or meet(tenant, name, now)


def meet(tenant: Tenant, name: UserName, now: datetime) -> Account | None:
    """The account of somebody of that name in the directory of that domain, as it is there now. Of our own domains nothing is asked."""
    placed = directory_for(tenant, name.domain)
    if placed is None:
        return None
    try:
        check_username(name)
        entry = placed.client.by_name(name.bare)
    except (Trouble, Invalid):
        return None
    if entry is not None:
        take(placed, [entry], now)
    return hot.account_by_name(tenant.id, name.domain, name.key)


def sought(tenant: Tenant, name: UserName, now: datetime) -> Account | None:
    """As `account_named`, and the directory is asked in any case: how long that takes does not tell who is known here (A-051), and what is
    sent goes to the address that the directory has now."""
    return meet(tenant, name, now) or hot.account_by_name(tenant.id, name.domain, name.key)


def refreshed(tenant: Tenant, account: Account, now: datetime) -> None:
    """Have what we know of a user of a directory be no older than `FRESH`, where the directory answers."""
    found = directories.person(tenant, account)
    if found is None or now - found.entry.seen < FRESH:
        return
    try:
        entry = found.placed.client.by_id(found.entry.unique_id)
    except Trouble:
        return
    if entry is not None:
        take(found.placed, [entry], now)


def met(tenant: Tenant, domains: Sequence[str], wanted: Filter | None, now: datetime) -> None:
    """Have a search find whom only a directory knows yet, where the directory can narrow what is looked for."""
    if wanted is None or not directories.has_any(tenant):
        return
    from housekey.userstores.ldap.filters import translated

    for domain in domains:
        placed = directory_for(tenant, domain)
        text = translated(wanted, placed.settings, "" if domain == PRIMARY else domain) if placed else None
        if placed is None or text is None:
            continue
        try:
            take(placed, placed.client.matching(text.text, MOST_MET), now)
        except Trouble:
            continue


def take(placed: Placed, entries: Sequence[PersonEntry], now: datetime, findings: Findings | None = None) -> Findings:
    """Write down what was read: new people become accounts, changed ones change, the others were seen. A few hundred at once."""
    findings = findings or Findings()
    findings.seen += len(entries)
    ids = [entry.unique_id for entry in entries]
    known = {row.unique_id: row for row in Entry.objects.aside(placed.tenant).filter(directory_id=placed.id, unique_id__in=ids)}
    if known:  # also those whose change is refused below: they are there
        present = [row.account_id for row in known.values()]
        Entry.objects.aside(placed.tenant).filter(account_id__in=present, seen__lt=now).update(seen=now)
    for entry in entries:
        row = known.get(entry.unique_id)
        if row is not None and row.digest != _digest(entry):
            try:
                _change(placed, row, entry, now, findings)
            except Refused as refusal:
                _must_be_up(refusal)
                findings.refuse(entry, refusal.sentence)
    _add_all(placed, [entry for entry in entries if entry.unique_id not in known], now, findings)
    return findings


def _digest(entry: PersonEntry) -> str:
    return digest(entry.username, entry.dn, entry.enabled, entry.values)


def worker(placed: Placed) -> Principal:
    """Who acts for a directory."""
    return replace(system(placed.tenant), name=f"user store {placed.domain}")


def _add_all(placed: Placed, fresh: Sequence[PersonEntry], now: datetime, findings: Findings) -> None:
    """New people, in one transaction; one by one where somebody else is faster with one of them."""
    fitting = _fitting(placed, fresh, findings)
    try:
        _add(placed, fitting, now, findings)
    except Unavailable as trouble:
        _must_be_up(trouble)
        for entry in fitting:
            try:
                _add(placed, [entry], now, findings)
            except Unavailable as refusal:
                _must_be_up(refusal)
                findings.refuse(entry, refusal.sentence)


def _must_be_up(refusal: Refused) -> None:
    """A database that takes no writes is no fault of one entry, and is not waited for once for each."""
    if isinstance(refusal, Unavailable) and refusal.__cause__ is not None:
        raise refusal


def _fitting(placed: Placed, fresh: Sequence[PersonEntry], findings: Findings) -> list[PersonEntry]:
    """Those whose names can be names here and belong to nobody else."""
    keys = [UserName(placed.domain, entry.username).key for entry in fresh]
    rows = Account.objects.within(placed.tenant).filter(domain=placed.domain, name_key__in=keys)
    taken, fitting = set(rows.values_list("name_key", flat=True)) if fresh else set(), []
    for entry, key in zip(fresh, keys, strict=True):
        try:
            check_username(UserName(placed.domain, entry.username))
            if key in taken:
                raise Invalid("The name belongs to another user already.")
        except Invalid as refusal:
            findings.refuse(entry, refusal.sentence)
        else:
            taken.add(key)
            fitting.append(entry)
    return fitting


def _add(placed: Placed, fresh: Sequence[PersonEntry], now: datetime, findings: Findings) -> None:
    """All of them or none. Who is just being created or removed is left to that deed."""
    if not fresh:
        return
    added = 0
    with durable():
        waiting = Repair.objects.aside(placed.tenant).filter(directory_id=placed.id, deed__in=(directories.CREATE, directories.REMOVE))
        under_way = {text for pair in waiting.values_list("unique_id", "name") for text in pair}
        for entry in fresh:
            name = UserName(placed.domain, entry.username)
            if entry.unique_id in under_way or str(name)[:400] in under_way:
                continue
            profile = merged(NOBODY, entry.values, placed.settings.attributes, single=directories.single(placed))
            user = User(uuid4(), name, profile, Standing(disabled=entry.enabled is False, has_password=True), now, now)
            accounts.insert(placed.tenant, user, met=True)
            directories.link(placed, user, entry, now)
            audit.record(worker(placed), "user:meet", now, target=str(name), target_id=user.id)
            added += 1
    findings.added += added


def _change(placed: Placed, row: Entry, entry: PersonEntry, now: datetime, findings: Findings) -> None:
    tenant, by = placed.tenant, worker(placed)
    with durable():
        account = accounts.hold(tenant, row.account_id)
        before = accounts.user(tenant, account)
        after = directories.followed(placed, before.profile, entry)
        renamed = _rename(tenant, account, before.name, entry.username)
        standing = before.standing
        if _switched(placed, row, entry) and not standing.pending and standing.has_password:
            standing = replace(standing, disabled=not entry.enabled)
        if after != before.profile:
            end_misdirected(by, account, after, now)
            account.email_verified = account.email_verified and after.mail == before.profile.mail
            account.phone_verified = account.phone_verified and after.mobile == before.profile.mobile
            store_for(tenant, account.domain).update(tenant, account.id, after)
        if after != before.profile or standing != before.standing or renamed:
            accounts.put(account, standing, now)
            audit.record(by, "user:change", now, target=str(before.name), target_id=account.id, renamed=entry.username if renamed else "")
            findings.changed += 1
        directories.describe(row, placed, entry, after)
        directories.save(row, now)


def _switched(placed: Placed, row: Entry, entry: PersonEntry) -> bool:
    """Was the user disabled or enabled over there? Only then does the account here follow: it may have been disabled here."""
    changed = entry.enabled is not None and entry.enabled != switch_of(row.digest)
    return changed and not directories.is_switching(placed, row.account_id)


def _rename(tenant: Tenant, account: Account, before: UserName, username: str) -> bool:
    """The same entry under another name. Raises Invalid where that name is taken here or cannot be one."""
    after = UserName(before.domain, username)
    if after == before:
        return False
    check_username(after)
    taken = hot.account_by_name(tenant.id, after.domain, after.key)
    if taken is not None and taken.id != account.id:
        raise Invalid(f"It is called {username} now, and that name belongs to another user already.")
    Account.objects.within(tenant).filter(id=account.id).update(name_key=after.key)
    SqlUser.objects.within(tenant).filter(id=account.id).update(username=username, name_key=after.key)
    account.name_key = after.key
    return True


def end_misdirected(by: Principal, account: Account, after: Profile, now: datetime) -> None:
    """What went to an address that is no longer hers must not open the account."""
    live = codes.live(by.tenant, account.id)
    if live and live.recipient and sending.reachable_at(after, codes.scenario_of(live)) != live.recipient:
        codes.end_live(by.tenant, account.id, "revoked", now)


def count(placed: Placed) -> int:
    """How many accounts belong to entries of this directory."""
    return int(Entry.objects.aside(placed.tenant).filter(directory_id=placed.id).count())


def gone(placed: Placed, before: datetime, most: int) -> list[UUID]:
    """Accounts whose entries were not seen since `before`."""
    rows = Entry.objects.aside(placed.tenant).filter(directory_id=placed.id, seen__lt=before)
    return list(rows.order_by("seen").values_list("account_id", flat=True)[:most])


