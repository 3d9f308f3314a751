"""What every command is given, and the way a process gets its configuration and its house."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from housekey.cli.lock import flags_of_server
from housekey.cli.trouble import CannotStart
from housekey.core.errors import Refused
from housekey.core.names import printable

if TYPE_CHECKING:
    from housekey.conf.house import House
    from housekey.conf.schema import Config

DONE, REFUSED, USAGE, CANNOT_START = 0, 1, 2, 3
"""Exit codes: see `housekey --help`."""


def put_into_environment(arguments: Namespace) -> None:
    """Let this process and its children find the configuration: `conf.settings` reads these names and nothing else."""
    data = arguments.data or os.environ.get("HOUSEKEY_DATA") or "var"
    os.environ |= {"DJANGO_SETTINGS_MODULE": "housekey.conf.settings", "HOUSEKEY_DATA": data}
    if arguments.config:
        os.environ["HOUSEKEY_CONFIG"] = arguments.config
    os.environ["HOUSEKEY_FLAGS"] = json.dumps(_own_flags(arguments) if hasattr(arguments, "port") else flags_of_server(Path(data)))


def _own_flags(arguments: Namespace) -> dict[str, str]:
    """The flags of `serve` as keys of the configuration."""
    given = {"server.bind": arguments.host, "server.port": arguments.port}
    return {key: str(value) for key, value in given.items() if value is not None}


def load_config() -> Config:
    """The configuration that the environment points at, without Django. Raises ConfigErrors."""
    from housekey.conf.load import load

    file = os.environ.get("HOUSEKEY_CONFIG", "")
    return load(file=Path(file) if file else None, data=Path(os.environ["HOUSEKEY_DATA"]), flags=json.loads(os.environ["HOUSEKEY_FLAGS"]))


def open_house() -> House:
    """Start Django in this process. Raises ConfigErrors. A command that touches the database calls `enter`."""
    import django
    from django.conf import settings

    django.setup()
    house: House = settings.HOUSE
    return house


def enter() -> House:
    """Start Django for work on a database that is set up. Raises ConfigErrors, CannotStart."""
    house = open_house()
    check_keys(house)
    return house


def check_keys(house: House) -> None:
    """Raises CannotStart if the database was written with keys that we lack; keys that were made just now are removed then."""
    from django.conf import settings

    from housekey.operations import bootstrap

    try:
        bootstrap.check_keys(house, now())
    except Refused as refusal:
        if settings.KEYS_ARE_NEW:
            # Left there, they would look like the ones that are missed.
            house.config.keys_path.unlink(missing_ok=True)
        raise CannotStart(refusal.sentence) from None


def now() -> datetime:
    return datetime.now(UTC)


def say(sentence: str) -> None:
    """A sentence for the operator, beside whatever the command prints as its result. Names of files and people may be in it: no terminal
    takes anything of them for an instruction."""
    print("\n".join(map(printable, sentence.split("\n"))), file=sys.stderr, flush=True)
