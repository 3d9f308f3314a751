"""The outbox, the first page and the living page of the console."""

from __future__ import annotations

import re
from email import message_from_string, policy

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from housekey.conf.schema import EmailSender
from tests.doors.pages.support import Browser
from tests.operations.support import World


def newest(guest: Browser) -> str:
    found = re.search(r'href="(/console/outbox/[0-9a-f-]{36}/)"', guest.get("/console/outbox/").page)
    assert found
    return found[1]


def test_a_message_is_readable_where_there_is_no_mail_server(guest: Browser, world: World) -> None:
    world.invite()
    world.mails()
    page = guest.get(newest(guest)).page
    assert guest.heading == "Set your password"
    assert "No mail server is set up: read the message here." in page
    link = re.search(r'<a href="https?://[^/"]+(/[^"]+confirmation=[^"]+)"', page)
    assert link
    assert Browser().get(link[1]).follow().heading == "Set Password"


def test_a_message_can_be_downloaded_as_a_file(guest: Browser, world: World) -> None:
    world.invite()
    world.mails()
    guest.get(newest(guest) + "message.eml")
    assert guest.headers["Content-Type"] == "message/rfc822"
    assert guest.headers["Content-Disposition"].startswith("attachment; ")
    letter = message_from_string(guest.page, policy=policy.default)
    assert (letter["To"], letter["Subject"]) == ("jane@example.com", "Set your password")


def test_a_waiting_message_can_be_withdrawn_once(guest: Browser, world: World) -> None:
    world.invite()
    address = newest(guest)
    guest.get(address)
    assert guest.post(address + "withdraw").location == address + "?done=withdrawn"
    assert guest.post(address + "withdraw").status == 400
    assert guest.get(address + "withdraw").status == 405
    assert ">jane@example.com<" in guest.get("/console/outbox/?state=withdrawn").page
    assert "No message in this state" in guest.get("/console/outbox/?state=failed").page


def test_a_text_message_is_readable_where_there_is_no_service_for_it(guest: Browser, world: World) -> None:
    from housekey.core.names import split_username
    from housekey.core.users import Invite, NewUser, Profile
    from housekey.operations import users

    profile = Profile(more={"phoneNumbers": [{"type": "mobile", "value": "+4915112345678"}]})
    new = NewUser(split_username("jane"), profile, ask_password=True, invite=Invite("SMS_OTP"))
    users.create(world.house, world.by, new, world.now)
    world.mails()
    page = guest.get("/console/outbox/").page
    assert "No SMS service is set up." in page
    assert 'SMS</span> <span>+4915112345678<' in page
    address = newest(guest)
    page = guest.get(address).page
    assert "No SMS service is set up: read the message here." in page
    assert "Invitation with a code" in page
    guest.get(address + "message.eml")
    assert guest.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert guest.headers["Content-Disposition"].endswith('.txt"')
    assert re.search(r"[A-Za-z0-9]{6}", guest.page)


def test_the_first_page_says_what_needs_attention(guest: Browser, world: World) -> None:
    world.invite()
    page = guest.get("/console/").page
    assert "No mail server is set up." in page
    assert re.search(r"Invited\s*<b>1</b>", page)


def test_a_message_kept_here_can_be_sent_once_there_is_a_mail_server(guest: Browser, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.invite()
    world.mails()
    address = newest(guest)
    assert "Send again" not in guest.get(address).page
    with_mail = world.configured(email=EmailSender(hostname="mail.example.com"))
    for place in ("housekey.console.views.outbox.house", "housekey.console.views.overview.house"):
        monkeypatch.setattr(place, lambda: with_mail)
    page = guest.get(address).page
    assert "Send again" in page
    assert "No mail server is set up" not in page
    assert re.search(r"Kept here\s*<b>1</b></a>", guest.get("/console/").page)
    guest.get(address)
    assert guest.post(address + "redrive").location == address + "?done=redriven"
    assert ">jane@example.com<" in guest.get("/console/outbox/?state=queued").page


def test_the_first_page_asks_the_database_little_however_many_there_are(guest: Browser, world: World) -> None:
    for name in ("jane", "john", "mary"):
        world.invite(name)
    world.mails()
    guest.get("/console/")
    with CaptureQueriesContext(connection) as asked:
        page = guest.get("/console/").page
    assert re.search(r"Users\s*<b>4</b>", page)
    assert re.search(r"Kept here\s*<b>3</b>", page)
    assert len(asked) <= 19, [query["sql"] for query in asked]


def test_the_living_page_shows_every_component(guest: Browser) -> None:
    assert guest.get("/console/design/").heading == "Design"


def test_no_page_carries_inline_script_or_style(guest: Browser, world: World) -> None:
    world.invite()
    for path in ("", "users/", "users/add", "onboarding/", "reset/", "recovery/", "resident/", "roles/", "roles/add",
                 "roles/role?name=admin", "claims/", "clients/", "clients/add", "clients/add?kind=web", "clients/add?kind=program",
                 "signing-keys/", "signing-keys/make", "outbox/", "invitations/", "audit/", "design/"):
        page = guest.get("/console/" + path).page
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)|javascript:", page), path
