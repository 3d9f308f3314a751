"""WSO2's user-store API over the tenant's directories (reference server 1.5). Passwords go in and never out (A-138)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from housekey.api.door import Answer, Call, Problem, route
from housekey.api.reading import Body
from housekey.api.store_types import BY_ID, stored, type_of
from housekey.core.connectors import public_id
from housekey.core.directories import KINDS, SECRET
from housekey.core.errors import Conflict, Invalid, NotFound, Refused
from housekey.core.principal import STORE_CREATE, STORE_DELETE, STORE_UPDATE, STORE_VIEW
from housekey.operations import store_claims, stores
from housekey.operations.stores import MASK, NewStore, StoreView
from housekey.web.house import house, now

ROOT = "/api/server/v1/userstores"
_ONE = f"{ROOT}/{{store}}"
_TAG = "User stores"
_WHAT = ("The type decides whether the store is read only. A password that is left out, or sent as ***, stays as it is, unless the store "
         "leads to another server or account. Claims that are not named are mapped as is usual for the type; an empty `mappedAttribute` "
         "keeps a claim in the server's own database.")
_OFF, _NAME = "Disabled", "DomainName"

Name = Annotated[str, msgspec.Meta(max_length=200)]
Text = Annotated[str, msgspec.Meta(max_length=20_000)]


class Property(Body):
    name: Name
    value: Text | bool | int = ""


class ClaimAttribute(Body, rename={"uri": "claimURI", "attribute": "mappedAttribute"}):
    uri: Name
    attribute: Name = ""


class StoreBody(Body, rename={"type_id": "typeId", "mappings": "claimAttributeMappings"}):
    type_id: Name
    name: Name = ""
    description: Text = ""
    properties: Annotated[list[Property], msgspec.Meta(max_length=200)] = []
    mappings: Annotated[list[ClaimAttribute], msgspec.Meta(max_length=200)] | None = None


class Shown(Body):
    """A property as it is read."""

    name: str
    value: str


class StoreRow(Body, rename={"type_id": "typeId", "type_name": "typeName", "is_local": "isLocal", "link": "self"}):
    id: str
    name: str
    description: str
    enabled: bool
    is_local: bool
    type_id: str
    type_name: str
    link: str


class StoreAnswer(Body, rename={"type_id": "typeId", "type_name": "typeName", "class_name": "className", "is_local": "isLocal",
                                "mappings": "claimAttributeMappings"}):
    id: str
    name: str
    description: str
    is_local: bool
    type_id: str
    type_name: str
    class_name: str
    properties: list[Shown]
    mappings: list[ClaimAttribute]


class PatchItem(Body):
    """`op` REPLACE; `path` /description or /properties/NAME."""

    op: Name
    path: Name
    value: Text | bool | int = ""


class TestStep(Body):
    sentence: str
    good: bool


class TestAnswer(Body):
    """`connection`: every step went well."""

    connection: bool
    steps: list[TestStep]


_EXAMPLE = {
    "typeId": public_id("UniqueIDReadWriteLDAPUserStoreManager"), "name": "STAFF", "description": "Our people",
    "properties": [{"name": "ConnectionURL", "value": "ldaps://directory.example.com:636"},
                   {"name": "ConnectionName", "value": "cn=housekey,dc=example,dc=com"}, {"name": SECRET, "value": "…"},
                   {"name": "UserSearchBase", "value": "ou=people,dc=example,dc=com"}],
    "claimAttributeMappings": [{"claimURI": "http://wso2.org/claims/department", "mappedAttribute": "ou"}],
}
_JSON_NAMES = {"domain": "name", "kind": "typeId"}


def _words(refusal: Refused) -> Problem | None:
    """WSO2's numbers where it has one, the fields by their JSON names."""
    if isinstance(refusal, Conflict):
        return Problem(409, "SUS-60002", refusal.sentence)
    if isinstance(refusal, NotFound):
        return Problem(404, "SUS-60001", refusal.sentence)
    if not isinstance(refusal, Invalid):
        return None
    field = _JSON_NAMES.get(refusal.field, refusal.field)
    return Problem(400, refusal.code, f"{field}: {refusal.sentence}" if field else refusal.sentence)


@route("GET", ROOT, scope=STORE_VIEW, summary="List the user stores besides PRIMARY", tag=_TAG, answers={200: list[StoreRow]})
def listing(call: Call) -> Answer:
    return Answer(body=[_row(call, view) for view in stores.listing(call.by)[1:]])


@route("POST", ROOT, scope=STORE_CREATE, summary="Connect a directory", tag=_TAG, body=StoreBody, answers={201: StoreAnswer}, errors=(409,),
       refusals=_words, description=_WHAT, example=_EXAMPLE)
def add(call: Call) -> Answer:
    if not call.body.name.strip():
        raise Problem(400, "SUS-60008", "name: Name the domain of the user store.")
    made = stores.add(house(), call.by, _wanted(call, call.body, call.body.name, {}), now())
    return Answer(201, _shown(call, made), {"Location": f"{call.prefix}{ROOT}/{public_id(made.domain)}"})


@route("POST", f"{ROOT}/test", scope=STORE_CREATE, summary="Try a connection without storing it", tag=_TAG, body=StoreBody,
       answers={200: TestAnswer}, refusals=_words, example=_EXAMPLE,
       description="`name` may name a store that exists: its password is used if the settings lead to the same server and account.")
def test(call: Call) -> Answer:
    domain = call.body.name.strip().upper()
    tested = stores.test(house(), call.by, _wanted(call, call.body, domain, {}), domain=domain)
    return Answer(body=TestAnswer(
        connection=tested.good, steps=[TestStep(sentence=sentence, good=good) for sentence, good in tested.steps],
    ))


@route("GET", _ONE, scope=STORE_VIEW, summary="Read a user store", tag=_TAG, answers={200: StoreAnswer})
def single(call: Call, store: str) -> Answer:
    try:
        return Answer(body=_shown(call, stored(call.by, store)))
    except NotFound as refusal:
        raise Problem(404, "SUS-60003", refusal.sentence) from None


@route("PUT", _ONE, scope=STORE_UPDATE, summary="Set up a directory anew", tag=_TAG, body=StoreBody, answers={200: StoreAnswer},
       errors=(412,), refusals=_words, description=_WHAT, example=_EXAMPLE)
def replace(call: Call, store: str) -> Answer:
    view = stored(call.by, store)
    if call.body.name.strip() and call.body.name.strip().upper() != view.domain:
        raise Invalid("A user store cannot be renamed. Send its name as it is read, or leave it out.", field="domain")
    new = _wanted(call, call.body, view.domain, stores.as_new(view).attributes if view.id else {}, enabled=view.enabled)
    return Answer(body=_shown(call, stores.change(house(), call.by, view.domain, new, now(), version=view.version)))


@route("PATCH", _ONE, scope=STORE_UPDATE, summary="Change parts of a directory", tag=_TAG, body=list[PatchItem],
       answers={200: StoreAnswer}, errors=(412,), refusals=_words,
       example=[{"op": "REPLACE", "path": "/properties/ReadTimeout", "value": "2000"}])
def patch(call: Call, store: str) -> Answer:
    view = stored(call.by, store)
    new = _patched(_directory(view), call.body)
    return Answer(body=_shown(call, stores.change(house(), call.by, view.domain, new, now(), version=view.version)))


@route("PATCH", f"{_ONE}/attribute-mappings", scope=STORE_UPDATE, summary="Change where a directory keeps claims", tag=_TAG,
       body=list[ClaimAttribute], answers={204: None}, errors=(412,), refusals=_words)
def mapped(call: Call, store: str) -> Answer:
    view = stored(call.by, store)
    new = _directory(view)
    attributes = store_claims.merged(view.kind, new.attributes, _mapped(call, call.body))
    stores.change(house(), call.by, view.domain, dataclasses.replace(new, attributes=attributes), now(), version=view.version)
    return Answer(204)


@route("DELETE", _ONE, scope=STORE_DELETE, summary="Take a directory away from here", tag=_TAG, answers={204: None}, errors=(409,),
       refusals=_words, description="The directory itself is not changed. It must have no users here any more. An unknown one is no error.")
def remove(call: Call, store: str) -> Answer:
    try:
        stores.remove(call.by, stored(call.by, store).domain, now())
    except NotFound:
        return Answer(204)
    return Answer(204)


def _directory(view: StoreView) -> NewStore:
    """What is set now. Raises Invalid for what deployment.toml sets."""
    if view.id is None:
        raise Invalid(f"{view.domain} is in the server's own database. It is set by deployment.toml.", field="domain")
    return stores.as_new(view)


def _wanted(call: Call, body: StoreBody, domain: str, attributes: Mapping[str, str], *, enabled: bool = True) -> NewStore:
    """`attributes`: what differs from the usual ones already. Raises Invalid."""
    kind = BY_ID.get(body.type_id.rstrip("="))
    if kind is None or kind.kind not in KINDS:
        raise Invalid("This is no type of user store that can be connected. GET /meta/types lists them.", field="kind")
    given = {item.name: _text(item.value) for item in body.properties}
    new = _with(NewStore(domain, kind.kind, {}, {}, None, body.description, enabled), given)
    if kind.read_only is not None:
        said = new.properties.get("ReadOnly", "").strip().lower()
        if said and said != str(kind.read_only).lower():
            raise Invalid(f"The type {kind.name} says the opposite. Choose another type, or leave this out.", field="ReadOnly")
        new = dataclasses.replace(new, properties={**new.properties, "ReadOnly": str(kind.read_only).lower()})
    return dataclasses.replace(new, attributes=store_claims.merged(kind.kind, attributes, _mapped(call, body.mappings or [])))


def _with(new: NewStore, given: Mapping[str, str]) -> NewStore:
    """With these properties; the password, the name and the switch among them go where they belong. Raises Invalid."""
    properties = dict(new.properties)
    for name, value in given.items():
        if name == SECRET:
            new = dataclasses.replace(new, password=value)
        elif name == _OFF:
            if value.lower() not in {"true", "false"}:
                raise Invalid("This is true or false.", field=_OFF)
            new = dataclasses.replace(new, enabled=value.lower() == "false")
        elif name == _NAME:
            if value.strip().upper() != new.domain.strip().upper():
                raise Invalid("This is not the name of the user store.", field=_NAME)
        else:
            properties[name] = value
    return dataclasses.replace(new, properties=properties)


def _patched(new: NewStore, items: Iterable[PatchItem]) -> NewStore:
    """Raises Invalid for another operation or path."""
    for item in items:
        if item.op.upper() != "REPLACE":
            raise Invalid("REPLACE is the only operation here.", field="op")
        place, _, name = item.path.removeprefix("/").partition("/")
        if place == "description" and not name:
            new = dataclasses.replace(new, description=_text(item.value))
        elif place == "properties" and name:
            new = _with(new, {name: _text(item.value)})
        else:
            raise Invalid("This is /description or /properties/NAME.", field="path")
    return new


def _mapped(call: Call, given: Iterable[ClaimAttribute]) -> dict[str, str]:
    return {store_claims.key_of(call.tenant, item.uri): item.attribute for item in given}


def _text(value: str | bool | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _row(call: Call, view: StoreView) -> StoreRow:
    kind = type_of(view)
    return StoreRow(
        id=public_id(view.domain), name=view.domain, description=view.description, enabled=view.enabled, is_local=view.id is None,
        type_id=kind.id, type_name=kind.name, link=f"{call.prefix}{ROOT}/{public_id(view.domain)}",
    )


def _shown(call: Call, view: StoreView) -> StoreAnswer:
    kind, values = type_of(view), {name: value for name, value in view.properties.items() if value}
    if view.id:
        values |= {_OFF: str(not view.enabled).lower()} | ({SECRET: MASK} if view.secret else {})
    return StoreAnswer(
        id=public_id(view.domain), name=view.domain, description=view.description, is_local=view.id is None, type_id=kind.id,
        type_name=kind.name, class_name=kind.class_name, properties=[Shown(name=name, value=value) for name, value in values.items()],
        mappings=[ClaimAttribute(uri=uri, attribute=name) for uri, name in store_claims.shown(call.tenant, view.attributes).items()],
    )
