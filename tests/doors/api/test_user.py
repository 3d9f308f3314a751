"""The user API: messages sent again by the printed command, addresses confirmed, codes looked into."""

from __future__ import annotations

import json
import re
import shlex
from datetime import timedelta
from typing import Any

import pytest

from housekey.core.names import UserName
from housekey.core.principal import CODE_CREATE, CODE_VIEW, OFFLINE_INVITE
from housekey.core.properties import CONFIRM_BY_OTP, ENABLE, INTERNAL, INVITE_EMAIL_OTP, INVITE_EXPIRY, RESET_EMAIL_OTP, RESET_LINK
from housekey.core.users import Email, NewUser, Profile, User
from housekey.operations import codes, onboarding, resets, users
from housekey.store.models import Code, Message
from tests.doors.api.support import Answer, Rest, holder
from tests.doors.pages.support import Browser
from tests.doors.scim.support import GOLDEN
from tests.operations.support import PASSWORD, World, code_in, link_in, other_world

RESEND = "/api/identity/user/v1.0/resend-code"
VALIDATE = "/api/identity/user/v1.0/validate-code"
INTROSPECT = "/api/identity/user/v1.0/introspect-code"
NOTHING = "User recovery data is not found. Please re-initiate the recovery flow."


def asked(username: str = "alex", realm: str | None = "PRIMARY", scenario: str | None = "ASK_PASSWORD", **more: str) -> dict[str, Any]:
    """`more`: further properties."""
    properties = [{"key": key, "value": value} for key, value in ({"RecoveryScenario": scenario} | more).items() if value is not None]
    return {"user": {"username": username} | ({"realm": realm} if realm is not None else {}), "properties": properties}


def printed(rest: Rest) -> Answer:
    """The command as the guide prints it, with host and token filled in."""
    words = shlex.split((GOLDEN / "wso2-resend-code.curl").read_text(encoding="utf-8").replace("\\\n", " "))
    assert words[:3] == ["curl", "-X", "POST"]
    headers = dict(words[number + 1].split(": ", 1) for number, word in enumerate(words) if word == "-H")
    assert headers["Authorization"] == "Bearer <access_token>"
    path = re.sub(r"^https://{{.*?}}", "", words[3])
    return rest.send("POST", path, words[words.index("-d") + 1].encode(), content_type=headers["Content-Type"])


def kinds(world: World, recipient: str = "alex@example.com") -> list[str]:
    return list(Message.objects.within(world.tenant).filter(recipient=recipient).order_by("created").values_list("kind", flat=True))


@pytest.fixture
def rest(world: World) -> Rest:
    """A program that may send messages again, and nothing else."""
    return holder(world, CODE_CREATE)


@pytest.fixture
def alex(world: World) -> User:
    return world.invite("alex", "alex@example.com")


def nothing_pending(answer: Answer) -> None:
    problem = answer.problem(400)
    assert (problem["code"], problem["message"], problem["description"]) == (None, NOTHING, None)


# --- resend-code ----------------------------------------------------------------------------------------------------


def test_the_printed_command_sends_the_invitation_again_and_the_old_link_says_so(
    world: World, rest: Rest, alex: User, guest: Browser
) -> None:
    old = world.mails()[-1]
    answer = printed(rest)
    assert (answer.status, answer.text) == (201, "")
    new = world.mails()[-1]
    assert new["To"] == "alex@example.com"
    assert link_in(new) != link_in(old)
    assert kinds(world) == ["AskPassword", "resendAskPassword"]
    guest.get(re.sub(r"^https?://[^/]+", "", link_in(old)))
    assert guest.status == 410
    assert "A newer message was sent." in guest.page
    world.redeem(code_in(link_in(new)))
    assert world.sign_in("alex")


@pytest.mark.parametrize("scenario", ["ASK_PASSWORD", "ASK_PASSWORD_VIA_EMAIL_OTP", "ADMIN_FORCED_PASSWORD_RESET_VIA_OTP"])
@pytest.mark.parametrize("realm", ["PRIMARY", "primary", " Primary ", "", None])
def test_any_scenario_of_the_family_and_any_spelling_of_the_user_store_will_do(
    world: World, rest: Rest, alex: User, scenario: str, realm: str | None
) -> None:
    assert rest.post(RESEND, asked("ALEX", realm, scenario)).status == 201
    assert kinds(world) == ["AskPassword", "resendAskPassword"]


def test_a_pending_reset_is_sent_again_by_the_way_it_went(world: World, rest: Rest) -> None:
    user = world.add("alex", mail="alex@example.com")
    world.set(**{RESET_LINK: False, RESET_EMAIL_OTP: True})
    resets.force(world.house, world.by, user.id, world.now)
    old = world.otp("alex")
    assert rest.post(RESEND, asked(scenario="ADMIN_FORCED_PASSWORD_RESET_VIA_OTP")).status == 201
    assert kinds(world) == ["AdminForcedPasswordResetWithOTP", "resendAdminForcedPasswordResetWithOTP"]
    assert world.otp("alex") != old


def test_the_userid_stands_for_the_name(world: World, rest: Rest, alex: User) -> None:
    body = asked()
    body["user"] = {"userId": str(alex.id)}
    assert rest.post(RESEND, body).status == 201
    assert len(kinds(world)) == 2
    for unknown in ("00000000-0000-0000-0000-000000000000", "x"):
        body["user"] = {"userId": unknown}
        nothing_pending(rest.post(RESEND, body))
    body = asked(scenario="EMAIL_VERIFICATION")
    body["user"] = {"userId": str(alex.id)}
    nothing_pending(rest.post(RESEND, body))


def test_one_message_may_differ_from_the_settings(world: World, rest: Rest, alex: User) -> None:
    answer = rest.post(RESEND, asked(InvitationMethod="EMAIL_OTP", ExpiryTime="-1", Locale="de"))
    assert answer.status == 201
    code = world.live_code("alex")
    assert (code.scenario, code.expires, code.locale) == ("ASK_PASSWORD_VIA_EMAIL_OTP", None, "de")
    assert kinds(world)[-1] == "AskPasswordResendEmailOTP"


@pytest.mark.parametrize(("name", "value", "word"), [
    ("InvitationMethod", "PIGEON", "InvitationMethod"), ("InvitationMethod", "OFFLINE", "InvitationMethod"),
    ("ExpiryTime", "soon", "ExpiryTime"), ("ExpiryTime", "10081", "minutes"), ("ExpiryTime", "-2", "minutes"),
    ("ExpiryTime", "9" * 900, "minutes"), ("Locale", "../etc", "locale"),
])
def test_what_cannot_be_is_refused_by_name(rest: Rest, alex: User, name: str, value: str, word: str) -> None:
    assert word in rest.post(RESEND, asked(**{name: value})).problem(400)["description"]


@pytest.mark.parametrize("username", ["PRIMARY/alex", "primary/alex", "/alex", "alex/"])
def test_a_name_with_its_user_store_is_refused_and_named(rest: Rest, alex: User, username: str) -> None:
    problem = rest.post(RESEND, asked(username)).problem(400)
    assert problem["description"].startswith(f"username: “{username}”")


def test_a_name_with_its_tenant_is_refused_and_named(world: World, rest: Rest, alex: User) -> None:
    other_world(world)
    for username in ("alex@carbon.super", "alex@acme.example"):
        assert f"“{username}” names a tenant" in rest.post(RESEND, asked(username)).problem(400)["description"]


def test_an_address_may_be_a_name(world: World, rest: Rest) -> None:
    world.invite("alex@corp.example", "alex@example.com")
    assert rest.post(RESEND, asked("alex@corp.example")).status == 201
    assert len(kinds(world)) == 2


def test_the_tenant_of_the_address_wins(world: World, alex: User) -> None:
    """A-025"""
    other = other_world(world)
    stranger = holder(other, CODE_CREATE, prefix="/t/acme.example")
    body = asked()
    body["user"]["tenant-domain"] = "carbon.super"
    nothing_pending(stranger.post(RESEND, body))
    assert len(kinds(world)) == 1


def test_another_tenant_in_the_body_is_not_silently_passed_over(world: World, rest: Rest, alex: User) -> None:
    other_world(world)
    body = asked()
    body["user"]["tenant-domain"] = "acme.example"
    assert "/t/acme.example/" in rest.post(RESEND, body).problem(400)["description"]
    body["user"]["tenant-domain"] = "Carbon.Super"
    assert rest.post(RESEND, body).status == 201


def test_nothing_pending_is_said_in_wso2s_words(world: World, rest: Rest, alex: User) -> None:
    world.add("jane", PASSWORD)
    nothing_pending(rest.post(RESEND, asked("jane")))
    nothing_pending(rest.post(RESEND, asked("nobody")))
    nothing_pending(rest.post(RESEND, asked("alex", "ELSEWHERE")))
    nothing_pending(rest.post(RESEND, asked("alex", scenario="EMAIL_VERIFICATION")))
    nothing_pending(rest.post(RESEND, asked("alex", scenario="SELF_SIGN_UP")))
    nothing_pending(rest.post(RESEND, asked("x" * 1000)))


def test_a_scenario_missing_or_given_twice_means_self_sign_up(rest: Rest, alex: User) -> None:
    nothing_pending(rest.post(RESEND, asked(scenario=None)))
    body = asked()
    body["properties"] *= 2
    nothing_pending(rest.post(RESEND, body))


def test_an_unknown_scenario_is_named(rest: Rest, alex: User) -> None:
    assert "“ASK_PASWORD”" in rest.post(RESEND, asked(scenario="ASK_PASWORD")).problem(400)["description"]


def test_the_bare_code_comes_back_where_another_system_delivers(world: World, alex: User) -> None:
    world.set(**{INTERNAL: False})
    permitted = holder(world, CODE_CREATE, OFFLINE_INVITE)
    answer = permitted.post(RESEND, asked())
    assert (answer.status, answer.headers["Content-Type"]) == (201, "text/plain; charset=utf-8")
    assert answer.text == codes.text_of(world.house, world.live_code("alex"))
    assert len(kinds(world)) == 1
    assert holder(world, CODE_CREATE).post(RESEND, asked()).problem(403)


def test_a_switched_off_feature_is_named(world: World, rest: Rest, alex: User) -> None:
    world.set(**{ENABLE: False})
    assert "enable_email_verification" in rest.post(RESEND, asked()).problem(400)["description"]


def test_sending_again_counts_as_a_new_start(world: World, rest: Rest, alex: User) -> None:
    """The life of the code begins anew, from the settings of now."""
    world.set(**{INVITE_EXPIRY: 5})
    assert rest.post(RESEND, asked()).status == 201
    code = world.live_code("alex")
    assert code.expires is not None
    assert code.expires - code.issued == timedelta(minutes=5)


# --- validate-code and introspect-code ------------------------------------------------------------------------------


def unconfirmed(world: World) -> User:
    profile = Profile(emails=(Email("alex@example.com", primary=True),))
    return users.create(world.house, world.by, NewUser(UserName("PRIMARY", "alex"), profile, PASSWORD, verify_email=True), world.now)


def test_an_address_is_confirmed_once_by_the_code_of_its_link(world: World, rest: Rest) -> None:
    """A-002"""
    user = unconfirmed(world)
    code = codes.text_of(world.house, world.live_code("alex"))
    answer = rest.post(VALIDATE, {"code": code, "verifiedChannel": {"type": "EMAIL", "claim": "x"}, "properties": []})
    assert answer.status == 202
    assert answer.body == {"username": "alex", "realm": "PRIMARY", "tenant-domain": "carbon.super", "userId": str(user.id)}
    assert users.get(world.by, user.id).email_verified
    assert world.sign_in("alex")
    problem = rest.post(VALIDATE, {"code": code}).problem(400)
    assert problem["code"] == "18001"
    assert code not in json.dumps(problem)


def test_a_typed_confirmation_needs_the_name_beside_it(world: World, rest: Rest) -> None:
    world.set(**{CONFIRM_BY_OTP: True})
    unconfirmed(world)
    code = world.otp("alex")
    assert "username" in rest.post(VALIDATE, {"code": code}).problem(400)["description"]
    named = {"code": code, "properties": [{"key": "username", "value": "alex"}, {"key": "realm", "value": "primary"}]}
    told = holder(world, CODE_VIEW).post(INTROSPECT, named)
    assert (told.status, told.body["recoveryScenario"]) == (202, "EMAIL_VERIFICATION_OTP")
    assert rest.post(VALIDATE, named).status == 202
    assert world.sign_in("alex")


def test_a_code_for_a_password_confirms_nothing(world: World, rest: Rest, alex: User) -> None:
    """A-005"""
    code = codes.text_of(world.house, world.live_code("alex"))
    assert rest.post(VALIDATE, {"code": code}).problem(400)["code"] == "18001"
    assert world.live_code("alex").spent is None


def test_any_code_can_be_looked_into_and_is_not_spent(world: World, alex: User) -> None:
    viewer, code = holder(world, CODE_VIEW), codes.text_of(world.house, world.live_code("alex"))
    for _ in range(2):
        answer = viewer.post(INTROSPECT, {"code": code, "properties": []})
        assert answer.status == 202
        assert answer.body == {
            "user": {"username": "alex", "realm": "PRIMARY", "tenant-domain": "carbon.super", "userId": str(alex.id)},
            "recoveryScenario": "ASK_PASSWORD", "recoveryStep": "UPDATE_PASSWORD",
        }
    assert (world.live_code("alex").spent, world.live_code("alex").opened) == (None, None)


def test_a_dead_code_says_what_became_of_it(world: World, alex: User) -> None:
    viewer = holder(world, CODE_VIEW)
    first = codes.text_of(world.house, world.live_code("alex"))
    onboarding.resend(world.house, world.by, alex.id, world.now)
    assert "A newer message was sent" in viewer.post(INTROSPECT, {"code": first}).problem(400)["description"]
    Code.objects.within(world.tenant).filter(id=world.live_code("alex").id).update(expires=world.now - timedelta(minutes=1))
    expired = viewer.post(INTROSPECT, {"code": codes.text_of(world.house, world.live_code("alex"))}).problem(400)
    assert (expired["code"], expired["description"][:7]) == ("18002", "Expired")
    for unknown in ("x" * 43, "x", "é" * 1000):
        assert viewer.post(INTROSPECT, {"code": unknown}).problem(400)["code"] == "18001"


def test_another_tenants_code_is_unknown(world: World, alex: User) -> None:
    """A-006"""
    code = codes.text_of(world.house, world.live_code("alex"))
    stranger = holder(other_world(world), CODE_VIEW, CODE_CREATE, prefix="/t/acme.example")
    assert stranger.post(INTROSPECT, {"code": code}).problem(400)["code"] == "18001"


def test_five_wrong_guesses_end_a_code_over_this_door_too(world: World) -> None:
    """A-030"""
    world.set(**{INVITE_EMAIL_OTP: True})
    world.invite("alex", "alex@example.com")
    right, row = world.otp("alex"), world.live_code("alex")
    letter = next(char for char in "ABCDEFGH" if char not in right)
    viewer = holder(world, CODE_VIEW)
    statuses = []
    for _ in range(8):
        answer = viewer.post(INTROSPECT, {"code": letter * 6, "properties": [{"key": "username", "value": "alex"}]})
        statuses.append(answer.status)
    assert set(statuses) <= {400, 429}
    row.refresh_from_db()
    assert row.tries <= 5
    assert row.dead_reason == "exhausted" or 429 in statuses


@pytest.mark.parametrize("body", [{}, {"user": {}}, {"user": {"username": "alex"}, "properties": [{"key": 1}]}, {"user": "alex"},
                                  {"user": {"username": "alex", "realm": "x" * 5000}}, {"user": {"username": ["alex"]}}])
def test_a_body_that_names_nobody_is_400(rest: Rest, body: dict[str, Any]) -> None:
    rest.post(RESEND, body).problem(400)
