"""Requests made from the document by a machine: whatever the schemas allow, and what they do not, the document's answers come back."""

from __future__ import annotations

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


def _holds(rest: Rest, described: Any, whole: Any, cases: Any) -> None:
    @settings(max_examples=12, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))
    @given(case=cases)
    def holds(case: Any) -> None:
        _check(described, whole, _send(rest, case))

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
