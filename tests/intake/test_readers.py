"""The readers: each format, its quoting, and what is no such file."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from housekey.core.attributes import ENTERPRISE_URN
from housekey.core.errors import Invalid
from housekey.core.intake.rows import Format, Limits, Row, Source
from housekey.core.names import UserName
from tests.intake.support import SALT, b64, read, ssha, wso2_hash

DUMPS = Path(__file__).parent / "dumps"
ENTRY = """\
version: 1

# people of the
  example
dn: uid=jane,ou=people,dc=example,dc=com
changetype: add
objectClass: top
objectClass: inetOrgPerson
uid: jane
cn: Jane Doe
sn:: RG/DqQ==
givenName;lang-en: Ja
 ne
mail: jane@example.com
mail: j.doe@example.com
mobile: +4915112345678
telephoneNumber: +49 30 1234
title: Head of
  Sales
employeeNumber: 77
departmentNumber: D1
manager: uid=boss,ou=people,dc=example,dc=com
preferredLanguage: de-DE, en;q=0.8
postalCode: 10115
jpegPhoto:: AAAA
 BBBB

dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit
ou: people
"""


def only(rows: list[Row]) -> Row:
    assert len(rows) == 1
    return rows[0]


def test_an_entry_of_a_directory_is_a_person_with_everything_that_has_a_place_here() -> None:
    jane, unit = read(ENTRY)
    assert jane.number == 5
    assert jane.new is not None
    assert (jane.new.name, unit.aside) == (UserName("PRIMARY", "jane"), "no person")
    profile = jane.new.profile
    assert (profile.given_name, profile.family_name, profile.mail, profile.mobile) == ("Jane", "Doé", "jane@example.com", "+4915112345678")
    assert [mail.value for mail in profile.emails] == ["jane@example.com", "j.doe@example.com"]
    assert profile.locale == "de-DE"
    assert profile.more["title"] == "Head of Sales"
    assert profile.more["phoneNumbers"] == [{"value": "+4915112345678", "type": "mobile"}, {"value": "+49 30 1234", "type": "work"}]
    assert profile.more[ENTERPRISE_URN] == {
        "employeeNumber": "77", "department": "D1", "manager": {"value": "uid=boss,ou=people,dc=example,dc=com"}}


def test_active_directory_says_who_is_disabled() -> None:
    entry = ("dn: cn=Q\nobjectClass: user\nsAMAccountName: q\nuserAccountControl: {}\n\n"
             "dn: cn=PC\nobjectClass: computer\nsAMAccountName: pc$\n")
    q, computer = read(entry.format(514))
    assert (q.new is not None and q.new.disabled, computer.aside) == (True, "no person")
    q, _ = read(entry.format(512))
    assert q.new is not None
    assert not q.new.disabled


@pytest.mark.parametrize(("lines", "why"), [
    ("mail:< file:///etc/passwd", "refers to a URL"),
    ("userPassword:< http://127.0.0.1/", "refers to a URL"),
    ("mail:: !!!", "base64"),
    ("mail:: AGFi", "NUL"),
    ("no colon here", "no colon"),
    ("changetype: delete", "a change (delete)"),
    ("title: " + "x" * 3_000, "title is too long"),
])
def test_an_entry_that_is_wrong_costs_only_itself(lines: str, why: str) -> None:
    bad, good = read(f"dn: uid=a\nuid: a\n{lines}\n\ndn: uid=b\nuid: b\n", "ldif")
    assert why in bad.fault
    assert bad.new is None
    assert good.new is not None


def test_an_entry_without_end_is_not_kept_in_memory() -> None:
    """A-180: a folded value of many megabytes."""
    bomb = "dn: uid=a\nuid: a\nmail: " + "\n ".join(["x" * 5_000] * 4_000) + "\n\ndn: uid=b\nuid: b\n"
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[1]
    bad, good = read(bomb, "ldif", Source(limits=Limits(record=100_000)))
    grown = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert "longer than 100000" in bad.fault
    assert good.new is not None
    assert grown < 3 * len(bomb)


def test_a_table_with_every_kind_of_line() -> None:
    rows = read('\ufeffUser Name;E-Mail;First name;unknown\n"mei";mei@example.com;"Me\ni";x\n\ntom;tom@example.com;5" Tom;\n'
                'open;"o@example.com;O;\nann;ann@example.com;Ann;;;\n;x@example.com;X;\n;;X;\n')
    assert [(row.number, row.name, row.fault) for row in rows] == [
        (2, "mei", ""), (5, "tom", ""), (6, "", "A quotation mark in this line is never closed."),
        (7, "ann", "There are 6 cells where the first line has 4 columns."), (8, "x@example.com", ""), (9, "", "There is no username.")]
    assert [row.new.profile.given_name for row in rows if row.new] == ["Me\ni", '5" Tom', "X"]


@pytest.mark.parametrize(("content", "why"), [
    ("", "empty"), ("\n\n", "empty"),
    ("username,password\na,b\n", "password cannot be imported"),
    ("username,Roles\na,b\n", "Roles cannot be imported"),
    ("email,e-mail\na,b\n", "Two columns mean email"),
    ("a,b\n1,2\n", "must be username or email"),
    (",".join(f"c{number}" for number in range(100)), "more than 50 columns"),
    (b"PK\x03\x04rest", "not a text file"),
    (b"\x1f\x8brest", "not a text file"),
    ("username\xfc\n".encode("latin-1"), "not UTF-8"),
    ('"username,email\nx,y\n', "never closed"),
])
def test_what_is_no_table_is_refused_in_words(content: str | bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why) as refused:
        read(content, name="people.csv")
    assert refused.value.field == "file"


def test_encodings_are_told_by_their_mark_or_by_the_operator() -> None:
    table = "username,givenName\nm,Müller\n"
    for content, source in ((table.encode("utf-16"), Source()), (table.encode("utf-8-sig"), Source()),
                            (table.encode("latin-1"), Source(encoding="latin-1"))):
        assert only(read(content, "csv", source)).new == only(read(table, "csv")).new
    wrong = only(read(table.encode("latin-1"), "csv"))
    assert "not UTF-8" in wrong.fault
    with pytest.raises(Invalid, match="utf-16"):
        read(b"\xff\xfe" + b"\x00\xd8" * 9, "csv")


def test_a_line_without_end_and_too_many_lines_are_stopped() -> None:
    """A-180."""
    bad, good = read("username\n" + "x" * 200_000 + "\nann\n", "csv")
    assert "longer than 65536" in bad.fault
    assert good.name == "ann"
    nul, good = read("username\na\0b\nann\n", "csv")
    assert "NUL" in nul.fault
    assert good.name == "ann"
    with pytest.raises(Invalid, match="more than 2 people"):
        read("username\na\nb\nc\n", "csv", Source(limits=Limits(rows=2)))


def test_json_lines_hold_scim_users() -> None:
    user = {"userName": "JDBC/mei", "name": {"givenName": "Mei"}, "emails": [{"value": "mei@example.com"}], "active": False,
            "password": "seven purple umbrellas", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "D"}}
    row = only(read(json.dumps(user)))
    assert row.new is not None
    assert (row.new.name, row.new.password, row.new.disabled) == (UserName("JDBC", "mei"), "seven purple umbrellas", True)
    hashed = only(read(json.dumps({"userName": "tom", "passwordHash": "{SSHA}" + ssha("sha1", "x")})))
    assert hashed.hashed.startswith("$salted-sha1$")


@pytest.mark.parametrize("line", [
    "{", "[]", "1", '{"userName": 1}', '{"userName": ""}', "[" * 60_000, '{"n": ' + "9" * 5_000 + "}", '{"userName": "a\\u0000"}',
    '{"userName": "\\ud800"}', '{"userName": "a", "emails": "x" }x', '{"userName": "a", "name": 1}', '{"userName": "a", "emails": [{}]}',
])
def test_a_line_that_is_no_user_is_refused_by_itself(line: str) -> None:
    bad, good = read(line + '\n{"userName": "b"}\n', "jsonl")
    assert bad.fault
    assert good.new is not None


@pytest.mark.parametrize("database", ["mysql", "h2", "postgresql"])
def test_a_dump_of_wso2s_tables_is_people_with_their_attributes(database: str) -> None:
    dump = (DUMPS / f"{database}.sql").read_text().replace("HASH", wso2_hash("pw")).replace("SALT", SALT)
    mei, neil, other = read(dump)
    assert mei.new is not None
    assert neil.new is not None
    assert (mei.name, mei.new.profile.mail, mei.must_change) == ("mei", "mei@example.com", False)
    assert mei.hashed.startswith("$salted-sha256$")
    assert (neil.name, neil.new.profile.given_name, neil.must_change, neil.new.locked) == ("o'neil", "A'd\\m", True, True)
    assert (neil.hashed, neil.new.password, bool(neil.note)) == ("", None, True)
    assert other.aside == "of another tenant"
    assert read(dump, source=Source(tenant=1))[2].new is not None
    plain = read(dump, source=Source(digest="plain"))[1].new
    assert plain is not None
    assert plain.password == "plain"


def test_wso2s_table_as_csv_has_attributes_in_further_columns() -> None:
    head = "UM_ID,UM_USER_NAME,UM_USER_PASSWORD,UM_SALT_VALUE,UM_REQUIRE_CHANGE,UM_TENANT_ID,mail,givenName\n"
    row = only(read(f"{head}1,mei,{wso2_hash('pw')},{SALT},1,-1234,mei@example.com,Mei\n"))
    assert (row.must_change, bool(row.hashed), row.new and row.new.profile.mail) == (True, True, "mei@example.com")


@pytest.mark.parametrize("dump", [
    "INSERT INTO UM_USER VALUES (1,'a", "INSERT INTO UM_USER VALUES (1,'a'", "INSERT INTO UM_USER VALUES (" + "1," * 500,
    "INSERT INTO UM_USER VALUES (1,2)", "INSERT INTO UM_USER VALUES ('" + "x" * 400_000, "INSERT INTO UM_USER /* for ever",
    'INSERT INTO "UM_USER', "COPY um_user (um_user_name) FROM stdin;\n" + "x" * 400_000,
])
def test_a_dump_that_ends_in_the_middle_is_refused(dump: str) -> None:
    with pytest.raises(Invalid):
        read(dump, "wso2")


@given(st.binary(max_size=400), st.sampled_from(["csv", "jsonl", "ldif", "wso2"]))
def test_no_bytes_do_more_than_be_refused(content: bytes, format: Format) -> None:
    for begin in (b"", b"username,email\n", b"dn: uid=a\nuid: a\n", b"INSERT INTO UM_USER VALUES (", b'{"userName":'):
        try:
            rows = read(begin + content, format)
        except Invalid:
            continue
        assert all((row.new is None) == bool(row.fault or row.aside) for row in rows)


@given(st.lists(st.lists(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\r\n"), max_size=9).map(str.strip),
                         min_size=2, max_size=2), max_size=9))
def test_what_we_write_as_a_table_is_read_back(cells: list[list[str]]) -> None:
    from housekey.core.sheet import write

    rows = [[f"u{number}", *row] for number, row in enumerate(cells)]
    found = read("".join(write(("username", "givenName", "familyName"), rows)), "csv")
    assert [[row.name, row.new.profile.given_name, row.new.profile.family_name] for row in found if row.new] == rows


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=200))
def test_any_text_in_base64_comes_out_of_ldif(text: str) -> None:
    from textwrap import wrap

    folded = "\n ".join(wrap(f"title:: {b64(text.encode())}", 20, drop_whitespace=False))
    row = only(read(f"dn: uid=a\nuid: a\n{folded}\n", "ldif"))
    assert row.new is not None
    assert row.new.profile.more["title"] == text
