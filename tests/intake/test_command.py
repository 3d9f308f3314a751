"""`housekey import users`: files on disk, exit codes, the file of errors, and the worst files there are."""

from __future__ import annotations

import csv
import io
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.served import _environment, as_json, run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("intake") / "var"
    assert run("migrate", "--data", str(made)).returncode == 0
    return made


def imported(data: Path, file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run("import", "users", str(file), *arguments, "--data", str(data), timeout=120)


def written(tmp_path: Path, content: str | bytes, name: str = "people.csv") -> Path:
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def test_a_table_is_looked_through_then_imported_then_known(data: Path, tmp_path: Path) -> None:
    file = written(tmp_path, "username,email\nmei,mei@example.com\ntom,tom@example.com\n")
    assert as_json(imported(data, file, "--dry-run", "--json"))["created"] == 2
    done = imported(data, file, "--invite")
    assert done.returncode == 0, done.stderr
    assert "Created" in done.stdout
    assert as_json(run("user", "show", "mei", "--json", "--data", str(data)))["state"] == "invited"
    again = imported(data, file, "--invite")
    assert (again.returncode, "before" in again.stdout) == (0, True)


def test_who_cannot_be_taken_is_named_in_a_file_that_is_no_formula(data: Path, tmp_path: Path) -> None:
    """A-117: what somebody called herself is shown, not computed."""
    file = written(tmp_path, 'username,email\n"=cmd|\'/c calc\'!A0",x@example.com\nann,ann@example.com\n@SUM(A1),nowhere\n')
    errors = tmp_path / "errors.csv"
    done = imported(data, file, "--errors", str(errors))
    assert done.returncode == 1
    heading, *rows = csv.reader(io.StringIO(errors.read_bytes().decode()))
    assert heading == ["line", "name", "reason", "outcome"]
    assert [row[0] for row in rows] == ["2", "4"]
    assert all(row[1].startswith("'") for row in rows)
    assert not errors.stat().st_mode & 0o077


def test_names_that_no_file_can_hold_are_told_all_the_same(data: Path, tmp_path: Path) -> None:
    names = ("half \\ud800", "nul\\u0000", "whole \\ud83d\\ude00")
    file = written(tmp_path, "".join(f'{{"userName": "{name}"}}\n' for name in names), "p\udcff.jsonl")
    errors = tmp_path / "errors.csv"
    done = imported(data, file, "--errors", str(errors))
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert errors.read_text(encoding="utf-8").count("not imported") == 3


def test_without_a_file_the_first_are_shown_and_no_terminal_is_commanded(data: Path, tmp_path: Path) -> None:
    lines = [f"\x1b[31mbad {number},x" for number in range(30)]
    done = imported(data, written(tmp_path, "\n".join(["username,email", *lines])))
    assert done.returncode == 1
    assert "\x1b" not in done.stderr + done.stdout
    assert "… and 10 more. --errors FILE keeps all of them." in done.stderr


@pytest.mark.parametrize(("arguments", "why"), [
    (("--domain", "NOWHERE"), "no user store"), (("--source-tenant", "x"), "a number"), (("--tenant", "nobody.example"), "no tenant"),
])
def test_what_cannot_be_meant_is_refused_before_anything(data: Path, tmp_path: Path, arguments: tuple[str, ...], why: str) -> None:
    done = imported(data, written(tmp_path, "username\nzoe\n"), *arguments)
    assert done.returncode == 1
    assert why in done.stderr
    assert "zoe" not in run("user", "list", "--limit", "500", "--data", str(data)).stdout


def test_files_that_are_none(data: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/nowhere")
    for file in (tmp_path, tmp_path / "nothing", link, Path("/dev/zero")):
        done = imported(data, file)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    for content in (b"", b"PK\x03\x04zip", b"\x1f\x8bgz", b"\0" * 5_000, b"a,b\n1,2\n", b"username,username\na,b\n"):
        done = imported(data, written(tmp_path, content))
        assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    file = written(tmp_path, "username\nsafe\n")
    assert imported(data, file, "--errors", str(file)).returncode == 1
    assert file.read_text() == "username\nsafe\n"


def test_bombs_are_refused_in_little_memory(data: Path, tmp_path: Path) -> None:
    """A-180: a line of 50 MB, 100,000 columns, an attribute without end, a text in a dump without end."""
    bombs = {
        "line.csv": b"username\n" + b"x" * 50_000_000 + b"\nafter-line\n",
        "columns.csv": b",".join(b"c%d" % number for number in range(100_000)) + b"\n",
        "long.ldif": b"dn: uid=a\nuid: a\nmail: " + b"\n ".join([b"x" * 60_000] * 800) + b"\n\ndn: uid=after-ldif\nuid: after-ldif\n",
        "long.sql": b"INSERT INTO UM_USER VALUES ('" + b"x" * 50_000_000,
        "deep.jsonl": b'{"userName":' + b"[" * 10_000_000 + b"\n" + b'{"userName":"after-json"}\n',
    }
    for name, content in bombs.items():
        file = written(tmp_path, content, name)
        command = [sys.executable, "-m", "housekey", "import", "users", str(file), "--data", str(data)]
        done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False, timeout=120, preexec_fn=limited)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr[-2_000:]
    listed = run("user", "list", "--limit", "500", "--data", str(data)).stdout
    assert all(name in listed for name in ("after-line", "after-ldif", "after-json"))


def limited() -> None:
    """The interpreter with Django, and 200 MB besides."""
    resource.setrlimit(resource.RLIMIT_DATA, (400 << 20, 400 << 20))
