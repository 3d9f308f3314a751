"""Templates as text: locales, parts of a message, and one part made from the other."""

from __future__ import annotations

import pytest

from housekey.core.languages import nearest
from housekey.core.markup import findings, to_html, to_text
from housekey.core.wording import Words, length_of, tag, tidied


@pytest.mark.parametrize(("written", "expected"), [("en_US", "en"), ("de-de", "de"), ("de_AT", "de-AT"), ("pt_BR", "pt-BR"),
                                                   ("zh_CN", "zh-Hans"), ("ZH-hans", "zh-Hans"), ("", ""), ("../de", ""), ("de\n", "")])
def test_a_locale_has_one_spelling(written: str, expected: str) -> None:
    assert tag(written) == expected


def test_the_nearest_locale() -> None:
    there = ("en", "de", "pt-BR", "zh-Hans")
    found = [nearest(wanted, there) for wanted in ("pt", "pt-PT", "zh-TW", "de-AT-1996", "fr", "")]
    assert found == ["pt-BR", "pt-BR", "zh-Hans", "de", "", ""]
    assert nearest("pt", there, kin=False) == ""


@pytest.mark.parametrize(("text", "parts", "unicode"), [("a" * 160, 1, False), ("a" * 161, 2, False), ("€" * 81, 2, False),
                                                        ("ł" * 70, 1, True), ("😀" * 36, 2, True), ("", 1, False), ("äöüß", 1, False)])
def test_how_many_parts_a_text_message_is_sent_in(text: str, parts: int, unicode: bool) -> None:
    length = length_of(text)
    assert (length.parts, length.unicode) == (parts, unicode)


def test_one_part_of_a_mail_becomes_the_other() -> None:
    text = to_text('<h1>Hi</h1><p>a<br>b &amp; c</p><p><a href="{{link}}">Go</a></p><ul><li>x</li></ul>')
    assert text == "Hi\n\na\nb & c\n\nGo:\n\n{{link}}\n\n- x\n"
    html = to_html("Hi <you>\n\n{{link}}\n\n{{confirmation-code}}\n")
    assert html.splitlines() == [
        "<p>Hi &lt;you&gt;</p>",
        '<p class="action"><a href="{{link}}">{{link}}</a></p>',
        '<p class="code"><b>{{confirmation-code}}</b></p>',
    ]
    assert findings(html) == []


def test_line_ends_are_of_one_kind() -> None:
    assert tidied(" a ", "x\r\ny\rz\n", "") == Words("a", "x\ny\nz", "")
