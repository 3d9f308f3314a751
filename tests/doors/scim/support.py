"""A SCIM client: HTTP Basic, bodies as bytes or as objects, answers as JSON."""

from __future__ import annotations

import base64
import json
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.test import Client

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
USERS = "/scim2/Users"
WSO2 = "urn:scim:wso2:schema"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
HOUSEKEY = "urn:housekey:scim:schemas:extension:2.0:User"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


class Answer:
    """Status, headers and body of an answer."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers = response.headers
        self.text: str = response.content.decode()

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def detail(self) -> str:
        """The sentence of a refusal, whose form is checked on the way."""
        assert self.body["schemas"] == [ERROR]
        assert self.body["status"] == str(self.status)
        assert self.headers["Content-Type"] == "application/scim+json"
        return str(self.body["detail"])

    @property
    def state(self) -> Any:
        return self.body[WSO2]


class Scim:
    """`prefix` is "" or `/t/<tenant>`."""

    def __init__(self, username: str, password: str, prefix: str = "") -> None:
        self.client, self.prefix = Client(), prefix
        self.headers = {"Authorization": basic(username, password)}

    def send(self, method: str, path: str = "", body: object = b"", *, content_type: str = "application/scim+json",
             headers: dict[str, str] | None = None, **extra: Any) -> Answer:
        """`path` is what follows /scim2/Users. Anything but bytes is written as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Answer(self.client.generic(method, f"{self.prefix}{USERS}{path}", data, content_type, headers=self.headers | (headers or {}),
                                          **extra))

    def create(self, body: object, **options: Any) -> Answer:
        return self.send("POST", "", body, **options)

    def get(self, user_id: str) -> Answer:
        return self.send("GET", f"/{user_id}")

    def state(self, user_id: str) -> Any:
        """Where the account stands, all of it: what `active` and `accountLocked` say already is shown on request only."""
        return self.send("GET", f"/{user_id}?attributes={WSO2}").body[WSO2]

    def patch(self, user_id: str, *operations: dict[str, Any]) -> Answer:
        return self.send("PATCH", f"/{user_id}", {"schemas": [PATCH], "Operations": list(operations)})

    def delete(self, user_id: str) -> Answer:
        return self.send("DELETE", f"/{user_id}")

    def named(self, username: str) -> Answer:
        return Answer(self.client.get(f"{self.prefix}{USERS}", {"filter": f'userName eq "{username}"'}, headers=self.headers))


def person(username: str = "jane", extension: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A user with one address. `extension`: what has a URN for a key."""
    return {"userName": username, "emails": [{"value": f"{username}@example.com", "primary": True}]} | (extension or {}) | more


def invited(username: str = "jane", **more: Any) -> dict[str, Any]:
    return person(username, {ENTERPRISE: {"askPassword": True}}) | more


class Curl:
    """A printed curl command: its credentials, headers and body."""

    def __init__(self, file: str) -> None:
        words = shlex.split((GOLDEN / file).read_text(encoding="utf-8"))
        options = dict(pairwise(words))
        self.username, _, self.password = options["--user"].partition(":")
        self.body = options["--data"].encode()
        self.content_type = options["--header"].partition(":")[2]
        self.path = words[-1].partition("9443")[2]

    def sent(self, body: bytes | None = None) -> Answer:
        client = Scim(self.username, self.password)
        assert self.path == USERS
        return client.create(self.body if body is None else body, content_type=self.content_type)
