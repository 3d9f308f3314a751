"""POST /scim2/Users: what is taken, what comes back, and what leaves no trace."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from housekey.conf.schema import Server
from housekey.core.errors import WrongCredentials
from housekey.operations import users
from tests.doors.scim.support import ENTERPRISE, HOUSEKEY, WSO2, Scim, invited, person
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, counts, link_in, other_world, text_of


def test_a_created_user_has_a_location_and_reads_back_the_same(world: World, scim: Scim) -> None:
    full = person("jane", name={"givenName": "Jane", "familyName": "Doe", "formatted": "Jane Doe", "honorificPrefix": "Dr."},
                  displayName="Jane",
                  nickName="J", title="Engineer", userType="Employee", preferredLanguage="de-CH", locale="de", timezone="Europe/Zurich",
                  externalId="hr-7", active=True, phoneNumbers=[{"value": "+41 1", "type": "work"}],
                  addresses=[{"type": "work", "locality": "Zürich"}],
                  extension={ENTERPRISE: {"employeeNumber": "7", "department": "R&D", "manager": {"value": "42"}}})
    created = scim.create(full)
    assert created.status == 201
    assert created.headers["Location"] == created.body["meta"]["location"]
    assert created.headers["Location"] == f"{world.house.config.base_url}/scim2/Users/{created.body['id']}"
    assert scim.get(created.body["id"]).body == created.body
    for key, value in full.items():
        assert created.body[key] == value
    assert created.state == {"accountLocked": False}
    assert scim.state(created.body["id"]) == {"accountState": "UNLOCKED", "accountLocked": False}


@pytest.mark.parametrize("container", ["EnterpriseUser", "enterpriseuser", ENTERPRISE, ENTERPRISE.upper(), WSO2,
                                       "urn:scim:schemas:extension:custom:User"])
@pytest.mark.parametrize("yes", [True, "true", "True", " TRUE "])
def test_ask_password_is_understood_wherever_clients_write_it(world: World, scim: Scim, container: str, yes: object) -> None:
    created = scim.create(person(extension={container: {"askPassword": yes}}))
    assert (created.status, created.state["accountState"]) == (201, "PENDING_AP")
    assert "askPassword" not in created.text
    assert "EnterpriseUser" not in created.text
    assert len(world.mails()) == 1


@pytest.mark.parametrize("no", [False, "false", None])
def test_ask_password_that_says_no_invites_nobody(world: World, scim: Scim, no: object) -> None:
    created = scim.create(person(password=PASSWORD, extension={ENTERPRISE: {"askPassword": no}}))
    assert (created.status, created.state, world.mails()) == (201, {"accountLocked": False}, [])
    assert world.sign_in("jane").token


@pytest.mark.parametrize(("body", "named"), [
    ({"userName": "jane", ENTERPRISE: {"askPassword": True}}, "emails"),
    (invited(emails=[]), "emails"),
    (invited(emails=["jane@example.com", "jane at example.com"]), "emails[1]"),
    (invited(emails=[{"value": ""}]), "emails[0]"),
    (invited(emails=[{"type": "work"}]), "emails[0]"),
    (invited(emails=[{"value": ["jane@example.com", "evil@evil.test"]}]), "emails[0]"),
    (invited(emails=[{"value": "jane@example.com,evil@evil.test"}]), "emails[0]"),
    (invited(emails=[{"value": "a@example.com", "primary": True}, {"value": "b@example.com", "primary": "true"}]), "emails"),
    (invited(emails=[{"value": "a@example.com", "primary": "perhaps"}]), "emails[0].primary"),
    (invited(emails=[{"value": "attacker＠evil.test@corp.test"}]), "emails[0]"),
    (invited(emails={"value": {"value": "a@example.com"}}), "emails[0]"),
    (invited(emails=7), "emails[0]"),
    (invited("LDAP/jane"), "LDAP"),
    (invited("ja ne"), "user name"),
    (invited(""), "userName"),
    ({"emails": ["jane@example.com"]}, "userName"),
    (invited(userName=7), "userName"),
    (invited(userName=None), "userName"),
    (person(extension={ENTERPRISE: {"askPassword": "perhaps"}}), "askPassword"),
    (person(extension={ENTERPRISE: "askPassword"}), ENTERPRISE),
    (person(password="password"), "most common"),
    (person(password="jane"), "At least 8"),
    (person(password=7), "password"),
    (person(password="x" * 2_000), "far too long"),
    (person(active="perhaps"), "active"),
    (person(name="Jane"), "name"),
    (person(name={"givenName": ["Jane"]}), "givenName"),
    (person(name={"givenName": "x" * 256}), "name.givenName"),
    (person(displayName="x" * 1_001), "displayName"),
    (person(emails=[], extension={ENTERPRISE: {"verifyEmail": True}}), "Email address not found"),
    (invited() | {HOUSEKEY: {"invitation": {"method": "PIGEON"}}}, "invitation.method"),
    (invited() | {HOUSEKEY: {"invitation": {"expiryTime": "soon"}}}, "invitation.expiryTime"),
    (invited() | {HOUSEKEY: {"invitation": {"expiryTime": 99_999}}}, "expiry time"),
    (invited() | {HOUSEKEY: {"invitation": {"method": "SMS_OTP"}}}, "phoneNumbers"),
    (invited() | {HOUSEKEY: {"invitation": [1]}}, "invitation"),
    (person(extension={WSO2: {"forcePasswordReset": "true"}}), "forcePasswordReset"),
])
def test_a_refusal_names_what_to_change_and_leaves_not_a_row_more(world: World, scim: Scim, body: dict[str, Any], named: str) -> None:
    before = counts()
    refused = scim.create(body)
    assert refused.status == 400
    assert named in refused.detail
    assert refused.body["scimType"] in {"invalidValue", "invalidSyntax"}
    assert counts() == before


@pytest.mark.parametrize("again", ["taken", "TAKEN", "primary/Taken", "ｔａｋｅｎ"])
def test_a_taken_name_is_a_conflict_in_every_spelling(world: World, scim: Scim, again: str) -> None:
    scim.create(person("taken"))
    before = counts()
    refused = scim.create(invited(again, emails=["jane@example.com"]))
    assert (refused.status, refused.body["scimType"]) == (409, "uniqueness")
    assert "Choose another userName" in refused.detail
    assert counts() == before


def test_of_two_addresses_only_the_primary_gets_mail(world: World, scim: Scim) -> None:
    """A-083."""
    scim.create(invited(emails=[{"value": "evil@evil.test"}, {"value": "jane@example.com", "primary": True}]))
    assert [mail["To"] for mail in world.mails()] == ["jane@example.com"]


def test_the_supplied_password_beside_ask_password_never_works(world: World, scim: Scim) -> None:
    """A-021; not even one that the rules would refuse stands in the way."""
    assert scim.create(invited(password="password")).status == 201
    assert scim.create(invited("sam", password=PASSWORD)).status == 201
    for name, password in (("jane", "password"), ("sam", PASSWORD)):
        with pytest.raises(WrongCredentials):
            world.sign_in(name, password)
    world.redeem(world.newest_code("sam@example.com"), OTHER_PASSWORD)
    with pytest.raises(WrongCredentials):
        world.sign_in("sam", PASSWORD)


@pytest.mark.parametrize("key", ["password", "PASSWORD", "Password"])
def test_a_password_is_taken_and_never_shown(world: World, scim: Scim, key: str) -> None:
    created = scim.create(person() | {key: PASSWORD})
    assert created.status == 201
    assert "password" not in created.text.lower()
    assert world.sign_in("jane").token


def test_inactive_means_disabled_and_locked_means_locked(world: World, scim: Scim) -> None:
    off = scim.create(person("off", active="False", password=PASSWORD))
    assert (off.body["active"], scim.state(off.body["id"])["accountState"]) == (False, "DISABLED")
    shut = scim.create(person("shut", password=PASSWORD, extension={WSO2: {"accountLocked": "true"}}))
    assert (shut.body["active"], shut.state) == (True, {"accountLocked": True})
    assert scim.state(shut.body["id"]) == {"accountState": "LOCKED", "accountLocked": True, "lockedReason": "ADMIN_INITIATED"}


def test_a_client_cannot_write_what_is_not_its_own(world: World, scim: Scim) -> None:
    created = scim.create(person(id="0" * 8, meta={"location": "https://evil.test"}, roles=[{"value": "admin"}], groups=["admin"],
                                 extension={WSO2: {"accountState": "UNLOCKED", "emailVerified": True}}, unknown={"x": 1}))
    assert created.status == 201
    assert "evil" not in created.text
    assert set(created.body) == {"schemas", "id", "userName", "emails", "active", WSO2, "meta"}
    assert scim.state(created.body["id"]) == {"accountState": "UNLOCKED", "accountLocked": False}
    assert users.by_name(world.by, "jane").roles == ()


@pytest.mark.parametrize("headers", [
    {"Host": "evil.test"}, {"Host": "localhost:80@evil.test"}, {"X-Forwarded-Host": "evil.test"}, {"X-Original-URL": "//evil.test"},
    {"Forwarded": "host=evil.test;proto=http"}, {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Prefix": "//evil.test"},
])
def test_no_header_gets_into_a_link(world: World, scim: Scim, headers: dict[str, str]) -> None:
    """A-060."""
    created = scim.create(invited(), headers=headers)
    mail, = world.mails()
    assert link_in(mail).startswith(world.house.config.base_url + "/accountrecoveryendpoint/")
    for text in (created.text, str(created.headers), text_of(mail), mail.as_string()):
        assert "evil" not in text
    assert created.headers["Location"].startswith(world.house.config.base_url)


def test_links_follow_the_configured_address_and_the_tenant(world: World, settings: Any) -> None:
    house = world.configured(server=Server(base_path="https://id.acme.example/"))
    settings.HOUSE = house
    other = other_world(replace(world, house=house))
    other.add("boss", role="admin")
    created = Scim("boss", PASSWORD, "/t/acme.example").create(invited())
    assert created.headers["Location"].startswith("https://id.acme.example/t/acme.example/scim2/Users/")
    assert link_in(other.mails()[0]).startswith("https://id.acme.example/t/acme.example/accountrecoveryendpoint/confirmrecovery.do?")


def test_names_of_all_alphabets_come_back_as_they_were_written(world: World, scim: Scim) -> None:
    for name in ("张伟", "Ålesund", "jose\u0301", "o'neil+x@acme.example", "{{user}}", "<b>x</b>"):
        created = scim.create({"userName": name, "name": {"givenName": name}})
        if name.endswith("/b>"):
            assert created.status == 400
            continue
        assert (created.status, created.body["userName"], created.body["name"]["givenName"]) == (201, name, name)
        assert scim.named(name).body["totalResults"] == 1
