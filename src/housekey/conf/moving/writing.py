"""The new `deployment.toml` and, beside it, a file for each secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from housekey.conf import toml_text
from housekey.conf.moving.settle import Plan, secret_file
from housekey.conf.replacing import put
from housekey.core.errors import Conflict
from housekey.core.names import printable


def check_free(plan: Plan, out: Path) -> None:
    """Raises Conflict if something is there already."""
    taken = [path for path in (out, *_secrets(plan, out)) if path.exists()]
    if taken:
        raise Conflict(f"{taken[0]} exists already, and nothing was written. With --force it is replaced and kept as {taken[0].name}.bak; "
                       "with --out another file is written.")


def write(plan: Plan, out: Path, came_from: str) -> list[Path]:
    """The files that were written. What was there is kept as `NAME.bak`. Raises OSError."""
    out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for key, path in zip(plan.secrets, _secrets(plan, out), strict=True):
        put(path, f"{plan.secrets[key]}\n".encode())
    put(out, text(plan, came_from).encode())
    return [out, *_secrets(plan, out)]


def _secrets(plan: Plan, out: Path) -> Iterator[Path]:
    return (out.parent / secret_file(key) for key in plan.secrets)


def text(plan: Plan, came_from: str) -> str:
    """What the file says."""
    tables: dict[str, list[str]] = {}
    for key, (value, came) in plan.lines.items():
        table, _, name = key.rpartition(".")
        line = f"{toml_text.key(name)} = {toml_text.value(value)}"
        tables.setdefault(table, []).append(f"{line}  # {printable(came)}" if came else line)
    for key, (value, came) in plan.left.items():
        table, _, name = key.rpartition(".")
        tables.setdefault(table, []).append(printable(f"# {name} = {toml_text.value(value)}  # {came}: left out, see the report"))
    parts = [f"# Made by housekey import wso2 from {printable(came_from)}. Each line says where its value comes from.", *(
        f"[{toml_text.dotted(tuple(table.split('.')))}]\n" + "\n".join(lines) for table, lines in tables.items())]
    return "\n\n".join(parts) + "\n"
