"""A file written whole or not at all, and the one before it kept."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4


def backup_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.bak")


def put(path: Path, content: bytes, *, keep: bool = True, mode: int = 0o600) -> None:
    """With `mode` from its first byte on: its owner alone may read it, since there may be secrets in it, unless that is said otherwise.
    `keep`: what was there before stays as `NAME.bak`. Raises OSError."""
    if keep and path.exists():
        put(backup_of(path), path.read_bytes(), keep=False)
    beside = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()
