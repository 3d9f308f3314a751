"""Regular expressions that administrators write, run by an engine whose time grows with the length of the text and nothing else.

Python's own engine tries every way through a pattern, so `^(a+)+$` costs hours on forty letters (A-086). This one follows all ways at
once (Thompson 1968): each character of the text is looked at once. What cannot be matched that way (looking around, back references)
is refused when the pattern is saved. As in WSO2 the whole text has to match.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from housekey.core.errors import Invalid

MOST_PATTERN = 255
"""Characters of a pattern. WSO2 takes 100."""
MOST_STEPS = 400
"""Size of a pattern once its repetitions are written out."""
MOST_VALUE = 1_000
"""Characters of a text; a longer one does not match."""
MOST_DEEP = 20
"""Groups in groups."""
_MOST_KNOWN = 4_096
"""Steps that a pattern remembers."""
_LAST = 0x10FFFF

Range = tuple[int, int]
Set = tuple[Range, ...]
"""Characters by code point, in order, not overlapping."""
Op = Literal["set", "split", "jump", "begin", "end", "match"]


class BadPattern(Invalid):
    """A pattern that cannot be used; the sentence says where and why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, field="regex")


@dataclass(frozen=True, slots=True)
class _Step:
    op: Op
    chars: Set = ()
    to: tuple[int, ...] = ()


@dataclass(slots=True)
class Pattern:
    """A pattern, ready to be tried. Make one with `compiled`."""

    text: str
    steps: tuple[_Step, ...]
    _known: dict[tuple[frozenset[int], str], frozenset[int]] = field(default_factory=dict, repr=False)

    def fits(self, value: str) -> bool:
        """Does the whole of `value` match?"""
        if len(value) > MOST_VALUE:
            return False
        at = self._spread([0], begin=True)
        for char in value:
            if not at:
                return False
            at = self._next(at, char)
        return any(self.steps[number].op == "match" for number in self._spread(at, begin=not value, end=True))

    def takes(self, char: str) -> bool:
        """Can this character stand anywhere in a matching text?"""
        return any(_holds(step.chars, ord(char)) for step in self.steps if step.op == "set")

    def _next(self, at: frozenset[int], char: str) -> frozenset[int]:
        known = self._known.get((at, char))
        if known is None:
            point = ord(char)
            known = self._spread(number + 1 for number in at if _holds(self.steps[number].chars, point))
            if len(self._known) < _MOST_KNOWN:
                self._known[at, char] = known
        return known

    def _spread(self, numbers: Iterable[int], *, begin: bool = False, end: bool = False) -> frozenset[int]:
        """The steps that are reached without a character. `begin`, `end`: where in the text this is."""
        reached: set[int] = set()
        open_ = list(numbers)
        while open_:
            number = open_.pop()
            if number in reached:
                continue
            reached.add(number)
            step = self.steps[number]
            if step.op in {"split", "jump"}:
                open_ += step.to
            elif (step.op == "begin" and begin) or (step.op == "end" and end):
                open_.append(number + 1)
        return frozenset(reached)


def _holds(chars: Set, point: int) -> bool:
    return any(low <= point <= high for low, high in chars)


@lru_cache(maxsize=256)
def compiled(text: str) -> Pattern:
    """Raises BadPattern."""
    if len(text) > MOST_PATTERN:
        raise BadPattern(f"A pattern takes at most {MOST_PATTERN} characters.")
    if any(ord(char) < 32 or ord(char) == 127 or 0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise BadPattern("A pattern has no line breaks or control characters. Write \\n or \\t.")
    return Pattern(text, (*_Reader(text).read(), _Step("match")))


def _merged(ranges: Iterable[Range]) -> Set:
    found: list[Range] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return tuple(found)


def _others(chars: Set) -> Set:
    """Every character that is not in `chars`."""
    found, start = [], 0
    for low, high in chars:
        if low > start:
            found.append((start, low - 1))
        start = high + 1
    return (*found, (start, _LAST)) if start <= _LAST else tuple(found)


def _span(*pairs: str) -> Set:
    return _merged((ord(pair[0]), ord(pair[-1])) for pair in pairs)


_DIGIT, _WORD, _BLANK = _span("09"), _span("az", "AZ", "09", "_"), _span(" ", "\t\r")
_NAMED: dict[str, Set] = {
    "d": _DIGIT, "w": _WORD, "s": _BLANK, "D": _others(_DIGIT), "W": _others(_WORD), "S": _others(_BLANK),
    "t": _span("\t"), "n": _span("\n"), "r": _span("\r"), "f": _span("\f"),
}
_ANY = _others(_span("\n", "\r"))


class _Reader:
    """Reads a pattern from left to right into steps. Every method that reads a part returns its steps, with targets relative to it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.deep = 0

    def read(self) -> list[_Step]:
        found = self._either()
        if self.at < len(self.text):
            raise self._bad("this ) closes nothing. Write \\) for the character itself")
        return found

    def _bad(self, why: str) -> BadPattern:
        return BadPattern(f"Character {min(self.at + 1, len(self.text))} of the pattern: {why}.")

    def _peek(self, most: int = 1) -> str:
        return self.text[self.at : self.at + most]

    def _sized(self, steps: list[_Step]) -> list[_Step]:
        if len(steps) > MOST_STEPS:
            raise self._bad("the pattern repeats too much to be tried quickly. Use smaller numbers in {…}")
        return steps

    def _either(self) -> list[_Step]:
        found = self._row()
        while self._peek() == "|":
            self.at += 1
            other = self._row()
            # first way, jump over the second, second way
            found = [_Step("split", to=(1, len(found) + 2)), *_moved(found, 1), _Step("jump", to=(len(found) + len(other) + 2,)),
                     *_moved(other, len(found) + 2)]
            self._sized(found)
        return found

    def _row(self) -> list[_Step]:
        found: list[_Step] = []
        while self._peek() not in {"", "|", ")"}:
            part = self._repeated(self._one())
            found = self._sized([*found, *_moved(part, len(found))])
        return found

    def _one(self) -> list[_Step]:
        char = self._peek()
        if char in {"*", "+", "?", "{"}:
            raise self._bad(f"nothing stands before {char} that could be repeated. Write \\{char} for the character itself")
        self.at += 1
        match char:
            case "(":
                return self._group()
            case "[":
                return [_Step("set", self._class())]
            case ".":
                return [_Step("set", _ANY)]
            case "^":
                return [_Step("begin")]
            case "$":
                return [_Step("end")]
            case "\\":
                return [_Step("set", self._escaped())]
        return [_Step("set", _span(char))]

    def _group(self) -> list[_Step]:
        if self._peek() == "?":
            if self._peek(2) != "?:":
                raise self._bad("(?…) is not taken here, except (?:…)")
            self.at += 2
        self.deep += 1
        if self.deep > MOST_DEEP:
            raise self._bad("too many groups in groups")
        found = self._either()
        if self._peek() != ")":
            raise self._bad("a ) is missing")
        self.at += 1
        self.deep -= 1
        return found

    def _escaped(self) -> Set:
        char = self._peek()
        if not char:
            raise self._bad("nothing follows the \\. Write \\\\ for the character itself")
        self.at += 1
        if char in _NAMED:
            return _NAMED[char]
        if char.isascii() and char.isalnum():
            self.at -= 1
            raise self._bad(f"\\{char} is not taken here. These are: \\d \\w \\s \\D \\W \\S \\t \\n \\r \\f")
        return _span(char)

    def _class(self) -> Set:
        negated = self._peek() == "^"
        self.at += negated
        found: list[Range] = []
        first = True
        while self._peek() != "]" or first:
            first = False
            found += self._in_class()
        self.at += 1
        chars = _merged(found)
        return _others(chars) if negated else chars

    def _in_class(self) -> Set:
        """One character, escape or range."""
        if self._peek(2) == "&&" or self._peek() == "[":
            raise self._bad("sets in sets are not taken here. Write \\[ or \\& for the character itself")
        low = self._member()
        if self._peek() != "-" or self._peek(2) in {"-", "-]"} or len(low) != 1 or low[0][0] != low[0][1]:
            return low
        self.at += 1
        high = self._member()
        if len(high) != 1 or high[0][0] != high[0][1] or high[0][0] < low[0][0]:
            raise self._bad("a range runs from a smaller to a greater character. Write \\- for the character itself")
        return ((low[0][0], high[0][0]),)

    def _member(self) -> Set:
        char = self._peek()
        if not char:
            raise self._bad("a ] is missing")
        self.at += 1
        return self._escaped() if char == "\\" else _span(char)

    def _repeated(self, part: list[_Step]) -> list[_Step]:
        if self._peek() not in {"*", "+", "?", "{"}:
            return part
        low, high = self._count()
        if self._peek() == "?":  # reluctant: the same texts match
            self.at += 1
        if self._peek() in {"*", "+", "?", "{"}:
            raise self._bad(f"{self._peek()} follows another repetition. Write ( ) around what is repeated")
        return self._times(part, low, high)

    def _count(self) -> tuple[int, int | None]:
        char = self._peek()
        self.at += 1
        if char != "{":
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]
        end = self.text.find("}", self.at)
        first, comma, last = self.text[self.at : end].partition(",") if end >= 0 else ("", "", "")
        good = _is_count(first) and (not last or _is_count(last))
        low = int(first) if good else -1
        high = None if comma and not last else int(last or first) if good else -1
        if not good or (high is not None and high < low):
            raise self._bad("write how often as {2}, {2,} or {2,4}, and \\{ for the character itself")
        self.at = end + 1
        return low, high

    def _times(self, part: list[_Step], low: int, high: int | None) -> list[_Step]:
        size = len(part)
        if size * max(low, high or 0, 1) > MOST_STEPS:
            self._sized([_Step("begin")] * (MOST_STEPS + 1))
        found: list[_Step] = []
        for _ in range(low):
            found += _moved(part, len(found))
        if high is None:
            start = len(found)
            found += [_Step("split", to=(start + 1, start + size + 2)), *_moved(part, start + 1), _Step("jump", to=(start,))]
        for _ in range((high or low) - low):
            start = len(found)
            found += [_Step("split", to=(start + 1, start + size + 1)), *_moved(part, start + 1)]
        return self._sized(found)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 4


def _moved(steps: list[_Step], by: int) -> list[_Step]:
    return [_Step(step.op, step.chars, tuple(to + by for to in step.to)) if step.to else step for step in steps]
