"""The client's address: the socket's, unless a trusted proxy says otherwise (A-041)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import cache


@cache
def _networks(trusted: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(item, strict=False) for item in trusted)


def _is_trusted(address: str, trusted: tuple[str, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in _networks(trusted))


def client_address(meta: Mapping[str, str], trusted: tuple[str, ...]) -> str:
    """The right-most address of X-Forwarded-For that is not a trusted proxy itself; without trusted proxies, the socket's."""
    address = str(meta.get("REMOTE_ADDR", ""))
    if not trusted or not _is_trusted(address, trusted):
        return address
    for hop in reversed(str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")):
        hop = hop.strip()
        try:
            ipaddress.ip_address(hop)
        except ValueError:
            return address
        address = hop
        if not _is_trusted(hop, trusted):
            return address
    return address
