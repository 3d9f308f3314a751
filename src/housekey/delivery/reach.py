"""Where a tenant's own sender may lead: a name is resolved once, its addresses are looked at, and one of those is connected to.

Nothing resolves the name a second time, so that it cannot answer differently then (A-071).
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from smtplib import SMTP, SMTP_SSL
from typing import BinaryIO, cast

from housekey.core.senders import is_public

MOST_ADDRESSES = 4
"""Addresses of one name that are tried."""
MOST_REPLY = 65_536
"""Bytes of one SMTP reply."""
LONGEST_REPLY = 30.0
"""Seconds that one SMTP reply may take, however little comes at a time."""


class Forbidden(OSError):
    """The name leads into a network that may not be reached. The text is for an administrator."""

    def __init__(self, host: str) -> None:
        super().__init__(f"{host} leads into the server's own network, which a sender of a tenant's own may not reach.")


def addresses(host: str, port: int, *, private: bool) -> list[str]:
    """The addresses to connect to, in the resolver's order. Raises Forbidden, and socket.gaierror for a name that is not there."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from None
    texts = list(dict.fromkeys(str(item[4][0]) for item in found))
    good = [text for text in texts if private or is_public(ipaddress.ip_address(text))]
    if not good:
        raise Forbidden(host)
    return good[:MOST_ADDRESSES]


def connect(host: str, port: int, timeout: float, *, private: bool) -> socket.socket:
    """A connection to one of the allowed addresses of `host`. Raises OSError."""
    trouble: OSError | None = None
    for address in addresses(host, port, private=private):
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as error:
            trouble = error
    raise trouble or socket.gaierror(socket.EAI_NONAME, "no address")


class _Bounded:
    """What smtplib reads replies from: a server that never comes to an end is left (smtplib itself would collect its lines for ever)."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.begin()

    def begin(self) -> None:
        """A new reply is expected."""
        self._left, self._last = MOST_REPLY, time.monotonic() + LONGEST_REPLY

    def readline(self, limit: int = -1) -> bytes:
        line = self._file.readline(limit)
        self._left -= len(line)
        if self._left < 0 or time.monotonic() > self._last:
            raise OSError("a reply without an end")
        return line

    def close(self) -> None:
        self._file.close()


class _Reaching(SMTP):
    """Makes smtplib connect to what `connect` allows. Whether private networks are allowed stands in the class."""

    private = False

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Bounded(cast(BinaryIO, self.sock.makefile("rb")))
        if isinstance(self.file, _Bounded):
            self.file.begin()
        return super().getreply()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return connect(host, port, timeout, private=self.private)


class PublicSMTP(_Reaching):
    """SMTP to the public Internet only."""


class AnySMTP(PublicSMTP):
    """SMTP to wherever the name leads, resolved once."""

    private = True


class PublicSMTPS(_Reaching, SMTP_SSL):
    """The same under TLS from the first byte; the certificate is checked against the name."""

    def _get_socket(self, host: str, port: int, timeout: float) -> ssl.SSLSocket:
        plain = super()._get_socket(host, port, timeout)
        try:
            return self.context.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise


class AnySMTPS(PublicSMTPS):
    private = True
