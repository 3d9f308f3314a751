"""One server per port, and no child that outlives its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import threading
import time

from housekey.cli.trouble import CannotStart

_PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""


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
