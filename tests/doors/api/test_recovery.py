"""The recovery APIs: v0.9, by which a page sets a password with a code, and v2, which leads from the name to the new password."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from housekey.core.names import UserName, split_username
from housekey.core.principal import OFFLINE_INVITE, RECOVERY_CREATE, USER_RECOVERY
from housekey.core.properties import INVITE_EMAIL_OTP, RECOVERY, RECOVERY_EMAIL_OTP, RECOVERY_INTERNAL, RECOVERY_LINK, RECOVERY_SMS_OTP
from housekey.core.users import Changes, Email, NewUser, Profile, User
from housekey.operations import codes, flows, users
from housekey.operations.flows import Flow
from housekey.store.models import Message
from tests.doors.api.support import Answer, Rest, holder
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, counts, other_world

OLD = "/api/identity/recovery/v0.9"
NEW = "/api/users/v2/recovery/password"
USERNAME = "http://wso2.org/claims/username"
JANE = {"username": "jane", "realm": "PRIMARY", "tenant-domain": "carbon.super"}


def code_of(world: World, name: str = "jane") -> str:
    return codes.text_of(world.house, world.live_code(name))


def sent(world: World) -> list[str]:
    return list(Message.objects.within(world.tenant).order_by("created").values_list("kind", flat=True))


def named(username: str = "jane", realm: str = "PRIMARY") -> list[dict[str, str]]:
    return [{"key": "username", "value": username}, {"key": "realm", "value": realm}]


def wrong(code: str) -> str:
    return code[:-1] + ("A" if code[-1] != "A" else "B")


# --- v0.9 -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def site(world: World) -> Rest:
    """A page that speaks v0.9, and may do nothing else."""
    return holder(world, RECOVERY_CREATE)


@pytest.fixture
def invited(world: World) -> User:
    return world.invite("jane")


def test_a_page_looks_at_a_code_and_sets_the_password_with_it(world: World, site: Rest, invited: User) -> None:
    code = code_of(world)
    for step in ({"step": "UPDATE_PASSWORD"}, {"step": ""}, {}):
        answer = site.post(f"{OLD}/validate-code", {"code": code, "properties": [], **step})
        assert (answer.status, answer.body) == (202, JANE | {"userId": str(invited.id)})
    assert world.live_code("jane").spent is None
    body = {"key": code, "password": PASSWORD, "properties": [{"key": "callback", "value": "https://evil.example/"}]}
    answer = site.post(f"{OLD}/set-password", body)
    assert (answer.status, answer.body) == (200, JANE | {"userId": str(invited.id)})
    assert world.sign_in("jane")


def test_a_code_sets_one_password(world: World, site: Rest, invited: User) -> None:
    """A-002"""
    body = {"key": code_of(world), "password": PASSWORD, "properties": []}
    assert site.post(f"{OLD}/set-password", body).status == 200
    problem = site.post(f"{OLD}/set-password", body | {"password": OTHER_PASSWORD}).problem(400)
    assert (problem["code"], problem["message"]) == ("18001", "Bad Request")
    assert world.sign_in("jane")


def test_a_password_that_breaks_rules_spends_nothing(world: World, site: Rest, invited: User) -> None:
    body = {"key": code_of(world), "password": "short"}
    problem = site.post(f"{OLD}/set-password", body).problem(400)
    assert problem["code"] == "20035"
    assert "At least 8 characters" in problem["description"]
    for hostile in ("", "x" * 5_000):
        assert site.post(f"{OLD}/set-password", body | {"password": hostile}).problem(400)["code"] == "20035"
    assert site.post(f"{OLD}/set-password", body | {"password": PASSWORD}).status == 200


def test_a_typed_code_needs_the_name_beside_it(world: World, site: Rest) -> None:
    world.set(**{INVITE_EMAIL_OTP: True})
    world.invite("jane")
    code = world.otp()
    assert site.post(f"{OLD}/validate-code", {"code": code}).problem(400)["code"] == "18001"
    assert site.post(f"{OLD}/validate-code", {"code": code, "properties": named("nobody")}).problem(400)["code"] == "18001"
    assert site.post(f"{OLD}/validate-code", {"code": wrong(code), "properties": named()}).problem(400)["code"] == "18001"
    assert site.post(f"{OLD}/validate-code", {"code": code, "step": "SET_PASSWORD", "properties": named("jane", "primary")}).status == 202
    assert site.post(f"{OLD}/set-password", {"key": code, "password": PASSWORD, "properties": named()}).status == 200
    assert world.sign_in("jane")


def test_expired_is_told_apart(world: World, site: Rest, invited: User) -> None:
    row = world.live_code("jane")
    row.expires = world.now - timedelta(seconds=1)
    row.save(update_fields=["expires"])
    assert site.post(f"{OLD}/validate-code", {"code": code_of(world)}).problem(400)["code"] == "18002"
    assert site.post(f"{OLD}/set-password", {"key": code_of(world), "password": PASSWORD}).problem(400)["code"] == "18002"


def test_a_step_that_is_none_is_refused(site: Rest, world: World, invited: User) -> None:
    assert "step" in site.post(f"{OLD}/validate-code", {"code": code_of(world), "step": "NOTIFY"}).problem(400)["description"]


def test_another_tenants_code_is_unknown(world: World, invited: User) -> None:
    """A-006"""
    stranger = holder(other_world(world), RECOVERY_CREATE, prefix="/t/acme.example")
    assert stranger.post(f"{OLD}/set-password", {"key": code_of(world), "password": PASSWORD}).problem(400)["code"] == "18001"


def test_a_page_starts_a_recovery_and_learns_nothing(world: World, site: Rest) -> None:
    """A-050"""
    world.add("jane")
    answers = [site.post(f"{OLD}/recover-password?type=email&notify=true", {"user": {"username": name}}) for name in ("jane", "nobody")]
    assert [(answer.status, answer.text) for answer in answers] == [(202, ""), (202, "")]
    assert dict(answers[0].headers) == dict(answers[1].headers)
    assert sent(world) == ["PasswordReset"]
    assert site.post(f"{OLD}/set-password", {"key": code_of(world), "password": OTHER_PASSWORD}).status == 200
    assert world.sign_in("jane", OTHER_PASSWORD)


def test_recovery_that_is_off_is_20017(world: World, site: Rest) -> None:
    world.set(**{RECOVERY: False})
    for query in ("", "?type=email"):
        assert site.post(f"{OLD}/recover-password{query}", {"user": {"username": "jane"}}).problem(400)["code"] == "20017"


@pytest.mark.parametrize("query", ["?type=sms", "?type=pigeon", "?notify=false"])
def test_a_way_that_is_not_offered_is_refused(world: World, site: Rest, query: str) -> None:
    problem = site.post(f"{OLD}/recover-password{query}", {"user": {"username": "jane"}}).problem(400)
    assert query[1:].partition("=")[0] in problem["description"]


@pytest.mark.parametrize("by_otp", [False, True])
def test_the_bare_code_comes_back_where_another_system_delivers(world: World, site: Rest, by_otp: bool) -> None:
    world.add("jane")
    world.set(**{RECOVERY_INTERNAL: False, RECOVERY_LINK: not by_otp, RECOVERY_EMAIL_OTP: by_otp})
    site.post(f"{OLD}/recover-password", {"user": {"username": "jane"}}).problem(403)
    permitted = holder(world, RECOVERY_CREATE, OFFLINE_INVITE)
    answer = permitted.post(f"{OLD}/recover-password?notify=false", {"user": {"username": "jane"}})
    assert (answer.status, answer.headers["Content-Type"]) == (202, "text/plain; charset=utf-8")
    assert world.opened("jane", answer.text) if by_otp else answer.text == code_of(world)
    assert sent(world) == []
    made_up = permitted.post(f"{OLD}/recover-password", {"user": {"username": "nobody"}})
    assert (made_up.status, len(made_up.text)) == (202, len(answer.text))


# --- v2 -------------------------------------------------------------------------------------------------------------


class App:
    """An application that leads somebody through the recovery."""

    def __init__(self, world: World, *scopes: str) -> None:
        self.rest = holder(world, USER_RECOVERY, *scopes)

    def post(self, step: str, **body: Any) -> Answer:
        return self.rest.post(f"{NEW}/{step}", body | {"properties": []})

    def init(self, username: str = "jane", uri: str = USERNAME) -> Any:
        answer = self.post("init", claims=[{"uri": uri, "value": username}])
        assert answer.status == 200, answer.text
        (way,) = answer.body
        return way

    def recover(self, username: str = "jane", channel: str = "1") -> Answer:
        return self.post("recover", recoveryCode=self.init(username)["channelInfo"]["recoveryCode"], channelId=channel)

    def confirm(self, flow: str, otp: str) -> Answer:
        return self.post("confirm", confirmationCode=flow, otp=otp)


@pytest.fixture
def app(world: World) -> App:
    return App(world)


@pytest.fixture
def by_otp(world: World) -> App:
    """An application of a tenant that sends codes to type."""
    world.add("jane")
    world.set(**{RECOVERY_LINK: False, RECOVERY_EMAIL_OTP: True})
    return App(world)


def test_from_the_name_to_the_new_password_by_a_typed_code(world: World, by_otp: App) -> None:
    way = by_otp.init()
    assert way["mode"] == "recoverWithNotifications"
    assert way["channelInfo"]["channels"] == [{"id": "1", "type": "EMAIL", "value": "********", "preferred": True}]
    assert way["links"] == [{"rel": "next", "href": f"{NEW}/recover", "type": "POST"}]
    recovered = by_otp.post("recover", recoveryCode=way["channelInfo"]["recoveryCode"], channelId="1")
    assert (recovered.status, recovered.body["code"], recovered.body["notificationChannel"]) == (202, "PWR-02001", "EMAIL")
    assert "confirmationCode" not in recovered.body
    assert sent(world) == ["PasswordResetOTP"]
    flow = recovered.body["flowConfirmationCode"]
    confirmed = by_otp.confirm(flow, world.otp())
    assert confirmed.status == 200
    assert world.live_code("jane").spent is None
    body = {"resetCode": confirmed.body["resetCode"], "flowConfirmationCode": flow, "password": OTHER_PASSWORD}
    done = by_otp.post("reset", **body)
    assert (done.status, done.body) == (200, {"code": "PWR-02005", "message": "Successful password reset."})
    assert world.sign_in("jane", OTHER_PASSWORD)
    assert by_otp.post("reset", **body | {"password": PASSWORD}).problem(406)["code"] == "UAR-10001"


def test_by_link_the_code_of_the_mail_is_confirmed(world: World, app: App) -> None:
    world.add("jane")
    recovered = app.recover()
    assert recovered.status == 202
    confirmed = app.post("confirm", confirmationCode=world.newest_code())
    assert confirmed.status == 200
    assert app.post("reset", resetCode=confirmed.body["resetCode"], password=OTHER_PASSWORD).status == 200
    assert world.sign_in("jane", OTHER_PASSWORD)


def test_a_refused_password_may_be_tried_again(world: World, app: App) -> None:
    world.add("jane")
    flow = app.recover().body["flowConfirmationCode"]
    reset = app.post("confirm", confirmationCode=code_of(world)).body["resetCode"]
    answer = app.post("reset", resetCode=reset, flowConfirmationCode=flow, password="short")
    assert answer.status == 412
    assert (answer.body["code"], answer.body["message"], answer.body["resetCode"]) == ("PWR-10006", "Precondition Failed", reset)
    assert answer.body["links"] == [{"rel": "next", "href": f"{NEW}/reset", "type": "POST"}]
    assert "At least 8 characters" in answer.body["description"]
    assert app.post("reset", resetCode=reset, password="").problem(400)["code"] == "PWR-10003"
    assert app.post("reset", resetCode=reset, flowConfirmationCode=flow, password=OTHER_PASSWORD).status == 200


def shape(value: Any) -> Any:
    """An answer without its values: what it gives away by its form."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value).__name__


def walk(world: World, app: App, name: str, uri: str = USERNAME) -> list[Any]:
    """Every answer on the way of somebody who guesses."""
    way = app.post("init", claims=[{"uri": uri, "value": name}])
    recovered = app.post("recover", recoveryCode=way.body[0]["channelInfo"]["recoveryCode"], channelId="1")
    again = app.post("resend", resendCode=recovered.body["resendCode"])
    guess = app.confirm(again.body["flowConfirmationCode"], "AAAAAA")
    answers = [way, recovered, again, guess]
    told = [answer.body | {"traceId": ""} if isinstance(answer.body, dict) else answer.body for answer in answers]
    fixed = [told[1]["code"], told[1]["message"], told[2]["code"], told[3]["code"], told[3]["description"]]
    return [[answer.status for answer in answers], [sorted(answer.headers) for answer in answers], shape(told), fixed]


@pytest.mark.parametrize("name", ["nobody", "ELSEWHERE/jane", "locked", "unset", "x" * 1000, "ünknown", "jane@nowhere.example"])
def test_whoever_cannot_recover_is_answered_like_whoever_can(world: World, by_otp: App, name: str) -> None:
    """A-050, A-022"""
    world.add("unset", None, mail="unset@example.com")
    if name == "locked":
        user = world.add("locked", mail="locked@example.com")
        users.change(world.house, world.by, user.id, Changes(locked=True), world.now)
    assert walk(world, by_otp, name) == walk(world, by_otp, "jane")


@pytest.mark.parametrize("uri", ["http://wso2.org/claims/emailaddress", "http://wso2.org/claims/mobile", "x"])
def test_only_a_name_finds_anybody(world: World, by_otp: App, uri: str) -> None:
    """A-053"""
    found, searched = walk(world, by_otp, "jane"), walk(world, by_otp, "jane@example.com", uri)
    assert searched == found
    assert sent(world) == ["PasswordResetOTP"]


def test_no_claim_at_all_is_400(app: App) -> None:
    assert app.post("init", claims=[]).problem(400)["code"] == "UAR-10004"


def test_recovery_that_is_off_is_403(world: World, app: App) -> None:
    way = app.init()
    world.set(**{RECOVERY: False})
    assert app.post("init", claims=[{"uri": USERNAME, "value": "jane"}]).problem(403)["code"] == "PWR-10004"
    assert app.post("recover", recoveryCode=way["channelInfo"]["recoveryCode"], channelId="1").problem(403)["code"] == "PWR-10004"


def test_every_way_that_is_on_is_a_channel(world: World, app: App) -> None:
    world.add("jane")
    world.set(**{RECOVERY_EMAIL_OTP: True, RECOVERY_SMS_OTP: True})
    profile = Profile(emails=(Email("both@example.com"),), more={"phoneNumbers": [{"type": "mobile", "value": "+4915112345678"}]})
    users.create(world.house, world.by, NewUser(split_username("both"), profile, PASSWORD), world.now)
    channels = app.init("both")["channelInfo"]["channels"]
    assert [(row["id"], row["type"], row["preferred"]) for row in channels] == [
        ("1", "EMAIL", True), ("2", "EMAIL", False), ("3", "SMS", False)
    ]
    assert app.recover("jane", "2").status == 202
    assert sent(world) == ["PasswordResetOTP"]
    for unknown in ("4", "", "x"):
        assert app.recover("jane", unknown).problem(400)["code"] == "UAR-10004"


def test_a_second_message_follows_only_after_a_pause_and_ends_the_first(world: World, by_otp: App) -> None:
    """A-042"""
    recovered = by_otp.recover().body
    first = world.otp()
    again = by_otp.post("resend", resendCode=recovered["resendCode"])
    assert (again.status, again.body["code"]) == (202, "UAR-02001")
    assert (sent(world), world.otp()) == (["PasswordResetOTP"], first)
    row = world.live_code("jane")
    row.issued = world.now - timedelta(minutes=2)
    row.save(update_fields=["issued"])
    assert by_otp.post("resend", resendCode=recovered["resendCode"]).status == 202
    assert sent(world) == ["PasswordResetOTP", "resendPasswordResetOTP"]
    assert by_otp.confirm(recovered["flowConfirmationCode"], first).problem(406)["code"] == "UAR-10001"
    assert by_otp.confirm(again.body["flowConfirmationCode"], world.otp()).status == 200


def test_five_wrong_codes_end_the_right_one(world: World, by_otp: App) -> None:
    """A-030"""
    flow, right = by_otp.recover().body["flowConfirmationCode"], world.otp()
    row = world.live_code("jane")
    answers = [by_otp.confirm(flow, wrong(right)) for _ in range(7)]
    assert {answer.status for answer in answers} == {406, 429}
    assert int(answers[-1].headers["Retry-After"]) >= 1
    row.refresh_from_db()
    assert row.tries == 5
    assert row.dead_reason == "exhausted"


def test_a_reset_code_dies_with_its_code(world: World, app: App) -> None:
    """A-009"""
    user = world.invite("jane")
    reset = app.post("confirm", confirmationCode=code_of(world)).body["resetCode"]
    assert Rest(holder(world, "internal_user_code_mgt_create").authorization).post(f"/api/users/v1/{user.id}/invitations").status == 201
    assert app.post("reset", resetCode=reset, password=PASSWORD).problem(406)["code"] == "UAR-10001"


def test_a_reset_code_serves_the_user_of_its_flow_only(world: World, app: App) -> None:
    """A-005, A-034"""
    world.add("jane")
    world.add("alex", mail="alex@example.com")
    flow_of_alex = app.recover("alex").body["flowConfirmationCode"]
    app.recover("jane")
    reset = app.post("confirm", confirmationCode=code_of(world, "jane")).body["resetCode"]
    answer = app.post("reset", resetCode=reset, flowConfirmationCode=flow_of_alex, password=OTHER_PASSWORD)
    assert answer.problem(406)["code"] == "UAR-10001"
    assert world.sign_in("jane")


def test_a_step_takes_the_code_of_that_step_only(world: World, by_otp: App) -> None:
    """A-001"""
    way = by_otp.init()
    recovery, flow = way["channelInfo"]["recoveryCode"], way["flowConfirmationCode"]
    recovered = by_otp.post("recover", recoveryCode=recovery, channelId="1").body
    resend, otp = recovered["resendCode"], world.otp()
    for code in (flow, resend, recovery[:-2], recovery + "A", "x", "x" * 43, ".", "é.é", "a.b.c"):
        assert by_otp.post("recover", recoveryCode=code, channelId="1").problem(406)["code"] == "UAR-10001"
    for code in (flow, recovery):
        assert by_otp.post("resend", resendCode=code).problem(406)["code"] == "UAR-10012"
    for code in (resend, recovery, otp):
        assert by_otp.confirm(code, otp).problem(406)["code"] == "UAR-10015"
    before = counts()
    for code in (flow, resend, recovery, otp, "x" * 43):
        assert by_otp.post("reset", resetCode=code, flowConfirmationCode=flow, password=OTHER_PASSWORD).problem(406)
    assert counts() == before
    assert world.sign_in("jane")


def test_a_steps_code_is_good_in_its_tenant_and_time_only(world: World, app: App) -> None:
    """A-006"""
    flow = Flow(UserName("PRIMARY", "jane"))
    old = flows.sign(world.house, world.tenant, flow, "recover", world.now - timedelta(hours=1))
    assert app.post("recover", recoveryCode=old, channelId="1").problem(406)["code"] == "UAR-10013"
    foreign = flows.sign(world.house, other_world(world).tenant, flow, "recover", world.now)
    assert app.post("recover", recoveryCode=foreign, channelId="1").problem(406)["code"] == "UAR-10001"


def test_the_code_comes_back_where_another_system_delivers(world: World) -> None:
    world.add("jane")
    world.set(**{RECOVERY_INTERNAL: False, RECOVERY_LINK: False, RECOVERY_EMAIL_OTP: True})
    App(world).recover().problem(403)
    app = App(world, OFFLINE_INVITE)
    answer = app.recover()
    assert (answer.status, answer.body["code"], answer.body["notificationChannel"]) == (200, "PWR-02002", "EXTERNAL")
    assert world.opened("jane", answer.body["confirmationCode"])
    assert sent(world) == []
    assert walk(world, app, "nobody") == walk(world, app, "jane")
    assert app.confirm(answer.body["flowConfirmationCode"], answer.body["confirmationCode"]).status == 200


def test_links_of_an_answer_keep_the_tenant_of_the_address(world: World) -> None:
    rest = holder(world, USER_RECOVERY, prefix="/t/carbon.super")
    answer = rest.post(f"{NEW}/init", {"claims": [{"uri": USERNAME, "value": "jane"}]})
    assert answer.body[0]["links"][0]["href"] == f"/t/carbon.super{NEW}/recover"


@pytest.mark.parametrize("step", ["init", "recover", "resend", "confirm", "reset"])
def test_the_older_version_is_off(world: World, step: str) -> None:
    problem = holder(world, USER_RECOVERY).post(f"/api/users/v1/recovery/password/{step}", {"claims": []}).problem(406)
    assert problem["code"] == "UAR-10017"
    holder(world, USER_RECOVERY).post("/api/users/v1/recovery/password/nothing").problem(404)
