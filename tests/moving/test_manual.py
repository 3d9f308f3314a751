"""What the operators' manual quotes is what the command prints."""

from __future__ import annotations

from tests.docs.reading import blocks
from tests.moving.support import GIVEN, Command


def test_the_manual_quotes_the_report(command: Command) -> None:
    printed = command("import", "wso2", "--conf", GIVEN / "seed_000", "--dry-run").out.splitlines()
    [quoted] = [block for block in blocks("text") if block.file == "docs/operators/moving-from-wso2.md"]
    assert not [line for line in quoted.text.splitlines() if line not in printed]
