"""Counting failed sign-ins: a growing pause per account name, a ceiling per network; nobody is ever locked out for good.

A try is reserved before the password is looked at, in a short write of its own, and given back on success; parallel guessing
therefore cannot slip past (A-031). The key is the normalised name whether or not it exists, so a pause tells nothing (A-050).
"""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import datetime

from django.db import connection

from housekey.core.errors import Throttled
from housekey.core.names import Tenant, UserName

FREE_TRIES = 5
"""Failures without a pause."""
LONGEST_PAUSE = 30
"""Seconds; the owner gets in within a minute even under attack (A-039)."""
FORGET_AFTER = 900
"""Seconds without a try after which an account's failures are forgotten."""
NETWORK_TRIES = 100
"""Failures a network may make before it must wait."""
NETWORK_PAUSE = 60

_UPSERT = """
INSERT INTO store_throttle (key, failures, last, until) VALUES (%(key)s, 1, %(now)s, %(now)s)
ON CONFLICT (key) DO UPDATE SET
  failures = CASE WHEN store_throttle.last < %(now)s - %(forget)s THEN 1 ELSE store_throttle.failures + 1 END,
  last = %(now)s,
  until = CASE WHEN store_throttle.last < %(now)s - %(forget)s OR store_throttle.failures < %(free)s THEN %(now)s
               WHEN store_throttle.failures < %(free)s + 5 THEN %(now)s + %(step)s * (store_throttle.failures - %(free)s + 1)
               ELSE %(now)s + %(longest)s END
WHERE store_throttle.until <= %(now)s
RETURNING failures
"""


def account_key(tenant: Tenant, name: UserName) -> bytes:
    return hashlib.sha256(f"account\0{tenant.id}\0{name.domain}\0{name.key}".encode("utf-8", "surrogatepass")).digest()


def network_key(address: str) -> bytes:
    """IPv6 clients are counted by /64: one host owns at least that much."""
    try:
        parsed = ipaddress.ip_address(address)
        if parsed.version == 6:
            address = str(ipaddress.ip_network((parsed, 64), strict=False))
    except ValueError:
        pass
    return hashlib.sha256(f"network\0{address}".encode()).digest()


def reserve(account: bytes, network: bytes, now: datetime) -> None:
    """Count one try for both, or raise Throttled with the seconds to wait and count nothing."""
    seconds = now.timestamp()
    _reserve(network, seconds, free=NETWORK_TRIES, step=NETWORK_PAUSE, longest=NETWORK_PAUSE)
    try:
        _reserve(account, seconds, free=FREE_TRIES, step=5, longest=LONGEST_PAUSE)
    except Throttled:
        _give_back(network)
        raise


def _reserve(key: bytes, now: float, *, free: int, step: int, longest: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, {"key": key, "now": now, "forget": FORGET_AFTER, "free": free, "step": step, "longest": longest})
        if cursor.fetchone() is None:
            cursor.execute("SELECT until FROM store_throttle WHERE key = %s", [key])
            until = cursor.fetchone()
            raise Throttled(int(until[0] - now) + 1 if until else 1)


def refund(account: bytes, network: bytes) -> None:
    """The try was good: the account's failures are forgotten, the network gets its try back."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM store_throttle WHERE key = %s", [account])
    _give_back(network)


def _give_back(network: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE store_throttle SET failures = failures - 1 WHERE key = %s AND failures > 0", [network])
