"""What a tenant asks of the values of its users' attributes (`core.claim_rules`): keep it, and see whom it would concern."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import F

from housekey.core.claim_rules import NO_RULE, SETTINGS, Part, Rule, rules_in, setting, unfit
from housekey.core.claims import BY_URI, writable
from housekey.core.errors import Invalid, NotFound, Stale
from housekey.core.names import Tenant, findable
from housekey.core.patterns import compiled
from housekey.core.principal import CLAIM_UPDATE, CLAIM_VIEW, Principal
from housekey.operations import accounts, audit, custom_attributes
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Account, Setting
from housekey.userstores import listed
from housekey.userstores.listed import Listed

LOOKED_AT = 1_000
"""Users at most who are looked at for what a pattern would not take: the first by name."""
TAKEN = Stale("Somebody else changed the same attribute at the same moment. Look at it and save again.")


def of(tenant: Tenant) -> dict[str, Rule]:
    """The tenant's rules by claim URI. For other operations."""
    return rules_in(hot.settings(tenant.id))


def get(by: Principal, name: str) -> Rule:
    """The rule of one of the tenant's own attributes. Raises NotPermitted, NotFound."""
    by.must(CLAIM_VIEW)
    return of(by.tenant).get(_own(by, name), NO_RULE)


def _own(by: Principal, name: str) -> str:
    """The claim of one of the tenant's own attributes, by its name in any spelling. Raises NotFound."""
    found = next((one for one in custom_attributes.of(by.tenant) if one.name.lower() == name.lower()), None)
    if found is None:
        raise NotFound(f"There is no attribute called {findable(name)[:100]}.")
    return found.uri


def change(by: Principal, name: str, wanted: Rule, now: datetime) -> None:
    """Ask something else of one of the tenant's own attributes. Raises NotPermitted, NotFound, Invalid (field regex), Stale."""
    by.must(CLAIM_UPDATE)
    uri = _own(by, name)
    check(uri, wanted)
    with durable(taken=TAKEN):
        told = put(by, uri, wanted, now)
        if told:
            audit.record(by, "claim:change", now, target=uri, before=told[0], after=told[1])


def check(uri: str, rule: Rule) -> None:
    """Raises Invalid for a pattern that cannot be used, and for a rule about something that nobody writes."""
    if uri in BY_URI and not writable(uri) and rule != NO_RULE:
        part = next(part for part in SETTINGS if getattr(rule, part))
        raise Invalid("Nobody writes this attribute, so there is nothing to ask of its values.", field=part)
    if rule.regex != findable(rule.regex):
        raise Invalid("The pattern contains a character that cannot be stored.", field="regex")
    compiled(rule.regex)


def put(by: Principal, uri: str, wanted: Rule, now: datetime) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """A step inside a transaction. What was different before, and what it is now; None if nothing was."""
    present = of(by.tenant).get(uri, NO_RULE)
    changed: list[Part] = [part for part in SETTINGS if getattr(present, part) != getattr(wanted, part)]
    for part in changed:
        value = getattr(wanted, part)
        rows = Setting.objects.within(by.tenant).filter(name=setting(part, uri))
        text = value if isinstance(value, str) else "true"
        if not value:
            rows.delete()
        elif not rows.update(value=text, version=F("version") + 1, changed=now, changed_by=by.name[:300]):
            hot.insert(Setting(tenant_id=by.tenant.id, name=setting(part, uri), value=text, changed=now, changed_by=by.name[:300]))
    if not changed:
        return None
    return {part: getattr(present, part) for part in changed}, {part: getattr(wanted, part) for part in changed}


@dataclass(frozen=True, slots=True)
class Concerned:
    """Of `looked_at` users `count` have a value that a pattern would not take. `all`: there are no others."""

    count: int
    looked_at: int
    all: bool


def concerned(by: Principal, uri: str, regex: str, most: int = LOOKED_AT) -> Concerned:
    """Whose values a pattern would not take. They keep them until they are changed. Raises NotPermitted, BadPattern."""
    by.must(CLAIM_VIEW)
    compiled(regex)
    total, ids = listed.look(Listed(by.tenant), offset=0, limit=most)
    rows = list(Account.objects.among(by.tenant, ids)) if ids else []
    rule = replace(NO_RULE, regex=regex)
    count = sum(unfit(rule, user.profile, uri) for user in accounts.users(by.tenant, rows))
    return Concerned(count, len(rows), total <= most)
