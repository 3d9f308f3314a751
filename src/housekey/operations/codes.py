"""Issuing, finding, trying and spending codes: steps inside the operations that invite, reset, recover and confirm."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db.models import F, Q

from housekey.conf.house import House
from housekey.core.codes import derive_link, digest, digests, expiry, is_link_shaped, is_live, new_nonce
from housekey.core.errors import DeadCode, DeadReason, Unavailable
from housekey.core.names import Tenant
from housekey.core.otp import MOST_TRIES, OtpShape
from housekey.core.principal import Principal
from housekey.core.scenario import SCENARIOS, Purpose, Scenario, of
from housekey.core.users import Invite
from housekey.delivery import outbox
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Code
from housekey.store.sealed import seal, unseal

AT_ONCE = Invite()


def issue(
    house: House,
    by: Principal,
    account_id: UUID,
    *,
    scenario: Scenario,
    recipient: str,
    minutes: int,
    now: datetime,
    shape: OtpShape | None = None,
    special: Invite = AT_ONCE,
    external: bool = False,
) -> Code:
    """A new live code for the account; the caller has ended older ones with `end_live` (or the account is brand new).

    `shape` for a one-time code, None for a link. `special` is remembered, so that sending again keeps it. `external`: another system
    delivers it, so it goes out with the answer to this call, and only the object returned here knows it.
    """
    key_name, key = house.keys.newest
    row_id, nonce = uuid4(), new_nonce()
    text = shape.new() if shape else derive_link(key, row_id, nonce)
    sealed = seal(key, row_id, text) if shape else None
    code = hot.made(
        Code,
        id=row_id,
        tenant_id=by.tenant.id,
        account_id=account_id,
        scenario=scenario.name,
        recipient=recipient,
        nonce=nonce,
        key_name=key_name,
        digest=_digest_of_otp(key, row_id, text) if shape else digest(key, "link", text),
        shape=str(shape) if shape else "",
        sealed=None if external else sealed,
        sent=now if external else None,
        locale=special.locale,
        minutes=special.minutes,
        issued=now,
        issued_by=by.name,
        expires=expiry(now, minutes if special.minutes is None else special.minutes),
    )
    hot.insert(code)
    code.sealed = sealed
    return code


def _digest_of_otp(key: bytes, row_id: UUID, text: str) -> bytes:
    return digest(key, "otp", f"{row_id}\0{text}")


def end_live(tenant: Tenant, account_id: UUID, reason: str, now: datetime, *, but: Purpose | None = None) -> None:
    """Supersede or revoke whatever is alive for the account, and take its unsent messages back. A code of the purpose `but` is spared."""
    spared = [item.name for item in SCENARIOS if item.purpose == but]
    live = Code.objects.within(tenant).filter(account_id=account_id, spent__isnull=True, dead__isnull=True).exclude(scenario__in=spared)
    ids = list(live.values_list("id", flat=True))
    if ids:
        Code.objects.within(tenant).filter(id__in=ids).update(dead=now, dead_reason=reason, sealed=None)
        outbox.withdraw_for(ids, now)


def live(tenant: Tenant, account_id: UUID) -> Code | None:
    """The one code of the account that was neither used nor ended; it may have expired."""
    return Code.objects.within(tenant).filter(account_id=account_id, spent__isnull=True, dead__isnull=True).first()


def last(tenant: Tenant, account_id: UUID) -> Code | None:
    """The live code, else the one that was issued last: what sending again repeats."""
    return live(tenant, account_id) or Code.objects.within(tenant).filter(account_id=account_id).order_by("-issued").first()


def text_of(house: House, code: Code) -> str:
    """The code itself: a link derived again, or a one-time code while it is sealed; `""` once that was erased.

    Raises KeyError if its key is gone from the keys file.
    """
    key = house.keys.by_id(code.key_name)
    if not code.shape:
        return derive_link(key, code.id, bytes(code.nonce))
    return unseal(key, code.id, bytes(code.sealed)) if code.sealed else ""


def find(house: House, tenant: Tenant, text: str) -> Code:
    """The row of a presented link, alive or not. Raises DeadCode("unknown") for anything else, another tenant's included (A-006)."""
    if is_link_shaped(text):
        found = Code.objects.within(tenant).filter(digest__in=digests(house.keys, "link", text)).first()
        if found is not None:
            return found  # type: ignore[no-any-return] # the scoped manager is typed loosely
    raise DeadCode("unknown")


def otp_of(tenant: Tenant, account_id: UUID, now: datetime) -> Code | None:
    """The one-time code with which this account could be opened now, or None."""
    code = live(tenant, account_id)
    return code if code and code.shape and is_live(code.expires, now) else None


def try_otp(house: House, code: Code, typed: str, now: datetime) -> bool:
    """Is `typed` this one-time code? A step inside a transaction that has to commit either way.

    A try is taken before the comparison and given back when it was right, so that simultaneous guesses cannot exceed `MOST_TRIES`
    (A-031). Input that cannot be the code (length, classes) is no try (decisions). The fifth wrong one ends the code.
    """
    if not OtpShape.of(code.shape).fits(typed):
        return False
    mine = Code.objects.within(code.tenant_id).filter(id=code.id, spent__isnull=True, dead__isnull=True, tries__lt=MOST_TRIES)
    if not mine.update(tries=F("tries") + 1):
        return False
    right = any(hmac.compare_digest(_digest_of_otp(key, code.id, typed), bytes(code.digest)) for _, key in house.keys.ring)
    rows = Code.objects.within(code.tenant_id).filter(id=code.id)
    if right:
        rows.update(tries=F("tries") - 1)
    elif rows.filter(tries__gte=MOST_TRIES, spent__isnull=True).update(dead=now, dead_reason="exhausted", sealed=None):
        outbox.withdraw_for([code.id], now)
    return right


def must_live(code: Code, now: datetime) -> None:
    """Raise DeadCode with the true reason unless the code can still be used."""
    if code.spent:
        raise DeadCode("spent", code.scenario)
    if code.dead:
        reasons: dict[str, DeadReason] = {"revoked": "revoked", "exhausted": "exhausted"}
        raise DeadCode(reasons.get(code.dead_reason, "superseded"), code.scenario)
    if not is_live(code.expires, now):
        raise DeadCode("expired", code.scenario)


def spend(code: Code, now: datetime) -> None:
    """Use the code up. Of any number of simultaneous callers exactly one returns; the others get DeadCode (A-004).

    The guarded UPDATE decides, not the reading before it: the row count is the only thing believed.
    """
    alive = Q(expires__isnull=True) | Q(expires__gt=now)
    rows = Code.objects.within(code.tenant_id).filter(alive, id=code.id, spent__isnull=True, dead__isnull=True)
    if rows.update(spent=now, sealed=None) != 1:
        must_live(Code.objects.within(code.tenant_id).get(id=code.id), now)
        raise DeadCode("spent", code.scenario)
    outbox.withdraw_for([code.id], now)  # a reminder that waits


CLAIM = timedelta(seconds=60)
"""How long one request may be setting a password in a directory with a code, before another one may try with it."""


@contextmanager
def claimed(code: Code, now: datetime, *, needed: bool) -> Iterator[None]:
    """Around a deed that writes to a directory before it spends the code: of any number of simultaneous callers one goes on, so that the
    password in the directory is that of the one who will spend it (docs/adr/0001). Raises DeadCode, Unavailable for the others.
    """
    if not needed:
        yield
        return
    mine = Code.objects.within(code.tenant_id).filter(id=code.id)
    free = mine.filter(Q(claimed__isnull=True) | Q(claimed__lt=now - CLAIM), spent__isnull=True, dead__isnull=True)
    with durable():
        won = free.update(claimed=now) == 1
    if not won:
        must_live(mine.get(), now)
        raise Unavailable("This code is being used at this moment. Please try again shortly.")
    try:
        yield
    finally:
        with durable():
            mine.filter(claimed=now).update(claimed=None)


def scenario_of(code: Code) -> Scenario:
    return of(code.scenario)
