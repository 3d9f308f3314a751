"""Faults: a refusal as SOAP 1.1 and 1.2 tell it.

Every fault of SOAP 1.1 travels with HTTP 500 (SOAP 1.1 section 6.2), of SOAP 1.2 with 400 for Sender and 500 for Receiver (SOAP 1.2
part 2, table 20). What is no SOAP message at all is refused with the HTTP status that says so (WS-I Basic Profile 1.1, R1113 to R1115).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.http import HttpResponse
from lxml import etree

from housekey.core.errors import NotPermitted, Refused, Unavailable
from housekey.soap.schema import Service

Version = Literal["1.1", "1.2"]
SOAP: dict[Version, str] = {"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}
MEDIA_TYPES: dict[Version, str] = {"1.1": "text/xml; charset=utf-8", "1.2": "application/soap+xml; charset=utf-8"}
OWN = "urn:housekey:soap"
"""Namespace of the detail that carries a refusal's stable code."""
XML = "http://www.w3.org/XML/1998/namespace"

Who = Literal["Client", "Server", "VersionMismatch", "MustUnderstand"]
_CODES: dict[Who, str] = {"Client": "Sender", "Server": "Receiver"}
"""SOAP 1.2's names where they differ."""

NOT_AUTHORIZED = "You are not authorized to perform this action."
"""WSO2's words (reference 5.1)."""


class Unsoaped(Refused):
    """What was sent is no SOAP message this address takes. `status`: the HTTP status, 0 for that of an ordinary fault."""

    code = "HK-400"

    def __init__(self, sentence: str, *, status: int = 0, who: Who = "Client") -> None:
        super().__init__(sentence)
        self.status, self.who = status, who


@dataclass(frozen=True, slots=True)
class Fault:
    who: Who
    code: str
    sentence: str


def fault_of(refusal: Refused) -> Fault:
    """Who is to blame, and the words. What exactly a caller may not do is not told: the words are WSO2's."""
    if isinstance(refusal, Unsoaped):
        return Fault(refusal.who, refusal.code, refusal.sentence)
    if isinstance(refusal, NotPermitted):
        return Fault("Client", refusal.code, NOT_AUTHORIZED)
    return Fault("Server" if isinstance(refusal, Unavailable) else "Client", refusal.code, refusal.sentence)


def answer(refusal: Refused, version: Version, service: Service | None = None, *, status: int = 0) -> HttpResponse:
    """`service`: whose declared exception goes into the detail; None before there was a call. `status`: where HTTP has its own word."""
    fault = fault_of(refusal)
    body = _eleven(fault, service) if version == "1.1" else _twelve(fault, service)
    status = status or getattr(refusal, "status", 0) or (400 if version == "1.2" and fault.who == "Client" else 500)
    response = HttpResponse(envelope(body, version), status=status, content_type=MEDIA_TYPES[version])
    # SOAP 1.1 says 500 for a client's mistake; the log must not say that it was ours
    response._has_been_logged = fault.who != "Server"  # type: ignore[attr-defined] # Django looks for it before it logs
    if hasattr(refusal, "retry_after"):
        response["Retry-After"] = str(refusal.retry_after)
    return response


def envelope(content: etree._Element, version: Version) -> bytes:
    soap = SOAP[version]
    root = etree.Element(f"{{{soap}}}Envelope", nsmap={"soapenv": soap})
    etree.SubElement(root, f"{{{soap}}}Body").append(content)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _eleven(fault: Fault, service: Service | None) -> etree._Element:
    root = etree.Element(f"{{{SOAP['1.1']}}}Fault", nsmap={"soapenv": SOAP["1.1"]})
    etree.SubElement(root, "faultcode").text = f"soapenv:{fault.who}"
    etree.SubElement(root, "faultstring").text = legal(fault.sentence)
    _detail(etree.SubElement(root, "detail"), fault, service)
    return root


def _twelve(fault: Fault, service: Service | None) -> etree._Element:
    soap = f"{{{SOAP['1.2']}}}"
    root = etree.Element(f"{soap}Fault", nsmap={"soapenv": SOAP["1.2"]})
    etree.SubElement(etree.SubElement(root, f"{soap}Code"), f"{soap}Value").text = f"soapenv:{_CODES.get(fault.who, fault.who)}"
    text = etree.SubElement(etree.SubElement(root, f"{soap}Reason"), f"{soap}Text", {f"{{{XML}}}lang": "en"})
    text.text = legal(fault.sentence)
    _detail(etree.SubElement(root, f"{soap}Detail"), fault, service)
    return root


def _detail(parent: etree._Element, fault: Fault, service: Service | None) -> None:
    """First the declared exception, empty as generated stubs expect it; then, where only people and newer clients look, the code."""
    if service is not None:
        declared = etree.SubElement(parent, f"{{{service.namespace}}}{service.fault}", nsmap={"ns": service.namespace})
        etree.SubElement(declared, f"{{{service.namespace}}}{service.exception.name}")
    refusal = etree.SubElement(parent, f"{{{OWN}}}refusal", nsmap={"hk": OWN})
    etree.SubElement(refusal, f"{{{OWN}}}code").text = fault.code
    etree.SubElement(refusal, f"{{{OWN}}}sentence").text = legal(fault.sentence)


def legal(text: str) -> str:
    """What XML 1.0 cannot hold becomes U+FFFD (section 2.2)."""
    return "".join(char if _is_legal(ord(char)) else "\ufffd" for char in text)


def _is_legal(point: int) -> bool:
    return point in (0x9, 0xA, 0xD) or 0x20 <= point < 0xD800 or 0xE000 <= point < 0xFFFE or point > 0xFFFF
