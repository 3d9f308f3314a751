"""Signing in: with a password to a session, or with HTTP Basic to one request. One budget for every way (A-040)."""

from __future__ import annotations

import hmac
import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from housekey.conf.house import House
from housekey.core.errors import NotSignedIn, PasswordRefused, WrongCredentials
from housekey.core.names import PRIMARY, SUPER_TENANT, Tenant, UserName, findable, split_tenant, split_username
from housekey.core.passwords import normalise
from housekey.core.principal import LOGIN, Principal
from housekey.operations import accounts, audit, hashing, sessions, tenants, throttle
from housekey.operations.roles import permissions_of
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Account
from housekey.userstores.registry import store_for

REMEMBERED_SECONDS = 60
REMEMBERED_MOST = 10_000


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`token` goes into the session cookie. `tenant` may differ from the one in the address (`user@tenant`)."""

    token: str
    tenant: Tenant


def sign_in(
    house: House, tenant: Tenant, username: str, password: str, *, network: str, agent: str, now: datetime, by_path: bool = False
) -> SignedIn:
    """`by_path`: the address named the tenant. Raises WrongCredentials (one sentence for every reason, same time), Throttled,
    Unavailable."""
    tenant, name = resolve(tenant, username, by_path=by_path)
    verified = _verified(tenant, name, password, network, now)
    by = Principal(tenant, str(name), account_id=verified.id, network=network)
    with durable():
        account = accounts.hold_verified(verified)
        token = sessions.start(house, tenant, account, network, agent, now)
        Account.objects.within(tenant).filter(id=account.id).update(last_sign_in=now)
        audit.record(by, "sign-in", now, target=str(name), target_id=account.id)
    return SignedIn(token, tenant)


def resolve(tenant: Tenant, username: str, *, by_path: bool) -> tuple[Tenant, UserName]:
    """`user@tenant` means that tenant only off /t/ (`by_path`) and only if it exists (decisions, Names)."""
    username = findable(username)
    if tenant.domain == SUPER_TENANT and not by_path:
        user, domain = split_tenant(username)
        found = tenants.by_domain(domain) if domain else None
        if found is not None:
            return found, split_username(user)
    return tenant, split_username(username)


def _verified(tenant: Tenant, name: UserName, password: str, network: str, now: datetime) -> Account:
    """The account whose password this is and who may sign in; every refusal is audited and costs one hash."""
    account = hot.account_by_name(tenant.id, name.domain, name.key)
    tried = throttle.keys(tenant, name, network)
    throttle.reserve(tried, now, known=lambda: account is not None and audit.signed_in_from(tenant, account.id, network))
    phc = _password_hash(tenant, account)
    right = hashing.check(phc, _typed(password))
    why = _refusal(tenant, account, right=right)
    if account is None or why:
        with durable():
            audit.record(
                Principal(tenant, "anonymous", network=network),
                "sign-in",
                now,
                target=str(name),
                outcome="refused",
                target_id=account.id if account else None,
                why=why,
            )
        raise WrongCredentials(why)
    throttle.refund(tried)
    if hashing.outdated(phc):
        renewed = hashing.make(normalise(password))
        with durable():
            accounts.store_of(tenant, accounts.hold_verified(account)).set_password_hash(tenant, account.id, renewed)
    return account


def _password_hash(tenant: Tenant, account: Account | None) -> str:
    """`""` for nobody and for who has none. The store is asked in any case: the question takes time too (A-051)."""
    asked = account if account and account.has_password else None
    return store_for(tenant, asked.domain if asked else PRIMARY).password_hash(tenant, asked.id if asked else UUID(int=0))


def _typed(password: str) -> str:
    """The password as it would have been hashed; `""`, which is nobody's, for one that could never have been set."""
    try:
        return normalise(password)
    except PasswordRefused:
        return ""


def _refusal(tenant: Tenant, account: Account | None, *, right: bool) -> str:
    """Why this account may not come in, for the audit log; `""` if it may."""
    if account is None:
        return "unknown user"
    standing = accounts.standing_of(account)
    if not standing.may_sign_in:
        return standing.label
    if not right:
        return "wrong password"
    return "" if LOGIN in permissions_of(tenant, account.id) else "no login permission"


def principal(tenant: Tenant, account: Account, name: UserName, network: str) -> Principal:
    return Principal(tenant, str(name), permissions_of(tenant, account.id), account.id, network=network)


class _Remembered:
    """Credentials verified within the last minute, as HMACs under a key of this process (decisions, Basic)."""

    def __init__(self) -> None:
        self._key = os.urandom(32)
        self._known: OrderedDict[bytes, tuple[UUID, int, float]] = OrderedDict()
        self._lock = threading.Lock()
        self._verifying: dict[bytes, threading.Lock] = {}

    def mark(self, tenant: Tenant, name: UserName, password: str) -> bytes:
        text = f"{tenant.id}\0{name.domain}\0{name.key}\0{password}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, text, "sha256")

    def get(self, mark: bytes, now: float) -> tuple[UUID, int] | None:
        with self._lock:
            found = self._known.get(mark)
            if found is None or found[2] < now:
                return None
            return found[0], found[1]

    def put(self, mark: bytes, account: Account, now: float) -> None:
        with self._lock:
            self._known[mark] = (account.id, account.credential_version, now + REMEMBERED_SECONDS)
            while len(self._known) > REMEMBERED_MOST:
                self._known.popitem(last=False)

    def single_flight(self, mark: bytes) -> threading.Lock:
        """Eight connections of one client verify the credential once, not eight times."""
        with self._lock:
            if len(self._verifying) > REMEMBERED_MOST:
                self._verifying.clear()
            return self._verifying.setdefault(mark, threading.Lock())


_REMEMBERED = _Remembered()


def basic(tenant: Tenant, username: str, password: str, *, network: str, now: datetime, by_path: bool = False) -> Principal:
    """Who sent these HTTP Basic credentials. Raises WrongCredentials, Throttled, Unavailable. Never accepts a one-time code."""
    tenant, name = resolve(tenant, username, by_path=by_path)
    mark = _REMEMBERED.mark(tenant, name, password)
    known = _recall(tenant, name, mark, network, now)
    if known is not None:
        return known
    with _REMEMBERED.single_flight(mark):
        known = _recall(tenant, name, mark, network, now)
        if known is not None:
            return known
        account = _verified(tenant, name, password, network, now)
        _REMEMBERED.put(mark, account, now.timestamp())
    by = principal(tenant, account, name, network)
    with durable():
        audit.record(by, "sign-in:basic", now, target=str(name), target_id=account.id)
    return by


def _recall(tenant: Tenant, name: UserName, mark: bytes, network: str, now: datetime) -> Principal | None:
    """A remembered credential, re-checked against the account as it is now."""
    known = _REMEMBERED.get(mark, now.timestamp())
    if known is None:
        return None
    account = hot.account(tenant.id, known[0])
    if account is None or account.credential_version != known[1] or not accounts.standing_of(account).may_sign_in:
        return None
    by = principal(tenant, account, name, network)
    return by if by.may(LOGIN) else None


def reauthenticate(by: Principal, password: str, now: datetime) -> Account:
    """The caller proves again who they are; counted like any sign-in (A-027). Raises WrongCredentials, Throttled."""
    if by.account_id is None:
        raise NotSignedIn("Sign in first.")
    account = accounts.load(by.tenant, by.account_id)
    return _verified(by.tenant, accounts.user(by.tenant, account).name, password, by.network, now)
