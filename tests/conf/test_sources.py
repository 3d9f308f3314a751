"""File, environment and flags: who wins, and how each is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from housekey.core.properties import INVITE_EXPIRY
from tests.conf.support import configured, refused, said

ADMIN_PASSWORD = "HOUSEKEY__SUPER_ADMIN__PASSWORD"


def test_flags_win_over_environment_and_that_over_the_file(tmp_path: Path) -> None:
    text = "[server]\nport = 1001\noffset = 1\nhostname = 'file.example'\n"
    environ = {"HOUSEKEY__SERVER__PORT": "1002", "HOUSEKEY__SERVER__HOSTNAME": "env.example", "HOUSEKEY_DATA": "elsewhere", "PATH": "/"}
    config = configured(tmp_path, text, environ=environ, flags={"server.port": "1003", "server.bind": "::1"})
    assert (config.port, config.server.hostname, config.server.offset, config.server.bind) == (1003, "env.example", 1, "::1")
    assert dict(config.origins) == {
        "server.port": "flag --port", "server.bind": "flag --host", "server.offset": "deployment.toml line 3",
        "server.hostname": "environment HOUSEKEY__SERVER__HOSTNAME"}


def test_nested_tables_and_lists_can_be_given_in_the_environment(tmp_path: Path) -> None:
    config = configured(tmp_path, environ={
        "HOUSEKEY__OUTPUT_ADAPTER__EMAIL__HOSTNAME": "smtp.example", "HOUSEKEY__OUTPUT_ADAPTER__EMAIL__FROM_ADDRESS": "id@acme.example",
        "HOUSEKEY__IDENTITY_MGT__USER_ONBOARDING__ASK_PASSWORD_EMAIL_VALIDITY": "2d", "HOUSEKEY__OUTPUT_ADAPTER__EMAIL__MINTHREAD": "3",
        "HOUSEKEY__SERVER__TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1"})
    assert (config.email.hostname, config.policy[INVITE_EXPIRY], config.outbox.connections) == ("smtp.example", "2880", 3)
    assert config.server.trusted_proxies == ("10.0.0.0/8", "192.0.2.1/32")
    assert config.origins[INVITE_EXPIRY] == "environment HOUSEKEY__IDENTITY_MGT__USER_ONBOARDING__ASK_PASSWORD_EMAIL_VALIDITY"
    assert not said(config, "warning")


def test_an_empty_variable_leaves_the_file_in_force(tmp_path: Path) -> None:
    config = configured(tmp_path, "[super_admin]\npassword = 'from file'\n", environ={ADMIN_PASSWORD: ""})
    assert config.super_admin.password == "from file"


def test_a_mistake_in_the_environment_is_named(tmp_path: Path) -> None:
    [error] = refused(tmp_path, environ={"HOUSEKEY__SERVER__PORT": "x"})
    assert str(error) == "error: environment HOUSEKEY__SERVER__PORT: [server] port: expected a whole number, not 'x'."
    config = configured(tmp_path, environ={"HOUSEKEY__SERVER__PROT": "1"})
    assert "Did you mean [server] port?" in config.findings[0].sentence


@pytest.mark.parametrize(("table", "key"), [("super_admin", "password"), ("output_adapter.email", "password"), ("database", "url")])
def test_secrets_can_be_read_from_files_beside_the_configuration(tmp_path: Path, table: str, key: str) -> None:
    (tmp_path / "secret").write_text("postgresql://u:p@h/n\n")
    config = configured(tmp_path, f"[{table}]\n{key}_file = 'secret'\n")
    parts = {"super_admin": config.super_admin.password, "output_adapter.email": config.email.password, "database": config.database.url}
    assert parts[table] == "postgresql://u:p@h/n"
    assert config.origins[f"{table}.{key}"] == "deployment.toml line 2 (secret)"


def test_a_secret_file_can_be_named_in_the_environment(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(" with blanks \r\n")
    environ = {f"{ADMIN_PASSWORD}_FILE": str(tmp_path / "secret")}
    assert configured(tmp_path, "[super_admin]\npassword = 'x'\n", environ=environ).super_admin.password == " with blanks "


def test_a_secret_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    [error] = refused(tmp_path, "[super_admin]\npassword_file = 'absent'\n")
    assert (error.line, error.key) == (2, "super_admin.password_file")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert "not UTF-8" in refused(tmp_path, "[super_admin]\npassword_file = 'binary'\n")[0].sentence
    assert refused(tmp_path, "[super_admin]\npassword_file = 3\n")


def test_a_secret_and_its_file_together_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    [error] = refused(tmp_path, "[super_admin]\npassword = 'y'\npassword_file = 'secret'\n")
    assert "are both given" in error.sentence


def test_an_empty_secret_file_means_unset(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("\n")
    config = configured(tmp_path, "[super_admin]\npassword_file = 'secret'\n")
    assert config.super_admin.password == ""
    assert "is empty" in config.findings[0].sentence
