"""The outbox: what is waiting, what went out, what failed and why."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import TypedDict
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from housekey.console import states
from housekey.console.listing import SIZE, Pager, ids, page_number
from housekey.core.errors import Invalid
from housekey.core.messages import CHANNELS, EMAIL, SMS
from housekey.core.principal import CONSOLE, OUTBOX_UPDATE, OUTBOX_VIEW
from housekey.operations import outbox
from housekey.operations.outbox import MessageView
from housekey.web.forms import Words
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

FIRST = 10
"""Messages named on the page that asks."""
_LINK = re.compile(r"https?://[^\s<>\"]+")


@require_safe
@needs(CONSOLE, OUTBOX_VIEW)
def listing(request: Asked) -> HttpResponse:
    """`?state=`, `?channel=`, `?kind=`, `?q=` and `?page=` are the whole state of the list; `?ticked=page` ticks all on the page."""
    asked, number = request.GET, page_number(request.GET)
    wanted = _wanted(asked)
    found = outbox.listing(request.by, **wanted, offset=(number - 1) * SIZE, limit=SIZE)
    rows = [{"it": row, "badge": states.of_message(row.state, row.channel), "kind": _kind(row),
             "sms": row.channel == SMS, "last": _tried(row)} for row in found.rows]
    return render(request, "console/outbox.html", {
        "rows": rows, "pager": Pager(number, found.total), "wanted": wanted, "states": states.MESSAGES, "kinds": _kinds(wanted["kind"]),
        "mail": outbox.has_server(house(), request.tenant, EMAIL), "some_sms": any(row["sms"] for row in rows),
        "gateway": outbox.has_server(house(), request.tenant, SMS),
        "may_change": request.by.may(OUTBOX_UPDATE), "filtered": any(wanted.values()), "ticked": asked.get("ticked") == "page",
        "meaning": states.MESSAGES[wanted["state"]].sentence if wanted["state"] else "",
    })


class Wanted(TypedDict):
    """What the list shows; empty means all."""

    state: str
    channel: str
    kind: str
    search: str


def _wanted(asked: QueryDict) -> Wanted:
    state, channel = asked.get("state", ""), asked.get("channel", "")
    return Wanted(
        state=state if state in states.MESSAGES else "", channel=channel if channel in CHANNELS else "",
        kind=asked.get("kind", "").strip()[:60], search=asked.get("q", "").strip()[:200],
    )


def _kinds(chosen: str) -> list[tuple[str, Words]]:
    """Each kind with its words; two channels may have the same words, so the name tells them apart."""
    known = [(name, states.KINDS[name]) for name in states.KINDS]
    return known if chosen in {"", *states.KINDS} else [*known, (chosen, chosen)]


def _kind(it: MessageView) -> str:
    kind = str(states.KINDS.get(it.kind, it.kind))
    return _("Reminder: %s") % kind if it.reminder else kind


def _tried(it: MessageView) -> tuple[datetime, Words] | None:
    """When it was tried last, and how that went."""
    return (it.tries[-1][0], states.outcome(it.tries[-1][1], it.channel)) if it.tries else None


QUESTIONS: dict[str, tuple[Callable[[int], str], Words, Words, str]] = {
    "redrive": (lambda n: ngettext("Send %(n)s message again?", "Send %(n)s messages again?", n),
                gettext_lazy("They are queued anew and tried from the beginning. Only messages that failed, or were kept here, can be sent "
                             "again; the others are left alone."), gettext_lazy("Send again"), "redriven-many"),
    "withdraw": (lambda n: ngettext("Withdraw %(n)s message?", "Withdraw %(n)s messages?", n),
                 gettext_lazy("What has not been sent yet is taken back and never sent. What is on its way or was sent stays as it is."),
                 gettext_lazy("Withdraw"), "withdrawn-many"),
}
"""The question about so many messages, what will happen, the button, and what is said afterwards."""


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, OUTBOX_VIEW, OUTBOX_UPDATE)
def many(request: Asked) -> HttpResponse:
    """GET asks about the messages that were ticked, POST moves them; those that could not be moved are listed with the reason."""
    asked = request.POST if request.method == "POST" else request.GET
    verb = asked.get("verb", "")
    if verb not in QUESTIONS:
        raise Http404
    found = outbox.chosen(request.by, ids(asked.getlist("id"), outbox.MOST))
    back = reverse("console-outbox") + (f"?{urlencode(kept)}" if (kept := _kept(asked)) else "")
    if request.method != "POST":
        return _ask(request, verb, found, kept, back)
    moved = outbox.move_many(request.by, "redrive" if verb == "redrive" else "withdraw", [row.id for row in found], now())
    if moved.refused or not found:
        left = [f"{recipient}: {_(sentence)}" for recipient, sentence in moved.refused]
        return render(request, "console/moved.html", {"done": moved.done, "left": left, "back": back}, status=200 if moved.done else 400)
    return see_other(f"{back}{'&' if kept else '?'}done={QUESTIONS[verb][3]}")


def _kept(asked: QueryDict) -> list[tuple[str, str]]:
    """The filters of the list, to come back to it."""
    wanted = _wanted(asked)
    pairs = (("state", wanted["state"]), ("channel", wanted["channel"]), ("kind", wanted["kind"]), ("q", wanted["search"]))
    return [pair for pair in pairs if pair[1]]


def _ask(request: Asked, verb: str, found: list[MessageView], kept: list[tuple[str, str]], back: str) -> HttpResponse:
    question, effect, button, _said = QUESTIONS[verb]
    shown = found[:FIRST]
    names = [" · ".join([_kind(row), row.recipient, str(states.of_message(row.state, row.channel).word)])
             for row in shown]
    return render(request, "console/sure.html", {
        "question": question(len(found)) % {"n": len(found)}, "effects": [effect], "names": names, "rest": len(found) - len(shown),
        "barred": not found, "hidden": [("verb", verb), *kept, *(("id", str(row.id)) for row in found)], "form": None,
        "action": reverse("console-many-messages"), "button": button, "danger": verb == "withdraw", "back": back, "above": _("Outbox"),
        "nobody": "" if found else _("Nothing was chosen. Tick a message in the list first."),
    })


def _page(request: Asked, message_id: UUID, refusal: str = "", status: int = 200) -> HttpResponse:
    it = outbox.get(house(), request.by, message_id)
    return render(request, "console/message.html", {
        "may_send": it.state == "failed" or (it.state == "kept" and it.server), "sms": it.channel == SMS,
        "it": it, "badge": states.of_message(it.state, it.channel), "kind": _kind(it), "refusal": refusal,
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
