"""The printed request, byte for byte, from an empty server with the guide's own configuration to a person who is signed in."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from housekey.conf.house import House
from housekey.core.errors import WrongCredentials
from housekey.core.properties import ENABLE
from housekey.delivery import worker
from housekey.operations import policies, users
from tests.conf.support import configured
from tests.conf.test_seeds import LISTENERS, SCIM, STEP_1, STEP_2, STEP_6
from tests.doors.scim.support import Curl, Scim
from tests.operations.support import PASSWORD, World, counts, link_in, new_world, text_of
from tests.support.smtp import Sink

ADMIN = '[super_admin]\nusername="admin"\npassword="admin"\n'
PRINTED = "wso2-5.9-ask-password.curl"


def started(house: House, folder: Path, now: Any, settings: Any, text: str) -> World:
    """The server as this deployment.toml makes it."""
    own = replace(house, config=configured(folder, ADMIN + text))
    settings.HOUSE = own
    world = new_world(own, folder, now, administrator=True)
    return replace(world, house=own)


def test_the_printed_request_ends_with_paul_signed_in(db: None, house: House, tmp_path: Path, now: Any, settings: Any, smtp: Sink) -> None:
    world = started(house, tmp_path, now, settings, LISTENERS + STEP_1 + STEP_2 + smtp.toml() + STEP_6 + SCIM)
    created = Curl(PRINTED).sent()
    assert created.status == 201
    assert (created.body["userName"], created.body["name"]) == ("Paul", {"familyName": "Smith", "givenName": "Paul"})
    assert "password" not in created.text.lower().replace("pending_ask_password", "")
    assert created.state == {"accountState": "PENDING_AP", "accountLocked": True, "lockedReason": "PENDING_ASK_PASSWORD"}

    worker.drain(world.house, datetime.now(UTC))
    mail, = smtp.messages
    assert (mail.message["Subject"], mail.recipients, mail.tls, mail.login) == ("Set your password", ("dewmi123455@gmail.com",), True,
                                                                                smtp.username)
    with pytest.raises(WrongCredentials, match=r"Login failed! Please recheck the username and password and try again\."):
        world.sign_in("Paul", "password")

    link = urlsplit(link_in(mail.message))
    address, browser = f"{link.path}?{link.query}", Client()
    before = counts()
    assert browser.head(address).status_code == 200
    assert counts() == before
    form = browser.get(address)
    assert form.status_code == 303
    assert link.query not in form["Location"]
    complete = "/accountrecoveryendpoint/completepasswordreset.do"
    shown = browser.get(form["Location"])
    assert shown.status_code == 200
    mark = re.search(r'name="form" value="([^"]+)"', shown.content.decode())
    assert mark
    hidden = {"form": mark[1]}
    assert browser.post(complete, hidden | {"reset-password": "", "reset-password2": ""}).status_code == 200
    paul = users.by_name(world.by, "Paul")
    assert (paul.standing.state, paul.version) == ("PENDING_AP", 1)

    assert browser.post(complete, hidden | {"reset-password": PASSWORD, "reset-password2": PASSWORD}).status_code == 200
    assert Scim("admin", "admin").named("paul").body["Resources"][0]["urn:scim:wso2:schema"] == {
        "accountLocked": False, "emailVerified": True}
    worker.drain(world.house, datetime.now(UTC))
    assert len(smtp.messages) == 2
    assert "confirmation=" not in text_of(smtp.messages[1].message)
    again = Client().get(address)
    assert (again.status_code, "already used" in again.content.decode()) == (410, True)
    assert world.sign_in("Paul").token


def test_with_the_first_step_alone_the_refusal_names_the_setting_until_it_is_switched_on(
        db: None, house: House, tmp_path: Path, now: Any, settings: Any) -> None:
    world = started(house, tmp_path, now, settings, STEP_1)
    before = counts()
    refused = Curl(PRINTED).sent()
    assert refused.status == 400
    assert "enable_email_verification" in refused.detail
    assert counts() == before
    policies.change(world.house, world.by, {ENABLE: "true"}, {}, now)
    assert Curl(PRINTED).sent().status == 201


def test_without_the_schema_extension_the_refusal_names_that_setting(db: None, house: House, tmp_path: Path, now: Any,
                                                                     settings: Any) -> None:
    started(house, tmp_path, now, settings, "[scim2]\nenable_schema_extension = false\n")
    refused = Curl(PRINTED).sent()
    assert refused.status == 400
    assert "enable_schema_extension" in refused.detail


def test_the_older_guides_request_as_printed_names_the_blanked_address(world: World) -> None:
    before = counts()
    refused = Curl("wso2-5.3-ask-password.curl").sent()
    assert refused.status == 400
    assert "emails[0]" in refused.detail
    assert counts() == before


def test_the_older_guides_request_with_its_addresses_filled_in_keeps_both_and_mails_the_primary(world: World) -> None:
    curl = Curl("wso2-5.3-ask-password.curl")
    body = curl.body
    for address in (b"paul.home@example.com", b"paul.work@example.com"):
        body = re.sub(rb"\[email[^]]*protected\]", address, body, count=1)
    created = curl.sent(body)
    assert created.status == 201
    assert created.body["emails"] == [
        {"value": "paul.home@example.com", "type": "home", "primary": True}, {"value": "paul.work@example.com", "type": "work"}]
    assert [mail["To"] for mail in world.mails()] == ["paul.home@example.com"]
