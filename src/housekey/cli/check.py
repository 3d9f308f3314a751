"""`check` and `config explain`: what is configured, and whether a server could run with it. All findings at once."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from housekey.cli import guard, output, tls
from housekey.cli.options import DONE, REFUSED, check_keys, load_config, now, open_house
from housekey.cli.tenants import speaking_in
from housekey.cli.trouble import CannotStart
from housekey.conf.schema import ConfigErrors, Finding
from housekey.core.errors import Refused
from housekey.core.names import PRIMARY, SUPER_TENANT, Tenant
from housekey.core.principal import system

if TYPE_CHECKING:
    from housekey.conf.schema import Config


def explain(arguments: Namespace) -> int:
    from housekey.conf import explain as explaining

    config = load_config()
    rows = [*explaining.explain(config)]
    stored = _stored(config, arguments.tenant)
    rows = [replace(row, value=stored[row.key], origin=_STORED) if row.key in stored else row for row in rows]
    if arguments.json:
        output.as_json(rows)
    else:
        output.table(("SETTING", "VALUE", "FROM"), [(row.key, row.value, row.origin) for row in rows])
    return DONE


_STORED = "stored in the console or over REST"


def _stored(config: Config, tenant: str) -> dict[str, str]:
    """What the tenant has stored, by key of deployment.toml. Raises NotFound, CannotStart.

    Unless a tenant was named, a server that never ran, or a database that does not answer, has nothing stored: the file is explained
    all the same, and nothing is written.
    """
    if not tenant and not (config.keys_path.exists() and (config.database.url or (config.data / "housekey.db").exists())):
        return {}
    house = open_house()
    from django.db import DatabaseError

    from housekey.cli.database import pending
    from housekey.operations.policies import effective

    try:
        if pending():
            return {}
        check_keys(house)
        policy = effective(house, speaking_in(tenant).tenant)
    except (DatabaseError, CannotStart):
        if tenant:
            raise
        return {}
    return {item.definition.toml: item.value for item in policy.items.values() if item.stored}


def check(arguments: Namespace) -> int:
    """Exit code 1 if anything is an error. Writes what a start would write (keys, certificate), and no more."""
    findings = list(_findings(arguments.mail_to))
    failed = any(finding.level == "error" for finding in findings)
    if arguments.json:
        output.as_json({"ok": not failed, "findings": findings})
        return REFUSED if failed else DONE
    for finding in findings:
        print(output.text(finding))
    errors = sum(finding.level == "error" for finding in findings)
    print(f"{errors} error{'' if errors == 1 else 's'}." if failed else "No errors.")
    return REFUSED if failed else DONE


def _findings(mail_to: str) -> Iterator[Finding]:
    try:
        config = load_config()
    except ConfigErrors as errors:
        yield from errors.findings
        return
    yield from config.findings
    yield from _deployment(config)
    if any(finding.level == "error" for finding in config.findings):
        return
    yield from _database()
    yield from _directory(config)
    if mail_to:
        yield from _mail(mail_to)


def _deployment(config: Config) -> Iterator[Finding]:
    """The certificate and the data directory. A server that runs already holds the port: that is no mistake."""
    from housekey.conf.keys import private_directory

    try:
        private_directory(config.data)
        pair = tls.prepare(config, now())
    except (CannotStart, ConfigErrors) as reason:
        yield Finding("error", str(reason))
        return
    if pair and pair.note:
        yield Finding("info" if pair.generated else "warning", pair.note)
    try:
        guard.port_is_free(config.server.bind, config.port)
    except CannotStart as reason:
        yield Finding("info", f"{reason} (Expected while this server runs.)")


def _database() -> Iterator[Finding]:
    from django.db import DatabaseError

    try:
        house = open_house()
    except ConfigErrors as errors:
        yield from errors.findings
        return
    from housekey.cli.database import pending
    from housekey.operations import bootstrap

    try:
        missing = pending()
        if missing:
            yield Finding("info", f"Migrations to run: {', '.join(missing)}. Run `housekey migrate`, or with SQLite `housekey serve`.")
            return
        check_keys(house)
        warning = bootstrap.guard_default_password(house)
        if warning:
            yield Finding("warning", warning)
    except DatabaseError as error:
        yield Finding("error", f"The database does not answer: {' '.join(str(error).split())}")
    except (CannotStart, Refused) as reason:
        yield Finding("error", str(reason))


def _directory(config: Config) -> Iterator[Finding]:
    """The one that `[user_store]` puts PRIMARY into. Nobody else needs it, so a server starts without it."""
    wanted = config.primary_store
    if wanted is None:
        return
    try:
        house = open_house()
        from housekey.operations import stores

        # The database may have no tenants yet, and is not asked for any.
        by = system(Tenant(1, SUPER_TENANT), "command line")
        tested = stores.test(house, by, stores.NewStore(PRIMARY, wanted.kind, wanted.properties, wanted.attributes, wanted.password))
    except (ConfigErrors, CannotStart, Refused) as reason:
        yield Finding("warning", f"[user_store] cannot be tried: {reason}")
        return
    for sentence, good in tested.steps:
        if not good:
            yield Finding("warning", f"[user_store] {sentence}")


def _mail(address: str) -> Iterator[Finding]:
    house = open_house()
    from housekey.delivery.worker import send_test

    send: Callable[..., str] = send_test
    try:
        yield Finding("info", send(house, address))
    except Refused as refusal:
        yield Finding("error", refusal.sentence)


__all__ = ["check", "explain"]
