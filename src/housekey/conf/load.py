"""`deployment.toml`, environment and flags become one Config; every mistake is collected and told at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, get_type_hints

from housekey.conf import checks, coerce, primary, sms, sources, wso2
from housekey.conf.schema import (
    Config,
    ConfigErrors,
    Database,
    EmailSender,
    Finding,
    Limits,
    OAuth,
    Outbox,
    OutputAdapter,
    PasswordGrant,
    Primary,
    Scim,
    Server,
    Sessions,
    SmsSender,
    SuperAdmin,
    TokenValidation,
    UserStores,
)
from housekey.conf.sources import Layer, Report, Value, shown, title
from housekey.core import policy, properties
from housekey.core.errors import Invalid

__all__ = ["ConfigErrors", "load"]

SECTIONS: dict[str, type] = {
    "server": Server, "database": Database, "super_admin": SuperAdmin, "output_adapter": OutputAdapter,
    "output_adapter.email": EmailSender,
    sms.SMS: SmsSender, "outbox": Outbox, "scim2": Scim, "limits": Limits, "sessions": Sessions,
    "oauth": OAuth, "oauth.token_validation": TokenValidation, "oauth.grant_type.password": PasswordGrant,
    "user_stores": UserStores, primary.TABLE: Primary,
}
"""Table of deployment.toml -> part of the schema."""

KEYS_FILE = "secrets.keys_file"
READERS: dict[str, Callable[[object], object]] = {
    **dict.fromkeys(("outbox.give_up_after", "sessions.idle", "sessions.absolute"), coerce.minutes), "user_stores.domains": coerce.names,
}
"""Keys whose type alone does not say how they are read."""
_SECTION_KEYS = {f"{table}.{item.name}" for table, part in SECTIONS.items() for item in fields(part)}
KNOWN = frozenset(_SECTION_KEYS | {KEYS_FILE} | set(properties.BY_TOML))
"""Every key that has an effect under its own name."""

Part = TypeVar("Part")


def load(*, file: Path | None, data: Path, flags: Mapping[str, str] = MappingProxyType({}),
         environ: Mapping[str, str] = os.environ) -> Config:
    """Read everything that is configured. Writes nothing.

    `file`: the file to read; None: `deployment.toml` in `data`, if it is there. `flags`: dotted key -> text; they win over
    `environ`, and that over the file. Raises ConfigErrors with every finding when at least one is an error.
    """
    report = Report()
    data = data.absolute()
    if data.exists() and not data.is_dir():
        report.add("error", f"The data directory {data} is a file.")
    usual = data / "deployment.toml"
    found = file.absolute() if file else usual if usual.is_file() else None
    loading = _Loading(_layers(found, flags, environ, report), report)
    config = loading.config(data, found)
    if report.failed:
        raise ConfigErrors(_ordered(report))
    return config


def _layers(file: Path | None, flags: Mapping[str, str], environ: Mapping[str, str], report: Report) -> Layer:
    spellings = KNOWN | primary.SPELLINGS | wso2.READ | {key for key in wso2.UNUSED if "*" not in key}
    written = sources.file_layer(file, report) if file else {}
    blank = checks.blank_mail_form(written)
    merged: Layer = {}
    for layer in (written, sources.environment_layer(environ, spellings), sources.flag_layer(flags)):
        merged |= sources.settle(layer, report)
    if blank:
        checks.drop_blank_mail_form(merged, blank, report)
    return merged


def _ordered(report: Report) -> list[Finding]:
    """Errors first, then by line: the reader works down the file."""
    rank = {"error": 0, "warning": 1, "info": 2}
    return sorted(report.findings, key=lambda finding: (rank[finding.level], finding.line))


class _Loading:
    """One run of `load`: the merged values, the report, and where each value came from."""

    def __init__(self, layer: Layer, report: Report) -> None:
        self.layer = layer
        self.report = report
        self.origins: dict[str, str] = {}

    def config(self, data: Path, file: Path | None) -> Config:
        carbon = wso2.apply(self.layer, self.report)
        self.origins |= carbon.origins
        sms.prepare(self.layer)
        written = primary.prepare(self.layer, self.report)
        self.origins |= primary.origins(written)
        checks.unknown(self.layer, KNOWN, self.report)
        users = self.part(primary.TABLE, Primary)
        config = Config(
            data=data, file=file,
            server=self.part("server", Server), database=self.part("database", Database),
            super_admin=self.part("super_admin", SuperAdmin), output=self.part("output_adapter", OutputAdapter),
            email=checks.email(self.part("output_adapter.email", EmailSender), self.layer, self.report),
            sms=sms.check(self.part(sms.SMS, SmsSender), self.layer, self.report),
            outbox=self.part("outbox", Outbox), scim2=self.part("scim2", Scim), limits=self.part("limits", Limits),
            sessions=self.part("sessions", Sessions), oauth=self.part("oauth", OAuth),
            tokens=self.part("oauth.token_validation", TokenValidation),
            password_grant=self.part("oauth.grant_type.password", PasswordGrant), user_stores=self.part("user_stores", UserStores),
            user_store=users, primary_store=primary.store(users, written, self.layer, self.resolved, self.report),
            keys_file=self.keys_file(), governance=carbon.governance, identity_data=carbon.identity_data,
            policy=MappingProxyType(self.tenant_defaults()),
            origins=MappingProxyType(self.origins))
        checks.together(config, self.layer, self.report)
        return replace(config, findings=tuple(_ordered(self.report)))

    def part(self, table: str, kind: type[Part]) -> Part:
        """One dataclass of the schema from the values of its table; a wrong value is reported and the default stands in."""
        given: dict[str, Any] = {}
        hints = get_type_hints(kind)
        for name, hint in hints.items():
            key = f"{table}.{name}"
            value = self.layer.get(key)
            if value is not None and (good := self.field(key, value, hint)) is not None:
                given[name] = good
        return kind(**given)

    def field(self, key: str, value: Value, hint: object) -> object | None:
        try:
            raw = self.resolved(key, value)
            good = READERS[key](raw.raw) if key in READERS else coerce.coerce(raw, hint)
            checks.bounds(key, good)
        except ValueError as error:
            self.report.add("error", f"{title(key)}: {error}{shown(key, value.raw)}.", key, value)
            return None
        self.origins[key] = value.source
        return good

    def keys_file(self) -> Path | None:
        value = self.layer.get(KEYS_FILE)
        path = self.field(KEYS_FILE, value, Path | None) if value else None
        return path if isinstance(path, Path) else None

    def tenant_defaults(self) -> dict[str, str]:
        """WSO2 property name -> canonical text, for those that are configured."""
        settings: dict[str, str] = {}
        for item in properties.PROPERTIES:
            value = self.layer.get(item.toml)
            if value is None:
                continue
            try:
                settings[item.name] = policy.clean(item.name, self.policy_text(item, value))
                self.origins[item.name] = value.source
            except Invalid as error:
                self.report.add("error", f"{title(item.toml)}: {error.sentence}", item.toml, value)
            except ValueError as error:
                self.report.add("error", f"{title(item.toml)}: {error}{shown(item.toml, value.raw)}.", item.toml, value)
        for choice in properties.CHOICES:
            self.one_of(choice, settings)
        return settings

    def one_of(self, choice: properties.Choice, settings: dict[str, str]) -> None:
        """Several methods on in one file: WSO2's precedence decides, and that is said (spec section 12)."""
        first, *others = [name for name in choice.members if settings.get(name) == "true"] or [""]
        for name in others:
            item = properties.BY_NAME[name]
            settings[name] = "false"
            self.report.add("warning", f"{title(item.toml)} = true has no effect: there can be only one {choice.label}, and "
                                       f"{title(properties.BY_NAME[first].toml)} takes precedence.", item.toml, self.layer.get(item.toml))

    def policy_text(self, item: properties.Property, value: Value) -> str:
        raw = self.resolved(item.toml, value).raw
        if item.kind == "text":
            return coerce.text(raw)
        read = {"boolean": coerce.boolean, "minutes": coerce.minutes, "number": coerce.number}[item.kind]
        return str(read(raw)).lower()

    def resolved(self, key: str, value: Value) -> Value:
        """The value with references replaced. A secret is taken as it is written: `$` may be part of it."""
        if not isinstance(value.raw, str):
            return value
        if key in sources.SECRETS:
            if wso2.is_vault_reference(value.raw):
                raise ValueError(f"points into WSO2's secret store, which is not read here; use {key.rpartition('.')[2]}_file")
            return value
        return Value(wso2.resolve(value.raw, self.lookup), value.source, value.folder, value.line)

    def lookup(self, name: str) -> str | None:
        """What `$ref{name}` or `${name}` stands for: a configured value, else the schema's default, else nothing."""
        carbon = {"carbon.host": "server.hostname", "carbon.protocol": "server.tls"}
        if name == "carbon.management.port":
            port, offset = self.lookup("server.port") or "0", self.lookup("server.offset") or "0"
            return str(int(port) or 9443 + int(offset)) if port.isdecimal() and offset.isdecimal() else None
        key = carbon.get(name, name)
        if key in sources.SECRETS:
            return None
        value = self.layer.get(key)
        table, _, attribute = key.rpartition(".")
        found = value.raw if value else getattr(SECTIONS[table](), attribute, None) if table in SECTIONS else None
        if found is None or isinstance(found, list | dict | tuple):
            return None
        if name == "carbon.protocol":
            return "http" if found == "off" else "https"
        return str(found)
