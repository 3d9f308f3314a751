"""The doors of programs and of typed codes, attacked: guesses, scopes, oracles, other people's codes. None of it leads in."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from housekey.core import principal as scopes
from housekey.core.names import split_username
from housekey.core.principal import ADMINISTRATOR, GOVERNANCE_UPDATE, HELP_DESK
from housekey.core.properties import (
    CALLBACKS,
    INVITE_EMAIL_OTP,
    RECOVERY_EMAIL_OTP,
    RECOVERY_INTERNAL,
    RECOVERY_LINK,
    RECOVERY_SMS_OTP,
    RESET_LINK,
    RESET_OFFLINE,
)
from housekey.core.users import Changes, Email, NewUser, Profile, User
from housekey.operations import codes, forgotten, throttle, users
from housekey.store.models import AuditEntry, Code

if TYPE_CHECKING:
    from tests.doors.api.support import Rest
    from tests.doors.pages.support import Browser
    from tests.doors.scim.support import Scim
    from tests.doors.soap.support import Soap
    from tests.operations.support import World

pytestmark = pytest.mark.usefixtures("world")

PASSWORD = "seven purple umbrellas tonight"
HELP_PASSWORD = "correct horse battery staple"
USER_API, OLD, NEW = "/api/identity/user/v1.0", "/api/identity/recovery/v0.9", "/api/users/v2/recovery/password"
USERNAME = "http://wso2.org/claims/username"
OTP_CLAIM = "http://wso2.org/claims/oneTimePassword"
NUMBER = {"phoneNumbers": [{"type": "mobile", "value": "+4915112345678"}]}
NETWORKS = [f"192.0.2.{number}" for number in range(1, 200)]


def holding(world: World, *wanted: str) -> Rest:
    from tests.doors.api.support import holder

    return holder(world, *wanted)


def bearer(world: World, *wanted: str) -> tuple[Scim, Soap]:
    """A program with these scopes at the other two doors."""
    from tests.doors.scim.support import Scim
    from tests.doors.soap.support import Soap

    header = {"Authorization": holding(world, *wanted).authorization}
    scim, soap = Scim("", ""), Soap("")
    scim.headers, soap.headers = dict(header), dict(header)
    return scim, soap


def browser(network: str = "127.0.0.1") -> Browser:
    from tests.doors.pages.support import Browser

    return Browser(network)


def plainly(page: str) -> str:
    """A page without what is made anew for each: the token of its form."""
    return re.sub(r"[A-Za-z0-9]{64}", "", page)


def people(world: World) -> list[str]:
    """Somebody of every kind, each with a number; and a name that nobody has."""
    def make(name: str, **more: Any) -> User:
        new = NewUser(split_username(name), Profile(emails=(Email(f"{name}@example.com", primary=True),), more=NUMBER), **more)
        return users.create(world.house, world.by, new, world.now)

    make("known", password=PASSWORD)
    make("gone", password=PASSWORD, disabled=True)
    make("shut", password=PASSWORD, locked=True)
    make("asked", ask_password=True)
    forced = make("force", password=PASSWORD)
    users.change(world.house, world.by, forced.id, Changes(force_reset=True), world.now)
    users.create(world.house, world.by, NewUser(split_username("alone"), Profile(), PASSWORD), world.now)
    return ["nobdy", "known", "gone", "shut", "asked", "force", "alone"]


# --- guessing ----------------------------------------------------------------------------------------------------------


def by_sign_in(world: World, typed: str) -> bool:
    return browser(next(_ADDRESSES)).sign_in("jane", typed).status == 303


def by_code_page(world: World, typed: str) -> bool:
    return browser(next(_ADDRESSES)).type_code("jane", typed).location.endswith("passwordreset.do")


def named() -> list[dict[str, str]]:
    return [{"key": "username", "value": "jane"}]


def by_validate(world: World, typed: str) -> bool:
    return holding(world, scopes.RECOVERY_CREATE).post(f"{OLD}/validate-code", {"code": typed, "properties": named()}).status == 202


def by_set_password(world: World, typed: str) -> bool:
    asked = {"key": typed, "password": PASSWORD, "properties": named()}
    return holding(world, scopes.RECOVERY_CREATE).post(f"{OLD}/set-password", asked).status == 200


def by_introspection(world: World, typed: str) -> bool:
    return holding(world, scopes.CODE_VIEW).post(f"{USER_API}/introspect-code", {"code": typed, "properties": named()}).status == 202


def by_confirmation(world: World, typed: str) -> bool:
    return holding(world, scopes.CODE_CREATE).post(f"{USER_API}/validate-code", {"code": typed, "properties": named()}).status == 202


def by_flow(world: World, typed: str) -> bool:
    app = holding(world, scopes.USER_RECOVERY)
    way = app.post(f"{NEW}/init", {"claims": [{"uri": USERNAME, "value": "jane"}]}).body[0]
    return app.post(f"{NEW}/confirm", {"confirmationCode": way["flowConfirmationCode"], "otp": typed}).status == 200


_ADDRESSES = itertools.cycle(NETWORKS)
WAYS: list[Callable[[World, str], bool]] = [
    by_sign_in, by_code_page, by_validate, by_set_password, by_introspection, by_confirmation, by_flow,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_five_wrong_codes_at_any_door_end_the_code_at_every_door(world: World, way: Callable[[World, str], bool]) -> None:
    """A-030, A-040: no door looks at a sixth, and none gives the right one away afterwards."""
    from tests.doors.pages.support import wrong

    world.set(**{INVITE_EMAIL_OTP: True})
    world.invite()
    right = world.otp()
    for _ in range(5):
        assert not way(world, wrong(right))
    row = Code.objects.within(world.tenant).get()
    assert (row.tries, row.dead_reason, row.sealed) == (5, "exhausted", None)
    for other in WAYS:
        assert not other(world, right), other


def test_guesses_spread_over_all_doors_are_counted_together(world: World) -> None:
    """A-040."""
    from tests.doors.pages.support import wrong

    world.set(**{INVITE_EMAIL_OTP: True})
    world.invite()
    right = world.otp()
    for way in WAYS[:5]:
        assert not way(world, wrong(right))
    assert Code.objects.within(world.tenant).get().dead_reason == "exhausted"


def test_basic_and_soap_never_take_a_code_and_never_burn_one(world: World) -> None:
    """A-035: at doors of programs a code is a wrong password, and no try."""
    from tests.doors.scim.support import Scim
    from tests.doors.soap.support import Soap

    world.set(**{INVITE_EMAIL_OTP: True})
    world.invite()
    code = world.otp()
    assert Scim("jane", code).named("jane").status == 401
    assert Soap("jane", code).store("getRoleListOfUser", userName="jane").status == 401
    assert Soap("admin", "admin").store("authenticate", userName="jane", credential=code).returned == ["false"]
    assert world.live_code().tries == 0
    assert browser().sign_in("jane", code).status == 303


# --- oracles -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["something else", "aBcD34", "ABC123", " "])
def test_sign_in_and_code_page_answer_every_name_alike(world: World, typed: str) -> None:
    """A-050: known, unknown, invited, forced, locked, disabled, without an address."""
    world.set(**{INVITE_EMAIL_OTP: True})
    names = people(world)
    pages = {name: browser(next(_ADDRESSES)).sign_in(name, typed) for name in names}
    assert len({(page.status, plainly(page.page.replace(name, "name"))) for name, page in pages.items()}) == 1
    pages = {name: browser(next(_ADDRESSES)).type_code(name, typed) for name in names}
    assert len({(page.status, plainly(page.page.replace(name, "name"))) for name, page in pages.items()}) == 1


def test_a_pending_code_does_not_show_in_what_is_left_of_the_budget(world: World) -> None:
    """A-050: tries at sign-in count for every name on what the code page later says "wait" for."""
    world.set(**{INVITE_EMAIL_OTP: True})
    names = people(world)
    for name in names:
        for _ in range(5):
            assert browser(next(_ADDRESSES)).sign_in(name, "aBcD34").status == 200
    told = {}
    for name in names:
        answers = [browser(next(_ADDRESSES)).type_code(name, "aBcD34").status for _ in range(throttle.CODES.free)]
        told[name] = answers.index(429)
    assert len(set(told.values())) == 1, told


def test_forgot_password_and_the_recovery_api_answer_every_name_alike(world: World) -> None:
    """A-050, A-055."""
    names = people(world)
    pages = {name: browser(next(_ADDRESSES)).forgot(name) for name in names}
    assert len({(page.status, page.location, tuple(sorted(page.client.cookies))) for page in pages.values()}) == 1
    app, seen = holding(world, scopes.USER_RECOVERY), set()
    for name in names:
        way = app.post(f"{NEW}/init", {"claims": [{"uri": USERNAME, "value": name}]}).body[0]
        channels = [(row["id"], row["type"], len(row["value"])) for row in way["channelInfo"]["channels"]]
        sent = app.post(f"{NEW}/recover", {"recoveryCode": way["channelInfo"]["recoveryCode"], "channelId": "1"})
        wrong = app.post(f"{NEW}/confirm", {"confirmationCode": sent.body["flowConfirmationCode"], "otp": "aBcD34"})
        seen.add((str(channels), sent.status, str(sorted(sent.body)), sent.body["code"], wrong.status, wrong.body["code"]))
    assert len(seen) == 1, seen


def test_every_start_of_a_recovery_takes_the_same_least_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A-051: what is done for somebody who exists is hidden behind it."""
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    for name in people(world):
        forgotten.start(world.house, world.tenant, name, None, next(_ADDRESSES), world.now)
    assert len(slept) == 7
    assert all(0 <= rest <= forgotten.ANSWER_AFTER for rest in slept)


# --- other people's codes ------------------------------------------------------------------------------------------------


def test_nobody_can_end_somebodys_pending_code_by_asking_for_a_recovery(world: World) -> None:
    """A-039: an invitation, a reset, a confirmation still works after any number of strangers asked."""
    world.set(**{RECOVERY_SMS_OTP: True})
    people(world)
    eve = Profile(emails=(Email("eve@example.com", primary=True),), more=NUMBER)
    users.create(world.house, world.by, NewUser(split_username("eve"), eve, PASSWORD, verify_email=True), world.now)
    before = {name: world.live_code(name).id for name in ("asked", "force", "eve")}
    for minutes, method in ((2, "EMAIL_LINK"), (4, "SMS_OTP")):
        for name in before:
            forgotten.start(world.house, world.tenant, name, method, next(_ADDRESSES), world.now + timedelta(minutes=minutes))  # type: ignore[arg-type] # from the table
    assert {name: world.live_code(name).id for name in before} == before


def test_who_may_only_send_again_never_gets_a_recovery_code_in_the_answer(world: World) -> None:
    """A-135: where another system delivers, the help desk cannot fetch the code of a recovery that somebody else started."""
    from tests.doors.api.support import Rest
    from tests.doors.scim.support import basic

    world.add("hanna", role=HELP_DESK)
    world.add("jane")
    world.set(**{RECOVERY_INTERNAL: False, RECOVERY_LINK: False, RECOVERY_EMAIL_OTP: True})
    app = holding(world, *scopes.ADMINISTRATOR_PERMISSIONS - {scopes.CONSOLE, scopes.OWN_PASSWORD})
    assert app.post(f"{OLD}/recover-password", {"user": {"username": "jane"}}).status == 202
    live = world.live_code().id
    asked = {"user": {"username": "jane"}, "properties": [{"key": "RecoveryScenario", "value": "NOTIFICATION_BASED_PW_RECOVERY"}]}
    for caller in (Rest(basic("hanna", HELP_PASSWORD)), holding(world, scopes.CODE_CREATE)):
        answer = caller.post(f"{USER_API}/resend-code", asked)
        assert answer.status == 403, answer.text
    assert world.live_code().id == live
    assert len(app.post(f"{USER_API}/resend-code", asked).text) == 6


def test_an_offline_code_is_read_by_nobody_without_the_permission_for_it(world: World) -> None:
    """A-138: by no attribute, claim, filter or list of any door, and it stands in no audit entry."""
    user = world.add("jane")
    world.set(**{RESET_LINK: False, RESET_OFFLINE: True})
    users.change(world.house, world.by, user.id, Changes(force_reset=True), world.now)
    code = world.otp()
    everything = scopes.ADMINISTRATOR_PERMISSIONS - {scopes.CONSOLE, scopes.OWN_PASSWORD, scopes.OFFLINE_INVITE}
    rest, (scim, soap) = holding(world, *everything), bearer(world, *everything)
    told = [
        soap.store("getUserClaimValue", userName="jane", claim=OTP_CLAIM).content.decode(),
        soap.store("getUserClaimValuesForClaims", userName="jane", claims=[OTP_CLAIM]).content.decode(),
        soap.store("getUserClaimValues", userName="jane").content.decode(),
        soap.call("UserProfileMgtService", "getUserProfile", username="jane").content.decode(),
        rest.get(f"/api/users/v1/{user.id}/invitations").text,
        rest.post(f"/api/users/v1/{user.id}/password-reset").text,
        rest.post(f"{USER_API}/resend-code", {"user": {"username": "jane"}, "properties": [
            {"key": "RecoveryScenario", "value": "ADMIN_FORCED_PASSWORD_RESET_VIA_OTP"}]}).text,
    ]
    for asked in ("urn:scim:wso2:schema:oneTimePassword,oneTimePassword", "urn:housekey:scim:schemas:extension:2.0:User"):
        told.append(scim.send("GET", f"/{user.id}?attributes={asked}").text)
    code_now = world.otp()
    told += [str(row.detail) for row in AuditEntry.objects.within(world.tenant)]
    assert not [text for text in told if code in text or code_now in text]


@pytest.mark.parametrize("filter", [f'{name} {verb} "A"' for name in ("oneTimePassword", "urn:scim:wso2:schema:oneTimePassword", "password")
                                    for verb in ("eq", "sw", "gt")])
def test_codes_and_passwords_cannot_be_searched_for(scim: Scim, filter: str) -> None:
    """A-106."""
    from urllib.parse import quote

    assert scim.send("GET", f"?filter={quote(filter)}").status in {400, 403}


# --- more rights than one has --------------------------------------------------------------------------------------------


def test_no_single_scope_takes_an_administrator_over(world: World) -> None:
    """A-132, A-135: with every scope but the one that the administrator holds more, through REST, SCIM and SOAP."""
    admin = users.by_name(world.by, "admin")
    world.add("carl", mail="carl@example.com")
    before = users.get(world.by, admin.id)
    for left_out in (scopes.GOVERNANCE_UPDATE, scopes.OUTBOX_VIEW):
        wanted = scopes.ADMINISTRATOR_PERMISSIONS - {scopes.CONSOLE, scopes.OWN_PASSWORD, left_out}
        rest, (scim, soap) = holding(world, *wanted), bearer(world, *wanted)
        for path, value in (("password", PASSWORD), ("active", False), ("emails", [{"value": "evil@example.org", "primary": True}]),
                            ("urn:scim:wso2:schema:accountLocked", True), ("urn:scim:wso2:schema:forcePasswordReset", True),
                            ("phoneNumbers", [{"type": "mobile", "value": "+491"}])):
            assert scim.patch(str(admin.id), {"op": "replace", "path": path, "value": value}).status in {400, 403}, path
        assert scim.delete(str(admin.id)).status == 403
        calls: dict[str, dict[str, object]] = {
            "updateCredentialByAdmin": {"userName": "admin", "newCredential": PASSWORD}, "deleteUser": {"userName": "admin"},
            "updateCredential": {"userName": "admin", "newCredential": PASSWORD, "oldCredential": "admin"},
            "updateRoleListOfUser": {"userName": "carl", "newRoles": [ADMINISTRATOR]},
            "setUserClaimValue": {"userName": "admin", "claimURI": "http://wso2.org/claims/emailaddress", "claimValue": "evil@example.org"},
            "addUser": {"userName": "eve", "credential": PASSWORD, "roleList": [ADMINISTRATOR]},
        }
        for name, values in calls.items():
            assert not soap.store(name, **values).done, name
        assert not soap.profile("admin", identity__adminForcedPasswordReset="true").done
        for method, path in (("POST", "invitations"), ("PATCH", "invitations"), ("DELETE", "invitations"), ("POST", "password-reset")):
            assert rest.send(method, f"/api/users/v1/{admin.id}/{path}", {"expiryTime": 5}).status == 403, path
        assert rest.post("/api/users/v1/offline-invite-link", {"username": "admin"}).status == 403
    assert users.get(world.by, admin.id) == before
    assert users.by_name(world.by, "carl").roles == ()
    assert users.find(world.by, "eve") is None


def test_a_recipient_cannot_be_brought_along(world: World) -> None:
    """A-083: whatever a request calls an address, the message goes to the stored one."""
    world.invite()
    mine = dict.fromkeys(("email", "emails", "recipient", "to", "mobile", "emailaddress"), "evil@example.org")
    asked = {"user": {"username": "jane"} | mine, "properties": [{"key": name, "value": value} for name, value in mine.items()] + [
        {"key": "RecoveryScenario", "value": "ASK_PASSWORD"}]} | mine
    assert holding(world, scopes.CODE_CREATE).post(f"{USER_API}/resend-code", asked).status == 201
    assert holding(world, scopes.USER_RECOVERY).post(f"{NEW}/init", {"claims": [{"uri": USERNAME, "value": "jane"}]} | mine).status == 200
    assert {mail["To"] for mail in world.mails()} == {"jane@example.com"}


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://", "https://app.example@evil.example/"])
def test_a_return_address_that_is_no_web_address_is_never_stored(world: World, address: str) -> None:
    """A-064."""
    root = "/api/server/v1/identity-governance"
    rest = holding(world, GOVERNANCE_UPDATE, scopes.GOVERNANCE_VIEW)
    for category in rest.get(root).body:
        for connector in rest.get(f"{root}/{category['id']}/connectors").body:
            if CALLBACKS in {item["name"] for item in connector["properties"]}:
                path = f"{root}/{category['id']}/connectors/{connector['id']}"
    answer = rest.patch(path, {"operation": "UPDATE", "properties": [{"name": CALLBACKS, "value": address}]})
    assert answer.status == 400, answer.text


def test_a_name_cannot_speak_as_a_template(world: World) -> None:
    """A-111, A-113: placeholders and line breaks in a name stay text, in mails and text messages."""
    given = "{{confirmation-code}}{{link}}\r\nBcc: evil@example.org\r\n\r\n{{url:link}}"
    new = NewUser(split_username("jane"), Profile(given_name=given, emails=(Email("jane@example.com", primary=True),)), ask_password=True)
    users.create(world.house, world.by, new, world.now)
    mail, = world.mails()
    assert (mail["To"], mail["Bcc"], mail["Subject"]) == ("jane@example.com", None, "Set your password")
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().count(codes.text_of(world.house, world.live_code())) == 1


# --- what is parsed ------------------------------------------------------------------------------------------------------


def test_an_element_with_thousands_of_attributes_is_refused_at_once(world: World) -> None:
    """A-109: each costs a look at all before it."""
    from tests.doors.soap.support import Soap, body

    attributes = " ".join(f'a{number}=""' for number in range(19_000))
    answer = Soap("admin", "admin").send(body(f"<a {attributes}/>"))
    assert (answer.status, answer.sentence) == (400, "The message is nested too deeply or has too many parts.")


def test_a_refusal_does_not_send_a_huge_name_back(world: World) -> None:
    """A-105."""
    from tests.doors.soap.support import Soap

    answer = Soap("admin", "admin").store("getRoleListOfUser", userName="a" * 200_000)
    assert (answer.status, len(answer.content) < 5_000) == (500, True)
