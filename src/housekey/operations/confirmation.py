"""verifyEmail: the password stays as given, the owner of the address confirms it by link or code (reference 3.3)."""

from __future__ import annotations

from datetime import datetime

from housekey.conf.house import House
from housekey.core.errors import DeadCode
from housekey.core.names import Tenant
from housekey.core.policy import Policy
from housekey.core.principal import Principal
from housekey.core.users import User
from housekey.operations import accounts, codes, recovery, sending
from housekey.operations.recovery import CodeHolder
from housekey.store.models import Account, Code


def issue(house: House, by: Principal, user: User, policy: Policy, now: datetime, *, again: bool = False) -> Code:
    """The step inside a transaction: a confirmation is issued and sent. The caller has ended an older one."""
    event = "confirmation:resend" if again else "confirmation:issue"
    return sending.send_code(house, by, user, policy, policy.confirmation, now, special=codes.AT_ONCE, again=again, event=event)


def send(house: House, by: Principal, account: Account, user: User, policy: Policy, now: datetime, *, again: bool = False) -> Code:
    """As `issue`; an older code dies."""
    sending.must_deliver(by, policy, policy.confirmation)
    codes.end_live(by.tenant, account.id, "superseded", now)
    return issue(house, by, user, policy, now, again=again)


def look_up(house: House, tenant: Tenant, text: str, now: datetime) -> CodeHolder:
    """Whose link this is; spends nothing, so that a scanner cannot confirm. Raises DeadCode."""
    code = _found(house, tenant, text, now)
    user = accounts.user(tenant, accounts.load(tenant, code.account_id))
    return CodeHolder(user.name, user.id, codes.scenario_of(code))


def confirm(house: House, tenant: Tenant, text: str, network: str, now: datetime, *, username: str = "") -> CodeHolder:
    """The address is verified, the account opens. A one-time code needs the `username` beside it. Raises DeadCode, Throttled."""
    if username:
        account, code = recovery.typed_confirmation(house, tenant, username, text, network, now)
    else:
        code = _found(house, tenant, text, now)
        account = accounts.load(tenant, code.account_id)
    name = recovery.confirm_address(tenant, account, code, network, now)
    return CodeHolder(name, account.id, codes.scenario_of(code))


def _found(house: House, tenant: Tenant, text: str, now: datetime) -> Code:
    code = codes.find(house, tenant, text)
    if codes.scenario_of(code).purpose != "confirmation":
        raise DeadCode("unknown")
    codes.must_live(code, now)
    return code
