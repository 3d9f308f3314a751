"""Counting failed sign-ins: a growing pause for who fails often, a ceiling per account and per network; nobody is locked out for good.

A try is reserved before the password is looked at, in a short write of its own, and given back on success; parallel guessing therefore
cannot slip past (A-031). Three counters, each a bucket that leaks with time:

- one name from one network: a few free tries, then a pause that grows to half a minute;
- one name from all networks: a higher ceiling against guessing from everywhere. A network from which the owner has signed in before is
  not held up by it, so that an attacker elsewhere cannot keep the owner out (A-039);
- one network over all names.

Keys are made of the normalised name whether or not it exists, so a pause tells nothing (A-050).
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from housekey.core.errors import Throttled
from housekey.core.names import Tenant, UserName
from housekey.operations.transactions import durable

TRY = 1_000
"""One try, in the unit in which the table counts: thousandths, so that a bucket can leak a little at a time."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """`free` tries; the last of them, and each further one, brings a pause that is `step` seconds longer, up to `longest`. One try leaks
    away every `leak` seconds."""

    free: int
    step: int
    longest: int
    leak: int


PAIR = Bucket(free=5, step=5, longest=30, leak=120)
ACCOUNT = Bucket(free=50, step=2, longest=30, leak=60)
NETWORK = Bucket(free=100, step=2, longest=30, leak=3)
CODES = Bucket(free=20, step=60, longest=1320, leak=4320)
"""Wrong one-time codes of one account over all its codes: sending a new code does not fill this up again (spec section 4). Fewer than
100 are looked at in 24 hours (A-030)."""
RECOVERIES = Bucket(free=20, step=5, longest=60, leak=30)
"""Recoveries started from one network."""

_LEVEL = f"""(CASE WHEN t.failures > (%(now)s - t.last) * %(leak)s
  THEN t.failures - CAST((%(now)s - t.last) * %(leak)s AS INTEGER) ELSE 0 END + {TRY})"""
_BEYOND = f"(({_LEVEL} - %(free)s) / {TRY} + 1)"
# No pause is 0, not now: a request that began a moment earlier and comes later must not wait. A clock that was set back must not
# lead to a pause of hours: more than the longest pause ahead counts as over.
_UPSERT = f"""
INSERT INTO store_throttle AS t (key, failures, last, until) VALUES (%(key)s, {TRY}, %(now)s, 0)
ON CONFLICT (key) DO UPDATE SET failures = {_LEVEL}, last = %(now)s,
  until = CASE WHEN {_LEVEL} < %(free)s THEN 0
    WHEN {_BEYOND} * %(step)s > %(longest)s THEN %(now)s + %(longest)s
    ELSE %(now)s + {_BEYOND} * %(step)s END
WHERE t.until <= %(now)s OR t.until > %(now)s + %(longest)s
RETURNING failures
"""  # noqa: S608 - the parts are constants of this module
_GIVE_BACK = """
UPDATE store_throttle SET failures = CASE WHEN failures > %(try)s THEN failures - %(try)s ELSE 0 END,
  until = 0 WHERE key = %(key)s
"""


@dataclass(frozen=True, slots=True)
class Keys:
    """The three counters that one try is counted on."""

    pair: bytes
    account: bytes
    network: bytes


def keys(tenant: Tenant, name: UserName, address: str) -> Keys:
    who, where = f"{tenant.id}\0{name.domain}\0{name.key}", _network(address)
    return Keys(_digest("pair", who, where), _digest("account", who), _digest("network", where))


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()


def _network(address: str) -> str:
    """IPv6 clients are counted by /64: one host owns at least that much."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address


def reserve(tried: Keys, now: datetime, *, known: Callable[[], bool]) -> None:
    """Count one try on all three, or raise Throttled with the seconds to wait and count nothing.

    `known` is asked only when the account's ceiling is reached: has the owner signed in from this network before?
    """
    with durable():
        for key, bucket in ((tried.network, NETWORK), (tried.pair, PAIR), (tried.account, ACCOUNT)):
            wait = _reserve(key, bucket, now.timestamp())
            if wait and not (key == tried.account and known()):
                raise Throttled(wait)


def reserve_code(tried: Keys, now: datetime) -> None:
    """Count one typed code on this name's budget over all its codes, or raise Throttled. For unknown names alike (A-050)."""
    _take("codes", tried.account.hex(), CODES, now)


def may_type(tried: Keys, now: datetime) -> bool:
    """The same inside a transaction, as an answer: False if the budget is used up and nothing was counted."""
    return _reserve(_digest("codes", tried.account.hex()), CODES, now.timestamp()) == 0


def refund_code(tried: Keys) -> None:
    with durable(), connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, {"key": _digest("codes", tried.account.hex()), "try": TRY})


def reserve_recovery(address: str, now: datetime) -> None:
    """Count one "Forgot password?" of this network, or raise Throttled. Sign-in keeps its own counters: recovery works while delayed."""
    _take("recovery", _network(address), RECOVERIES, now)


def reserve_test(tenant: Tenant, now: datetime) -> None:
    """Count one test message of this tenant, or raise Throttled: a test goes to any number, and the server's gateway may be paid for it."""
    _take("sender-test", str(tenant.id), RECOVERIES, now)


def _take(purpose: str, text: str, bucket: Bucket, now: datetime) -> None:
    with durable():
        wait = _reserve(_digest(purpose, text), bucket, now.timestamp())
        if wait:
            raise Throttled(wait)


def _reserve(key: bytes, bucket: Bucket, now: float) -> int:
    """0 if the try was counted, else the seconds to wait."""
    values: dict[str, bytes | float] = {"key": key, "now": now, "step": bucket.step, "longest": bucket.longest}
    # Half a try less: what leaked away between two tries of one burst must not make room for another.
    values |= {"free": bucket.free * TRY - TRY // 2, "leak": TRY / bucket.leak}
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, values)
        if cursor.fetchone() is not None:
            return 0
        cursor.execute("SELECT until FROM store_throttle WHERE key = %s", [key])
        row = cursor.fetchone()
    return max(1, int(row[0] - now) + 1) if row else 1


def refund(tried: Keys) -> None:
    """The try was good: this browser's failures are forgotten, the other two get their try back and no pause follows from it."""
    with durable():
        give_back(tried)


def give_back(tried: Keys) -> None:
    """As `refund`, inside a transaction, as its last step: all who come from one network meet here."""
    with connection.cursor() as cursor:
        # In the order of `reserve`, so that two who meet here wait for one another and not in a circle.
        cursor.execute(_GIVE_BACK, {"key": tried.network, "try": TRY})
        cursor.execute("DELETE FROM store_throttle WHERE key = %s", [tried.pair])
        cursor.execute(_GIVE_BACK, {"key": tried.account, "try": TRY})
