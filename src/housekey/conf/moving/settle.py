"""Of all that was wanted for one key one value is kept, and the whole is tried with the reader that a start uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from housekey.conf import coerce, wso2
from housekey.conf.explain import explain
from housekey.conf.load import SECTIONS, load
from housekey.conf.schema import Config, ConfigErrors, Finding
from housekey.conf.sources import SECRETS, title
from housekey.core.moving.report import Entry, Moved, Wanted
from housekey.core.properties import BY_TOML

DOMAINS = "user_stores.domains"
WSO2_RESPONSES = "scim2.wso2_responses"
_NOWHERE = Path("/dev/null/housekey")
"""A data directory in which no file can be."""
_SHOWN_AS = {wso2.HYBRID: wso2.DATA_STORE}
"""Two keys that decide one thing, which is explained under one of them."""
_WORDS = {"super_admin.password": "It counts at the first start only. admin/admin is warned about until it is changed."}
_PILLARS = ("hostname", "provider", "certificate", "private_key")
"""What makes the other keys of its table count: without it none of them is missed."""


@dataclass(slots=True)
class Plan:
    """What is to be written. `lines`: key -> (value as TOML knows it, where it comes from); `secrets`: key -> text, each for a file."""

    lines: dict[str, tuple[object, str]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    left: dict[str, tuple[str, str]] = field(default_factory=dict)
    """What could not be used: key -> (value, where it comes from). It is written as a comment."""


def settle(moved: Moved) -> Plan:
    """Decide and try; every value that was wanted becomes an entry of the report."""
    chosen = _chosen(moved)
    before = dict(chosen)
    config = _tried(chosen, moved)
    shown = {row.key: row.value for row in explain(config)}
    plan = Plan()
    plan.left = {key: (_flag(one.raw), str(one.place)) for key, one in before.items() if key not in chosen and key not in SECRETS}
    for key, wanted in chosen.items():
        lost, said = _lost(key, wanted, config), _said(config.findings, key)
        if not lost and "has no effect" in said:
            (moved.could_not if "is not known" in said else moved.differs)(wanted.place, said)
            continue
        moved.entries.append(_entry(key, wanted, shown, said, lost=lost))
        _line(plan, key, wanted, config, lost=lost)
    plan.lines[WSO2_RESPONSES] = plan.lines.get(WSO2_RESPONSES, (True, ""))
    return plan


def _chosen(moved: Moved) -> dict[str, Wanted]:
    """One for each key. A deployment.toml decides over the XML that WSO2 generates from it; in one file the last one counts."""
    best: dict[str, Wanted] = {}
    for wanted in moved.wanted:
        present = best.get(wanted.key)
        if wanted.key == DOMAINS and present is not None:
            moved.understood(wanted.place, title(DOMAINS), str(wanted.raw), wanted.words)
            best[DOMAINS] = Wanted(present.place, DOMAINS, f"{present.raw}, {wanted.raw}", present.words, present.first)
            continue
        winner, loser = (present, wanted) if present is not None and _rank(wanted) < _rank(present) else (wanted, present)
        best[wanted.key] = winner
        if loser is not None:
            moved.differs(loser.place, f"{winner.place} decides {title(wanted.key)}.")
    return best


def _rank(wanted: Wanted) -> tuple[bool, bool]:
    return not wanted.weak, wanted.first


def _tried(chosen: dict[str, Wanted], moved: Moved) -> Config:
    """The configuration of what was chosen. What cannot be used is taken out of `chosen` and said, until the rest can."""
    while True:
        try:
            return load(file=None, data=_NOWHERE, flags={key: _flag(wanted.raw) for key, wanted in chosen.items()}, environ={})
        except ConfigErrors as errors:
            wrong = [finding for finding in errors.findings if finding.level == "error"]
            _take_out(next((finding for finding in wrong if finding.key in chosen), wrong[0]), chosen, moved)


def _take_out(finding: Finding, chosen: dict[str, Wanted], moved: Moved) -> None:
    table = finding.key.rpartition(".")[0]
    inside = [key for key in chosen if key.rpartition(".")[0] == table]
    pillars = [key for name in _PILLARS if (key := f"{table}.{name}") in chosen]
    gone = [finding.key] if finding.key in chosen else pillars[:1] or inside or list(chosen)
    for key in gone:
        moved.could_not(chosen.pop(key).place, finding.sentence)


def _flag(raw: object) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return ", ".join(map(str, raw)) if isinstance(raw, list) else str(raw)


def _lost(key: str, wanted: Wanted, config: Config) -> bool:
    """A method that was switched on and is off, because another one takes precedence (spec section 12)."""
    item = BY_TOML.get(key)
    return item is not None and item.kind == "boolean" and config.policy.get(item.name) == "false" and coerce.boolean(_flag(wanted.raw))


def _said(findings: Iterable[Finding], key: str) -> str:
    return " ".join(finding.sentence for finding in findings if finding.key == key)


def _entry(key: str, wanted: Wanted, shown: Mapping[str, str], said: str, *, lost: bool) -> Entry:
    words = " ".join(part for part in (wanted.words, _WORDS.get(key, ""), said) if part)
    if lost:
        return Entry(wanted.place, "differs", words=words)
    stem = _SHOWN_AS.get(key) or (key if key in shown else key.removesuffix("_file"))
    return Entry(wanted.place, "understood", title(stem), shown.get(stem, _flag(wanted.raw)), words)


def _line(plan: Plan, key: str, wanted: Wanted, config: Config, *, lost: bool) -> None:
    came = str(wanted.place)
    if key in SECRETS:
        plan.secrets[key] = _flag(wanted.raw)
        plan.lines[f"{key}_file"] = (secret_file(key), came)
    else:
        plan.lines[key] = (False if lost else _value(key, wanted.raw, config), came)


def secret_file(key: str) -> str:
    """The name of the file that holds this secret, beside the configuration."""
    return key.replace(".", "-")


def _value(key: str, raw: object, config: Config) -> object:
    """As the schema has it; a text with a reference in it stays as it is, since the file is read anew at each start."""
    item = BY_TOML.get(key)
    text = _flag(raw)
    if isinstance(raw, str) and "${" in raw.replace("$ref{", "${"):
        return raw
    if item is not None:
        clean = config.policy[item.name]
        return clean if item.kind == "text" else clean == "true" if item.kind == "boolean" else int(clean)
    if key == wso2.GOVERNANCE or key == wso2.HYBRID:
        return coerce.boolean(text)
    table, _, name = key.rpartition(".")
    parts = {type(part): part for part in (getattr(config, item.name) for item in fields(config))}
    found = getattr(parts[SECTIONS[table]], name, None) if table in SECTIONS else None
    if isinstance(found, bool | int):
        return found
    return list(found) if isinstance(found, tuple) and all(isinstance(one, str) for one in found) else text
