"""JSON bodies into msgspec Structs, and what is wrong with them in words that name the place (reference 4.0)."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from django.http import HttpRequest

from housekey.api.routes import Problem

MOST_DEPTH = 20
MOST_VALUES = 20_000
_MEDIA_TYPES = {"", "application/json", "*/*", "application/*"}
_AT = re.compile(r"(?P<what>.*?)(?: - at `(?P<key>key in )?\$(?P<path>.*)`)?", re.DOTALL)
_EXPECTED = re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<given>[^`]+)`")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]+)`")
_WORDS = {
    "str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false", "null": "null", "object": "an object",
    "array": "a list",
}


class Body(msgspec.Struct, kw_only=True):
    """Root of all bodies. Unknown keys are passed over: clients of WSO2 send more than is read. null is the same as absent."""


def read(request: HttpRequest, kind: Any, *, required: bool = True) -> Any:
    """The body as a `kind`; None if there is none and none is required.

    Raises Problem 415 for an alien media type and 400 for everything else; Django's RequestDataTooBig and UnreadablePostError pass.
    """
    data = request.body
    if not data and not required:
        return None
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type not in _MEDIA_TYPES and not media_type.endswith("+json"):
        raise Problem(415, 415, f"The media type {media_type[:80]} is not taken here. Send application/json.")
    if not data:
        raise malformed("There is no body. Send a JSON document.")
    try:
        value = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
        return msgspec.convert(_checked(value), kind)
    except msgspec.ValidationError as error:
        raise malformed(_readable(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise malformed(f"The body is not JSON: {error}.") from None
    except RecursionError:
        raise malformed("The body is nested too deeply.") from None


def malformed(why: str) -> Problem:
    """The reference's sentence, and what to change."""
    return Problem(400, 400, f"Your client has issued a malformed or illegal request. {why}")


def _checked(value: Any) -> Any:
    """Raises Problem for too much of it and for characters that cannot be stored; gives it back without nulls in objects."""
    todo, seen = [(value, 1)], 0
    while todo:
        item, depth = todo.pop()
        seen += 1
        if depth > MOST_DEPTH or seen > MOST_VALUES:
            raise malformed("The body is nested too deeply or holds too many values.")
        if isinstance(item, dict):
            for key in [key for key, inner in item.items() if inner is None]:
                del item[key]
            todo += [(inner, depth + 1) for pair in item.items() for inner in pair]
        elif isinstance(item, list):
            todo += [(inner, depth + 1) for inner in item]
        elif isinstance(item, str) and not storable(item):
            raise malformed("A text contains a character that cannot be stored.")
    return value


def storable(text: str) -> bool:
    """No NUL and no half of a surrogate pair: not every database takes them."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _readable(message: str) -> str:
    """msgspec's message as a sentence that starts with the place: `user.username: expected a text, not a whole number.`"""
    match = _AT.fullmatch(message)
    what, path = (match["what"], (match["path"] or "").lstrip(".")) if match else (message, "")
    missing = _MISSING.fullmatch(what)
    if missing:
        return f"{'.'.join(filter(None, (path, missing['name'])))} is missing."
    expected = _EXPECTED.fullmatch(what)
    if expected:
        return f"{path or 'The body'}: expected {_words(expected['wanted'])}, not {_words(expected['given'])}."
    plain = what.replace("`", "").rstrip(".")
    return f"{path or 'The body'}: {plain[:1].lower()}{plain[1:]}."


def _words(kinds: str) -> str:
    return " or ".join(_WORDS.get(kind, kind) for kind in kinds.split(" | "))
