"""A directory run by somebody who means ill: it speaks LDAP, and answers each search with whatever a test has it say."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

BIND, SEARCH, EXTENDED = 0x60, 0x63, 0x77
PAGED = b"1.2.840.113556.1.4.319"
Attributes = Mapping[str, Sequence[bytes | str]]
Entry = tuple[str | bytes, Attributes]


def ber(tag: int, *parts: bytes) -> bytes:
    """A value with its tag and length (X.690)."""
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def octets(value: bytes | str) -> bytes:
    return ber(4, value.encode() if isinstance(value, str) else value)


def entry(dn: str | bytes, attributes: Attributes) -> bytes:
    """SearchResultEntry."""
    rows = (ber(0x30, octets(name), ber(0x31, *map(octets, values))) for name, values in attributes.items())
    return ber(0x64, octets(dn), ber(0x30, *rows))


def person(uid: str | bytes, unique_id: str | bytes = "", **more: str | bytes) -> Entry:
    """What an ordinary inetOrgPerson shows."""
    name = uid if isinstance(uid, bytes) else uid.encode()
    given: dict[str, Sequence[bytes | str]] = {"uid": [name], "entryUUID": [unique_id or b"id-" + name], "sn": [name]}
    return b"uid=" + name + b",ou=people,dc=evil", given | {key: [value] for key, value in more.items()}


class Hostile:
    """`found`: the entries that a search is answered with, asked by the number of the search; `cookie`: says that there are more."""

    def __init__(self) -> None:
        self.found: Callable[[int], Iterable[Entry]] = lambda _: ()
        self.cookie: Callable[[int], bytes] = lambda _: b""
        self.raw: Callable[[int], bytes] | None = None
        """Instead of both: what is sent between the connection and its next question, already in LDAP; the number of the message in front
        is put in its place by `wrapped`."""
        self.before: Callable[[], object] = lambda: None
        """Called before each search is answered."""
        self.searches = 0
        self.binds: list[bytes] = []
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        for line in (self._listener, *self._sockets):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def settings(self, **changes: str) -> dict[str, str]:
        """What `core.directories.clean` takes."""
        return {"ConnectionURL": f"ldap://127.0.0.1:{self.port}", "UserSearchBase": "ou=people,dc=evil", "ReadTimeout": "2000",
                "LDAPConnectionTimeout": "1000"} | changes

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                self._sockets.append(line)
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with suppress(OSError, IndexError), line, line.makefile("rb") as stream:
            while True:
                tag, body = _read(stream.read)
                if not tag:
                    return
                number, rest = body[: 2 + body[1]], body[2 + body[1] :]
                line.sendall(b"".join(ber(0x30, number, part) for part in self._answers(rest)))

    def _answers(self, asked: bytes) -> Iterable[bytes]:
        done = ber(10, b"\0") + octets(b"") + octets(b"")
        if asked[0] == BIND:
            self.binds.append(asked)
            yield ber(0x61, done)
        elif asked[0] == SEARCH:
            self.searches += 1
            number = self.searches
            self.before()
            if self.raw is not None:
                yield self.raw(number)
            else:
                for row in self.found(number):
                    yield entry(*row)
            cookie = self.cookie(number)
            control = ber(0xA0, ber(0x30, octets(PAGED), octets(ber(0x30, ber(2, b"\0"), octets(cookie))))) if cookie else b""
            yield ber(0x65, done) + control
        elif asked[0] == EXTENDED:
            yield ber(0x78, done)


def _read(read: Callable[[int], bytes]) -> tuple[int, bytes]:
    """A whole message: tag and content."""
    head = read(2)
    if len(head) < 2:
        return 0, b""
    size = head[1]
    if size & 0x80:
        size = int.from_bytes(read(size & 0x7F), "big")
    return head[0], read(size)
