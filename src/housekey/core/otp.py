"""One-time codes that people type: which characters, how many, how one is made, and when typed text looks like one (spec section 4)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Self

UPPER = "ABCDEFGHJKLMNPRSTUVWXYZ"
LOWER = "abcdefghjkmnpqrstuvwxyz"
DIGITS = "0123456789"
DIGITS_BESIDE_LETTERS = "123456789"
RESET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
"""What a forced reset uses unless the tenant sets otherwise: A–Z 0–9, as WSO2 does (reference 3.5)."""

SHORTEST, LONGEST = 4, 10
MOST_TRIES = 5
"""Counted wrong tries after which a code is dead."""


@dataclass(frozen=True, slots=True)
class OtpShape:
    """How a one-time code looks. `classes` is a set of `u` (upper case), `l` (lower case), `d` (digits), or `x` alone for A–Z 0–9."""

    length: int = 6
    classes: str = "uld"

    @classmethod
    def of(cls, text: str) -> Self:
        """From the text a row keeps, e.g. `6uld`. Raises ValueError."""
        digits = text.rstrip("uldx")
        return cls(int(digits), text[len(digits) :])

    def __str__(self) -> str:
        return f"{self.length}{self.classes}"

    @property
    def alphabet(self) -> str:
        if self.classes == "x":
            return RESET
        letters = (UPPER if "u" in self.classes else "") + (LOWER if "l" in self.classes else "")
        return letters + ((DIGITS_BESIDE_LETTERS if letters else DIGITS) if "d" in self.classes else "")

    def new(self) -> str:
        """A new random code."""
        return "".join(secrets.choice(self.alphabet) for _ in range(self.length))

    def fits(self, text: str) -> bool:
        """Could this be such a code? Exact length, every character of the alphabet: only then does a wrong try count against the code."""
        return len(text) == self.length and set(text) <= set(self.alphabet)

    def tidied(self, text: str) -> str:
        """What somebody typed into a field for codes: without blanks and dashes, in the only case there is if there is only one."""
        text = "".join(text.split()).replace("-", "")
        if "l" not in self.classes:
            return text.upper()
        return text if "u" in self.classes else text.lower()
