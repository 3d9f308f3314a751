"""The rows of the tables in `docs/operators/configuration.md`, as the schema has them now.

`python -m tests.docs.rows` prints them, to be pasted where a test says that one is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from typing import Any

from housekey.conf.explain import documentation
from housekey.conf.load import KEYS_FILE, SECTIONS
from housekey.core.properties import PROPERTIES

KEYS = "The secret keys that links and sessions are made with. Mode 0600. Back it up with the database; all nodes need the same file."


def settings() -> Iterator[str]:
    """One row for each field of the schema: key, default, meaning."""
    for table, part in SECTIONS.items():
        for item in fields(part):
            yield f"| `{table}.{item.name}` | {_shown(_default(item))} | {_cell(documentation()[part.__name__][item.name])} |"
    yield f"| `{KEYS_FILE}` | `keys.json` in the data directory | {KEYS} |"


def policies() -> Iterator[str]:
    """One row for each setting of a tenant: key, WSO2's property, default, meaning."""
    for item in PROPERTIES:
        yield f"| `{item.toml}` | `{item.name}` | {_shown(item.default)} | {_cell(f'{item.label}. {item.hint}')} |"


def _default(item: Field[Any]) -> str:
    value = item.default if item.default is not MISSING else None
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int) else ""


def _shown(value: str) -> str:
    return f"`{value}`" if value else "–"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    for row in (*settings(), "", *policies()):
        print(row)  # noqa: T201 - it is what this program is for
