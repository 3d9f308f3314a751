"""Which passwords are good enough: the rules the page ticks are exactly the rules enforced here.

No composition rules (NIST SP 800-63B-4 section 3.1.1.2): a length counted in code points after NFC, a blocklist of common
passwords, and words everybody would try for this account. NFC is the only change made before hashing (spec section 12).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from housekey.core.errors import PasswordRefused

HARD_LIMIT = 1_024
"""Code points above which nothing is even normalised: NFC is quadratic on crafted input (A-087)."""

RULES: dict[str, str] = {
    "min": "At least {low} characters",
    "max": "At most {high} characters",
    "common": "Not one of the most common passwords",
    "personal": "Does not contain your user name or the organisation's name",
}


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """The rules for one account: lengths in code points, and the words that may not occur in the password."""

    low: int
    high: int
    words: tuple[str, ...] = ()

    def shown(self) -> list[tuple[str, str]]:
        """`(key, sentence)` of each rule, in the order the page shows them."""
        return [(key, text.format(low=self.low, high=self.high)) for key, text in RULES.items()]


def normalise(password: str) -> str:
    """NFC, nothing else: no trimming, no case change, no truncation. Raises PasswordRefused above 1,024 code points, and for half
    of a surrogate pair, which has no UTF-8 form to hash."""
    if len(password) > HARD_LIMIT:
        raise PasswordRefused(f"The password is far too long ({HARD_LIMIT} characters at the very most).", rules=("max",))
    if any("\ud800" <= char <= "\udfff" for char in password):
        raise PasswordRefused("The password contains a character that cannot be stored.", rules=())
    return unicodedata.normalize("NFC", password)


def broken(password: str, rules: PasswordRules, common: Collection[str]) -> tuple[str, ...]:
    """The keys of the rules that an NFC-normalised password breaks, in display order; empty when it is good."""
    folded = password.casefold()
    found = []
    if len(password) < rules.low:
        found.append("min")
    if len(password) > rules.high:
        found.append("max")
    if folded in common or len(set(folded)) < 3:
        found.append("common")
    if any(len(word) >= 4 and word.casefold() in folded for word in rules.words):
        found.append("personal")
    return tuple(found)


def accept(password: str, rules: PasswordRules, common: Collection[str]) -> str:
    """Return the normalised password, or raise PasswordRefused naming every broken rule in one sentence."""
    good = normalise(password)
    wrong = broken(good, rules, common)
    if wrong:
        told = dict(rules.shown())
        raise PasswordRefused("Please choose another password. It must meet: " + "; ".join(told[key] for key in wrong) + ".", rules=wrong)
    return good
