"""Django's settings, each read in a process of its own as a start would."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import housekey
from housekey.conf.logs import OneLine

SHOW = """
import json
from housekey.conf import settings as s
names = [n for n in dir(s) if n.isupper() and n not in {"HOUSE", "PACKAGE"}]
print(json.dumps({n: getattr(s, n) for n in names} | {"base_url": s.HOUSE.config.base_url}, default=str))
"""


def settings(cwd: Path, **environ: str) -> dict[str, Any]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOUSEKEY_")}
    kept["PYTHONPATH"] = str(Path(housekey.__file__).parents[1])
    command = [sys.executable, "-W", "error", "-c", SHOW]
    done = subprocess.run(command, cwd=cwd, env=kept | environ, capture_output=True, text=True, timeout=60)
    assert not done.returncode, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_importing_without_a_data_directory_writes_nothing(tmp_path: Path) -> None:
    assert settings(tmp_path)["base_url"] == "https://localhost:9443"
    assert list(tmp_path.iterdir()) == []


def test_a_start_makes_a_private_directory_and_keeps_its_secret_key(tmp_path: Path) -> None:
    environ = {"HOUSEKEY_DATA": str(tmp_path / "data"), "HOUSEKEY_FLAGS": json.dumps({"server.port": "8443"})}
    first, second = settings(tmp_path, **environ), settings(tmp_path, **environ)
    assert (first.pop("KEYS_ARE_NEW"), second.pop("KEYS_ARE_NEW")) == (True, False)
    assert first == second
    assert first["base_url"] == "https://localhost:8443"
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert first["SECRET_KEY"] not in (tmp_path / "data" / "keys.json").read_text()


def test_the_csrf_cookie_is_bound_to_this_host_unless_http_stays_on_this_machine(tmp_path: Path) -> None:
    shipped = settings(tmp_path)
    assert (shipped["CSRF_COOKIE_NAME"], shipped["CSRF_COOKIE_SECURE"], shipped["CSRF_COOKIE_HTTPONLY"]) == ("__Host-csrf", True, True)
    plain = settings(tmp_path, HOUSEKEY__SERVER__TLS="off")
    assert (plain["CSRF_COOKIE_NAME"], plain["CSRF_COOKIE_SECURE"]) == ("csrf", False)
    proxied = settings(tmp_path, HOUSEKEY__SERVER__TLS="off", HOUSEKEY__SERVER__BASE_PATH="https://id.example.com")
    assert (proxied["CSRF_COOKIE_NAME"], proxied["CSRF_COOKIE_SECURE"]) == ("__Host-csrf", True)
    assert proxied["CSRF_TRUSTED_ORIGINS"] == ["https://id.example.com"]


def test_limits_come_from_the_configuration_and_debug_is_off(tmp_path: Path) -> None:
    found = settings(tmp_path, HOUSEKEY__LIMITS__BODY="4096", HOUSEKEY__LIMITS__FORM_FIELDS="50")
    assert (found["DATA_UPLOAD_MAX_MEMORY_SIZE"], found["DATA_UPLOAD_MAX_NUMBER_FIELDS"], found["DEBUG"]) == (4096, 50, False)
    assert found["INSTALLED_APPS"] == ["housekey.store"]


def test_older_keys_still_verify_what_they_signed(tmp_path: Path) -> None:
    before = settings(tmp_path, HOUSEKEY_DATA=str(tmp_path))
    path = tmp_path / "keys.json"
    ring = json.loads(path.read_text())["keys"]
    path.write_text(json.dumps({"keys": [{"id": "new", "created": "", "secret": "A" * 43}, *ring]}))
    after = settings(tmp_path, HOUSEKEY_DATA=str(tmp_path))
    assert after["SECRET_KEY"] != before["SECRET_KEY"]
    assert after["SECRET_KEY_FALLBACKS"] == [before["SECRET_KEY"]]


@pytest.mark.parametrize("text", ["two\nlines", "bell\a and \x1b[31m", "next\x85line\u2028"])
def test_one_event_is_one_line_in_the_log(text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        record = logging.LogRecord("housekey", logging.ERROR, __file__, 1, "said %s", (text,), sys.exc_info())
    line = OneLine().format(record)
    assert line.splitlines() == [line]
    assert line.isprintable()
    assert "ERROR housekey: said" in line
