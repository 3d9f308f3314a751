"""`serve` and `work`. The parent loads no Django: it checks, prepares in a child, prints, and watches one worker process."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from housekey import __version__
from housekey.cli import guard, prepare, tls
from housekey.cli.options import DONE, CannotStart, load_config, now, open_house, say
from housekey.conf.schema import ConfigErrors

if TYPE_CHECKING:
    from housekey.conf.schema import Config

PATIENCE = 30
"""Seconds a worker gets to finish its requests."""
YOUNG = 10
SHORT_PATIENCE = 3
"""Seconds for a worker younger than YOUNG: granian loses a SIGTERM that comes while it is starting."""
BACKLOG = 1024
SERVER_THREADS = 128
"""They wait for bodies and for Django; Django's own threads are `[server] threads` (see `housekey.web.wsgi`)."""


def serve(arguments: Namespace) -> int:  # noqa: ARG001 - every command takes its arguments
    from housekey.conf.keys import private_directory

    config = load_config()
    for finding in config.findings:
        if finding.level == "warning":
            say(str(finding))
    private_directory(config.data)
    lock = guard.single_instance(config.data, json.loads(os.environ["HOUSEKEY_FLAGS"]))
    guard.port_is_free(config.server.bind, config.port)
    pair = tls.prepare(config, now())
    ready = prepare.in_child()
    with lock:
        _server(config, pair, ready).serve(spawn_target=_run, target_loader=_load, wrap_loader=False)
    return DONE


def work(arguments: Namespace) -> int:
    """Only the outbox: for a node without web, or with `--once` for a timer."""
    house = open_house()
    from housekey.cli.database import pending
    from housekey.delivery import worker

    if pending():
        raise CannotStart("The database is not up to date. Run `housekey migrate` first.")
    if arguments.once:
        sent = worker.drain(house, now(), 10_000)
        print(f"{sent} message{'' if sent == 1 else 's'} handled.")
        return DONE
    from housekey.cli.worker import keep_sending

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    say("Sending what is in the outbox. Stop with Ctrl+C.")
    keep_sending(house, stop)
    return DONE


def _run(*granian: Any) -> None:
    from housekey.cli import worker

    worker.run(*granian)


def _load() -> Any:
    from housekey.cli import worker

    return worker.load()


def _server(config: Config, pair: tls.Pair | None, ready: prepare.Ready) -> Any:
    from granian.constants import HTTPModes, Interfaces, SSLProtocols
    from granian.log import LogLevels
    from granian.server.mp import MPServer

    class Server(MPServer):
        """granian's parent, with three manners of its own: an early SIGTERM counts, SIGHUP looks before it leaps, it says when it is up."""

        def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
            if os.getpid() != self.pid:
                os._exit(0)  # a worker between its fork and its first line
            super().signal_handler_interrupt(*args, **kwargs)

        def signal_handler_reload(self, *args: Any, **kwargs: Any) -> None:
            if _may_reload():
                super().signal_handler_reload(*args, **kwargs)

        def _stop_workers(self) -> None:
            young = any(time.monotonic() - worker.birth < YOUNG for worker in self.wrks)
            self.workers_kill_timeout = SHORT_PATIENCE if young else PATIENCE
            super()._stop_workers()

        def _spawn_workers(self, *args: Any) -> None:
            super()._spawn_workers(*args)
            threading.Thread(target=_announce, args=(config, pair, ready), daemon=True, name="announce").start()

    return Server(
        target="housekey", address=config.server.bind, port=config.port, interface=Interfaces.WSGI, workers=1,
        blocking_threads=SERVER_THREADS, backlog=BACKLOG, http=HTTPModes.auto, websockets=False,
        log_level=LogLevels.error, log_access=False, respawn_failed_workers=True, workers_kill_timeout=PATIENCE,
        ssl_cert=pair.certificate if pair else None, ssl_key=pair.key if pair else None, ssl_protocol_min=SSLProtocols.tls12,
    )


def _may_reload() -> bool:
    """SIGHUP: read configuration and certificate again. With a mistake in them the present worker goes on."""
    try:
        tls.prepare(load_config(), now())
    except (ConfigErrors, CannotStart) as reason:
        say(f"housekey: not reloaded. {reason}")
        return False
    say("housekey: reloading certificate and configuration.")
    return True


def _announce(config: Config, pair: tls.Pair | None, ready: prepare.Ready) -> None:
    """Print where to go, once the port answers."""
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.server.bind, config.server.bind)  # noqa: S104 - compared, not bound
    for _ in range(600):
        try:
            socket.create_connection((address, config.port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            print(welcome(config, pair, ready), flush=True)
            return


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
    lines += _row("Data", f"{config.data} ({database})")
    if pair and pair.note:
        lines += _row("Certificate", pair.note)
    if ready.warning:
        lines += _row("Warning", ready.warning)
    lines += ["", f"  Listening on {config.server.bind} port {config.port}. Stop with Ctrl+C."]
    return "\n" + "\n".join(f"  {line}" if line and not line.startswith("  ") else line for line in lines) + "\n"


def _row(name: str, text: str) -> list[str]:
    return [f"  {name:<13}{text}"]
