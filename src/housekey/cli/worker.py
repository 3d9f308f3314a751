"""The worker process: web threads, the outbox and the jobs, held to the parent."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from granian.server.mp import MPServer

from housekey.cli.guard import hold_to_parent
from housekey.cli.options import CANNOT_START, check_keys, now, open_house, say
from housekey.cli.trouble import CannotStart

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from housekey.conf.house import House

LAST_WORD = 25.0
"""Seconds the outbox gets to finish its message at the end: less than the parent waits before it kills."""

log = logging.getLogger("housekey.worker")
_stop = threading.Event()
_threads: list[threading.Thread] = []


def run(*granian: Any) -> None:
    """The process's body, in place of granian's own: the same, between our beginning and our end."""
    parent = multiprocessing.parent_process()
    # After a fork the parent's handlers are still set here; a signal that came now would be noted and never acted on.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # Ctrl+C at a terminal goes to the whole process group. The parent alone answers it, in order.
    os.setpgrp()
    if parent is not None and parent.pid is not None:
        hold_to_parent(parent.pid)
    try:
        MPServer._spawn_wsgi_worker(*granian)
    finally:
        end()


def load() -> WSGIApplication:
    """Start Django and the outbox in this process; the callable that serves the web."""
    house = open_house()
    _check_keys(house)
    _forget_header_names()
    from django.urls import resolve

    from housekey.web.wsgi import application

    # Every door is imported now: a broken one stops the start, and the first visitor does not wait for it.
    resolve("/readyz")
    for name, loop in _loops(house):
        thread = threading.Thread(target=keep, args=(name, loop, _stop), name=name, daemon=True)
        thread.start()
        _threads.append(thread)
    return application


def _check_keys(house: House) -> None:
    """Also for a worker that takes the place of a crashed one. A database that is away is no reason not to be there when it is back."""
    from django.db import DatabaseError, InterfaceError, connection

    try:
        check_keys(house)
    except CannotStart as reason:
        say(f"housekey: {reason}")
        raise SystemExit(CANNOT_START) from None
    except (DatabaseError, InterfaceError) as error:
        log.warning("The database does not answer, so its keys could not be compared: %s.", type(error).__name__)
    finally:
        connection.close()


def _loops(house: House) -> Iterator[tuple[str, Callable[[], None]]]:
    """What goes on beside the web. What closes an account in a directory does not wait until somebody else's was looked through, nor do
    applications wait for anything of it."""
    from housekey.delivery import worker
    from housekey.operations import farewells, job_worker, looking, repairs

    yield "outbox", partial(worker.run, house, _stop)
    yield "jobs", partial(job_worker.run, house, _stop, now)
    yield "directories", partial(looking.run, house, _stop, now)
    yield "repairs", partial(looking.run, house, _stop, now, repairs.step)
    yield "farewells", partial(farewells.run, house, _stop, now)


def keep(name: str, loop: Callable[[], None], stop: threading.Event) -> None:
    """Have a loop go on until `stop` is set; it is started again after an error that it did not handle itself."""
    while not stop.is_set():
        try:
            loop()
        except Exception:
            log.exception("The thread for %s stopped and is started again in 5 seconds.", name)
            stop.wait(5)


def end() -> None:
    """Let the outbox finish the message it is sending, the jobs the user they are at, the directories their entry, and the farewells the
    calls they are making."""
    _stop.set()
    for thread in _threads:
        thread.join(LAST_WORD)


def _forget_header_names() -> None:
    """granian copies the environment into every request: a variable HTTP_… would look like a header sent by the client."""
    for name in [name for name in os.environ if name.startswith(("HTTP_", "CONTENT_")) or name in {"REMOTE_ADDR", "REMOTE_USER", "HTTPS"}]:
        del os.environ[name]
