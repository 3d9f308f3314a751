"""From a link to a password. Looking spends nothing; only an accepted password does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from housekey.conf.house import House
from housekey.core.codes import digest, digests, is_link_shaped, new_token
from housekey.core.errors import DeadCode
from housekey.core.messages import ACTIVATED, PASSWORD_CHANGED, NewMessage
from housekey.core.names import Tenant
from housekey.core.policy import ACTIVATION_NOTICE, Policy
from housekey.core.principal import Principal
from housekey.core.users import User
from housekey.delivery import outbox
from housekey.operations import accounts, audit, codes, hashing
from housekey.operations.onboarding import message_fields
from housekey.operations.passwords import accepted, rules_for
from housekey.operations.policies import effective
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Code, Ticket

TICKET_LIFE = timedelta(minutes=60)
"""How long an opened form may be filled in, if the code lives that long."""


@dataclass(frozen=True, slots=True)
class PasswordForm:
    """What the set-password page shows. `rules` are (key, sentence); `words` what the password may not contain."""

    username: str
    invite: bool
    rules: list[tuple[str, str]]
    words: tuple[str, ...]


def open_link(house: House, tenant: Tenant, text: str, now: datetime) -> str:
    """Exchange a good code for a ticket of this browser (43 characters). Spends nothing. Raises DeadCode."""
    code = codes.find(house, tenant, text)
    codes.must_live(code, now)
    token = new_token()
    with durable():
        Code.objects.within(tenant).filter(id=code.id, opened__isnull=True).update(opened=now)
        Ticket.objects.within(tenant).filter(code=code, expires__lte=now).delete()
        row = Ticket(
            tenant_id=tenant.id, digest=digest(house.keys.newest[1], "ticket", token), code=code, created=now, expires=now + TICKET_LIFE
        )
        hot.insert(row)
    return token


def _code_of(house: House, tenant: Tenant, ticket: str, now: datetime) -> Code:
    """Raises DeadCode: "unknown" for a ticket that is none or too old, else what became of its code."""
    found = None
    if is_link_shaped(ticket):
        found = Ticket.objects.within(tenant).filter(digest__in=digests(house.keys, "ticket", ticket)).select_related("code").first()
    if found is None:
        raise DeadCode("unknown")
    codes.must_live(found.code, now)
    if found.expires <= now:
        raise DeadCode("expired")
    return found.code  # type: ignore[no-any-return] # the scoped manager is typed loosely


def form(house: House, tenant: Tenant, ticket: str, now: datetime) -> PasswordForm:
    """What to show for a ticket. Raises DeadCode."""
    code = _code_of(house, tenant, ticket, now)
    return _form(house, tenant, effective(house, tenant), accounts.user(tenant, accounts.load(tenant, code.account_id)))


def _form(house: House, tenant: Tenant, policy: Policy, user: User) -> PasswordForm:
    rules = rules_for(house, tenant, policy, user.name)
    return PasswordForm(str(user.name), user.standing.pending != "PENDING_FUPR", rules.shown(), rules.words)


def set_password(house: House, tenant: Tenant, ticket: str, password: str, network: str, now: datetime) -> PasswordForm:
    """Accept the password, spend the code, open the account, end its sessions and tell the owner.

    Raises PasswordRefused (nothing is spent) and DeadCode (somebody was faster, or the code died meanwhile). No sign-in follows
    by itself (A-016).
    """
    code = _code_of(house, tenant, ticket, now)
    policy = effective(house, tenant)
    user = accounts.user(tenant, accounts.load(tenant, code.account_id))
    password_hash = hashing.make(accepted(house, tenant, policy, user.name, password))
    by = Principal(tenant, str(user.name), account_id=user.id, network=network)
    shown = _form(house, tenant, policy, user)
    with durable():
        account = accounts.hold(tenant, user.id)
        codes.spend(code, now)
        accounts.store_of(tenant, account).set_password_hash(tenant, account.id, password_hash)
        account.email_verified = account.email_verified or (bool(code.recipient) and code.recipient == user.profile.mail)
        accounts.put(account, accounts.standing_of(account).password_set(), now, new_credential=True)
        audit.record(by, "account:password:set", now, target=str(user.name), target_id=user.id, scenario=code.scenario)
        _tell(house, tenant, policy, user, invite=shown.invite, now=now)
    return shown


def _tell(house: House, tenant: Tenant, policy: Policy, user: User, *, invite: bool, now: datetime) -> None:
    if user.profile.mail and (policy.on(ACTIVATION_NOTICE) or not invite):
        kind = ACTIVATED if invite else PASSWORD_CHANGED
        outbox.enqueue(
            tenant,
            NewMessage(kind, user.profile.mail, message_fields(house, tenant, policy, user), user.profile.locale or "en", user.id),
            now,
        )
