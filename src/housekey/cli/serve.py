"""`serve`. The parent loads no Django: it checks, prepares in a child, prints, and watches one worker process."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from housekey import __version__
from housekey.cli import guard, lock, prepare, tls
from housekey.cli.options import DONE, load_config, now, say
from housekey.cli.trouble import CannotStart
from housekey.conf.schema import ConfigErrors

if TYPE_CHECKING:
    from housekey.conf.schema import Config


def serve(arguments: Namespace) -> int:  # noqa: ARG001 - every command takes its arguments
    from housekey.conf.keys import private_directory

    config = load_config()
    for finding in config.findings:
        if finding.level == "warning":
            say(str(finding))
    private_directory(config.data)
    held = lock.single_instance(config.data, json.loads(os.environ["HOUSEKEY_FLAGS"]))
    guard.port_is_free(config.server.bind, config.port)
    pair = tls.prepare(config, now())
    ready = prepare.in_child()
    from housekey.cli.parent import Parent

    def up() -> None:
        print(welcome(config, pair, ready), flush=True)

    files = (pair.certificate, pair.key) if pair else None
    with held:
        parent = Parent(config.server.bind, config.port, files, may_reload=_may_reload, up=up)
        parent.serve(spawn_target=_run, target_loader=_load, wrap_loader=False)
    return DONE


def _run(*granian: Any) -> None:
    from housekey.cli import worker

    worker.run(*granian)


def _load() -> Any:
    from housekey.cli import worker

    return worker.load()


def _may_reload() -> bool:
    """SIGHUP: read configuration, certificate and keys again. With a mistake in them the present worker goes on."""
    try:
        tls.prepare(load_config(), now())
        prepare.in_child("look")
    except (ConfigErrors, CannotStart) as reason:
        say(f"housekey: not reloaded. {reason}")
        return False
    say("housekey: reloading certificate and configuration.")
    return True


def welcome(config: Config, pair: tls.Pair | None, ready: prepare.Ready) -> str:
    """What a newcomer needs: where to go, how to sign in, where mail goes."""
    base, admin = config.base_url, config.super_admin.username
    database = f"SQLite in {config.data}" if ready.database == "sqlite" else "PostgreSQL"
    lines = [f"Housekey {__version__}", ""]
    lines += _row("Console", f"{base}/console/") + _row("My account", f"{base}/myaccount/")
    if ready.link:
        lines += ["", *_row("Sign in", f"First set the password of “{admin}” here (one time, within 24 hours):"), *_row("", ready.link),
                  *_row("", f"Then sign in to the console as “{admin}”.")]
    else:
        lines += _row("Sign in", "with your own account, in the console")
    lines.append("")
    if config.email.configured:
        lines += _row("Mail", f"leaves through {config.email.hostname} port {config.email.port}")
    else:
        lines += _row("Mail", f"no mail server is configured: read messages in the console or in {config.mail_directory}")
    if config.sms.configured:
        lines += _row("SMS", f"leaves through {config.sms.provider}")
    lines += _row("Interfaces", f"REST is described at {base}/api/docs, SOAP at {base}/services/")
    lines += _row("Data", f"{config.data} ({database})")
    if pair and pair.note:
        lines += _row("Certificate", pair.note)
    if ready.warning:
        lines += _row("Warning", ready.warning)
    lines += ["", f"  Listening on {config.server.bind} port {config.port}. Stop with Ctrl+C."]
    return "\n" + "\n".join(f"  {line}" if line and not line.startswith("  ") else line for line in lines) + "\n"


def _row(name: str, text: str) -> list[str]:
    return [f"  {name:<13}{text}"]
