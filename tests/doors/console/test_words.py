"""Every sentence that the console's own code says has a German one, and so have the names of user attributes."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.utils.translation import gettext, override

import housekey
from housekey.core.claims import CLAIMS

PACKAGE = Path(housekey.__file__).parent
SOURCES = [*(PACKAGE / "console").rglob("*.py"), PACKAGE / "web" / "context.py", PACKAGE / "web" / "events.py"]
CALLS = {"_", "gettext", "gettext_lazy"}
SAME = {"Name", "Organisation", "Status", "Text"}


def said(source: Path) -> set[str]:
    calls = (node for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    found = (call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id in CALLS and call.args)
    return {node.value for node in found if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def untranslated(words: set[str]) -> list[str]:
    with override("de"):
        return [text for text in sorted(words - SAME) if gettext(text) == text]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_every_sentence_of_the_code_is_translated(source: Path) -> None:
    assert untranslated(said(source)) == []


def test_every_attribute_has_a_german_name() -> None:
    assert untranslated({text for claim in CLAIMS for text in (claim.display_name, claim.description)}) == []
