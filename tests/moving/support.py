"""Running `housekey import wso2` and `housekey config fix` in this process, and what the first one reports."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from housekey.cli.main import main

GIVEN = Path(__file__).parent / "given"
"""What WSO2's guides print, exactly as printed, and what WSO2 ships as the reference describes it."""


@contextmanager
def _as_it_was() -> Iterator[None]:
    """A command sets the environment and the umask of its process; this one goes on."""
    mask, before = os.umask(0o022), dict(os.environ)
    try:
        yield
    finally:
        os.umask(mask)
        os.environ.clear()
        os.environ.update(before)


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def entry(self, key: str, file: str = "") -> dict[str, Any]:
        """The only entry of the report with this key."""
        [found] = [one for one in self.json["entries"] if one["key"] == key and one["file"].endswith(file)]
        return dict(found)


@dataclass(slots=True)
class Command:
    """`housekey` with a data directory of its own."""

    data: Path
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *words: str | Path) -> Ran:
        self.capsys.readouterr()
        with _as_it_was():
            code = main([*map(str, words), "--data", str(self.data)])
        out, err = self.capsys.readouterr()
        return Ran(code, out, err)

    def moved(self, folder: Path, *words: str) -> Ran:
        return self("import", "wso2", "--conf", folder, "--json", *words)

    def explained(self) -> dict[str, dict[str, str]]:
        """`config explain`, by key."""
        return {row["key"]: row for row in self("config", "explain", "--json").json}


def written(folder: Path, **files: str) -> Path:
    """Files of WSO2 in a directory: `identity_xml="…"` is identity.xml."""
    for name, text in files.items():
        stem, _, ending = name.rpartition("_")
        (folder / f"{stem.replace('_', '-')}.{ending}").write_text(text, encoding="utf-8")
    return folder
