"""Elements to values and back, following the schema (document/literal)."""

from __future__ import annotations

from typing import Any

from lxml import etree

from housekey.soap.faults import Unsoaped, legal
from housekey.soap.schema import Complex, Operation, Part, Service, Values

XSI = "http://www.w3.org/2001/XMLSchema-instance"
MOST_REPEATED = 500
"""Elements of one name beside each other."""


def read(element: etree._Element, parts: tuple[Part, ...]) -> Values:
    """The children of `element`, in any order and of any namespace: SOAP clients qualify them or do not. Raises Unsoaped, naming the
    element, for what is unknown, repeated or of the wrong type: a mistyped name must not be passed over as if it had been done."""
    known = {part.name: part for part in parts}
    values: Values = {part.name: [] if part.many else None for part in parts}
    seen: set[str] = set()
    for child in element:
        name = etree.QName(child).localname
        part = known.get(name)
        if part is None:
            raise Unsoaped(f"There is no element {name[:100]} in {etree.QName(element).localname}.")
        if not part.many and name in seen:
            raise Unsoaped(f"The element {name} may occur only once.")
        seen.add(name)
        value = _value(child, part)
        if not part.many:
            values[name] = value
        elif value is not None:
            values[name].append(value)
        if part.many and len(values[name]) > MOST_REPEATED:
            raise Unsoaped(f"The element {name} may occur at most {MOST_REPEATED} times.")
    return values


def _value(element: etree._Element, part: Part) -> Any:
    if element.get(f"{{{XSI}}}nil", "").strip() in {"1", "true"}:
        return None
    if isinstance(part.type, Complex):
        return read(element, part.type.parts)
    if len(element):
        raise Unsoaped(f"The element {part.name} holds text only.")
    text = element.text or ""
    match part.type:
        case "boolean":
            return _boolean(text.strip().lower(), part.name)
        case "int":
            return _int(text.strip(), part.name)
    return text


def _boolean(text: str, name: str) -> bool | None:
    if text not in {"true", "false", "1", "0", ""}:
        raise Unsoaped(f"{name} must be true or false.")
    return text in {"true", "1"} if text else None


def _int(text: str, name: str) -> int | None:
    digits = text.removeprefix("-")
    if text and not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise Unsoaped(f"{name} must be a whole number of at most nine digits.")
    return int(text) if text else None


def written(service: Service, operation: Operation, value: Any) -> etree._Element:
    """`<ns:opResponse><ns:return>…`; `operation` must be one that gives something."""
    assert operation.gives is not None  # noqa: S101 - the door asks only those
    types = {kind.namespace for kind in _types(operation.gives)} - {service.namespace}
    prefixes = {"ns": service.namespace, "xsi": XSI} | {f"ax{number}": space for number, space in enumerate(sorted(types), 1)}
    root = etree.Element(f"{{{service.namespace}}}{operation.name}Response", nsmap=prefixes)
    _append(root, service.namespace, operation.gives, value)
    return root


def _types(part: Part) -> list[Complex]:
    if not isinstance(part.type, Complex):
        return []
    return [part.type, *(kind for child in part.type.parts for kind in _types(child))]


def _append(parent: etree._Element, namespace: str, part: Part, value: Any) -> None:
    for item in value if part.many else [value]:
        element = etree.SubElement(parent, f"{{{namespace}}}{part.name}")
        if item is None:
            element.set(f"{{{XSI}}}nil", "true")
        elif isinstance(part.type, Complex):
            for child in part.type.parts:
                _append(element, part.type.namespace, child, item.get(child.name, [] if child.many else None))
        else:
            element.text = legal(str(item).lower() if isinstance(item, bool) else str(item))
