"""Requests made from the document by a machine: whatever the schemas allow, and what they do not, the document's answers come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema_rs import validator_for
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from housekey.api.openapi import document
from housekey.core.principal import ADMINISTRATOR_PERMISSIONS, CONSOLE, OWN_PASSWORD
from tests.doors.api.support import Answer, Rest, holder
from tests.doors.oauth.application import BACK, BYE, App, application, signed_in
from tests.doors.oauth.support import FORM
from tests.operations.support import World

pytestmark = pytest.mark.slow


def _send(rest: Rest, case: Any) -> Answer:
    query = urlencode({name: str(value) for name, value in (case.query or {}).items()}, errors="replace")
    path = case.path
    for name, value in (case.path_parameters or {}).items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe="", errors="replace"))
    body = b"" if repr(case.body) == "<NOT_SET>" or "NotSet" in type(case.body).__name__ else case.body
    return rest.send(case.method, path + (f"?{query}" if query else ""), body)


def _check(described: Any, whole: Any, answer: Answer) -> None:
    assert answer.status < 500 or answer.status in {501, 503}, answer.text
    assert str(answer.status) in described["responses"], (answer.status, answer.text)
    content = described["responses"][str(answer.status)].get("content", {})
    if "application/json" in content and answer.headers.get("Content-Type") == "application/json":
        schema = content["application/json"]["schema"] | {"components": whole["components"]}
        validator_for(schema).validate(answer.body)


def _holds(rest: Rest, described: Any, whole: Any, cases: Any, send: Callable[[Rest, Any], Answer] = _send) -> None:
    @settings(max_examples=12, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))
    @given(case=cases)
    def holds(case: Any) -> None:
        _check(described, whole, send(rest, case))

    holds()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_one_that_the_document_knows(world: World, mode: GenerationMode) -> None:
    whole = document(world.house, "")
    rest = holder(world, *sorted(ADMINISTRATOR_PERMISSIONS - {CONSOLE, OWN_PASSWORD}))
    for found in schemathesis.openapi.from_dict(whole).get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        described = whole["paths"][operation.path][operation.method.lower()]
        if operation.path.startswith("/api") and (mode is GenerationMode.POSITIVE or "requestBody" in described):
            _holds(rest, described, whole, operation.as_strategy(generation_mode=mode))


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_the_oauth_addresses_take_anything_too(world: World, mode: GenerationMode) -> None:
    """As a program with its secret; addresses for browsers also as somebody who is signed in, with an application that exists."""
    world.add()
    whole, app = document(world.house, ""), application(world)
    program, person = Rest(app.program.header), Rest()
    person.client.cookies = signed_in().client.cookies
    seen = set()
    for found in schemathesis.openapi.from_dict(whole).get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        described = whole["paths"][operation.path][operation.method.lower()]
        if operation.path.startswith(("/api", "/openapi")) or not (mode is GenerationMode.POSITIVE or "requestBody" in described
                                                                    or "parameters" in described):
            continue
        seen.add(operation.path)
        cases = operation.as_strategy(generation_mode=mode)
        _holds(program, described, whole, cases, _as_form)
        if "requestBody" in described:
            _holds(program, described, whole, cases, _as_itself)
        if "parameters" in described:
            _holds(person, described, whole, cases, lambda rest, case: _really(app, rest, case))
    assert {"/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/authorize", "/oidc/logout"} <= seen


def _as_form(rest: Rest, case: Any) -> Answer:
    """A body that is an object goes out as a form, anything else as it is written."""
    query = urlencode({name: str(value) for name, value in (case.query or {}).items()}, errors="replace")
    body = b"" if "NotSet" in type(case.body).__name__ else case.body
    if isinstance(body, dict):
        body = urlencode({str(name): str(value) for name, value in body.items()}, errors="replace").encode()
    elif not isinstance(body, bytes):
        body = str(body).encode(errors="replace")
    return rest.send(case.method, case.path + (f"?{query}" if query else ""), body, content_type=FORM)


def _as_itself(rest: Rest, case: Any) -> Answer:
    """The client's credentials stand in the header only."""
    if isinstance(case.body, dict):
        case.body = {name: value for name, value in case.body.items() if name not in {"client_id", "client_secret"}}
    return _as_form(rest, case)


def _really(app: App, rest: Rest, case: Any) -> Answer:
    case.query = {**(case.query or {}), "client_id": app.program.id, "response_type": "code", "redirect_uri": BACK}
    if case.path == "/oidc/logout":
        case.query["post_logout_redirect_uri"] = BYE
    return _as_form(rest, case)
