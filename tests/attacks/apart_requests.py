"""What is asked of every address: each identifier of one tenant in each place where it could go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msgspec

from housekey.api.routes import ROUTES, Route
from housekey.api.urls import urlpatterns
from housekey.console.views.actions import VERBS
from housekey.core.connectors import public_id
from housekey.core.principal import ADMINISTRATOR
from housekey.soap import profiles, stores
from housekey.soap.schema import Complex, Part, Service
from tests.attacks import apart
from tests.attacks.apart import Address, Prober, Seen, fits, unknown
from tests.doors.soap.support import SPACES, envelope
from tests.operations.support import PASSWORD
from tests.support.settled import Settled

assert urlpatterns
PLAIN = {"(?:myaccount|dashboard/?)": "leads to My Account", "(?:carbon(?:/.*)?|console)": "leads to the console"}
"""Addresses that take nothing: why."""
OWN: dict[str, tuple[str, ...]] = {
    "verb": (*VERBS, "redrive", "withdraw"), "name": ("invite", "larchSize", "EmailPublisher", "User"), "part": ("mail", "sign-in"),
    "scheme": ("light", "dark"), "way": ("email", "sms"), "slug": ("email",), "kind": ("AskPassword", "LarchGreeting"),
    "locale": ("en_US",), "type": ("QXNrUGFzc3dvcmQ",), "category": ("VXNlciBPbmJvYXJkaW5n",),
    "connector": ("dXNlci1lbWFpbC12ZXJpZmljYXRpb24",), "claim": ("aHR0cDovL3dzbzIub3JnL2NsYWltcy9naXZlbm5hbWU",), "step": ("init",),
    "address": ("UserProfileMgtService",), "dialect": (public_id("urn:ietf:params:scim:schemas:core:2.0:User"),),
}
"""Parts of addresses that are names of the product, or names that each tenant chooses for itself."""
KINDS = {"user_id": "user", "user": "user", "group_id": "group", "role_id": "role", "session_id": "session", "job_id": "job",
         "message_id": "message", "client_id": "client", "tenant_id": "tenant", "store": "store",
         "domain": "store domain"}
"""Parts that hold an identifier: of what."""
FORM = "application/x-www-form-urlencoded"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PLANS: tuple[dict[str, str], ...] = (
    {"id": "user", "undo": "user", "groups": "group", "group": "group name", "role": "role name", "q": "username", "person": "username",
     "username": "username", "members": "username", "groups-named": "group name", "name": "role name", "confirmation": "link",
     "code": "link", "token": "token", "client_id": "client", "client_secret": "secret", "before": "cursor", "key": "link",
     "form": "ticket", "uri": "attribute", "kind": "template", "next": "user", "callback": "user", "draft": "link", "text": "username",
     "roles": "role name", "id_token_hint": "token", "login_hint": "username"},
    {"id": "message", "undo": "group", "groups": "user", "group": "group", "role": "role name", "q": "mail", "person": "user",
     "username": "invited name", "members": "mail", "groups-named": "role name", "name": "group name", "confirmation": "ticket",
     "code": "token", "token": "session token", "client_id": "client name", "client_secret": "token", "before": "link", "key": "key",
     "form": "link", "uri": "user", "kind": "group name", "next": "job", "callback": "link", "draft": "draft", "text": "mail",
     "roles": "group name", "id_token_hint": "session token", "login_hint": "mail"},
    {"id": "code", "undo": "role name", "groups": "job", "group": "user", "role": "group name", "q": "group name", "person": "group name",
     "username": "mail", "members": "invited name", "groups-named": "group", "name": "client name", "confirmation": "session token",
     "code": "secret", "token": "link", "client_id": "user", "client_secret": "link", "before": "token", "key": "ticket",
     "form": "session token", "uri": "client name", "kind": "attribute", "next": "message", "callback": "job", "draft": "job",
     "text": "invited name", "roles": "user", "id_token_hint": "link", "login_hint": "user"},
)
"""What is sent under each name of a form or query: identifiers where they belong, and where they do not."""
FIXED = {
    "deed": "lock", "verb": "withdraw", "way": "mail", "method": "invite", "how": "OFFLINE", "do": "add",
    "grant_type": "client_credentials",
    "version": "1", "minutes": "60", "current-password": "x", "new-password": "a", "confirm-password": "b", "reset-password": PASSWORD,
    "reset-password2": PASSWORD,
}
HARMLESS = {
    "_", "all", "api_key_header", "authentication", "body", "claim-", "connectorId", "content_type", "description", "display_name",
    "display_order", "domain", "done", "error", "event", "exclude-identity-claims", "expected", "failures", "family", "file",
    "from_address", "given", "headers", "host", "html", "keys", "language", "locale", "logo", "logo_alt", "mobile", "network", "notify",
    "outcome", "page", "password2", "permissions", "port", "provider", "redirect_uri", "regex", "reply_to", "revert", "role-shown",
    "sample", "sample-code", "sample-otp", "sample-password", "scope", "scopes", "secret", "security", "sender", "show", "since", "sort",
    "special-locale", "special-method", "special-minutes", "state", "status", "subject", "test", "ticked", "token_endpoint", "type",
    "typed", "until", "url", "v", "without", "wrong", "ui_locales", "channel", "from", "live", "rows", "to", "told", "who",
    "mail", "password", "sure", "purpose", "scheme",
    "redirect_uris", "post_logout_redirect_uris", "backchannel_logout_uri", "access_url", "consent", "signed_with", "alg", "leaked",
    "code_challenge", "code_challenge_method", "commonAuthCallerPath", "commonAuthLogout", "decision", "max_age", "nonce",
    "post_logout_redirect_uri", "prompt", "relyingParty", "request", "response_mode",
}
"""Parameters that hold words, numbers and choices, but name nothing that belongs to a tenant."""
IN_BODIES = {"user", "username", "invited name", "mail", "link", "ticket", "token", "group", "store", "store domain", "client"}
"""Identifiers that are tried in the bodies of REST and SOAP; the others in their addresses only."""
NEVER_TAKEN = {
    "audit": "no page takes the number of an entry", "tenant": "only administrators of the default tenant",
    "code": "no page takes the number of a code",
    "ticket": "a cookie, tried below", "session token": "a cookie, tried below", "key": "a header, tried below",
    "attribute": "each tenant names its own", "template": "each tenant names its own", "client name": "clients are asked for by id",
    "secret": "good only together with the client's id, tried below", "boss": "whoever asks is the boss",
    "session": "that one has ended by itself is no mistake, so the answer is the same",
}
"""Identifiers that open nothing even at home, alone."""


@dataclass
class Case:
    """A and B, both full; `b` is B's full administrator as she comes to each door, `a` is A's."""

    a: Settled
    b: Settled
    remembered: dict[Any, Seen] = field(default_factory=dict)

    @property
    def nothing(self) -> dict[str, str]:
        """What nobody has, in the shapes of what A has."""
        return {kind: unknown(value) for kind, value in self.a.known.items()}

    def none(self, prober: Prober, item: Try) -> Seen:
        """The answer to the same request about what nobody has. Asked once for each shape."""
        shapes = [apart.shape(self.a.known[kind]) for kind in item.kinds]
        without = re.sub(r"HOLE:([a-z ]*[a-z])", "HOLE", f"{item.method} {item.path} {item.body} {item.query}")
        key = (prober.prefix, without, *shapes)
        if key not in self.remembered:
            self.remembered[key] = item.send(prober, self.nothing)
        return self.remembered[key]

    def prober(self, of: Settled, door: str) -> Prober:
        if door in {"console", "pages", "web"}:
            return Prober(session=of.session, prefix=of.prefix)
        return Prober(authorization=of.basic if door == "soap" else of.bearer, prefix=of.prefix)


@dataclass(frozen=True)
class Try:
    """One request. `HOLE:kind` stands where that identifier goes."""

    address: Address
    method: str
    path: str
    body: Any = None
    media: str = ""
    query: tuple[tuple[str, str], ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(sorted(set(re.findall(r"HOLE:([a-z ]*[a-z])", f"{self.path} {self.body} {self.query}"))))

    def send(self, prober: Prober, known: dict[str, str]) -> Seen:
        query = {name: _put(text, known) for name, text in self.query}
        path = re.sub(r"HOLE:([a-z ]*[a-z])", lambda found: quote(known[found[1]], safe=""), self.path)
        tried = [known[kind] for kind in self.kinds]
        return prober.ask(tried, self.method, path, _put(self.body, known), media=self.media, query=query)


def _put(thing: Any, known: dict[str, str]) -> Any:
    """The identifier in every place that waits for it."""
    if isinstance(thing, str):
        return re.sub(r"HOLE:([a-z ]*[a-z])", lambda found: known[found[1]], thing)
    if isinstance(thing, dict):
        return {key: _put(item, known) for key, item in thing.items()}
    return [_put(item, known) for item in thing] if isinstance(thing, list) else thing


def tries(case: Case, address: Address) -> Iterator[Try]:
    """Each identifier of A in each place of this address: in its parts, in query and form, in the body that the door understands."""
    there = usual(case, address)
    for kind, value in case.a.known.items():
        for path in _paths(case, address, kind, value):
            for method in _methods(address):
                yield Try(address, method, path, *_good_body(address, method))
        if address.door == "scim" or (kind in IN_BODIES and not value.isdecimal()):
            yield from _bodies(address, kind, there)
    if address.door in {"console", "pages", "oauth", "web"}:
        for plan in PLANS:
            sent = FIXED | {name: f"HOLE:{kind}" for name, kind in plan.items()}
            yield Try(address, "GET", there, query=tuple(sent.items()))
            yield Try(address, "POST", there, sent)


def _methods(address: Address) -> tuple[str, ...]:
    if address.door == "api":
        return tuple(route.method for route in routes(address))
    return METHODS if address.door == "scim" else ("GET", "POST")


def usual(case: Case, address: Address) -> str:
    """The address with B's own things in its parts."""
    return address.filled({name: own(case, name)[0] for name, _ in address.parts})


def routes(address: Address) -> list[Route]:
    return [route for route in ROUTES if route.path.strip("/") == address.path]


def own(case: Case, name: str) -> tuple[str, ...]:
    return (case.b.known[KINDS[name]],) if name in KINDS else OWN[name]


def _paths(case: Case, address: Address, kind: str, value: str) -> Iterator[str]:
    """The identifier in one part, B's own things in the others."""
    for name, shape in address.parts:
        if name not in KINDS or not fits(shape, value):
            continue
        rest = [(other, own(case, other)) for other, _ in address.parts if other != name]
        for values in _combined(rest):
            yield address.filled(values | {name: "HOLE"}).replace("HOLE", f"HOLE:{kind}")


def _combined(rest: list[tuple[str, tuple[str, ...]]]) -> Iterator[dict[str, str]]:
    if not rest:
        yield {}
        return
    (name, values), others = rest[0], rest[1:]
    for value in values:
        for more in _combined(others):
            yield {name: value} | more


def _bodies(address: Address, kind: str, path: str) -> Iterator[Try]:
    for method, there, body, media in _with_holes(address, path):
        filled = _put(body, {"x": f"HOLE:{kind}"})
        yield Try(address, method, there, filled, media) if media else Try(address, method, there, query=tuple(filled.items()))


def _with_holes(address: Address, path: str) -> Iterator[tuple[str, str, Any, str]]:
    """Method, path, body and its media type; without one, what is called body is the query."""
    if address.door == "api":
        for route in routes(address):
            if route.body is not None:
                for body in _variants(route):
                    yield route.method, path, body, "application/json"
    if address.door == "scim":
        yield "GET", path, {"filter": 'id eq "HOLE:x" or userName eq "HOLE:x"'}, ""
        yield "GET", path, {"cursor": "HOLE:x", "count": "1"}, ""
        for method in ("POST", "PUT", "PATCH"):
            for body in _scim_bodies(method):
                yield method, path, body, "application/scim+json"
    if address.door == "soap" and path.endswith("Service"):
        for service in (profiles.SERVICE, stores.SERVICE):
            for text in _envelopes(service):
                yield "POST", f"{path.rpartition('/')[0]}/{service.name}", text, "text/xml"


def _good_body(address: Address, method: str) -> tuple[Any, str]:
    """What the address takes when its parts are right."""
    if address.door == "api":
        route = next(route for route in routes(address) if route.method == method)
        return (route.example or _made(route.body, "x"), "application/json") if route.body is not None else (None, "")
    if address.door == "scim" and method != "GET":
        return {"userName": "fresh", "displayName": "Fresh", "Operations": [{"op": "replace", "path": "displayName", "value": "F"}]}, \
            "application/scim+json"
    return (dict(FIXED) | {"username": "boss", "role": ADMINISTRATOR}, "") if method == "POST" else (None, "")


def _variants(route: Route) -> Iterator[Any]:
    """The body all of whose texts are the identifier, and the good one with the identifier in one place at a time."""
    yield _made(route.body, "HOLE:x")
    if route.example is not None:
        yield from _replaced(route.example)


def _replaced(body: Any) -> Iterator[Any]:
    if isinstance(body, str):
        yield "HOLE:x"
    elif isinstance(body, dict):
        for key, item in body.items():
            for other in _replaced(item):
                yield body | {key: other}
    elif isinstance(body, list):
        for number, item in enumerate(body):
            for other in _replaced(item):
                yield [*body[:number], other, *body[number + 1 :]]


def _made(kind: Any, text: str) -> Any:
    """Something that a type of the REST door takes, all of whose texts are `text`."""
    return _of(msgspec.inspect.type_info(kind), text)


def _of(info: Any, text: str) -> Any:
    match info:
        case msgspec.inspect.StructType():
            return {item.encode_name: _of(item.type, text) for item in info.fields}
        case msgspec.inspect.ListType():
            return [_of(info.item_type, text)]
        case msgspec.inspect.DictType():
            return {}
        case msgspec.inspect.LiteralType():
            return info.values[0]
        case msgspec.inspect.UnionType():
            return _of(next(item for item in info.types if not isinstance(item, msgspec.inspect.NoneType)), text)
        case msgspec.inspect.BoolType():
            return True
        case msgspec.inspect.IntType():
            return 1
    return text


def _scim_bodies(method: str) -> Iterator[Any]:
    hole = [{"value": "HOLE:x"}]
    if method == "PATCH":
        for path in ("members", "users", "groups"):
            yield {"Operations": [{"op": "add", "path": path, "value": hole}]}
        yield {"Operations": [{"op": "remove", "path": 'members[value eq "HOLE:x"]'}]}
        return
    yield {"userName": "fresh", "displayName": "Fresh", "members": hole, "users": hole, "groups": hole, "roles": hole}
    if method == "POST":
        yield {"filter": 'id eq "HOLE:x"'}
        yield {"cursor": "HOLE:x", "count": 1}
        yield {"Operations": [
            {"method": verb, "path": f"/{place}/HOLE:x", "data": {"Operations": [{"op": "replace", "path": "displayName", "value": "F"}]}}
            for place in ("Users", "Groups", "v2/Roles") for verb in ("PATCH", "DELETE")]}


def _envelopes(service: Service) -> Iterator[str]:
    assert service.name in SPACES
    for operation in service.operations:
        yield envelope(service.name, operation.name, values={part.name: _soap(part) for part in operation.takes})


def _soap(part: Part) -> Any:
    one: Any = {item.name: _soap(item) for item in part.type.parts} if isinstance(part.type, Complex) else {
        "string": "HOLE:x", "boolean": "false", "int": "10"}[part.type]
    return [one] if part.many else one
