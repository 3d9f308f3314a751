"""Loading a configuration from text, and reading what was found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from housekey.conf.load import load
from housekey.conf.schema import Config, ConfigErrors, Finding


def configured(folder: Path, text: str = "", *, environ: Mapping[str, str] | None = None, flags: Mapping[str, str] | None = None) -> Config:
    """The Config of a `deployment.toml` with this text in `folder`."""
    (folder / "deployment.toml").write_text(dedent(text), encoding="utf-8")
    return load(file=None, data=folder, environ=environ or {}, flags=flags or {})


def refused(folder: Path, text: str = "", *, environ: Mapping[str, str] | None = None) -> list[Finding]:
    """The errors of such a file; fails when there are none."""
    with pytest.raises(ConfigErrors) as caught:
        configured(folder, text, environ=environ)
    return [finding for finding in caught.value.findings if finding.level == "error"]


def said(config: Config, level: str) -> list[tuple[int, str]]:
    """`(line, sentence)` of the findings of one level."""
    return [(finding.line, finding.sentence) for finding in config.findings if finding.level == level]
