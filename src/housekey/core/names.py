"""Names of people and how they compare: `PRIMARY/alex`, `alex@acme.example`, and the key under which a name is unique."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from urllib.parse import urlsplit

from housekey.core.errors import Conflict, Invalid

SUPER_TENANT = "carbon.super"
PRIMARY = "PRIMARY"
MAX_USERNAME = 255
"""Characters, after NFKC; the domain prefix not counted."""
LONGEST_TYPED = 600
"""Characters of `DOMAIN/user@tenant` as somebody may type it."""
MOST_WORDS = 10
"""Words of a search that are looked for one by one."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant as every floor passes it around. `id` is the database key, `domain` the name in `/t/<domain>/`."""

    id: int
    domain: str
    name: str = ""
    """What people see: the organisation's name."""


@dataclass(frozen=True, slots=True)
class UserName:
    """A user's name split into its store domain and the bare name, e.g. `PRIMARY` and `alex`."""

    domain: str
    bare: str

    @property
    def key(self) -> str:
        """The form under which the bare name is unique inside its domain: NFKC, then casefold (decisions, Names)."""
        return name_key(self.bare)

    def __str__(self) -> str:
        return self.bare if self.domain == PRIMARY else f"{self.domain}/{self.bare}"


def name_key(text: str) -> str:
    """NFKC + casefold, applied until stable, so that no two spellings of one name can both exist (A-080, A-084)."""
    if text.isascii():
        return text.lower()  # the same, found sooner
    key = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFKC", key.casefold())


def searched(text: str) -> list[str]:
    """The words of a search, each looked for by itself; the last holds what is left. Databases do not take conditions without end."""
    return findable(text).split(maxsplit=MOST_WORDS - 1)


def findable(text: str) -> str:
    """What somebody typed to find a name by. NUL and halves of surrogate pairs, which no database takes, become `?`, which no name
    has; so does a text too long for any name, before normalising it could cost anything (A-086)."""
    if len(text) > LONGEST_TYPED:
        return "?" + text[:20].encode("utf-8", "replace").decode().replace("\0", "?")
    return text.replace("\0", "?").encode("utf-8", "replace").decode()


def printable(text: str) -> str:
    """On one line, with `?` for what a terminal or a parser might take for an instruction."""
    return "".join(char if char.isprintable() else "?" for char in text)


def split_username(text: str) -> UserName:
    """`DOMAIN/user` or `user` -> UserName. Domains are case-insensitive and kept in upper case; a bare name is PRIMARY.

    Raises nothing: judging whether the name may exist is `check_username`'s work, and sign-in accepts any text.
    """
    domain, slash, bare = text.partition("/")
    if not slash:
        return UserName(PRIMARY, text)
    return UserName(domain.strip().upper(), bare)


def check_username(name: UserName, field: str = "userName") -> None:
    """Raise Invalid if the bare name may not be given to a new user.

    Refused: empty, longer than 255 characters, white space or control or invisible formatting characters anywhere
    (A-084), and the characters that have a meaning in names or patterns: / * ? %.
    """
    bare = name.bare
    if not bare:
        raise Invalid("Required attribute userName is missing. Give the user a name.", field=field)
    if len(bare) > MAX_USERNAME or len(unicodedata.normalize("NFKC", bare)) > MAX_USERNAME or len(name.key) > MAX_USERNAME:
        raise Invalid(f"The user name is longer than {MAX_USERNAME} characters.", field=field, code="31301")
    for char in bare:
        if char.isspace() or unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
            raise Invalid("The user name may not contain spaces, control or invisible characters.", field=field, code="31301")
        if char in "/*?%":
            raise Invalid(f"The user name may not contain {char}", field=field, code="31301")


def name_taken(name: UserName) -> Conflict:
    return Conflict(f"User with the name: {name} already exists in the system. Choose another userName.", field="userName")


def organization_name(stored: str, tenant: Tenant, base_url: str) -> str:
    """What people call us: the stored name, else the tenant's, else the public host; a server nobody has named yet is "Housekey"."""
    host = urlsplit(base_url).hostname or ""
    return stored or tenant.name or ("Housekey" if host in {"", "localhost", "127.0.0.1", "::1"} else host)


def split_tenant(text: str) -> tuple[str, str]:
    """Split `user@tenant` at the last @ -> (user, tenant or ""). Whether that tenant exists is the caller's question."""
    user, at, tenant = text.rpartition("@")
    return (user, tenant.lower()) if at and user and tenant else (text, "")
