"""Password rules: a length in code points, a blocklist, words everybody would try; nothing else, and nothing silently changed."""

from __future__ import annotations

import time
import unicodedata

import pytest

from housekey.core.errors import PasswordRefused
from housekey.core.passwords import PasswordRules, accept, broken, normalise

RULES = PasswordRules(8, 128, ("jane.doe", "acme"))


@pytest.mark.parametrize(("password", "wrong"), [
    ("seven77", ("min",)), ("eight888", ()), ("e" * 7 + "xy" * 60 + "z", ()), ("abc" * 43, ("max",)), ("password", ("common",)),
    ("PassWord", ("common",)), ("aaaaaaaaaaaa", ("common",)), ("abababababab", ("common",)), ("I am jane.DOE", ("personal",)),
    ("Welcome to ACME", ("personal",)), ("pass", ("min", "common")), ("  spaces at both ends  ", ()), ("🦊🐻🐼🐨🐯🦁🐮🐷", ()),
    ("🦊🐻🐼🐨🐯🦁🐮", ("min",)), ("nul\0inside", ()), ("contraseña", ()),
])
def test_the_rules_count_code_points_and_demand_no_mixture(password: str, wrong: tuple[str, ...]) -> None:
    """A-087, NIST SP 800-63B-4 section 3.1.1.2."""
    assert broken(password, RULES, {"password", "pass"}) == wrong


def test_one_word_written_in_two_ways_is_one_password_and_nothing_else_changes() -> None:
    """A-087: NFC, no trimming, no case change, no NFKC."""
    assert normalise(unicodedata.normalize("NFD", "Ångström é")) == unicodedata.normalize("NFC", "Ångström é")
    assert normalise(" Ｆull ") == " Ｆull "


def test_a_refusal_names_every_broken_rule() -> None:
    with pytest.raises(PasswordRefused) as refused:
        accept("acme", RULES, set())
    assert refused.value.rules == ("min", "personal")
    assert "At least 8 characters; Does not contain" in refused.value.sentence


@pytest.mark.parametrize("size", [1_025, 1_000_000])
def test_a_huge_password_is_refused_before_it_costs_anything(size: int) -> None:
    """A-087: NFC is quadratic on alternating marks."""
    evil = ("\u0301\u0323" * (size // 2 + 1))[:size]
    started = time.process_time()
    with pytest.raises(PasswordRefused):
        accept(evil, RULES, set())
    assert time.process_time() - started < 0.02


def test_the_rules_shown_are_the_rules_enforced() -> None:
    assert [key for key, _ in RULES.shown()] == ["min", "max", "common", "personal"]
    assert dict(RULES.shown())["max"] == "At most 128 characters"
