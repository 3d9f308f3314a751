"""What the documents say, as data: their links, their headings, their code blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. `file` is relative to the repository."""

    file: str
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}: {self.text[:60]!r}"


def documents() -> list[Path]:
    """Every document of the repository."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(language: str) -> Iterator[Block]:
    for path in documents():
        for found in _FENCE.finditer(path.read_text(encoding="utf-8")):
            if found[1] == language:
                yield Block(name(path), found[1], found[2])


def shell_lines() -> Iterator[tuple[str, str]]:
    """`(document, line)` of every line in a `sh` block."""
    for block in blocks("sh"):
        for line in block.text.splitlines():
            if line.strip():
                yield block.file, line.strip()


def prose(path: Path) -> str:
    """The document without its code blocks."""
    return _FENCE.sub("", path.read_text(encoding="utf-8"))


def links(path: Path) -> list[str]:
    return _LINK.findall(prose(path))


def anchors(path: Path) -> set[str]:
    """The fragments that headings can be linked by, as code hosts make them."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in _HEADING.findall(prose(path))}
