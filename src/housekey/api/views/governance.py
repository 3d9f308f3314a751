"""WSO2's identity-governance API over the settings of a tenant (reference server 2.5). Values are texts, booleans "true" and "false"."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from housekey.api.door import Answer, Call, Problem, Query, route
from housekey.api.reading import Body
from housekey.core.connectors import CATEGORIES, CATEGORY_BY_ID, CONNECTOR_BY_NAME, Category, Connector
from housekey.core.errors import Invalid, NotPermitted, Refused
from housekey.core.policy import Policy
from housekey.core.principal import GOVERNANCE_UPDATE, GOVERNANCE_VIEW, LOGIN
from housekey.operations import policies
from housekey.web.house import house, now

ROOT = "/api/server/v1/identity-governance"
_TAG = "Identity governance"
_UNSUPPORTED = ("limit", "offset", "filter", "sort")
_EXAMPLE = [{"name": "EmailVerification.AskPassword.ExpiryTime", "value": "2880"}]

Name = Annotated[str, msgspec.Meta(max_length=200)]


class ConnectorLink(Body):
    id: str
    self: str


class CategoryLink(Body):
    id: str
    name: str
    self: str
    connectors: list[ConnectorLink]


class PropertyMeta(Body, rename={"group_id": "groupID"}):
    type: str
    regex: str
    group_id: str


class PropertyView(Body, rename="camel"):
    name: str
    value: str
    display_name: str
    description: str
    meta: PropertyMeta


class ConnectorView(Body, rename="camel"):
    id: str
    name: str
    category: str
    friendly_name: str
    order: int
    sub_category: str
    properties: list[PropertyView]


class CategoryView(Body):
    name: str
    connectors: list[ConnectorView]


class NewValue(Body):
    name: Name
    value: Annotated[str, msgspec.Meta(max_length=4_000)] | bool | int | float


class ConnectorPatch(Body):
    properties: list[NewValue]
    operation: Literal["UPDATE"] = "UPDATE"


class ConnectorChange(Body):
    id: Name
    properties: list[NewValue]


class ConnectorsPatch(Body):
    connectors: list[ConnectorChange]
    operation: Literal["UPDATE"] = "UPDATE"


class Reverted(Body):
    properties: list[Name]


class PreferenceAsked(Body, rename={"connector": "connector-name"}):
    connector: Name
    properties: list[Name] | None = None


class Value(Body):
    name: str
    value: str


class Preference(Body, rename={"connector": "connector-name"}):
    connector: str
    properties: list[Value]


def _words(refusal: Refused) -> Problem | None:
    """A value that a setting does not take; the sentence names the setting by its label, the front by its name."""
    if isinstance(refusal, NotPermitted) or not isinstance(refusal, Invalid):
        return None
    name = f"{refusal.field}: " if refusal.field else ""
    return Problem(400, "IDG-50013", f"{name}{refusal.sentence}", message="Invalid connector configuration.")


@route("GET", ROOT, scope=GOVERNANCE_VIEW, summary="List the categories of settings", tag=_TAG, answers={200: list[CategoryLink]},
       errors=(501,))
def categories(call: Call) -> Answer:
    _plain(call)
    return Answer(body=[_link(call, item) for item in CATEGORIES])


@route("GET", f"{ROOT}/{{category}}", scope=GOVERNANCE_VIEW, summary="Read a category with its connectors", tag=_TAG,
       answers={200: CategoryView}, errors=(501,))
def category(call: Call, category: str) -> Answer:
    _plain(call)
    found = _category(category)
    return Answer(body=CategoryView(name=found.name, connectors=_shown(call, found)))


@route("GET", f"{ROOT}/{{category}}/connectors", scope=GOVERNANCE_VIEW, summary="List the connectors of a category", tag=_TAG,
       answers={200: list[ConnectorView]}, errors=(501,))
def connectors(call: Call, category: str) -> Answer:
    _plain(call)
    return Answer(body=_shown(call, _category(category)))


@route("GET", f"{ROOT}/{{category}}/connectors/{{connector}}", scope=GOVERNANCE_VIEW, summary="Read a connector", tag=_TAG,
       answers={200: ConnectorView}, errors=(501,))
def connector(call: Call, category: str, connector: str) -> Answer:
    _plain(call)
    return Answer(body=_connector_view(_connector(_category(category), connector), _policy(call)))


@route("PATCH", f"{ROOT}/{{category}}/connectors/{{connector}}", scope=GOVERNANCE_UPDATE, summary="Change settings of a connector",
       tag=_TAG, body=ConnectorPatch, errors=(412,), refusals=_words, example={"operation": "UPDATE", "properties": _EXAMPLE},
       description="All of it or nothing. A property the connector does not have is refused, where WSO2 would keep it unused.")
def change(call: Call, category: str, connector: str) -> Answer:
    found = _connector(_category(category), connector)
    policies.change(house(), call.by, _values(found, call.body.properties), {}, now())
    return Answer()


@route("PATCH", f"{ROOT}/{{category}}/connectors", scope=GOVERNANCE_UPDATE, summary="Change settings of several connectors", tag=_TAG,
       body=ConnectorsPatch, errors=(412,), refusals=_words,
       example={"operation": "UPDATE", "connectors": [{"id": "dXNlci1lbWFpbC12ZXJpZmljYXRpb24", "properties": _EXAMPLE}]},
       description="All connectors of the body belong to the category. All of it or nothing.")
def change_several(call: Call, category: str) -> Answer:
    found = _category(category)
    values: dict[str, str] = {}
    for item in call.body.connectors:
        values |= _values(_connector(found, item.id), item.properties)
    policies.change(house(), call.by, values, {}, now())
    return Answer()


@route("POST", f"{ROOT}/{{category}}/connectors/revert", scope=GOVERNANCE_UPDATE, summary="Bring settings back to their defaults", tag=_TAG,
       body=Reverted, refusals=_words, query=(Query("connectorId", "The id of the connector.", required=True),),
       example={"properties": ["EmailVerification.AskPassword.ExpiryTime"]},
       description="The default is what deployment.toml says, else what is built in.")
def revert(call: Call, category: str) -> Answer:
    wanted = call.query.get("connectorId", "")
    if not wanted:
        raise Problem(400, 400, "Name the connector in the query: ?connectorId=…")
    found = _connector(_category(category), wanted)
    names = [_known(found, name) for name in call.body.properties]
    policies.revert(house(), call.by, *names, now=now())
    return Answer()


@route("POST", f"{ROOT}/preferences", scope=LOGIN, summary="Read the values of settings by connector name", tag=_TAG,
       body=list[PreferenceAsked], answers={200: list[Preference]},
       example=[{"connector-name": "user-email-verification", "properties": ["EmailVerification.Enable"]}])
def preferences(call: Call) -> Answer:
    policy = _policy(call)
    return Answer(body=[_preference(item, policy) for item in call.body])


def _preference(asked: PreferenceAsked, policy: Policy) -> Preference:
    found = CONNECTOR_BY_NAME.get(asked.connector)
    if found is None:
        sentence = f"There is no connector called {asked.connector}. Known: {', '.join(CONNECTOR_BY_NAME)}."
        raise Problem(400, "IDG-50011", sentence, message="Invalid connector name.")
    names = [item.name for item in found.items]
    if asked.properties is not None:
        names = [_known(found, name) for name in asked.properties]
    return Preference(connector=found.name, properties=[Value(name=name, value=policy.text(name)) for name in names])


def _plain(call: Call) -> None:
    asked = [name for name in _UNSUPPORTED if name in call.query]
    if asked:
        raise Problem(501, "IDG-50010", f"{asked[0]} is not supported here: the answer always holds everything.")


def _policy(call: Call) -> Policy:
    return policies.effective(house(), call.tenant)


def _category(wanted: str) -> Category:
    found = CATEGORY_BY_ID.get(wanted)
    if found is None:
        sentence = f"Unable to find any category with the provided identifier {wanted[:100]}."
        raise Problem(404, "IDG-50008", sentence, message="Resource not found.")
    return found


def _connector(category: Category, wanted: str) -> Connector:
    found = category.connector(wanted)
    if found is None:
        sentence = f"Unable to find any connector with the provided identifier {wanted[:100]}."
        raise Problem(404, "IDG-50009", sentence, message="Resource not found.")
    return found


def _known(connector: Connector, name: str) -> str:
    if name not in connector.names:
        sentence = f"The connector {connector.name} has no property called {name}."
        raise Problem(400, "IDG-50012", sentence, message="Unsupported property name.")
    return name


def _values(connector: Connector, given: list[NewValue]) -> dict[str, str]:
    return {_known(connector, item.name): _text(item.value) for item in given}


def _text(value: Any) -> str:
    """A JSON boolean or number as the text it stands for."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _link(call: Call, category: Category) -> CategoryLink:
    here = f"{call.prefix}{ROOT}/{category.id}"
    links = [ConnectorLink(id=item.id, self=f"{here}/connectors/{item.id}") for item in category.connectors]
    return CategoryLink(id=category.id, name=category.name, self=here, connectors=links)


def _shown(call: Call, category: Category) -> list[ConnectorView]:
    policy = _policy(call)
    return [_connector_view(item, policy) for item in category.connectors]


def _connector_view(connector: Connector, policy: Policy) -> ConnectorView:
    return ConnectorView(
        id=connector.id, name=connector.name, category=connector.category, friendly_name=connector.friendly, order=connector.order,
        sub_category="DEFAULT",
        properties=[
            PropertyView(
                name=item.name, value=policy.text(item.name), display_name=item.label, description=item.definition.hint,
                meta=PropertyMeta(type=item.kind, regex="", group_id=""),
            )
            for item in connector.items
        ],
    )
