"""Ways to somebody else's account, or past one's own rights. None of them leads there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from housekey.core.names import PRIMARY, UserName
from housekey.core.principal import ADMINISTRATOR, HELP_DESK, system
from housekey.core.users import Changes, NewUser
from housekey.operations import users
from housekey.web import cookies

if TYPE_CHECKING:
    from tests.doors.pages.support import Browser
    from tests.doors.scim.support import Scim
    from tests.operations.support import World

LOGIN = "/authenticationendpoint/login.do"
OPEN = "/accountrecoveryendpoint/confirmrecovery.do?confirmation="
SHOW = "/accountrecoveryendpoint/passwordreset.do"
COMPLETE = "/accountrecoveryendpoint/completepasswordreset.do"
PASSWORD = "seven purple umbrellas tonight"
MARKUP = "\"><svg onload=alert(1)>{{7*7}}'"


def visitor() -> Browser:
    from tests.doors.pages.support import Browser

    return Browser()


def move(address: str) -> dict[str, object]:
    return {"op": "replace", "path": "emails", "value": [{"value": address, "primary": True}]}


def test_after_a_change_of_address_the_old_mail_opens_nothing(guest: Browser, scim: Scim, world: World) -> None:
    """A-013, A-134: whoever reads the wrong mailbox holds a link, perhaps an open form. Both die with the correction."""
    user = world.invite(mail="wrong@example.com")
    code = world.newest_code("wrong@example.com")
    assert guest.get(OPEN + code).follow().status == 200
    assert scim.patch(str(user.id), move("right@example.com")).status == 200
    assert guest.set_password(PASSWORD).status == 410
    assert visitor().get(OPEN + code).status == 410
    assert guest.sign_in("jane", PASSWORD).status == 200
    assert visitor().get(OPEN + world.newest_code("right@example.com")).status == 303


def test_a_mail_still_waiting_for_the_old_address_is_taken_back(scim: Scim, world: World) -> None:
    """A-013."""
    user = world.invite(mail="wrong@example.com")
    assert scim.patch(str(user.id), move("right@example.com")).status == 200
    assert [mail["To"] for mail in world.mails()] == ["right@example.com"]


def test_another_name_leaves_the_invitation_alone(guest: Browser, scim: Scim, world: World) -> None:
    user = world.invite()
    code = world.newest_code()
    assert scim.patch(str(user.id), {"op": "replace", "path": "name.givenName", "value": "Jane"}).status == 200
    assert guest.get(OPEN + code).status == 303


def test_administrators_cannot_shut_themselves_out(admin: Browser, scim: Scim, world: World) -> None:
    """A-145: as with deleting, somebody who may let people in again is always left."""
    own = users.by_name(world.by, "admin").id
    for operation in ({"path": "active", "value": False}, {"path": "urn:scim:wso2:schema:accountLocked", "value": True}):
        answer = scim.patch(str(own), {"op": "replace", **operation})
        assert (answer.status, "your own account" in answer.detail) == (400, True)
    assert admin.get(f"/console/users/{own}/lock").post(f"/console/users/{own}/lock").status == 400
    assert scim.get(str(own)).body["active"] is True


def test_the_help_desk_gets_nowhere_near_an_administrator(world: World) -> None:
    """A-135: invited or at work, by any verb; least of all an invitation to an address of one's own."""
    from tests.operations.support import PASSWORD as HELP_PASSWORD

    world.add("hanna", role=HELP_DESK)
    profile = world.add("carl", mail="carl@example.com").profile
    chief = users.create(world.house, system(world.tenant),
                         NewUser(UserName(PRIMARY, "chief"), profile, ask_password=True, roles=(ADMINISTRATOR,)), world.now)
    hanna = visitor().signed_in("hanna", HELP_PASSWORD)
    mails = len(world.mails())
    for target in (chief.id, users.by_name(world.by, "admin").id):
        hanna.get(f"/console/users/{target}/")
        for verb in ("resend", "offline-link", "lock", "unlock", "revoke", "delete", "edit"):
            fields = {"given": "x", "family": "x", "mail": "hanna@example.com", "version": "1"}
            assert hanna.post(f"/console/users/{target}/{verb}", fields).status == 403, verb
    assert len(world.mails()) == mails


def test_a_form_sets_one_password_for_one_account_in_one_tenant(guest: Browser, world: World) -> None:
    """A-002, A-006, A-024: other fields, another tenant and a second time change nothing."""
    from tests.operations.support import other_world

    other_world(world)
    world.invite()
    guest.get(OPEN + world.newest_code()).follow()
    sent = {"form": guest.form, "reset-password": PASSWORD, "reset-password2": PASSWORD}
    assert guest.post("/t/acme.example" + COMPLETE, sent).status == 404
    ticket = guest.client.cookies["__Host-ticket"].value
    others = {"username": "admin", "userName": "admin", "tenantdomain": "acme.example", "roles": "admin"}
    assert guest.post(COMPLETE, sent | others).status == 200
    guest.client.cookies["__Host-ticket"] = ticket
    assert guest.set_password("another umbrella, also purple").status == 410
    assert visitor().sign_in("admin", PASSWORD).status == 200
    assert guest.get("/myaccount/").status == 302, "nobody is signed in by setting a password"
    assert guest.sign_in("jane", PASSWORD).status == 303
    assert users.by_name(world.by, "jane").roles == ()


def test_nothing_but_a_ticket_leads_to_the_password(guest: Browser, world: World) -> None:
    """A-001, A-005: the code itself, a session and a CSRF token in the ticket's place, and every field a step may ever have had."""
    world.invite()
    code = world.newest_code()
    signed_in = visitor().signed_in("admin", "admin")
    guest.get(LOGIN)
    extra = {"confirmation": code, "ticket": code, "step": "reset", "username": "jane", "option": "email", "reset-password": PASSWORD,
             "reset-password2": PASSWORD}
    for ticket in ("", code, signed_in.client.cookies["__Host-session"].value, guest.client.cookies["__Host-csrf"].value, "A" * 43):
        guest.client.cookies["__Host-ticket"] = ticket
        assert guest.post(f"{COMPLETE}?confirmation={code}", extra | {"form": cookies.mark(ticket)}).status == 404
        assert guest.get(f"{SHOW}?confirmation={code}").status == 404
    guest.client.cookies["__Host-session"] = code
    assert guest.get("/myaccount/").status == 302
    assert not users.by_name(world.by, "jane").standing.has_password


def test_a_planted_session_is_nobodys_after_its_victim_signs_in(guest: Browser) -> None:
    """A-161."""
    for planted in ("A" * 43, "x"):
        guest.client.cookies["__Host-session"] = planted
        guest.signed_in("admin", "admin")
        assert guest.client.cookies["__Host-session"].value != planted
        thief = visitor()
        thief.client.cookies["__Host-session"] = planted
        assert thief.get("/myaccount/").status == 302


@pytest.mark.parametrize("goal", [
    "//evil.example", "https://evil.example/", "/\\evil.example", "/\t/evil.example", "/x\r\nSet-Cookie: a=b", "///evil.example",
    "\0//evil.example",
])
def test_the_language_switch_never_leads_to_another_site(guest: Browser, goal: str) -> None:
    """A-062, A-120."""
    assert guest.get(LOGIN).post("/language", {"language": "de", "next": goal}).location == "/"
    assert "evil" not in str(guest.headers)


PREPARED: dict[str, Callable[[World], object]] = {
    "unknown": lambda _: None,
    "known": lambda world: world.add(),
    "pending": lambda world: world.invite(),
    "locked": lambda world: users.change(world.house, world.by, world.add().id, Changes(locked=True), world.now),
    "disabled": lambda world: users.change(world.house, world.by, world.add().id, Changes(disabled=True), world.now),
    "never invited": lambda world: world.add(password=None),
    "without address": lambda world: world.add(mail=""),
}


def test_a_refused_sign_in_does_the_same_work_whoever_it_is(guest: Browser, world: World) -> None:
    """A-051: one question to the database more is half a millisecond, and enough to tell names apart."""
    work = {}
    guest.get(LOGIN)
    guest.post(LOGIN, {"username": "somebody", "password": "wrong"})  # what is remembered for a while is known now
    for kind, prepare in PREPARED.items():
        prepare(world)
        guest.get(LOGIN)
        with CaptureQueriesContext(connection) as asked:
            assert guest.post(LOGIN, {"username": "jane", "password": "wrong"}).status == 200
        work[kind] = [re.sub(r"'[^']*'|\d+", "?", query["sql"])[:60] for query in asked.captured_queries]
        if kind != "unknown":
            users.delete(world.by, users.by_name(world.by, "jane").id, world.now)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM store_throttle")
    assert len(work["unknown"]) > 3
    assert {kind for kind, queries in work.items() if queries != work["unknown"]} == set()


def test_no_page_takes_what_people_are_called_for_markup(admin: Browser, scim: Scim, world: World) -> None:
    """A-118, A-119: every attribute that can be written, the browser's name, and every page of the console and of one's own account."""
    body = {"userName": "<b>jane", "name": {"givenName": MARKUP, "familyName": MARKUP, "formatted": MARKUP}, "displayName": MARKUP,
            "emails": [{"value": "jane@example.com", "type": MARKUP}], "profileUrl": "javascript:alert(1)",
            "urn:scim:wso2:schema": {"askPassword": True}}
    user_id = scim.create(body).body["id"]
    world.mails()
    browser = visitor()
    browser.get(LOGIN)
    browser.client.defaults["HTTP_USER_AGENT"] = MARKUP
    browser.signed_in("admin", "admin")
    pages = ["/myaccount/", "/console/", "/console/users/", f"/console/users/?q={MARKUP}", "/console/outbox/", f"{LOGIN}?next=/{MARKUP}"]
    pages += [f"/console/users/{user_id}/{verb}" for verb in ("", "edit", "lock", "revoke", "delete", "offline-link")]
    pages += re.findall(r'href="(/console/outbox/[0-9a-f-]{36}/)"', admin.get("/console/outbox/").page)
    assert len(pages) > 12
    for path in pages:
        response = admin.client.get(path, secure=True)
        text = response.content.decode()
        assert response.status_code in {200, 303}, path
        assert "<svg onload" not in text, path
        assert "<b>jane" not in text, path
        assert 'href="javascript:' not in text, path
        assert "49" not in re.findall(r"\{\{.*?\}\}|svg onload=alert\(1\)&gt;(..)", text), path
