"""The keys file: made once, private, and refused when it is not what it should be."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from housekey.conf.keys import load_or_create, private_directory
from housekey.conf.schema import ConfigErrors

NOW = "2026-01-31T08:00:00+00:00"
START = ("import sys, pathlib; from housekey.conf.keys import load_or_create\n"
         "print(load_or_create(pathlib.Path(sys.argv[1]), sys.argv[2]).newest[1].hex())")


def secret(byte: bytes, length: int = 32) -> str:
    return base64.urlsafe_b64encode(byte * length).rstrip(b"=").decode()


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_keys_are_made_once_private_and_complete(tmp_path: Path) -> None:
    path = tmp_path / "data" / "keys.json"
    first = load_or_create(path, NOW)
    assert load_or_create(path, "later") == first
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]
    [entry] = json.loads(path.read_text())["keys"]
    assert (set(entry), entry["created"], len(first.newest[1])) == ({"id", "created", "secret"}, NOW, 32)


@pytest.mark.slow
def test_processes_that_start_at_once_end_with_the_same_keys(tmp_path: Path) -> None:
    for attempt in range(4):
        path = tmp_path / str(attempt) / "keys.json"
        starts = [subprocess.Popen([sys.executable, "-c", START, str(path), NOW], stdout=subprocess.PIPE, text=True) for _ in range(4)]
        outputs = [start.communicate(timeout=30)[0] for start in starts]
        assert [start.returncode for start in starts] == [0, 0, 0, 0]
        assert set(outputs) == {load_or_create(path, NOW).newest[1].hex() + "\n"}


def test_the_ring_is_read_in_order_newest_first(tmp_path: Path) -> None:
    entries = [{"id": "new", "created": NOW, "secret": secret(b"a")}, {"id": "old", "created": NOW, "secret": secret(b"b")}]
    keys = load_or_create(written(tmp_path / "keys.json", json.dumps({"keys": entries})), NOW)
    assert keys.ring == (("new", b"a" * 32), ("old", b"b" * 32))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused_with_the_cure(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path / "keys.json", "{}", mode)
    with pytest.raises(ConfigErrors, match=f"mode {mode:04o}.*chmod 600"):
        load_or_create(path, NOW)


@pytest.mark.parametrize("text", [
    "", "{", "[]", "{}", '{"keys": []}', '{"keys": ["x"]}', '{"keys": [{"id": "a"}]}', '{"keys": [{"id": 1, "secret": "x"}]}',
    "[" * 100_000,
    json.dumps({"keys": [{"id": "a", "secret": secret(b"x", 31)}]}), json.dumps({"keys": [{"id": "a", "secret": "ä" * 43}]}),
    json.dumps({"keys": [{"id": "a", "secret": secret(b"x")}, {"id": "a", "secret": secret(b"y")}]}),
])
def test_a_damaged_file_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "keys.json", text)
    with pytest.raises(ConfigErrors, match="is damaged") as caught:
        load_or_create(path, NOW)
    assert path.read_text() == text
    assert secret(b"x") not in str(caught.value)


def test_a_place_where_nothing_can_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigErrors, match="cannot be created"):
        private_directory(tmp_path / "file" / "data")
    with pytest.raises(ConfigErrors, match="cannot be"):
        load_or_create(tmp_path / "file" / "keys.json", NOW)
    with pytest.raises(ConfigErrors, match="cannot be read"):
        load_or_create(tmp_path, NOW)
