"""Bodies as generously as WSO2's clients write them: strict JSON first, then unquoted keys and their kin (reference 4B.1)."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import pyjson5
from django.http import HttpRequest

from housekey.scim.errors import ScimInvalid, Unsupported
from housekey.web.house import house

MOST_DEPTH = 20
MOST_VALUES = 20_000
_SYNTAX = "Request is unparsable, syntactically incorrect, or violates schema."
MEDIA_TYPES = frozenset({"", "application/json", "application/scim+json", "*/*", "application/*"})


def read_object(request: HttpRequest, *, most_values: int = MOST_VALUES) -> dict[str, Any]:
    """The JSON object in the body. Raises Unsupported (415, WSO2's 406) for an alien media type, ScimInvalid (invalidSyntax) for the
    rest."""
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    as_wso2 = house().config.scim2.wso2_responses
    if media_type not in MEDIA_TYPES or (as_wso2 and not media_type):
        raise Unsupported(406 if as_wso2 else 415, f"The media type {media_type[:80]} is not taken here. Send application/scim+json.")
    try:
        text = request.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ScimInvalid(f"{_SYNTAX} The body is not UTF-8.", "invalidSyntax") from None
    value = _parse(text)
    if not isinstance(value, dict):
        raise ScimInvalid(f"{_SYNTAX} The body must be a JSON object.", "invalidSyntax")
    _check(value, most_values)
    return value


def _parse(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ScimInvalid(f"{_SYNTAX} It is nested too deeply.", "invalidSyntax") from None
    except ValueError as strict:
        try:
            return pyjson5.decode(text, maxdepth=MOST_DEPTH)
        except (pyjson5.Json5Exception, ValueError, RecursionError):
            raise ScimInvalid(f"{_SYNTAX} {strict}", "invalidSyntax") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _check(root: Any, most_values: int) -> None:
    """Depth, number of values, and characters that cannot be stored (NUL, lone surrogates, endless numbers)."""
    todo, seen = [(root, 1)], 0
    while todo:
        value, depth = todo.pop()
        seen += 1
        if depth > MOST_DEPTH or seen > most_values:
            raise ScimInvalid(f"{_SYNTAX} It is nested too deeply or too large.", "invalidSyntax")
        if isinstance(value, dict):
            todo += [(item, depth + 1) for pair in value.items() for item in pair]
        elif isinstance(value, list):
            todo += [(item, depth + 1) for item in value]
        elif isinstance(value, str):
            check_text(value)
        elif isinstance(value, float) and (value != value or abs(value) == float("inf")):
            raise ScimInvalid(f"{_SYNTAX} Numbers must be finite.", "invalidSyntax")


def check_text(text: str) -> None:
    """Raises ScimInvalid for NUL and halves of surrogate pairs, which not every database takes."""
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise ScimInvalid(f"{_SYNTAX} A text contains a character that cannot be stored.", "invalidSyntax")
