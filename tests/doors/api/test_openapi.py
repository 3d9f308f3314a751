"""The document tells the truth about the door: every route, every scope, every status; and people can read it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import schemathesis
from django.test import Client
from django.urls import URLPattern, get_resolver
from jsonschema_rs import validator_for

from housekey.api.routes import OPEN, ROUTES, Route
from housekey.api.urls import urlpatterns
from housekey.oauth.urls import urlpatterns as oauth_patterns
from tests.doors.api.support import Rest
from tests.operations.support import World

_REFS = re.compile(r'"\$ref": ?"#/([^"]+)"')


@pytest.fixture
def document(world: World) -> Any:
    answer = Rest().get("/openapi.json")
    assert answer.status == 200
    return answer.body


def _operation(document: Any, item: Route) -> Any:
    return document["paths"][item.path][item.method.lower()]


def test_every_route_stands_in_the_document(document: Any) -> None:
    missing = [f"{item.method} {item.path}" for item in ROUTES if item.method.lower() not in document["paths"].get(item.path, {})]
    assert not missing
    assert len(ROUTES) > 10


def test_nothing_below_api_is_served_that_is_not_in_the_table() -> None:
    patterns = {str(item.pattern) for item in urlpatterns if isinstance(item, URLPattern)}
    known = {item.pattern for item in ROUTES} | {"api/docs"}
    assert patterns <= known
    others = [str(item.pattern) for item in get_resolver().url_patterns if isinstance(item, URLPattern)]
    assert not [pattern for pattern in others if pattern.startswith("api")]


def test_each_scope_is_the_one_the_route_asks_for(document: Any) -> None:
    scopes = document["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["scopes"]
    for item in ROUTES:
        security = _operation(document, item)["security"]
        wanted = [] if item.scope is None else [item.scope]
        first = "session" if item.authenticate else "basic"
        assert security == ([] if item.scope == OPEN else [{first: []}, {"oauth2": wanted}])
        assert item.scope in {OPEN, None} or item.scope in scopes


def test_every_status_a_route_can_give_is_described(document: Any) -> None:
    for item in ROUTES:
        described = set(_operation(document, item)["responses"])
        assert described == {str(status) for status in (*item.statuses, *item.answers)}


def test_the_oauth_addresses_are_described(document: Any) -> None:
    """All of them but those that only people's browsers come to by themselves, and the same answer under another address."""
    served = {f"/{item.pattern}" for item in oauth_patterns if isinstance(item, URLPattern)}
    own = {"/oauth2/consent", "/oidc/logout/confirmed", "/commonauth", "/oauth2/oidcdiscovery/.well-known/openid-configuration",
           "/.well-known/oauth-authorization-server/t/<str:domain>"}
    assert own < served
    assert served - own <= set(document["paths"])
    flow = document["components"]["securitySchemes"]["oauth2"]["flows"]["authorizationCode"]
    assert flow["authorizationUrl"] == f"{document['servers'][0]['url']}/oauth2/authorize"
    assert {"openid", "email", "internal_user_mgt_view"} <= set(flow["scopes"])


def test_what_the_oauth_addresses_answer_is_what_the_document_says(document: Any) -> None:
    for path in ("/.well-known/openid-configuration", "/oauth2/token/.well-known/openid-configuration",
                 "/.well-known/oauth-authorization-server", "/oauth2/jwks"):
        answer = Rest().get(path)
        content = document["paths"][path]["get"]["responses"][str(answer.status)]["content"]["application/json"]
        schema = content["schema"] | {"components": document["components"]}
        validator_for(schema).validate(answer.body)
        name = content["schema"]["$ref"].rpartition("/")[2]
        assert set(document["components"]["schemas"][name]["properties"]) <= set(answer.body), path


def test_operation_ids_are_unique_and_every_reference_leads_somewhere(document: Any) -> None:
    ids = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))
    for reference in set(_REFS.findall(json.dumps(document))):
        found = document
        for part in reference.split("/"):
            found = found[part]


def test_schemas_are_json_schema_and_examples_keep_to_them(document: Any) -> None:
    for path in document["paths"].values():
        for operation in path.values():
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                schema = content["schema"] | {"components": document["components"]}
                checker = validator_for(schema)
                if kind == "application/json" and "example" in content:
                    assert checker.is_valid(content["example"]), operation["operationId"]


def test_a_tool_that_reads_openapi_takes_it(document: Any) -> None:
    loaded = schemathesis.openapi.from_dict(document)
    loaded.validate()
    assert len(list(loaded.get_all_operations())) >= len(ROUTES)


def test_the_document_of_a_tenant_names_its_own_addresses(world: World) -> None:
    body = Rest(prefix="/t/carbon.super").get("/openapi.json").body
    base = f"{world.house.config.base_url}/t/carbon.super"
    assert body["servers"] == [{"url": base}]
    assert body["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["tokenUrl"] == f"{base}/oauth2/token"


def test_a_host_header_never_gets_into_the_document(world: World) -> None:
    assert "evil.example" not in Rest().send("GET", "/openapi.json", headers={"Host": "evil.example"}).text


def test_people_can_read_every_route_with_its_scope_and_an_example(world: World) -> None:
    page = Client().get("/api/docs")
    text = page.content.decode()
    assert page.status_code == 200
    assert page["Content-Type"].startswith("text/html")
    for item in ROUTES:
        assert item.path in text
        assert item.scope in {OPEN, None} or item.scope in text
    assert "curl" in text
    assert "<script>" not in text
