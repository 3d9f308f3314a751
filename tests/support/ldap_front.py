"""What stands in front of the slapd of the tests: passes messages on, slowly if told to, and notes who signs in and how.

For Active Directory it plays, over TLS, what slapd cannot: an entry is born with an objectGUID, and what is written to `unicodePwd`
becomes the password that a sign-in takes. Everything else (searches, rights, schema, sign-in itself) is the real slapd's.
"""

from __future__ import annotations

import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

import trustme
from ldap3.protocol.rfc4511 import LDAPMessage
from pyasn1.codec.ber import decoder, encoder

BIND, MODIFY, ADD, EXTENDED = 0x60, 0x66, 0x68, 0x77
START_TLS = b"1.3.6.1.4.1.1466.20037"


class Rewrites(Protocol):
    def __call__(self, message: bytes) -> bytes: ...


class Front:
    """Two ports, ldap and ldaps, that lead to slapd's. `binds`: (DN, encrypted) of each sign-in that could be read or was encrypted."""

    def __init__(self, port: int, tls_port: int, *, rewrites: Rewrites | None, context: trustme.CA) -> None:
        self._targets = (port, tls_port)
        self._rewrites = rewrites
        self.delay = 0.0
        self.refuses_start_tls = False
        self.mute = False
        """Takes connections and says nothing."""
        self.plain_binds: list[str] = []
        """DNs of sign-ins whose password went over the wire in plain text."""
        self.messages = 0
        """Messages of clients that could be read."""
        self.before: Callable[[int], object] = lambda _: None
        """Told the tag of each message of a client that could be read, before it is passed on."""
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.issue_cert("localhost", "127.0.0.1", common_name="localhost").configure_cert(self._context)
        self._listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        self.port, self.tls_port = (listener.getsockname()[1] for listener in self._listeners)
        for place, listener in enumerate(self._listeners):
            threading.Thread(target=self._listen, args=(listener, place == 1), daemon=True).start()

    def close(self) -> None:
        for listener in self._listeners:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.drop()

    def drop(self) -> None:
        """Every connection ends."""
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        for line in sockets:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def _listen(self, listener: socket.socket, tls: bool) -> None:
        with suppress(OSError):
            while True:
                line, _ = listener.accept()
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._serve, args=(line, tls), daemon=True).start()

    def _serve(self, line: socket.socket, tls: bool) -> None:
        """Of ldaps only Active Directory's is read here; other is passed on as it is."""
        opened = bool(tls and self._rewrites)
        with suppress(OSError):
            with self._lock:
                self._sockets.add(line)
            if opened:
                line = self._context.wrap_socket(line, server_side=True)
            inner = socket.create_connection(("127.0.0.1", self._targets[1 if tls and not opened else 0]))
            inner.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._sockets |= {line, inner}
            threading.Thread(target=self._answers, args=(inner, line), daemon=True).start()
            if tls and not opened:
                self._pass(line, inner)
            else:
                self._requests(line, inner, encrypted=opened)
            return
        for end in {line}:
            end.close()

    def _answers(self, inner: socket.socket, line: socket.socket) -> None:
        self._pass(inner, line, lambda: time.sleep(self.delay))

    def _pass(self, one: socket.socket, other: socket.socket, before: Callable[[], None] = lambda: None) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                before()
                if not self.mute:
                    other.sendall(data)
        self._end(one, other)

    def _end(self, *lines: socket.socket) -> None:
        for line in lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
            with self._lock:
                self._sockets.discard(line)

    def _requests(self, line: socket.socket, inner: socket.socket, *, encrypted: bool) -> None:
        held = b""
        with suppress(OSError):
            while data := line.recv(65_536):
                held += data
                while (size := _size(held)) and len(held) >= size:
                    message, held = held[:size], held[size:]
                    self.messages += 1
                    kind, start = _kind(message)
                    if kind == BIND and not encrypted:
                        self.plain_binds.append(_name(message[start:]))
                    if kind == EXTENDED and START_TLS in message:
                        if self.refuses_start_tls:
                            line.sendall(_refusal(message))
                            continue
                        inner.sendall(message)
                        return self._pass(line, inner)
                    self.before(kind)
                    inner.sendall(self._rewrites(message) if self._rewrites and kind in {ADD, MODIFY} else message)
        return self._end(line, inner)


def _length(data: bytes, at: int) -> tuple[int, int] | None:
    """(length, where the content begins) of the BER value whose length is at `at`."""
    if len(data) <= at:
        return None
    first = data[at]
    if first < 0x80:
        return first, at + 1
    count = first & 0x7F
    return (int.from_bytes(data[at + 1 : at + 1 + count], "big"), at + 1 + count) if len(data) > at + count else None


def _size(data: bytes) -> int:
    """Of the first message; 0 while it cannot be told."""
    found = _length(data, 1)
    return sum(found) if found else 0


def _kind(message: bytes) -> tuple[int, int]:
    """The tag of the request, and where its content begins."""
    start = (_length(message, 1) or (0, 2))[1]
    place = start + 2 + message[start + 1]
    found = _length(message, place + 1)
    return message[place], found[1] if found else place


def _name(content: bytes) -> str:
    """Of a bind: version, then the DN."""
    found = _length(content, 4)
    return content[found[1] : found[1] + found[0]].decode() if found else ""


def _refusal(message: bytes) -> bytes:
    """protocolError to an extended request, under its number."""
    start = (_length(message, 1) or (0, 2))[1]
    number = message[start : start + 2 + message[start + 1]]
    body = number + bytes.fromhex("78070a010204000400")
    return b"\x30" + bytes([len(body)]) + body


class RewritesForActiveDirectory:
    """What Active Directory does by itself with what is added and with `unicodePwd`."""

    @staticmethod
    def born() -> dict[str, Any]:
        return {"objectGUID": secrets.token_bytes(16), "pwdLastSet": "0", "objectCategory": "person", "whenCreated": "20260513044234.0Z"}

    def __call__(self, message: bytes) -> bytes:
        read, _ = decoder.decode(message, asn1Spec=LDAPMessage())
        operation = read["protocolOp"]
        request = operation.getComponent()
        if operation.getName() == "addRequest":
            for name, value in self.born().items():
                self._attribute(request["attributes"], name, value)
        elif operation.getName() == "modifyRequest":
            for change in list(request["changes"]):
                if str(change["modification"]["type"]).lower() == "unicodepwd":
                    self._password(request["changes"], change)
        return bytes(encoder.encode(read))

    def _attribute(self, attributes: Any, name: str, value: str | bytes) -> None:
        place = len(attributes)
        attributes[place]["type"] = name
        attributes[place]["vals"][0] = value

    def _password(self, changes: Any, change: Any) -> None:
        """`"…"` in UTF-16 becomes the password, and when it was set is noted."""
        written = bytes(change["modification"]["vals"][0]).decode("utf-16-le")
        assert written.startswith('"')
        assert written.endswith('"')
        change["modification"]["type"] = "userPassword"
        change["modification"]["vals"][0] = written[1:-1].encode()
        place = len(changes)
        changes[place]["operation"] = 2
        changes[place]["modification"]["type"] = "pwdLastSet"
        changes[place]["modification"]["vals"][0] = "133700000000000000"
