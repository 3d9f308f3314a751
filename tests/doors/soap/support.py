"""A SOAP client: envelopes written by hand, answers taken apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from django.test import Client
from lxml import etree

from tests.doors.scim.support import basic

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
PRINTED = GOLDEN / "wso2-forced-password-reset.xml"
PROFILES, STORES = "UserProfileMgtService", "RemoteUserStoreManagerService"
SPACES = {PROFILES: "http://mgt.profile.user.identity.carbon.wso2.org", STORES: "http://service.ws.um.carbon.wso2.org"}
SOAP = {"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}
MEDIA = {"1.1": "text/xml", "1.2": "application/soap+xml"}
CLAIM = "http://wso2.org/claims/"
IDENTITY = "http://wso2.org/claims/identity/"


class Answer:
    """Status, headers and what the envelope holds."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers = response.headers
        self.content: bytes = response.content

    @property
    def root(self) -> etree._Element:
        return etree.fromstring(self.content)

    def texts(self, name: str) -> list[str]:
        """The texts of all elements of that local name."""
        return [element.text or "" for element in self.root.iter() if etree.QName(element).localname == name]

    @property
    def returned(self) -> list[str]:
        return self.texts("return")

    @property
    def done(self) -> bool:
        """Did an operation that answers nothing succeed?"""
        return (self.status, self.content) == (202, b"")

    @property
    def sentence(self) -> str:
        """The words of a fault, whose form is checked on the way."""
        fault, = self.root.iterfind(".//{*}Fault")
        if etree.QName(fault).namespace == SOAP["1.1"]:
            assert [child.tag for child in fault] == ["faultcode", "faultstring", "detail"]
            found = fault.findtext("faultstring")
        else:
            found = fault.findtext("{*}Reason/{*}Text")
        assert found == self.texts("sentence")[0]
        return str(found)

    @property
    def blames(self) -> str:
        """Client, Server, Sender …"""
        return next(iter(self.texts("faultcode") or self.texts("Value"))).removeprefix("soapenv:")

    @property
    def code(self) -> str:
        return self.texts("code")[0]


class Soap:
    """`prefix` is "" or `/t/<tenant>`."""

    def __init__(self, username: str, password: str = "", prefix: str = "", version: str = "1.1") -> None:
        self.client, self.prefix, self.version = Client(), prefix, version
        self.headers = {"Authorization": basic(username, password)} if username else {}

    def send(self, body: bytes | str, service: str = PROFILES, *, media: str | None = None,
             headers: dict[str, str] | None = None) -> Answer:
        data = body.encode() if isinstance(body, str) else body
        return Answer(self.client.generic("POST", f"{self.prefix}/services/{service}", data, media or MEDIA[self.version],
                                          headers=self.headers | (headers or {})))

    def call(self, service: str, operation: str, **values: object) -> Answer:
        return self.send(envelope(service, operation, self.version, values=values), service)

    def profile(self, username: str, /, **claims: str) -> Answer:
        """setUserProfile; `identity__x` stands for the claim identity/x."""
        fields = [{"claimUri": CLAIM + name.replace("__", "/"), "fieldValue": value} for name, value in claims.items()]
        return self.call(PROFILES, "setUserProfile", username=username, profile={"fieldValues": fields, "profileName": "default"})

    def read(self, username: str) -> dict[str, str]:
        """getUserProfile: display name -> value."""
        answer = self.call(PROFILES, "getUserProfile", username=username, profileName="default")
        assert answer.status == 200, answer.sentence
        return dict(zip(answer.texts("displayName"), answer.texts("fieldValue"), strict=True))

    def store(self, operation: str, **values: object) -> Answer:
        return self.call(STORES, operation, **values)

    def claim(self, username: str, uri: str) -> str:
        return self.store("getUserClaimValue", userName=username, claim=uri, profileName="default").returned[0]


def envelope(service: str, operation: str, version: str = "1.1", *, header: str = "", values: dict[str, Any] | None = None,
             **more: object) -> str:
    """`values` and `more` are what the operation takes."""
    content = f"<m:{operation}>{written((values or {}) | more)}</m:{operation}>"
    return (f'<soapenv:Envelope xmlns:soapenv="{SOAP[version]}" xmlns:m="{SPACES[service]}"><soapenv:Header>{header}</soapenv:Header>'
            f"<soapenv:Body>{content}</soapenv:Body></soapenv:Envelope>")


def body(content: str, version: str = "1.1", before: str = "") -> str:
    """An envelope around any content."""
    return f'{before}<s:Envelope xmlns:s="{SOAP[version]}"><s:Body>{content}</s:Body></s:Envelope>'


def written(values: dict[str, Any]) -> str:
    """Values as elements; a list is repeated, None is nil."""
    parts = []
    for name, value in values.items():
        for item in value if isinstance(value, list) else [value]:
            if item is None:
                parts.append(f'<m:{name} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>')
            else:
                parts.append(f"<m:{name}>{written(item) if isinstance(item, dict) else escape(str(item))}</m:{name}>")
    return "".join(parts)
