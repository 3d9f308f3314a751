"""The languages of pages and messages, and which of them is nearest to the one somebody asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable

FALLBACK = "en"
LANGUAGES: dict[str, str] = {
    FALLBACK: "English", "de": "Deutsch", "es": "Español", "fr": "Français", "ja": "日本語", "nl": "Nederlands",
    "pt-BR": "Português (Brasil)", "zh-Hans": "简体中文",
}
"""Language tag (RFC 5646) -> the language's own name for itself."""
PSEUDO = "ar-XB"
"""English in Arabic letters, to try pages and messages from right to left. Only who asks for exactly this gets it."""
EVERY = (*LANGUAGES, PSEUDO)
CONSOLE = (FALLBACK, "de", PSEUDO)
"""What the console speaks; in place of any other language it speaks English."""

_TAG = re.compile(r"[a-z]{2,8}(?:-[a-z0-9]{1,8}){0,8}")
_RIGHT_TO_LEFT = {"ar", "fa", "he", "ur"}


def nearest(wanted: str, offered: Iterable[str] = EVERY, *, kin: bool = True) -> str:
    """The offered tag for a language tag (`fr_CA`, `pt`, `zh-CN`), `""` if none is in that language.

    The longest beginning that is offered (RFC 4647 section 3.4), else, if `kin`, any variant: somebody from Portugal rather reads the
    Portuguese of Brazil than English.
    """
    tag = wanted.replace("_", "-").lower()
    if not _TAG.fullmatch(tag):
        return ""
    known = {item.lower(): item for item in offered}
    if tag == PSEUDO.lower():
        return known.get(tag, "")
    parts = tag.split("-")
    beginnings = ("-".join(parts[:count]) for count in range(len(parts), 0, -1))
    variants = (item for item in sorted(known) if kin and item.split("-")[0] == parts[0] and known[item] != PSEUDO)
    return next((known[item] for item in (*beginnings, *variants) if item in known), "")


def canonical(tag: str) -> str:
    """A tag as `EVERY` writes it: Django says `zh-hans`. One of another list stays as it is."""
    return next((item for item in EVERY if item.lower() == tag.lower()), tag)


def right_to_left(tag: str) -> bool:
    return tag.lower().split("-")[0] in _RIGHT_TO_LEFT
