"""Work on many users: the question before it, the list of jobs, one job's page, its result as a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from django.core import signing
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from housekey.console import bulk
from housekey.console.listing import SIZE, Pager, expected, ids, page_number
from housekey.console.reasons import reason
from housekey.console.views.users import FILTERS
from housekey.core.errors import FeatureOff, Invalid
from housekey.core.jobs import MOST, Deed, JobRowView, JobView, RowState
from housekey.core.principal import CONSOLE, USER_CREATE, USER_LIST, Principal
from housekey.core.sheet import write
from housekey.operations import jobs, users
from housekey.operations.policies import effective
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

FIRST = 10
"""Names on the page that asks."""
NEWEST = 500
"""Jobs that the list goes back to."""
REFRESH = 5
"""Seconds between two looks of a browser without JavaScript at a job that is running."""
_SURE = timedelta(seconds=3)
"""A job that is younger says nothing about how long it will take."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who is meant: `ids`, or everybody whom the list shows under `status` and `search`."""

    ids: tuple[UUID, ...]
    every: bool
    status: str
    search: str

    @classmethod
    def of(cls, asked: QueryDict) -> Chosen:
        status = asked.get("status", "")
        return cls(tuple(ids(asked.getlist("id"), MOST + 1)), asked.get("all") == "yes", status if status in FILTERS else "",
                   asked.get("q", "").strip()[:200])

    def look(self, by: Principal) -> tuple[int, list[str]]:
        """How many they are now, and the first names."""
        if self.every:
            found = users.listing(by, status=self.status, search=self.search, limit=FIRST)
            return found.total, [str(user.name) for user in found.users]
        names = users.names(by, self.ids)
        return len(names), [str(names[row]) for row in self.ids if row in names][:FIRST]

    def start(self, by: Principal, deed: Deed) -> JobView:
        if self.every:
            return jobs.start_matching(house(), by, deed, self.status, self.search, now())
        return jobs.start(house(), by, deed, self.ids, now())


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, USER_LIST)
def many(request: Asked) -> HttpResponse:
    """GET asks, POST starts the job. A list that has grown since it was shown is shown again, for nobody else is meant (`expected`)."""
    asked = request.POST if request.method == "POST" else request.GET
    deed = cast(Deed, asked.get("deed", ""))
    if deed not in bulk.LISTED:
        raise Http404
    chosen = Chosen.of(asked)
    total, first = chosen.look(request.by)
    if request.method != "POST":
        return _ask(request, deed, chosen, total, first)
    if chosen.every and total > expected(asked):
        sentence = _("More users match by now. Look at the number again before you go on.")
        return _ask(request, deed, chosen, total, first, sentence, status=409)
    try:
        job = chosen.start(request.by, deed)
    except Invalid as refusal:
        setting = "console-onboarding" if isinstance(refusal, FeatureOff) else ""
        return _ask(request, deed, chosen, total, first, reason(refusal.sentence), setting, status=400)
    return see_other(reverse("console-job", args=[job.id]) + "?done=job-started")


def _ask(request: Asked, deed: Deed, chosen: Chosen, total: int, first: list[str], why: str = "", setting: str = "",
         *, status: int = 200) -> HttpResponse:
    back = QueryDict(mutable=True)
    back.update({key: value for key, value in (("status", chosen.status), ("q", chosen.search)) if value})
    hindered, changed_at = bulk.barred(house(), request.by, effective(house(), request.tenant), deed)
    return render(request, "console/many.html", {
        "deed": deed, "verb": bulk.VERBS[deed], "question": bulk.VERBS[deed].question(total) % {"n": f"{total:,}"}, "chosen": chosen,
        "total": total, "first": first, "rest": total - len(first), "why": why or hindered, "setting": setting or changed_at,
        "barred": bool(hindered) or not total, "back": reverse("console-users") + (f"?{back.urlencode()}" if back else ""),
    }, status=status)


@require_safe
@needs(CONSOLE, USER_LIST)
def listing(request: Asked) -> HttpResponse:
    pager_number, found = page_number(request.GET), jobs.listing(request.by, limit=NEWEST)
    pager = Pager(pager_number, len(found))
    rows = [{"job": job, "verb": bulk.VERBS[job.deed], "badge": bulk.badge(job)} for job in found[pager.offset : pager.offset + SIZE]]
    return render(request, "console/jobs.html", {
        "rows": rows, "pager": pager, "may_import": request.by.may(USER_CREATE), "days": jobs.KEEP.days,
    })


def _ready(job: JobView, moment: datetime) -> datetime | None:
    """When the rest will be done at the pace so far, if that can be told."""
    dealt = job.done if job.deed == "import" else job.done + job.failed
    if job.state != "running" or not dealt or moment - job.created < _SURE:
        return None
    return moment + (moment - job.created) / dealt * job.left


def _about(job: JobView) -> dict[str, object]:
    """What both the page and its moving part show."""
    return {
        "job": job, "verb": bulk.VERBS[job.deed], "badge": bulk.badge(job), "ready": _ready(job, now()),
        "tens": job.percent // 10 * 10, "running": job.state == "running",
    }


_KEPT: tuple[RowState, ...] = ("failed", "done", "waiting")


@require_safe
@needs(CONSOLE, USER_LIST)
def show(request: Asked, job_id: UUID) -> HttpResponse:
    """`?rows=` and `?page=` say which rows are shown. `?live=yes`: a script fetches what moves, so the page need not come anew.

    Raises NotFound, NotPermitted."""
    by, job, asked = request.by, jobs.get(request.by, job_id), request.GET
    counts: dict[RowState, int] = {"failed": job.failed, "done": job.done, "waiting": job.left}
    wanted = next((state for state in _KEPT if state == asked.get("rows")), None)
    if wanted is None and "rows" not in asked and job.state == "draft" and job.failed:
        wanted = "failed"
    pager = Pager(page_number(asked), counts[wanted] if wanted else job.total)
    rows = jobs.rows(by, job_id, state=wanted, offset=pager.offset, limit=SIZE)
    able = jobs.may(by, job.deed)
    response = render(request, "console/job.html", _about(job) | {
        "rows": [_row(job, row) for row in rows], "pager": pager, "wanted": wanted or "",
        "chips": [(state, bulk.ROWS[state], counts[state]) for state in _KEPT], "why": bulk.why_ended(job),
        "able": able, "told": read_note(job, asked.get("told", "")), "from_file": job.deed == "import",
        "begin": bulk.VERBS[job.deed].question(job.left) % {"n": f"{job.left:,}"} if job.state == "draft" else "",
    })
    if job.state == "running" and asked.get("live") != "yes":
        response["Refresh"] = str(REFRESH)
    return response


def _row(job: JobView, row: JobRowView) -> dict[str, object]:
    badge = bulk.ROWS[row.state]
    there = row.account_id is not None and not (job.deed == "delete" and row.state == "done")
    return {"it": row, "badge": badge, "why": reason(row.sentence),
            "link": reverse("console-user", args=[row.account_id]) if there else ""}


@require_safe
@needs(CONSOLE, USER_LIST)
def progress(request: Asked, job_id: UUID) -> HttpResponse:
    """The part of the page that moves, for a script. Raises NotFound, NotPermitted."""
    return render(request, "console/job_progress.html", _about(jobs.get(request.by, job_id)))


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, USER_LIST)
def stop(request: Asked, job_id: UUID) -> HttpResponse:
    """After a question. Raises NotFound, NotPermitted."""
    job = jobs.get(request.by, job_id)
    jobs.must(request.by, job.deed)
    page = reverse("console-job", args=[job_id])
    if request.method == "POST":
        jobs.stop(request.by, job_id, now())
        return see_other(page + "?done=job-stopped")
    if job.state not in {"draft", "running"}:
        return see_other(page)
    return render(request, "console/ask.html", {
        "name": bulk.VERBS[job.deed].title, "back": page, "action": reverse("console-stop-job", args=[job_id]), "danger": True,
        "question": _("Stop this job?"), "button": _("Stop"),
        "effect": _("What was done stays done. What was not reached stays as it is. A job that was stopped cannot go on; you can start a "
                    "new one for the rest."),
    })


@require_POST
@needs(CONSOLE, USER_CREATE)
def begin(request: Asked, job_id: UUID) -> HttpResponse:
    """Do what an import's dry run announced. Raises NotFound, NotPermitted, FeatureOff, Invalid."""
    page = reverse("console-job", args=[job_id])
    if jobs.get(request.by, job_id).state != "draft":
        return see_other(page)
    jobs.confirm(house(), request.by, job_id, now())
    return see_other(page + "?done=job-started")


@require_safe
@needs(CONSOLE, USER_LIST)
def download(request: Asked, job_id: UUID, part: str) -> HttpResponse:
    """`result`: every row; `failed`: what could not be done, and why. Raises NotFound, NotPermitted."""
    job, failed = jobs.get(request.by, job_id), part == "failed"
    number = _("Line") if job.deed == "import" else _("Number")
    found = jobs.rows(request.by, job_id, state="failed" if failed else None)
    if failed:
        lines = write([number, _("Username"), _("Reason")], ([str(row.number), row.subject, reason(row.sentence)] for row in found))
    else:
        heading = [number, _("Username"), _("Status"), _("Reason")]
        lines = write(heading, ([str(row.number), row.subject, str(bulk.ROWS[row.state].word), reason(row.sentence)] for row in found))
    # The mark tells spreadsheets that this is UTF-8.
    return csv_file("\ufeff" + "".join(lines), f"{job.deed}-{part}-{job.created:%Y-%m-%d}.csv")


def csv_file(text: str, name: str) -> HttpResponse:
    """An answer that browsers save under `name`, which holds no quotation marks."""
    response = HttpResponse(text.encode(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def note(job: JobView, ignored: tuple[str, ...], encoding: str) -> str:
    """What was noticed about a file, to travel in the address of the job's page. Signed: nobody else puts words on that page."""
    return signing.dumps({"ignored": list(ignored), "encoding": encoding}, salt=f"import {job.id}", compress=True)


def read_note(job: JobView, text: str) -> dict[str, object]:
    """What `note` wrote for this job; nothing for anything else."""
    try:
        found = signing.loads(text, salt=f"import {job.id}") if text else {}
    except signing.BadSignature:
        return {}
    return found if isinstance(found, dict) else {}
