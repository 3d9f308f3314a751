"""A tenant's own mail server: reached only at addresses that were looked at (`conf.reach`, A-071), its replies bounded."""

from __future__ import annotations

import socket
import ssl
import time
from smtplib import SMTP, SMTP_SSL
from typing import BinaryIO, cast

from housekey.conf.reach import Forbidden, addresses, connect

__all__ = ["AnySMTP", "AnySMTPS", "Forbidden", "PublicSMTP", "PublicSMTPS", "addresses", "connect"]

MOST_REPLY = 65_536
"""Bytes of one SMTP reply."""
LONGEST_REPLY = 30.0
"""Seconds that one SMTP reply may take, however little comes at a time."""


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
