"""What was found in WSO2's files, key by key, and what is to become of it here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from housekey.core.claim_rules import Rule
from housekey.core.wording import Words

Class = Literal["understood", "differs", "could not"]
CLASSES: dict[Class, str] = {"understood": "Understood", "differs": "Differs here", "could not": "Could not be taken"}
SET = "(set)"
"""What is shown of a secret."""


@dataclass(frozen=True, slots=True)
class Place:
    """A key as it stands in a file. `line` is 0 for a file as a whole."""

    file: str
    line: int
    key: str

    def __str__(self) -> str:
        return f"{self.file} line {self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the report. `becomes` and `value`: what it is here; `words`: why not, or how it differs. Never a secret."""

    place: Place
    kind: Class
    becomes: str = ""
    value: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A value for a key of deployment.toml. `first`: from a deployment.toml, which decides over the XML that WSO2 generates from it.
    `weak`: it stands in for a key that is not given itself."""

    place: Place
    key: str
    raw: object
    words: str = ""
    first: bool = False
    weak: bool = False


@dataclass(frozen=True, slots=True)
class MovedTemplate:
    kind: str
    channel: str
    locale: str
    words: Words
    places: Mapping[str, Place]
    """Part (`subject`, `body`, `footer`) -> where it stood."""


@dataclass(frozen=True, slots=True)
class MovedClaim:
    """What a claim is to look like, and what is asked of its values. None: not said."""

    uri: str
    display_name: str | None
    description: str | None
    display_order: int | None
    supported_by_default: bool | None
    rule: Rule
    places: Mapping[str, Place]


@dataclass(frozen=True, slots=True)
class MovedStore:
    """A directory of users. `properties` as `core.directories` knows them, `secret` the password to connect with."""

    domain: str
    kind: str
    properties: Mapping[str, str]
    secret: str = field(repr=False)
    places: Mapping[str, Place]
    description: str = ""
    enabled: bool = True


@dataclass(slots=True)
class Moved:
    """Everything that was found, in the order in which it was read."""

    entries: list[Entry] = field(default_factory=list)
    wanted: list[Wanted] = field(default_factory=list)
    templates: list[MovedTemplate] = field(default_factory=list)
    claims: list[MovedClaim] = field(default_factory=list)
    stores: list[MovedStore] = field(default_factory=list)

    def understood(self, place: Place, becomes: str, value: str = "", words: str = "") -> None:
        self.entries.append(Entry(place, "understood", becomes, value, words))

    def differs(self, place: Place, words: str) -> None:
        self.entries.append(Entry(place, "differs", words=words))

    def could_not(self, place: Place, words: str) -> None:
        self.entries.append(Entry(place, "could not", words=words))

    def want(self, place: Place, key: str, raw: object, words: str = "", *, first: bool = False, weak: bool = False) -> None:
        self.wanted.append(Wanted(place, key, raw, words, first, weak))

    def refuse(self, places: Iterable[Place], words: str) -> None:
        """What was understood could not be done after all."""
        gone = set(places)
        self.entries = [replace(entry, kind="could not", becomes="", value="", words=words)
                        if entry.place in gone and entry.kind == "understood" else entry for entry in self.entries]

    def of(self, kind: Class) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind == kind]


def switch(text: str) -> bool | None:
    """What WSO2 reads as true or false; None for anything else."""
    return {"true": True, "false": False}.get(text.strip().lower())
