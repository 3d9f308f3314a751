"""Texts of messages: a template of a channel, a kind and a locale, shipped or a tenant's own, filled with fields.

Templates are data, not programs: `{{name}}` is the only thing they can say, so text that an administrator edits can read
nothing but the fields it is given (A-111). Values are escaped for where they stand: HTML, plain text or a header.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import quote

from housekey.core.languages import nearest
from housekey.core.messages import EMAIL
from housekey.core.wording import PLACEHOLDER, Words, check, key_of, tidied
from housekey.delivery import layout
from housekey.delivery.branding import Picture, with_shipped

TEMPLATES = Path(__file__).parent / "templates"
FALLBACK = "en"
LONGEST_NAME = 64
"""Characters of a claim that are shown: a name must not be able to carry a message of its own (A-112)."""
LONGEST_SUBJECT = 200

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
    logo: Picture | None = None
    """The image that the HTML asks for."""


def render(kind: str, locale: str, fields: Mapping[str, str], channel: str = EMAIL) -> Rendered:
    """Fill the shipped templates of `kind` in the best locale there is. A field that is missing becomes empty.

    Raises NoTemplate for a kind that the channel does not have. `url:<name>` is the field percent-encoded.
    """
    return shipped(kind, locale, channel).fill(fields)


@dataclass(frozen=True, slots=True)
class Template:
    """A template, parsed: of a text message only `text`. `locale` is the one it is written in."""

    locale: str
    text: Parts
    subject: Parts = ()
    html: Parts = ()

    def fill(self, fields: Mapping[str, str]) -> Rendered:
        values = {name: clean_value(name, value) for name, value in with_shipped(fields).items()}
        if not self.html:
            # Nothing may follow the last line: a phone looks there for the code of a site.
            return Rendered("", fill(self.text, values, str).strip(), "")
        return Rendered(
            subject=" ".join(fill(self.subject, values, str).split())[:LONGEST_SUBJECT],
            text=fill(self.text, values, str),
            html=fill(self.html, values, html.escape),
        )


def shipped(kind: str, locale: str, channel: str = EMAIL) -> Template:
    """The shipped template of `kind` in the best locale there is. Raises NoTemplate."""
    return _template(_room(channel, kind, locale))


def shipped_words(kind: str, locale: str, channel: str = EMAIL) -> Words:
    """What the shipped template says, as somebody would write it. Raises NoTemplate."""
    room = _room(channel, kind, locale)
    if channel != EMAIL:
        return tidied("", "", _read(room / "body.txt"))
    return tidied(_read(room / "subject.txt"), _read(room / "body.html"), _read(room / "body.txt"))


def shipped_locales(kind: str, channel: str = EMAIL) -> list[str]:
    """Raises NoTemplate."""
    return sorted(_shipped(channel, _name(channel, kind)).values())


def own_locale(kind: str, locale: str, channel: str, stored: Iterable[str]) -> str:
    """In which of the locales that a tenant has written it a message goes out, `""`: the shipped one does.

    The tenant's English is for whoever would read English anyhow: a shipped text in their own language is worth more to the others.
    """
    written = set(stored)
    shipped = shipped_locales(kind, channel) if key_of(kind) in kinds(channel) else ()
    instead = FALLBACK if FALLBACK in written and nearest(locale, shipped) in {"", FALLBACK} else ""
    return nearest(locale, written, kin=False) or instead


@lru_cache(maxsize=64)
def own(kind: str, locale: str, channel: str, words: Words) -> Template:
    """A tenant's template. Raises Unfit for one that could not be saved today: it is never sent, whoever wrote it into the database."""
    check(channel, kind, words, shipped=key_of(kind) in kinds(channel))
    if channel != EMAIL:
        return Template(locale, parse(words.text))
    frame = _frame(locale)
    page = layout.page(frame[0], words.subject, words.whole_html)
    return Template(locale, parse(layout.note(frame[1], words.whole_text)), parse(words.subject), parse(page))


def _frame(locale: str) -> tuple[str, str]:
    """The shipped page around a mail, as HTML and as text, in the language nearest to `locale`; the page says which language it holds."""
    frames = TEMPLATES / "layout"
    note = _read(frames / f"{nearest(locale, (path.stem for path in frames.glob('*.txt'))) or FALLBACK}.txt")
    return layout.framed(_read(frames / "page.html"), locale, note), note


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
    return tuple(PLACEHOLDER.split(template))


@cache
def _template(room: Path) -> Template:
    text = _read(room / "body.txt")
    if not (room / "subject.txt").exists():
        return Template(room.name, parse(text))
    subject, frame = _read(room / "subject.txt").strip(), _frame(room.name)
    page = layout.page(frame[0], subject, _read(room / "body.html"))
    return Template(room.name, parse(layout.note(frame[1], text)), parse(subject), parse(page))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def kinds(channel: str = EMAIL) -> Mapping[str, str]:
    """Key of a kind (lower case, no spaces: WSO2 compares so) -> its directory's name."""
    return {key_of(path.name): path.name for path in (TEMPLATES / channel.lower()).iterdir()}


def _room(channel: str, kind: str, locale: str) -> Path:
    name = _name(channel, kind)
    return TEMPLATES / channel.lower() / name / best_locale(name, locale, channel)


def _name(channel: str, kind: str) -> str:
    name = kinds(channel).get(key_of(kind))
    if name is None:
        raise NoTemplate(f"There is no message template called {kind[:60]}.")
    return name


def best_locale(kind: str, locale: str, channel: str = EMAIL) -> str:
    """The shipped locale nearest to `locale` (`de-AT`, `de_AT`, `de` -> `de`), else `en`."""
    return nearest(locale, _shipped(channel, kind).values()) or FALLBACK


@cache
def _shipped(channel: str, kind: str) -> Mapping[str, str]:
    return {path.name.lower(): path.name for path in (TEMPLATES / channel.lower() / kind).iterdir()}
