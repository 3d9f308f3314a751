"""Requests to every address under /scim2, as a provisioning client or the holder of a token sends them."""

from __future__ import annotations

import json
from typing import Any

from housekey.operations import clients
from housekey.store.models import SqlUser
from tests.doors.scim.support import Answer, Scim
from tests.operations.support import World, token_of

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def ask(scim: Scim, method: str, path: str, body: object = None, **headers: str) -> Answer:
    """`path` after /scim2; headers with underscores for hyphens."""
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    given = scim.headers | {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(scim.client.generic(method, f"{scim.prefix}/scim2{path}", data, "application/scim+json", headers=given))


def add_group(scim: Scim, name: str = "Staff", *members: object, **more: Any) -> str:
    """Its id."""
    rows = [{"value": str(member)} for member in members]
    answer = ask(scim, "POST", "/Groups", {"schemas": [GROUP], "displayName": name, "members": rows} | more)
    assert answer.status == 201, answer.text
    return str(answer.body["id"])


def called(rows: list[dict[str, Any]]) -> list[str]:
    """The names of the users among members or holders of a role, in their order: answers name them by id."""
    return [SqlUser.objects.across_tenants("a test").get(id=row["value"]).username for row in rows]


def patch_group(scim: Scim, group: str, *operations: dict[str, Any], query: str = "") -> Answer:
    return ask(scim, "PATCH", f"/Groups/{group}{query}", {"schemas": [PATCH], "Operations": list(operations)})


def bulk(scim: Scim, *operations: dict[str, Any], key: str = "", **more: Any) -> Answer:
    body = {"schemas": [BULK], "Operations": list(operations)} | more
    return ask(scim, "POST", "/Bulk", body, **({"Idempotency_Key": key} if key else {}))


def post(bulk_id: str, data: dict[str, Any], path: str = "/Users") -> dict[str, Any]:
    return {"method": "POST", "path": path, "bulkId": bulk_id, "data": data}


def statuses(answer: Answer) -> list[str]:
    """Of a Bulk's operations."""
    assert answer.status == 200, answer.text
    return [row["status"] for row in answer.body["Operations"]]


class Bearer(Scim):
    """A program with a token that holds `scopes`."""

    def __init__(self, world: World, *scopes: str) -> None:
        super().__init__("", "")
        made = clients.add(world.house, world.by, f"program {'-'.join(scopes)}"[:100], scopes, world.now)
        token = token_of(world.house, world.tenant, made, world.now, network="").access_token
        self.headers = {"Authorization": f"Bearer {token}"}
