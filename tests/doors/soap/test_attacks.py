"""Messages made to do harm, and the table of everything there is."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from housekey.soap import envelope as reading
from housekey.soap.envelope import MOST_BYTES, MOST_DEPTH
from housekey.soap.faults import Unsoaped
from housekey.soap.views import SERVICES
from tests.doors.soap.support import PROFILES, SOAP, SPACES, STORES, Soap, body, envelope
from tests.operations.support import World, counts

READ_ONLY = envelope(PROFILES, "isReadOnlyUserStore")
NOT_AUTHORIZED = "You are not authorized to perform this action."

_TOM = f'<m:getUserProfile xmlns:m="{SPACES[PROFILES]}"><m:username>&x;</m:username></m:getUserProfile>'
_PIECES = ["<", ">", "&", ";", "]]>", "<![CDATA[", "<!--", "-->", "<?xml version='1.0'?>", "<?x ?>", "<!DOCTYPE a [", "<!ENTITY x 'y'>",
           "&x;", "&#0;", f"<s:Envelope xmlns:s='{SOAP['1.1']}'>", "<s:Header>", "</s:Header>", "<s:Body>", "<a/>", "</s:Body>",
           "</s:Envelope>", "\0", "é"]
_SCHEMA = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation'
_LAUGHS = "".join(f'<!ENTITY l{level} "' + f"&l{level - 1};" * 10 + '">' for level in range(1, 10))
_DTD = {
    "file": body(_TOM, before='<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
    "laughs": body(_TOM, before=f'<!DOCTYPE a [<!ENTITY l0 "ha">{_LAUGHS}<!ENTITY x "&l9;">]>'),
    "blow-up": body(_TOM, before=f'<!DOCTYPE a [<!ENTITY x "{"a" * 50_000}">]>').replace("&x;", "&x;" * 10_000),
    "no entity": body(_TOM.replace("&x;", "tom"), before="<!DOCTYPE a>"),
    "public": body(_TOM.replace("&x;", "tom"), before='<!DOCTYPE a PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://localhost/x.dtd">'),
    "attribute": body(_TOM.replace("&x;", "tom"), before='<!DOCTYPE a [<!ATTLIST Envelope a CDATA "x">]>'),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-7"])
@pytest.mark.parametrize("attack", list(_DTD))
def test_any_document_type_is_refused(world: World, soap: Soap, attack: str, encoding: str) -> None:
    """A-108, A-109"""
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'
    sent = declared.encode() + _DTD[attack].encode("utf-7") if encoding == "utf-7" else (declared + _DTD[attack]).encode(encoding)
    answer = soap.send(sent)
    assert (answer.status, answer.sentence) == (400, "A document type declaration is not allowed in a SOAP message.")


def test_nothing_is_fetched(world: World, soap: Soap) -> None:
    """A-108: a canary listens where the documents point"""
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0.2)
        url = f"http://127.0.0.1:{canary.getsockname()[1]}/x"
        for sent in (body(_TOM, before=f'<!DOCTYPE a SYSTEM "{url}" [<!ENTITY % p SYSTEM "{url}"> %p;<!ENTITY x SYSTEM "{url}">]>'),
                     body(f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{url}" parse="text"/>'),
                     body(_TOM.replace("&x;", "tom").replace("<m:getUserProfile", f'<m:getUserProfile {_SCHEMA}="urn:x {url}"')),
                     f'<?xml-stylesheet href="{url}"?>' + READ_ONLY):
            assert soap.send(sent).status in {200, 400, 500}
        with pytest.raises(TimeoutError):
            canary.accept()


@pytest.mark.parametrize("sent", [
    "<a>" * 60_000,
    body("<a>" * MOST_DEPTH + "</a>" * MOST_DEPTH),
    body("<a/>" * 30_000),
    "<a " + " ".join(f"a{number}=''" for number in range(25_000)) + "/>",
], ids=["open", "deep", "wide", "attributes"])
def test_too_much_of_anything_is_refused(world: World, soap: Soap, sent: str) -> None:
    """A-109"""
    answer = soap.send(sent)
    assert (answer.status, answer.sentence) == (400, "The message is nested too deeply or has too many parts.")


def test_a_message_that_is_too_large_is_refused(world: World, soap: Soap) -> None:
    """A-109"""
    assert soap.send(body("x" * MOST_BYTES)).status == 413
    assert soap.send(body("x" * (world.house.config.limits.body + 1))).status == 413


def test_gzip_is_not_unpacked(world: World, soap: Soap) -> None:
    """A-109"""
    assert soap.send(gzip.compress(READ_ONLY.encode()), headers={"Content-Encoding": "gzip"}).status == 400


def test_there_is_no_recovery_over_soap(world: World, soap: Soap) -> None:
    """A-130, CVE-2024-6914: a table of everything there is"""
    assert {name: sorted(item.name for item in service.operations) for name, service in SERVICES.items()} == {
        PROFILES: ["associateID", "associateIDForUser", "deleteUserProfile", "getAssociatedIDs", "getAssociatedIDsForUser",
                   "getNameAssociatedWith", "getProfileFieldsForInternalStore", "getUserProfile", "getUserProfiles", "isAddProfileEnabled",
                   "isAddProfileEnabledForDomain", "isReadOnlyUserStore", "removeAssociateID", "removeAssociateIDForUser",
                   "setUserProfile"],
        STORES: ["addUser", "authenticate", "deleteUser", "getRoleListOfUser", "getUserClaimValue", "getUserClaimValues",
                 "getUserClaimValuesForClaims", "getUserId", "isExistingUser", "listUsers", "setUserClaimValue", "setUserClaimValues",
                 "updateCredential", "updateCredentialByAdmin", "updateRoleListOfUser"],
    }
    for service in ("UserInformationRecoveryService", "UserIdentityManagementAdminService", "UserAdmin", "AuthenticationAdmin", "x.y"):
        assert Client().get(f"/services/{service}?wsdl").status_code == 404
        assert soap.send(READ_ONLY, service).status == 404


def test_every_operation_asks_for_a_permission_or_is_about_oneself(world: World, sam: Soap) -> None:
    """A-130"""
    harmless = {"isReadOnlyUserStore", "isAddProfileEnabled", "isAddProfileEnabledForDomain", "getProfileFieldsForInternalStore",
                "getAssociatedIDs", "getNameAssociatedWith", "associateID", "removeAssociateID"}
    before = counts()
    for service in SERVICES.values():
        for item in service.operations:
            given = {"username": "admin", "userName": "admin", "claimURI": "http://wso2.org/claims/lastname", "claimValue": "x"}
            values: dict[str, object] = {part.name: given[part.name] for part in item.takes if part.name in given}
            if item.name == "setUserProfile":
                values |= {"profile": {"fieldValues": {"claimUri": "http://wso2.org/claims/lastname", "fieldValue": "x"}}}
            answer = sam.call(service.name, item.name, **values)
            assert item.name in harmless or answer.sentence == NOT_AUTHORIZED, item.name
    assert counts() == before


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.lists(st.sampled_from(_PIECES), max_size=12).map("".join).map(str.encode))
def test_whatever_the_bytes_are_there_is_an_envelope_or_a_refusal(sent: bytes) -> None:
    with contextlib.suppress(Unsoaped):
        assert reading.read(sent).content is not None


def test_many_at_once_get_their_own_answers(world: World, soap: Soap) -> None:
    """Parsers are not shared between threads."""
    wrong: list[int] = []

    def read(number: int) -> None:
        for _ in range(50):
            found = reading.read(envelope(PROFILES, "getUserProfile", username=str(number)).encode())
            if found.content[0].text != str(number):
                wrong.append(number)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
