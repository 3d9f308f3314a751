"""The OpenAPI 3.1 document, made from the route table and the description of the OAuth door."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from housekey import __version__
from housekey.api import oauth_paths
from housekey.api.reading import Body
from housekey.api.routes import OPEN, ROUTES, Route
from housekey.conf.house import House
from housekey.core import openid
from housekey.core.principal import ADMINISTRATOR_PERMISSIONS

_JSON = "application/json"
_REF = "#/components/schemas/{name}"
_ABOUT = (
    "The REST and OAuth addresses of Housekey. SCIM 2.0 and SOAP describe themselves: see /scim2 and /services/…?wsdl. Every address also "
    "stands under /t/{tenant}/ and then speaks of that tenant. Send HTTP Basic or a bearer token: cookies are looked at only where the "
    "security of an operation says session. In a body, null is the same as an absent key, and unknown keys are passed over."
)
REASONS = {
    400: "The request is wrong; the description says what to change.",
    401: "No credentials, or wrong ones.",
    403: "The caller is known and lacks the scope.",
    404: "There is nothing at this address, or no such thing.",
    405: "This address does not take the method.",
    406: "The request cannot be met as the tenant is set up.",
    409: "It is there already, or not in a state for this.",
    410: "The code cannot be used any more.",
    412: "A rule of the tenant forbids it, or somebody else was faster.",
    413: "The body is larger than the server takes.",
    415: "The body is not JSON.",
    429: "Too many attempts: wait as long as Retry-After says.",
    500: "The server failed; the trace is in its log.",
    501: "The parameter is not supported.",
    503: "The server is busy or cannot write: try again after Retry-After seconds.",
}
_PARTS = {
    "user": "The id of a user, as SCIM tells it.",
    "category": "The id of a category: base64url of its name, without padding.",
    "connector": "The id of a connector: base64url of its name, without padding.",
    "claim": "The id of a claim: base64url of its URI, without padding.",
    "store": "The id of a user store: base64url of its domain, without padding.",
    "type": "The id of a type of user stores: base64url of its name, without padding.",
    "dialect": "The id of a claim dialect: base64url of its URI, without padding; or local.",
}
GOOD = {200: "Done.", 201: "Made.", 202: "Accepted.", 204: "Done; there is no body."}


class Refusal(Body, rename={"trace_id": "traceId"}):
    """A refusal. `code` is a number where the door refuses, else a text that stays the same between versions, or null."""

    code: str | int | None
    message: str
    description: str | None
    trace_id: str


def document(house: House, prefix: str) -> dict[str, Any]:
    """The whole document for the addresses that begin with `prefix` (`""` or `/t/<tenant>`)."""
    base = f"{house.config.base_url}{prefix}"
    paths, schemas = _described()
    return {
        "openapi": "3.1.0",
        "info": {"title": "Housekey", "version": __version__, "description": _ABOUT,
                 "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": base}],
        "tags": [{"name": name} for name in tags()],
        "paths": paths,
        "components": {
            "schemas": schemas | oauth_paths.SCHEMAS,
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic", "description": "User name and password; `user@tenant` off /t/."},
                "oauth2": {"type": "oauth2", "flows": _flows(base)},
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-session",
                            "description": "A signed-in browser on a page of this server; only where it stands, and never across sites."},
                "client": {"type": "http", "scheme": "basic", "description": "client_id and client_secret."},
            },
        },
    }


def tags() -> list[str]:
    """In the order in which the APIs were declared, OAuth last."""
    return [*dict.fromkeys(item.tag for item in ROUTES), oauth_paths.TAG]


def _flows(base: str) -> dict[str, Any]:
    tokens = f"{base}/oauth2/token"
    people = {scope: f"Tells {', '.join(claims)}." if claims else "Goes on without a browser." for scope, claims in openid.SCOPES.items()}
    return {
        "clientCredentials": {"tokenUrl": tokens, "scopes": _scopes()},
        "authorizationCode": {
            "authorizationUrl": f"{base}/oauth2/authorize", "tokenUrl": tokens, "refreshUrl": tokens, "scopes": people | _scopes(),
        },
    }


def _scopes() -> dict[str, str]:
    return {scope: f"Opens what names {scope}." for scope in sorted(ADMINISTRATOR_PERMISSIONS)}


@cache
def _described() -> tuple[dict[str, Any], dict[str, Any]]:
    """Paths and schemas; the same for every tenant."""
    kinds = list(_kinds())
    found, schemas = msgspec.json.schema_components([*kinds, Refusal], ref_template=_REF)
    by_kind = dict(zip(map(repr, kinds), found, strict=False))
    paths: dict[str, Any] = {}
    for item in ROUTES:
        paths.setdefault(item.path, {})[item.method.lower()] = _operation(item, by_kind)
    return paths | oauth_paths.paths(_refusal), schemas


def _kinds() -> Iterator[Any]:
    """Every type of a body, once."""
    seen: set[str] = set()
    for item in ROUTES:
        for kind in (item.body, *item.answers.values()):
            if kind not in {None, str} and repr(kind) not in seen:
                seen.add(repr(kind))
                yield kind


def _operation(item: Route, by_kind: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": item.operation_id, "summary": item.summary, "tags": [item.tag]}
    if item.description:
        operation["description"] = item.description
    operation["security"] = _security(item)
    parameters = [_parameter(name, "path", _PARTS.get(name, ""), required=True) for name in item.parts]
    parameters += [_parameter(query.name, "query", query.description, required=query.required) for query in item.query]
    if parameters:
        operation["parameters"] = parameters
    if item.body is not None:
        content: dict[str, Any] = {"schema": by_kind[repr(item.body)]}
        if item.example is not None:
            content["example"] = item.example
        operation["requestBody"] = {"required": item.body_required, "content": {_JSON: content}}
    answers = {str(status): _answer(status, kind, by_kind) for status, kind in item.answers.items()}
    operation["responses"] = answers | {str(status): _refusal(status) for status in item.statuses}
    return operation


def _security(item: Route) -> list[dict[str, list[str]]]:
    if item.scope == OPEN:
        return []
    return [{"session" if item.authenticate else "basic": []}, {"oauth2": [item.scope] if item.scope else []}]


def _parameter(name: str, place: str, description: str, *, required: bool) -> dict[str, Any]:
    told = {"description": description} if description else {}
    return {"name": name, "in": place, "required": required, "schema": {"type": "string"}} | told


def _answer(status: int, kind: Any, by_kind: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": GOOD[status]}
    if kind is str:
        answer["content"] = {"text/plain": {"schema": {"type": "string"}}}
    elif kind is not None:
        answer["content"] = {_JSON: {"schema": by_kind[repr(kind)]}}
    return answer


_HEADERS = {401: ("WWW-Authenticate", "string"), 405: ("Allow", "string"), 429: ("Retry-After", "integer"), 503: ("Retry-After", "integer")}


def _refusal(status: int, schema: str = "Refusal") -> dict[str, Any]:
    answer: dict[str, Any] = {"description": REASONS[status], "content": {_JSON: {"schema": {"$ref": _REF.format(name=schema)}}}}
    if status in _HEADERS:
        name, kind = _HEADERS[status]
        answer["headers"] = {name: {"schema": {"type": kind}}}
    return answer


def anchor(text: str) -> str:
    """A text as part of an address."""
    return re.sub(r"\W+", "-", text.lower()).strip("-")
