"""The audit log: searched, read as sentences, and taken away as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.formats import number_format
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from housekey.console.events import EVERY, OF_THE_SERVER
from housekey.core.principal import AUDIT_VIEW, CONSOLE, USER_LIST, USER_VIEW, Principal
from housekey.core.sheet import write
from housekey.operations import audit, users
from housekey.operations.audit import MOST_EXPORTED, OUTCOMES, AuditView, Sought
from housekey.web.events import Told, sentences
from housekey.web.forms import Words
from housekey.web.guards import needs
from housekey.web.house import now
from housekey.web.request import Asked

SIZE = 50
USUAL = timedelta(days=30)
"""How far the page looks back where nobody says: whoever looks for a rare thing in a log of years says so."""
COLUMNS = ("time", "actor", "event", "sentence", "target", "target_id", "outcome", "network", "detail")
"""The heading of the file. Stable names, since programs read it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the log. `user_id`: the target is a user who still exists and may be looked at."""

    told: Told
    entry: AuditView
    details: tuple[tuple[str, str], ...]
    user_id: UUID | None


@dataclass(frozen=True, slots=True)
class Asking:
    """The form as it was filled in: `since` and `until` are days (UTC) as `2026-11-21`, both included."""

    sought: Sought
    since: str
    until: str

    @classmethod
    def of(cls, asked: QueryDict, moment: datetime) -> Asking:
        """What cannot be a day counts as none."""
        first = _day(asked.get("from", "")) if "from" in asked else moment.astimezone(UTC).date() - USUAL
        last = _day(asked.get("to", ""))
        outcome = asked.get("outcome", "")
        sought = Sought(
            event=asked.get("event", "").strip()[:80], person=asked.get("who", "").strip()[:200],
            network=asked.get("network", "").strip()[:64], outcome=outcome if outcome in OUTCOMES else "",
            since=datetime.combine(first, time(), UTC) if first else None,
            until=datetime.combine(last, time(), UTC) + timedelta(days=1) if last else None,
        )
        return cls(sought, first.isoformat() if first else "", last.isoformat() if last else "")

    @property
    def narrowed(self) -> bool:
        """Is anything but the time asked for?"""
        return bool(self.sought.event or self.sought.person or self.sought.network or self.sought.outcome)


def _day(text: str) -> date | None:
    """A day from 1970 to 9998: one more of them can be added."""
    try:
        found = date.fromisoformat(text[:10])
    except ValueError:
        return None
    return found if 1970 <= found.year <= 9998 else None


@require_safe
@needs(CONSOLE, AUDIT_VIEW)
def listing(request: Asked) -> HttpResponse:
    """`?event=`, `?who=`, `?network=`, `?outcome=`, `?from=`, `?to=` and `?before=` are the whole state of the page."""
    asking = Asking.of(request.GET, now())
    found = audit.search(request.by, asking.sought, before=request.GET.get("before", ""), limit=SIZE)
    return render(request, "console/audit.html", {
        "rows": _rows(request.by, found.rows), "older": found.older, "asking": asking, "events": _events(asking.sought.event),
        "outcomes": (("done", _("done")), ("refused", _("refused"))), "newest": "before" not in request.GET,
        "most": number_format(MOST_EXPORTED, force_grouping=True),
    })


def _events(chosen: str) -> list[tuple[str, Words]]:
    """What can be chosen, by its words."""
    known = sorted(((name, words) for name, (_icon, words) in EVERY.items()), key=lambda pair: str(pair[1]).casefold())
    other: list[tuple[str, Words]] = [(chosen, chosen)] if chosen and chosen not in EVERY else []
    return [*known, *other]


def _rows(by: Principal, entries: list[AuditView]) -> list[Row]:
    targets = {entry.target_id for entry in entries if entry.target_id}
    known = users.names(by, list(targets)) if targets and by.may(USER_LIST) and by.may(USER_VIEW) else {}
    return [Row(told, entry, _details(entry), entry.target_id if entry.target_id in known else None)
            for told, entry in zip(sentences(entries, OF_THE_SERVER), entries, strict=True)]


def _details(entry: AuditView) -> tuple[tuple[str, str], ...]:
    """What the log holds beside the sentence, by its stable names."""
    detail = [(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) for name, value in entry.detail.items()]
    return (("event", entry.event), *(([("id", str(entry.target_id))]) if entry.target_id else ()), *detail)


@require_safe
@needs(CONSOLE, AUDIT_VIEW)
def export(request: Asked) -> HttpResponseBase:
    """What the page shows, all of it, as CSV: each cell a text to whatever program opens it (A-117)."""
    moment = now()
    entries = audit.export(request.by, Asking.of(request.GET, moment).sought, moment)
    lines = write(COLUMNS, _cells(entries, get_language() or "en"))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{moment:%Y-%m-%d}.csv"'
    return response


def _cells(entries: Iterator[AuditView], language: str) -> Iterator[list[str]]:
    """Written while it is sent, when the language of the request is no longer in force."""
    for entry in entries:
        with override(language):
            sentence = sentences([entry], OF_THE_SERVER)[0].sentence
        detail = json.dumps(entry.detail, ensure_ascii=False) if entry.detail else ""
        yield [entry.at.astimezone(UTC).isoformat(timespec="seconds"), entry.actor, entry.event, sentence, entry.target,
               str(entry.target_id or ""), entry.outcome, entry.network, detail]
