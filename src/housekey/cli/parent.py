"""granian's parent process, with manners of its own: an early SIGTERM counts, SIGHUP looks before it leaps, it says when it is up."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.log import LogLevels
from granian.server.mp import MPServer

PATIENCE = 30
"""Seconds a worker gets to finish its requests."""
YOUNG = 10
SHORT_PATIENCE = 3
"""Seconds for a worker younger than YOUNG seconds: granian loses a SIGTERM that comes while it is starting."""
BACKLOG = 1024
SERVER_THREADS = 128
"""They wait for bodies and for Django; Django's own threads are `[server] threads` (see `housekey.web.wsgi`)."""


class Parent(MPServer):
    """Watches one worker. `may_reload` is asked at SIGHUP; `up` is called once, when the port answers."""

    def __init__(self, address: str, port: int, certificate: tuple[Path, Path] | None, *, may_reload: Callable[[], bool],
                 up: Callable[[], None]) -> None:
        cert, key = certificate or (None, None)
        super().__init__(
            target="housekey", address=address, port=port, interface=Interfaces.WSGI, workers=1, blocking_threads=SERVER_THREADS,
            backlog=BACKLOG, http=HTTPModes.auto, websockets=False, log_level=LogLevels.error, log_access=False,
            respawn_failed_workers=True, workers_kill_timeout=PATIENCE,
            ssl_cert=cert, ssl_key=key, ssl_protocol_min=SSLProtocols.tls12,
        )
        self._may_reload, self._up = may_reload, up

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        own: int | None = self.pid
        if own is not None and os.getpid() != own:
            os._exit(0)  # a worker between its fork and its first line
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call] # granian types little

    def signal_handler_reload(self, *args: Any, **kwargs: Any) -> None:
        if self._may_reload():
            super().signal_handler_reload(*args, **kwargs)  # type: ignore[no-untyped-call] # granian types little

    def _stop_workers(self) -> None:
        young = any(time.monotonic() - worker.birth < YOUNG for worker in self.wrks)
        self.workers_kill_timeout = SHORT_PATIENCE if young else PATIENCE
        super()._stop_workers()  # type: ignore[no-untyped-call] # granian types little

    def _spawn_workers(self, *args: Any) -> None:
        super()._spawn_workers(*args)  # type: ignore[no-untyped-call] # granian types little
        # Only after the fork: a process that forks with threads running is asking for a deadlock.
        threading.Thread(target=self._announce, daemon=True, name="announce").start()

    def _announce(self) -> None:
        address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.bind_addr, self.bind_addr)  # noqa: S104 - compared, not bound
        for _ in range(1200):
            try:
                socket.create_connection((address, self.bind_port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                self._up()
                return
