"""The scope map at SCIM, with real tokens (reference 4.0): each scope opens its request as far as its effect, no other one does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client

from housekey.core import principal as p
from housekey.core.users import User
from housekey.operations import clients, users
from tests.doors.scim.support import PATCH, Answer, person
from tests.operations.support import World, other_world, token_of

ALL = sorted(p.ADMINISTRATOR_PERMISSIONS - {p.CONSOLE, p.OWN_PASSWORD})


@dataclass(frozen=True)
class Case:
    """One row of the map. `{id}` in the path is an existing user's; `effect` is true afterwards, and only then."""

    method: str
    path: str
    scope: str
    status: int
    effect: Callable[[World, Answer], object]
    body: object = None


def jane(world: World) -> User:
    return users.by_name(world.by, "jane")


CASES = [
    Case("POST", "/scim2/Users", p.USER_CREATE, 201, lambda world, _: users.find(world.by, "new"), person("new")),
    Case("GET", "/scim2/Users", p.USER_LIST, 200, lambda _, answer: "jane" in answer.text),
    Case("GET", "/scim2/Users?filter=userName%20eq%20%22jane%22", p.USER_LIST, 200, lambda _, answer: answer.body["totalResults"] == 1),
    Case("GET", "/scim2/Users/{id}", p.USER_VIEW, 200, lambda _, answer: answer.body["userName"] == "jane"),
    Case("PATCH", "/scim2/Users/{id}", p.USER_UPDATE, 200, lambda world, _: jane(world).profile.given_name == "Jo",
         {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "name.givenName", "value": "Jo"}]}),
    Case("PATCH", "/scim2/Users/{id}", p.USER_UPDATE, 200, lambda world, _: jane(world).standing.pending == "PENDING_FUPR",
         {"Operations": [{"op": "add", "value": {"urn:scim:wso2:schema": {"forcePasswordReset": True}}}]}),
    Case("DELETE", "/scim2/Users/{id}", p.USER_DELETE, 204, lambda world, _: users.find(world.by, "jane") is None),
]


def token(world: World, *scopes: str) -> str:
    made = clients.add(world.house, world.by, f"client of {len(scopes)}", scopes, world.now)
    return token_of(world.house, world.tenant, made, world.now, network="").access_token


def sent(case: Case, user_id: object, bearer: str | None) -> Answer:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    body = json.dumps(case.body).encode() if case.body else b""
    return Answer(Client().generic(case.method, case.path.format(id=user_id), body, "application/scim+json", headers=headers))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.method} {case.path} {case.scope}")
def test_each_scope_opens_its_request_and_nothing_else_does(world: World, case: Case) -> None:
    user = world.add("jane")
    others = [scope for scope in ALL if scope != case.scope]
    acme = other_world(world)
    for bearer, status in ((None, 401), ("x" * 43, 401), (token(acme, *ALL), 401), (token(world, *others), 403)):
        refused = sent(case, user.id, bearer)
        assert refused.status == status
    assert case.scope in refused.detail
    assert case.effect(world, sent(case, user.id, token(world, case.scope)))
