"""The claim API: what is read can be sent back, what can be changed is changed, and the rest is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from housekey.core.claims import CLAIMS, ONE_TIME_PASSWORD
from housekey.core.principal import CLAIM_UPDATE, CLAIM_VIEW
from housekey.operations.claims import is_supported
from housekey.store.models import AuditEntry
from tests.doors.api.support import Rest, administrator, holder
from tests.operations.support import World, other_world

ROOT = "/api/server/v1/claim-dialects"
LOCAL = f"{ROOT}/local/claims"
EMAIL = f"{LOCAL}/aHR0cDovL3dzbzIub3JnL2NsYWltcy9lbWFpbGFkZHJlc3M"
CODE = f"{LOCAL}/aHR0cDovL3dzbzIub3JnL2NsYWltcy9vbmVUaW1lUGFzc3dvcmQ"


@pytest.fixture
def admin(world: World) -> Rest:
    return administrator()


def test_the_local_dialect_leads_to_its_claims(admin: Rest) -> None:
    listed = admin.get(ROOT).body
    assert listed[:1] == [{"id": "local", "dialectURI": "http://wso2.org/claims", "link": {"href": LOCAL, "rel": "claims"}}]
    assert admin.get(f"{ROOT}/local").body == listed[0]


def test_every_local_claim_is_listed_and_can_be_read_by_its_id(admin: Rest) -> None:
    listed = admin.get(LOCAL).body
    assert {row["claimURI"] for row in listed} == {claim.uri for claim in CLAIMS}
    assert all(admin.get(f"{LOCAL}/{row['id']}").body == row for row in listed[:3])


def test_identity_claims_can_be_left_out(admin: Rest) -> None:
    uris = [row["claimURI"] for row in admin.get(f"{LOCAL}?exclude-identity-claims=true").body]
    assert uris
    assert not [uri for uri in uris if "/identity/" in uri]


def test_a_claim_has_wso2s_fields(admin: Rest) -> None:
    body = admin.get(EMAIL).body
    assert body["claimURI"] == "http://wso2.org/claims/emailaddress"
    assert body["attributeMapping"] == [{"mappedAttribute": "mail", "userstore": "PRIMARY"}]
    assert set(body) == {"id", "claimURI", "dialectURI", "description", "displayOrder", "displayName", "readOnly", "regEx", "required",
                         "supportedByDefault", "attributeMapping", "properties"}


def test_ticking_supported_by_default_shows_the_code_claim_in_profiles(world: World, admin: Rest) -> None:
    body = admin.get(CODE).body
    assert body["supportedByDefault"] is False
    answer = admin.put(CODE, body | {"supportedByDefault": True, "displayName": "Offline code", "displayOrder": 7})
    assert answer.status == 200
    assert answer.body == body | {"supportedByDefault": True, "displayName": "Offline code", "displayOrder": 7}
    assert is_supported(world.tenant, ONE_TIME_PASSWORD)
    assert AuditEntry.objects.within(world.tenant).filter(event="claim:change", target=ONE_TIME_PASSWORD, actor="admin").exists()


def test_what_is_read_can_be_sent_back_as_it_is(admin: Rest) -> None:
    for row in admin.get(LOCAL).body:
        answer = admin.put(f"{LOCAL}/{row['id']}", row)
        assert (answer.status, answer.body) == (200, row)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"regEx": ".*"}, "regEx"), ({"required": True}, "required"), ({"readOnly": True}, "readOnly"),
        ({"claimURI": "http://wso2.org/claims/other"}, "claimURI"),
        ({"attributeMapping": [{"mappedAttribute": "other", "userstore": "PRIMARY"}]}, "attributeMapping"),
        ({"attributeMapping": [{"mappedAttribute": "oneTimePassword", "userstore": "ACME"}]}, "attributeMapping"),
        ({"displayName": ""}, "displayName"), ({"displayName": "x" * 101}, "displayName"), ({"displayOrder": -1}, "displayOrder"),
        ({"description": "x" * 301}, "description"), ({"supportedByDefault": "yes"}, "supportedByDefault"),
        ({"displayOrder": 2**70}, "displayOrder"), ({"displayOrder": 1.5}, "displayOrder"),
    ],
)
def test_a_part_that_cannot_be_changed_is_refused_by_name(world: World, admin: Rest, changed: dict[str, Any], field: str) -> None:
    before = admin.get(CODE).body
    assert field in admin.put(CODE, before | changed).problem(400)["description"]
    assert admin.get(CODE).body == before


@pytest.mark.parametrize("claim", ["bm90aGluZw", "not base64!", "aHR0cDovL3dzbzIub3JnL2NsYWltcy9ub3RoaW5n"])
def test_an_unknown_claim_is_wso2s_50019(admin: Rest, claim: str) -> None:
    assert admin.get(f"{LOCAL}/{claim}").problem(404)["code"] == "CMT-50019"
    assert admin.put(f"{LOCAL}/{claim}", {}).problem(404)["code"] == "CMT-50019"


@pytest.mark.parametrize(("query", "code"), [("limit=1", "CMT-50022"), ("filter=x", "CMT-50023"), ("sort=x", "CMT-50024")])
def test_paging_and_filters_are_refused_rather_than_ignored(admin: Rest, query: str, code: str) -> None:
    assert admin.get(f"{LOCAL}?{query}").problem(501)["code"] == code


def test_reading_and_changing_need_a_scope_each(world: World) -> None:
    reader, writer = holder(world, CLAIM_VIEW), holder(world, CLAIM_UPDATE)
    assert (reader.get(EMAIL).status, writer.get(EMAIL).status) == (200, 403)
    assert (reader.put(EMAIL, {}).status, writer.put(EMAIL, {}).status) == (403, 200)


def test_a_change_stays_in_its_tenant(world: World) -> None:
    other = other_world(world)
    administrator().put(CODE, {"supportedByDefault": True})
    assert not is_supported(other.tenant, ONE_TIME_PASSWORD)
