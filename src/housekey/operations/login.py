"""Signing in: with a password to a session, or with HTTP Basic to one request. One budget for every way (A-040)."""

from __future__ import annotations

import hmac
import os
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from housekey.conf.house import House
from housekey.core.errors import NotSignedIn, PasswordRefused, Unavailable, WrongCredentials
from housekey.core.names import PRIMARY, SUPER_TENANT, Tenant, UserName, findable, split_tenant, split_username
from housekey.core.otp import OtpShape
from housekey.core.passwords import normalise
from housekey.core.policy import Policy
from housekey.core.principal import LOGIN, Principal
from housekey.core.properties import AGE, AGE_DAYS
from housekey.core.scenario import scenario_for
from housekey.operations import accounts, audit, codes, directories, entries, hashing, sessions, tenants, throttle, tickets
from housekey.operations.policies import effective
from housekey.operations.roles import permissions_of
from housekey.operations.tickets import Opened
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Account, Code
from housekey.userstores.registry import is_served, store_for

REMEMBERED_SECONDS = 60
REMEMBERED_MOST = 10_000


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`token` goes into the session cookie. `tenant` may differ from the one in the address (`user@tenant`)."""

    token: str = field(repr=False)
    tenant: Tenant


def sign_in(
    house: House, tenant: Tenant, username: str, password: str, *, network: str, agent: str, now: datetime, by_path: bool = False,
    goal: str = "", before: Principal | None = None,
) -> SignedIn | Opened:
    """`by_path`: the address named the tenant. `goal`: where to go afterwards. `before`: who this browser is signed in as. A pending
    one-time code in the place of the password, and a password that is too old, open the set-password form instead of a session.

    Raises WrongCredentials (one sentence for every reason, same time), Throttled, Unavailable.
    """
    tenant, name = resolve(tenant, username, by_path=by_path)
    entry = _try(tenant, name, password, network, now)
    policy = effective(house, tenant)
    opened = _by_code(house, entry, password, now, goal)
    if opened is not None:
        return opened
    verified = _accept(entry, password, now, counted=_like_a_code(policy, password))
    by = Principal(tenant, str(name), account_id=verified.id, network=network)
    if _too_old(tenant, policy, verified, now):
        throttle.refund(entry.tried)
        return _renewal(house, by, verified, now, goal)
    with durable():
        account = accounts.hold_verified(verified)
        token = sessions.start(house, tenant, account, network, agent, now, before=before)
        hot.change(account, last_sign_in=now)
        audit.record(by, "sign-in", now, target=str(name), target_id=account.id)
        throttle.give_back(entry.tried)
    if before is not None and before.account_id != account.id:
        sessions.sign_out(before, now)
    return SignedIn(token, tenant)


def _by_code(house: House, entry: _Entry, typed: str, now: datetime, goal: str) -> Opened | None:
    """The form, if the pending one-time code was typed; None where what was typed cannot be one (decisions: that is no try).

    Raises WrongCredentials for a wrong code, in one transaction like every other refusal (A-051): also where the budget is used up, since
    that a code is pending is nobody's business.
    """
    found = _pending_code(entry, typed, now)
    if found is None:
        return None
    with durable():
        right = throttle.may_type(entry.tried, now) and codes.try_otp(house, found, typed, now)
        outcome, why = ("done", "") if right else ("refused", "wrong code")
        audit.record(entry.anonymous, "code:typed", now, target=str(entry.name), target_id=found.account_id, outcome=outcome, why=why)
        opened = Opened(tickets.start(house, entry.tenant, found, now, goal), entry.tenant) if right else None
    if opened is None:
        raise WrongCredentials("wrong code")
    throttle.refund(entry.tried)
    throttle.refund_code(entry.tried)
    return opened


def _pending_code(entry: _Entry, typed: str, now: datetime) -> Code | None:
    if entry.right:
        return None
    # Asked for names that nobody has, too: the question takes time
    found = codes.otp_of(entry.tenant, entry.account.id if entry.account else UUID(int=0), now)
    fits = found is not None and codes.scenario_of(found).purpose != "confirmation" and OtpShape.of(found.shape).fits(typed)
    return found if fits else None


def _like_a_code(policy: Policy, typed: str) -> bool:
    """Could this be a code such as the tenant sends by now? It then counts on the budget of every name: what is left of that would else
    tell for whom a code is pending (A-050)."""
    shapes = (policy.shape(scenario_for(purpose, "EMAIL_OTP")) for purpose in ("invitation", "reset"))
    return any(shape.fits(typed) for shape in shapes)


def _too_old(tenant: Tenant, policy: Policy, account: Account, now: datetime) -> bool:
    """Does the tenant demand a new password by now (spec section 6, password age)?"""
    if not policy.on(AGE) or directories.is_read_only(tenant, account):
        return False
    return now - (account.password_changed or account.created) >= timedelta(days=policy.number(AGE_DAYS))


def _renewal(house: House, by: Principal, verified: Account, now: datetime, goal: str) -> Opened:
    """The right but too old password opens the form; it stays good for this until the new one is set."""
    minutes = int(tickets.TICKET_LIFE.total_seconds() // 60)
    with durable():
        account = accounts.hold_verified(verified)
        codes.end_live(by.tenant, account.id, "superseded", now)
        code = codes.issue(house, by, account.id, scenario=scenario_for("age", "OFFLINE"), recipient="", minutes=minutes, now=now)
        audit.record(by, "sign-in:password-expired", now, target=by.name, target_id=account.id)
        return Opened(tickets.start(house, by.tenant, code, now, goal), by.tenant)


def resolve(tenant: Tenant, username: str, *, by_path: bool) -> tuple[Tenant, UserName]:
    """`user@tenant` means that tenant only off /t/ (`by_path`) and only if it exists (decisions, Names)."""
    username = findable(username)
    if tenant.domain == SUPER_TENANT and not by_path:
        user, domain = split_tenant(username)
        found = tenants.by_domain(domain) if domain else None
        if found is not None:
            return found, split_username(user)
    return tenant, split_username(username)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One try to come in, looked at and paid for: `right` is whether the password is the account's."""

    tenant: Tenant
    name: UserName
    network: str
    tried: throttle.Keys
    account: Account | None
    phc: str = field(repr=False)
    right: bool
    why: str = ""
    """Why the password could not be checked, for the audit log."""

    @property
    def anonymous(self) -> Principal:
        return Principal(self.tenant, "anonymous", network=self.network)


def _try(tenant: Tenant, name: UserName, password: str, network: str, now: datetime) -> _Entry:
    """Reserve, look up, hash: the same work for every name and every password. Raises Throttled."""
    account, typed = hot.account_by_name(tenant.id, name.domain, name.key), _typed(password)
    tried = throttle.keys(tenant, name, network)
    throttle.reserve(tried, now, known=lambda: account is not None and audit.signed_in_from(tenant, account.id, network))
    known = account is not None
    # A password that is nobody's is not worth a question: for nobody's name either
    account = account or (entries.meet(tenant, name, now) if typed and "\0" not in typed else None)
    phc = _password_hash(tenant, account)
    right, why = hashing.check(phc, typed), ""
    person = directories.person(tenant, account) if account else None
    if person is not None:
        right, why = directories.authenticate(person, typed)
    else:
        directories.feign(tenant, name.domain, typed, looked=not known)
    return _Entry(tenant, name, network, tried, account, phc, right, why)


def _accept(entry: _Entry, password: str, now: datetime, *, counted: bool = False) -> Account:
    """The account that may come in; every refusal is audited, and `counted` as a typed code. Raises WrongCredentials.

    The caller gives the try back.
    """
    account, tenant = entry.account, entry.tenant
    why = entry.why or _refusal(tenant, account, right=entry.right)
    if account is None or why:
        with durable():
            known = account.id if account else None
            if counted:
                throttle.may_type(entry.tried, now)
            audit.record(entry.anonymous, "sign-in", now, target=str(entry.name), outcome="refused", target_id=known, why=why)
        raise WrongCredentials(why)
    if entry.phc and hashing.outdated(entry.phc):
        renewed = hashing.make(normalise(password))
        with durable():
            accounts.store_of(tenant, accounts.hold_verified(account)).set_password_hash(tenant, account.id, renewed)
    return account


def _verified(tenant: Tenant, name: UserName, password: str, network: str, now: datetime) -> Account:
    """The account whose password this is and who may sign in. Raises WrongCredentials, Throttled."""
    entry = _try(tenant, name, password, network, now)
    account = _accept(entry, password, now)
    throttle.refund(entry.tried)
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


@dataclass(frozen=True, slots=True)
class Proved:
    """Who has shown a password, and which version of her credential that was: what she is given for it must not outlive it."""

    by: Principal
    account_id: UUID
    version: int


def basic(house: House, tenant: Tenant, username: str, password: str, *, network: str, now: datetime, by_path: bool = False) -> Principal:
    """Who sent these HTTP Basic credentials. Raises WrongCredentials, Throttled, Unavailable. Never accepts a one-time code."""
    return prove(house, tenant, username, password, network=network, now=now, by_path=by_path).by


def prove(house: House, tenant: Tenant, username: str, password: str, *, network: str, now: datetime, by_path: bool = False) -> Proved:
    """As `basic`, for what is to last longer than one request."""
    tenant, name = resolve(tenant, username, by_path=by_path)
    mark = _REMEMBERED.mark(tenant, name, password)
    known = _recall(house, tenant, name, mark, network, now)
    if known is not None:
        return known
    with _REMEMBERED.single_flight(mark):
        known = _recall(house, tenant, name, mark, network, now)
        if known is not None:
            return known
        account = _verified(tenant, name, password, network, now)
        if _too_old(tenant, effective(house, tenant), account, now):
            raise WrongCredentials("password expired")
        _REMEMBERED.put(mark, account, now.timestamp())
    by = principal(tenant, account, name, network)
    with durable():
        audit.record(by, "sign-in:basic", now, target=str(name), target_id=account.id)
    return Proved(by, account.id, account.credential_version)


def _recall(house: House, tenant: Tenant, name: UserName, mark: bytes, network: str, now: datetime) -> Proved | None:
    """A remembered credential, re-checked against the account as it is now."""
    known = _REMEMBERED.get(mark, now.timestamp())
    if known is None:
        return None
    account = hot.account(tenant.id, known[0])
    if account is None or not is_served(tenant, account.domain):
        return None
    if (account.domain, account.name_key) != (name.domain, name.key):
        return None  # renamed in a directory; the name may be somebody else's by now
    if account.credential_version != known[1] or not accounts.standing_of(account).may_sign_in:
        return None
    if _too_old(tenant, effective(house, tenant), account, now):
        return None
    by = principal(tenant, account, name, network)
    return Proved(by, account.id, account.credential_version) if by.may(LOGIN) else None


def reauthenticate(by: Principal, password: str, now: datetime) -> Account:
    """The caller proves again who they are; counted like any sign-in (A-027). Raises WrongCredentials, Throttled, Unavailable."""
    if by.account_id is None:
        raise NotSignedIn("Sign in first.")
    account = accounts.load(by.tenant, by.account_id)
    try:
        return _verified(by.tenant, accounts.user(by.tenant, account).name, password, by.network, now)
    except WrongCredentials as refusal:
        if refusal.why.startswith(directories.AWAY):  # whoever is signed in may know that it is not her mistake
            raise Unavailable("Your password cannot be checked at the moment. Please try again shortly.", retry_after=10) from None
        raise
