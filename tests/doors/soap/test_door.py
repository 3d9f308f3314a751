"""The door itself: who may knock, what is an envelope, in which version the answer comes, and what is refused unread."""

from __future__ import annotations

import logging

import pytest
from django.test import Client

from housekey.core.errors import WrongCredentials
from housekey.core.principal import EVERYONE
from housekey.operations import clients, roles, users
from tests.doors.soap.support import MEDIA, PRINTED, PROFILES, SOAP, SPACES, Soap, body, envelope
from tests.operations.support import PASSWORD, World, counts, other_world, token_of

READ_ONLY = envelope(PROFILES, "isReadOnlyUserStore")
NOT_AUTHORIZED = "You are not authorized to perform this action."




# --- who is asking -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["", "Basic", "Basic !!!", "Basic YWRtaW46d3Jvbmc=", "Bearer x", "Digest x"])
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_without_proof_there_is_a_challenge_and_a_fault_and_nothing_happens(world: World, header: str, version: str) -> None:
    world.add("tom")
    before = counts()
    stranger = Soap("", version=version)
    answer = stranger.send(PRINTED.read_bytes(), headers={"Authorization": header} if header else {}, media=MEDIA[version])
    assert (answer.status, answer.headers["WWW-Authenticate"][:21]) == (401, 'Basic realm="Housekey')
    assert answer.headers["Content-Type"] == f"{MEDIA[version]}; charset=utf-8"
    assert answer.sentence
    assert counts() == before


def test_a_strangers_message_is_not_even_parsed(world: World) -> None:
    assert Soap("").send(b"<not xml").status == 401


def test_guessing_is_slowed_down_with_the_seconds_to_wait(world: World) -> None:
    """A-040"""
    world.add("sam")
    for _ in range(5):
        assert Soap("sam", "wrong").send(READ_ONLY).status == 401
    answer = Soap("sam", PASSWORD).send(READ_ONLY)
    assert (answer.status, int(answer.headers["Retry-After"]) >= 1) == (429, True)


def test_a_cookie_is_no_proof(world: World) -> None:
    """A-068"""
    browser = Client()
    browser.cookies["__Host-session"] = world.sign_in("admin", "admin").token
    browser.cookies["session"] = world.sign_in("admin", "admin").token
    assert browser.post(f"/services/{PROFILES}", READ_ONLY, content_type="text/xml").status_code == 401


def test_the_login_permission_taken_from_everyone_closes_the_door(world: World, sam: Soap) -> None:
    assert sam.send(READ_ONLY).status == 200
    roles.set_permissions(world.by, EVERYONE, [], world.now)
    assert sam.send(READ_ONLY).status == 401
    roles.add(world.by, "test role", ["/permission/admin/login"], world.now)
    roles.grant(world.by, users.by_name(world.by, "sam").id, "test role", world.now)
    assert sam.send(READ_ONLY).status == 200


def test_a_token_opens_what_its_scopes_open(world: World) -> None:
    world.add("tom", mail="tom@example.com")
    granted = ["internal_login", "internal_user_mgt_view", "internal_user_mgt_list"]
    made = clients.add(world.house, world.by, "reader", granted, world.now)

    def token(*scopes: str) -> dict[str, str]:
        issued = token_of(world.house, world.tenant, made, world.now, scopes)
        return {"Authorization": f"Bearer {issued.access_token}"}

    reader = Soap("")
    reader.headers = token()
    assert reader.read("tom")["Email"] == "tom@example.com"
    assert reader.profile("tom", lastname="x").sentence == NOT_AUTHORIZED
    reader.headers = token("internal_user_mgt_view")
    answer = reader.send(READ_ONLY)
    assert (answer.status, answer.sentence) == (500, NOT_AUTHORIZED)


# --- tenants -----------------------------------------------------------------------------------------------------------


def test_each_tenant_has_the_services_to_itself(world: World) -> None:
    """A-140"""
    other = other_world(world)
    other.add("boss", mail="boss@acme.example", role="admin")
    other.add("tom", mail="tom@acme.example")
    world.add("tom", mail="tom@example.com")
    for boss in (Soap("boss", PASSWORD, "/t/acme.example"), Soap("boss@acme.example", PASSWORD)):
        assert boss.read("tom")["Email"] == "tom@acme.example"
    assert Soap("boss@acme.example", PASSWORD).read("tom@acme.example")["Email"] == "tom@acme.example"
    assert Soap("boss", PASSWORD).send(READ_ONLY).status == 401
    assert Soap("admin", "admin", "/t/acme.example").send(READ_ONLY).status == 401
    assert Soap("admin@carbon.super", "admin", "/t/acme.example").send(READ_ONLY).status == 401


def test_nobody_reaches_into_another_tenant_by_name(world: World, soap: Soap) -> None:
    """A-140"""
    other = other_world(world)
    other.add("tom", mail="tom@acme.example")
    for answer in (soap.profile("tom@acme.example", identity__accountLocked="true"),
                   soap.call(PROFILES, "getUserProfile", username="tom@acme.example"),
                   soap.store("authenticate", userName="tom@acme.example", credential=PASSWORD),
                   soap.store("deleteUser", userName="tom@acme.example")):
        assert answer.sentence == NOT_AUTHORIZED
    assert other.sign_in("tom")
    with pytest.raises(WrongCredentials):
        world.sign_in("tom")


def test_an_unknown_tenant_is_told(world: World) -> None:
    assert Soap("admin", "admin", "/t/nowhere.example").send(READ_ONLY).status == 404


# --- envelopes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("media", ["text/xml", "application/soap+xml", "application/xml", "text/xml; charset=utf-8",
                                   'application/soap+xml; charset=UTF-8; action="urn:isReadOnlyUserStore"'])
def test_the_answer_comes_in_the_version_of_the_envelope(world: World, soap: Soap, version: str, media: str) -> None:
    answer = soap.send(envelope(PROFILES, "isReadOnlyUserStore", version), media=media)
    assert (answer.status, answer.returned) == (200, ["false"])
    assert answer.root.tag == f"{{{SOAP[version]}}}Envelope"
    assert answer.headers["Content-Type"] == f"{MEDIA[version]}; charset=utf-8"
    assert answer.root[0][0].tag == f"{{{SPACES[PROFILES]}}}isReadOnlyUserStoreResponse"


@pytest.mark.parametrize(("version", "status", "blames"), [("1.1", 500, "Client"), ("1.2", 400, "Sender")])
def test_a_fault_carries_the_declared_exception_a_sentence_and_a_stable_code(
        world: World, version: str, status: int, blames: str) -> None:
    answer = Soap("admin", "admin", version=version).call(PROFILES, "getUserProfile", username="nobody", profileName="default")
    assert (answer.status, answer.blames, answer.code) == (status, blames, "HK-404")
    assert answer.sentence == "There is no user called nobody."
    declared = answer.root.find(f".//{{{SPACES[PROFILES]}}}UserProfileMgtServiceUserProfileException")
    assert declared is not None
    assert declared[0].tag == f"{{{SPACES[PROFILES]}}}UserProfileException"


def test_a_clients_mistake_is_no_error_in_the_servers_log(world: World, soap: Soap, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert soap.call(PROFILES, "getUserProfile", username="nobody").status == 500
    assert not caplog.records


@pytest.mark.parametrize("action", ["", '""', '"urn:isReadOnlyUserStore"', "urn:isReadOnlyUserStore", '"urn:deleteUserProfile"',
                                    "x" * 5000])
def test_the_operation_is_what_the_body_says_whatever_soap_action_says(world: World, soap: Soap, action: str) -> None:
    assert soap.send(READ_ONLY, headers={"SOAPAction": action}).returned == ["false"]


@pytest.mark.parametrize("address", [PROFILES, f"{PROFILES}/", *(f"{PROFILES}.{PROFILES}Https{kind}Endpoint{slash}"
                                     for kind in ("Soap11", "Soap12", "") for slash in ("", "/"))])
def test_every_endpoint_takes_both_versions(world: World, soap: Soap, address: str) -> None:
    for version in ("1.1", "1.2"):
        assert soap.send(envelope(PROFILES, "isReadOnlyUserStore", version), address).returned == ["false"]


def test_order_comments_prefixes_and_instructions_do_not_matter(world: World, soap: Soap) -> None:
    world.add("tom")
    request = body(f"""<!--Optional:--><?ignore me?><setUserProfile xmlns="{SPACES[PROFILES]}">
        <profile><!--x--><profileName/><ax:fieldValues xmlns:ax="{SPACES[PROFILES]}/xsd"><ax:fieldValue>We<!--x-->ber</ax:fieldValue>
        <!--Optional:--><ax:claimUri> http://wso2.org/claims/lastname
        </ax:claimUri><ax:required>false</ax:required><ax:displayOrder>0</ax:displayOrder></ax:fieldValues></profile>
        <username xmlns="">tom</username></setUserProfile>""", before='<?xml version="1.0" encoding="UTF-8"?>\n<!-- hello -->')
    assert soap.send(request).done
    assert soap.send(request.replace("UTF-8", "UTF-16").replace("Weber", "Wéber").encode("utf-16")).done
    assert soap.read("tom")["Last Name"] == "Weber"


@pytest.mark.parametrize(("request_body", "status", "said"), [
    ("", 400, "not well-formed"),
    ("hello", 400, "not well-formed"),
    ("<a>", 400, "not well-formed"),
    ("<a/>", 400, "not a SOAP envelope"),
    ('<Envelope xmlns="http://example.com/"><Body/></Envelope>', 500, "neither SOAP 1.1 nor SOAP 1.2"),
    (body(""), 500, "exactly one element"),
    (body("<a/><b/>"), 500, "exactly one element"),
    (body("<a/>"), 500, "no operation a"),
    (body('<a xmlns="urn:x"/>'), 500, "no operation a"),
    (body(f'<{"a" * 5000} xmlns="urn:x"/>'), 500, "no operation aaa"),
    (body('<isReadOnlyUserStore xmlns="urn:x"/>'), 500, "must be in the namespace"),
    (body("&undefined;"), 400, "not well-formed"),
    (body("\x01"), 400, "not well-formed"),
    (envelope(PROFILES, "getUserProfile", user="x"), 500, "no element user"),
    (envelope(PROFILES, "getUserProfile", username=["x", "y"]), 500, "only once"),
    (envelope(PROFILES, "getUserProfile", username={"a": "b"}), 500, "text only"),
    (envelope(PROFILES, "setUserProfile", username="x", profile={"fieldValues": {"required": "maybe"}}), 500, "true or false"),
    (envelope(PROFILES, "setUserProfile", username="x", profile={"fieldValues": {"displayOrder": "1e9"}}), 500, "whole number"),
    (envelope(PROFILES, "setUserProfile", username="x", profile={"fieldValues": [{}] * 501}), 500, "at most 500"),
    (envelope(PROFILES, "setUserProfile", username="admin", profile={"fieldValues": {}}), 500, "no URI"),
])
def test_what_cannot_be_understood_is_refused_in_words(world: World, soap: Soap, request_body: str, status: int, said: str) -> None:
    answer = soap.send(request_body)
    assert (answer.status, said in answer.sentence) == (status, True), answer.sentence


def test_missing_and_nil_values_are_the_same(world: World, soap: Soap) -> None:
    for values in ({}, {"username": None}, {"username": ""}):
        assert "username is missing" in soap.send(envelope(PROFILES, "getUserProfile", values=values)).sentence
    world.add("tom")
    profile = {"fieldValues": {"claimUri": "http://wso2.org/claims/emailaddress", "fieldValue": None}, "profileName": None}
    assert soap.call(PROFILES, "setUserProfile", username="tom", profile=profile).done
    assert users.by_name(world.by, "tom").profile.mail == "jane@example.com"


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_header_that_insists_on_being_understood_is_told_that_it_is_not(world: World, version: str) -> None:
    insisting = '<w:Security xmlns:w="urn:w" soapenv:mustUnderstand="1"><w:UsernameToken/></w:Security>'
    soap = Soap("admin", "admin", version=version)
    answer = soap.send(envelope(PROFILES, "isReadOnlyUserStore", version, header=insisting))
    assert (answer.status, answer.blames) == (500, "MustUnderstand")
    elsewhere = insisting.replace("<w:Security", '<w:Security soapenv:actor="urn:else" soapenv:role="urn:else"')
    for tolerated in (insisting.replace('"1"', '"0"'), elsewhere):
        assert soap.send(envelope(PROFILES, "isReadOnlyUserStore", version, header=tolerated)).status == 200


@pytest.mark.parametrize("media", ["application/json", "multipart/related; type=text/xml", "text/plain",
                                   "application/x-www-form-urlencoded"])
def test_an_alien_media_type_is_refused(world: World, soap: Soap, media: str) -> None:
    assert soap.send(READ_ONLY, media=media).status == 415


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(world: World, soap: Soap, method: str) -> None:
    """A-149"""
    headers = soap.headers | {"X-HTTP-Method-Override": "POST"}
    answer = soap.client.generic(method, f"/services/{PROFILES}", READ_ONLY, "text/xml", headers=headers)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")
