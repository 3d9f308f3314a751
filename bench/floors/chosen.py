"""Which floor programs are used: our own, or those in the directory that the environment names in FLOORS."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from bench.floors.hashing import argon2 as own_argon2
from bench.process import ROOT, Program, free_port

EXTERNAL = os.environ.get("FLOORS", "")


def raw_handler(database: Path) -> Program:
    """The raw handler under granian, on the database `database`, synchronous=FULL.

    From FLOORS this is `raw_handler:app`, run by the interpreter that FLOORS_PYTHON names, since it may need other packages.
    """
    port = free_port()
    target = "raw_handler:app" if EXTERNAL else "bench.floors.handler:app"
    python = os.environ.get("FLOORS_PYTHON", sys.executable) if EXTERNAL else sys.executable
    where = EXTERNAL or str(ROOT)
    command = [python, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
               "--no-ws", "--log-level", "error", target]
    environment = {"DB": f"sqlite:///{database}", "SYNC": "FULL", "PYTHONPATH": where}
    return Program(command, port, database.with_suffix(".log"), environment, ready="/health")


def argon2() -> Callable[[int], float]:
    """Hashes per second by number of threads."""
    if not EXTERNAL:
        return own_argon2
    spec = importlib.util.spec_from_file_location("external_floors", Path(EXTERNAL) / "floors.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"There is no floors.py in {EXTERNAL}.")
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast(Callable[[int], float], module.argon2)
