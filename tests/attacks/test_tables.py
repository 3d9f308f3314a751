"""Tables that come in and go out: no cell becomes a formula, and no file brings the server down."""

from __future__ import annotations

import csv
import http.client
import io
import os
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ServeFactory

if TYPE_CHECKING:
    from tests.doors.pages.support import Browser
    from tests.operations.support import World

IMPORT = "/console/users/import"
FORMULAS = ("=cmd|'/c calc'!A0", "+1", "-1", "@SUM(A1)", " =1+1", "＝1", "\t=1")
ADMIN_PASSWORD = "correct horse battery 9"


def upload(admin: Browser, content: bytes, name: str = "people.csv") -> Browser:
    admin.get(IMPORT)
    return admin.post(IMPORT, {"file": SimpleUploadedFile(name, content), "text": ""})  # type: ignore[dict-item] # a file


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_no_file_that_goes_out_holds_a_formula(admin: Browser, world: World) -> None:
    """A-117: names that begin like formulas, and cells of a file that is sent back with its faults."""
    from housekey.operations import job_worker

    ids = [str(world.add(name, mail="x@example.com").id) for name in ("=1+1", "+1", "-1", "@SUM", "＝1")]
    admin.get("/console/users/many?deed=lock&id=" + ids[0])
    admin.post("/console/users/many", {"deed": "lock", "id": ids})  # type: ignore[dict-item] # a list is several values
    while job_worker.step(world.house, world.now):
        pass
    done = admin.location.partition("?")[0] + "result.csv"
    sheet = "username,email\n" + "".join(f'"{name}",nowhere\n' for name in FORMULAS)
    refused = upload(admin, sheet.encode()).location.partition("?")[0] + "failed.csv"
    for address in (done, refused):
        rows = cells(admin.get(address).page)
        assert len(rows) > len(ids)
        assert not [cell for row in rows for cell in row if re.match(r" *[=+\-@\t\r＝＋－＠]", cell)]
    assert [row[1] for row in cells(admin.get(done).page)[1:]] == ["'=1+1", "'+1", "'-1", "'@SUM", "'＝1"]


@pytest.mark.parametrize("text", ["a;=1+1;b", "a; =1+1", "a;' =1;", "a\t@SUM(A1)\t", "a\n-1", "a;\t+1", "a;＝1"])
def test_no_cell_falls_apart_into_formulas(text: str) -> None:
    """A-117: where semicolons part the cells, as in German spreadsheets, quotation marks after a comma hold nothing together."""
    from housekey.core.sheet import plain, write

    for line in write(["Number", "Username"], [["1", text]]):
        assert not [cell for cell in re.split(r"[;\t\r\n]", line) if re.match(r" *[=+\-@＝＋－＠]", cell)], line
    written = cells("".join(write(["Number", "Username"], [["1", text]])))[1][1]
    assert plain(written) == text.strip()


@given(st.text(st.sampled_from("=+-@＝'\t\r\n; a1") | st.characters(codec="utf-8"), max_size=40))
def test_what_was_defused_is_read_as_it_was(text: str) -> None:
    """A-117: the apostrophe is taken away again, from what it was put before and from nothing else."""
    from housekey.core.sheet import defused, plain

    assert plain(defused(text)) == text.strip()


def _bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 50_000_000)
    return packed.getvalue()


@pytest.mark.parametrize(("make", "sentence"), [
    (_bomb, "This is not a text file."),
    (lambda: b"\x1f\x8b\x08" + os.urandom(2_000) + b"\0", "This is not a text file."),
    (lambda: b"username,email\n" + b"\0" * 1_000, "This is not a text file."),
    (lambda: b"username,email\nmei," + b"\xff\xfe\x81\x8d" * 10, "This is not a text file."),
    (lambda: b"username," + b"a," * 100_000 + b"\n1\n", "more than 50 columns"),
    (lambda: b"a" * 900_000, "Line 1 cannot be read"),
    (lambda: b'username,email\n"' + b"x" * 900_000, "cannot be read"),
    (lambda: b"username,email\r" + b"\r" * 200_000, "names its columns and nobody else"),
], ids=["zip", "gzip", "nul", "mixed", "columns", "one line", "one cell", "empty lines"])
def test_a_file_that_is_no_table_is_refused_early(admin: Browser, world: World, make: Callable[[], bytes], sentence: str) -> None:
    """A-180, A-181: nothing is unpacked, nothing is kept."""
    from tests.operations.support import counts

    before = counts(audit=True)
    page = upload(admin, make(), "people.xlsx").page
    assert admin.status == 400
    assert sentence in page
    assert counts(audit=True) == before


def test_the_same_line_a_thousand_times_creates_one(admin: Browser, world: World) -> None:
    """A-180: each of the others is told where the name stands."""
    from housekey.operations import jobs

    sheet = b"username,email\n" + b"mei,mei@example.com\n" * 1_000
    assert "1 person can be created" in upload(admin, sheet).follow().page
    [job] = jobs.listing(world.by)
    assert {row.sentence for row in jobs.rows(world.by, job.id, state="failed")} == {"This name stands in line 2 already."}


def test_a_cell_without_end_costs_its_own_line_only(admin: Browser, world: World) -> None:
    """A-180, A-086: long cells, and characters that normalise slowly."""
    marks = "a" + "\u0301\u0316" * 900
    lines = ("username,givenname,email", f"{'x' * 3_000},X,x@example.com", f"{marks},Y,y@example.com", f"mei,{'é' * 1_999},m@example.com",
             "tom,,t@example.com")
    page = upload(admin, "\n".join(lines).encode()).follow().page
    assert "1 person can be created" in page
    assert "A cell is longer than 2000 characters." in page


def test_more_files_than_one_are_no_form(admin: Browser, world: World) -> None:
    """A-180."""
    admin.get(IMPORT)
    files = [SimpleUploadedFile(f"{number}.csv", b"username\n") for number in range(5)]
    assert admin.post(IMPORT, {"file": files}).status == 400  # type: ignore[dict-item] # several files


@pytest.mark.serve
@pytest.mark.slow
def test_a_body_beyond_the_limit_is_refused_unread_and_nothing_is_written_to_a_disk(serve: ServeFactory, tmp_path: Path) -> None:
    """A-180: a gigabyte is announced and refused before any of it is taken; a file that fits stays in memory."""
    served = serve(f'[super_admin]\nusername = "admin"\npassword = "{ADMIN_PASSWORD}"\n', environment={"TMPDIR": str(tmp_path)})
    line = http.client.HTTPSConnection("localhost", served.port, context=served.tls(), timeout=60)
    line.putrequest("POST", IMPORT)
    line.putheader("Content-Type", "multipart/form-data; boundary=x")
    line.putheader("Content-Length", str(1_000_000_000))
    line.endheaders()
    assert line.getresponse().status == 413
    line.close()
    line.request("GET", "/authenticationendpoint/login.do")
    answer = line.getresponse()
    cookie = next(iter(SimpleCookie(answer.headers["Set-Cookie"].strip()).values()))
    token = re.search(rb'csrfmiddlewaretoken" value="([^"]+)"', answer.read())
    assert token
    parts = {'name="csrfmiddlewaretoken"': token[1].decode(), 'name="file"; filename="a.csv"': "username" * 110_000}
    body = "".join(f"--x\r\nContent-Disposition: form-data; {name}\r\n\r\n{value}\r\n" for name, value in parts.items()) + "--x--\r\n"
    before = set(tmp_path.rglob("*"))
    line.request("POST", IMPORT, body.encode(), {
        "Content-Type": "multipart/form-data; boundary=x", "Cookie": f"{cookie.key}={cookie.value}", "Origin": served.url,
    })
    assert line.getresponse().status == 302, "nobody is signed in"
    line.close()
    assert set(tmp_path.rglob("*")) == before


def test_a_tenant_with_many_jobs_takes_one_turn_of_many_tenants(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A-184: turns go round among tenants, so jobs of one do not stand before another's however many they are."""
    from housekey.operations import job_worker, jobs
    from tests.operations.support import other_world

    other = other_world(world)
    for one in (world, other):
        one.add("boss", role="admin")
    ids = [world.add(f"p{number}").id for number in range(3)]
    for number in range(6):
        jobs.start(world.house, world.acting_as("boss"), "unlock" if number % 2 else "lock", ids, world.now)
    last = jobs.start(other.house, other.acting_as("boss"), "lock", [other.add("olga").id], other.now + timedelta(seconds=1))
    monkeypatch.setattr(job_worker, "SLICE", -1.0)
    job_worker.step(world.house, world.now + timedelta(seconds=1))
    monkeypatch.setattr(job_worker, "SLICE", 2.0)
    job_worker.step(world.house, world.now + timedelta(seconds=2))
    assert jobs.get(other.by, last.id).state == "finished"
