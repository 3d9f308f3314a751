"""`housekey config fix`: what was pasted becomes TOML, and means what it meant."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from housekey.conf import fixing, lenient, toml_text
from tests.moving.support import GIVEN, Command

PASTED = """# ours
[identity_mgt.user_onboarding]   # first
lock_on_creation = true
# why
[output_adapter.email]
hostname= smtp.example.com # the relay
[identity_mgt.user_onboarding]
# validity in minutes
ask_password_email_validity = "1440"
lock_on_creation = false
"""
MENDED = """# ours
[identity_mgt.user_onboarding]   # first
# lock_on_creation = true
# validity in minutes
ask_password_email_validity = "1440"
lock_on_creation = false
# why
[output_adapter.email]
hostname= "smtp.example.com" # the relay
"""


def _put(command: Command, text: str) -> Path:
    command.data.mkdir(mode=0o700, exist_ok=True)
    path = command.data / "deployment.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["seed_000", "seed_002_format", "seed_002_sample", "seed_004", "wso2_defaults"])
def test_what_the_guides_print_means_the_same_afterwards(name: str) -> None:
    [path] = (GIVEN / name).rglob("deployment.toml")
    content = path.read_bytes()
    fixed = fixing.fix(content)
    assert tomllib.loads(fixed.text) == lenient.parse(content).tree
    assert not lenient.parse(fixed.text.encode()).mistakes
    assert (fixed.lost, fixed.anew) == ((), False)


def test_tables_are_merged_words_are_quoted_and_comments_stay(command: Command) -> None:
    path = _put(command, PASTED)
    shown = command("config", "fix")
    assert (shown.code, path.read_text(), path.with_name("deployment.toml.bak").exists()) == (0, PASTED, False)
    assert {"-hostname= smtp.example.com # the relay", '+hostname= "smtp.example.com" # the relay'} <= set(shown.out.splitlines())
    assert command("config", "fix", "--write").code == 0
    assert path.read_text() == MENDED
    assert path.with_name("deployment.toml.bak").read_text() == PASTED
    assert command("config", "fix").out == "Nothing to fix.\n"


def test_a_secret_is_not_shown(command: Command) -> None:
    path = _put(command, "[output_adapter.email]\npassword= hunter2\n"
                         "[output_adapter.sms]\nheaders = [\n'X-Key: s3cret',\n]\nprovider= Twilio\n")
    ran = command("config", "fix", "--write")
    assert "hunter2" not in ran.out + ran.err
    assert "s3cret" not in ran.out + ran.err
    assert {"-password= ***", '+password= "***"'} <= set(ran.out.splitlines())
    assert 'password= "hunter2"' in path.read_text()


def test_another_file_is_mended_where_it_is_named(command: Command, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("[server]\nhostname = a.example\n", encoding="utf-8")
    assert command("config", "fix", "--write", "--config", other).code == 0
    assert tomllib.loads(other.read_text()) == {"server": {"hostname": "a.example"}}


def test_what_means_nothing_becomes_a_comment_and_is_said(command: Command) -> None:
    path = _put(command, "[server]\nthreads = 4\nwhat is this\n[broken\na = 1\n[limits]\npage = 50\n")
    ran = command("config", "fix", "--write")
    assert ran.code == 1
    assert ran.err.count("It is a comment now.") == 2
    assert path.read_text() == "[server]\nthreads = 4\n# what is this\n# [broken\n# a = 1\n[limits]\npage = 50\n"
    assert command.explained()["limits.page"]["value"] == "50"


def test_what_cannot_be_moved_line_by_line_is_written_anew(command: Command) -> None:
    path = _put(command, "[scim2]\nme.x = 1\n[scim2.me]\ny = 2\n")
    ran = command("config", "fix", "--write")
    assert "its comments are in the old one only" in ran.err
    assert tomllib.loads(path.read_text()) == {"scim2": {"me": {"x": 1, "y": 2}}}


def test_what_is_no_text_or_not_there_is_said(command: Command) -> None:
    assert "cannot be read" in command("config", "fix").err
    _put(command, "").write_bytes(b"\xff\xfe\x00")
    ran = command("config", "fix")
    assert (ran.code, "The file is not UTF-8 text." in ran.err) == (1, True)


_NAMES = st.sampled_from(["a", "b", "a.b", "b.c", '"x y"', "c"])
_VALUES = st.sampled_from(["1", "true", '"text"', "word.example", "two", "[1, 2]", "{d = 1}", "'''\nlines\n'''", "1979-05-27", "x y",
                           "nan", ""])
_LINES = st.one_of(
    st.builds("[{}]".format, _NAMES), st.builds("[[{}]]".format, _NAMES), st.builds("{} = {}".format, _NAMES, _VALUES),
    st.builds("{} = {} # why".format, _NAMES, _VALUES), st.builds("[{}] # header".format, _NAMES),
    st.sampled_from(["", "# a comment", "nonsense", "[broken", "  ", "]"]))


@given(st.lists(_LINES, max_size=14))
def test_the_meaning_before_is_the_meaning_after(lines: list[str]) -> None:
    content = "\n".join(lines).encode()
    fixed = fixing.fix(content)
    before = lenient.parse(content)
    assert toml_text.value(_sorted(tomllib.loads(fixed.text))) == toml_text.value(_sorted(before.tree))
    assert bool(fixed.lost) == any(mistake.fatal for mistake in before.mistakes)
    assert fixing.fix(fixed.text.encode()).text == fixed.text


def _sorted(found: object) -> object:
    """NaN is not equal to itself, and the order of keys means nothing."""
    if isinstance(found, dict):
        return {name: _sorted(found[name]) for name in sorted(found)}
    return [_sorted(one) for one in found] if isinstance(found, list) else found


@given(st.text(max_size=30))
def test_every_text_can_be_written(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert tomllib.loads(f"{toml_text.key(text)} = {toml_text.text(text)}") == {text: text}
