"""Users over REST: links to hand over, one's own password, and the invitations of a user with their life."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings

from housekey.core.principal import CODE_CREATE, CODE_DELETE, CODE_VIEW, OFFLINE_INVITE, USER_VIEW
from housekey.core.properties import ENABLE, INTERNAL, RESET_LINK, RESET_OFFLINE
from housekey.core.users import Changes, User
from housekey.operations import codes, resets, sessions, users
from housekey.store.models import Code, Message
from tests.doors.api.support import Answer, Rest, administrator, holder
from tests.doors.scim.support import basic
from tests.operations.support import NETWORK, OTHER_PASSWORD, PASSWORD, World, code_in, other_world

LINK = "/api/users/v1/offline-invite-link"
OWN = "/api/users/v1/me/change-password"


def invitations_of(user: User) -> str:
    return f"/api/users/v1/{user.id}/invitations"


def kinds(world: World) -> list[str]:
    return list(Message.objects.within(world.tenant).order_by("created").values_list("kind", flat=True))


# --- offline-invite-link --------------------------------------------------------------------------------------------


@pytest.fixture
def desk(world: World) -> Rest:
    """A program that may hand links over, and nothing else."""
    return holder(world, OFFLINE_INVITE)


def test_a_link_to_hand_over_comes_as_text_and_as_location(world: World, desk: Rest) -> None:
    world.add("jane", None)
    answer = desk.post(LINK, {"username": "jane", "userstore": "PRIMARY"})
    assert (answer.status, answer.headers["Content-Type"]) == (201, "text/plain; charset=utf-8")
    assert answer.headers["Location"] == answer.text
    assert answer.text.startswith(f"{world.house.config.base_url}/accountrecoveryendpoint/confirmrecovery.do?confirmation=")
    assert kinds(world) == []
    world.redeem(code_in(answer.text))
    assert world.sign_in("jane")


def test_it_is_there_for_whoever_waits_for_a_mail_that_does_not_come(world: World, desk: Rest) -> None:
    world.invite("jane")
    mailed = codes.text_of(world.house, world.live_code("jane"))
    answer = desk.post(LINK, {"username": "JANE", "userstore": "primary"})
    assert answer.status == 201
    assert code_in(answer.text) != mailed
    world.redeem(code_in(answer.text))
    assert world.sign_in("jane")


def refused(answer: Answer, status: int) -> Any:
    problem = answer.problem(status)
    assert problem["message"] == "Unable to generate user invite link."
    return problem


def test_a_link_that_cannot_be_made_says_why(world: World, desk: Rest) -> None:
    world.add("jane")
    assert refused(desk.post(LINK, {"username": "nobody"}), 404)["code"] == "18003"
    assert refused(desk.post(LINK, {"username": "jane", "userstore": "ELSEWHERE"}), 404)["code"] == "18003"
    assert "forcePasswordReset" in refused(desk.post(LINK, {"username": "jane"}), 400)["description"]
    idle = world.add("idle", None)
    users.change(world.house, world.by, idle.id, Changes(disabled=True), world.now)
    assert refused(desk.post(LINK, {"username": "idle"}), 409)["code"] == "17004"
    world.set(**{ENABLE: False})
    assert "enable_email_verification" in refused(desk.post(LINK, {"username": "jane"}), 400)["description"]


def test_another_tenants_user_is_unknown_here(world: World) -> None:
    """A-025"""
    world.invite("jane")
    stranger = holder(other_world(world), OFFLINE_INVITE, prefix="/t/acme.example")
    refused(stranger.post(LINK, {"username": "jane"}), 404)


# --- me/change-password ---------------------------------------------------------------------------------------------


class Page(Rest):
    """A script on a page of this server, in a browser that is signed in."""

    def __init__(self, world: World, name: str = "jane", password: str = PASSWORD) -> None:
        super().__init__()
        self.token = world.sign_in(name, password).token
        self.client.cookies["__Host-session" if settings.CSRF_COOKIE_SECURE else "session"] = self.token

    def change(self, current: object = PASSWORD, new: object = OTHER_PASSWORD, *, content_type: str = "application/json",
               **headers: str) -> Answer:
        """`headers` with underscores for dashes; by default those of a request from the same place."""
        given = {name.replace("_", "-"): value for name, value in (headers or {"Sec_Fetch_Site": "same-origin"}).items()}
        return self.send("POST", OWN, {"currentPassword": current, "newPassword": new}, content_type=content_type, headers=given)


def signed_in(world: World, token: str) -> bool:
    return sessions.recognise(world.house, world.tenant, token, NETWORK, datetime.now(UTC)) is not None


@pytest.fixture
def site(world: World) -> Page:
    world.add("jane")
    return Page(world)


def test_a_signed_in_browser_changes_its_owners_password(world: World, site: Page) -> None:
    elsewhere = world.sign_in("jane").token
    answer = site.change()
    assert (answer.status, answer.text) == (204, "")
    (cookie,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
    assert signed_in(world, cookie.value)
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert not signed_in(world, site.token)
    assert not signed_in(world, elsewhere)
    assert world.sign_in("jane", OTHER_PASSWORD)


def test_the_origin_will_do_where_a_browser_sends_nothing_better(world: World, site: Page) -> None:
    assert site.change(Origin=world.house.config.base_url).status == 204


@pytest.mark.parametrize("headers", [
    {"X-Nothing": ""}, {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Sec_Fetch_Site": "none"},
    {"Sec_Fetch_Site": ""}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "{base}.evil.example"}, {"Origin": ""},
    {"Sec_Fetch_Site": "cross-site", "Origin": "{base}"},
])
def test_a_page_of_another_site_cannot(world: World, site: Page, headers: dict[str, str]) -> None:
    """A-068"""
    given = {name: value.format(base=world.house.config.base_url) for name, value in headers.items()}
    site.change(**given).problem(403)
    assert world.sign_in("jane")


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                                          "application/merge-patch+json"])
def test_a_form_cannot_even_from_here(world: World, site: Page, content_type: str) -> None:
    """A-068"""
    site.change(content_type=content_type).problem(415)
    assert world.sign_in("jane")


def test_basic_is_refused_and_so_is_nobody(world: World, site: Page) -> None:
    body = {"currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD}
    for rest in (Rest(), Rest(basic("jane", PASSWORD)), Rest("Basic x")):
        answer = rest.send("POST", OWN, body, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.problem(401)["code"] == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Housekey"'
    site.authorization = basic("jane", PASSWORD)
    site.change().problem(401)
    assert world.sign_in("jane")


def test_a_client_has_no_password_of_its_own(world: World, site: Page) -> None:
    client = holder(world, CODE_CREATE)
    client.post(OWN, {"currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD}).problem(403)


def test_the_cookie_opens_no_other_route(world: World, site: Page) -> None:
    """A-068"""
    admin = Page(world, "admin", "admin")
    same = {"Sec-Fetch-Site": "same-origin"}
    admin.send("POST", LINK, {"username": "jane"}, headers=same).problem(401)
    admin.send("POST", "/api/identity/user/v1.0/resend-code", {}, headers=same).problem(401)


def test_a_session_of_another_tenant_is_none(world: World, site: Page) -> None:
    """A-136"""
    other_world(world)
    site.prefix = "/t/acme.example"
    site.change().problem(401)


@pytest.mark.parametrize(("current", "new", "code"), [
    (None, OTHER_PASSWORD, "PWD-10000"), ("", OTHER_PASSWORD, "PWD-10000"), (PASSWORD, None, "PWD-10000"), (PASSWORD, "", "PWD-10000"),
    ("wrong", OTHER_PASSWORD, "PWD-10001"), (PASSWORD, PASSWORD, "PWD-10002"), (PASSWORD, "short", "PWD-10003"),
    (PASSWORD, "x" * 5_000, "PWD-10003"), ("x" * 5_000, OTHER_PASSWORD, "PWD-10001"),
])
def test_each_mistake_has_its_number(world: World, site: Page, current: object, new: object, code: str) -> None:
    assert site.change(current, new).problem(400)["code"] == code
    assert world.sign_in("jane")


def test_the_old_password_cannot_be_guessed_here(world: World, site: Page) -> None:
    """A-027, A-040"""
    answers = [site.change(f"wrong {number}") for number in range(8)]
    assert {answer.status for answer in answers} == {400, 429}
    site.change(["wrong"]).problem(400)


# --- invitations ----------------------------------------------------------------------------------------------------


def test_the_life_of_an_invitation_can_be_read(world: World) -> None:
    user = world.invite("jane")
    reader = holder(world, USER_VIEW)
    (row,) = reader.get(invitations_of(user)).body
    assert {name: row[name] for name in ("scenario", "state", "method", "channel", "recipient", "sent", "opened", "ended", "error")} == {
        "scenario": "ASK_PASSWORD", "state": "queued", "method": "EMAIL_LINK", "channel": "EMAIL", "recipient": "jane@example.com",
        "sent": None, "opened": None, "ended": None, "error": "",
    }
    assert datetime.fromisoformat(row["expires"]) - datetime.fromisoformat(row["issued"]) == timedelta(minutes=1440)
    assert not {"link", "code"} & set(row)
    world.mails()
    (row,) = reader.get(invitations_of(user)).body
    assert (row["state"], row["sent"] is None) == ("sent", False)
    world.redeem(world.newest_code())
    (row,) = reader.get(invitations_of(user)).body
    assert (row["state"], row["ended"] is None) == ("redeemed", False)


def test_an_invitation_is_sent_again_the_way_that_is_asked_for(world: World) -> None:
    user = world.invite("jane")
    sender = holder(world, CODE_CREATE, USER_VIEW)
    answer = sender.post(invitations_of(user), {"method": "EMAIL_OTP", "expiryTime": -1, "locale": "de"})
    assert answer.status == 201
    assert (answer.body["scenario"], answer.body["expires"]) == ("ASK_PASSWORD_VIA_EMAIL_OTP", None)
    assert not {"link", "code"} & set(answer.body)
    rows = sender.get(invitations_of(user)).body
    assert [row["state"] for row in rows] == ["queued", "superseded"]
    assert rows[0]["id"] == answer.body["id"]


def test_whoever_was_never_invited_is_without_a_body(world: World) -> None:
    user = world.add("jane", None)
    answer = holder(world, CODE_CREATE).send("POST", invitations_of(user))
    assert (answer.status, answer.body["state"]) == (201, "queued")
    assert kinds(world) == ["AskPassword"]


def test_a_pending_reset_is_sent_again_too(world: World) -> None:
    user = world.add("jane")
    resets.force(world.house, world.by, user.id, world.now)
    assert holder(world, CODE_CREATE).post(invitations_of(user), {}).status == 201
    assert kinds(world) == ["AdminForcedPasswordReset", "resendAdminForcedPasswordReset"]


def test_a_user_with_a_password_is_not_invited(world: World) -> None:
    user = world.add("jane")
    assert "forcePasswordReset" in holder(world, CODE_CREATE).post(invitations_of(user), {}).problem(400)["description"]
    assert kinds(world) == []


def test_a_link_comes_back_for_whoever_may_hold_it(world: World) -> None:
    user = world.invite("jane")
    holder(world, CODE_CREATE).post(invitations_of(user), {"returnLink": True}).problem(403)
    sender = holder(world, CODE_CREATE, OFFLINE_INVITE)
    answer = sender.post(invitations_of(user), {"returnLink": True, "expiryTime": 60})
    assert (answer.status, answer.body["method"], answer.body["channel"], answer.body["recipient"]) == (201, "OFFLINE", "", "")
    assert datetime.fromisoformat(answer.body["expires"]) - datetime.fromisoformat(answer.body["issued"]) == timedelta(minutes=60)
    world.redeem(code_in(answer.body["link"]))
    assert world.sign_in("jane")
    sender.post(invitations_of(user), {"returnLink": True, "method": "SMS_OTP"}).problem(400)


def test_the_code_comes_back_where_another_system_delivers(world: World) -> None:
    user = world.invite("jane")
    world.set(**{INTERNAL: False})
    answer = holder(world, CODE_CREATE, OFFLINE_INVITE).post(invitations_of(user), {})
    assert answer.body["code"] == codes.text_of(world.house, world.live_code("jane"))


@pytest.mark.parametrize(("body", "word"), [
    ({"method": "OFFLINE"}, "method"), ({"method": "SMS_OTP"}, "mobile"), ({"expiryTime": 10_081}, "minutes"),
    ({"expiryTime": "5"}, "expiryTime"), ({"expiryTime": 10**30}, "minutes"), ({"expiryTime": 10**300}, "minutes"),
    ({"locale": "../x"}, "locale"), ({"returnLink": "true"}, "returnLink"),
])
def test_what_cannot_be_is_refused_by_name(world: World, body: dict[str, Any], word: str) -> None:
    user = world.invite("jane")
    assert word in holder(world, CODE_CREATE, OFFLINE_INVITE).post(invitations_of(user), body).problem(400)["description"]
    assert world.live_code("jane").scenario == "ASK_PASSWORD"


def test_what_is_pending_gets_a_new_end(world: World) -> None:
    user = world.invite("jane")
    text = codes.text_of(world.house, world.live_code("jane"))
    editor = holder(world, CODE_CREATE)
    answer = editor.patch(invitations_of(user), {"expiryTime": 10_080})
    assert answer.status == 200
    assert datetime.fromisoformat(answer.body["expires"]) > datetime.now(UTC) + timedelta(days=6)
    assert editor.patch(invitations_of(user), {"expiryTime": -1}).body["expires"] is None
    assert codes.text_of(world.house, world.live_code("jane")) == text
    assert "nothing to extend" in editor.patch(invitations_of(world.add("alex", mail="")), {"expiryTime": 5}).problem(400)["description"]


def test_an_invitation_is_withdrawn(world: World) -> None:
    user = world.invite("jane")
    editor = holder(world, CODE_DELETE, USER_VIEW)
    for _ in range(2):
        answer = editor.send("DELETE", invitations_of(user))
        assert (answer.status, answer.text) == (204, "")
    assert [row["state"] for row in editor.get(invitations_of(user)).body] == ["revoked"]
    assert not Code.objects.within(world.tenant).filter(dead__isnull=True).exists()


def test_a_reset_is_forced_by_the_way_asked_for(world: World) -> None:
    user = world.add("jane")
    token = world.sign_in("jane").token
    answer = holder(world, CODE_CREATE).post(f"/api/users/v1/{user.id}/password-reset", {"method": "EMAIL_OTP", "expiryTime": 10})
    assert (answer.status, answer.body["method"], answer.body["state"]) == (202, "EMAIL_OTP", "queued")
    assert users.get(world.by, user.id).standing.pending == "PENDING_FUPR"
    assert not signed_in(world, token)
    assert kinds(world) == ["AdminForcedPasswordResetWithOTP"]


def test_a_reset_needs_no_body_and_a_method_that_is_on(world: World) -> None:
    user = world.add("jane")
    world.set(**{RESET_LINK: False})
    caller = holder(world, CODE_CREATE)
    assert "RecoveryLink" in caller.send("POST", f"/api/users/v1/{user.id}/password-reset").problem(400)["description"]
    assert world.sign_in("jane")
    world.set(**{RESET_OFFLINE: True})
    answer = caller.send("POST", f"/api/users/v1/{user.id}/password-reset")
    assert (answer.status, answer.body["method"], kinds(world)) == (202, "OFFLINE", [])
    assert world.otp() not in answer.text


def test_nobody_forces_their_own_reset(world: World) -> None:
    admin = users.by_name(world.by, "admin")
    assert "own account" in administrator().post(f"/api/users/v1/{admin.id}/password-reset", {}).problem(400)["description"]


@pytest.mark.parametrize(("method", "path", "body"), [
    ("GET", "invitations", b""), ("POST", "invitations", b"{}"), ("PATCH", "invitations", b'{"expiryTime": 5}'),
    ("DELETE", "invitations", b""), ("POST", "password-reset", b"{}"),
])
def test_another_tenants_user_is_404(world: World, method: str, path: str, body: bytes) -> None:
    """A-025, A-130"""
    user = world.invite("jane")
    scopes = (USER_VIEW, CODE_CREATE, CODE_DELETE, CODE_VIEW)
    stranger, here = holder(other_world(world), *scopes, prefix="/t/acme.example"), holder(world, *scopes)
    stranger.send(method, f"/api/users/v1/{user.id}/{path}", body).problem(404)
    for unknown in (str(uuid4()), "x", "me"):
        here.send(method, f"/api/users/v1/{unknown}/{path}", body).problem(404)
    assert world.live_code("jane").dead is None
    assert len(kinds(world)) == 1
