"""Add several users at once: looked through first, then created and invited, whatever a spreadsheet wrote."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from housekey.core.principal import ADMINISTRATOR, HELP_DESK
from housekey.core.sheet import read
from housekey.operations import job_worker, users
from housekey.store.models import Job
from tests.doors.pages.support import Browser, decide
from tests.operations.support import PASSWORD, World, counts

IMPORT = "/console/users/import"
SHEET = "username,givenname,email,Shoe size\nmei,Mei,mei@example.com,36\ntom,Tom,tom@example.com,44\nmei,Again,m@example.com,\nno,,x,\n"


def send(guest: Browser, content: bytes, name: str = "people.csv") -> Browser:
    guest.get(IMPORT)
    return guest.post(IMPORT, {"file": SimpleUploadedFile(name, content, "text/csv"), "text": ""})  # type: ignore[dict-item] # a file


def work(world: World) -> None:
    while job_worker.step(world.house, world.now):
        pass


def test_a_file_is_looked_through_and_nobody_is_created_before_somebody_says_so(guest: Browser, world: World) -> None:
    send(guest, SHEET.encode())
    assert guest.status == 303
    address = guest.location.partition("?")[0]
    page = guest.follow().page
    assert "2 people can be created and invited." in page
    assert "2 lines cannot be imported." in page
    assert "left out: Shoe size" in page
    assert "The file was read as UTF-8." in page
    assert "This name stands in line 2 already." in page
    assert re.search(r'data-label="Line">4<', page), "line numbers are those of the file"
    rows = list(csv.reader(io.StringIO(guest.get(address + "failed.csv").page.removeprefix("\ufeff"))))
    assert [row[:2] for row in rows] == [["Line", "Username"], ["4", "mei"], ["5", "no"]]
    work(world)
    assert users.find(world.by, "mei") is None
    guest.get(address)
    assert "Create and invite 2 people" in guest.page
    assert guest.post(address + "begin").location == address + "?done=job-started"
    work(world)
    page = guest.follow().page
    assert "Finished, not all done" in page
    assert f'href="/console/users/{users.by_name(world.by, "mei").id}/"' in page, "whoever was created can be looked at"
    assert sorted(str(mail["To"]) for mail in world.mails()) == ["mei@example.com", "tom@example.com"]
    assert guest.post(address + "begin").location == address, "pressing twice begins once"


def test_a_table_can_be_pasted_from_a_spreadsheet(guest: Browser, world: World) -> None:
    guest.get(IMPORT)
    guest.post(IMPORT, {"text": "Email\tFirst name\nmei@example.com\tMei\n"})
    assert "1 person can be created and invited." in guest.follow().page
    assert "was read as" not in guest.page


@pytest.mark.parametrize(("encode", "said"), [
    (lambda text: text.encode(), "read as UTF-8"),
    (lambda text: text.encode("utf-8-sig"), "read as UTF-8"),
    (lambda text: text.encode("utf-16"), "read as UTF-16"),
    (lambda text: b"\xfe\xff" + text.encode("utf-16-be"), "read as UTF-16"),
    (lambda text: text.encode("cp1252"), "Windows-1252 was assumed"),
])
def test_every_encoding_that_spreadsheets_write_is_read(guest: Browser, world: World, encode: Callable[[str], bytes], said: str) -> None:
    page = send(guest, encode("username;email;firstname\nbjörn;b@example.com;Björn\n")).follow().page
    assert said in page
    assert "björn" in page


@pytest.mark.parametrize(("content", "sentence"), [
    (b"", "The file is empty."),
    (b"username,email\n", "names its columns and nobody else"),
    (b"name,shoe\na,b\n", "one of them must be username or email"),
    (b"username,password\na,b\n", "The column password cannot be imported."),
    (b"username,login\na,b\n", "Two columns mean username."),
    ("username\nmei\n".encode("utf-16-le"), "This is not a text file."),
    (b"\xff\xfeu", "This is not a text file."),
])
def test_what_is_no_table_of_people_is_refused_in_words(guest: Browser, world: World, content: bytes, sentence: str) -> None:
    before = counts(audit=True)
    page = send(guest, content).page
    assert guest.status == 400
    assert sentence in page
    assert 'href="#file"' in page
    assert counts(audit=True) == before


FAULTS = {
    "mei,Mei,m@example.com,,x": ("There are 5 cells where the first line has 4 columns.", "Es gibt 5 Zellen"),
    f"{'x' * 2_001},,a@example.com,": ("A cell is longer than 2000 characters.", "Eine Zelle ist länger als 2000 Zeichen."),
    ",Mei,,": ("There is no username.", "Der Benutzername fehlt."),
    "no,Mei,,": ("There is no e-mail address to send the message to.", "Es gibt keine E-Mail-Adresse"),
    "wrong,Mei,nowhere,": ("“nowhere” is not a valid e-mail address.", "„nowhere“ ist keine gültige E-Mail-Adresse."),
    f"long,Mei,{'a' * 300}@example.com,": ("The e-mail address is longer than 254 characters.", "Die E-Mail-Adresse ist länger als 254"),
    "alike,Mei,a＠example.com,": ("The e-mail address contains characters that look like others.", "Zeichen, die wie andere aussehen"),
    f"{'y' * 256},Mei,y@example.com,": ("The user name is longer than 255 characters.", "Der Benutzername ist länger als 255 Zeichen."),
    "a*b,Mei,a@example.com,": ("The user name may not contain *", "Der Benutzername darf * nicht enthalten"),
    "a b,Mei,a@example.com,": ("The user name may not contain spaces, control", "darf keine Leerzeichen"),
    f"first,{'n' * 256},f@example.com,": ("The first name is longer than 255 characters.", "Der Vorname ist länger als 255 Zeichen."),
    "two,Mei,two@example.com,\ntwo,Mei,two@example.com,": ("This name stands in line 2 already.", "Dieser Name steht schon in Zeile 2."),
    "admin,Mei,admin@example.com,": ("There is a user called admin already.", "Es gibt schon einen Benutzer namens admin."),
}


@pytest.mark.parametrize("line", FAULTS, ids=range(len(FAULTS)))
def test_each_fault_is_told_in_words_for_people_and_in_their_language(guest: Browser, world: World, line: str) -> None:
    english, german = FAULTS[line]
    send(guest, f"username,givenname,email,familyname\n{line}\n".encode())
    address = guest.location.partition("?")[0]
    assert english in guest.get(address).page
    assert german in guest.get(address, **{"Accept-Language": "de"}).page
    assert german in guest.get(address + "failed.csv", **{"Accept-Language": "de"}).page.replace('""', '"')


def test_nothing_sent_is_told_and_what_was_pasted_stays(guest: Browser, world: World) -> None:
    guest.get(IMPORT)
    assert "Choose a file, or paste a table." in guest.post(IMPORT, {"text": " "}).page
    page = guest.post(IMPORT, {"text": "shoe\n<44>"}).page
    assert 'href="#text"' in page
    assert "shoe\n<44></textarea>" in page.replace("\r", "")


def test_the_page_says_how_large_a_file_may_be_and_has_a_sample_that_works(guest: Browser, world: World) -> None:
    page = guest.get(IMPORT).page
    assert re.search(r"At most 1\.0\sMB and 100,000 people", page)
    assert "<code>employeenumber</code>" in page
    sheet = read(guest.get(IMPORT + "/sample.csv").page)
    assert [line.cells["username"] for line in sheet.lines] == ["jane", "mehmet"]
    assert not sheet.ignored
    assert 'href="/console/users/import"' in guest.get("/console/users/add").page


def test_nobody_puts_words_on_the_page(guest: Browser, world: World) -> None:
    """A-104: what was noticed about a file travels in the address, signed for that one job."""
    first = send(guest, SHEET.encode()).location
    second = send(guest, b"username,email\nann,ann@example.com\n").location
    told = first.partition("?told=")[2]
    assert "Shoe size" not in guest.get(second.partition("?")[0] + "?told=" + told).page
    assert "Shoe size" not in guest.get(first.partition("?")[0] + "?told=nonsense").page
    assert guest.status == 200


def test_a_file_of_which_nobody_can_be_created_cannot_be_begun(guest: Browser, world: World) -> None:
    page = send(guest, b"username,email\nadmin,a@example.com\n").follow().page
    assert "Nobody in this file can be created." in page
    assert "Create and invite" not in page.partition("Choose another file")[0]


def test_who_may_not_add_users_cannot_import(world: World) -> None:
    """A-135."""
    world.add("hanna", role=HELP_DESK)
    world.add("boss", role=ADMINISTRATOR)
    boss, hanna = Browser().signed_in("boss", PASSWORD), Browser().signed_in("hanna", PASSWORD)
    address = send(boss, SHEET.encode()).location.partition("?")[0]
    assert hanna.get(IMPORT).status == 403
    assert hanna.post(IMPORT, {"text": SHEET}).status == 403
    page = hanna.get(address).page
    assert re.search(r"<button class=\"button primary\" disabled>", page)
    assert hanna.post(address + "begin").status == 403
    assert Job.objects.within(world.tenant).get().state == "draft"


def test_where_another_system_delivers_the_page_says_why_it_cannot(guest: Browser, world: World) -> None:
    decide(world, INTERNAL="false")
    page = guest.get(IMPORT).page
    assert "Another system delivers the messages" in page
    assert re.search(r'primary" disabled', page)
    assert guest.post(IMPORT, {"text": SHEET}).status == 400
