"""The table of routes: Django's addresses, the OpenAPI document and the test of the scope map are all made from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from housekey.core.errors import Refused
from housekey.core.principal import Principal
from housekey.web.request import Asked

if TYPE_CHECKING:
    from housekey.api.door import Answer

OPEN: Final = "open"
"""As a route's scope: nobody is asked who they are. `None` asks for a proved identity and no permission."""

View = Callable[..., "Answer"]


class Problem(Refused):
    """A refusal in the words of one API: status, `code` (text, number or none), short `message`, `description` for people."""

    def __init__(self, status: int, code: str | int | None, description: str | None, *, message: str = "", allow: str = "") -> None:
        super().__init__(description or "")
        self.status, self.number, self.description, self.allow = status, code, description, allow
        self.message = message or HTTPStatus(status).phrase


Authenticate = Callable[[Asked], Principal]
"""How one route finds out who is asking; raises NotSignedIn."""

Refusals = Callable[[Refused], Problem | None]
"""One API's own words for a refusal, or None where the usual ones do."""


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter of the query string, for the document."""

    name: str
    description: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path. `path` is written as OpenAPI does, `/api/x/{id}`; `answers` maps each good status to its body's type.

    A body's type is a msgspec Struct or a list of one; `str` is plain text, None no body. `errors` are statuses beyond those that
    the door itself may give (see `statuses`).
    """

    method: str
    path: str
    scope: str | None
    summary: str
    tag: str
    view: View
    body: Any = None
    body_required: bool = True
    answers: Mapping[int, Any] = field(default_factory=dict)
    errors: tuple[int, ...] = ()
    query: tuple[Query, ...] = ()
    description: str = ""
    refusals: Refusals | None = None
    example: Any = None
    authenticate: Authenticate | None = None
    """Only for a route that browsers with a session may use too; None: a header, as everywhere else."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The names in braces."""
        return tuple(re.findall(r"{(\w+)}", self.path))

    @property
    def pattern(self) -> str:
        """The path as Django's regular expression; a slash at the end may be there or not."""
        return "^" + re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.path.strip("/"))) + "/?$"

    @property
    def operation_id(self) -> str:
        words = [part.strip("{}") for part in self.path.split("/") if part]
        return re.sub(r"\W+", "_", "_".join([self.method.lower(), *words]))

    @property
    def statuses(self) -> tuple[int, ...]:
        """Every refusal this route can give."""
        given = {400, 404, 405, 503, *self.errors}
        if self.scope != OPEN:
            given |= {401, 429}
        if self.scope not in {OPEN, None}:
            given.add(403)
        if self.body is not None:
            given |= {413, 415}
        return tuple(sorted(given))


ROUTES: list[Route] = []


def register(route: Route) -> None:
    """Raises ValueError for a route that is there already."""
    if any((known.method, known.path) == (route.method, route.path) for known in ROUTES):
        raise ValueError(f"{route.method} {route.path} is declared twice")
    ROUTES.append(route)
