"""Batches: each thing once, in its order, and no earlier than it is needed."""

from __future__ import annotations

from collections.abc import Iterator

from housekey.core.batches import batches


def test_everything_comes_once_and_in_its_order() -> None:
    assert list(batches(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(batches(range(6), 3)) == [[0, 1, 2], [3, 4, 5]]
    assert list(batches([], 3)) == []


def test_nothing_is_read_ahead() -> None:
    read = []

    def things() -> Iterator[int]:
        for thing in range(5):
            read.append(thing)
            yield thing

    found = batches(things(), 2)
    assert read == []
    assert next(found) == [0, 1]
    assert read == [0, 1]
