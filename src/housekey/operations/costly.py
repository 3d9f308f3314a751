"""Counts that took long are kept for a minute: a page that people look at all day must not go through millions of rows at each look."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

LONG, KEEP, MOST = 0.25, 60.0, 1_000
"""Seconds from which on an answer is kept, seconds for which it is, and answers that are kept at the most."""


_ALL: list[Costly[Any]] = []


def forget() -> None:
    """All that is kept in this process: tests share one."""
    for costly in _ALL:
        costly.forget()


class Costly(Generic[T]):
    """Answers by key, in this process. What was found quickly is found anew each time, so that only large tenants see old figures."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[Hashable, tuple[float, T]] = {}
        _ALL.append(self)

    def forget(self) -> None:
        self._kept.clear()

    def get(self, key: Hashable, find: Callable[[], T]) -> T:
        began = self._clock()
        until, known = self._kept.get(key, (0.0, None))
        if known is not None and began < until:
            return known
        answer = find()
        if self._clock() - began < LONG:
            self._kept.pop(key, None)
            return answer
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[key] = (self._clock() + KEEP, answer)
        return answer
