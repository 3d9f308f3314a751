"""The arithmetic of guessing is what it would be if somebody counted."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from housekey.core.guessing import bits, chance, one_in, possibilities
from housekey.core.otp import LONGEST, MOST_TRIES, SHORTEST, OtpShape

SHAPES = st.builds(OtpShape, st.integers(SHORTEST, LONGEST), st.sampled_from(["d", "u", "l", "ud", "ld", "ul", "uld", "x"]))


def test_six_digits_and_five_tries_let_a_guesser_in_once_in_200_000() -> None:
    assert one_in(OtpShape(6, "d")) == 200_000


@given(SHAPES, st.integers(0, 100))
def test_more_tries_never_make_it_safer_and_no_chance_is_more_than_certain(shape: OtpShape, tries: int) -> None:
    assert 0 <= chance(shape, tries) <= chance(shape, tries + 1) <= 1


@given(SHAPES)
def test_one_more_character_makes_it_as_many_times_safer_as_there_are_characters(shape: OtpShape) -> None:
    longer = OtpShape(shape.length + 1, shape.classes)
    assert chance(shape) == chance(longer) * len(shape.alphabet)
    assert bits(longer) > bits(shape)


@given(SHAPES, st.integers(1, MOST_TRIES))
def test_what_is_said_never_sounds_better_than_it_is(shape: OtpShape, tries: int) -> None:
    assert Fraction(1, one_in(shape, tries)) >= chance(shape, tries)
    assert Fraction(1, one_in(shape, tries) + 1) < chance(shape, tries)


@given(st.integers(1, 3), st.sampled_from(["d", "x"]), st.integers(0, 50))
def test_the_chance_is_what_counting_says(length: int, classes: str, tries: int) -> None:
    shape = OtpShape(length, classes)
    every = ["".join(text) for text in product(shape.alphabet, repeat=length)] if length < 3 else []
    if every:
        assert possibilities(shape) == len(set(every))
        assert chance(shape, tries) == Fraction(len(every[:tries]), len(every))


def test_fewer_than_no_tries_are_a_mistake() -> None:
    with pytest.raises(ValueError):
        chance(OtpShape(), -1)
