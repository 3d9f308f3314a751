"""Issuing, finding and spending codes: steps inside the operations of onboarding and recovery."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from django.db.models import Q

from housekey.conf.house import House
from housekey.core.codes import derive_link, digest, digests, expiry, is_link_shaped, is_live, new_nonce
from housekey.core.errors import DeadCode
from housekey.core.names import Tenant
from housekey.core.principal import Principal
from housekey.delivery import outbox
from housekey.store import hot
from housekey.store.models import Code

ASK_PASSWORD = "ASK_PASSWORD"  # noqa: S105 - WSO2's scenario name
OFFLINE = "ADMIN_INVITE_SET_PASSWORD_OFFLINE"


def issue(house: House, by: Principal, account_id: UUID, *, scenario: str, recipient: str, minutes: int, now: datetime) -> Code:
    """A new live code for the account; the caller has ended older ones with `end_live` (or the account is brand new)."""
    key_name, key = house.keys.newest
    row_id, nonce = uuid4(), new_nonce()
    code = Code(
        id=row_id,
        tenant_id=by.tenant.id,
        account_id=account_id,
        scenario=scenario,
        recipient=recipient,
        nonce=nonce,
        key_name=key_name,
        digest=digest(key, "link", derive_link(key, row_id, nonce)),
        issued=now,
        issued_by=by.name,
        expires=expiry(now, minutes),
    )
    hot.insert(code)
    return code


def end_live(tenant: Tenant, account_id: UUID, reason: str, now: datetime) -> None:
    """Supersede or revoke whatever is alive for the account, and take its unsent messages back."""
    live = Code.objects.within(tenant).filter(account_id=account_id, spent__isnull=True, dead__isnull=True)
    ids = list(live.values_list("id", flat=True))
    if ids:
        Code.objects.within(tenant).filter(id__in=ids).update(dead=now, dead_reason=reason)
        outbox.withdraw_for(ids, now)


def live_to(tenant: Tenant, account_id: UUID, recipient: str) -> bool:
    """Is a link on its way or in the mailbox of `recipient` that still opens the account?"""
    live = Code.objects.within(tenant).filter(account_id=account_id, recipient=recipient, spent__isnull=True, dead__isnull=True)
    return recipient != "" and bool(live.exists())


def text_of(house: House, code: Code) -> str:
    """The 43 characters of a code, derived again. Raises KeyError if its key is gone from the keys file."""
    return derive_link(house.keys.by_id(code.key_name), code.id, bytes(code.nonce))


def find(house: House, tenant: Tenant, text: str) -> Code:
    """The row of a presented code, alive or not. Raises DeadCode("unknown") for anything else, another tenant's included (A-006)."""
    if is_link_shaped(text):
        found = Code.objects.within(tenant).filter(digest__in=digests(house.keys, "link", text)).first()
        if found is not None:
            return found  # type: ignore[no-any-return] # the scoped manager is typed loosely
    raise DeadCode("unknown")


def must_live(code: Code, now: datetime) -> None:
    """Raise DeadCode with the true reason unless the code can still be used."""
    if code.spent:
        raise DeadCode("spent")
    if code.dead:
        raise DeadCode("revoked" if code.dead_reason == "revoked" else "superseded")
    if not is_live(code.expires, now):
        raise DeadCode("expired")


def spend(code: Code, now: datetime) -> None:
    """Use the code up. Of any number of simultaneous callers exactly one returns; the others get DeadCode (A-004).

    The guarded UPDATE decides, not the reading before it: the row count is the only thing believed.
    """
    alive = Q(expires__isnull=True) | Q(expires__gt=now)
    won = Code.objects.within(code.tenant_id).filter(alive, id=code.id, spent__isnull=True, dead__isnull=True).update(spent=now)
    if won != 1:
        must_live(Code.objects.within(code.tenant_id).get(id=code.id), now)
        raise DeadCode("spent")
