"""Argon2id as OWASP sets it: m = 19 MiB, t = 2, p = 1 (spec section 12). About 21 ms of one core each time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from housekey.core import foreign_hashes
from housekey.core.errors import Unavailable

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_PLACES = threading.BoundedSemaphore(os.cpu_count() or 1)
_PATIENCE = 10.0
"""Seconds to wait for a place: a flood of sign-ins gets 503 instead of an ever longer queue (R-RL-10)."""


@contextmanager
def _place() -> Iterator[None]:
    if not _PLACES.acquire(timeout=_PATIENCE):
        raise Unavailable("Too many people are signing in at once. Please try again shortly.", retry_after=5)
    try:
        yield
    finally:
        _PLACES.release()


def make(password: str) -> str:
    """The PHC string of an accepted password. Never inside a transaction. Raises Unavailable under overload."""
    with _place():
        return _HASHER.hash(password)


def check(phc: str, password: str) -> bool:
    """True if `password` is the one. An empty `phc` costs the same time as a real one and is always False (A-051).

    A hash that another system made, or that has other parameters, costs an Argon2 check of ours besides, so that how long it takes does
    not tell who came from where. Nobody's password is empty, whatever a hash from elsewhere says.
    """
    with _place():
        if phc and outdated(phc):
            right = foreign_hashes.matches(phc, password) if foreign_hashes.is_foreign(phc) else _verified(phc, password)
            _verified(_decoy(), password)
        else:
            right = _verified(phc or _decoy(), password) and bool(phc)
        return right and password != ""


def _verified(phc: str, password: str) -> bool:
    try:
        return _HASHER.verify(phc, password)
    except (VerificationError, InvalidHashError):
        return False


def outdated(phc: str) -> bool:
    """True if another system made the hash, or it has other parameters: it should be renewed at this sign-in."""
    try:
        return _HASHER.check_needs_rehash(phc)
    except InvalidHashError:
        return True


@cache
def _decoy() -> str:
    return _HASHER.hash(os.urandom(16).hex())
