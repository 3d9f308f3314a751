"""What WSO2's guides print and what WSO2 ships is imported with a report that names every key; then `config explain` agrees."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.moving.support import GIVEN, Command
from tests.operations.support import World

CASES = {
    # directory: exit code, understood, differs, could not
    "seed_000": (1, 14, 14, 4),
    "seed_001": (1, 8, 6, 7),
    "seed_002_format": (1, 4, 3, 1),
    "seed_002_sample": (0, 8, 0, 0),
    "seed_004": (0, 7, 1, 0),
    "wso2_defaults": (0, 39, 82, 0),
    "wso2_5x": (0, 70, 82, 0),
}
_TOML_KEY = re.compile(r"^\s*[A-Za-z_][\w.]*\s*=")
_PROPERTIES_KEY = re.compile(r"^[A-Za-z][\w.]*=")
_XML_VALUE = re.compile(r"<[Pp]roperty |@?enable=|<(?!name>|ClaimURI>)(\w+)>[^<\n]+</\1>|<\w+/>|<subject>|<body>|<footer>")


def keys_in(path: Path) -> set[int]:
    """The lines on which a key stands, found in another way than the reader's."""
    pattern = {".toml": _TOML_KEY, ".properties": _PROPERTIES_KEY, ".xml": _XML_VALUE}[path.suffix]
    text = re.sub(r"<!--.*?-->", lambda found: "\n" * found[0].count("\n"), path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return {number for number, line in enumerate(text.split("\n"), 1) if pattern.search(line)}


@pytest.mark.parametrize("name", CASES)
def test_what_is_given_is_imported_with_every_key_named_and_explain_agrees(name: str, command: Command, world: World) -> None:
    ran = command.moved(GIVEN / name)
    report = ran.json
    _every_key_is_named(GIVEN / name, report)
    counts = Counter(entry["class"] for entry in report["entries"])
    assert (ran.code, counts["understood"], counts["differs"], counts["could not"]) == CASES[name]
    assert report["counts"] == {kind: counts[kind] for kind in ("understood", "differs", "could not")}
    assert all(entry["becomes"] for entry in report["entries"] if entry["class"] == "understood")
    assert all(entry["words"] for entry in report["entries"] if entry["class"] != "understood")
    _explain_agrees(command, report)


def _every_key_is_named(folder: Path, report: dict[str, Any]) -> None:
    named = {(entry["file"], entry["line"]) for entry in report["entries"]}
    for path in (path for path in folder.rglob("*") if path.is_file()):
        file = str(path.relative_to(folder)) if path.parent.name == "userstores" else path.name
        assert any(str(path.relative_to(folder)) == read for read in report["files"])
        assert not [f"{file} line {line}" for line in sorted(keys_in(path)) if (file, line) not in named]


def _explain_agrees(command: Command, report: dict[str, Any]) -> None:
    rows = command.explained()
    told = [entry for entry in report["entries"] if entry["class"] == "understood" and entry["becomes"].startswith("[")]
    assert told
    for entry in told:
        row = rows[re.sub(r"^\[(.+)\] (\w+)$", r"\1.\2", entry["becomes"])]
        assert (row["value"], row["origin"].split(" line ")[0]) == (entry["value"], "deployment.toml"), entry
    assert rows["scim2.wso2_responses"]["value"] == "true"


def test_secrets_are_never_printed_and_lie_in_files_of_their_own(command: Command, world: World) -> None:
    ran = command.moved(GIVEN / "wso2_5x")
    again = command("import", "wso2", "--conf", GIVEN / "wso2_5x", "--force")
    for secret in ("s3cret-of-staff", "another-secret"):
        assert secret not in ran.out + ran.err + again.out + again.err
    assert ran.entry("email/mail.smtp.password")["value"] == "(set)"
    assert (command.data / "output_adapter-email-password").read_text() == "xxxx\n"
    assert "xxxx" not in (command.data / "deployment.toml").read_text()
    assert {path.stat().st_mode & 0o777 for path in command.data.iterdir() if path.is_file()} == {0o600}


def test_a_dry_run_says_the_same_and_writes_nothing(command: Command, world: World) -> None:
    dry = command.moved(GIVEN / "wso2_5x", "--dry-run")
    assert not command.data.exists()
    assert (dry.json["dryRun"], dry.json["written"]) == (True, [])
    assert dry.json["entries"] == command.moved(GIVEN / "wso2_5x").json["entries"]
