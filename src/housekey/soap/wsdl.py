"""A service described in WSDL 1.1, with the names that Axis2 gives (reference 5.0): SOAP-UI and zeep import it.

Operations that answer nothing have no output: their success is HTTP 202.
"""

from __future__ import annotations

from functools import lru_cache

from lxml import etree

from housekey.soap.schema import Complex, Operation, Part, Service

WSDL = "http://schemas.xmlsoap.org/wsdl/"
BINDINGS = {"Soap11": "http://schemas.xmlsoap.org/wsdl/soap/", "Soap12": "http://schemas.xmlsoap.org/wsdl/soap12/"}
HTTP = "http://schemas.xmlsoap.org/soap/http"
XS = "http://www.w3.org/2001/XMLSchema"


def address(root: str, service: Service, binding: str) -> str:
    """The endpoint of a binding; `root` ends in /services."""
    return f"{root}/{service.name}.{service.name}Https{binding}Endpoint/"


@lru_cache(maxsize=64)
def document(service: Service, root: str) -> bytes:
    """`root`: where the services stand, from the configuration and never from a request (A-060)."""
    spaces = _namespaces(service)
    prefixes = {"wsdl": WSDL, "xs": XS, "soap": BINDINGS["Soap11"], "soap12": BINDINGS["Soap12"], **spaces}
    definitions = etree.Element(f"{{{WSDL}}}definitions", {"targetNamespace": service.namespace}, nsmap=prefixes)
    types = _add(definitions, "types")
    for namespace in spaces.values():
        _schema(types, service, namespace, spaces)
    _messages(definitions, service)
    _port_type(definitions, service)
    for binding, namespace in BINDINGS.items():
        _binding(definitions, service, binding, namespace)
    ports = _add(definitions, "service", name=service.name)
    for binding, namespace in BINDINGS.items():
        port = _add(ports, "port", name=f"{service.name}Https{binding}Endpoint", binding=f"ns:{service.name}{binding}Binding")
        etree.SubElement(port, f"{{{namespace}}}address", location=address(root, service, binding))
    return etree.tostring(definitions, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _namespaces(service: Service) -> dict[str, str]:
    """Prefix -> namespace: the types' first, because the service's own schema refers to them."""
    others = sorted({kind.namespace for kind in _types(service)} - {service.namespace})
    return {f"ax{number}": namespace for number, namespace in enumerate(others, 1)} | {"ns": service.namespace}


def _types(service: Service) -> list[Complex]:
    """Every complex type of the service, once."""
    parts = [part for item in service.operations for part in (*item.takes, *([item.gives] if item.gives else []))]
    found = {service.exception: None}
    while parts:
        part = parts.pop()
        if isinstance(part.type, Complex) and part.type not in found:
            found[part.type] = None
            parts += part.type.parts
    return sorted(found, key=lambda kind: (kind.namespace, kind.name))


def _schema(types: etree._Element, service: Service, namespace: str, spaces: dict[str, str]) -> None:
    prefix_of = {space: prefix for prefix, space in spaces.items()}
    schema = etree.SubElement(types, f"{{{XS}}}schema", targetNamespace=namespace, elementFormDefault="qualified",
                              attributeFormDefault="qualified")
    for other in spaces.values():
        if other != namespace:
            etree.SubElement(schema, f"{{{XS}}}import", namespace=other)
    for kind in _types(service):
        if kind.namespace == namespace:
            _complex(etree.SubElement(schema, f"{{{XS}}}complexType", name=kind.name), kind.parts, prefix_of)
    if namespace == service.namespace:
        _element(schema, service.fault, (Part(service.exception.name, service.exception),), prefix_of)
        for item in service.operations:
            _element(schema, item.name, item.takes, prefix_of)
            if item.gives:
                _element(schema, f"{item.name}Response", (item.gives,), prefix_of)


def _element(schema: etree._Element, name: str, parts: tuple[Part, ...], prefix_of: dict[str, str]) -> None:
    element = etree.SubElement(schema, f"{{{XS}}}element", name=name)
    _complex(etree.SubElement(element, f"{{{XS}}}complexType"), parts, prefix_of)


def _complex(kind: etree._Element, parts: tuple[Part, ...], prefix_of: dict[str, str]) -> None:
    sequence = etree.SubElement(kind, f"{{{XS}}}sequence")
    for part in parts:
        typed = f"{prefix_of[part.type.namespace]}:{part.type.name}" if isinstance(part.type, Complex) else f"xs:{part.type}"
        element = etree.SubElement(sequence, f"{{{XS}}}element", minOccurs="0", name=part.name, nillable="true", type=typed)
        if part.many:
            element.set("maxOccurs", "unbounded")


def _messages(definitions: etree._Element, service: Service) -> None:
    for item in service.operations:
        _message(definitions, f"{item.name}Request", item.name)
        if item.gives:
            _message(definitions, f"{item.name}Response", f"{item.name}Response")
    _message(definitions, service.fault, service.fault)


def _message(definitions: etree._Element, name: str, element: str) -> None:
    _add(_add(definitions, "message", name=name), "part", name="parameters", element=f"ns:{element}")


def _port_type(definitions: etree._Element, service: Service) -> None:
    port_type = _add(definitions, "portType", name=f"{service.name}PortType")
    for item in service.operations:
        operation = _add(port_type, "operation", name=item.name)
        _add(operation, "input", message=f"ns:{item.name}Request")
        if item.gives:
            _add(operation, "output", message=f"ns:{item.name}Response")
        _add(operation, "fault", message=f"ns:{service.fault}", name=service.fault)


def _binding(definitions: etree._Element, service: Service, binding: str, namespace: str) -> None:
    element = _add(definitions, "binding", name=f"{service.name}{binding}Binding", type=f"ns:{service.name}PortType")
    etree.SubElement(element, f"{{{namespace}}}binding", transport=HTTP, style="document")
    for item in service.operations:
        _bound(element, service, item, namespace)


def _bound(binding: etree._Element, service: Service, item: Operation, namespace: str) -> None:
    operation = _add(binding, "operation", name=item.name)
    etree.SubElement(operation, f"{{{namespace}}}operation", soapAction=f"urn:{item.name}", style="document")
    for direction in ("input", "output") if item.gives else ("input",):
        etree.SubElement(_add(operation, direction), f"{{{namespace}}}body", use="literal")
    etree.SubElement(_add(operation, "fault", name=service.fault), f"{{{namespace}}}fault", use="literal", name=service.fault)


def _add(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{WSDL}}}{tag}", attributes)
