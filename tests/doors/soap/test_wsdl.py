"""Descriptions: who may read them, where they lead, and a third party's client that knows nothing else."""

from __future__ import annotations

import base64
import http.client
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
import requests
import zeep
from django.test import Client
from lxml import etree
from zeep.exceptions import Fault
from zeep.transports import Transport

from tests.conftest import ServeFactory
from tests.doors.soap.support import PRINTED, PROFILES, SOAP, STORES
from tests.operations.support import World, other_world
from tests.support.served import Served

PASSWORD = "correct horse battery 9"
CLAIM = "http://wso2.org/claims/"
OWN = {"soap": "http://schemas.xmlsoap.org/wsdl/soap/", "soap12": "http://schemas.xmlsoap.org/wsdl/soap12/",
       "wsdl": "http://schemas.xmlsoap.org/wsdl/"}


def found(content: bytes, path: str) -> list[str]:
    rows: Any = etree.fromstring(content).xpath(path, namespaces=OWN)
    return [str(row) for row in rows]


def addresses(content: bytes) -> list[str]:
    return found(content, "//@location")


@pytest.mark.parametrize("query", ["wsdl", "WSDL", "wsdl=1", "wsdl&x=y"])
@pytest.mark.parametrize("service", [PROFILES, STORES])
def test_anybody_reads_the_description_and_its_addresses_come_from_the_configuration(
        world: World, settings: Any, service: str, query: str) -> None:
    """A-060"""
    settings.HOUSE = replace(world.house, config=replace(world.house.config, server=replace(world.house.config.server,
                                                                                            base_path="https://id.example.com")))
    answer = Client().get(f"/services/{service}?{query}", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert addresses(answer.content) == [f"https://id.example.com/services/{service}.{service}Https{kind}Endpoint/" for kind in
                                         ("Soap11", "Soap12")]
    assert b"evil" not in answer.content


def test_a_tenants_description_leads_to_the_tenant(world: World) -> None:
    other_world(world)
    answer = Client().get(f"/t/acme.example/services/{PROFILES}?wsdl")
    assert all("/t/acme.example/services/" in address for address in addresses(answer.content))
    assert "/t/" not in addresses(Client().get(f"/services/{PROFILES}?wsdl").content)[0]


def test_a_description_has_axis_names(world: World) -> None:
    content = Client().get(f"/services/{PROFILES}?wsdl").content
    names = set(found(content, "//wsdl:*/@name"))
    assert {"setUserProfileRequest", *(PROFILES + part for part in (
        "PortType", "Soap11Binding", "Soap12Binding", "HttpsSoap11Endpoint", "HttpsSoap12Endpoint", "UserProfileException"))} <= names
    silent = found(content, "//wsdl:portType/wsdl:operation[not(wsdl:output)]/@name")
    assert "setUserProfile" in silent
    assert "getUserProfile" not in silent
    assert found(content, "//soap:operation/@soapAction")[0] == "urn:setUserProfile"


def test_other_descriptions_are_not_offered_and_the_list_names_the_two(world: World) -> None:
    for query in ("wsdl2", "xsd=xsd0", "policy"):
        assert Client().get(f"/services/{PROFILES}?{query}").status_code == 404
    assert "?wsdl" in Client().get(f"/services/{PROFILES}").content.decode()
    for path in ("/services", "/services/"):
        shown = Client().get(path)
        assert shown.status_code == 200
        assert all(f"{name}?wsdl" in shown.content.decode() for name in (PROFILES, STORES))


# --- a client that knows only the address of the description --------------------------------------------------------------


@pytest.fixture(scope="module")
def server(serve_once: ServeFactory) -> Served:
    return serve_once(f'[super_admin]\nusername = "admin"\npassword = "{PASSWORD}"\n')


@pytest.fixture
def session(server: Served) -> Any:
    with requests.Session() as session:
        session.trust_env, session.verify, session.auth = False, str(server.ca), ("admin", PASSWORD)
        yield session


def imported(server: Served, session: requests.Session, service: str) -> zeep.Client:
    transport = Transport(session=session)  # type: ignore[no-untyped-call] # zeep declares no types here
    return zeep.Client(f"{server.url}/services/{service}?wsdl", transport=transport)  # type: ignore[no-untyped-call] # nor here


@pytest.mark.serve
@pytest.mark.slow
@pytest.mark.parametrize("port", ["Soap11", "Soap12"])
def test_zeep_given_only_the_address_adds_reads_and_resets_a_user(server: Served, session: requests.Session, port: str) -> None:
    name = f"tom.{port}"
    client = imported(server, session, STORES)
    stores = client.bind(STORES, f"{STORES}Https{port}Endpoint")
    mail = {"claimURI": f"{CLAIM}emailaddress", "value": f"{name}@example.com"}
    last = {"claimURI": f"{CLAIM}lastname", "value": "Weber"}
    stores.addUser(userName=name, credential=PASSWORD, roleList=["Internal/everyone"], claims=[mail, last], profileName="default",
                   requirePasswordChange=False)
    assert stores.isExistingUser(userName=name) is True
    assert stores.authenticate(userName=name, credential=PASSWORD) is True
    assert [row.value for row in stores.getUserClaimValuesForClaims(userName=name, claims=[f"{CLAIM}lastname"])] == ["Weber"]
    assert stores.listUsers(filter="nobody*", maxItemLimit=5) in (None, [])
    assert stores.listUsers(filter="tom.*", maxItemLimit=1)

    profiles = imported(server, session, PROFILES).bind(PROFILES, f"{PROFILES}Https{port}Endpoint")
    profile = profiles.getUserProfile(username=name, profileName="default")
    shown = {field.displayName: field for field in profile.fieldValues}
    assert (shown["Last Name"].fieldValue, shown["Last Name"].displayOrder, shown["Last Name"].required) == ("Weber", 2, True)
    assert (profile.profileName, profile.profileConifuration) == ("default", "default")
    reset = {"claimUri": f"{CLAIM}identity/adminForcedPasswordReset", "fieldValue": "true"}
    profiles.setUserProfile(username=name, profile={"fieldValues": [reset], "profileName": "default"})
    assert stores.getUserClaimValue(userName=name, claim=f"{CLAIM}identity/accountState", profileName="default") == "PENDING_FUPR"
    assert stores.authenticate(userName=name, credential=PASSWORD) is False
    with pytest.raises(Fault, match=r"There is no user called nobody\."):
        profiles.getUserProfile(username="nobody", profileName="default")


@pytest.mark.serve
@pytest.mark.slow
def test_the_printed_request_arrives_in_chunks_too(server: Served) -> None:
    """Axis2 and .NET send no Content-Length."""
    basic = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
    sent = PRINTED.read_bytes()
    with closing(http.client.HTTPSConnection("localhost", server.port, timeout=20, context=server.tls())) as connection:
        connection.request("POST", f"/services/{PROFILES}.{PROFILES}HttpsSoap11Endpoint/", iter([sent[:100], sent[100:]]),
                           {"Authorization": basic, "Content-Type": "text/xml;charset=UTF-8", "SOAPAction": '"urn:setUserProfile"'},
                           encode_chunked=True)
        answer = connection.getresponse()
        content = answer.read()
    assert answer.status == 500
    assert etree.fromstring(content).findtext(f"{{{SOAP['1.1']}}}Body/*/faultstring") == "There is no user called tom."
