"""What every REST route does, in one place: who is asking, may they, read the body, answer, and say no in the reference's words (4.0).

Cookies are never looked at (A-068), except by a route that brings an `authenticate` of its own. No header lets another origin read an
answer (A-069).
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.request import RawPostDataException, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from housekey.api.reading import malformed, read, storable
from housekey.api.routes import OPEN, Authenticate, Problem, Query, Refusals, Route, View, register
from housekey.core.errors import NotPermitted, NotSignedIn, Refused
from housekey.core.names import Tenant
from housekey.core.principal import Principal, anonymous
from housekey.web import authentication, refusals
from housekey.web.house import house
from housekey.web.request import Asked

__all__ = ["OPEN", "Answer", "Call", "Problem", "Query", "Refusals", "route"]

JSON = "application/json"
_LOG = logging.getLogger("housekey.api")
_FORBIDDEN = "Operation is not permitted. You do not have permissions to make this request."
_BROKEN = "The server encountered an internal error. Please contact administrator."
_View = TypeVar("_View", bound=View)


@dataclass(frozen=True, slots=True)
class Call:
    """What a view is given: who asks (anonymous on an open route), in which tenant, the decoded body, the query."""

    by: Principal
    tenant: Tenant
    body: Any
    query: QueryDict
    request: Asked
    trace: str

    @property
    def network(self) -> str:
        return self.request.network

    @property
    def by_path(self) -> bool:
        """Does the address itself name the tenant (`/t/<tenant>/…`)?"""
        return self.request.path.startswith("/t/")

    @property
    def prefix(self) -> str:
        """`/t/<tenant>` where the address names one: what paths in an answer begin with."""
        return f"/t/{self.tenant.domain}" if self.by_path else ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a view gives: `body` is written as JSON; a text under another content type is sent as it is; None is no body."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON


def route(
    method: str, path: str, *, scope: str | None, summary: str, tag: str, body: Any = None, body_required: bool = True,
    answers: Mapping[int, Any] | None = None, errors: tuple[int, ...] = (), query: tuple[Query, ...] = (), description: str = "",
    refusals: Refusals | None = None, example: Any = None, authenticate: Authenticate | None = None,
) -> Callable[[_View], _View]:
    """Declare a route: `@route("POST", "/api/x/{name}", scope=CODE_CREATE, …)` over `def view(call: Call, name: str) -> Answer`.

    `scope` is a permission, None (any proved identity) or OPEN (nobody is asked). Further parameters: see `routes.Route`.
    One view may stand under several.
    """

    def declare(view: _View) -> _View:
        register(
            Route(
                method, path, scope, summary, tag, view, body, body_required, {200: None} if answers is None else answers, errors, query,
                description, refusals, example, authenticate,
            )
        )
        return view

    return declare


def address(routes: Mapping[str, Route]) -> Callable[..., HttpResponse]:
    """Django's view of one path: `routes` by method."""

    @csrf_exempt
    def opened(raw: HttpRequest, **parts: str) -> HttpResponse:
        request, trace = cast(Asked, raw), str(uuid.uuid4())
        found = routes.get("GET" if request.method == "HEAD" else request.method or "")
        try:
            if found is None:
                allowed = [*routes, *(["HEAD"] if "GET" in routes else [])]
                raise Problem(405, 405, f"{request.method} is not possible here.", allow=", ".join(sorted(allowed)))
            return _written(_answered(request, found, parts, trace))
        except RequestDataTooBig:
            sentence = f"The body is larger than {house().config.limits.body} bytes."
            return refused(Problem(413, 413, sentence), request, trace)
        except (UnreadablePostError, RawPostDataException):
            return refused(malformed("The body ended too early."), request, trace)
        except Refused as refusal:
            own = found.refusals(refusal) if found and found.refusals else None
            return refused(own or refusal, request, trace)
        except refusals.OUTAGE:
            return refusals.unavailable(request)
        except Exception:
            _LOG.exception("%s %s failed, trace %s", request.method, request.path, trace)
            return _written(Answer(500, _body(500, "Internal Server Error", _BROKEN, trace)))

    return opened


def _answered(request: Asked, found: Route, parts: dict[str, str], trace: str) -> Answer:
    if found.scope == OPEN:
        by, tenant = anonymous(request.tenant, request.network), request.tenant
    else:
        by = request.by = (found.authenticate or authentication.principal)(request)
        tenant = by.tenant
        if found.scope is not None:
            by.must(found.scope)
    if not all(storable(value) for _, values in request.GET.lists() for value in values):
        raise malformed("The query contains a character that cannot be stored.")
    if not all(map(storable, parts.values())):
        raise Problem(404, 404, "There is nothing at this address.")
    body = None if found.body is None else read(request, found.body, required=found.body_required)
    return found.view(Call(by, tenant, body, request.GET, request, trace), **parts)


def _written(answer: Answer) -> HttpResponse:
    if answer.body is None:
        response = HttpResponse(status=answer.status)
        del response["Content-Type"]
    elif answer.content_type == JSON:
        response = HttpResponse(msgspec.json.encode(answer.body), status=answer.status, content_type=JSON)
    else:
        response = HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
    for name, value in answer.headers.items():
        response[name] = value
    return response


def refused(refusal: Refused, request: Asked, trace: str) -> HttpResponse:
    """A refusal as an answer: `code` is a number where the door itself refuses and a text where an operation does."""
    problem = refusal if isinstance(refusal, Problem) else _problem(refusal)
    headers: dict[str, str] = {"Allow": problem.allow} if problem.allow else {}
    if problem.status in {401, 403} and authentication.challenge(refusal):
        headers["WWW-Authenticate"] = authentication.challenge(refusal)
    if hasattr(refusal, "retry_after"):
        headers["Retry-After"] = str(refusal.retry_after)
    _LOG.info("%s %s refused: %s %s, trace %s", request.method, request.path, problem.status, problem.number, trace)
    return _written(Answer(problem.status, _body(problem.number, problem.message, problem.description, trace), headers))


def _problem(refusal: Refused) -> Problem:
    if isinstance(refusal, NotSignedIn):
        return Problem(401, 401, authentication.SENTENCE)
    if isinstance(refusal, NotPermitted):
        return Problem(403, 403, f"{_FORBIDDEN} This needs the permission {refusal.permission}.")
    return Problem(refusals.status_of(refusal), refusal.code, refusal.sentence)


def _body(code: str | int | None, message: str, description: str | None, trace: str) -> dict[str, Any]:
    """A sentence may quote what was sent; what UTF-8 cannot say is replaced."""
    text = description.encode(errors="replace").decode() if description is not None else None
    return {"code": code, "message": message, "description": text, "traceId": trace}


def addresses(routes: list[Route]) -> dict[str, Callable[..., HttpResponse]]:
    """Every pattern with its view. A path with a word in a place comes before one that takes any word there."""
    by_pattern: dict[str, dict[str, Route]] = {}
    for item in sorted(routes, key=lambda item: [part.startswith("{") for part in item.path.split("/")]):
        by_pattern.setdefault(item.pattern, {})[item.method] = item
    return {pattern: address(methods) for pattern, methods in by_pattern.items()}
