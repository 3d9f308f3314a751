"""A directory over LDAP, as `userstores.directory` wants it. What Active Directory does in its own way is in `active_directory`."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Semaphore
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote, urlsplit

from housekey.core.claims import LAST_NAME
from housekey.core.directories import Directory
from housekey.userstores.directory import (
    Denied,
    DirectoryClient,
    Down,
    Gone,
    GroupEntry,
    PersonEntry,
    Taken,
    Tested,
    Trouble,
    Unfit,
    Values,
)
from housekey.userstores.ldap import entries, troubles

if TYPE_CHECKING:
    from housekey.userstores.ldap.connections import Pool
    from housekey.userstores.ldap.line import Answer, Found, Line

T = TypeVar("T")
Written = dict[str, list[str]]
MOST_REFERENCES = 20
"""Places on the same server that one search is led to."""
LONGEST_WALK = 900
"""Seconds that a directory set up by another tenant may be looked through without a break: other tenants' wait behind it. What was read
until then stays, so that the next look goes faster."""
MOST_EMPTY = 20
"""Pages without an entry, one after the other, before a directory is not believed that there are more: filters may leave some empty."""
_PEOPLE = frozenset({"person", "organizationalperson", "inetorgperson"})
"""Classes that demand cn and sn."""
_TWO = 2


def connect(directory: Directory, password: str, lane: Semaphore | None = None) -> DirectoryClient:
    """A client of that directory. Nothing is connected to before something is asked. `password`: of the account to connect as; `lane`:
    as `connections.Pool` has it.

    A reference to another server is never followed, whatever the setting says: it would be told the password. With "follow", those to
    other places on the same server are."""
    from housekey.userstores.ldap.connections import Pool

    pool = Pool(directory, password, lane)
    if directory.kind == "ad":
        from housekey.userstores.ldap.active_directory import ActiveDirectory

        return ActiveDirectory(directory, pool)
    return Ldap(directory, pool)


class Ldap:
    """An LDAP directory."""

    def __init__(self, directory: Directory, pool: Pool) -> None:
        self.directory, self._pool = directory, pool

    def test(self) -> Tested:
        from housekey.userstores.ldap.trial import trial

        try:
            with self._pool.lane():
                return trial(self.directory, self._pool)
        except Down as trouble:
            return Tested(((str(trouble), False),))

    def by_name(self, username: str) -> PersonEntry | None:
        return self._pool.use(lambda line: self._named(line, username))

    def by_id(self, unique_id: str) -> PersonEntry | None:
        return self._pool.use(lambda line: self._of_id(line, unique_id))

    def everybody(self) -> Iterator[PersonEntry]:
        return self._walked(self.directory.user_base, self.directory.user_filter, entries.person_attributes(self.directory), entries.person)

    def groups(self) -> Iterator[GroupEntry]:
        directory = self.directory
        if not directory.read_groups:
            return iter(())
        wanted = [directory.id_attribute, directory.group_name_attribute, directory.member_attribute]
        return self._walked(directory.group_base, directory.group_filter, wanted, entries.group)

    def matching(self, ldap_filter: str, most: int) -> list[PersonEntry]:
        return self._pool.use(lambda line: self._some(line, ldap_filter, most))

    def add(self, username: str, values: Values, full_name: str) -> PersonEntry:
        self._writable()
        return self._pool.use(lambda line: self._added(line, username, values, full_name))

    def change(self, unique_id: str, values: Values) -> PersonEntry:
        self._writable()
        return self._pool.use(lambda line: self._changed(line, unique_id, values))

    def remove(self, unique_id: str) -> None:
        self._writable()
        self._pool.use(lambda line: self._removed(line, unique_id))

    def set_password(self, unique_id: str, password: str) -> None:
        self._writable()
        self._pool.use(lambda line: self._new_password(line, self._there(line, unique_id), password))

    def block_password(self, unique_id: str) -> None:
        self._writable()
        self._pool.use(lambda line: self._blocked(line, self._there(line, unique_id)))

    def enable(self, unique_id: str, on: bool) -> None:
        """LDAP knows no such thing."""

    def note(self, unique_id: str, texts: Mapping[str, str]) -> None:
        self._writable()
        if texts:
            written = {name: [text] if text else [] for name, text in texts.items()}
            self._pool.use(lambda line: self._done(line.replace(self._there(line, unique_id).dn, written)))

    def authenticate(self, unique_id: str, password: str) -> bool:
        if not entries.sendable(password):
            return False
        dn = self._pool.use(lambda line: self._dn(line, unique_id))
        tried = dn or f"{entries.rdn(self.directory.rdn_attribute, secrets.token_hex(8))},{self.directory.user_base}"
        return self._pool.use(lambda line: self._welcome(line.bind(tried, password)), "people") and bool(dn)

    def close(self) -> None:
        self._pool.close()

    # --- reading ---------------------------------------------------------------------------------------------------------

    def _named(self, line: Line, username: str) -> PersonEntry | None:
        if not username:
            return None
        wanted = f"({self.directory.name_attribute}={entries.escaped(username)})"
        person = self._only(self._asked(line, wanted, entries.person_attributes(self.directory)))
        return person if person and entries.same_name(person.username, username) else None

    def _of_id(self, line: Line, unique_id: str) -> PersonEntry | None:
        wanted = entries.id_filter(self.directory, unique_id)
        return self._only(self._asked(line, wanted, entries.person_attributes(self.directory))) if wanted else None

    def _there(self, line: Line, unique_id: str) -> PersonEntry:
        """Raises Gone."""
        found = self._of_id(line, unique_id)
        if found is None:
            raise Gone("The directory has no such user any more.")
        return found

    def _dn(self, line: Line, unique_id: str) -> str:
        wanted = entries.id_filter(self.directory, unique_id)
        found = self._asked(line, wanted, ["1.1"]) if wanted else []
        return found[0][0] if len(found) == 1 else ""

    def _only(self, found: list[tuple[str, Mapping[str, list[bytes]]]]) -> PersonEntry | None:
        """None for none and for several: which of them was meant nobody knows."""
        return entries.person(self.directory, *found[0]) if len(found) == 1 else None

    def _asked(self, line: Line, wanted: str, attributes: Sequence[str]) -> list[tuple[str, Mapping[str, list[bytes]]]]:
        """Users who satisfy a filter, two at most: who asks wants one."""
        base, text = self.directory.user_base, f"(&{self.directory.user_filter}{wanted})"
        found: list[tuple[str, Mapping[str, list[bytes]]]] = []
        for page in self._pages(line, base, text, attributes, most=_TWO):
            if page.answer.code and not (page.answer.code == troubles.SIZE_LIMIT and page.entries):
                raise self._lost_base(page.answer, base)
            found += page.entries
        return found

    def _some(self, line: Line, wanted: str, most: int) -> list[PersonEntry]:
        base, text = self.directory.user_base, f"(&{self.directory.user_filter}{wanted})"
        people: list[PersonEntry] = []
        seen = 0
        for page in self._pages(line, base, text, entries.person_attributes(self.directory), page=self.directory.page_size):
            people += [one for row in page.entries if (one := entries.person(self.directory, *row))]
            seen += len(page.entries)
            if len(people) >= most or seen >= 2 * most:  # entries that are nobody count, too: else there might be no end of them
                if page.cookie:
                    line.search(base, text, ["1.1"], page=0, cookie=page.cookie)
                return people[:most]
            self._whole(page.answer, base)
        return people

    def _walked(self, base: str, text: str, attributes: Sequence[str],
                read: Callable[[Directory, str, Mapping[str, list[bytes]]], T | None]) -> Iterator[T]:
        ends = time.monotonic() + LONGEST_WALK
        with self._pool.walk() as line:
            for page in self._pages(line, base, text, attributes, page=self.directory.page_size):
                if not self.directory.private and time.monotonic() > ends:
                    raise Down(f"Looking through the directory took longer than {LONGEST_WALK // 60} minutes.")
                for dn, found in page.entries:
                    one = read(self.directory, dn, found)
                    if one is not None:
                        yield one
                self._whole(page.answer, base)

    def _pages(self, line: Line, base: str, text: str, attributes: Sequence[str], *, page: int | None = None,
               most: int = 0) -> Iterator[Found]:
        """Answers until the last, and with referrals "follow" those of the places on the same server that they lead to."""
        bases, seen = deque([base]), {base.lower()}
        while bases:
            place, cookie, empty = bases.popleft(), b"", 0
            while True:
                found = line.search(place, text, attributes, page=page, cookie=cookie, most=most)
                yield found
                for other in self._here(found.answer.references):
                    if other.lower() not in seen and len(seen) <= MOST_REFERENCES:
                        seen.add(other.lower())
                        bases.append(other)
                cookie = found.cookie if page is not None else b""  # who asks for no pages gets none, whatever is promised
                if not cookie:
                    break
                empty = 0 if found.entries else empty + 1
                if empty > MOST_EMPTY:
                    raise Down("The directory goes on to promise entries, and gives none.")

    def _here(self, references: Sequence[str]) -> Iterator[str]:
        """Of the places a search is led to, those on the same server."""
        host = entries.address(self.directory.url).host
        for uri in references if self.directory.referrals else ():
            try:
                parts = urlsplit(uri)
                same = parts.scheme in {"ldap", "ldaps"} and (parts.hostname or host) == host
            except ValueError:
                continue
            if same and parts.path.strip("/"):
                yield unquote(parts.path.removeprefix("/"))

    def _whole(self, answer: Answer, base: str) -> None:
        """Raises Down, Denied unless the directory gave all it has."""
        if answer.code == troubles.SIZE_LIMIT:
            raise Down("The directory gives only a part of its entries: it has a limit for the account we connect as. Have it raised, or "
                       "choose fewer entries at once.")
        if answer.code:
            raise self._lost_base(answer, base)

    def _lost_base(self, answer: Answer, base: str) -> Trouble:
        if answer.code == troubles.GONE:
            return Denied(f"There is no {base[:200]} in the directory, or the account we connect as may not see it.")
        return troubles.refusal(answer.code, answer.text)

    # --- writing ---------------------------------------------------------------------------------------------------------

    def _writable(self) -> None:
        if self.directory.read_only:
            raise Denied("This user store is set to read only.")

    def _added(self, line: Line, username: str, values: Values, full_name: str) -> PersonEntry:
        if self._asked(line, f"({self.directory.name_attribute}={entries.escaped(username)})", ["1.1"]):
            raise Taken("The directory has an entry of that name.")
        dn = f"{entries.rdn(self.directory.rdn_attribute, username)},{self.directory.user_base}"
        answer = line.add(dn, self._new(username, values, full_name))
        if answer.code == troubles.GONE:
            raise self._lost_base(answer, self.directory.user_base)
        self._done(answer)
        found = self._named(line, username)
        if found is None:
            line.delete(dn)  # it is ours: that it was made was just said
            raise Denied(f"The new entry {dn[:200]} cannot be found afterwards: the filter of users does not match it, or the account we "
                         "connect as may not read it.")
        return found

    def _new(self, username: str, values: Values, full_name: str) -> Written:
        """The attributes of a new entry."""
        directory = self.directory
        written: Written = {directory.name_attribute: [username], **self._written(values, username)}
        written.setdefault(directory.rdn_attribute, [username])
        if self._demands_names():
            _default(written, "cn", full_name or username)
            _default(written, "sn", username)
        return {"objectClass": list(directory.object_classes), **{name: found for name, found in written.items() if found}}

    def _demands_names(self) -> bool:
        return bool(_PEOPLE & {name.lower() for name in self.directory.object_classes})

    def _written(self, values: Values, username: str) -> Written:
        """Claims as attributes. Where the class demands a last name, somebody without one has the user name there."""
        if any("\0" in text for found in (*values.values(), (username,)) for text in found):
            raise Unfit("A text has a character that cannot be kept in a directory.")
        written = {name: entries.distinct(values[uri]) for uri, name in self.directory.attributes.items() if uri in values}
        name = self.directory.attributes.get(LAST_NAME, "")
        if name.lower() == "sn" and written.get(name) == [] and self._demands_names():
            written[name] = [username]
        return written

    def _changed(self, line: Line, unique_id: str, values: Values) -> PersonEntry:
        present = self._there(line, unique_id)
        written = self._written(values, present.username)
        if not written:
            return present
        self._done(line.replace(present.dn, written))
        return self._there(line, unique_id)

    def _removed(self, line: Line, unique_id: str) -> None:
        dn = self._dn(line, unique_id)
        if dn:
            answer = line.delete(dn)
            if answer.code != troubles.GONE:
                self._done(answer)

    def _new_password(self, line: Line, person: PersonEntry, password: str) -> None:
        answer = line.modify_password(person.dn, password)
        if answer.code == 2:  # protocolError: the operation is not known
            raise Denied("The directory does not offer to change passwords (RFC 3062), so nobody can set one here. Set the user store to "
                         f"read only.{troubles.said(answer.text)}")
        self._done(answer, password=True)

    def _blocked(self, line: Line, person: PersonEntry) -> None:
        self._new_password(line, person, unusable())

    def _welcome(self, answer: Answer) -> bool:
        """Down only where the directory cannot say; whatever else it says to the sign-in, it says no."""
        if answer.code in {51, 52}:
            raise troubles.refusal(answer.code, answer.text)
        return answer.code == troubles.SUCCESS

    def _done(self, answer: Answer, *, password: bool = False) -> None:
        if answer.code:
            raise troubles.refusal(answer.code, answer.text, password=password)


def unusable() -> str:
    """A password that nobody will know: 40 characters of every class that rules ask for."""
    return "aA1-" + secrets.token_urlsafe(27)


def _default(written: Written, name: str, value: str) -> None:
    """`name` in any case: attributes have none."""
    if not any(known.lower() == name and found for known, found in written.items()):
        written[name] = [value]
