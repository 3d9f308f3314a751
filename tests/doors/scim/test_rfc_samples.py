"""The samples of RFC 7643 and RFC 7644, and what Entra ID and Okta send: one file each in tests/golden/scim, named by its source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.doors.scim.anywhere import ask
from tests.doors.scim.support import GOLDEN, Scim

CASES = sorted((GOLDEN / "scim").glob("*.json"))
ANYTHING = "<any>"


def differences(wanted: Any, found: Any, place: str = "") -> list[str]:
    """Where `found` lacks what is wanted. Objects may hold more than is wanted, lists may not."""
    if wanted == ANYTHING:
        return [] if found not in (None, "", []) else [f"{place} is empty"]
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [line for key, value in wanted.items() for line in differences(value, found.get(key), f"{place}.{key}")]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return [line for number, value in enumerate(wanted) for line in differences(value, found[number], f"{place}[{number}]")]
    return [] if wanted == found else [f"{place}: {wanted!r} was wanted, {found!r} found"]


def filled(value: Any, ids: dict[str, str]) -> Any:
    """`{user}` and the like replaced by the ids that the server gave."""
    text = json.dumps(value)
    for name, given in ids.items():
        text = text.replace("{" + name + "}", given)
    return json.loads(text)


def sent(scim: Scim, request: dict[str, Any]) -> Any:
    path, question, query = request["path"].partition("?")
    headers = {name.replace("-", "_"): value for name, value in request.get("headers", {}).items()}
    return ask(scim, request["method"], path + question + quote(query, safe="=&"), request.get("body"), **headers)


def check(answer: Any, wanted: dict[str, Any]) -> None:
    assert answer.status == wanted["status"], answer.text
    for name, value in wanted.get("headers", {}).items():
        assert not differences(value, answer.headers.get(name), name)
    if "body" in wanted:
        assert not differences(wanted["body"], answer.body), answer.text
    assert not set(wanted.get("absent", [])) & (answer.body.keys() if "absent" in wanted else set())


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_a_printed_request_is_answered_as_printed(scim: Scim, file: Path) -> None:
    case = json.loads(file.read_text(encoding="utf-8"))
    ids: dict[str, str] = {}
    for given in case.get("given", []):
        made = ask(scim, "POST", given["path"], filled(given["body"], ids))
        assert made.status == 201, made.text
        ids[given["name"]] = made.body["id"]
    check(sent(scim, filled(case["request"], ids)), filled(case["answer"], ids))
    for step in filled(case.get("then", []), ids):
        check(sent(scim, {"method": "GET"} | step), step)


def test_every_section_with_samples_has_some() -> None:
    names = " ".join(file.stem for file in CASES)
    sections = ["3.3", "3.4.1", "3.4.2", "3.4.2.2", "3.4.2.3", "3.4.2.4", "3.4.3", "3.5.1", "3.5.2.1", "3.5.2.2", "3.5.2.3", "3.6", "3.7.2",
                "3.7.3", "3.9", "3.11", "3.12", "3.14", "4"]
    assert not [section for section in sections if f"rfc7644-{section}-" not in names]
    assert not [section for section in ("8.1", "8.2", "8.3", "8.4", "8.5", "8.6", "8.7.1", "8.7.2") if f"rfc7643-{section}-" not in names]
