"""WSO2's types of user stores and their properties, told from the one table of them (`core.directories`)."""

from __future__ import annotations

from housekey.api.door import Answer, Call, Problem, route
from housekey.api.reading import Body
from housekey.api.store_types import BY_ID, DATABASE, TYPES, StoreType
from housekey.core.directories import KINDS, PROPERTIES, REQUIRED, SECRET, Property
from housekey.core.principal import STORE_VIEW

_ROOT = "/api/server/v1/userstores/meta/types"
_TAG = "User stores"


class Pair(Body):
    name: str
    value: str


class PropertyMeta(Body, rename={"default": "defaultValue"}):
    name: str
    default: str
    description: str
    attributes: list[Pair]


class Properties(Body, rename={"mandatory": "Mandatory", "optional": "Optional", "advanced": "Advanced"}):
    mandatory: list[PropertyMeta]
    optional: list[PropertyMeta]
    advanced: list[PropertyMeta]


class TypeRow(Body, rename={"id": "typeId", "name": "typeName", "class_name": "className", "is_local": "isLocal", "link": "self"}):
    id: str
    name: str
    class_name: str
    description: str
    is_local: bool
    link: str


class TypeAnswer(Body, rename={"id": "typeId", "name": "typeName", "class_name": "className", "is_local": "isLocal"}):
    id: str
    name: str
    class_name: str
    description: str
    is_local: bool
    properties: Properties


@route("GET", _ROOT, scope=STORE_VIEW, summary="List the types of user stores", tag=_TAG, answers={200: list[TypeRow]})
def types(call: Call) -> Answer:
    return Answer(body=[
        TypeRow(id=one.id, name=one.name, class_name=one.class_name, description=one.description, is_local=False,
                link=f"{call.prefix}{_ROOT}/{one.id}")
        for one in TYPES
    ])


@route("GET", f"{_ROOT}/{{type}}", scope=STORE_VIEW, summary="Read a type with its properties", tag=_TAG, answers={200: TypeAnswer})
def single(call: Call, type: str) -> Answer:  # noqa: ARG001 - the same for everybody who may ask
    found = BY_ID.get(type.rstrip("="))
    if found is None or found == DATABASE:
        raise Problem(404, "SUS-60003", "There is no type of user store with this id.")
    return Answer(body=TypeAnswer(
        id=found.id, name=found.name, class_name=found.class_name, description=found.description, is_local=False,
        properties=_properties(found),
    ))


def _properties(found: StoreType) -> Properties:
    secret = PropertyMeta(name=SECRET, default="", description="The password of the account to connect with. Never read back.",
                          attributes=[Pair(name="type", value="password")])
    mandatory = [_told(found, one) for one in PROPERTIES if one.name in REQUIRED]
    advanced = [_told(found, one) for one in PROPERTIES if one.type == "number"]
    named = {one.name for one in (*mandatory, *advanced)}
    optional = [_told(found, one) for one in PROPERTIES if one.name not in named]
    return Properties(mandatory=mandatory, optional=[*optional, secret], advanced=advanced)


def _told(found: StoreType, one: Property) -> PropertyMeta:
    kind = next(kind for kind in KINDS if kind == found.kind)
    default = one.default_of(kind)
    if one.name == "ReadOnly" and found.read_only is not None:
        default = str(found.read_only).lower()
    attributes = [Pair(name="displayName", value=one.label), Pair(name="type", value=one.type)]
    if one.choices:
        attributes.append(Pair(name="options", value=",".join(one.choices)))
    return PropertyMeta(name=one.name, default=default, description=one.hint, attributes=attributes)
