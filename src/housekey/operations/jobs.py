"""Work on many users in the background: start it, watch it, stop it. `job_worker` does it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from housekey.conf.house import House
from housekey.core.batches import batches
from housekey.core.errors import Invalid, NotFound
from housekey.core.jobs import MOST, Deed, JobRowView, JobState, JobView, RowState, Target
from housekey.core.principal import CODE_CREATE, CODE_DELETE, CONSOLE, USER_CREATE, USER_DELETE, USER_LIST, USER_UPDATE, Principal
from housekey.core.sheet import Sheet, read
from housekey.core.users import NOBODY
from housekey.operations import audit, importing, onboarding, sending, users
from housekey.operations.policies import effective
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Job, JobRow

NEEDS: dict[Deed, tuple[str, ...]] = {
    "invite": (CODE_CREATE,), "force-reset": (CODE_CREATE, USER_UPDATE), "lock": (USER_UPDATE,), "unlock": (USER_UPDATE,),
    "disable": (USER_UPDATE,), "enable": (USER_UPDATE,), "delete": (USER_DELETE,), "import": (USER_CREATE,), "revoke": (CODE_DELETE,),
    "extend": (CODE_CREATE,),
}
"""The permissions of which any is enough for a deed, as it is for the same deed on one user."""
KEEP = timedelta(days=30)
KEEP_DRAFT = timedelta(days=1)
WRITTEN_AT_ONCE = 500

bell = threading.Event()
"""Rung when this process started a job."""


def may(by: Principal, deed: Deed) -> bool:
    return any(by.may(permission) for permission in NEEDS[deed])


def must(by: Principal, deed: Deed) -> None:
    """Raises NotPermitted."""
    if not may(by, deed):
        by.must(NEEDS[deed][0])


def start(
    house: House, by: Principal, deed: Deed, ids: Sequence[UUID], now: datetime, *, given: dict[str, object] | None = None
) -> JobView:
    """Do it to these users, in this order; `given`: what the deed takes beside them, the same for each (`minutes` for extend).

    Raises NotPermitted, Invalid (none, too many, nothing that can be done to many).
    """
    _must(house, by, deed)
    if len(ids) > MOST:
        raise Invalid(f"At most {MOST} users at once.", field="ids")
    names = {row: name for piece in batches(ids, WRITTEN_AT_ONCE) for row, name in users.names(by, piece).items()}
    return _begin(by, deed, [Target(str(names[row]), row, input=given) for row in dict.fromkeys(ids) if row in names], "running", now)


def start_matching(house: House, by: Principal, deed: Deed, status: str, search: str, now: datetime) -> JobView:
    """Do it to everybody whom the list of users shows under this status and search."""
    _must(house, by, deed)
    found = users.matching(by, status=status, search=search, most=MOST + 1)
    return start(house, by, deed, found, now)


def draft(house: House, by: Principal, text: str, file: str, now: datetime) -> tuple[JobView, Sheet]:
    """A dry run of an import: what each line of a CSV text would come to. Nothing is created before `confirm`.

    Raises NotPermitted, FeatureOff (nobody can be invited), Invalid (field file) for what is no table of people.
    """
    _must(house, by, "import")
    sheet = read(text)
    return _begin(by, "import", importing.look_through(house, by, sheet), "draft", now, file), sheet


def confirm(house: House, by: Principal, job_id: UUID, now: datetime) -> JobView:
    """Begin a draft: from here on it is the job of whoever says so. Raises NotFound, NotPermitted, Invalid if it has begun."""
    _must(house, by, "import")
    starter = _starter(by)
    with durable():
        job = _hold(by, job_id)
        if job.state != "draft":
            raise Invalid("This import has begun already.", field="state")
        job.state, job.created, job.account_id, job.by, job.network = "running", now, starter, by.name[:300], by.network
        job.save(update_fields=["state", "created", "account_id", "by", "network"])
        audit.record(by, "job:start", now, target=job.deed, job=str(job.id), users=job.total)
    bell.set()
    return _view(job)


def _must(house: House, by: Principal, deed: Deed) -> None:
    """Raises NotPermitted; Invalid where every answer would be a code to hand over, of which nobody would see any."""
    by.must(CONSOLE)
    must(by, deed)
    if deed in {"invite", "import"}:
        policy = effective(house, by.tenant)
        onboarding.must_be_on(policy)
        if sending.is_external(policy, onboarding.scenario(policy, NOBODY)):
            sentence = "Another system delivers this tenant's codes, each in its own answer. Invite these users over SCIM."
            raise Invalid(sentence, field="deed")


def _begin(by: Principal, deed: Deed, targets: Sequence[Target], state: JobState, now: datetime, file: str = "") -> JobView:
    if not targets:
        raise Invalid("There is nobody to do this to.", field="ids")
    if len(targets) > MOST:
        raise Invalid(f"At most {MOST} users at once.", field="ids")
    starter = _starter(by)
    failed = sum(1 for target in targets if target.refused)
    with durable():
        job = Job(tenant_id=by.tenant.id, deed=deed, state=state, account_id=starter, by=by.name[:300], network=by.network,
                  file=file[:200], total=len(targets), failed=failed, created=now)
        hot.insert(job)
        JobRow.objects.bulk_create(
            (_new_row(by, job, target, number) for number, target in enumerate(targets, 1)), batch_size=WRITTEN_AT_ONCE
        )
        if state == "running":
            audit.record(by, "job:start", now, target=deed, job=str(job.id), users=job.total)
    bell.set()
    return _view(job)


def _starter(by: Principal) -> UUID:
    """The account whose rights every row takes. Raises Invalid."""
    if by.account_id is None:
        raise Invalid("Only a signed-in person can start this.", field="deed")
    return by.account_id


def _new_row(by: Principal, job: Job, target: Target, number: int) -> JobRow:
    return JobRow(
        tenant_id=by.tenant.id, job=job, number=target.number or number, subject=target.subject[:400], target=target.id,
        input={} if target.refused else target.input or {}, state="failed" if target.refused else "waiting", sentence=target.refused[:500],
    )


def listing(by: Principal, *, limit: int = 50, running: bool = False) -> list[JobView]:
    """The newest first, or only those that are running. Raises NotPermitted."""
    by.must(USER_LIST)
    found = Job.objects.within(by.tenant)
    return [_view(job) for job in (found.filter(state="running") if running else found).order_by("-created")[:limit]]


def get(by: Principal, job_id: UUID) -> JobView:
    """Raises NotFound, NotPermitted."""
    by.must(USER_LIST)
    return _view(_found(Job.objects.within(by.tenant).filter(id=job_id).first(), job_id))


def rows(by: Principal, job_id: UUID, *, state: RowState | None = None, offset: int = 0, limit: int = MOST) -> list[JobRowView]:
    """In the order of the list or file. Raises NotFound, NotPermitted."""
    get(by, job_id)
    found = JobRow.objects.within(by.tenant).filter(job_id=job_id)
    found = found.filter(state=state) if state else found
    return [
        JobRowView(row.number, row.subject, cast(RowState, row.state), row.sentence, row.target)
        for row in found.order_by("number")[offset : offset + limit]
    ]


def stop(by: Principal, job_id: UUID, now: datetime) -> JobView:
    """What was not reached stays undone. Raises NotFound, NotPermitted."""
    by.must(CONSOLE)
    with durable():
        job = _hold(by, job_id)
        must(by, deed_of(job))
        if job.state in {"draft", "running"}:
            end(job, "stopped", now, f"{by.name} stopped it.")
            audit.record(by, "job:stop", now, target=job.deed, job=str(job.id), left=job.total - job.done - job.failed)
    return _view(job)


def deed_of(job: Job) -> Deed:
    return cast(Deed, job.deed)


def _hold(by: Principal, job_id: UUID) -> Job:
    return _found(Job.objects.within(by.tenant).select_for_update().filter(id=job_id).first(), job_id)


def _found(job: Job | None, job_id: UUID) -> Job:
    if job is None:
        raise NotFound(f"There is no job with the id {job_id}.")
    return job


def _view(job: Job) -> JobView:
    state = cast(JobState, job.state)
    return JobView(
        job.id, deed_of(job), state, job.by, job.total, job.done, job.failed, job.created, job.ended, job.why, job.file
    )


def end(job: Job, state: JobState, now: datetime, why: str) -> None:
    """A step inside a transaction that holds the job."""
    job.state, job.ended, job.why, job.leased_until = state, now, why[:300], None
    job.save(update_fields=["state", "ended", "why", "leased_until"])
    if state == "stopped":
        JobRow.objects.within(job.tenant_id).filter(job=job, state="waiting").update(input={})


def sweep(now: datetime) -> None:
    """Forget what is over for a month, and drafts that nobody began within a day."""
    every = Job.objects.across_tenants("what is over is deleted in all tenants")
    every.filter(ended__lt=now - KEEP).delete()
    every.filter(state="draft", created__lt=now - KEEP_DRAFT).delete()
