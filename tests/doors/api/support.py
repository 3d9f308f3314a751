"""A REST client: HTTP Basic or a bearer token, bodies as bytes or as objects, answers as JSON."""

from __future__ import annotations

import json
import secrets
from typing import Any
from uuid import UUID

from django.test import Client

from housekey.operations import clients
from tests.doors.scim.support import basic
from tests.operations.support import World, token_of


class Answer:
    """Status, headers and body of an answer."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers = response.headers
        self.text: str = response.content.decode()

    @property
    def body(self) -> Any:
        assert self.headers["Content-Type"] == "application/json"
        return json.loads(self.text)

    def problem(self, status: int) -> Any:
        """The body of a refusal, whose form is checked on the way."""
        assert self.status == status, (self.status, self.text)
        assert set(self.body) == {"code", "message", "description", "traceId"}
        assert str(UUID(self.body["traceId"])) == self.body["traceId"]
        return self.body


class Rest:
    """`authorization` is the header's value, "" for none; `prefix` is "" or `/t/<tenant>`."""

    def __init__(self, authorization: str = "", prefix: str = "") -> None:
        self.client, self.prefix, self.authorization = Client(), prefix, authorization

    def send(self, method: str, path: str, body: object = b"", *, content_type: str = "application/json",
             headers: dict[str, str] | None = None) -> Answer:
        """Anything but bytes is written as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Authorization": self.authorization} if self.authorization else {}
        return Answer(self.client.generic(method, self.prefix + path, data, content_type, headers=given | (headers or {})))

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post(self, path: str, body: object = b"") -> Answer:
        return self.send("POST", path, body)

    def patch(self, path: str, body: object) -> Answer:
        return self.send("PATCH", path, body)

    def put(self, path: str, body: object) -> Answer:
        return self.send("PUT", path, body)


def administrator(prefix: str = "") -> Rest:
    return Rest(basic("admin", "admin"), prefix)


def holder(world: World, *scopes: str, prefix: str = "") -> Rest:
    """A program that holds a token with exactly these scopes in the world's tenant."""
    client = clients.add(world.house, world.by, f"program {secrets.token_hex(4)}", scopes, world.now)
    token = token_of(world.house, world.tenant, client, world.now)
    return Rest(f"Bearer {token.access_token}", prefix)
