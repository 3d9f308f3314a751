"""One user's story as one list: what was done, queued, sent or not delivered, opened and set, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from housekey.console import states
from housekey.core.scenario import of
from housekey.core.users import Invitation
from housekey.operations.insights import Issued, Reminder, Story
from housekey.web.events import sentences
from housekey.web.templatetags.ui import relative

ENDED = {"superseded", "exhausted", "revoked"}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of `ui/timeline.html`. `lines` stand below it; `address` and `link` lead to where more is told."""

    at: datetime
    icon: str
    tone: str
    sentence: str
    lines: tuple[str, ...] = ()
    address: str = ""
    link: str = ""


def told(story: Story, present: datetime, *, messages: bool) -> list[Moment]:
    """Newest first. `messages`: the reader may open messages of the outbox."""
    found = [
        Moment(event.at, event.icon, event.tone, event.sentence,
               (" · ".join(filter(None, (event.about, _("by %(name)s") % {"name": event.actor}, event.network))),))
        for event in sentences(story.events)
    ]
    # What was done and what followed from it may carry the same time: the sort is stable and keeps causes below their effects.
    lived = [moment for issued in story.issued for moment in reversed(list(_life(issued, present, messages=messages)))]
    return sorted([*lived, *found], key=lambda moment: moment.at, reverse=True)


def _life(issued: Issued, present: datetime, *, messages: bool) -> Iterator[Moment]:
    """One code, oldest first."""
    it = issued.it
    what, to = _what(it), ((_("to %(to)s") % {"to": it.recipient},) if it.recipient else ())
    address = reverse("console-message", args=[issued.message_id]) if issued.message_id and messages else ""
    if issued.queued:
        yield Moment(issued.queued, "outbox", "", _("Message queued"), (what, *to), address, _("Open the message") if address else "")
    elif it.recipient:
        yield Moment(it.issued, "plug", "", _("Left to another system to deliver"), (what, *to))
    for number, one in enumerate(issued.tries, 1):
        good = one.outcome in {"sent", "kept"}
        lines = (one.detail,) if one.detail and not good else to if good else ()
        again = (_("Attempt %(n)s") % {"n": number},) if number > 1 else ()
        sentence = str(states.outcome(one.outcome, it.channel))
        yield Moment(one.at, "done" if good else "failed", "good" if good else "bad", sentence, (*again, *lines))
    if it.opened:
        otp = of(it.scenario).otp
        yield Moment(it.opened, "key" if otp else "mail-open", "", _("Code typed in") if otp else _("Link opened"),
                     (what, *(() if otp else (_("Opened may also mean: looked at by a mail scanner."),))))
    for reminder in issued.reminders:
        yield from _reminder(reminder, it.channel, present, messages=messages)
    yield from _end(it, what, present)


def _reminder(one: Reminder, channel: str, present: datetime, *, messages: bool) -> Iterator[Moment]:
    """A message of its own: what is planned, what became of it."""
    address = reverse("console-message", args=[one.message_id]) if messages else ""
    link, goes_out = _("Open the message") if address else "", (_("goes out %s") % relative(one.due, present),)
    yield Moment(one.queued, "clock", "", _("Reminder queued"), goes_out if one.state == "queued" else (), address, link)
    for tried in one.tries:
        good = tried.outcome in {"sent", "kept"}
        yield Moment(tried.at, "done" if good else "failed", "good" if good else "bad",
                     _("Reminder: %s") % states.outcome(tried.outcome, channel), (tried.detail,) if tried.detail and not good else ())
    if one.state == "withdrawn" and one.finished:
        yield Moment(one.finished, "off", "", _("Reminder withdrawn"))


def _end(it: Invitation, what: str, present: datetime) -> Iterator[Moment]:
    if it.state == "redeemed" and it.ended:
        yield Moment(it.ended, "done", "good", str(states.of_invitation(it).word), (what,))
    elif it.state in ENDED and it.ended:
        badge = states.of_invitation(it)
        tries = (ngettext("%(n)s wrong try", "%(n)s wrong tries", it.tries) % {"n": it.tries},) if it.tries else ()
        yield Moment(it.ended, badge.icon, badge.tone, str(badge.word), (what, *tries))
    elif it.expires and it.expires <= present:
        yield Moment(it.expires, "clock", "bad", _("Expired"), (what,))


def _what(it: Invitation) -> str:
    scenario = of(it.scenario)
    purpose = str(states.PURPOSES[scenario.purpose])
    return purpose if scenario.purpose == "age" else f"{purpose}, {states.METHODS[scenario.method]}"
