"""One-time codes: every length with every combination of classes, against the alphabets as they are printed (spec section 4)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from housekey.core.otp import OtpShape

PRINTED = {"u": "ABCDEFGHJKLMNPRSTUVWXYZ", "l": "abcdefghjkmnpqrstuvwxyz"}
SHAPES = st.builds(OtpShape, st.integers(4, 10), st.sampled_from(["u", "l", "d", "ul", "ud", "ld", "uld", "x"]))


def allowed(classes: str) -> set[str]:
    if classes == "x":
        return set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    letters = "".join(PRINTED[kind] for kind in "ul" if kind in classes)
    digits = ("123456789" if letters else "0123456789") if "d" in classes else ""
    return set(letters + digits)


@given(SHAPES)
def test_a_code_has_its_length_and_only_characters_of_the_printed_alphabets(shape: OtpShape) -> None:
    code = shape.new()
    assert len(code) == shape.length
    assert set(code) <= allowed(shape.classes)
    assert shape.fits(code)


@given(SHAPES)
def test_the_alphabet_is_the_printed_one_without_repetition(shape: OtpShape) -> None:
    assert set(shape.alphabet) == allowed(shape.classes)
    assert len(shape.alphabet) == len(allowed(shape.classes))


@given(SHAPES)
def test_a_shape_survives_being_written_into_its_row(shape: OtpShape) -> None:
    assert OtpShape.of(str(shape)) == shape
    assert len(str(shape)) <= 8


@given(SHAPES, st.text(max_size=12))
def test_only_text_of_exact_length_and_classes_can_be_a_code(shape: OtpShape, text: str) -> None:
    """What counts as a try (A-030): anything else must not burn the code."""
    assert shape.fits(text) is (len(text) == shape.length and set(text) <= allowed(shape.classes))


@given(SHAPES)
def test_blanks_dashes_and_a_lost_case_are_forgiven_where_codes_are_typed(shape: OtpShape) -> None:
    code = shape.new()
    spaced = " " + code[:2] + "-" + code[2:] + "  "
    assert shape.tidied(spaced) == code
    if "l" not in shape.classes:
        assert shape.tidied(spaced.lower()) == code
