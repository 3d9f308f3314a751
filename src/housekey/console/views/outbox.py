"""The outbox: what is waiting, what went out, what failed and why."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.policy import SMTP
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from housekey.console import states
from housekey.console.listing import SIZE, Pager, page_number
from housekey.core.errors import Invalid
from housekey.core.messages import SMS
from housekey.core.principal import CONSOLE, OUTBOX_UPDATE, OUTBOX_VIEW
from housekey.operations import outbox
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

_LINK = re.compile(r"https?://[^\s<>\"]+")


@require_safe
@needs(CONSOLE, OUTBOX_VIEW)
def listing(request: Asked) -> HttpResponse:
    state, number = request.GET.get("state", ""), page_number(request.GET)
    state = state if state in states.MESSAGES else ""
    found = outbox.listing(request.by, state=state, offset=(number - 1) * SIZE, limit=SIZE)
    rows = [{"it": row, "badge": states.of_message(row.state, row.channel), "kind": states.KINDS.get(row.kind, row.kind),
             "sms": row.channel == SMS} for row in found.rows]
    return render(request, "console/outbox.html", {
        "rows": rows, "pager": Pager(number, found.total), "state": state, "states": states.MESSAGES,
        "mail": house().config.email.configured, "some_sms": any(row["sms"] for row in rows), "gateway": house().config.sms.configured,
    })


def _page(request: Asked, message_id: UUID, refusal: str = "", status: int = 200) -> HttpResponse:
    it = outbox.get(house(), request.by, message_id)
    return render(request, "console/message.html", {
        "may_send": it.state == "failed" or (it.state == "kept" and it.server), "sms": it.channel == SMS,
        "it": it, "badge": states.of_message(it.state, it.channel), "kind": states.KINDS.get(it.kind, it.kind), "refusal": refusal,
        "links": list(dict.fromkeys(_LINK.findall(it.text))), "may_change": request.by.may(OUTBOX_UPDATE),
        "tries": [{"at": at, "outcome": states.outcome(outcome, it.channel), "good": outcome in {"sent", "kept"}, "detail": detail}
                  for at, outcome, detail in it.tries],
    }, status=status)


@require_safe
@needs(CONSOLE, OUTBOX_VIEW)
def show(request: Asked, message_id: UUID) -> HttpResponse:
    return _page(request, message_id)


@require_safe
@needs(CONSOLE, OUTBOX_VIEW)
def download(request: Asked, message_id: UUID) -> HttpResponse:
    """The message as a file that any mail program opens, a text message as plain text. Never shown inline: the HTML part is not for
    this site's pages."""
    it = outbox.get(house(), request.by, message_id)
    if it.channel == SMS:
        return _file(it.text.encode(), "text/plain; charset=utf-8", f"{it.kind}-{it.id}.txt")
    letter = EmailMessage(policy=SMTP)
    letter["To"], letter["Subject"] = it.recipient, it.subject
    letter.set_content(it.text)
    if it.html:
        letter.add_alternative(it.html, subtype="html")
    return _file(letter.as_bytes(), "message/rfc822", f"{it.kind}-{it.id}.eml")


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_POST
@needs(CONSOLE, OUTBOX_UPDATE)
def act(request: Asked, message_id: UUID, verb: str) -> HttpResponse:
    """redrive or withdraw; a message that moved on meanwhile is shown as it is now, with the reason."""
    try:
        if verb == "redrive":
            outbox.redrive(request.by, message_id, now())
        elif verb == "withdraw":
            outbox.withdraw(request.by, message_id, now())
        else:
            raise Http404
    except Invalid as refusal:
        return _page(request, message_id, _(refusal.sentence), 400)
    return see_other(reverse("console-message", args=[message_id]) + ("?done=redriven" if verb == "redrive" else "?done=withdrawn"))
