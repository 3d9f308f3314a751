"""Texts of messages: a template of a channel, a kind and a locale, filled with fields.

Templates are data, not programs: `{{name}}` is the only thing they can say, so text that an administrator edits can read
nothing but the fields it is given (A-111). Values are escaped for where they stand: HTML, plain text or a header.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from housekey.core.messages import EMAIL
from housekey.delivery import layout

TEMPLATES = Path(__file__).parent / "templates"
FALLBACK = "en"
LONGEST_NAME = 64
"""Characters of a claim that are shown: a name must not be able to carry a message of its own (A-112)."""
LONGEST_SUBJECT = 200

_PLACEHOLDER = re.compile(r"\{\{([A-Za-z][\w.:-]*)\}\}")
_LOCALE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*")
# Control characters and the marks that turn the direction of text around: a name made of them can disguise what follows.
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")

Parts = tuple[str, ...]
"""A parsed template: literal, placeholder, literal, … literal."""


class NoTemplate(LookupError):
    """There is no template of that kind."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message as it will be read, its lines separated by `\\n`. An e-mail has all three parts, a text message only `text`."""

    subject: str
    text: str
    html: str


def render(kind: str, locale: str, fields: Mapping[str, str], channel: str = EMAIL) -> Rendered:
    """Fill the templates of `kind` in the best locale there is. A field that is missing becomes empty.

    Raises NoTemplate for a kind that the channel does not have. `url:<name>` is the field percent-encoded.
    """
    parts = _template(_room(channel, kind, locale))
    values = {name: clean_value(name, value) for name, value in fields.items()}
    if channel != EMAIL:
        # Nothing may follow the last line: a phone looks there for the code of a site.
        return Rendered("", fill(parts.text, values, str).strip(), "")
    return Rendered(
        subject=" ".join(fill(parts.subject, values, str).split())[:LONGEST_SUBJECT],
        text=fill(parts.text, values, str),
        html=fill(parts.html, values, html.escape),
    )


def clean_value(name: str, value: str) -> str:
    """A value on one line, without characters that nobody sees; claims also shortened and unable to pass for an address."""
    text = _INVISIBLE.sub(" ", value).strip()
    if name.startswith("user.claim.") or name == "recipient-name":
        text = text[:LONGEST_NAME].replace("://", " ").strip()
    return text


def fill(parts: Parts, fields: Mapping[str, str], escape: Callable[[str], str]) -> str:
    """Put `fields` into a parsed template, each value through `escape`."""
    return "".join(escape(_value(part, fields)) if index % 2 else part for index, part in enumerate(parts))


def _value(name: str, fields: Mapping[str, str]) -> str:
    if name.startswith("url:"):
        return quote(fields.get(name[4:], ""), safe="")
    return fields.get(name, "")


def parse(template: str) -> Parts:
    """Split a template at its placeholders. Everything else, braces included, stays literal."""
    return tuple(_PLACEHOLDER.split(template))


@dataclass(frozen=True, slots=True)
class _Template:
    """A template, parsed. Of a text message only `text`."""

    text: Parts
    subject: Parts = ()
    html: Parts = ()


@cache
def _template(room: Path) -> _Template:
    text = _read(room / "body.txt")
    if not (room / "subject.txt").exists():
        return _Template(parse(text))
    frames, locale, subject = TEMPLATES / "layout", room.name, _read(room / "subject.txt").strip()
    page = layout.page(_read(frames / f"{locale}.html"), subject, _read(room / "body.html"))
    return _Template(parse(layout.note(_read(frames / f"{locale}.txt"), text)), parse(subject), parse(page))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def kinds(channel: str = EMAIL) -> Mapping[str, str]:
    """Key of a kind (lower case, no spaces: WSO2 compares so) -> its directory's name."""
    return {_key(path.name): path.name for path in (TEMPLATES / channel.lower()).iterdir()}


def _key(kind: str) -> str:
    return kind.replace(" ", "").lower()


def _room(channel: str, kind: str, locale: str) -> Path:
    name = kinds(channel).get(_key(kind))
    if name is None:
        raise NoTemplate(f"There is no message template called {kind[:60]}.")
    return TEMPLATES / channel.lower() / name / best_locale(name, locale, channel)


def best_locale(kind: str, locale: str, channel: str = EMAIL) -> str:
    """The shipped locale nearest to `locale` (`de-AT`, `de_AT`, `de` -> `de`), else `en`."""
    if not _LOCALE.fullmatch(locale):
        return FALLBACK
    wanted = locale.replace("_", "-").lower()
    shipped = _shipped(channel, kind)
    return next((shipped[tag] for tag in (wanted, wanted.split("-")[0]) if tag in shipped), FALLBACK)


@cache
def _shipped(channel: str, kind: str) -> Mapping[str, str]:
    return {path.name.lower(): path.name for path in (TEMPLATES / channel.lower() / kind).iterdir()}
