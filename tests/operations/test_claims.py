"""Claims as a tenant has them: what it changes holds for itself only, is on record, and can be taken back."""

from __future__ import annotations

from typing import Any

import pytest

from housekey.core.claims import CLAIMS, DIALECT, LAST_NAME, ONE_TIME_PASSWORD
from housekey.core.errors import Invalid, NotFound, NotPermitted
from housekey.core.principal import CLAIM_VIEW, Principal, anonymous
from housekey.operations import claims
from housekey.store.models import AuditEntry, Claim
from tests.operations.support import World, other_world


def test_without_a_word_the_shipped_definitions_hold(world: World) -> None:
    listed = claims.listing(world.by)
    assert {view.uri for view in listed} == {claim.uri for claim in CLAIMS}
    assert not [view for view in listed if view.changed]
    assert [view.uri for view in claims.supported(world.tenant)][:2] == [f"{DIALECT}/givenname", LAST_NAME]
    assert not claims.is_supported(world.tenant, ONE_TIME_PASSWORD)
    assert not claims.is_supported(world.tenant, "urn:x")


def test_what_a_tenant_changes_holds_for_itself_and_is_on_record(world: World) -> None:
    other = other_world(world)
    view = claims.update(world.by, ONE_TIME_PASSWORD, supported_by_default=True, display_order=0, now=world.now)
    assert (view.supported_by_default, view.display_order, view.changed) == (True, 0, True)
    assert claims.get(world.by, ONE_TIME_PASSWORD) == view
    assert claims.supported(world.tenant)[0].uri == ONE_TIME_PASSWORD
    assert claims.is_supported(world.tenant, ONE_TIME_PASSWORD)
    assert not claims.is_supported(other.tenant, ONE_TIME_PASSWORD)
    row = AuditEntry.objects.within(world.tenant).get(event="claim:change")
    assert (row.target, row.detail) == (ONE_TIME_PASSWORD, {"before": {"supported_by_default": False, "display_order": 20},
                                                            "after": {"supported_by_default": True, "display_order": 0}})


def test_changes_add_up_and_one_can_be_taken_back(world: World) -> None:
    claims.update(world.by, LAST_NAME, display_name="Surname", now=world.now)
    claims.update(world.by, LAST_NAME, description="What the family is called", now=world.now)
    view = claims.get(world.by, LAST_NAME)
    assert (view.display_name, view.description) == ("Surname", "What the family is called")
    claims.update(world.by, LAST_NAME, display_name="Last Name", description="Family name", now=world.now)
    assert not claims.get(world.by, LAST_NAME).changed


def test_what_is_so_already_is_not_stored(world: World) -> None:
    claims.update(world.by, LAST_NAME, display_name="Last Name", supported_by_default=True, now=world.now)
    assert not Claim.objects.within(world.tenant).exists()
    assert not AuditEntry.objects.within(world.tenant).filter(event="claim:change").exists()


@pytest.mark.parametrize(("change", "field"), [({"display_name": " "}, "display_name"), ({"display_name": "x" * 101}, "display_name"),
                                               ({"description": "x" * 301}, "description"), ({"display_order": -1}, "display_order"),
                                               ({"display_order": 10_000}, "display_order"), ({"display_name": "a\0"}, "display_name")])
def test_a_bad_value_is_refused_by_name_and_nothing_is_stored(world: World, change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        claims.update(world.by, LAST_NAME, **change, now=world.now)
    assert refused.value.field == field
    assert not Claim.objects.within(world.tenant).exists()


def test_an_unknown_claim_is_not_found(world: World) -> None:
    with pytest.raises(NotFound) as refused:
        claims.get(world.by, "urn:x")
    assert refused.value.code == "CMT-50019"
    with pytest.raises(NotFound):
        claims.update(world.by, "urn:x", display_name="x", now=world.now)


def test_claims_are_seen_and_changed_by_permission(world: World) -> None:
    with pytest.raises(NotPermitted):
        claims.listing(anonymous(world.tenant))
    with pytest.raises(NotPermitted):
        claims.get(anonymous(world.tenant), LAST_NAME)
    reader = Principal(world.tenant, "reader", frozenset({CLAIM_VIEW}))
    with pytest.raises(NotPermitted):
        claims.update(reader, LAST_NAME, display_name="x", now=world.now)
    assert claims.get(reader, LAST_NAME).display_name == "Last Name"
