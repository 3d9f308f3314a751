"""A request sent twice under one `Idempotency-Key` is carried out once (draft-ietf-httpapi-idempotency-key-header).

The answer is kept in the transaction of the deed itself: either both are there or neither. So whatever cuts a request off, sending it
again either finds its answer or finds nothing done. Refusals are not kept: nothing was done, and the next try may fare better.

Two at once: this process tells the second one to come again (`InFlight`). Across nodes the unique handle decides; who comes second
has everything undone and then finds the first one's answer.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from housekey.conf.house import House
from housekey.core.codes import digest
from housekey.core.errors import InFlight, Invalid, KeyReused, Unavailable
from housekey.core.names import Tenant
from housekey.core.principal import Principal
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Kept
from housekey.store.sealed import seal, unseal

HEADER = "Idempotency-Key"
LONGEST = 255
_PURPOSE = "request"

_busy: set[tuple[int, bytes]] = set()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Slip:
    """One request as it is recognised when it comes again: `handle` says whose and under which key, `request` what is asked for."""

    tenant: Tenant
    handle: bytes
    request: str = field(repr=False)
    parts: tuple[str, ...] = field(repr=False, default=())

    def part(self, number: int, request: str) -> Slip:
        """One operation of a Bulk: its place, and what it asks for."""
        return _slip(self.tenant, (*self.parts, str(number)), request)


def slip(by: Principal, key: str, request: str) -> Slip:
    """`key` as the header has it, with or without the quotes of a structured field. Raises Invalid for one that cannot be."""
    key = key.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not 0 < len(key) <= LONGEST or not key.isascii() or not key.isprintable():
        raise Invalid(f"{HEADER} must be a text of 1 to {LONGEST} printable ASCII characters.", field=HEADER)
    return _slip(by.tenant, (by.client_id, str(by.account_id or by.name), key), request)


def _slip(tenant: Tenant, parts: tuple[str, ...], request: str) -> Slip:
    return Slip(tenant, hashlib.sha256(json.dumps(parts).encode()).digest(), request, parts)


@contextmanager
def in_flight(wanted: Slip) -> Iterator[None]:
    """While the block runs, this process turns the same key away. Raises InFlight. Nothing outlives a crash, so nothing stays stuck."""
    mark = (wanted.tenant.id, wanted.handle)
    with _lock:
        if mark in _busy:
            raise InFlight
        _busy.add(mark)
    try:
        yield
    finally:
        with _lock:
            _busy.discard(mark)


def find(house: House, wanted: Slip) -> str | None:
    """The answer that was kept; `""` for a Bulk that was begun and not finished; None if there is nothing. Raises KeyReused."""
    row = hot.kept(wanted.tenant.id, wanted.handle)
    if row is None:
        return None
    try:
        key = house.keys.by_id(row.key_name)
    except KeyError:
        raise KeyReused from None
    if not hmac.compare_digest(bytes(row.fingerprint), digest(key, _PURPOSE, wanted.request)):
        raise KeyReused
    return unseal(key, row.id, bytes(row.answer)) if row.answer is not None else ""


def keep(house: House, wanted: Slip, answer: str, now: datetime) -> None:
    """A step inside the transaction of the deed. Raises IntegrityError if another node was faster."""
    hot.insert(_row(house, wanted, answer, now))


def begin(house: House, wanted: Slip, now: datetime) -> str:
    """Note that a Bulk is under way, before its first operation. The answer if it was finished already, else `""`. Raises KeyReused."""
    found = find(house, wanted)
    if found is None:
        try:
            with durable():
                hot.insert(_row(house, wanted, None, now))
        except Unavailable:
            found = find(house, wanted)
            if found is None:
                raise
    return found or ""


def finish(house: House, wanted: Slip, answer: str) -> None:
    """Keep the answer of a Bulk that was begun; the first one stays."""
    with durable():
        row = Kept.objects.within(wanted.tenant).select_for_update().filter(handle=wanted.handle, answer__isnull=True).first()
        if row is not None:
            row.answer = seal(house.keys.by_id(row.key_name), row.id, answer)
            row.save(update_fields=["answer"])


def _row(house: House, wanted: Slip, answer: str | None, now: datetime) -> Kept:
    key_name, key = house.keys.newest
    row_id = uuid4()
    return Kept(
        id=row_id,
        tenant_id=wanted.tenant.id,
        handle=wanted.handle,
        key_name=key_name,
        fingerprint=digest(key, _PURPOSE, wanted.request),
        answer=None if answer is None else seal(key, row_id, answer),
        created=now,
    )
