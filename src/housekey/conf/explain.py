"""Every setting in force, where it comes from and what it means: `housekey config explain` and the operators' manual."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path

from housekey.conf import primary, schema, sources, wso2
from housekey.conf.load import KEYS_FILE, SECTIONS
from housekey.conf.schema import Config
from housekey.core.directories import BY_NAME
from housekey.core.properties import PROPERTIES

_SILENT = frozenset({"policy", "origins", "findings", "primary_store"})
_NAMES = {"keys_file": KEYS_FILE, "governance": wso2.GOVERNANCE, "identity_data": wso2.DATA_STORE}
_FLAGS = {"data": "flag --data or built in", "file": "flag --config or built in"}


@dataclass(frozen=True, slots=True)
class Row:
    """One setting: its key in deployment.toml, its value as text (secrets never), its origin, its documentation."""

    key: str
    value: str
    origin: str
    doc: str


def explain(config: Config) -> list[Row]:
    """Every field of the schema and every policy default, in the order of the schema."""
    return [*_fields(config), *_directory(config), *_policies(config)]


@cache
def documentation() -> dict[str, dict[str, str]]:
    """Class name -> field name -> the string below the field in `schema.py`, on one line; `""` where there is none."""
    tree = ast.parse(Path(schema.__file__).read_text(encoding="utf-8"))
    return {node.name: dict(_documented(node.body)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _documented(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for node, after in zip(body, [*body[1:], ast.Pass()], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            doc = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
            yield node.target.id, " ".join(str(doc).split())


def _fields(config: Config) -> Iterator[Row]:
    tables = {part: table for table, part in SECTIONS.items()}
    for item in fields(Config):
        value = getattr(config, item.name)
        if item.name in _SILENT:
            continue
        if is_dataclass(value):
            table = tables[type(value)]
            docs = documentation()[type(value).__name__]
            for inner in fields(value):
                key = f"{table}.{inner.name}"
                yield Row(key, _shown(key, getattr(value, inner.name)), config.origins.get(key, "built in"), docs[inner.name])
        else:
            key = _NAMES.get(item.name, item.name)
            origin = config.origins.get(key) or _FLAGS.get(item.name, "built in")
            yield Row(key, _shown(key, value), origin, documentation()["Config"][item.name])


def _directory(config: Config) -> Iterator[Row]:
    """The properties of PRIMARY where it is in a directory; those that follow from another key say from where that comes."""
    if config.primary_store is None:
        return
    for name, value in config.primary_store.properties.items():
        key = f"{primary.PROPERTIES}.{name}"
        if name in primary.KEYS:
            continue
        follows = "base_dn" if name.endswith("SearchBase") and value else "type" if name == "ReadOnly" and value == "true" else ""
        origin = config.origins.get(key) or config.origins.get(f"{primary.TABLE}.{follows}", "built in")
        shown = "(set)" if value and BY_NAME[name].type == "lines" else value
        yield Row(key, shown, origin, " ".join(f"{BY_NAME[name].label}. {BY_NAME[name].hint}".split()))
    for uri, value in config.primary_store.attributes.items():
        key = f"{primary.ATTRIBUTES}.{uri}"
        yield Row(key, value, config.origins.get(key, "built in"), "The attribute of the directory that holds this claim.")


def _policies(config: Config) -> Iterator[Row]:
    for item in PROPERTIES:
        value = config.policy.get(item.name, item.default)
        yield Row(item.toml, value, config.origins.get(item.name, "built in"), f"{item.label}. {item.hint}")


def _shown(key: str, value: object) -> str:
    if key in sources.SECRETS:
        return "(set)" if value else "(not set)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
