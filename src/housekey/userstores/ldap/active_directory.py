"""What Active Directory does in its own way: how passwords are set, and how somebody is disabled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from housekey.core.claims import EMAIL
from housekey.userstores.directory import Denied, Gone, PersonEntry, Values
from housekey.userstores.ldap import entries
from housekey.userstores.ldap.client import Ldap, Written, unusable

if TYPE_CHECKING:
    from housekey.userstores.ldap.line import Line

NEW, ENABLED = "514", "512"
"""userAccountControl of an ordinary user, disabled and not."""
SET_AT = "pwdLastSet"
"""When the password was set; 0 or nothing: never."""


class ActiveDirectory(Ldap):
    """A directory of Microsoft's. Passwords are written to `unicodePwd`, which it takes over TLS only."""

    def enable(self, unique_id: str, on: bool) -> None:
        """Somebody who never had a password is enabled with the first one (`set_password`), not before: the directory would refuse."""
        self._writable()
        self._pool.use(lambda line: self._switched(line, self._there(line, unique_id), on))

    def _switched(self, line: Line, person: PersonEntry, on: bool) -> None:
        control, never = self._control(line, person)
        wanted = control & ~entries.DISABLED if on else control | entries.DISABLED
        if wanted != control and not (on and never):
            self._done(line.replace(person.dn, {entries.CONTROL: [str(wanted)]}))

    def _new(self, username: str, values: Values, full_name: str) -> Written:
        """Disabled: it has no password yet. A user principal name only where the name looks like one."""
        written = super()._new(username, values, full_name)
        written.setdefault("sAMAccountName", [username])
        if "@" in username:
            written.setdefault("userPrincipalName", [username])
        return {**written, entries.CONTROL: [NEW]}

    def _demands_names(self) -> bool:
        return False

    def _written(self, values: Values, username: str) -> Written:
        """It keeps one address of a person."""
        return super()._written({uri: found[:1] if uri == EMAIL else found for uri, found in values.items()}, username)

    def _new_password(self, line: Line, person: PersonEntry, password: str) -> None:
        """The password, then the account is enabled if it has been as `add` leaves it: disabled, and without any password so far."""
        waiting = self._waiting(line, person)
        self._unicode(line, person, password)
        if waiting:
            self._done(line.replace(person.dn, {entries.CONTROL: [ENABLED]}))

    def _blocked(self, line: Line, person: PersonEntry) -> None:
        if not self._waiting(line, person):
            self._unicode(line, person, unusable())

    def _unicode(self, line: Line, person: PersonEntry, password: str) -> None:
        if not line.encrypted:
            raise Denied("Active Directory takes passwords over an encrypted connection only: use ldaps:// or StartTLS.")
        self._done(line.replace(person.dn, {"unicodePwd": [f'"{password}"'.encode("utf-16-le")]}), password=True)

    def _waiting(self, line: Line, person: PersonEntry) -> bool:
        """Is it disabled only because it never had a password?"""
        control, never = self._control(line, person)
        return never and control == int(NEW)

    def _control(self, line: Line, person: PersonEntry) -> tuple[int, bool]:
        """userAccountControl, and whether there never was a password. Raises Gone, Denied."""
        found = line.search(person.dn, "(objectClass=*)", [entries.CONTROL, SET_AT], scope="BASE")
        if not found.entries:
            raise Gone("The directory has no such user any more.")
        attributes = found.entries[0][1]
        control = entries.control_of(attributes)
        if control is None:
            raise Denied(f"The account we connect as may not read {entries.CONTROL}, which says who is disabled.")
        return control, next(iter(entries.texts(attributes, SET_AT)), "0") == "0"
