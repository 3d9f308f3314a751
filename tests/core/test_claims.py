"""The table of claims, what they say about a user, and what writing them does to a profile."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from housekey.core import claims
from housekey.core.account import Standing
from housekey.core.attributes import ENTERPRISE_URN
from housekey.core.claims import CLAIMS, DIALECT, EMAIL, IDENTITY, MOBILE, TELEPHONE, value_of, with_claims
from housekey.core.errors import Invalid
from housekey.core.names import UserName
from housekey.core.users import Email, Profile, User

THEN = datetime(2024, 2, 29, 12, 0, tzinfo=UTC)


def user(profile: Profile, **more: object) -> User:
    return User(uuid4(), UserName("PRIMARY", "tom"), profile, Standing(has_password=True), THEN, THEN, **more)  # type: ignore[arg-type] # any part


def test_the_table_is_sound() -> None:
    assert len({claim.uri for claim in CLAIMS}) == len(CLAIMS)
    assert all(claim.display_name and claim.description and claim.attribute for claim in CLAIMS)
    assert all(claim.uri.startswith(IDENTITY) == claim.identity for claim in CLAIMS if claim.uri != claims.ONE_TIME_PASSWORD)
    orders = [claim.display_order for claim in CLAIMS if claim.supported_by_default]
    assert len(set(orders)) == len(orders)
    assert not claims.definition(claims.ONE_TIME_PASSWORD).supported_by_default
    assert claims.definition(f"{DIALECT}/lastname").display_name == "Last Name"


def test_what_can_be_written_can_be_read_back() -> None:
    writable = [claim.uri for claim in CLAIMS if not claim.identity and not claim.read_only]
    for uri in writable:
        value = "tom@example.com" if uri == EMAIL else "de-DE"
        profile = with_claims(Profile(), {uri: value})
        assert value_of(user(profile), uri) == value, uri
        assert with_claims(profile, {uri: ""}) == Profile(), uri
        assert with_claims(profile, {uri: value}) == profile, uri


@pytest.mark.parametrize("uri", [claim.uri for claim in CLAIMS if claim.identity or claim.read_only] + ["urn:x", ""])
def test_nothing_else_becomes_part_of_a_profile(uri: str) -> None:
    with pytest.raises(Invalid):
        with_claims(Profile(), {uri: "true"})


def test_the_address_that_mail_goes_to_is_replaced_and_the_others_stay() -> None:
    before = Profile(emails=(Email("home@x.example", "home"), Email("work@x.example", "work", primary=True)))
    after = with_claims(before, {EMAIL: "new@x.example"})
    assert after.emails == (Email("new@x.example", "work", primary=True), Email("home@x.example", "home"))
    assert with_claims(before, {EMAIL: "home@x.example"}).mail == "home@x.example"
    assert with_claims(before, {EMAIL: ""}).mail == ""


def test_a_number_of_one_type_leaves_the_other_types_alone() -> None:
    before = Profile(more={"phoneNumbers": [{"value": "1", "type": "Work", "display": "desk"}, {"value": "2", "type": "home"}]})
    after = with_claims(before, {MOBILE: "+491511", TELEPHONE: "3"})
    assert after.more["phoneNumbers"] == [{"value": "3", "type": "Work", "display": "desk"}, {"type": "mobile", "value": "+491511"},
                                          {"value": "2", "type": "home"}]
    assert (after.mobile, value_of(user(after), TELEPHONE)) == ("+491511", "3")
    assert with_claims(after, {MOBILE: ""}).mobile == ""


def test_the_rest_of_the_enterprise_attributes_stays() -> None:
    before = Profile(more={ENTERPRISE_URN: {"costCenter": "7", "department": "A"}})
    assert with_claims(before, {f"{DIALECT}/department": "B"}).more[ENTERPRISE_URN] == {"costCenter": "7", "department": "B"}
    assert with_claims(before, {f"{DIALECT}/department": ""}).more[ENTERPRISE_URN] == {"costCenter": "7"}


def test_a_claim_tells_the_state_of_the_account() -> None:
    tom = user(Profile("Tom", "Weber"), email_verified=True, roles=("admin", "clerks"))
    assert value_of(tom, f"{DIALECT}/fullname") == "Tom Weber"
    assert value_of(tom, f"{DIALECT}/role") == "admin,clerks"
    assert value_of(tom, claims.ACCOUNT_STATE) == "UNLOCKED"
    assert (value_of(tom, claims.ACCOUNT_LOCKED), value_of(tom, claims.EMAIL_VERIFIED)) == ("false", "true")
    assert value_of(tom, f"{DIALECT}/created") == "2024-02-29T12:00:00Z"
    assert value_of(tom, claims.ONE_TIME_PASSWORD) == value_of(tom, "urn:x") == ""


@pytest.mark.parametrize(("uri", "value"), [(f"{DIALECT}/title", "x" * 1001), (claims.LOCALE, "x" * 36), (claims.GIVEN_NAME, "a\0b"),
                                            (claims.GIVEN_NAME, "\ud800")])
def test_a_text_that_cannot_be_kept_is_refused_by_name(uri: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        with_claims(Profile(), {uri: value})
    assert refused.value.field == uri
