"""The write-only triggers over SCIM: forced resets in every name and shape, verifyEmail, one-off invitations, codes for other systems."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from housekey.core.errors import WrongCredentials
from housekey.core.principal import OFFLINE_INVITE
from housekey.core.properties import INTERNAL, INVITE_EMAIL_OTP, RESET_LINK, RESET_OFFLINE
from housekey.operations import claims, recovery, roles, users
from tests.doors.scim.support import ENTERPRISE, HOUSEKEY, WSO2, Scim, invited, person
from tests.operations.support import PASSWORD, World, code_in, counts

NAMES = ("forcePasswordReset", "adminForcedPasswordReset")
CLAIM = "http://wso2.org/claims/oneTimePassword"


@pytest.fixture
def tom(scim: Scim) -> str:
    return str(scim.create(person("tom", password=PASSWORD)).body["id"])


def shapes(name: str, value: object) -> list[dict[str, Any]]:
    """Every shape in which clients ask (spec section 6, reference 4B.2)."""
    objects = [{"op": op, "value": {urn: {name: value}}} for op in ("add", "replace") for urn in (ENTERPRISE, WSO2, "EnterpriseUser")]
    paths = [{"op": "replace", "path": f"{urn}:{name}", "value": value} for urn in (ENTERPRISE, WSO2, "EnterpriseUser")]
    return objects + paths


@pytest.mark.parametrize("operation", [shape for name in NAMES for value in (True, "true", "TRUE") for shape in shapes(name, value)],
                         ids=lambda shape: str(shape)[:110])
def test_a_reset_is_forced_in_every_name_and_shape(world: World, scim: Scim, tom: str, operation: dict[str, Any]) -> None:
    answer = scim.patch(tom, operation)
    assert answer.status == 200, answer.text
    assert answer.state == {"accountState": "PENDING_FUPR", "accountLocked": True,
                            "lockedReason": "PENDING_ADMIN_FORCED_USER_PASSWORD_RESET"}
    assert not any(name in answer.text for name in NAMES)
    with pytest.raises(WrongCredentials):
        world.sign_in("tom")


@pytest.mark.parametrize("value", [False, "false"])
def test_false_forces_nothing(world: World, scim: Scim, tom: str, value: object) -> None:
    assert scim.patch(tom, {"op": "replace", "path": f"{WSO2}:forcePasswordReset", "value": value}).status == 200
    assert world.sign_in("tom")


def test_a_reset_that_cannot_be_is_refused_by_name_and_changes_nothing(world: World, scim: Scim, tom: str) -> None:
    world.set(**{RESET_LINK: False})
    before = counts()
    refused = scim.patch(tom, shapes("forcePasswordReset", True)[0])
    assert (refused.status, "RecoveryLink" in refused.detail) == (400, True)
    assert counts() == before
    assert world.sign_in("tom")


def test_other_attributes_of_the_same_request_are_kept(scim: Scim, tom: str) -> None:
    answer = scim.patch(tom, {"op": "replace", "value": {"nickName": "T", WSO2: {"forcePasswordReset": True, "accountLocked": False}}})
    assert (answer.body["nickName"], answer.state["accountState"]) == ("T", "PENDING_FUPR")


def test_activating_ends_no_pending_state(scim: Scim, tom: str) -> None:
    """Decisions, SCIM while pending."""
    scim.patch(tom, shapes("forcePasswordReset", True)[0])
    for value in ({"active": True}, {WSO2: {"accountLocked": False}}):
        assert scim.patch(tom, {"op": "replace", "value": value}).state["accountState"] == "PENDING_FUPR"


def test_a_new_user_is_not_reset(scim: Scim) -> None:
    refused = scim.create(person(extension={WSO2: {"forcePasswordReset": True}}))
    assert (refused.status, "askPassword" in refused.detail) == (400, True)


def test_without_the_extension_no_trigger_is_taken(world: World, scim: Scim, tom: str, settings: Any) -> None:
    settings.HOUSE = world.configured(scim2=replace(world.house.config.scim2, enable_schema_extension=False))
    refused = scim.patch(tom, shapes("forcePasswordReset", True)[0])
    assert (refused.status, "enable_schema_extension" in refused.detail) == (400, True)


def test_the_offline_code_is_read_by_name_only_with_the_claim_and_the_permission(world: World, scim: Scim, tom: str) -> None:
    """Decisions, At rest."""
    world.set(**{RESET_OFFLINE: True})
    scim.patch(tom, shapes("forcePasswordReset", True)[0])
    asked = f"/{tom}?attributes=userName,{WSO2}:oneTimePassword"
    assert "oneTimePassword" not in scim.send("GET", asked).text
    claims.update(world.by, CLAIM, supported_by_default=True, now=world.now)
    assert scim.send("GET", asked).state["oneTimePassword"] == world.otp("tom")
    assert "oneTimePassword" not in scim.get(tom).text
    reader = world.add("reader", mail="reader@example.com")
    wanted = sorted({*world.by.permissions} - {OFFLINE_INVITE, "internal_housekey_server"})
    roles.add(world.by, "nearly everything", wanted, world.now)
    roles.grant(world.by, reader.id, "nearly everything", world.now)
    answer = Scim("reader", PASSWORD).send("GET", asked)
    assert answer.status == 200
    assert "oneTimePassword" not in answer.text


def test_verify_email_keeps_the_password_and_waits(world: World, scim: Scim) -> None:
    created = scim.create(person("eve", password=PASSWORD, extension={WSO2: {"verifyEmail": "true"}}))
    assert created.state == {"accountState": "PENDING_EV", "accountLocked": True, "lockedReason": "PENDING_EMAIL_VERIFICATION"}
    refused = scim.patch(created.body["id"], {"op": "replace", "path": f"{WSO2}:verifyEmail", "value": True})
    assert refused.status == 400


def test_one_invitation_may_go_another_way_and_live_shorter(world: World, scim: Scim) -> None:
    special = {HOUSEKEY: {"invitation": {"method": "EMAIL_OTP", "expiryTime": 5, "locale": "de"}}}
    created = scim.create(invited("alex") | special)
    assert created.status == 201
    row = world.live_code("alex")
    assert (row.scenario, row.minutes, row.locale) == ("ASK_PASSWORD_VIA_EMAIL_OTP", 5, "de")
    assert world.otp("alex") not in created.text


def test_a_link_asked_back_is_in_the_answer_once(world: World, scim: Scim) -> None:
    created = scim.create(invited("alex", emails=[]) | {HOUSEKEY: {"invitation": {"returnLink": True}}})
    code = code_in(created.body[HOUSEKEY]["invitation"]["link"])
    assert recovery.open_link(world.house, world.tenant, code, world.now)
    assert "confirmation" not in scim.get(created.body["id"]).text


@pytest.mark.parametrize("flag", [True, "true"])
def test_where_another_system_delivers_the_code_is_in_wso2s_header(world: World, scim: Scim, flag: object) -> None:
    """Reference 3.2: WSO2 sends it for the text only; both are meant."""
    world.set(**{INTERNAL: False, INVITE_EMAIL_OTP: True})
    created = scim.create(person("alex") | {ENTERPRISE: {"askPassword": flag}})
    assert world.opened("alex", created.headers["Ask-Password-Confirmation-Code"])
    assert world.mails() == []
    assert users.by_name(world.by, "alex").code == ""
