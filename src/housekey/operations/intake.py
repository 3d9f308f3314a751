"""Bringing in the people of another system from a file: many in one transaction, and after a crash where the last one ended.

How far a file is, is an entry of the audit log, written in the transaction of the people it counts. So each of them is created and written
to once, however often the import is killed and begun again, and the same file given twice says what was done the first time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from itertools import islice
from typing import BinaryIO
from uuid import UUID, uuid4

from housekey.conf.house import House
from housekey.core.account import Standing
from housekey.core.batches import batches
from housekey.core.errors import Conflict, Invalid, Refused
from housekey.core.intake import files
from housekey.core.intake.rows import Format, Row, Source
from housekey.core.names import split_username
from housekey.core.policy import Policy
from housekey.core.principal import USER_CREATE, Principal
from housekey.core.users import NOBODY, NewUser, User
from housekey.operations import audit, bootstrap, hashing, onboarding, resets, sending, users
from housekey.operations.codes import AT_ONCE
from housekey.operations.custom_attributes import kind_of_users
from housekey.operations.passwords import accepted
from housekey.operations.policies import effective
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import AuditEntry
from housekey.userstores.registry import directory_for, store_for

EVENT = "user:import"
BATCH = 500
"""People in one transaction."""
_TRIES = 3
"""How often a batch is tried in whose way somebody else creates a user of the same name."""
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done with a file."""

    name: str
    """Of the file, for the report and the audit log."""
    format: Format | None = None
    """None: as it looks."""
    source: Source = field(default_factory=Source)
    invite: bool | None = None
    """None: as the tenant does with those who come without a password."""
    again: bool = False
    """From the beginning, whatever was done before."""
    at_once: int = 0
    """People in one transaction; 0: `BATCH`."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a file is. All but `line` count people."""

    rows: int = 0
    line: int = 0
    """Where the last of them begins."""
    created: int = 0
    invited: int = 0
    hashed: int = 0
    """Created with the hash they had."""
    resets: int = 0
    """Of these, who must choose a new password before anything else."""
    refused: int = 0
    without: int = 0
    """Created without the password they had: it cannot be checked here."""
    aside: int = 0
    """Entries that are nobody to be imported."""
    remarks: int = 0
    """What was said of single people."""
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A file that was looked at: what it is, and how far an earlier import of it came."""

    wanted: Wanted
    format: Format
    id: UUID
    """Of the file with these options."""
    mark: Mark
    """Where to begin."""
    before: Mark
    """What the audit log says of it; the same, unless it is begun anew."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What the report says of one person. `kept`: she was created, only not with everything."""

    line: int
    name: str
    reason: str
    kept: bool = False


@dataclass(slots=True)
class _Candidate:
    row: Row
    new: NewUser
    standing: Standing
    password_hash: str = field(default="", repr=False)


def plan(house: House, by: Principal, stream: BinaryIO, wanted: Wanted) -> Plan:
    """Look at a file, and at what was done with it before. Raises NotPermitted, FeatureOff, Invalid (field file, or domain)."""
    by.must(USER_CREATE)
    policy = effective(house, by.tenant)
    if wanted.invite:
        onboarding.must_be_on(policy)
        if sending.is_external(policy, onboarding.scenario(policy, NOBODY)):
            raise _external()
    if wanted.source.domain:
        _must_be_ours(by, wanted.source.domain.upper())
    format = wanted.format or files.format_of(stream, wanted.name)
    own = _identity(stream, wanted, format)
    before = _last(by, own)
    return Plan(wanted, format, own, Mark() if wanted.again else before, before)


def run(
    house: House, by: Principal, stream: BinaryIO, plan: Plan, clock: Callable[[], datetime], remark: Callable[[list[Remark]], None]
) -> Iterator[Mark]:
    """Import the file from where `plan` says. After each transaction its mark; `remark` is told before that of whom it could not take.

    Raises Invalid (field file) where the file cannot be read on, Conflict if somebody else imports it, Unavailable. What was done stays.
    """
    mark, before = plan.mark, plan.before
    if mark.finished:
        return
    rows = files.read(stream, plan.format, plan.wanted.source, kind_of_users(by.tenant))
    for _ in islice(rows, mark.rows):
        pass
    with hot.roomy():
        for piece in batches(rows, plan.wanted.at_once or BATCH):
            policy = effective(house, by.tenant)
            good, remarks = _looked_at(house, by, piece, plan.wanted, policy)
            _hash(good)
            mark = before = _written(house, by, plan, policy, _Step(piece, good, remarks, mark, before), clock(), remark)
            yield mark
    mark = replace(mark, finished=True)
    with durable():
        _set(by, plan, mark, clock())
    yield mark


def look_through(house: House, by: Principal, stream: BinaryIO, plan: Plan, remark: Callable[[list[Remark]], None]) -> Iterator[Mark]:
    """What `run` would do from the beginning, as far as that can be known; nothing is written. Raises Invalid (field file)."""
    rows = files.read(stream, plan.format, plan.wanted.source, kind_of_users(by.tenant))
    mark, seen, policy = Mark(), set[int](), effective(house, by.tenant)
    for piece in batches(rows, BATCH):
        good, remarks = _looked_at(house, by, piece, plan.wanted, policy)
        free, more = _free(by, good, seen)
        seen |= {hash((one.new.name.domain, one.new.name.key)) for one in free}
        mark = _counted(mark, piece, free, [*remarks, *more])
        remark(sorted([*remarks, *more], key=lambda one: one.line))
        yield mark
    yield replace(mark, finished=True)


def _identity(stream: BinaryIO, wanted: Wanted, format: Format) -> UUID:
    """The same for the same content with the same options."""
    whole, source = hashlib.sha256(), wanted.source
    stream.seek(0)
    while block := stream.read(_BLOCK):
        whole.update(block)
    stream.seek(0)
    whole.update(repr((format, source.encoding, source.domain.upper(), source.digest, source.tenant, wanted.invite)).encode())
    return UUID(bytes=whole.digest()[:16])


def _last(by: Principal, own: UUID) -> Mark:
    found = AuditEntry.objects.within(by.tenant).filter(target_id=own, event=EVENT).order_by("-id").first()
    names = {item.name for item in fields(Mark)}
    return Mark(**{name: value for name, value in found.detail.items() if name in names}) if found else Mark()


def _set(by: Principal, plan: Plan, mark: Mark, now: datetime) -> None:
    told = {item.name: getattr(mark, item.name) for item in fields(Mark)}
    audit.record(by, EVENT, now, target=plan.wanted.name, target_id=plan.id, format=plan.format, **told)


def _looked_at(house: House, by: Principal, piece: Sequence[Row], wanted: Wanted, policy: Policy) -> tuple[list[_Candidate], list[Remark]]:
    """Who of these can be created, and what is to be said of the others."""
    good: list[_Candidate] = []
    remarks: list[Remark] = []
    ours: dict[str, str] = {}
    for row in piece:
        if row.aside:
            continue
        try:
            if row.new is None:
                raise Invalid(row.fault)
            domain = row.new.name.domain
            if domain not in ours:
                ours[domain] = _fault_of(by, domain)
            if ours[domain]:
                raise Invalid(ours[domain])
            good.append(_candidate(house, by, row, row.new, wanted, policy))
        except Refused as refusal:
            remarks.append(Remark(row.number, row.name, refusal.sentence))
        else:
            if row.note:
                remarks.append(Remark(row.number, row.name, f"Without a password: {row.note}.", kept=True))
    return good, remarks


def _candidate(house: House, by: Principal, row: Row, new: NewUser, wanted: Wanted, policy: Policy) -> _Candidate:
    """Raises whatever `users.create` would refuse it with."""
    first = split_username(house.config.super_admin.username)
    if (new.name.domain, new.name.key) == (first.domain, first.key) and bootstrap.is_due(house, by.tenant):
        raise Invalid("This is the name of the first administrator, who is made when the server starts for the first time.")
    if row.hashed or new.password is not None:
        new = replace(new, password=accepted(house, by.tenant, policy, new.name, new.password) if new.password is not None else "")
    elif wanted.invite is not None:
        new = replace(new, ask_password=wanted.invite and not new.disabled)
    external = sending.is_external(policy, onboarding.scenario(policy, new.profile))
    if external and new.ask_password:
        raise _external()
    ready, standing = users.ready(by, new, policy, anyway=wanted.invite is None and not external)
    if row.must_change and standing.has_password:
        standing = standing.reset_forced()
    return _Candidate(row, ready, standing, row.hashed)


def _external() -> Invalid:
    sentence = "Another system delivers this tenant's codes, each in its own answer. Import without invitations, then invite over SCIM."
    return Invalid(sentence, field="invite")


def _fault_of(by: Principal, domain: str) -> str:
    try:
        _must_be_ours(by, domain)
    except Invalid as refusal:
        return refusal.sentence
    return ""


def _must_be_ours(by: Principal, domain: str) -> None:
    store_for(by.tenant, domain)
    if directory_for(by.tenant, domain) is not None:
        raise Invalid(f"The users of {domain} are in a directory. Add them there; they are known here when they sign in.", field="domain")


def _hash(good: Sequence[_Candidate]) -> None:
    """The passwords that stand in the file itself: slow on purpose, so all processors help."""
    plain = [one for one in good if not one.password_hash and one.new.password]
    if plain:
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            for one, made in zip(plain, pool.map(hashing.make, [one.new.password or "" for one in plain]), strict=True):
                one.password_hash = made


@dataclass(frozen=True, slots=True)
class _Step:
    piece: Sequence[Row]
    good: Sequence[_Candidate]
    remarks: Sequence[Remark]
    mark: Mark
    before: Mark
    """What the audit log has to say before this step is written: else somebody else imports the file, too."""


def _written(
    house: House, by: Principal, plan: Plan, policy: Policy, step: _Step, now: datetime, remark: Callable[[list[Remark]], None]
) -> Mark:
    """A batch and its mark, together or not at all."""
    taken = Conflict("Somebody else created users of the same names all the time. Nothing of this batch was written; begin again.")
    for left in reversed(range(_TRIES)):
        try:
            with durable(taken=taken):
                if _last(by, plan.id) != step.before:
                    raise Conflict("Another process is importing this file with the same options. Wait for it, or stop it.")
                free, more = _free(by, step.good)
                with hot.gathered():
                    more += [found for one in free for found in _put(house, by, one, plan.wanted, policy, now)]
                    remarks = sorted([*step.remarks, *more], key=lambda one: one.line)
                    mark = _counted(step.mark, step.piece, free, remarks)
                    _set(by, plan, mark, now)
                remark(remarks)
            return mark
        except Conflict as refusal:
            if refusal is not taken or not left:
                raise
    raise taken


def _free(
    by: Principal, good: Sequence[_Candidate], seen: Collection[int] = frozenset()
) -> tuple[list[_Candidate], list[Remark]]:
    """Those whose names nobody has, here or further up among them. `seen`: hashes of names further up in the file."""
    taken = users.taken(by, [one.new.name for one in good]) if good else set()
    free: list[_Candidate] = []
    remarks: list[Remark] = []
    for one in good:
        key = (one.new.name.domain, one.new.name.key)
        if key in taken or hash(key) in seen:
            remarks.append(Remark(one.row.number, one.row.name, f"There is a user called {one.new.name} already."))
        else:
            taken.add(key)
            free.append(one)
    return free, remarks


def _put(house: House, by: Principal, one: _Candidate, wanted: Wanted, policy: Policy, now: datetime) -> list[Remark]:
    """The step that creates one of them, by the step that creates every user."""
    user = User(uuid4(), one.new.name, one.new.profile, one.standing, now, now)
    users.put(house, by, one.new, user, one.password_hash, policy, now)
    if one.standing.pending != "PENDING_FUPR" or not wanted.invite:
        return []
    try:
        resets.must_be_on(house)
        scenario = resets.scenario(policy, user.profile)
        sending.must_be_reachable(user.profile, scenario)
    except Refused as refusal:
        return [Remark(one.row.number, one.row.name, f"Must choose a new password and was not written to: {refusal.sentence}", kept=True)]
    sending.send_code(house, by, user, policy, scenario, now, special=AT_ONCE, again=False, event="reset:force")
    return []


def _counted(mark: Mark, piece: Sequence[Row], free: Sequence[_Candidate], remarks: Sequence[Remark]) -> Mark:
    noted = {one.row.number for one in free if one.row.note}
    return Mark(
        rows=mark.rows + len(piece),
        line=piece[-1].number,
        created=mark.created + len(free),
        invited=mark.invited + sum(one.new.ask_password for one in free),
        hashed=mark.hashed + sum(bool(one.row.hashed) for one in free),
        resets=mark.resets + sum(one.standing.pending == "PENDING_FUPR" for one in free),
        refused=mark.refused + sum(not one.kept for one in remarks),
        without=mark.without + len(noted),
        aside=mark.aside + sum(bool(row.aside) for row in piece),
        remarks=mark.remarks + len(remarks),
    )
