"""The domains that people are in, for whoever chooses one of them."""

from __future__ import annotations

from typing import Literal

from housekey.core.principal import USER_CREATE, USER_LIST, USER_VIEW, Principal
from housekey.store.models import Directory
from housekey.userstores import registry


def for_new_users(by: Principal) -> tuple[list[str], list[str]]:
    """Those that a user can be added to, PRIMARY first, and the directories that are only read. Raises NotPermitted."""
    by.must(USER_CREATE)
    closed = [domain for domain, placed in registry.directories(by.tenant).items() if placed.read_only or not placed.enabled]
    return [domain for domain in registry.domains(by.tenant) if domain not in closed], closed


def directory_of(by: Principal, domain: str) -> Literal["", "well", "trouble", "off"]:
    """How the directory that holds a domain is; `""` if our own database does. Raises NotPermitted."""
    by.must(USER_VIEW)
    if domain not in registry.directories(by.tenant):
        return ""
    row = Directory.objects.within(by.tenant).filter(domain=domain).values_list("enabled", "findings").first()
    if row is None:
        return ""
    enabled, findings = row
    return ("trouble" if findings.get("error") else "well") if enabled else "off"


def is_read_only(by: Principal, domain: str) -> bool:
    """Is it a directory that nothing is written to? Raises NotPermitted."""
    by.must(USER_VIEW)
    placed = registry.directories(by.tenant).get(domain)
    return placed is not None and placed.read_only


def known(by: Principal) -> list[str]:
    """Those that users can be looked for in, PRIMARY first. Raises NotPermitted."""
    by.must(USER_LIST)
    return registry.domains(by.tenant)
