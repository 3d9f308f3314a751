"""The systemd unit: systemd understands it, it allows little, and everything that it names exists."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from housekey.cli.options import CANNOT_START
from housekey.cli.parent import PATIENCE
from housekey.cli.parse import parser
from housekey.conf.load import load
from tests.deploy.support import DEPLOY, unit, unit_of
from tests.docs import reading

EXPOSURE = 15
"""Tenths: what `systemd-analyze security` may find at most. A service that talks to the network and to people cannot have less than 11."""
TIGHT = {
    "NoNewPrivileges": "true", "CapabilityBoundingSet": "", "AmbientCapabilities": "", "ProtectSystem": "strict", "ProtectHome": "true",
    "PrivateTmp": "true", "PrivateDevices": "true", "PrivateUsers": "true", "MemoryDenyWriteExecute": "true", "RestrictNamespaces": "true",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX", "SystemCallArchitectures": "native", "UMask": "0077",
    "StateDirectory": "housekey", "StateDirectoryMode": "0700",
}
UNITS = ("housekey.service", "housekey-migrate.service")
SERVICE, MIGRATE = map(unit_of, UNITS)


def test_it_starts_the_server_with_options_that_exist() -> None:
    program, *arguments = shlex.split(SERVICE.one("Service", "ExecStart"))
    assert program == "/opt/housekey/.venv/bin/housekey"
    given = parser().parse_args(arguments)
    assert (given.command, given.config, given.data) == ("serve:serve", "/etc/housekey/deployment.toml", "/var/lib/housekey")
    assert Path(given.data) == Path("/var/lib") / SERVICE.one("Service", "StateDirectory")


def test_the_database_is_brought_up_to_date_only_by_a_unit_of_its_own_that_stops_the_server() -> None:
    """With PostgreSQL other nodes may be at work: the start of one node must not change the database."""
    assert not [key for key in SERVICE["Service"] if key.startswith("ExecStart") and key != "ExecStart"]
    _, *arguments = shlex.split(MIGRATE.one("Service", "ExecStart"))
    given = parser().parse_args(arguments)
    assert given.command == "database:migrate"
    assert arguments[1:] == shlex.split(SERVICE.one("Service", "ExecStart"))[2:]
    assert MIGRATE.one("Unit", "Conflicts") == "housekey.service"
    assert "housekey.service" in MIGRATE.one("Unit", "After").split()
    assert "Install" not in MIGRATE


@pytest.mark.parametrize("name", UNITS)
def test_the_manual_that_it_names_exists(name: str) -> None:
    named = unit_of(name).one("Unit", "Documentation").removeprefix("file:/opt/housekey/")
    assert (reading.ROOT / named).is_file()


def test_it_allows_little() -> None:
    assert {key: SERVICE.one("Service", key) for key in TIGHT} == TIGHT
    assert SERVICE["Service"]["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]


def test_it_waits_for_requests_in_progress_and_for_a_database_that_is_away() -> None:
    assert int(SERVICE.one("Service", "TimeoutStopSec")) > PATIENCE
    assert SERVICE.one("Service", "Restart") == "on-failure"
    assert str(CANNOT_START) not in SERVICE["Service"].get("RestartPreventExitStatus", [])
    assert SERVICE.one("Unit", "StartLimitIntervalSec") == "0"


def test_the_short_unit_of_the_first_page_says_nothing_else() -> None:
    [block] = [block for block in reading.blocks("ini") if "ExecStart" in block.text]
    whole = {section: {(key, value) for key, values in keys.items() for value in values} for section, keys in SERVICE.items()}
    for section, keys in unit(block.text).items():
        for key, values in keys.items():
            assert all((key, value) in whole[section] or key in {"After", "Description"} for value in values), f"{key}={values}"


def test_a_secret_that_systemd_hands_over_is_read(tmp_path: Path) -> None:
    service = unit_of("credentials.conf")["Service"]
    names = [value.partition(":")[0] for value in service["LoadCredential"]]
    for name in names:
        (tmp_path / name).write_text(f"postgresql://{name}@localhost/housekey\n", encoding="utf-8")
    environ = dict(line.replace("%d", str(tmp_path)).split("=", 1) for line in service["Environment"])
    assert len(environ) == len(names)
    file = tmp_path / "deployment.toml"
    file.write_text('[output_adapter.email]\nhostname = "smtp.example.com"\nfrom_address = "a@example.com"\nusername = "a@example.com"\n'
                    '[output_adapter.sms]\nprovider = "Vonage"\nsender = "Example"\nkey = "abc"\n', encoding="utf-8")
    config = load(file=file, data=tmp_path / "var", environ=environ)
    read = (config.database.url, config.email.password, config.sms.secret)
    assert read == tuple(f"postgresql://{name}@localhost/housekey" for name in ("database-url", "smtp-password", "sms-secret"))


ANALYZE = shutil.which("systemd-analyze")
if ANALYZE:  # a machine without systemd has nothing to say about units
    @pytest.mark.slow
    @pytest.mark.parametrize("secrets", ["", "credentials.conf"])
    @pytest.mark.parametrize("name", UNITS)
    def test_systemd_understands_it(name: str, secrets: str, tmp_path: Path) -> None:
        there = tmp_path / "housekey"
        there.write_text("#!/bin/sh\n", encoding="utf-8")
        there.chmod(0o755)
        text = "\n".join((DEPLOY / part).read_text(encoding="utf-8") for part in (name, secrets) if part)
        file = tmp_path / name
        file.write_text(re.sub(r"/opt/housekey/\S+/housekey(?= )", str(there), text), encoding="utf-8")
        assert analyze("verify", "--recursive-errors=no", str(file)) == (0, "")

    def test_systemd_finds_that_it_allows_little() -> None:
        status, said = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", str(DEPLOY / "housekey.service"))
        assert status == 0, said

    def analyze(*arguments: str) -> tuple[int, str]:
        done = subprocess.run([str(ANALYZE), *arguments], capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stderr
