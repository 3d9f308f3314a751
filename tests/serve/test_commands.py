"""The command line: quick help, plain words, documented exit codes, JSON for machines."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.served import as_json, run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a migrated database and its first administrator."""
    made = tmp_path_factory.mktemp("commands") / "var"
    assert run("migrate", "--data", str(made)).returncode == 0
    assert run("admin", "invite", "admin", "--data", str(made)).returncode == 0
    return made


def housekey(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(*arguments, "--data", str(data))


def test_nobody_else_on_the_machine_can_read_what_is_written(data: Path) -> None:
    assert not [file for file in (data, *data.rglob("*")) if file.stat().st_mode & 0o077]


def test_help_documents_the_exit_codes() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert all(word in done.stdout for word in ("serve", "migrate", "outbox", "exit codes:"))


@pytest.mark.parametrize("arguments", [(), ("fly",), ("user",), ("serve", "--port", "many")])
def test_wrong_usage_is_2(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: housekey")


def test_config_and_data_stand_before_or_after_the_command(data: Path) -> None:
    for arguments in (("--data", str(data), "user", "list"), ("user", "--data", str(data), "list"), ("user", "list", "--data", str(data))):
        assert run(*arguments).returncode == 0


def test_a_user_lives_from_add_to_delete(data: Path) -> None:
    added = as_json(housekey(data, "user", "add", "bob", "--email", "bob@example.com", "--given-name", "Bob", "--invite", "--json"))
    assert (added["name"], added["state"], added["givenName"]) == ("bob", "invited", "Bob")
    assert "new message" in housekey(data, "user", "resend", "bob").stdout
    shown = as_json(housekey(data, "user", "show", "bob", "--json"))
    assert [one["state"] for one in shown["invitations"]] == ["queued", "superseded"]
    assert as_json(housekey(data, "user", "lock", "bob", "--json"))["locked"] is True
    assert as_json(housekey(data, "user", "unlock", "bob", "--json"))["state"] == "invited"
    assert "bob" in housekey(data, "user", "list").stdout
    assert housekey(data, "user", "delete", "bob").stdout == "bob was deleted.\n"
    assert housekey(data, "user", "show", "bob").returncode == 1


def test_a_refusal_is_one_sentence_and_1(data: Path) -> None:
    for arguments in (("user", "show", "nobody"), ("user", "add", "two words"), ("user", "list", "--tenant", "no.example"),
                      ("outbox", "show", "x"), ("outbox", "list", "--state", "lost"), ("tenant", "add", "nonsense")):
        done = housekey(data, *arguments)
        assert done.returncode == 1, done
        assert done.stderr.startswith("housekey: ")
        assert done.stderr.count("\n") == 1
        assert done.stdout == ""


def test_messages_can_be_listed_read_withdrawn(data: Path) -> None:
    assert housekey(data, "user", "add", "carol", "--email", "carol@example.com", "--invite").returncode == 0
    page: dict[str, Any] = as_json(housekey(data, "outbox", "list", "--state", "queued", "--json"))
    message = next(row for row in page["messages"] if row["recipient"] == "carol@example.com")
    shown = housekey(data, "outbox", "show", message["id"]).stdout
    assert "Set your password" in shown
    assert "confirmrecovery.do?confirmation=" in shown
    assert as_json(housekey(data, "outbox", "withdraw", message["id"], "--json"))["state"] == "withdrawn"
    assert housekey(data, "outbox", "withdraw", message["id"]).returncode == 1


def test_a_tenant_gets_its_own_administrator(data: Path) -> None:
    assert as_json(housekey(data, "tenant", "add", "acme.example", "--name", "Acme", "--json"))["domain"] == "acme.example"
    assert {tenant["domain"] for tenant in as_json(housekey(data, "tenant", "list", "--json"))} == {"carbon.super", "acme.example"}
    invited = housekey(data, "admin", "invite", "root", "--tenant", "acme.example")
    assert "/t/acme.example/accountrecoveryendpoint/" in invited.stdout
    again = housekey(data, "admin", "invite", "root", "--tenant", "acme.example")
    assert again.returncode == 0, again.stderr
    assert again.stdout != invited.stdout


def test_check_tells_everything_at_once(tmp_path: Path) -> None:
    (tmp_path / "deployment.toml").write_text("[server]\nthreads = 0\nprot = 1\n[output_adapter.email]\nport = 'x'\n", encoding="utf-8")
    done = run("check", "--data", str(tmp_path))
    assert done.returncode == 1
    assert all(f"line {line}" in done.stdout for line in (2, 3, 5))
    assert as_json(run("check", "--json", "--data", str(tmp_path / "fresh")))["ok"] is True


def test_check_sends_a_test_message(data: Path) -> None:
    done = housekey(data, "check", "--mail-to", "ops@example.com")
    assert done.returncode == 0, done.stdout
    assert len(list((data / "mail").glob("*ops_example.com.eml"))) == 1


def test_config_explain_says_where_a_value_comes_from(tmp_path: Path) -> None:
    (tmp_path / "deployment.toml").write_text("[server]\nthreads = 4\n", encoding="utf-8")
    rows = as_json(run("config", "explain", "--json", "--data", str(tmp_path)))
    threads = next(row for row in rows if row["key"] == "server.threads")
    assert (threads["value"], threads["origin"]) == ("4", "deployment.toml line 2")
    assert run("--config", str(tmp_path / "none.toml"), "config", "explain").returncode == 3
