"""Where what a tenant set up may lead: a name is resolved once, its addresses are looked at, and one of those is connected to.

Nothing resolves the name a second time, so that it cannot answer differently then (A-071). For senders and for directories.
"""

from __future__ import annotations

import ipaddress
import socket

from housekey.core.senders import is_public

MOST_ADDRESSES = 4
"""Addresses of one name that are tried."""


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
