"""One connection to a directory: reached, encrypted, and asked one thing at a time. ldap3 is behind this module and nowhere else.

ldap3 would resolve names, wrap sockets and open closed connections again by itself, each in a way that could send a password in plain text
or to somebody else. So sockets are made here, and ldap3 is only given ready ones (A-102).
"""

from __future__ import annotations

import math
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import ldap3
from ldap3.core.exceptions import LDAPExceptionError, LDAPInvalidFilterError
from ldap3.protocol.rfc3062 import PasswdModifyRequestValue

from housekey.conf import reach
from housekey.core.directories import Directory
from housekey.userstores.directory import Denied, Down, Unfit
from housekey.userstores.ldap import entries, troubles

START_TLS, PASSWORD_MODIFY = "1.3.6.1.4.1.1466.20037", "1.3.6.1.4.1.4203.1.11.1"
T = TypeVar("T")
PAGED = "1.2.840.113556.1.4.319"
MOST_REPLY, MOST_PARTS = 16 * 1024 * 1024, 500_000
"""Bytes of one answer, and how many of them may be below 32, as the lengths of short values are: each value, however short, takes time and
memory to be told apart (A-183). A thousand groups with two hundred members each fit."""
FEW = 16
"""So much smaller is an answer that does not come in pages: a few entries, or the schema."""


class Lost(Down):
    """The network failed, or what answers does not speak LDAP. `late`: it was waited for."""

    def __init__(self, sentence: str, *, late: bool = False) -> None:
        super().__init__(sentence)
        self.late = late


@dataclass(frozen=True, slots=True)
class Answer:
    """What the directory said: an LDAP result code and its own words."""

    code: int
    text: str = ""
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """One answer to a search. `entries`: (DN, attributes in any case of their names -> raw values)."""

    answer: Answer
    entries: list[tuple[str, Mapping[str, list[bytes]]]] = field(default_factory=list)
    cookie: bytes = b""
    """Asks for the next page; empty after the last."""


_SHORT = bytes(range(32))


class _Timed:
    """A socket that gives up: an answer has a time and a size, however little comes at once (ldap3 would wait for each piece anew)."""

    def __init__(self, inner: socket.socket) -> None:
        self._inner = inner
        self.late = False
        self.begin(0)

    def begin(self, seconds: float, *, paged: bool = False) -> None:
        """Something is asked; its answer has this long."""
        share = 1 if paged else FEW
        self._end, self._left, self._parts = time.monotonic() + seconds, MOST_REPLY // share, MOST_PARTS // share

    def recv(self, size: int) -> bytes:
        found = self._within(lambda: self._inner.recv(size))
        self._left -= len(found)
        self._parts -= len(found) - len(found.translate(None, _SHORT))
        if self._left < 0 or self._parts < 0:
            raise OSError("an answer without an end")
        return found

    def sendall(self, data: bytes) -> None:
        self._within(lambda: self._inner.sendall(data))

    def shutdown(self, how: int) -> None:
        self._inner.shutdown(how)

    def close(self) -> None:
        self._inner.close()

    def _within(self, work: Callable[[], T]) -> T:
        left = self._end - time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError("too late")
            self._inner.settimeout(left)
            return work()
        except TimeoutError:
            self.late = True
            raise


class Line:
    """A connection that belongs to one caller at a time. Every method raises Lost; afterwards the connection is of no use."""

    def __init__(self, directory: Directory, context: ssl.SSLContext | None) -> None:
        """Connects, encrypted if the directory's address says so; nobody is signed in. `context`: how certificates are checked.

        Raises Down or Denied."""
        self._directory, self._at = directory, entries.address(directory.url)
        self.encrypted = False
        self.wrote = False
        """Was a write sent, so that asking again could do it twice?"""
        self.version = ""
        plain = self._reached()
        try:
            if context and self._at.encrypted:
                plain = self._wrapped(plain, context)
            self._socket = _Timed(plain)
            self._connection = self._speaking()
            if context and directory.start_tls:
                self._start_tls(plain, context)
        except BaseException:
            plain.close()
            raise

    def _reached(self) -> socket.socket:
        at, directory = self._at, self._directory
        try:
            plain = reach.connect(at.host, at.port, directory.connect_seconds, private=directory.private)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else an answer of two pieces waits for 40 ms
            return plain
        except OSError as error:
            raise Lost(troubles.network(error, at, directory.connect_seconds)) from None

    def _wrapped(self, plain: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
        """Encrypted, the certificate checked against the name. Raises Denied, Lost."""
        plain.settimeout(self._directory.connect_seconds)
        try:
            secure = context.wrap_socket(plain, server_hostname=self._at.host)
        except ssl.SSLCertVerificationError as error:
            raise Denied(troubles.certificate(error, self._at)) from None
        except (OSError, ValueError) as error:
            raise Lost(troubles.encryption(error, self._at)) from None
        self.encrypted, self.version = True, secure.version() or ""
        return secure

    def _speaking(self) -> Any:
        """ldap3's connection over our socket. It is never let open one: it knows no address.

        SYNC, not SAFE_SYNC, which copies each answer for threads that share a connection: nobody shares one here."""
        server: Any = ldap3.Server(self._at.host, self._at.port, get_info=ldap3.NONE)
        server.candidate_addresses = list
        connection: Any = ldap3.Connection(server, client_strategy=ldap3.SYNC, check_names=False, auto_referrals=False, auto_range=True,
                                           return_empty_attributes=False, auto_escape=False)
        connection.socket, connection.closed = self._socket, False
        connection.strategy._outstanding = {}
        connection.listening = True
        return connection

    def _start_tls(self, plain: socket.socket, context: ssl.SSLContext) -> None:
        answer = self._asked(lambda: self._connection.extended(START_TLS))
        if answer.code:
            raise Denied(f"{self._at} refuses StartTLS, and passwords are not sent unencrypted. Switch StartTLS on there, or use ldaps://."
                         f"{troubles.said(answer.text)}")
        self._socket = _Timed(self._wrapped(plain, context))
        self._connection.socket, self._connection.tls_started = self._socket, True

    def _asked(self, ask: Callable[[], object], *, paged: bool = False) -> Answer:
        """What came of it. ldap3 raises all kinds of things at an answer that is none."""
        if self._connection.closed:
            raise Lost(f"The connection to {self._at} is closed.")
        self._socket.begin(self._directory.answer_seconds, paged=paged)
        try:
            ask()
            result = self._connection.result
            return Answer(int(result["result"]), str(result.get("message") or ""), tuple(result.get("referrals") or ()))
        except UnicodeEncodeError:
            raise Unfit("A text has a character that cannot be sent to a directory.") from None
        except LDAPInvalidFilterError:
            raise Unfit("The filter of the user store is not a valid LDAP filter. Check its brackets.") from None
        except Exception as error:
            self.close()
            if self._socket.late:
                seconds = math.ceil(self._directory.answer_seconds)
                raise Lost(f"{self._at} did not answer within {seconds} seconds.", late=True) from None
            if isinstance(error, LDAPExceptionError | OSError):
                raise Lost(f"The connection to {self._at} broke off.") from None
            raise Lost(f"What {self._at} answers is not LDAP.") from None
        finally:
            self._connection.request = None  # it holds the password that was asked about

    def bind(self, dn: str, password: str) -> Answer:
        """Sign in. Empty passwords and names are never sent: a directory may take them for a sign-in of nobody (A-101)."""
        if not dn or not entries.sendable(password):
            raise Denied("A sign-in needs a name and a password.")
        try:
            return self._asked(lambda: self._connection.rebind(dn, password.encode(), ldap3.SIMPLE, read_server_info=False))
        finally:
            self._connection.password = None

    def search(self, base: str, text: str, attributes: Sequence[str], *, scope: str = "SUBTREE", most: int = 0,
               page: int | None = None, cookie: bytes = b"") -> Found:
        """Entries under `base`. `most` 0: as many as the directory gives; `page`: entries of one answer. Raises Unfit for a bad filter."""
        options: dict[str, Any] = {} if page is None else {"paged_size": page, "paged_cookie": cookie or None}
        answer = self._asked(lambda: self._connection.search(
            base, text, scope, ldap3.DEREF_NEVER, attributes=list(attributes), size_limit=most, **options), paged=page is not None)
        responses = self._connection.response or []
        rows = [(row["dn"], row["raw_attributes"]) for row in responses if row["type"] == "searchResEntry"]
        references = tuple(uri for row in responses if row["type"] == "searchResRef" for uri in row["uri"])
        control = (self._connection.result.get("controls") or {}).get(PAGED)
        following = bytes(control["value"]["cookie"] or b"") if control else b""
        return Found(Answer(answer.code, answer.text, answer.references + references), rows, following)

    def add(self, dn: str, attributes: Mapping[str, Sequence[str | bytes]]) -> Answer:
        self.wrote = True
        return self._asked(lambda: self._connection.add(dn, None, {name: list(values) for name, values in attributes.items()}))

    def replace(self, dn: str, attributes: Mapping[str, Sequence[str | bytes]]) -> Answer:
        """Each attribute holds exactly these values afterwards."""
        self.wrote = True
        changes = {name: [(ldap3.MODIFY_REPLACE, list(values))] for name, values in attributes.items()}
        return self._asked(lambda: self._connection.modify(dn, changes))

    def delete(self, dn: str) -> Answer:
        self.wrote = True
        return self._asked(lambda: self._connection.delete(dn))

    def modify_password(self, dn: str, password: str) -> Answer:
        """RFC 3062. The directory hashes it."""
        self.wrote = True
        request = PasswdModifyRequestValue()
        request["userIdentity"], request["newPasswd"] = dn.encode(), password.encode()
        return self._asked(lambda: self._connection.extended(PASSWORD_MODIFY, request))

    def close(self) -> None:
        """At once, without a word: the directory sees the end of the connection."""
        self._socket.close()
        self._connection.closed, self._connection.listening = True, False


def secured(directory: Directory) -> ssl.SSLContext | None:
    """How certificates are checked; None where nothing is encrypted. Raises Denied."""
    if not (directory.start_tls or directory.url.startswith("ldaps:")):
        return None
    try:
        context = ssl.create_default_context(cadata=directory.certificates or None)
    except (ssl.SSLError, ValueError):
        raise Denied("The certificates to trust cannot be read. Paste them as PEM, each from BEGIN to END.") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context

