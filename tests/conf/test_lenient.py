"""The tolerant reader: agrees with tomllib on everything valid, repairs two things, and never ends in a traceback."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from housekey.conf.lenient import MAX_BYTES, parse


def tree(text: str) -> dict[str, object]:
    parsed = parse(text.encode())
    assert not [mistake for mistake in parsed.mistakes if mistake.fatal], parsed.mistakes
    return parsed.tree


def lines(text: str) -> list[tuple[int, bool]]:
    return [(mistake.line, mistake.fatal) for mistake in parse(text.encode()).mistakes]


KEYS = st.sampled_from([
    "a", "b", "c", "key-1", "under_score", "7", '"a b"', '"q\\"=[x]#"', "'lit#=['", '""', "a.b", 'c."d.e".f', " a . b "])
VALUES = st.one_of(
    st.integers(-10**12, 10**12).map(str), st.booleans().map(lambda flag: str(flag).lower()),
    st.floats(allow_nan=False, allow_infinity=False).map(repr).filter(lambda text: "." in text),
    st.sampled_from([
        '""', "''", '"#[="', "'\\[#'", '"\\"]\\\\"', '""" "two" ""quotes"""""', '"""\n# no comment\n[not.a.table]\nx = 1\n"""',
        "'''\n[not]\n'x' = \"\"\" '''''", "[]", "[ # why\n 1,\n\n [2, 3], # [\n]", '["]", "#", \'[\']', "[\n{a = 1}, {b = [{}]},\n]",
        "{ }", '{a = 1, "b]" = {c = "}"}}', "1979-05-27T07:32:00Z", "07:32:00", "0xff", "1_000", "inf", '"é😀\\u00e9"', '"""a\\\n   b"""']),
)
ENDS = st.sampled_from(["\n", "\r\n", " # comment [x] \"\n", "\t\n", "\n\n", "\n# c = 'x\n", "\r\n  \r\n"])
INDENTS = st.sampled_from(["", "    ", "\t\t"])
STATEMENTS = st.one_of(
    st.builds(lambda indent, key, value, end: f"{indent}{key} = {value}{end}", INDENTS, KEYS, VALUES, ENDS),
    st.builds(lambda indent, key, end: f"{indent}[{key}]{end}", INDENTS, KEYS, ENDS),
    st.builds(lambda indent, key, end: f"{indent}[[{key}]]{end}", INDENTS, KEYS, ENDS),
)


def agree(text: str) -> None:
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return  # the promise is about valid documents; drawing only those would cost most of the draws
    parsed = parse(text.encode())
    assert parsed.mistakes == []
    assert parsed.tree == expected


@settings(max_examples=600, deadline=None)
@given(st.lists(STATEMENTS, max_size=7).map("".join))
@example("[[handler]]\nid = 'a'\n[handler.properties]\nx = 1\n[[handler]]\nid = 'b'\n[handler.properties]\nx = 2\n")
@example("a = [\n  '''x\n]''',\n]\n[b]\nc = \"\"\"\n[d]\n\"\"\"")
def test_valid_documents_read_as_without_the_repair(text: str) -> None:
    agree(text)


@settings(max_examples=600, deadline=None)
@given(st.text(st.sampled_from("ab=.[]{},#'\"\n\r\t 1-\\"), max_size=30))
def test_whatever_tomllib_accepts_is_read_the_same(text: str) -> None:
    agree(text)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(st.sampled_from("ab=.[]{},#'\"\n\r\t é1-\\"), max_size=60).map(str.encode)))
def test_no_input_raises(content: bytes) -> None:
    parse(content)


def test_a_table_given_twice_is_merged_and_the_last_value_counts() -> None:
    text = "[a]\nx = 1\ny = 1\n[b]\n[a]\ny = 2\nz = 2\n"
    assert tree(text) == {"a": {"x": 1, "y": 2, "z": 2}, "b": {}}
    assert lines(text) == [(5, False), (6, False)]


def test_a_key_given_twice_in_one_table_warns_with_both_lines() -> None:
    [mistake] = parse(b"[a]\nx = 1\nx = 2\n").mistakes
    assert (mistake.line, mistake.sentence) == (3, "a.x is given again (first on line 2); the last value counts.")


@pytest.mark.parametrize(("written", "read"), [
    ("smtp.gmail.com", "smtp.gmail.com"), ("me@acme.example  # why", "me@acme.example"), ("https://id.example.com:9443/x", None),
    ("1d", "1d"), ("True", "True"), ("abc==", "abc=="), ("10.0.0.0/8", "10.0.0.0/8"), ("\t-x\t", "-x"),
])
def test_a_bare_word_is_read_as_text(written: str, read: str | None) -> None:
    text = f"\n[t]\n  a.b = {written}\r\nc = 1"
    assert tree(text) == {"t": {"a": {"b": read or written.strip()}, "c": 1}}
    assert lines(text) == [(3, False)]


@pytest.mark.parametrize("written", [
    "two words", "half#comment", "“smart”", "a,b", "", "[1, 2", '"open', "'open", "{a}", "a\\b", '"""open'])
def test_what_cannot_be_guessed_is_an_error_with_its_line(written: str) -> None:
    assert (3, True) in lines(f"a = 1\n\nb = {written}\n")


def test_all_syntax_errors_are_told_at_once() -> None:
    assert lines("a = \n[t\nb = 2 3\n[u]]\nc = 'x'\n= 1\n") == [(1, True), (2, True), (3, True), (4, True), (6, True)]


def test_a_value_where_a_table_stands_is_an_error() -> None:
    assert lines("a = 1\n[a.b]\n[[a]]\n") == [(2, True), (3, True)]
    assert lines("[a]\nb.c = 1\nb = 2\n") == [(3, True)]


def test_byte_order_mark_and_windows_line_ends_are_nothing_special() -> None:
    parsed = parse(b"\xef\xbb\xbf[server]\r\nport = 1\r\nhostname = \"\"\"a\r\nb\"\"\"\r\n")
    assert (parsed.tree, parsed.mistakes) == ({"server": {"port": 1, "hostname": "a\nb"}}, [])
    assert parsed.line(("server", "hostname")) == 3


def test_text_that_is_not_utf8_is_an_error_with_its_line() -> None:
    [mistake] = parse("a = 1\nb = 'ä'\n".encode("latin-1")).mistakes
    assert (mistake.line, mistake.sentence, mistake.fatal) == (2, "The file is not UTF-8 text.", True)


@pytest.mark.parametrize("content", [
    b"a = " + b"[" * 100_000, b"a = " + b"9" * 10_000, b'"""' * 3_000, b"a" * (MAX_BYTES + 1), b"a" + b" " * 100_000,
    b"a = [" + b"1,\n" * 100_000])
def test_monstrous_input_is_refused_quickly(content: bytes) -> None:
    assert any(mistake.fatal for mistake in parse(content).mistakes)
