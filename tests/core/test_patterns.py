"""Patterns that administrators write: they mean what they mean elsewhere, and no text keeps them busy."""

from __future__ import annotations

import re
import warnings
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from housekey.core.patterns import MOST_STEPS, BadPattern, compiled

ATOMS = st.sampled_from(["a", "b", "1", ".", r"\.", r"\d", r"\w", r"\D", "[ab]", "[^a]", "[a-c1]", "[-a]", "[a-]", r"[\d.]"])
TIMES = st.sampled_from(["", "*", "+", "?", "{2}", "{1,}", "{0,2}", "*?", "+?", "{0}"])
REPEATED = st.one_of(st.builds("{}{}".format, ATOMS, TIMES), st.sampled_from(["^", "$"]))
PATTERNS = st.recursive(
    st.lists(REPEATED, min_size=1, max_size=3).map("".join),
    lambda inner: st.one_of(
        st.builds("({}){}".format, inner, st.sampled_from(["", "*", "+", "?", "{2}"])),
        st.builds("(?:{}|{})".format, inner, inner), st.builds("{}|{}".format, inner, inner),
    ),
    max_leaves=4,
)


@given(PATTERNS, st.text("ab1.-c", max_size=6))
def test_a_pattern_takes_what_the_usual_engine_takes(pattern: str, value: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        usual = re.compile(pattern)
    assert compiled(pattern).fits(value) == bool(usual.fullmatch(value))


@given(st.text("ab(|)*+?{},[]^-$\\.1", max_size=12))
def test_whatever_is_typed_is_taken_or_refused_in_words(pattern: str) -> None:
    with suppress(BadPattern):
        compiled(pattern).fits("ab1")


@pytest.mark.parametrize(("pattern", "value"), [
    ("^(a+)+$", "a" * 999 + "!"), ("(a|a)*b", "a" * 1_000), ("(a*)*(a*)*(a*)*b", "a" * 1_000), ("(.*a){12}", "a" * 999 + "!"),
    (r"^([a-zA-Z0-9_\.\-])+\@(([a-zA-Z0-9\-])+\.)+([a-zA-Z0-9]{2,4})+$", "a@" + "a-" * 499),
])
def test_each_character_is_looked_at_once_whatever_the_pattern(pattern: str, value: str) -> None:
    """A-086: counted, not timed. Where the usual engine tries every way, this one never holds more ways than the pattern has steps."""
    found = compiled(pattern)
    assert not found.fits(value)
    assert len(found.steps) <= MOST_STEPS
    assert len(found._known) <= len(value)


def test_a_text_without_end_is_not_looked_at() -> None:
    """A-086."""
    assert not compiled("a*").fits("a" * 1_001)


@pytest.mark.parametrize(("pattern", "words"), [
    ("a{2", "write how often"), ("a{3,2}", "write how often"), ("(a", "a ) is missing"), ("a)", "closes nothing"), ("[a", "a ] is missing"),
    ("*a", "nothing stands before"), ("a**", "follows another repetition"), ("[z-a]", "a range runs from"), (r"\p{L}", "is not taken here"),
    (r"(a)\1", "is not taken here"), ("(?i)a", "is not taken here"), ("[a&&b]", "sets in sets"), ("a\\", "nothing follows"),
    ("(a{20}){20}{20}", "follows another"), ("((a{20}){20}){20}", "repeats too much"),
])
def test_what_is_not_taken_is_said(pattern: str, words: str) -> None:
    with pytest.raises(BadPattern, match=re.escape(words)) as refused:
        compiled(pattern)
    assert refused.value.field == "regex"
    assert refused.value.sentence.startswith("Character ")


def test_which_characters_may_appear_is_known() -> None:
    pattern = compiled(r"[a-z#$]+@\w+\.\w+")
    assert [char for char in "!#$%&'*+-=?^_" if pattern.takes(char)] == ["#", "$", "_"]
