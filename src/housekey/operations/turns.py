"""What the server does beside the web, turn after turn, for as long as it runs: jobs, directories, farewells."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, connections

from housekey.core.errors import Unavailable

TROUBLE = (DatabaseError, InterfaceError, Unavailable)
"""What a database that is away, or does not take a change now, makes of a turn."""
REST = 5.0
"""Seconds that it is left alone then."""


def take(turn: Callable[[], bool], *, bell: threading.Event, stop: threading.Event, every: float, log: logging.Logger, what: str) -> None:
    """Take turns until `stop` is set. A database that is away is waited for, and `what` says so in the log.

    `turn`: False if there was nothing to do; then `bell` is waited for, `every` seconds at most.
    """
    try:
        while not stop.is_set():
            bell.clear()
            try:
                worked = turn()
            except TROUBLE as error:
                log.warning("%s wait for the database (%s).", what, type(error).__name__)
                connections.close_all()
                stop.wait(REST)
                continue
            if not worked:
                bell.wait(every)
    finally:
        connections.close_all()
