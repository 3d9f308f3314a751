"""Colours as people choose them and as eyes tell them apart: contrast as WCAG 2.2 computes it (success criterion 1.4.3)."""

from __future__ import annotations

import re

from housekey.core.errors import Invalid

TEXT = 4.5
"""The least contrast of text and what it stands on (WCAG 2.2, 1.4.3)."""
BLACK, WHITE = "#000000", "#ffffff"
_SHAPE = re.compile(r"#[0-9a-f]{6}")
_SHORT = re.compile(r"#?([0-9a-f])([0-9a-f])([0-9a-f])")
_STEPS = 100


def clean(text: str, field: str) -> str:
    """A colour as it is stored: `#rrggbb` in lower case, `""` for none. `1A2B3C` and `#abc` are understood. Raises Invalid."""
    colour = text.strip().lower()
    short = _SHORT.fullmatch(colour)
    if short:
        colour = "#" + "".join(digit * 2 for digit in short.groups())
    if colour and not colour.startswith("#"):
        colour = f"#{colour}"
    if colour and not is_colour(colour):
        raise Invalid("Write the colour as # and six digits or letters from a to f, such as #2c4fc1.", field=field)
    return colour


def is_colour(text: str) -> bool:
    """Is it a colour as `clean` makes them?"""
    return _SHAPE.fullmatch(text) is not None


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """0 (black) to 1 (white): the relative luminance of WCAG 2.2."""
    red, green, blue = (part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """1 (the same) to 21 (black and white), whichever way round."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def ratio(one: str, other: str) -> str:
    """As people read it, `4.5:1`, never rounded up: 4.49 is not enough."""
    return f"{int(contrast(one, other) * 10 + 1e-9) / 10:.1f}:1"


def on(colour: str) -> str:
    """Black or white, whichever is read better on it. One of the two always has 4.5:1."""
    return max((WHITE, BLACK), key=lambda text: contrast(text, colour))


def mixed(colour: str, other: str, share: float) -> str:
    """`share` (0 to 1) of `other` in `colour`."""
    pairs = zip(_parts(colour), _parts(other), strict=True)
    return "#" + "".join(f"{round(mine + (theirs - mine) * share):02x}" for mine, theirs in pairs)


def readable(colour: str, grounds: tuple[str, ...], least: float = TEXT) -> str:
    """The colour itself if it has the contrast `least` with each ground, else the nearest that has: darker on light grounds, lighter on
    dark ones."""
    far = max((WHITE, BLACK), key=lambda end: min(contrast(end, ground) for ground in grounds))
    steps = (mixed(colour, far, step / _STEPS) for step in range(_STEPS))
    return next((tried for tried in steps if min(contrast(tried, ground) for ground in grounds) >= least), far)


def darkened(colour: str, most: float) -> str:
    """The nearest darker colour whose luminance is at most `most`."""
    steps = (mixed(colour, BLACK, step / _STEPS) for step in range(_STEPS))
    return next((tried for tried in steps if luminance(tried) <= most), BLACK)
