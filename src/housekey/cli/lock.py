"""One server per data directory, and what other commands may know of it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from housekey.cli.trouble import CannotStart

LOCK = "serve.lock"


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
    if not _locked(held):
        held.seek(0)
        owner = held.readline().strip()
        held.close()
        process = f" (process {owner})" if owner.isdigit() else ""
        raise CannotStart(f"Another `housekey serve`{process} uses the data directory {data}. "
                          "Stop it first, or give this one its own --data.")
    held.truncate(0)
    held.write(f"{os.getpid()}\n{json.dumps(dict(flags))}\n")
    held.flush()
    return held


def _locked(held: IO[str]) -> bool:
    """Tries for a moment: a command that looks whether a server runs holds the lock for an instant."""
    for _ in range(5):
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


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
