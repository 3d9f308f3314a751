"""The password policy in force for one account, and the list of common passwords it refuses."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

import django.contrib.auth

from housekey.conf.house import House
from housekey.core.names import Tenant, UserName
from housekey.core.passwords import PasswordRules, accept
from housekey.core.policy import Policy
from housekey.core.properties import MAX_LENGTH, MIN_LENGTH
from housekey.operations.sending import organization


@cache
def common_passwords() -> frozenset[str]:
    """The 19,640 common passwords that ship with Django, in lower case."""
    path = Path(django.contrib.auth.__file__).parent / "common-passwords.txt.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return frozenset(line.strip() for line in lines)


def rules_for(house: House, tenant: Tenant, policy: Policy, name: UserName) -> PasswordRules:
    words = (name.bare, name.bare.partition("@")[0], tenant.domain.partition(".")[0], organization(house, tenant, policy))
    return PasswordRules(
        policy.number(MIN_LENGTH), policy.number(MAX_LENGTH), tuple(dict.fromkeys(word for word in words if len(word) >= 4))
    )


def accepted(house: House, tenant: Tenant, policy: Policy, name: UserName, password: str) -> str:
    """The normalised password, or PasswordRefused."""
    return accept(password, rules_for(house, tenant, policy, name), common_passwords())
