"""/api/docs: the document as a page for people, in the product's look and without scripts."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from housekey.api import openapi
from housekey.core.links import tenant_prefix
from housekey.web.house import house

_TONES = {"GET": "info", "POST": "good", "PUT": "warn", "PATCH": "warn", "DELETE": "bad"}
_SAMPLES = {"string": "…", "integer": 1, "number": 1, "boolean": True}
_MOST_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a body: dotted path, what it holds, must it be there."""

    name: str
    kind: str
    required: bool


@dataclass(frozen=True, slots=True)
class Line:
    """An answer: status, what it means, what its body is."""

    status: str
    meaning: str
    body: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One operation as the page lists it."""

    method: str
    tone: str
    path: str
    summary: str
    description: str
    who: str
    parameters: list[dict[str, Any]]
    fields: list[Field]
    answers: list[Line]
    refusals: list[Line]
    curl: str


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Every operation of the document, by tag."""
    prefix = tenant_prefix(request.tenant.domain) if request.path.startswith("/t/") else ""  # type: ignore[attr-defined] # set by the gate
    document = openapi.document(house(), prefix)
    groups: dict[str, list[Shown]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups[operation["tags"][0]].append(_shown(document, path, method.upper(), operation))
    listed = [(name, openapi.anchor(name), shown) for name, shown in groups.items() if shown]
    context = {"groups": listed, "base": document["servers"][0]["url"], "version": document["info"]["version"]}
    return render(request, "api/docs.html", context)


def _shown(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> Shown:
    schemas = document["components"]["schemas"]
    contents: dict[str, dict[str, Any]] = operation.get("requestBody", {}).get("content", {})
    kind = next(iter(contents), "")
    content = contents.get(kind, {})
    lines = [_line(status, answer) for status, answer in operation["responses"].items()]
    return Shown(
        method, _TONES[method], path, operation["summary"], operation.get("description", ""), _who(operation["security"]),
        operation.get("parameters", []), _fields(content.get("schema", {}), schemas),
        [line for line in lines if line.status < "300"], [line for line in lines if line.status >= "300"],
        _curl(document["servers"][0]["url"] + path, method, operation, kind, _example(content, schemas)),
    )


def _who(security: list[dict[str, list[str]]]) -> str:
    """Whom the operation is for, in words."""
    if not security:
        return "Open to everybody."
    if {"client": []} in security:
        return "The client itself: HTTP Basic with client_id and client_secret, or both in the body."
    scopes = next((way["oauth2"] for way in security if way.get("oauth2")), [])
    need = f"Needs the scope {scopes[0]}." if scopes else "Anybody who is signed in."
    return f"{need} HTTP Basic is not taken: a browser’s session on a page of this server is." if {"session": []} in security else need


def _line(status: str, answer: dict[str, Any]) -> Line:
    contents: dict[str, dict[str, Any]] = answer.get("content", {})
    content = next(iter(contents.values()), {})
    return Line(status, answer["description"], _named(content.get("schema", {})))


def _named(schema: dict[str, Any]) -> str:
    """A schema in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_named(item) for item in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return ", ".join(map(str, schema.get("enum", [schema.get("const")])))
    return f"list of {_named(schema['items'])}" if schema.get("type") == "array" else str(schema.get("type", ""))


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """What a reference stands for; of several possibilities, the first."""
    while "$ref" in schema or "anyOf" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema["anyOf"][0]
    return schema


def _fields(schema: dict[str, Any], schemas: dict[str, Any], prefix: str = "", depth: int = 1) -> list[Field]:
    whole = _resolved(schema, schemas)
    if whole.get("type") == "array":
        return _fields(whole["items"], schemas, f"{prefix}[].", depth) if depth <= _MOST_DEPTH else []
    found: list[Field] = []
    for name, item in whole.get("properties", {}).items() if depth <= _MOST_DEPTH else ():
        inner = _resolved(item, schemas)
        found.append(Field(f"{prefix}{name}", _named(item), name in whole.get("required", [])))
        step = f"{prefix}{name}" if inner.get("type") == "array" else f"{prefix}{name}."
        found += _fields(inner, schemas, step, depth + 1)
    return found


def _example(content: dict[str, Any], schemas: dict[str, Any]) -> Any:
    return content["example"] if "example" in content else _sample(content.get("schema", {}), schemas)


def _sample(schema: dict[str, Any], schemas: dict[str, Any], depth: int = 1) -> Any:
    """The smallest body that has what it must have."""
    whole = _resolved(schema, schemas)
    if "enum" in whole or "const" in whole:
        return whole.get("const", whole.get("enum", [""])[0])
    if whole.get("type") == "array":
        return [_sample(whole["items"], schemas, depth + 1)] if depth <= _MOST_DEPTH else []
    if whole.get("type") == "object":
        return {name: _sample(whole["properties"][name], schemas, depth + 1) for name in whole.get("required", [])}
    return _SAMPLES.get(str(whole.get("type")), "…")


def _curl(url: str, method: str, operation: dict[str, Any], kind: str, example: Any) -> str:
    """A command that can be pasted into a shell once the user name is put right; curl then asks for the password."""
    asked = [item["name"] for item in operation.get("parameters", []) if item["in"] == "query" and item["required"]]
    words = ["curl"] + ([] if method == "GET" else ["-X", method])
    if {"session": []} in operation["security"]:
        words += ["-b", "__Host-session=…", "-H", "Sec-Fetch-Site: same-origin"]
    elif operation["security"] and all("oauth2" in way for way in operation["security"]):
        words += ["-H", "Authorization: Bearer …"]
    elif operation["security"]:
        words += ["-u", "client_id" if {"client": []} in operation["security"] else "admin"]
    lines = [shlex.join(words)]
    if kind:
        lines.append(shlex.join(["-H", f"Content-Type: {kind}"]))
        lines.append(shlex.join(["-d", example if isinstance(example, str) else json.dumps(example, ensure_ascii=False)]))
    query = "?" + "&".join(f"{name}={{{name}}}" for name in asked) if asked else ""
    lines.append(shlex.quote(url + query))
    return " \\\n  ".join(lines)
