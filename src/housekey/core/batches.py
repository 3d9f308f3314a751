"""Many things in lists of a size that one statement or one transaction takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batches(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` things, the last one of what is left; none for nothing. Nothing is read ahead of the list that is given."""
    rest = iter(things)
    while some := list(islice(rest, size)):
        yield some
