"""The local claims as one tenant has them: what is shipped, and what the tenant changed about how they are shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from housekey.core.claim_rules import NO_RULE, Rule
from housekey.core.claims import BY_URI, CLAIMS, ClaimDefinition
from housekey.core.errors import Invalid, NotFound, Stale
from housekey.core.names import Tenant, findable
from housekey.core.principal import CLAIM_UPDATE, CLAIM_VIEW, Principal
from housekey.operations import audit, claim_rules
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Claim

_OPEN = ("display_name", "description", "display_order", "supported_by_default")
"""What a tenant can change about how a claim is shown."""
MOST_ORDER = 9_999


@dataclass(frozen=True, slots=True)
class ClaimView(ClaimDefinition):
    """A claim as it holds in a tenant. `changed`: the tenant made something of it different from what is shipped."""

    changed: bool = False
    rule: Rule = NO_RULE
    """What the tenant asks of its values; `regex`, `required` and `read_only` tell it together with what is shipped."""


def listing(by: Principal) -> list[ClaimView]:
    """All claims in the order in which profiles show them. Raises NotPermitted."""
    by.must(CLAIM_VIEW)
    return _all(by.tenant)


def get(by: Principal, uri: str) -> ClaimView:
    """Raises NotPermitted, NotFound."""
    by.must(CLAIM_VIEW)
    return _view(_shipped(uri), Claim.objects.within(by.tenant).filter(uri=uri).first(), claim_rules.of(by.tenant).get(uri, NO_RULE))


def supported(tenant: Tenant) -> list[ClaimView]:
    """The claims that a profile shows without being asked, in order. For other operations, and for people reading their own profile."""
    return [claim for claim in _all(tenant) if claim.supported_by_default]


def is_supported(tenant: Tenant, uri: str) -> bool:
    """Is this claim shown without being asked for? For other operations."""
    row = Claim.objects.within(tenant).filter(uri=uri).first()
    claim = BY_URI.get(uri)
    return claim is not None and _view(claim, row).supported_by_default


def update(
    by: Principal,
    uri: str,
    *,
    display_name: str | None = None,
    description: str | None = None,
    display_order: int | None = None,
    supported_by_default: bool | None = None,
    regex: str | None = None,
    required: bool | None = None,
    read_only: bool | None = None,
    now: datetime,
) -> ClaimView:
    """Change how the tenant shows a claim and what it asks of its values; None leaves a part as it is. A part set back to what is
    shipped is no longer stored. `regex`, `required` and `read_only` hold for what is set from now on, whichever way.

    Raises NotPermitted, NotFound, Invalid (field names the part), Stale.
    """
    by.must(CLAIM_UPDATE)
    shipped = _shipped(uri)
    given = {"display_name": display_name, "description": description, "display_order": display_order,
             "supported_by_default": supported_by_default}
    wanted = _checked({name: value for name, value in given.items() if value is not None})
    rule = {"regex": None if regex is None else "" if regex == shipped.regex else regex, "required": required, "read_only": read_only}
    asked: dict[str, Any] = {name: value for name, value in rule.items() if value is not None}
    claim_rules.check(uri, replace(NO_RULE, **asked))
    with durable(taken=Stale("Somebody else changed the same claim at the same moment. Look at it and save again.")):
        row = Claim.objects.within(by.tenant).select_for_update().filter(uri=uri).first()
        before = _view(shipped, row)
        changes = {name: value for name, value in wanted.items() if value != getattr(before, name)}
        if changes:
            row = _store(by, shipped, row, changes, now)
        ruling = replace(claim_rules.of(by.tenant).get(uri, NO_RULE), **asked)
        ruled = claim_rules.put(by, uri, ruling, now) or ({}, {})
        if changes or ruled[1]:
            told = {name: getattr(before, name) for name in changes}
            audit.record(by, "claim:change", now, target=uri, before=told | ruled[0], after=changes | ruled[1])
    return _view(shipped, row, ruling)


def _store(by: Principal, shipped: ClaimDefinition, row: Claim | None, changes: dict[str, Any], now: datetime) -> Claim:
    fresh = row is None
    row = row or Claim(tenant_id=by.tenant.id, uri=shipped.uri)
    for name, value in changes.items():
        setattr(row, name, None if value == getattr(shipped, name) else value)
    row.changed, row.changed_by = now, by.name[:300]
    if fresh:
        hot.insert(row)
    else:
        row.save(update_fields=[*changes, "changed", "changed_by"])
    return row


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """Raises Invalid naming the part."""
    for name, most in (("display_name", 100), ("description", 300)):
        text = values.get(name, "x")
        if len(text) > most or text != findable(text):
            raise Invalid(f"{name} takes at most {most} characters, all of which can be stored.", field=name)
    if not values.get("display_name", "x").strip():
        raise Invalid("A claim needs a display name.", field="display_name")
    if not 0 <= values.get("display_order", 0) <= MOST_ORDER:
        raise Invalid(f"display_order must be between 0 and {MOST_ORDER}.", field="display_order")
    return values


def _shipped(uri: str) -> ClaimDefinition:
    claim = BY_URI.get(uri)
    if claim is None:
        raise NotFound(f"There is no claim {findable(uri)[:200]}.", code="CMT-50019")
    return claim


def _all(tenant: Tenant) -> list[ClaimView]:
    rows, rules = {row.uri: row for row in Claim.objects.within(tenant).all()}, claim_rules.of(tenant)
    views = (_view(claim, rows.get(claim.uri), rules.get(claim.uri, NO_RULE)) for claim in CLAIMS)
    return sorted(views, key=lambda claim: (claim.display_order, claim.uri))


def _view(shipped: ClaimDefinition, row: Claim | None, rule: Rule = NO_RULE) -> ClaimView:
    stored = {name: getattr(row, name) for name in _OPEN if row is not None and getattr(row, name) is not None}
    ruled = {"regex": rule.regex or shipped.regex, "required": rule.required or shipped.required,
             "read_only": rule.read_only or shipped.read_only}
    return ClaimView(**(asdict(shipped) | stored | ruled), changed=bool(stored) or rule != NO_RULE, rule=rule)
