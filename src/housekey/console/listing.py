"""What every list has: a page of fifty, where it begins and where the neighbours are; and what was ticked in it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from django.http import QueryDict

from housekey.web.forms import whole_number

SIZE = 50


@dataclass(frozen=True, slots=True)
class Pager:
    """`first` and `last` are counted from 1; `previous` and `next` are page numbers, 0 where there is none."""

    number: int
    total: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * SIZE

    @property
    def first(self) -> int:
        return self.offset + 1

    @property
    def last(self) -> int:
        return min(self.offset + SIZE, self.total)

    @property
    def previous(self) -> int:
        return self.number - 1

    @property
    def next(self) -> int:
        return self.number + 1 if self.last < self.total else 0


def ids(texts: Iterable[str], most: int) -> list[UUID]:
    """What was ticked, each once, `most` at most; what is no id is left out."""
    found: dict[UUID, None] = {}
    for text in islice(texts, most):
        with suppress(ValueError):
            found[UUID(text)] = None
    return list(found)


def expected(asked: QueryDict) -> int:
    """`expected`: the number that was on the page that asked; 0 for what is none."""
    return whole_number(asked.get("expected", ""), 0)


def page_number(asked: QueryDict) -> int:
    """`?page=`, 1 for anything that is no number from 1 to 100,000."""
    text = asked.get("page", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 and 1 <= int(text) <= 100_000 else 1
