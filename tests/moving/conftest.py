"""A command line with a data directory of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.moving.support import Command


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path / "var", capsys)


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """An empty directory for WSO2's files."""
    folder = tmp_path / "conf"
    folder.mkdir()
    return folder
