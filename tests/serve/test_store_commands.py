"""`housekey store`: directories from the command line; a password comes from a file or standard input and is never printed."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.ports import free_port
from tests.support.served import as_json, run

if TYPE_CHECKING:
    from tests.support.slapd import Place

pytestmark = pytest.mark.slow
BASE = "UserSearchBase=ou=people,dc=example"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a migrated database."""
    made = tmp_path_factory.mktemp("stores") / "var"
    assert run("migrate", "--data", str(made)).returncode == 0
    return made


def store(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run("store", *arguments, "--data", str(data))


def test_a_directory_lives_from_add_to_remove(data: Path, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("s3cret-of-the-directory\n", encoding="utf-8")
    added = store(data, "add", "staff", "--kind", "ldap", "--set", f"ConnectionURL=ldap://127.0.0.1:{free_port()}", "--set", BASE,
                  "--set", "ConnectionName=cn=housekey,dc=example", "--map", "title=employeeType", "--password-file", str(secret), "--json")
    view = as_json(added)
    assert (view["domain"], view["kind"], view["secret"]) == ("STAFF", "ldap", True)
    assert view["attributes"]["http://wso2.org/claims/title"] == "employeeType"
    assert [row["domain"] for row in as_json(store(data, "list", "--json"))] == ["PRIMARY", "STAFF"]
    shown = store(data, "show", "staff")
    assert "ou=people,dc=example" in shown.stdout
    assert "s3cret" not in added.stdout + shown.stdout + store(data, "list").stdout
    tried = store(data, "test", "staff")
    assert tried.returncode == 1
    assert "FAILED" in tried.stdout
    assert store(data, "look", "staff").stdout == "STAFF is looked through as soon as a server is running.\n"
    assert "switched off" in store(data, "disable", "staff").stdout
    assert store(data, "look", "staff").returncode == 1
    assert as_json(store(data, "enable", "staff", "--json"))["enabled"] is True
    assert as_json(store(data, "remove", "staff", "--forget", "--json")) == {"domain": "STAFF", "removed": True}
    assert store(data, "show", "staff").returncode == 1


def test_settings_are_tried_before_they_are_stored(data: Path, tmp_path: Path, slapd: Place) -> None:
    secret = tmp_path / "password"
    secret.write_text(slapd.secret, encoding="utf-8")
    given = [text for name, value in slapd.settings().items() for text in ("--set", f"{name}={value}")]
    tried = store(data, "test", "TRIED", "--kind", "ldap", *given, "--password-file", str(secret), "--json")
    assert as_json(tried)["good"] is True
    assert store(data, "show", "TRIED").returncode == 1


@pytest.mark.parametrize("arguments", [
    ("add", "X", "--kind", "ldap", "--set", "ConnectionPassword=typed"), ("add", "X", "--kind", "ldap", "--set", "ConnectionURL"),
    ("add", "X", "--kind", "ldap", "--set", "Nonsense=1"), ("add", "PRIMARY", "--kind", "ldap", "--set", BASE),
    ("add", "X", "--kind", "ldap", "--password-file", "/nowhere/password"), ("test", "X", "--set", BASE), ("show", "NONE"),
    ("remove", "PRIMARY"), ("disable", "PRIMARY"), ("test", "PRIMARY"),
])
def test_a_refusal_is_one_sentence_and_1(data: Path, arguments: tuple[str, ...]) -> None:
    done = store(data, *arguments)
    assert done.returncode == 1, done.stderr
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [("add", "X"), ("add", "X", "--kind", "sql"), ("add",), ()])
def test_wrong_usage_is_2(data: Path, arguments: tuple[str, ...]) -> None:
    assert store(data, *arguments).returncode == 2
