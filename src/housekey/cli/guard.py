"""One server per data directory, one per port, and no child that outlives its parent."""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from housekey.cli.options import CannotStart

LOCK = "serve.lock"
_PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""


def single_instance(data: Path, flags: Mapping[str, str]) -> IO[str]:
    """Hold the data directory until the process ends. Raises CannotStart if another server has it.

    A lock, not a pid file: the kernel gives it back however the process ends. Keep the returned file open. `flags` are noted in
    it for `flags_of_server`.
    """
    path = data / LOCK
    try:
        held = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise CannotStart(f"The data directory {data} cannot be used: {error.strerror}.") from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.seek(0)
        owner = held.readline().strip()
        held.close()
        process = f" (process {owner})" if owner.isdigit() else ""
        raise CannotStart(f"Another `housekey serve`{process} uses the data directory {data}. "
                          "Stop it first, or give this one its own --data.") from None
    held.truncate(0)
    held.write(f"{os.getpid()}\n{json.dumps(dict(flags))}\n")
    held.flush()
    return held


def flags_of_server(data: Path) -> dict[str, str]:
    """The flags of the server that runs on this data directory, {} if none does.

    A link that another command makes must lead to where that server listens, `--port` included.
    """
    try:
        with (data / LOCK).open(encoding="utf-8") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                flags = json.loads(held.read().partition("\n")[2] or "{}")
                return {str(key): str(value) for key, value in flags.items()}
    except (OSError, ValueError, AttributeError):
        pass
    return {}


def port_is_free(bind: str, port: int) -> None:
    """Raises CannotStart if the address cannot be bound. The web server itself would share a busy port without a word."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(bind, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OverflowError:
        raise CannotStart(f"{port} is not a port number (1 to 65535).") from None
    except socket.gaierror:
        raise CannotStart(f"{bind} is not an address. Give [server] bind (or --host) one such as 127.0.0.1.") from None
    except OSError as error:
        raise CannotStart(f"Cannot listen on {bind} port {port}: {(error.strerror or str(error)).lower()}. "
                          "Stop what uses it, or choose another with --port.") from None


def hold_to_parent(parent: int) -> None:
    """End this process when the process `parent` ends, however it ends. Ends it at once if that has happened already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True, name="parent watch").start()
    # The parent may have died before the kernel was told to watch it.
    if os.getppid() != parent:
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
