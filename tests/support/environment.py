"""What must be in the environment before Django is loaded: a data directory of this test process and its database."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from tests.support import postgres

CHOICE = "HOUSEKEY_TEST_DATABASE"
_URL = "HOUSEKEY__DATABASE__URL"


def on_postgres() -> bool:
    """Whether this run uses PostgreSQL. Raises ValueError for an unknown choice."""
    choice = os.environ.get(CHOICE, "sqlite")
    if choice not in {"sqlite", "postgres"}:
        raise ValueError(f"{CHOICE} is sqlite or postgres, not {choice}")
    return choice == "postgres"


def prepare() -> Path:
    """Point Housekey at a new data directory; start PostgreSQL once per run (xdist's workers inherit its address).

    Everything else that starts with `HOUSEKEY` is dropped, so that the developer's own settings decide nothing.
    """
    inside_xdist = "PYTEST_XDIST_WORKER" in os.environ
    for name in [name for name in os.environ if name.startswith("HOUSEKEY_") and name not in {CHOICE, "HOUSEKEY_NO_SKIP"}]:
        if not (inside_xdist and name == _URL):
            del os.environ[name]
    data = Path(tempfile.mkdtemp(prefix="housekey-tests-"))
    os.environ |= {"DJANGO_SETTINGS_MODULE": "housekey.conf.settings", "HOUSEKEY_DATA": str(data), "PYTHONUNBUFFERED": "1"}
    if on_postgres() and not inside_xdist:
        os.environ[_URL] = postgres.start()
    return data


def tidy(data: Path) -> None:
    """Remove the data directory; stop PostgreSQL if this process started it."""
    postgres.stop()
    shutil.rmtree(data, ignore_errors=True)
