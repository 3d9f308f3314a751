"""Changing one's own profile: names, language and phone, and nothing that decides who one is or where codes by e-mail go."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from housekey.conf.house import House
from housekey.core import claim_rules
from housekey.core.custom import settled
from housekey.core.errors import NotPermitted, NotSignedIn, Stale
from housekey.core.principal import USER_UPDATE, Principal
from housekey.core.users import Profile, User
from housekey.operations import accounts, audit, directories, entries, own_password
from housekey.operations.addresses import check_profile
from housekey.operations.custom_attributes import kind_of_users
from housekey.operations.login import reauthenticate
from housekey.operations.policies import effective
from housekey.operations.transactions import durable

OPEN = frozenset({"name", "displayName", "nickName", "phoneNumbers"})
"""Parts of `Profile.more` that its owner may write."""


def change(house: House, by: Principal, profile: Profile, now: datetime, *, version: int | None = None) -> User:
    """`profile` is the whole next profile. A new mobile number counts as unproved, and a code that went to the old one dies.

    Raises NotSignedIn, NotPermitted if it touches more than the owner may, Invalid, Stale.
    """
    if by.account_id is None:
        raise NotSignedIn("Sign in first.")
    check_profile(profile)
    rules = effective(house, by.tenant).rules
    person, seen = _person(by, profile, rules, version)
    with directories.writing(person, seen, now, profile=profile) as settle, durable():
        account = accounts.hold(by.tenant, by.account_id)
        before = accounts.user(by.tenant, account)
        _must_be_current(account.version, version)
        kind = kind_of_users(by.tenant)
        _must_be_own(by, settled(before.profile, kind), settled(profile, kind))
        if profile == before.profile:
            settle()
            return before
        claim_rules.check_own(rules, before.profile, profile)
        if profile.mobile != before.profile.mobile:
            account.phone_verified = False
            entries.end_misdirected(by, account, profile, now)
        accounts.store_of(by.tenant, account).update(by.tenant, account.id, profile)
        accounts.put(account, before.standing, now)
        audit.record(by, "account:profile:change", now, target=str(before.name), target_id=account.id)
        settle()
        return accounts.user(by.tenant, account)


def _must_be_current(present: int, seen: int | None) -> None:
    if seen is not None and seen != present:
        raise Stale("Your profile was changed meanwhile. Read it again and repeat your change.")


def _person(
    by: Principal, profile: Profile, rules: claim_rules.Rules, version: int | None
) -> tuple[directories.Person | None, User | None]:
    """Somebody in a directory, refused already here what would be refused in the transaction, since the directory is written to before."""
    if by.account_id is None or not directories.has_any(by.tenant):
        return None, None
    account = accounts.load(by.tenant, by.account_id)
    _must_be_current(account.version, version)
    before = accounts.user(by.tenant, account)
    kind = kind_of_users(by.tenant)
    _must_be_own(by, settled(before.profile, kind), settled(profile, kind))
    claim_rules.check_own(rules, before.profile, profile)
    return directories.person(by.tenant, account), before


def edit(house: House, by: Principal, profile: Profile, password: str, now: datetime, *, version: int) -> User:
    """As `change`, for a browser that somebody else may be sitting at: text messages with codes go to the mobile number, so another one
    needs the present password (A-133). Raises as `change`, and WrongCredentials, Throttled.
    """
    if profile.mobile != own_password.me(by).profile.mobile:
        reauthenticate(by, password, now)
    return change(house, by, profile, now, version=version)


def _must_be_own(by: Principal, before: Profile, after: Profile) -> None:
    """Raise NotPermitted if anything but the open parts differs (A-132, A-133). The mobile number, which codes go to, is not open to an
    application that holds her token: it could have the password changed with it."""
    if by.client_id and after.mobile != before.mobile:
        by.must(USER_UPDATE)
    opened = {key: value for key, value in after.more.items() if key in OPEN}
    kept = {key: value for key, value in before.more.items() if key not in OPEN}
    allowed = replace(before, given_name=after.given_name, family_name=after.family_name, locale=after.locale, more=kept | opened)
    if after != allowed:
        raise NotPermitted(USER_UPDATE)

