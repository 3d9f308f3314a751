"""The house an operation works in: its configuration and its keys, handed in as an argument."""

from __future__ import annotations

from dataclasses import dataclass

from housekey.conf.schema import Config
from housekey.core.codes import Keys


@dataclass(frozen=True, slots=True)
class House:
    config: Config
    keys: Keys
