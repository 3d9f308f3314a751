"""Charts drawn by the server: bars in an SVG, and the same numbers as a table. `ui/chart.html` shows both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from housekey.web.forms import Words

HEIGHT = 100
STEP = 20
GAP = 4
"""All in units of the drawing, which is stretched to the width of the page: no text stands in it."""


@dataclass(frozen=True, slots=True)
class Series:
    """What one number of each row means. `tone` names its colour in console.css: `chart-1` to `chart-4`."""

    name: Words
    tone: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece of a column."""

    x: int
    y: float
    width: int
    height: float
    tone: str
    told: str
    """What it stands for, for the pointer that rests on it."""


@dataclass(frozen=True, slots=True)
class Chart:
    """`rows`: the label of each column and its numbers, in the order of `series`. `ends`: the labels of the first and the last."""

    heading: Words
    series: tuple[Series, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]
    bars: tuple[Bar, ...]
    most: int
    totals: tuple[int, ...]
    label: Words
    """What the first column of the table holds."""
    height: int = HEIGHT

    @property
    def width(self) -> int:
        return max(1, len(self.rows)) * STEP

    @property
    def ends(self) -> tuple[str, str]:
        return (self.rows[0][0], self.rows[-1][0]) if self.rows else ("", "")

    @property
    def keys(self) -> list[tuple[Series, int]]:
        """Each series with its sum."""
        return list(zip(self.series, self.totals, strict=True))


def nested(heading: Words, label: Words, series: Sequence[Series], rows: Sequence[tuple[str, Sequence[int]]]) -> Chart:
    """Columns in which each number is a part of the one before it: a funnel for each row. A later bar is drawn over an earlier one."""
    kept = tuple((name, tuple(numbers)) for name, numbers in rows)
    most = max((max(numbers, default=0) for _, numbers in kept), default=0)
    bars = tuple(
        Bar(place * STEP + GAP // 2, round(HEIGHT - tall, 2), STEP - GAP, round(tall, 2), one.tone, f"{name} – {one.name}: {number}")
        for place, (name, numbers) in enumerate(kept)
        for one, number in zip(series, numbers, strict=True)
        if (tall := HEIGHT * number / most if most else 0)
    )
    totals = tuple(sum(numbers[index] for _, numbers in kept) for index in range(len(series)))
    return Chart(heading, tuple(series), kept, bars, most, totals, label)
