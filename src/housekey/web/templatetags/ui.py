"""The components that templates are made of: icons, badges, times, fields, rule lists.

Loaded as built-in, so no template needs `{% load ui %}`. Tags used per table row return text themselves: an include per row
costs more than the row.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from django import template
from django.conf import settings
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from housekey.web.forms import Form, Words
from housekey.web.house import now

register = template.Library()

STATIC = Path(__file__).parents[1] / "static"
_SVG = "{http://www.w3.org/2000/svg}"
_RULE_LIMIT = re.compile(r"\d+")
_POINTING = {"back", "leave", "next"}
"""Icons that point along the line of reading, and turn round where it runs from right to left."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A state: its word, its tone (good, warn, bad, info or ""), its icon and one sentence that says why."""

    word: Words
    tone: str
    icon: str
    sentence: Words = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One password rule as the page lists it. `limit` is the number in it, `state` is open, met or unmet."""

    key: str
    sentence: str
    limit: str
    state: str


@cache
def _icons() -> dict[str, str]:
    """The shapes of the sprite by name, ready to be put inside an `<svg>`."""
    root = ElementTree.parse(STATIC / "icons.svg").getroot()  # noqa: S314 - a file of this package
    return {
        symbol.attrib["id"]: "".join(ElementTree.tostring(child, encoding="unicode", short_empty_elements=True) for child in symbol)
        .replace("ns0:", "").replace(f' xmlns:ns0="{_SVG[1:-1]}"', "").replace(" />", "/>")
        for symbol in root.iter(f"{_SVG}symbol")
    }


@register.simple_tag
@cache
def icon(name: str, tone: str = "") -> SafeString:
    """The sprite's symbol inline: no request, and nothing for a content policy to stop. Raises KeyError for an unknown name."""
    shapes = mark_safe(_icons()[name])  # noqa: S308 - from a file of this package
    classes = " ".join(word for word in ("icon", "points" if name in _POINTING else "", tone) if word)
    return format_html('<svg class="{}" viewBox="0 0 16 16" aria-hidden="true">{}</svg>', classes, shapes)


@cache
def _assets() -> dict[str, str]:
    marks = {file.name: hashlib.sha256(file.read_bytes()).hexdigest()[:12] for file in STATIC.iterdir() if file.is_file()}
    return {name: f"{settings.STATIC_URL}{name}?v={mark}" for name, mark in marks.items()}


@register.simple_tag
def asset(name: str) -> str:
    """The address of a static file with a hash of its content, so that browsers may keep it for ever. Raises KeyError."""
    return _assets()[name]


@register.simple_tag
def badge(state: Badge) -> SafeString:
    return format_html('<span class="badge {}">{}{}</span>', state.tone, icon(state.icon), state.word)


@register.simple_tag
def when(moment: datetime | None, empty: str = "–") -> SafeString | str:
    """A relative time with the exact one on hover and in `<time>`. None shows `empty`."""
    if moment is None:
        return empty
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.astimezone(UTC).isoformat(timespec="seconds"), exact(moment),
                       relative(moment, now()))


def exact(moment: datetime) -> str:
    """Day, month by name, year, time and zone: no date that two readers take for two days."""
    local = localtime(moment)
    # Translators: Django's date format, https://docs.djangoproject.com/en/5.2/ref/templates/builtins/#date
    return f"{date_format(local, pgettext('date', 'j F Y, H:i'))} {local.tzname()}"


def relative(moment: datetime, present: datetime) -> str:
    """`3 minutes ago`, `in 2 hours`; beyond a month the day itself."""
    seconds = int((moment - present).total_seconds())
    minutes = (abs(seconds) + 30) // 60
    if minutes == 0:
        return _("just now") if seconds <= 0 else _("in a moment")
    if minutes < 60:
        span = ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    elif minutes < 48 * 60:
        hours = (minutes + 30) // 60
        span = ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    elif minutes < 31 * 24 * 60:
        days = (minutes + 720) // 1440
        # Translators: "3 days", as in "3 days ago" and "in 3 days".
        span = ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    else:
        return date_format(localtime(moment), pgettext("date", "j F Y"))
    return (pgettext("time", "%s ago") if seconds < 0 else pgettext("time", "in %s")) % span


@register.inclusion_tag("ui/field.html")
def field(form: Form, name: str) -> dict[str, Any]:
    """A labelled input with hint and error."""
    return {"field": form.fields[name]}


@register.inclusion_tag("ui/errors.html")
def errors(form: Form) -> dict[str, Any]:
    """The summary above a form that was refused; takes the focus and links to each field."""
    return {"form": form}


@register.inclusion_tag("ui/rules.html")
def rules(input_id: str, shown: list[tuple[str, str]], broken: tuple[str, ...] = (), words: tuple[str, ...] = (),
          again: str = "") -> dict[str, Any]:
    """The password rules for the input `input_id`. `broken` are marked; `again` is the id of the input to repeat it in."""
    return {"input": input_id, "id": f"{input_id}-rules", "words": "\n".join(words), "again": again,
            "rules": [told(key, sentence, broken) for key, sentence in shown]}


def told(key: str, sentence: str, broken: tuple[str, ...]) -> Rule:
    """A rule in the reader's language. The number travels inside core's sentence, so it is taken out, translated around, put back."""
    found = _RULE_LIMIT.search(sentence)
    limit = found.group() if found else ""
    text = _(sentence.replace(limit, "{n}")).replace("{n}", limit) if limit else _(sentence)
    return Rule(key, text, limit, "unmet" if key in broken else "open")


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changed: object) -> str:
    """The present address's query with some values changed; `""` or None takes one out."""
    asked = context["page"].asked.copy()
    asked.pop("done", None)
    for name, value in changed.items():
        asked.pop(name, None)
        if value not in ("", None):
            asked[name] = str(value)
    return f"?{asked.urlencode()}" if asked else "?"


@register.filter
def tr(text: str) -> str:
    """A sentence that core or an operation wrote in English, in the reader's language where the catalogue has it."""
    return _(text) if text else ""


_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"), ("curl", "curl"))
_SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"))


@register.filter
def browser(agent: str) -> str:
    """A User-Agent as people say it: `Firefox, Windows`. Only a hint: anybody can send any."""
    names = [next((name for mark, name in table if mark in agent), "") for table in (_BROWSERS, _SYSTEMS)]
    return ", ".join(name for name in names if name) or _("Unknown browser")
