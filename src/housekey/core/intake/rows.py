"""What every reader yields, and how much of a file is taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from housekey.core.users import NewUser

Format = Literal["csv", "jsonl", "ldif", "wso2"]
Encoding = Literal["", "utf-8", "utf-16", "latin-1", "windows-1252"]
ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "latin-1", "windows-1252")
MOST_VALUE = 2_000
"""Characters of one value."""


@dataclass(frozen=True, slots=True)
class Limits:
    line: int = 65_536
    """Characters of a line."""
    record: int = 1_048_576
    """Characters of one person in a file where she takes several lines."""
    rows: int = 1_000_000
    """People in a file."""


@dataclass(frozen=True, slots=True)
class Source:
    """What the operator says of a file beyond its content."""

    encoding: Encoding = ""
    """Empty: UTF-8, or UTF-16 with a byte order mark."""
    domain: str = ""
    """Where those go whose name says nothing."""
    digest: str = ""
    """Of a WSO2 table: how its passwords were hashed (`core.foreign_hashes.of_wso2`)."""
    tenant: int | None = -1234
    """Of a WSO2 table: whose rows are wanted. WSO2's first tenant is -1234. None: all."""
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Row:
    """One person. `number`: the line where she begins. `name`: as the file has it, for the report."""

    number: int
    name: str
    new: NewUser | None = None
    hashed: str = field(default="", repr=False)
    """The password's hash (`core.foreign_hashes`), where the file has one. `new.password` is the password itself, where it has that."""
    must_change: bool = False
    """The password was given out by somebody and has to be changed."""
    fault: str = ""
    """Why nobody can be made of it, in a sentence."""
    note: str = ""
    """What of it cannot be kept: a hash nobody here can check."""
    aside: str = ""
    """What it is, if it is nobody this import is about: a group, a person of another tenant."""
