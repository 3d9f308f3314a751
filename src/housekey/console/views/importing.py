"""Add several users at once: a table of people is looked through first, and nobody is created before somebody says so."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from housekey.console import bulk
from housekey.console.reasons import reason
from housekey.console.views.jobs import csv_file, note
from housekey.core.decoding import decoded
from housekey.core.errors import Invalid
from housekey.core.principal import CONSOLE, GOVERNANCE_VIEW, USER_CREATE, USER_LIST
from housekey.core.sheet import COLUMNS, MOST_ROWS, write
from housekey.operations import jobs
from housekey.operations.policies import effective
from housekey.web.forms import Field, Form, Words
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

MEANINGS: dict[str, Words] = {
    "username": gettext_lazy("What the user signs in with. Without it, the e-mail address is taken."),
    "givenname": gettext_lazy("First Name"),
    "familyname": gettext_lazy("Last Name"),
    "email": gettext_lazy("Invitations and notices go to this address."),
    "mobile": gettext_lazy("With the country code, such as +49 151 12345678."),
    "locale": gettext_lazy("The language of messages, such as en or de."),
    "externalid": gettext_lazy("The id that another system has for the user."),
    "title": gettext_lazy("Job title"),
    "department": gettext_lazy("Department"),
    "organization": gettext_lazy("Organisation"),
    "employeenumber": gettext_lazy("Employee number"),
}
SAMPLE = (
    ("username", "givenname", "familyname", "email", "mobile", "locale"),
    (("jane", "Jane", "Doe", "jane@example.com", "", "en"), ("mehmet", "Mehmet", "Öztürk", "mehmet@example.com", "+4915112345678", "de")),
)


def _columns() -> Iterator[dict[str, object]]:
    """Each column, its meaning, and the other headings that are taken for it."""
    for name, meaning in MEANINGS.items():
        yield {"name": name, "meaning": meaning, "others": [title for title, column in COLUMNS.items() if column == name and title != name]}


def _form(data: dict[str, str] | None = None) -> Form:
    return Form([Field("file", gettext_lazy("CSV file")), Field("text", gettext_lazy("Or paste the table here"))], data)


def _content(request: Asked, form: Form) -> tuple[str, str, str]:
    """The text, the name of its file and its encoding (both empty for what was pasted). Raises Invalid."""
    file = request.FILES.get("file")
    if file is not None and (file.name or file.size):
        text, encoding = decoded(file.read())
        return text, (file.name or "")[:200], encoding
    if not form.text("text"):
        raise Invalid("Choose a file, or paste a table.", field="file")
    return request.POST.get("text", ""), "", ""


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, USER_LIST, USER_CREATE)
def start(request: Asked) -> HttpResponse:
    """POST looks a table through and shows what it would come to."""
    form = _form(request.POST.dict() if request.method == "POST" else None)
    if request.method == "POST":
        try:
            text, name, encoding = _content(request, form)
            job, sheet = jobs.draft(house(), request.by, text, name, now())
            return see_other(reverse("console-job", args=[job.id]) + f"?told={note(job, sheet.ignored, encoding)}")
        except Invalid as refusal:
            form.fail("text" if refusal.field in {"file", "ids"} and not request.FILES and form.text("text") else
                      "file" if refusal.field in {"file", "ids"} else "", reason(refusal.sentence))
    why, setting = bulk.barred(house(), request.by, effective(house(), request.tenant), "import")
    most = house().config.limits.body
    return render(request, "console/import.html", {
        "form": form, "columns": list(_columns()), "why": why, "setting": setting, "may_settings": request.by.may(GOVERNANCE_VIEW),
        "size": filesizeformat(most), "most": most - most // 64, "people": f"{MOST_ROWS:,}",
    }, status=400 if form.failed else 200)


@require_safe
@needs(CONSOLE, USER_CREATE)
def sample(request: Asked) -> HttpResponse:  # noqa: ARG001 - the same for everybody
    return csv_file("\ufeff" + "".join(write(*SAMPLE)), "people.csv")
