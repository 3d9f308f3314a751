"""What a service is made of: operations, their parts, and the types those have. The WSDL, the reader and the writer all follow it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from housekey.core.principal import Principal
from housekey.web.request import Asked

Simple = Literal["string", "boolean", "int"]


@dataclass(frozen=True, slots=True)
class Complex:
    """A type with children, in the order in which Axis2 writes them: by name."""

    name: str
    namespace: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One child element; all may be missing or nil. `many`: it may be repeated."""

    name: str
    type: Simple | Complex = "string"
    many: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks, and for which request; the clock was read once, at the door."""

    request: Asked
    by: Principal
    now: datetime


Values = dict[str, Any]
"""What was sent, by the parts' names: str, bool, int, Values, lists of these; None for what was missing or nil."""


@dataclass(frozen=True, slots=True)
class Operation:
    """`does` takes the call and the values and returns what `gives` says, or None for an operation that answers nothing."""

    name: str
    takes: tuple[Part, ...]
    gives: Part | None
    does: Callable[[Call, Values], Any]


@dataclass(frozen=True, slots=True)
class Service:
    """`exception` is the declared fault: the element `<name><exception>` that wraps one of that type (reference 5.0)."""

    name: str
    namespace: str
    exception: Complex
    operations: tuple[Operation, ...]

    @property
    def fault(self) -> str:
        return f"{self.name}{self.exception.name}"

    def operation(self, name: str) -> Operation | None:
        return next((item for item in self.operations if item.name == name), None)


def strings(*names: str) -> tuple[Part, ...]:
    return tuple(Part(name) for name in names)


def returns(type: Simple | Complex = "string", *, many: bool = False) -> Part:
    return Part("return", type, many)
