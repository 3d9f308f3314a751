"""A measured answer to a question, and the table of them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """Several runs of the same thing."""

    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.runs)

    def __str__(self) -> str:
        return f"{short(self.median)} ({short(min(self.runs))}–{short(max(self.runs))})"


@dataclass(frozen=True, slots=True)
class Line:
    """One row. `met` is None where there is nothing to meet; `ratio` is empty where there is no floor."""

    question: str
    target: str
    measured: str
    ratio: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        return {True: "met", False: "MISSED", None: ""}[self.met]


def against(question: str, least: float, ours: Spread, floor: Spread, unit: str = "/s") -> Line:
    """A rate that must be at least `least` times a floor: the ratio of the medians, with the spread of the ratios run by run."""
    ratios = Spread(tuple(mine / theirs for mine, theirs in zip(ours.runs, floor.runs, strict=True)))
    ratio = ours.median / floor.median
    return Line(question, f"≥ {least:g} × floor", f"{ours} {unit}; floor {floor}",
                f"{ratio:.2f} ({min(ratios.runs):.2f}–{max(ratios.runs):.2f})", ratio >= least)


def at_most(question: str, most: float, measured: Spread, unit: str) -> Line:
    return Line(question, f"≤ {most:g} {unit}", f"{measured} {unit}", "", measured.median <= most)


def told(question: str, measured: Spread, unit: str) -> Line:
    """A figure without a target."""
    return Line(question, "", f"{measured} {unit}")


def table(lines: Sequence[Line]) -> str:
    """The lines as a table in Markdown."""
    rows = [("question", "target", "measured: median (min–max)", "ratio", ""),
            *((line.question, line.target, line.measured, line.ratio, line.verdict) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    written = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows]
    return "\n".join([written[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *written[1:]])


def short(number: float) -> str:
    """Three digits that mean something."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"
