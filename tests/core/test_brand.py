"""Promises of a brand: contrast is what WCAG says, what is adapted is readable, images are what they seem."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from housekey.core import images
from housekey.core.brand import DARK, LIGHT, MOST_TEXT, TEXTS, Brand, clean_alt, clean_colours, clean_text, judge, look, style_sheet
from housekey.core.colours import TEXT, clean, contrast, darkened, luminance, ratio, readable
from housekey.core.errors import Invalid
from tests.support.pictures import gif, jpeg, png, webp

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(colours, colours)
def test_contrast_is_the_same_both_ways_round_and_between_1_and_21(one: str, other: str) -> None:
    assert contrast(one, other) == contrast(other, one)
    assert 1 <= contrast(one, other) <= 21.0001
    assert contrast(one, one) == 1


@pytest.mark.parametrize(("one", "other", "known"), [
    ("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#767676", "#ffffff", 4.54), ("#0000ff", "#ffffff", 8.59),
    ("#ff0000", "#ffffff", 4.00), ("#ffff00", "#000000", 19.56),
])
def test_known_pairs_of_the_guidelines(one: str, other: str, known: float) -> None:
    assert contrast(one, other) == pytest.approx(known, abs=0.006)


def test_a_ratio_is_never_rounded_up_to_enough() -> None:
    assert ratio("#777777", "#ffffff") == "4.4:1"
    assert ratio("#000000", "#ffffff") == "21.0:1"


@given(colours)
def test_text_on_any_button_can_be_read(colour: str) -> None:
    for scheme in (LIGHT, DARK):
        seen = look(Brand(colour), scheme)
        assert contrast(seen.on_brand, seen.brand) >= TEXT
        assert contrast(seen.on_brand, seen.strong) >= TEXT


@given(colours, colours)
def test_links_of_any_colour_can_be_read_wherever_they_stand(primary: str, background: str) -> None:
    brand = Brand(primary, background if contrast("#565f70", background) >= TEXT else "")
    for scheme in (LIGHT, DARK):
        seen = look(brand, scheme)
        assert contrast(seen.link, seen.surface) >= TEXT
        assert contrast(seen.link, seen.ground) >= TEXT


@given(colours)
def test_a_readable_colour_stays_as_it_is(colour: str) -> None:
    if contrast(colour, "#ffffff") >= TEXT:
        assert readable(colour, ("#ffffff",)) == colour
    assert luminance(darkened(colour, 0.1)) <= max(0.1, 0)


@given(st.text(max_size=40))
def test_a_colour_is_six_digits_or_nothing_or_refused(text: str) -> None:
    with suppress(Invalid):
        assert re.fullmatch(r"(#[0-9a-f]{6})?", clean(text, "primary"))


@pytest.mark.parametrize("text", ["red;}body{display:none", "#12345", "#1234567", "rgb(1,2,3)", "url(https://evil.test)", "#12345g",
                                  "var(--x)", "#١٢٣٤٥٦", "#fff\n}", "red"])
def test_nothing_but_a_colour_is_taken_for_one(text: str) -> None:
    """A-064: what is stored here stands in a style sheet."""
    with pytest.raises(Invalid):
        clean(text, "primary")


def test_people_may_leave_out_the_sign_and_write_short() -> None:
    assert [clean(text, "") for text in ("#ABC", "abc", " 1A2b3C ", "")] == ["#aabbcc", "#aabbcc", "#1a2b3c", ""]


def test_a_background_on_which_nothing_could_be_read_is_refused_with_both_numbers() -> None:
    with pytest.raises(Invalid, match=r"contrast of 1\.\d:1; it needs 4\.5:1") as refusal:
        clean_colours("", "#336699")
    assert refusal.value.field == "background"


def test_what_is_adapted_is_said_with_both_numbers() -> None:
    said = [one.sentence.format(**one.values) for one in judge("#ffd200", "")]
    assert "Text on buttons is black, with a contrast of 14.4:1; 4.5:1 is needed." in said
    adapted = re.compile(r"Links by day would have 1\.\d:1; 4\.5:1 is needed\. They are written in #[0-9a-f]{6} instead, with 4\.\d:1\.")
    assert any(map(adapted.fullmatch, said))


@given(colours, colours)
def test_the_style_sheet_holds_custom_properties_and_nothing_else(primary: str, background: str) -> None:
    for sheet in (style_sheet(Brand(primary, background)), style_sheet(Brand(primary), only=DARK)):
        rules = re.sub(r"--[a-z-]+:#[0-9a-f]{6}", "P", sheet)
        night = r"(@media \(prefers-color-scheme:dark\)\{:root\{P(;P)*\}\}\n)?"
        assert re.fullmatch(r"(:root\{(color-scheme:dark;)?P(;P)*\}\n)" + night + r"\.choices input\{[^}]*\}\n", rules)


def test_a_text_is_plain_short_and_visible() -> None:
    assert clean_text("login_lead", "  <b>Hi</b>\n there ") == "<b>Hi</b> there"
    assert clean_text("login_heading", "Sign In") == ""
    for bad in ("x" * (MOST_TEXT + 1), "a\u202eb", "a\x00b", "\ud800"):
        with pytest.raises(Invalid):
            clean_text("login_lead", bad)


def test_a_logo_has_words() -> None:
    assert clean_alt(" Acme ", logo=True) == "Acme"
    assert clean_alt("", logo=False) == ""
    with pytest.raises(Invalid):
        clean_alt(" ", logo=True)


def test_a_text_is_taken_in_its_language_only() -> None:
    brand = Brand(texts={"login_lead": {"pt-BR": "Olá", "de": "Hallo"}})
    assert [brand.own("login_lead", tag) for tag in ("de", "de-AT", "pt-BR", "en", "pt-PT")] == ["Hallo", "Hallo", "Olá", "", ""]
    assert all(not brand.own(key, "de") for key in TEXTS if key != "login_lead")


@pytest.mark.parametrize(("data", "kind"), [(png(12, 34), "image/png"), (gif(12, 34), "image/gif"), (jpeg(12, 34), "image/jpeg"),
                                            (webp(12, 34), "image/webp")])
def test_an_image_is_known_by_its_bytes(data: bytes, kind: str) -> None:
    assert images.look(data) == images.Image(kind, 12, 34)


@pytest.mark.parametrize("data", [png(), gif(), jpeg(), webp()])
def test_an_image_with_something_behind_it_is_refused(data: bytes) -> None:
    """Polyglots: a picture to one reader, a script or page to another."""
    with pytest.raises(Invalid, match="not only an image"):
        images.look(data + b"<script>alert(1)</script>")


@pytest.mark.parametrize("data", [png(2001, 1), png(1, 60_000), gif(65_535, 1), jpeg(1, 2001), webp(2001, 5), png(0, 1)])
def test_a_huge_image_is_refused_by_its_header(data: bytes) -> None:
    with pytest.raises(Invalid, match="2000 pixels"):
        images.look(data)


@pytest.mark.parametrize("data", [b"<svg xmlns='http://www.w3.org/2000/svg'/>",
                                  b"\xef\xbb\xbf <?xml version='1.0'?><svg/>", b"<!-- --><svg/>"])
def test_svg_is_refused_with_the_reason(data: bytes) -> None:
    with pytest.raises(Invalid, match="can hold scripts"):
        images.look(data)


def test_a_large_file_is_refused_unread() -> None:
    with pytest.raises(Invalid, match="256 KB"):
        images.look(png() + b"\0" * images.MOST_BYTES)


@given(st.sampled_from([png(), gif(), jpeg(), webp(), b""]), st.binary(max_size=60), st.integers(0, 60))
def test_no_bytes_are_more_than_refused(start: bytes, more: bytes, cut: int) -> None:
    with suppress(Invalid):
        images.look(start[:cut] + more)
