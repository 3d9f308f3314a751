"""The mechanical rules of the house (docs/ARCHITECTURE.md), counted over the source."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.reading import ROOT, documents, name

SOURCE = ROOT / "src" / "housekey"
MODULES = [path for path in sorted(SOURCE.rglob("*.py")) if "migrations" not in path.parts]
TESTS = sorted((ROOT / "tests").rglob("*.py"))

PACKAGES_THAT_SAY_MORE = {
    "src/housekey/__init__.py": "the version",
    "src/housekey/cli/__init__.py": "the entry point that the installed command names",
    "src/housekey/store/models/__init__.py": "Django finds models here",
}
"""What an `__init__.py` may hold besides its docstring, and why."""

CLOCKS = {"src/housekey/operations/readiness.py": "compares this node's clock with the database's"}
"""Modules of core and operations that may look at the clock."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(_tree(path)) if isinstance(node, Function))


def _length(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


# --- sizes ------------------------------------------------------------------------------------------------------------


def test_no_module_is_longer_than_400_lines() -> None:
    assert not {name(path): _lines(path) for path in (*MODULES, *TESTS) if _lines(path) > 400}


def test_half_of_the_modules_have_at_most_120_lines() -> None:
    assert statistics.median(map(_lines, MODULES)) <= 120


def test_no_function_is_longer_than_60_lines() -> None:
    lengths = {f"{name(path)}:{node.name}": _length(node) for path in (*MODULES, *TESTS) for node in _functions(path)}
    assert not {function: length for function, length in lengths.items() if length > 60}


def test_nine_functions_in_ten_have_at_most_30_lines() -> None:
    lengths = [_length(node) for path in MODULES for node in _functions(path)]
    assert sum(length <= 30 for length in lengths) >= 0.9 * len(lengths)


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [path for path in MODULES if path.name == "__init__.py"], ids=name)
def test_a_package_says_what_it_owns_and_holds_nothing_else(path: Path) -> None:
    tree = _tree(path)
    assert ast.get_docstring(tree)
    if name(path) not in PACKAGES_THAT_SAY_MORE:
        assert len(tree.body) == 1


def test_the_packages_that_may_say_more_still_exist() -> None:
    assert not [file for file in (*PACKAGES_THAT_SAY_MORE, *CLOCKS) if not (ROOT / file).is_file()]


@pytest.mark.parametrize("package", sorted(path.parent.name for path in SOURCE.glob("*/__init__.py")))
def test_every_room_has_a_line_in_the_architecture(package: str) -> None:
    assert f"`{package}/`" in (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")


def test_every_module_begins_by_saying_what_it_is() -> None:
    """An empty file says by its emptiness that it only makes a folder of tests a package."""
    silent = [name(path) for path in (*MODULES, *TESTS) if _tree(path).body and not ast.get_docstring(_tree(path))]
    assert not silent


def test_nothing_is_left_to_be_done_later() -> None:
    unfinished = re.compile(r"\b(?:" + "|".join(("TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK")) + r")\b")
    written = [*MODULES, *TESTS, *documents(), *SOURCE.rglob("*.html"), *SOURCE.rglob("*.js"), *SOURCE.rglob("*.css"), ROOT / "Makefile"]
    assert not [name(path) for path in written if unfinished.search(path.read_text(encoding="utf-8"))]


def test_every_exception_to_a_rule_says_why() -> None:
    silent = re.compile(r"#\s*(?:noqa(?::[ \w,]*)?|type: ignore(?:\[[\w, -]*\])?)\s*$")
    bare = [f"{name(path)}:{number}" for path in (*MODULES, *TESTS)
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if silent.search(line)]
    assert not bare


def test_comments_are_rare() -> None:
    """One to five in a hundred lines: a comment says why, and most lines need none."""
    lines = [line.strip() for path in MODULES for line in path.read_text(encoding="utf-8").splitlines()]
    assert sum(line.startswith("#") for line in lines) <= 0.05 * len(lines)


# --- habits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [path for path in MODULES if path.parent.name == "operations"], ids=name)
def test_operations_are_given_settings_and_time(path: Path) -> None:
    assert not _imports(path) & {"django.conf", "django.conf.settings", "django.utils.timezone", "django.utils.timezone.now"}


def test_rules_and_operations_do_not_look_at_the_clock() -> None:
    looking = re.compile(r"\b(?:datetime\.now|datetime\.utcnow|date\.today|time\.time)\(")
    inside = [path for path in MODULES if path.is_relative_to(SOURCE / "core") or path.is_relative_to(SOURCE / "operations")]
    assert not [name(path) for path in inside if name(path) not in CLOCKS and looking.search(path.read_text(encoding="utf-8"))]


def test_there_are_no_signals() -> None:
    signals = {"django.dispatch", "django.db.models.signals", "django.core.signals"}
    assert not [name(path) for path in MODULES if _imports(path) & signals]


def test_nothing_is_mocked() -> None:
    assert not [name(path) for path in TESTS if {"unittest.mock", "mock"} & _imports(path)]


def test_every_transaction_of_an_operation_is_the_durable_one() -> None:
    opened = re.compile(r"\btransaction\.atomic\(")
    operations = [path for path in MODULES if path.parent.name == "operations" and path.name != "transactions.py"]
    assert not [name(path) for path in operations if opened.search(path.read_text(encoding="utf-8"))]


def test_no_password_is_hashed_inside_a_transaction() -> None:
    slow = {"hashing.make", "hashing.check", "accepted"}
    inside = [f"{name(path)}:{call.lineno}" for path in MODULES if path.parent.name == "operations" for block in ast.walk(_tree(path))
              if isinstance(block, ast.With) and any("durable" in ast.unparse(item.context_expr) for item in block.items)
              for call in ast.walk(block) if isinstance(call, ast.Call) and ast.unparse(call.func) in slow]
    assert not inside


def test_what_tools_leave_behind_is_not_part_of_the_source() -> None:
    """A link to another tree's packages once stood here: every clone used those, and a clone elsewhere could not be installed."""
    listed = subprocess.run(["git", "ls-files", "--stage"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        assert not (ROOT / ".git").exists()
        return
    rows = [line.split(maxsplit=3) for line in listed.stdout.splitlines()]
    assert rows
    left = (".venv", ".schemathesis", ".hypothesis", "var/")
    assert [path for mode, _, _, path in rows if mode == "120000" or path.startswith(left)] == []
