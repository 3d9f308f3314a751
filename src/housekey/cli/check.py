"""`check` and `config explain`: what is configured, and whether a server could run with it. All findings at once."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from housekey.cli import guard, output, tls
from housekey.cli.options import DONE, REFUSED, check_keys, load_config, now, open_house
from housekey.cli.trouble import CannotStart
from housekey.conf.schema import ConfigErrors, Finding
from housekey.core.errors import Refused

if TYPE_CHECKING:
    from housekey.conf.schema import Config


def explain(arguments: Namespace) -> int:
    from housekey.conf import explain as explaining

    rows = explaining.explain(load_config())
    if arguments.json:
        output.as_json(rows)
    else:
        output.table(("SETTING", "VALUE", "FROM"), [(row.key, row.value, row.origin) for row in rows])
    return DONE


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


def _mail(address: str) -> Iterator[Finding]:
    house = open_house()
    from housekey.delivery.worker import send_test

    send: Callable[..., str] = send_test
    try:
        yield Finding("info", send(house, address))
    except Refused as refusal:
        yield Finding("error", refusal.sentence)


__all__ = ["check", "explain"]
