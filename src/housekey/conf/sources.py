"""Where values come from: the file, then the environment, then flags; each knows how to say where it was found."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from housekey.conf import lenient
from housekey.conf.schema import Finding

PREFIX = "HOUSEKEY__"
SECRETS = frozenset({
    "super_admin.password", "output_adapter.email.password", "output_adapter.email.client_secret", "output_adapter.sms.secret",
    "output_adapter.sms.headers",
    "database.url", "database.identity_db.url", "database.identity_db.password",
    "user_store.connection_password", "user_store.properties.ConnectionPassword",
})
"""Keys that can be given as `key_file = "path"` and are never shown."""

_FLAGS = {"server.bind": "--host"}


@dataclass(frozen=True, slots=True)
class Value:
    """One configured value as it was written, and where. Relative paths in it start at `folder`."""

    raw: object
    source: str
    folder: Path
    line: int = 0


Layer = dict[str, Value]
"""Dotted key -> value."""


@dataclass(slots=True)
class Report:
    """Collects what there is to say, so that all of it can be said at once."""

    findings: list[Finding] = field(default_factory=list)

    def add(self, level: Literal["error", "warning", "info"], sentence: str, key: str = "", value: Value | None = None) -> None:
        self.findings.append(Finding(level, sentence, value.line if value else 0, key, value.source if value else ""))

    @property
    def failed(self) -> bool:
        return any(finding.level == "error" for finding in self.findings)


def title(key: str) -> str:
    """`server.port` as an operator finds it: `[server] port`."""
    table, _, name = key.rpartition(".")
    return f"[{table}] {name}" if table else name


def shown(key: str, raw: object) -> str:
    """`, not …` with what was written, cut short; nothing for a secret."""
    if key in SECRETS:
        return ""
    written = repr(raw)
    return f", not {written if len(written) <= 60 else written[:60] + '…'}"


def nearest(key: str, known: Iterable[str]) -> str:
    """` Did you mean …?` with the nearest name of the same table, else the same name in another table, else nothing."""
    table, _, name = key.rpartition(".")
    names = sorted(known)
    siblings = {item.rpartition(".")[2]: item for item in names if item.rpartition(".")[0] == table}
    anywhere = {item.rpartition(".")[2]: item for item in reversed(names)}
    for choices, cutoff in ((siblings, 0.6), (anywhere, 0.8)):
        if found := difflib.get_close_matches(name, choices, 1, cutoff):
            return f" Did you mean {title(choices[found[0]])}?"
    return ""


def nearest_table(table: str, known: Iterable[str]) -> str:
    """` Did you mean [table]?` with the nearest known table, or nothing."""
    found = difflib.get_close_matches(table, sorted(known), 1, 0.6)
    return f" Did you mean [{found[0]}]?" if found and found[0] else ""


def file_layer(file: Path, report: Report) -> Layer:
    """Every value of a TOML file. An unreadable or malformed file is an error in the report."""
    try:
        with file.open("rb") as stream:
            content = stream.read(lenient.MAX_BYTES + 1)
    except OSError as error:
        report.add("error", f"The configuration file {file} cannot be read: {error.strerror}.")
        return {}
    parsed = lenient.parse(content)
    for mistake in parsed.mistakes:
        where = Value(None, f"{file.name} line {mistake.line}", file.parent, mistake.line)
        report.add("error" if mistake.fatal else "warning", mistake.sentence, value=where)
    layer: Layer = {}
    for path, raw in _leaves(parsed.tree, ()):
        line = parsed.line(path)
        layer[".".join(path)] = Value(raw, f"{file.name} line {line}", file.parent, line)
    return layer


def _leaves(table: Mapping[str, object], path: lenient.Path) -> Iterable[tuple[lenient.Path, object]]:
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name), value


def environment_layer(environ: Mapping[str, str], known: Iterable[str]) -> Layer:
    """`HOUSEKEY__TABLE__KEY` variables; `known` gives the spelling of keys that have capitals."""
    spelling = {key.lower(): key for key in known}
    layer: Layer = {}
    for name in sorted(environ):
        if name.startswith(PREFIX):
            key = name[len(PREFIX):].lower().replace("__", ".")
            layer[spelling.get(key, key)] = Value(environ[name], f"environment {name}", Path.cwd())
    return layer


def flag_layer(flags: Mapping[str, str]) -> Layer:
    """Command-line flags, by dotted key."""
    return {key: Value(text, "flag " + _FLAGS.get(key, "--" + key.rpartition(".")[2].replace("_", "-")), Path.cwd())
            for key, text in flags.items()}


def settle(layer: Layer, report: Report) -> Layer:
    """One layer with its secret files read and its empty strings taken out (they mean: not given here)."""
    settled: Layer = {}
    for key, value in layer.items():
        stem = key.removesuffix("_file")
        if stem != key and stem in SECRETS:
            if stem in layer and layer[stem].raw != "":
                report.add("error", f"{title(stem)} and {title(key)} are both given; keep one.", key, value)
            elif value.raw != "":
                _read_secret(stem, value, settled, report)
        elif value.raw == "":
            report.add("warning", f"{title(key)} is empty, which means: not set.", key, value)
        else:
            settled[key] = value
    return settled


def _read_secret(stem: str, value: Value, settled: Layer, report: Report) -> None:
    if not isinstance(value.raw, str):
        report.add("error", f"{title(stem)}_file: expected the path of a file.", f"{stem}_file", value)
        return
    path = value.folder / os.path.expanduser(value.raw)
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        report.add("error", f"{title(stem)}_file: {path} cannot be read: {reason}.", f"{stem}_file", value)
        return
    if text:
        settled[stem] = Value(text, f"{value.source} ({value.raw})", value.folder, value.line)
    else:
        report.add("warning", f"{title(stem)}_file: {path} is empty, which means: not set.", f"{stem}_file", value)
