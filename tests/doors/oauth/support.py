"""A program that asks for tokens: form bodies, answers as JSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.test import Client

from housekey.core.principal import USER_CREATE, USER_VIEW
from housekey.operations import clients
from housekey.operations.clients import NewClient
from tests.doors.scim.support import basic
from tests.operations.support import World

FORM = "application/x-www-form-urlencoded"
GRANT = {"grant_type": "client_credentials"}
CHALLENGE = 'Basic realm="Housekey", charset="UTF-8"'


class Answer:
    """Status, headers and body of an answer. No answer of these addresses may be kept by anybody."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers = response.headers
        self.body: dict[str, Any] = response.json() if response.content else {}
        assert (self.headers["Cache-Control"], self.headers["Pragma"]) == ("no-store", "no-cache")

    @property
    def error(self) -> tuple[int, str]:
        assert set(self.body) == {"error", "error_description"}
        return self.status, self.body["error"]


class Program:
    """Sends its id and secret as HTTP Basic. `prefix` is "" or `/t/<tenant>`."""

    def __init__(self, new: NewClient, prefix: str = "") -> None:
        self.id, self.secret, self.prefix = new.client_id, new.client_secret, prefix
        self.client = Client(enforce_csrf_checks=True)

    @property
    def header(self) -> str:
        return basic(self.id, self.secret)

    def post(self, path: str, body: Any = None, *, authorization: str | None = "", content_type: str = FORM) -> Answer:
        """`body`: fields, or bytes as they are. `authorization`: "" is the program's own, None is no header at all."""
        data = body if isinstance(body, bytes) else urlencode(body or {}).encode()
        headers = {} if authorization is None else {"Authorization": authorization or self.header}
        return Answer(self.client.generic("POST", f"{self.prefix}{path}", data, content_type, headers=headers))

    def ask(self, scope: str = "") -> Answer:
        return self.post("/oauth2/token", GRANT | ({"scope": scope} if scope else {}))

    def token(self, scope: str = "") -> str:
        return str(self.ask(scope).body["access_token"])

    def look_into(self, token: str, *, authorization: str | None = "") -> dict[str, Any]:
        answer = self.post("/oauth2/introspect", {"token": token}, authorization=authorization)
        assert answer.status == 200
        return answer.body


def registered(world: World, *scopes: str, name: str = "importer", prefix: str = "") -> Program:
    """A client of the world's tenant, by default one that may create and see users."""
    return Program(clients.add(world.house, world.by, name, scopes or (USER_CREATE, USER_VIEW), world.now), prefix)
