"""Forms as plain data: fields, what was typed, and what is wrong with it. Rendering is the templates' work.

Passwords and codes are never kept: a form that comes back shows every other value as it was typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from django.utils.functional import Promise

Words = str | Promise
"""Text for people, translated now or when it is shown."""

Kind = Literal["text", "email", "password", "number", "search", "code"]
_NEVER_KEPT = {"password", "code"}


def whole_number(text: str, otherwise: int) -> int:
    """What a form's field or an address says as up to nine digits; `otherwise` for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise


@dataclass(frozen=True, slots=True)
class Field:
    """One input. `id` in the page equals `name`; `rules` is the id of a list that describes the input, if there is one."""

    name: str
    label: Words
    kind: Kind = "text"
    hint: Words = ""
    autocomplete: str = "off"
    required: Words = ""
    """What to say when it is left empty; empty text: it may be."""
    limit: int = 0
    """Most characters the input takes; 0: no limit. Never set for passwords: cutting one silently would change it."""
    rules: str = ""
    focus: bool = False
    value: str = ""
    error: Words = ""

    @property
    def type(self) -> str:
        """The input's type in HTML. A code is read off another screen, so it stays visible."""
        return "text" if self.kind == "code" else self.kind

    @property
    def described(self) -> str:
        """The ids for aria-describedby, in reading order."""
        parts = (
            f"{self.name}-error" if self.error else "",
            f"{self.name}-hint" if self.hint else "",
            self.rules,
            f"{self.name}-caps" if self.kind == "password" else "",
        )
        return " ".join(part for part in parts if part)


class Form:
    """Fields by name. `data` is what was sent, or None for a fresh form."""

    def __init__(self, fields: Iterable[Field], data: Mapping[str, str] | None = None, initial: Mapping[str, str] | None = None) -> None:
        shown = data if data is not None else initial or {}
        self.fields = {
            field.name: field if field.kind in _NEVER_KEPT else replace(field, value=shown.get(field.name, field.value)) for field in fields
        }
        self._sent = data or {}
        self.sentence: Words = ""
        """What is wrong with the whole rather than with one field."""

    def text(self, name: str) -> str:
        """What was typed, trimmed, except in password fields, where every character counts. `""` if nothing was sent."""
        sent = self._sent.get(name, "")
        return sent if self.fields[name].kind == "password" else sent.strip()

    def check_required(self) -> bool:
        """Mark every required field that was left empty. True when there is none."""
        for field in self.fields.values():
            if field.required and not self.text(field.name):
                self.fail(field.name, field.required)
        return not self.failed

    def fail(self, name: str, sentence: Words) -> None:
        """Say what is wrong with a field; with the whole form, where there is no such field. The first word on a field stands."""
        if name not in self.fields:
            self.sentence = self.sentence or sentence
        elif not self.fields[name].error:
            self.fields[name] = replace(self.fields[name], error=sentence)

    @property
    def failed(self) -> bool:
        return bool(self.sentence or self.problems)

    @property
    def problems(self) -> list[Field]:
        """The fields that need another look, in the order of the page."""
        return [field for field in self.fields.values() if field.error]
