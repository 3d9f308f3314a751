"""The command line: quick help, plain words, documented exit codes, JSON for machines."""

from __future__ import annotations

import os
import subprocess
import sys
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


@pytest.mark.parametrize("arguments", [
    (), ("fly",), ("user",), ("serve", "--port", "many"),
    *((group, "list", option, number) for group in ("user", "outbox") for option in ("--limit", "--offset")
      for number in ("-1", "ten", "٣", "9" * 30)),
])
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


def test_roles_are_given_and_taken_away(data: Path) -> None:
    added = as_json(housekey(data, "user", "add", "dora", "--role", "admin", "--role", "Internal/helpdesk", "--json"))
    assert sorted(added["roles"]) == ["Internal/helpdesk", "admin"]
    assert housekey(data, "user", "deny", "dora", "Internal/helpdesk").stdout == "dora no longer has the role Internal/helpdesk.\n"
    assert as_json(housekey(data, "user", "show", "dora", "--json"))["roles"] == ["admin"]
    assert housekey(data, "user", "grant", "dora", "Internal/helpdesk").stdout == "dora has the role Internal/helpdesk.\n"
    assert as_json(housekey(data, "user", "deny", "dora", "admin", "--json"))["roles"] == ["Internal/helpdesk"]
    for arguments in (("user", "grant", "dora", "boss"), ("user", "deny", "dora", "boss"), ("user", "add", "eve", "--role", "boss"),
                      ("user", "grant", "nobody", "admin")):
        assert housekey(data, *arguments).returncode == 1
    assert housekey(data, "user", "show", "eve").returncode == 1
    assert housekey(data, "user", "delete", "dora").returncode == 0


def test_an_attribute_lives_from_add_to_remove(data: Path) -> None:
    added = as_json(housekey(data, "attribute", "add", "badge", "--type", "boolean", "--description", "Has \x1b[31mone", "--json"))
    assert added == {"name": "badge", "type": "boolean", "description": "Has \x1b[31mone"}
    assert housekey(data, "attribute", "add", "zone").stdout == "zone was added. A running server knows it within seconds.\n"
    assert as_json(housekey(data, "attribute", "list", "--json")) == [added, {"name": "zone", "type": "string", "description": ""}]
    head, badge, zone = housekey(data, "attribute", "list").stdout.splitlines()
    assert (head.split(), badge.split(), zone.split()) == (
        ["NAME", "TYPE", "DESCRIPTION"], ["badge", "boolean", "Has", "?[31mone"], ["zone", "string"])
    for arguments in (("add", "Badge"), ("add", "userName"), ("add", "other", "--type", "complex"), ("remove", "other"),
                      ("list", "--tenant", "no.example")):
        done = housekey(data, "attribute", *arguments)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done
        assert done.stderr.startswith("housekey: ")
    assert as_json(housekey(data, "attribute", "remove", "badge", "--json")) == {"name": "badge", "removed": True}
    assert housekey(data, "attribute", "remove", "ZONE").stdout == "ZONE was removed. Nobody sees it any more.\n"
    assert as_json(housekey(data, "attribute", "list", "--json")) == []


def test_a_tenants_attributes_are_its_own(data: Path) -> None:
    assert housekey(data, "tenant", "add", "attributes.example").returncode == 0
    assert housekey(data, "attribute", "add", "badge", "--tenant", "attributes.example").returncode == 0
    assert as_json(housekey(data, "attribute", "list", "--json")) == []
    assert [one["name"] for one in as_json(housekey(data, "attribute", "list", "--tenant", "attributes.example", "--json"))] == ["badge"]


def test_an_administrator_who_forgot_the_password_gets_in_again_while_invitations_are_off(data: Path) -> None:
    (data / "deployment.toml").write_text("[identity_mgt.user_onboarding]\nenable_email_verification = false\n", encoding="utf-8")
    try:
        first, second = housekey(data, "admin", "invite", "root"), housekey(data, "admin", "invite", "root")
    finally:
        (data / "deployment.toml").unlink()
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "confirmrecovery.do?confirmation=" in second.stdout
    assert first.stdout != second.stdout
    assert housekey(data, "user", "add", "frank").returncode == 0
    assert housekey(data, "admin", "invite", "frank").returncode == 1


@pytest.mark.parametrize("command", [
    "serve", "work --once", "migrate", "user list", "user add x", "user show admin", "user delete admin", "user grant admin admin",
    "admin invite", "tenant list", "tenant add other.example", "outbox list", "outbox show 0", "outbox redrive 0",
    "attribute list", "attribute add badge",
])
def test_no_command_works_with_other_keys_than_the_databases_or_makes_new_ones(data: Path, tmp_path: Path, command: str) -> None:
    """A path mistyped, a backup without its keys: what would be written with new keys could be read by no other node."""
    other = tmp_path / "keys.json"
    done = run(*command.split(), "--data", str(data), environment={"HOUSEKEY__SECRETS__KEYS_FILE": str(other)})
    assert (done.returncode, done.stdout) == (3, "")
    assert "lacks the key" in done.stderr.splitlines()[-1]
    assert not other.exists(), "a new keys file was left behind"
    assert not list(tmp_path.iterdir())


def test_keys_that_were_there_before_are_never_removed(data: Path, tmp_path: Path) -> None:
    assert run("migrate", "--data", str(tmp_path / "elsewhere")).returncode == 0
    other = tmp_path / "elsewhere" / "keys.json"
    before = other.read_bytes()
    for arguments in (("user", "list"), ("check",)):
        done = run(*arguments, "--data", str(data), environment={"HOUSEKEY__SECRETS__KEYS_FILE": str(other)})
        assert done.returncode == (1 if arguments == ("check",) else 3)
        assert "lacks the key" in done.stdout + done.stderr
    assert other.read_bytes() == before


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
    assert {"carbon.super", "acme.example"} <= {tenant["domain"] for tenant in as_json(housekey(data, "tenant", "list", "--json"))}
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


def test_a_reset_closes_the_account_and_says_where_the_message_goes(data: Path) -> None:
    assert housekey(data, "user", "add", "eva", "--email", "eva@example.com", "--invite").returncode == 0
    done = housekey(data, "user", "reset", "eva")
    assert done.returncode == 0, done.stdout
    assert "eva@example.com" in done.stdout
    assert as_json(housekey(data, "user", "reset", "eva", "--json"))["scenario"] == "ASK_PASSWORD"
    assert housekey(data, "user", "reset", "nobody").returncode == 1


def test_config_explain_shows_what_a_tenant_has_stored(data: Path) -> None:
    """Spec section 2: how the file and stored settings meet."""
    key = "identity_mgt.user_onboarding.ask_password_email_validity"
    store = ("from housekey.cli.options import enter, now, put_into_environment\n"
             "from argparse import Namespace\n"
             f"put_into_environment(Namespace(data={str(data)!r}, config=None))\n"
             "house = enter()\n"
             "from housekey.cli.tenants import speaking_in\n"
             "from housekey.operations import policies\n"
             "policies.change(house, speaking_in(), {'EmailVerification.AskPassword.ExpiryTime': '77'}, {}, now())\n")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HOUSEKEY_")}
    subprocess.run([sys.executable, "-c", store], check=True, timeout=60, env=clean)
    row = next(row for row in as_json(housekey(data, "config", "explain", "--json")) if row["key"] == key)
    assert (row["value"], row["origin"]) == ("77", "stored in the console or over REST")
    assert housekey(data, "config", "explain", "--tenant", "nowhere.example").returncode != 0


def test_config_explain_says_where_a_value_comes_from(tmp_path: Path) -> None:
    (tmp_path / "deployment.toml").write_text("[server]\nthreads = 4\n", encoding="utf-8")
    rows = as_json(run("config", "explain", "--json", "--data", str(tmp_path)))
    threads = next(row for row in rows if row["key"] == "server.threads")
    assert (threads["value"], threads["origin"]) == ("4", "deployment.toml line 2")
    assert run("--config", str(tmp_path / "none.toml"), "config", "explain").returncode == 3
