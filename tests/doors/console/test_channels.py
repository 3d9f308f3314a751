"""Notification Channels in the console: what is in force, a sender of one's own, a test, and the way back."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from django.test import override_settings

from housekey.core.principal import CONSOLE, LOGIN, SENDER_VIEW
from housekey.operations import roles, senders
from housekey.operations.senders import NewSender
from tests.doors.pages.support import Browser
from tests.operations.support import PASSWORD, World
from tests.support.senders import private

LIST = "/console/channels/"
EMAIL, SMS = LIST + "email/", LIST + "sms/"
MAIL = {"version": "0", "host": "smtp.a.example", "port": "587", "security": "starttls", "from_address": "hello@a.example",
        "reply_to": "", "display_name": "Acme", "username": "mailer", "secret": "s3cret"}
CUSTOM = {"version": "0", "url": "https://sms.a.example/send", "method": "POST", "content_type": "JSON", "body": "", "sender": "",
          "headers": "X-Token: s3cret-header", "authentication": "BEARER", "key": "", "secret": "s3cret", "api_key_header": "X-API-Key",
          "token_endpoint": "", "scopes": ""}


def saved(guest: Browser, path: str, fields: dict[str, str]) -> Browser:
    guest.get(path)
    return guest.post(path, fields)


def test_the_page_says_what_is_in_force(guest: Browser, world: World) -> None:
    page = guest.get(LIST).page
    assert guest.heading == "Notification Channels"
    assert page.count("Nothing is set up") == 2
    with override_settings(HOUSE=world.configured(email=replace(world.house.config.email, hostname="relay.example"))):
        assert "relay.example" in guest.get(LIST).page


def test_an_own_sender_is_set_up_shown_changed_and_taken_back(guest: Browser, world: World) -> None:
    assert saved(guest, EMAIL, MAIL).location == LIST + "?done=sender-saved"
    page = guest.get(LIST + "?done=sender-saved").page
    assert "The sender was saved." in page
    assert "smtp.a.example" in page
    assert "s3cret" not in page
    page = guest.get(EMAIL).page
    assert 'value="smtp.a.example"' in page
    assert "One is stored and never shown." in page
    assert "s3cret" not in page
    assert guest.post(EMAIL, MAIL | {"version": "1", "secret": "", "display_name": "Acme Ltd"}).location == LIST + "?done=sender-saved"
    assert guest.get(EMAIL + "back").heading == "Go back to the server’s own sender?"
    assert guest.post(EMAIL + "back").location == LIST + "?done=sender-reverted"
    assert senders.find(world.house, world.by, "EMAIL") is None
    assert guest.get(EMAIL + "back").status == 404


@pytest.mark.parametrize("provider", ["Twilio", "Vonage"])
def test_each_sms_provider_has_its_own_words(guest: Browser, world: World, provider: str) -> None:
    page = guest.get(f"{SMS}?provider={provider}").page
    labels = {"Twilio": ("Account SID", "Auth Token", "Sender ID"), "Vonage": ("API Key", "API Secret", "Sender ID")}[provider]
    assert all(f">{label}</label>" in page for label in labels)
    guest.post(f"{SMS}?provider={provider}", {"version": "0", "key": "AC1", "secret": "s3cret", "sender": "Acme", "url": ""})
    found = senders.find(world.house, world.by, "SMS")
    assert found is not None
    assert (found.provider, found.secret) == (provider, True)


def test_stored_headers_are_masked_and_stay(guest: Browser, world: World) -> None:
    path = SMS + "?provider=Custom"
    saved(guest, path, CUSTOM)
    page = guest.get(SMS).page
    assert "X-Token: ***" in page
    assert "s3cret" not in page + guest.get(LIST).page
    guest.get(SMS)
    assert guest.post(path, CUSTOM | {"version": "1", "headers": "X-Token: ***", "secret": ""}).location == LIST + "?done=sender-saved"
    found = senders.find(world.house, world.by, "SMS")
    assert found is not None
    assert (found.headers, found.secret) == (("X-Token",), True)


@pytest.mark.parametrize(("change", "words"), [
    ({"host": ""}, "Please fill this in."), ({"host": "http://x"}, "Write the name of the host alone"),
    ({"host": "127.0.0.1"}, "leads into the server's own network"), ({"port": "0"}, "The port is a number"),
    ({"from_address": "nobody"}, "This is not an e-mail address."), ({"security": "none"}, "Mail must travel encrypted"),
    ({"secret": ""}, "This is needed."), ({"version": "7"}, "Somebody else changed the same sender"),
])
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(
    guest: Browser, world: World, change: dict[str, str], words: str
) -> None:
    page = unescape(saved(guest, EMAIL, MAIL | change).page)
    assert words in page
    assert 'value="Acme"' in page
    assert "s3cret" not in page
    assert senders.find(world.house, world.by, "EMAIL") is None


def test_no_encryption_is_offered_only_where_private_networks_are(guest: Browser, world: World) -> None:
    assert 'value="none"' not in guest.get(EMAIL).page
    with override_settings(HOUSE=private(world.house)):
        assert 'value="none"' in guest.get(EMAIL).page


def test_a_test_is_sent_after_a_question(guest: Browser, world: World) -> None:
    guest.get(SMS + "test")
    assert "Please type a number." in guest.post(SMS + "test", {"test": ""}).page
    assert "is not a mobile number" in guest.post(SMS + "test", {"test": "12 apples"}).page
    assert guest.post(SMS + "test", {"test": "+49 170 1234567"}).location == LIST + "?done=sender-tested"
    guest.get(EMAIL + "test")
    assert "no e-mail address that a test could go to" in guest.post(EMAIL + "test").page


def test_results_of_deliveries_are_shown(guest: Browser, world: World) -> None:
    world.invite()
    world.mails()
    assert re.search(r"Last deliveries</h3><table", guest.get(LIST).page)


def test_who_may_only_look_sees_no_button(world: World) -> None:
    roles.add(world.by, "auditor", [LOGIN, CONSOLE, SENDER_VIEW], world.now)
    world.add("ann", PASSWORD, mail="", role="auditor")
    senders.save(world.house, world.by, "EMAIL", NewSender("SMTP", {"host": "a.example", "from_address": "a@b.example"}), world.now)
    ann = Browser().signed_in("ann", PASSWORD)
    page = ann.get(LIST).page
    assert "You may look at the senders, but not change them." in page
    assert EMAIL not in page
    for path in (EMAIL, EMAIL + "test", EMAIL + "back"):
        assert ann.get(path).status == 403


@pytest.mark.parametrize("path", ["push/", "push/test", "push/back", "sms/?provider=SMTP", "email/?provider=Twilio"])
def test_what_does_not_exist_is_not_found(guest: Browser, path: str) -> None:
    assert guest.get(LIST + path).status == 404
