"""What every command is given, and the way a process gets its configuration and its house."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from housekey.conf.house import House
    from housekey.conf.schema import Config

DONE, REFUSED, USAGE, CANNOT_START = 0, 1, 2, 3
"""Exit codes: see `housekey --help`."""


class CannotStart(Exception):
    """The process cannot do its work at all. The text is one sentence for the operator."""


def put_into_environment(arguments: Namespace, flags: Mapping[str, str]) -> None:
    """Let this process and its children find the configuration: `conf.settings` reads these three names and nothing else."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "housekey.conf.settings"
    os.environ["HOUSEKEY_DATA"] = arguments.data or os.environ.get("HOUSEKEY_DATA") or "var"
    if arguments.config:
        os.environ["HOUSEKEY_CONFIG"] = arguments.config
    os.environ["HOUSEKEY_FLAGS"] = json.dumps(dict(flags))


def load_config() -> Config:
    """The configuration that the environment points at, without Django. Raises ConfigErrors."""
    from housekey.conf.load import load

    file = os.environ.get("HOUSEKEY_CONFIG", "")
    return load(file=Path(file) if file else None, data=Path(os.environ["HOUSEKEY_DATA"]), flags=json.loads(os.environ["HOUSEKEY_FLAGS"]))


def open_house() -> House:
    """Start Django in this process. Raises ConfigErrors."""
    import django
    from django.conf import settings

    django.setup()
    house: House = settings.HOUSE
    return house


def now() -> datetime:
    return datetime.now(UTC)


def say(sentence: str) -> None:
    """A sentence for the operator, beside whatever the command prints as its result."""
    print(sentence, file=sys.stderr, flush=True)
