"""The governance API: WSO2's ids and bodies read and change what is in force, and leave a trace."""

from __future__ import annotations

import base64

import pytest

from housekey.core import properties as p
from housekey.core.connectors import CATEGORIES, CONNECTORS
from housekey.core.principal import GOVERNANCE_UPDATE, GOVERNANCE_VIEW, LOGIN
from housekey.operations import policies
from housekey.store.models import AuditEntry
from tests.doors.api.support import Rest, administrator, holder
from tests.doors.scim.support import basic
from tests.operations.support import World, other_world

ROOT = "/api/server/v1/identity-governance"
ONBOARDING = f"{ROOT}/VXNlciBPbmJvYXJkaW5n"
INVITE = f"{ONBOARDING}/connectors/dXNlci1lbWFpbC12ZXJpZmljYXRpb24"
ACCOUNTS = f"{ROOT}/QWNjb3VudCBNYW5hZ2VtZW50"
RESET = f"{ACCOUNTS}/connectors/YWRtaW4tZm9yY2VkLXBhc3N3b3JkLXJlc2V0"
PREFERENCES = f"{ROOT}/preferences"


def update(*properties: tuple[str, object]) -> dict[str, object]:
    return {"operation": "UPDATE", "properties": [{"name": name, "value": value} for name, value in properties]}


def in_force(world: World, name: str) -> str:
    return policies.effective(world.house, world.tenant).text(name)


@pytest.fixture
def admin(world: World) -> Rest:
    return administrator()


def test_every_setting_stands_in_exactly_one_connector() -> None:
    names = [item.name for connector in CONNECTORS for item in connector.items]
    assert sorted(names) == sorted(p.BY_NAME)


def test_the_categories_carry_the_ids_that_clients_have_written_down(admin: Rest) -> None:
    answer = admin.get(f"{ROOT}/")
    assert answer.status == 200
    assert [(row["id"], row["name"]) for row in answer.body] == [
        ("VXNlciBPbmJvYXJkaW5n", "User Onboarding"), ("QWNjb3VudCBNYW5hZ2VtZW50", "Account Management"),
        ("UGFzc3dvcmQgUG9saWNpZXM", "Password Policies"), ("T3RoZXIgU2V0dGluZ3M", "Other Settings"),
    ]
    assert answer.body[0]["self"] == ONBOARDING
    assert answer.body[0]["connectors"] == [{"id": "dXNlci1lbWFpbC12ZXJpZmljYXRpb24", "self": INVITE}]


def test_links_of_an_answer_keep_the_tenant_of_the_address(world: World) -> None:
    rows = administrator("/t/carbon.super").get(ROOT).body
    assert rows[0]["self"] == f"/t/carbon.super{ONBOARDING}"


def test_ids_are_base64url_of_the_name_without_padding() -> None:
    for category in CATEGORIES:
        assert base64.urlsafe_b64decode(category.id + "==").decode() == category.name
        assert "=" not in category.id + "".join(item.id for item in category.connectors)


def test_a_connector_is_shown_in_wso2s_order_and_words(admin: Rest) -> None:
    body = admin.get(INVITE).body
    assert {name: body[name] for name in ("name", "category", "friendlyName", "order", "subCategory")} == {
        "name": "user-email-verification", "category": "User Onboarding", "friendlyName": "Ask Password", "order": 0,
        "subCategory": "DEFAULT",
    }
    assert [item["name"] for item in body["properties"]][:4] == [
        "EmailVerification.Enable", "EmailVerification.OTP.SendOTPInEmail", "EmailVerification.AskPassword.EmailOTP",
        "EmailVerification.AskPassword.SMSOTP",
    ]
    first = body["properties"][0]
    assert first["displayName"] == "Enable user email verification"
    assert first["meta"] == {"type": "boolean", "regex": "", "groupID": ""}
    assert all(isinstance(item["value"], str) and item["description"] for item in body["properties"])


def test_a_category_and_its_list_show_the_same_connectors(admin: Rest) -> None:
    assert admin.get(ACCOUNTS).body == {"name": "Account Management", "connectors": admin.get(f"{ACCOUNTS}/connectors").body}
    assert admin.get(f"{ACCOUNTS}/connectors").body[0] == admin.get(RESET).body


def test_the_printed_patch_changes_what_is_in_force_and_leaves_a_trace(world: World, admin: Rest) -> None:
    answer = admin.patch(INVITE, update(("EmailVerification.Enable", "false")))
    assert (answer.status, answer.text) == (200, "")
    assert in_force(world, p.ENABLE) == "false"
    assert {item["name"]: item["value"] for item in admin.get(INVITE).body["properties"]}[p.ENABLE] == "false"
    entry = AuditEntry.objects.within(world.tenant).filter(event="setting:change").get()
    assert (entry.actor, entry.target) == ("admin", p.ENABLE)


@pytest.mark.parametrize(("sent", "stored"), [(True, "true"), (2880, "2880"), (2880.0, "2880"), ("-1", "-1")])
def test_booleans_and_numbers_of_json_are_taken_as_the_texts_they_stand_for(world: World, admin: Rest, sent: object, stored: str) -> None:
    name = p.INVITE_EMAIL_OTP if sent is True else p.INVITE_EXPIRY
    assert admin.patch(INVITE, update((name, sent))).status == 200
    assert in_force(world, name) == stored


def test_several_connectors_change_together_or_not_at_all(world: World, admin: Rest) -> None:
    recovery = {"id": "YWNjb3VudC1yZWNvdmVyeQ", "properties": [{"name": p.RECOVERY_EXPIRY, "value": "60"}]}
    reset = {"id": "YWRtaW4tZm9yY2VkLXBhc3N3b3JkLXJlc2V0", "properties": [{"name": p.RESET_EXPIRY, "value": "30"}]}
    foreign = {"id": "dXNlci1lbWFpbC12ZXJpZmljYXRpb24", "properties": []}
    refused = admin.patch(f"{ACCOUNTS}/connectors", {"operation": "UPDATE", "connectors": [recovery, reset, foreign]})
    assert refused.problem(404)["code"] == "IDG-50009"
    assert in_force(world, p.RESET_EXPIRY) == "1440"
    assert admin.patch(f"{ACCOUNTS}/connectors", {"operation": "UPDATE", "connectors": [recovery, reset]}).status == 200
    assert (in_force(world, p.RESET_EXPIRY), in_force(world, p.RECOVERY_EXPIRY)) == ("30", "60")


def test_revert_brings_back_what_the_file_says(world: World, admin: Rest) -> None:
    admin.patch(INVITE, update((p.INVITE_EXPIRY, "5"), (p.LOCK, "false")))
    address = f"{ONBOARDING}/connectors/revert?connectorId=dXNlci1lbWFpbC12ZXJpZmljYXRpb24"
    answer = admin.post(address, {"properties": [p.INVITE_EXPIRY]})
    assert (answer.status, answer.text) == (200, "")
    policy = policies.effective(world.house, world.tenant)
    assert (policy.items[p.INVITE_EXPIRY].stored, policy.items[p.LOCK].stored) == (False, True)
    assert AuditEntry.objects.within(world.tenant).filter(event="setting:revert", target=p.INVITE_EXPIRY).exists()


@pytest.mark.parametrize("query", ["", "?connectorId=", "?connector=x"])
def test_revert_needs_the_connector(admin: Rest, query: str) -> None:
    assert "connectorId" in admin.post(f"{ONBOARDING}/connectors/revert{query}", {"properties": []}).problem(400)["description"]


def test_revert_knows_only_connectors_and_properties_of_that_category(world: World, admin: Rest) -> None:
    elsewhere = admin.post(f"{ACCOUNTS}/connectors/revert?connectorId=dXNlci1lbWFpbC12ZXJpZmljYXRpb24", {"properties": []})
    assert elsewhere.problem(404)["code"] == "IDG-50009"
    mixed = admin.post(f"{ONBOARDING}/connectors/revert?connectorId=dXNlci1lbWFpbC12ZXJpZmljYXRpb24", {"properties": [p.RESET_EXPIRY]})
    assert mixed.problem(400)["code"] == "IDG-50012"


def test_preferences_answer_the_properties_asked_for_or_all(admin: Rest) -> None:
    asked = [{"connector-name": "admin-forced-password-reset", "properties": [p.RESET_LINK, p.RESET_EXPIRY]},
             {"connector-name": "passwordExpiry"}]
    assert admin.post(PREFERENCES, asked).body == [
        {"connector-name": "admin-forced-password-reset",
         "properties": [{"name": p.RESET_LINK, "value": "true"}, {"name": p.RESET_EXPIRY, "value": "1440"}]},
        {"connector-name": "passwordExpiry", "properties": [{"name": p.AGE, "value": "false"}, {"name": p.AGE_DAYS, "value": "90"}]},
    ]


def test_preferences_are_for_everyone_who_may_sign_in(world: World) -> None:
    world.add("jane")
    assert Rest(basic("jane", "correct horse battery staple")).post(PREFERENCES, []).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "word"),
    [
        ("GET", f"{ROOT}/bm90aGluZw", b"", 404, "IDG-50008", "bm90aGluZw"),
        ("GET", f"{ROOT}/bm90aGluZw/connectors", b"", 404, "IDG-50008", "category"),
        ("GET", f"{ROOT}/%00/connectors", b"", 404, 404, "nothing"),
        ("GET", f"{ONBOARDING}/connectors/bm90aGluZw", b"", 404, "IDG-50009", "connector"),
        ("GET", f"{ONBOARDING}/connectors/YWNjb3VudC1yZWNvdmVyeQ", b"", 404, "IDG-50009", "connector"),
        ("PATCH", INVITE, update(("EmailVerification.Enabled", "true")), 400, "IDG-50012", "EmailVerification.Enabled"),
        ("PATCH", INVITE, update((p.RESET_EXPIRY, "5")), 400, "IDG-50012", p.RESET_EXPIRY),
        ("PATCH", INVITE, update((p.INVITE_EXPIRY, "soon")), 400, "IDG-50013", p.INVITE_EXPIRY),
        ("PATCH", INVITE, update((p.INVITE_EXPIRY, 1.5)), 400, "IDG-50013", "whole number"),
        ("PATCH", INVITE, update((p.ENABLE, "perhaps")), 400, "IDG-50013", "true or false"),
        ("PATCH", RESET, update((p.RESET_EMAIL_OTP, "true"), (p.RESET_OFFLINE, "true")), 400, "IDG-50013", "only one"),
        ("PATCH", INVITE, {"operation": "DELETE", "properties": []}, 400, 400, "operation"),
        ("PATCH", INVITE, {"operation": "UPDATE"}, 400, 400, "properties is missing"),
        ("PATCH", INVITE, {"properties": [{"name": p.ENABLE}]}, 400, 400, "properties[0].value is missing"),
        ("PATCH", INVITE, {"properties": [{"name": p.ENABLE, "value": ["true"]}]}, 400, 400, "properties[0].value"),
        ("POST", PREFERENCES, [{"connector-name": "nothing"}], 400, "IDG-50011", "nothing"),
        ("POST", PREFERENCES, [{"connector-name": "passwordExpiry", "properties": ["x"]}], 400, "IDG-50012", "x"),
        ("POST", PREFERENCES, {"connector-name": "passwordExpiry"}, 400, 400, "a list"),
        ("GET", f"{ROOT}?limit=5", b"", 501, "IDG-50010", "limit"),
        ("GET", f"{ROOT}?offset=5", b"", 501, "IDG-50010", "offset"),
        ("GET", f"{ONBOARDING}/connectors?filter=x", b"", 501, "IDG-50010", "filter"),
        ("GET", f"{ONBOARDING}?sort=x", b"", 501, "IDG-50010", "sort"),
    ],
)
def test_what_is_wrong_is_said_with_wso2s_code(
    world: World, admin: Rest, method: str, path: str, body: object, status: int, code: object, word: str
) -> None:
    before = policies.effective(world.house, world.tenant)
    problem = admin.send(method, path, body).problem(status)
    assert problem["code"] == code
    assert word in problem["description"]
    assert policies.effective(world.house, world.tenant) == before


def test_another_tenants_settings_stay_as_they_are(world: World) -> None:
    other = other_world(world)
    assert holder(world, GOVERNANCE_UPDATE).patch(INVITE, update((p.INVITE_EXPIRY, "5"))).status == 200
    assert in_force(other, p.INVITE_EXPIRY) == "1440"
    assert holder(other, GOVERNANCE_VIEW, prefix=f"/t/{other.tenant.domain}").get(INVITE).status == 200


@pytest.mark.parametrize(("scope", "view", "change", "preferences"),
                         [(GOVERNANCE_VIEW, 200, 403, 403), (GOVERNANCE_UPDATE, 403, 200, 403), (LOGIN, 403, 403, 200)])
def test_each_scope_opens_its_own_part(world: World, scope: str, view: int, change: int, preferences: int) -> None:
    rest = holder(world, scope)
    assert rest.get(INVITE).status == view
    assert rest.patch(INVITE, update((p.INVITE_EXPIRY, "5"))).status == change
    assert rest.post(PREFERENCES, []).status == preferences
