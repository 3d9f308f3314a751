"""The client's address and scheme: the socket's, unless a trusted proxy says otherwise (A-041)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from contextlib import suppress
from functools import cache


@cache
def _networks(trusted: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(item, strict=False) for item in trusted)


def _plain(address: str) -> str:
    """One spelling for each client: no zone, and IPv4 as such where the socket takes both kinds. Raises ValueError for no address."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def host(address: str) -> str:
    """What one client has at least, as one text: an IPv4 address, or the /64 of an IPv6 address."""
    with suppress(ValueError):
        address = _plain(address)
        return str(ipaddress.ip_network((address, 64), strict=False)) if ":" in address else address
    return address


def scheme(meta: Mapping[str, str], trusted: tuple[str, ...]) -> str:
    """`http` or `https` if a trusted proxy says in X-Forwarded-Proto what its client spoke; else ""."""
    said = str(meta.get("HTTP_X_FORWARDED_PROTO", "")).strip().lower()
    return said if said in {"http", "https"} and is_trusted(str(meta.get("REMOTE_ADDR", "")), trusted) else ""


def is_trusted(address: str, trusted: tuple[str, ...]) -> bool:
    """Is this the address of a trusted proxy?"""
    try:
        parsed = ipaddress.ip_address(_plain(address))
    except ValueError:
        return False
    return any(parsed in network for network in _networks(trusted))


def client_address(meta: Mapping[str, str], trusted: tuple[str, ...]) -> str:
    """The right-most address of X-Forwarded-For that is not a trusted proxy itself; without trusted proxies, the socket's."""
    address = str(meta.get("REMOTE_ADDR", ""))
    with suppress(ValueError):
        address = _plain(address)
    if not trusted or not is_trusted(address, trusted):
        return address
    for hop in reversed(str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")):
        try:
            hop = _plain(hop.strip())
        except ValueError:
            return address
        address = hop
        if not is_trusted(hop, trusted):
            return address
    return address
