"""Do several things at the same moment, each in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 120.0
"""Seconds until a thread that has not ended is a failure: a deadlock must not hang the run."""


def at_once(deeds: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """What each deed returned or raised, in the order given. No deed begins before all threads stand ready."""
    results: list[T | Exception] = [TimeoutError("the thread did not end")] * len(deeds)
    line = threading.Barrier(len(deeds))

    def run(number: int, deed: Callable[[], T]) -> None:
        line.wait(PATIENCE)
        try:
            results[number] = deed()
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=(number, deed), daemon=True) for number, deed in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return results


def with_own_connection(deed: Callable[[], T]) -> Callable[[], T]:
    """The deed, followed by closing the database connection that Django made for its thread."""

    def run() -> T:
        from django.db import connections

        try:
            return deed()
        finally:
            connections.close_all()

    return run
