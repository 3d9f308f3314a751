"""What took long to count is not counted again at every look."""

from __future__ import annotations

from housekey.operations.costly import KEEP, LONG, Costly


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_took_long_is_kept_for_a_minute_and_what_was_quick_is_not() -> None:
    clock, looks = Clock(), iter(range(100))
    costly: Costly[int] = Costly(clock)

    def find(seconds: float) -> int:
        clock.now += seconds
        return next(looks)

    assert [costly.get("a", lambda: find(0)) for _ in range(3)] == [0, 1, 2]
    assert [costly.get("a", lambda: find(LONG)) for _ in range(3)] == [3, 3, 3]
    assert costly.get("b", lambda: find(0)) == 4, "another key"
    clock.now += KEEP
    assert costly.get("a", lambda: find(0)) == 5
    assert costly.get("a", lambda: find(0)) == 6, "quick again, so no longer kept"
