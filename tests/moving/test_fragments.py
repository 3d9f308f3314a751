"""XML that is no document: how far it is taken, and what is said of it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from housekey.core.moving import fragments
from housekey.core.moving.fragments import Unsafe
from tests.moving.support import Command, written


def test_several_roots_and_prose_between_them_are_taken() -> None:
    found = fragments.parse('<a x="1"/>\nand then\n<b>two</b>')
    assert [(node.tag, node.line, node.text) for node in found.root.children] == [("a", 1, ""), ("b", 3, "two")]
    assert found.faults == [(2, "Words outside of every element were not read.")]


def test_a_value_that_is_never_closed_ends_with_its_text_and_a_frame_goes_on() -> None:
    found = fragments.parse("<E>\n<T>1440\n<L>true</L>\n")
    [frame] = found.root.children
    assert [(node.tag, node.text) for node in frame.children] == [("T", "1440"), ("L", "true")]
    assert found.faults == [(1, "<E> is never closed. What follows was read as a part of it."),
                            (2, "<T> is never closed. It was taken to end with its text.")]


def test_what_was_escaped_for_a_web_page_is_read_and_said() -> None:
    found = fragments.parse("&lt;a k=&quot;v&quot;&gt;x &amp;amp; y&lt;/a&gt;")
    [node] = found.root.children
    assert (node.attributes, node.text) == ({"k": "v"}, "x & y")
    assert [line for line, _ in found.faults] == [1]


def test_comments_are_no_keys_and_cdata_is_text() -> None:
    found = fragments.parse("<!--<a>1</a>--><b><![CDATA[<p>&amp;</p>]]></b><?x y?>")
    assert [(node.tag, node.text) for node in found.root.children] == [("b", "<p>&amp;</p>")]
    assert not found.faults


@pytest.mark.parametrize("text", [
    '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a>&x;</a>',
    '<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1:1/x">]><a>&x;</a>',
    '<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/passwd">%x;]><a/>',
    "<a><!DOCTYPE a></a>", "<!doctype a>", "<a/><!ENTITY x 'y'>",
])
def test_a_108_a_document_type_is_refused_whatever_it_says(text: str, command: Command, conf: Path) -> None:
    """A-108."""
    ran = command.moved(written(conf, identity_xml=f"<Recovery><ExpiryTime>60</ExpiryTime></Recovery>{text}"), "--dry-run")
    [entry] = ran.json["entries"]
    assert (ran.code, entry["class"], entry["key"]) == (1, "could not", "(the file)")
    assert "is not read" in entry["words"]


def test_a_108_a_document_type_is_refused_when_it_was_escaped_too() -> None:
    """A-108."""
    with pytest.raises(Unsafe):
        fragments.parse("&lt;!DOCTYPE a&gt;&lt;a&gt;&lt;/a&gt;")


def test_a_108_entities_of_ones_own_are_left_as_they_are_written(command: Command, conf: Path) -> None:
    """A-108: without a declaration they are only text."""
    written(conf, output_event_adapters_xml='<property key="mail.smtp.signature">&lol9; &#x41;</property>')
    ran = command.moved(conf, "--dry-run")
    assert ran.entry("email/mail.smtp.signature")["value"] == "&lol9; A"


def test_a_109_billion_laughs_and_depth_and_number_are_refused(command: Command, conf: Path) -> None:
    """A-109."""
    laughs = "".join(f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefg", "bcdefgh", strict=True))
    for text in (f"<!DOCTYPE l [<!ENTITY a 'lol'>{laughs}]><l>&h;</l>", "<a>" * 100_000, "<a/>" * 60_000):
        ran = command.moved(written(conf, identity_xml=text), "--dry-run")
        assert (ran.code, [entry["class"] for entry in ran.json["entries"]]) == (1, ["could not"]), text[:40]


@pytest.mark.parametrize("text", ["<!--" * 300_000, "<" * 1_000_000, "<a" + " " * 1_000_000, "<a b=" * 200_000, "&" * 300_000,
                                  "<![CDATA[" * 100_000, "</a>" * 200_000, "<a b='" + "x" * 1_000_000, "<a>&#" + "1" * 1_000_000])
def test_a_109_nothing_is_looked_at_again_and_again(text: str) -> None:
    """A-109: each of these would take hours if the time grew with the square of the length."""
    with suppress(Unsafe):
        assert len(fragments.parse(text).faults) <= fragments.MOST_FAULTS


def test_a_file_that_is_no_text_or_too_large_is_said(command: Command, conf: Path) -> None:
    (conf / "identity.xml").write_bytes(b"\x00\x01\x02<Recovery>")
    (conf / "charon-config.xml").write_bytes(b" " * 5_000_000)
    ran = command.moved(conf, "--dry-run")
    assert [entry["words"][:9] for entry in ran.json["entries"]] == ["It is lar", "It is not"]


@given(st.text(alphabet="<>/&;!-[]CDATA ab=\"'x#1\n?", max_size=200))
def test_no_text_is_too_odd(text: str) -> None:
    try:
        lines = [line for line, _ in fragments.parse(text).faults]
    except Unsafe as refusal:
        lines = [refusal.line]
    assert all(1 <= line <= text.count("\n") + 1 for line in lines)
