"""Files from another system that somebody prepared: people to import, and what the command line says of them
(A-116, A-121, A-180, A-187)."""

from __future__ import annotations

import io
import json

import pytest

from housekey.cli import fixing, options, output
from housekey.core.custom import user_kind
from housekey.core.intake import files
from housekey.core.intake.rows import Format, Row, Source


def read(content: str, format: Format) -> list[Row]:
    """The people in a file."""
    return list(files.read(io.BytesIO(content.encode()), format, Source(), user_kind(())))


@pytest.mark.parametrize("depth", [100, 480, 500, 900, 960, 985, 990, 5_000])
def test_no_line_of_a_file_is_nested_so_deep_that_an_import_breaks_off(depth: int) -> None:
    """A-121, A-180."""
    urn = '{"urn:ietf:params:scim:schemas:core:2.0:User":'
    lines = ['{"userName":"a","x":' + "[" * depth + "]" * depth + "}",
             '{"userName":"b","x":' + '{"y":' * depth + '"\\u0000"' + "}" * depth + "}",
             '{"userName":"c","emails":' + "[" * depth + "]" * depth + "}", urn * depth + "{}" + "}" * depth, '{"userName":"jane"}']
    rows = read("\n".join(lines), "jsonl")
    assert [row.number for row in rows] == [1, 2, 3, 4, 5]
    assert rows[-1].new is not None


def test_a_dump_of_h2_may_hold_every_character_and_halves_of_some() -> None:
    """A-180: H2 writes those beyond the first plane as two escapes; a half alone cannot be stored."""
    rows = read("INSERT INTO UM_USER VALUES(1,STRINGDECODE('j\\ud83dne'),NULL,NULL,FALSE,'2020-01-01',-1234);\n"
                "INSERT INTO UM_USER VALUES(2,'paul',NULL,NULL,FALSE,'2020-01-01',-1234);\n"
                "INSERT INTO UM_USER_ATTRIBUTE VALUES(1,'givenname',STRINGDECODE('\\ud83d\\ude00 J\\u00fcrgen'),'default',2,-1234);\n",
                "wso2")
    assert rows[1].new is not None
    assert rows[1].new.profile.given_name == "😀 Jürgen"
    assert "\ud83d" not in rows[0].name


def test_what_the_command_line_prints_is_text_to_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A-116: whatever names of files, people and keys hold."""
    hostile = "a\x1b[2J\x9bK\u202eb\udcff\r"
    output.as_json({hostile: [hostile]})
    options.say(hostile)
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {hostile: [hostile]}
    assert all(char == "\n" or char.isprintable() for char in printed.out + printed.err)


@pytest.mark.parametrize("statement", [
    'x = {password = "PLAIN", y = 1}', "pass word = PLAIN", "connection_password: PLAIN", ' Password : "PLAIN"', "password = PLAIN",
    'super_admin={password="PLAIN"}', 'secret.key = "PLAIN"', "api_key = PLAIN", 'url = "postgres://u:PLAIN@h/d" x', '# password = "PLAIN"',
    'password = """\nPLAIN\n"""',
])
def test_config_fix_shows_no_secret_however_it_is_written(statement: str) -> None:
    """A-187: what is malformed is shown to be mended, on a screen or in a ticket."""
    assert "PLAIN" not in fixing._masked(f"[table]\n{statement}\n")
