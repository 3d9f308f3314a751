"""Changing one's own password: the old one is asked, all other browsers are signed out."""

from __future__ import annotations

from datetime import datetime

from housekey.conf.house import House
from housekey.core.errors import NotPermitted, NotSignedIn
from housekey.core.messages import PASSWORD_CHANGED
from housekey.core.principal import OWN_PASSWORD, Principal
from housekey.core.users import User
from housekey.operations import accounts, audit, codes, directories, sending, sessions
from housekey.operations.login import reauthenticate
from housekey.operations.passwords import accepted, rules_for
from housekey.operations.policies import effective
from housekey.operations.transactions import durable


def me(by: Principal) -> User:
    """The caller's own user. Raises NotSignedIn."""
    if by.account_id is None:
        raise NotSignedIn("Sign in first.")
    return accounts.user(by.tenant, accounts.load(by.tenant, by.account_id))


def changed_at(by: Principal) -> datetime | None:
    """When the caller's present password was set; None where nobody wrote it down. Raises NotSignedIn."""
    if by.account_id is None:
        raise NotSignedIn("Sign in first.")
    return accounts.load(by.tenant, by.account_id).password_changed


def password_rules(house: House, by: Principal) -> list[tuple[str, str]]:
    return rules_for(house, by.tenant, effective(house, by.tenant), me(by).name).shown()


def change_password(house: House, by: Principal, current: str, new: str, *, agent: str | None, now: datetime) -> str:
    """Returns the token of a fresh session for this browser, `""` for a program (`agent` None); every other session ends.

    Raises WrongCredentials or Throttled for the old password, PasswordRefused for the new one, NotSignedIn, NotPermitted for an
    application that holds her token.
    """
    user = me(by)
    if by.client_id:
        raise NotPermitted(OWN_PASSWORD)
    policy = effective(house, by.tenant)
    verified = reauthenticate(by, current, now)
    good, person = accepted(house, by.tenant, policy, user.name, new), directories.person(by.tenant, verified)
    directories.must_be_writable(person, user.name)
    password_hash = directories.hash_of(good, own=person is None)
    with directories.writing(person, user, now, password=good) as settle, durable():
        account = accounts.hold_verified(verified)
        codes.end_live(by.tenant, account.id, "revoked", now, but="confirmation")
        accounts.store_of(by.tenant, account).set_password_hash(by.tenant, account.id, password_hash)
        accounts.put(account, accounts.standing_of(account).password_set(), now, new_credential=True)
        token = sessions.start(house, by.tenant, account, by.network, agent, now) if agent is not None else ""
        audit.record(by, "account:password:change", now, target=str(user.name), target_id=user.id)
        sending.notify(house, by.tenant, policy, user, PASSWORD_CHANGED, PASSWORD_CHANGED, now)
        settle()
    return token
