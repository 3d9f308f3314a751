"""Documentation that cannot rot: settings, commands, links and dependencies are compared with the program."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pyjson5
import pytest
from django.urls import resolve

from housekey.cli.parse import EXIT_CODES, parser
from housekey.conf.load import KNOWN, load
from housekey.conf.schema import ConfigErrors, Finding
from housekey.conf.sources import PREFIX, SECRETS
from housekey.core.attributes import USERS
from housekey.core.resource import canonical
from housekey.scim import patch
from housekey.scim.dialect import forced, read_new_user
from tests.docs import reading, rows
from tests.docs.reading import ROOT, Block

CONFIGURATION = ROOT / "docs" / "operators" / "configuration.md"
SAFE = {("--version",), ("config", "explain"), ("check",), ("migrate",)}
"""Printed commands that change nothing beyond the data directory they are given: these are run."""
SINCE = {"0.1.0", "0.2.0", "0.3.0", "0.4.0", "0.5.0", "0.6.0", "later", "never", "not planned"}


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def _arguments(line: str) -> list[str] | None:
    """The arguments of a `housekey` command line; None for any other program."""
    words = shlex.split(line)
    return words[1:] if Path(words[0]).name == "housekey" else None


def _commands() -> list[tuple[str, list[str]]]:
    printed = [(file, _arguments(line)) for file, line in reading.shell_lines()]
    return [(file, arguments) for file, arguments in printed if arguments is not None]


def _words_of(arguments: list[str]) -> tuple[str, ...]:
    """The command itself, without options and without what follows the first of them."""
    end = next((number for number, word in enumerate(arguments) if word.startswith("--") and number), len(arguments))
    return tuple(arguments[:end])


# --- settings ---------------------------------------------------------------------------------------------------------


def test_every_setting_is_in_the_manual_with_its_default_and_its_documentation() -> None:
    written = set(CONFIGURATION.read_text(encoding="utf-8").splitlines())
    missing = [row for row in (*rows.settings(), *rows.policies()) if row not in written]
    assert not missing, "docs/operators/configuration.md lacks (see tests/docs/rows.py):\n" + "\n".join(missing)


def test_the_manual_names_no_setting_that_does_not_exist() -> None:
    written = re.findall(r"^\| `([a-z0-9_]+(?:\.[a-z0-9_]+)+)` \|", CONFIGURATION.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(written) == sorted(KNOWN)


def test_every_setting_says_what_it_is_for() -> None:
    assert not [row for row in rows.settings() if re.search(r"\|\s*\|$", row)]


def test_the_manual_names_every_secret_that_can_lie_in_a_file() -> None:
    text = CONFIGURATION.read_text(encoding="utf-8")
    assert not [key for key in SECRETS & KNOWN if f"`{key}`" not in text]


def test_environment_variables_in_the_documents_are_settings() -> None:
    for path in reading.documents():
        for variable in re.findall(rf"\b{PREFIX}([A-Z0-9_]+)=", path.read_text(encoding="utf-8")):
            assert variable.lower().replace("__", ".") in KNOWN, f"{reading.name(path)}: {PREFIX}{variable}"


@pytest.mark.parametrize("block", list(reading.blocks("toml")), ids=str)
def test_a_printed_configuration_is_taken_as_it_is(block: Block, tmp_path: Path) -> None:
    tomllib.loads(block.text)
    file = tmp_path / "deployment.toml"
    file.write_text(block.text, encoding="utf-8")
    try:
        findings = load(file=file, data=tmp_path / "var", environ={}).findings
    except ConfigErrors as errors:
        findings = errors.findings
    assert not [str(finding) for finding in findings if not _excused(finding)]


def _excused(finding: Finding) -> bool:
    """The files that an example names are on the reader's machine, and so the secrets in them are missing here."""
    absent = re.search("No such file|is given without|(?:password|secret) is missing", finding.sentence) is not None
    return absent or finding.level == "info"


# --- commands ---------------------------------------------------------------------------------------------------------


def test_every_make_target_in_the_documents_exists() -> None:
    targets = _targets()
    for path in reading.documents():
        text = path.read_text(encoding="utf-8")
        named = [*re.findall(r"`make ([a-z-]+)`", text), *re.findall(r"^make ([a-z-]+)$", text, re.MULTILINE)]
        assert set(named) <= targets, reading.name(path)


def test_every_target_that_make_lists_exists_once() -> None:
    listed = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert {"install", "run", "test", "test-fast", "bench", "lint", "types", "contracts", "locks", "clean"} <= set(listed)


@pytest.mark.parametrize(("file", "arguments"), _commands(), ids=lambda value: value if isinstance(value, str) else " ".join(value))
def test_every_printed_command_is_understood(file: str, arguments: list[str]) -> None:
    assert parser().parse_args(arguments).command, file


def test_every_command_named_in_a_sentence_exists() -> None:
    for path in reading.documents():
        for line in re.findall(r"`housekey ([^`]+)`", reading.prose(path)):
            _must_exist(reading.name(path), shlex.split(line))


def _must_exist(file: str, words: list[str]) -> None:
    """A sentence names commands without all of their arguments: what is missing is not an error, what is unknown is."""
    command: list[str] = []
    for word in words:
        if word.startswith("--") or word.isupper():
            break
        command.append(word)
    for known in ([*command, "--help"], [*command, "X", "--help"]):
        with pytest.raises(SystemExit) as end:
            parser().parse_args(known)
        if end.value.code == 0:
            return
    raise AssertionError(f"{file}: housekey {' '.join(words)}")


def test_the_exit_codes_are_documented() -> None:
    text = (ROOT / "docs" / "operators" / "running.md").read_text(encoding="utf-8")
    for code in re.findall(r"^  (\d)  ", EXIT_CODES, re.MULTILINE):
        assert f"{code} " in text.partition("Exit codes")[2]


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(SAFE), ids=" ".join)
def test_the_printed_commands_that_are_safe_run(command: tuple[str, ...], tmp_path: Path) -> None:
    assert command == ("--version",) or any(_words_of(arguments) == command for _, arguments in _commands())
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HOUSEKEY_")}
    data = [] if command == ("--version",) else ["--data", str(tmp_path / "var")]
    done = subprocess.run([sys.executable, "-m", "housekey", *command, *data], env=clean, cwd=tmp_path, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_make_without_a_target_lists_the_targets() -> None:
    done = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert {line.split()[0] for line in done.stdout.splitlines() if line} <= _targets()
    assert "run" in done.stdout


CURLS = [shlex.split(line) for _, line in reading.shell_lines() if line.startswith("curl ")]


def _body(words: list[str]) -> Any:
    return pyjson5.decode(words[words.index("--data") + 1])


@pytest.mark.parametrize("words", [words for words in CURLS if urlsplit(words[-1]).path == "/scim2/Users"])
def test_a_printed_request_invites_its_user(words: list[str]) -> None:
    new = read_new_user(_body(words), USERS, extensions_on=True)
    assert new.ask_password
    assert new.password is None
    assert new.profile.mail


def test_the_printed_reset_forces_one() -> None:
    [words] = [words for words in CURLS if urlsplit(words[-1]).path == "/scim2/Users/USER_ID"]
    assert words[words.index("--request") + 1] == "PATCH"
    assert forced(canonical(patch.apply({}, _body(words), USERS)))


def test_every_printed_request_goes_to_an_address_that_exists() -> None:
    assert CURLS
    for words in CURLS:
        assert resolve(urlsplit(words[-1]).path.replace("USER_ID", str(uuid4())))


def test_the_printed_unit_starts_the_server() -> None:
    [block] = [block for block in reading.blocks("ini") if "ExecStart" in block.text]
    unit = configparser.ConfigParser(strict=True, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign] # systemd's keys have capitals
    unit.read_string(block.text)
    arguments = _arguments(unit["Service"]["ExecStart"])
    assert arguments is not None
    assert parser().parse_args(arguments).command == "serve:serve"


def test_the_printed_keys_file_has_the_shape_that_is_read() -> None:
    for block in reading.blocks("json"):
        assert all(set(entry) == {"id", "created", "secret"} for entry in json.loads(block.text)["keys"])


# --- links, dependencies, compatibility -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", reading.documents(), ids=reading.name)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    for link in reading.links(path):
        if urlsplit(link).scheme:
            continue
        target, _, fragment = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        assert file.exists(), f"{reading.name(path)} links to {link}"
        if fragment:
            assert fragment in reading.anchors(file), f"{reading.name(path)} links to {link}"


@pytest.mark.parametrize("path", reading.documents(), ids=reading.name)
def test_every_document_can_be_reached_from_the_first_page(path: Path) -> None:
    seen: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        here = todo.pop()
        if here in seen or not here.is_file() or here.suffix != ".md":
            todo += sorted(here.glob("*.md")) if here.is_dir() else []
            continue
        seen.add(here)
        todo += [(here.parent / link.partition("#")[0]).resolve() for link in reading.links(here) if not urlsplit(link).scheme]
    assert path in seen


def test_every_dependency_is_accounted_for() -> None:
    table = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    accounted = re.findall(r"^\| `([a-z0-9-]+)` \| .{10,} \| .{3,} \|$", table, re.MULTILINE)
    required = {found[0] for path in (ROOT / "requirements").glob("*.in")
                for line in path.read_text(encoding="utf-8").splitlines() if (found := re.match(r"[A-Za-z0-9][A-Za-z0-9-]*", line))}
    assert sorted(accounted) == sorted(required)


def test_a_vendored_file_is_the_one_that_is_listed() -> None:
    table = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([\w/.]+)` \| htmx ([\d.]+) \| .+ \| `([0-9a-f]{64})` \|", table, re.MULTILINE)
    assert [file for file, _, _ in listed] == ["web/static/htmx.min.js"]
    for file, version, digest in listed:
        content = (ROOT / "src" / "housekey" / file).read_bytes()
        assert sha256(content).hexdigest() == digest
        assert f'version:"{version}"'.encode() in content


def test_every_row_of_the_compatibility_table_says_since_when() -> None:
    text = (ROOT / "docs" / "wso2-compatibility.md").read_text(encoding="utf-8")
    body = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| What is used")]
    assert body
    for line in body:
        assert line.split(" | ")[-1].rstrip(" |") in SINCE, line


def test_the_decisions_are_numbered_without_gaps_and_listed() -> None:
    records = sorted(path.name for path in (ROOT / "docs" / "adr").glob("*.md"))
    assert [int(name[:4]) for name in records] == list(range(1, len(records) + 1))
    architecture = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert not [name for name in records if f"adr/{name}" not in architecture]


def test_the_version_has_an_entry_in_the_changes() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"\n## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
