"""What a directory can be asked and told. Everything here may take network time, so none of it happens inside a transaction.

Implemented by `ldap.client` for LDAP and, with its own ways of passwords and of disabling, for Active Directory. It knows entries and
claims, neither accounts nor tenants: what an entry means for an account is decided by `operations.directories`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

Values = Mapping[str, tuple[str, ...]]
"""Claim URI -> its values in the order the directory gave them; `()` or missing: none."""


class Trouble(Exception):
    """Root of what can go wrong with a directory. The text is for administrators: one sentence, without secrets."""


class Down(Trouble):
    """It does not answer, not in time, not as what it claims to be, or has no place free. A write may have been done."""


class Denied(Trouble):
    """It answered, and does not let us: the account we connect as may not do this, or cannot sign in at all."""


class Taken(Trouble):
    """There is an entry of that name."""


class Gone(Trouble):
    """There is no such entry any more."""


class Weak(Trouble):
    """The directory's own rules refuse the password."""


class Unfit(Trouble):
    """The directory's schema does not take a value; the text names it as the directory does."""


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """A user as the directory shows them. `username` as it is written there."""

    unique_id: str
    """Text of what never changes: a UUID in lower case, or hexadecimal."""
    dn: str
    username: str
    values: Values = field(default_factory=dict)
    enabled: bool | None = None
    """None where the directory does not say (LDAP)."""
    created: datetime | None = None
    """When the entry was made by the directory's clock (createTimestamp, whenCreated); None where it does not say."""


@dataclass(frozen=True, slots=True)
class GroupEntry:
    unique_id: str
    dn: str
    name: str
    members: tuple[str, ...] = ()
    """DNs."""


@dataclass(frozen=True, slots=True)
class Tested:
    """What a test of a connection found out, step by step, for the person who set it up. `steps`: (sentence, went well)."""

    steps: tuple[tuple[str, bool], ...]

    @property
    def good(self) -> bool:
        return all(well for _, well in self.steps)


class DirectoryClient(Protocol):
    """One directory, through a bounded number of connections. Every method raises Down or Denied besides what it names.

    A directory that just failed is not asked again for a few seconds: who waits for it waits once (`Down` at once).
    """

    def test(self) -> Tested:
        """Connect, sign in, find the places of users and groups and an entry in each, see whether the schema knows the mapped attributes.
        Raises nothing."""

    def by_name(self, username: str) -> PersonEntry | None:
        """The user of that name. None also if several have it."""

    def by_id(self, unique_id: str) -> PersonEntry | None: ...

    def everybody(self) -> Iterator[PersonEntry]:
        """All users, in pages. Comes to its end only if the directory gave all it has: else raises in the middle."""

    def matching(self, ldap_filter: str, most: int) -> list[PersonEntry]:
        """Up to `most` users that satisfy a filter (`ldap.filters.translated`)."""

    def groups(self) -> Iterator[GroupEntry]:
        """As `everybody`, for groups; nothing if groups are not read."""

    def add(self, username: str, values: Values, full_name: str) -> PersonEntry:
        """A new user without a usable password; Active Directory's is disabled. Raises Taken, Unfit."""

    def change(self, unique_id: str, values: Values) -> PersonEntry:
        """Make the claims named in `values` say this; others stay. Raises Gone, Unfit."""

    def remove(self, unique_id: str) -> None:
        """Who is not there any more is no trouble."""

    def set_password(self, unique_id: str, password: str) -> None:
        """The user can sign in with it from now on; Active Directory's is enabled, if only `add` had disabled it. Raises Gone, Weak."""

    def block_password(self, unique_id: str) -> None:
        """The present password is of no use any more: a random one takes its place and is forgotten. Raises Gone."""

    def enable(self, unique_id: str, on: bool) -> None:
        """Active Directory's own switch; LDAP has none, so nothing happens there. Raises Gone."""

    def note(self, unique_id: str, texts: Mapping[str, str]) -> None:
        """Have attributes hold these texts, `""`: nothing. Raises Gone, Unfit."""

    def authenticate(self, unique_id: str, password: str) -> bool:
        """Is this the user's password? Never asks with an empty one (A-101). For an id that nobody has (`""`: it is not even looked for) a
        sign-in of nobody is tried, so that the answer takes its time (A-051)."""

    def close(self) -> None:
        """Give the connections back; the client can be used again."""
