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
from housekey.operations import accounts, audit, codes, own_password, sending
from housekey.operations.custom_attributes import kind_of_users
from housekey.operations.login import reauthenticate
from housekey.operations.policies import effective
from housekey.operations.transactions import durable
from housekey.operations.users import check_profile
from housekey.store.models import Account

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
    with durable():
        account = accounts.hold(by.tenant, by.account_id)
        before = accounts.user(by.tenant, account)
        if version is not None and version != account.version:
            raise Stale("Your profile was changed meanwhile. Read it again and repeat your change.")
        kind = kind_of_users(by.tenant)
        _must_be_own(settled(before.profile, kind), settled(profile, kind))
        if profile == before.profile:
            return before
        claim_rules.check_own(rules, before.profile, profile)
        if profile.mobile != before.profile.mobile:
            account.phone_verified = False
            _end_misdirected(by, account, profile, now)
        accounts.store_of(by.tenant, account).update(by.tenant, account.id, profile)
        accounts.put(account, before.standing, now)
        audit.record(by, "account:profile:change", now, target=str(before.name), target_id=account.id)
        return accounts.user(by.tenant, account)


def edit(house: House, by: Principal, profile: Profile, password: str, now: datetime, *, version: int) -> User:
    """As `change`, for a browser that somebody else may be sitting at: text messages with codes go to the mobile number, so another one
    needs the present password (A-133). Raises as `change`, and WrongCredentials, Throttled.
    """
    if profile.mobile != own_password.me(by).profile.mobile:
        reauthenticate(by, password, now)
    return change(house, by, profile, now, version=version)


def _must_be_own(before: Profile, after: Profile) -> None:
    """Raise NotPermitted if anything but the open parts differs (A-132, A-133)."""
    opened = {key: value for key, value in after.more.items() if key in OPEN}
    kept = {key: value for key, value in before.more.items() if key not in OPEN}
    allowed = replace(before, given_name=after.given_name, family_name=after.family_name, locale=after.locale, more=kept | opened)
    if after != allowed:
        raise NotPermitted(USER_UPDATE)


def _end_misdirected(by: Principal, account: Account, after: Profile, now: datetime) -> None:
    live = codes.live(by.tenant, account.id)
    if live and live.recipient and sending.reachable_at(after, codes.scenario_of(live)) != live.recipient:
        codes.end_live(by.tenant, account.id, "revoked", now)
