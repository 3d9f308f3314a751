"""The scope map with real tokens (reference 4.0): each scope opens its routes as far as their effect, no other scope opens any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from housekey.api.routes import ROUTES, Route
from housekey.api.urls import urlpatterns
from housekey.core import principal as p
from housekey.core.names import UserName
from housekey.core.users import Email, NewUser, Profile, User
from housekey.operations import clients, codes, flows, recovery, users
from housekey.operations.flows import Flow, Step
from housekey.store.models import AuditEntry, Message
from tests.doors.api.support import Answer, Rest, holder
from tests.operations.support import PASSWORD, World, other_world

assert urlpatterns
SCOPES = sorted(p.ADMINISTRATOR_PERMISSIONS - {p.CONSOLE, p.OWN_PASSWORD})
USERNAME = "http://wso2.org/claims/username"


@dataclass
class Scene:
    """Jane with whatever the route needs to be pending, and the body that a good caller sends."""

    world: World
    user: User
    body: Any = None


def invited(world: World) -> Scene:
    return Scene(world, world.invite("jane"), {})


def resendable(world: World) -> Scene:
    body = {"user": {"username": "jane"}, "properties": [{"key": "RecoveryScenario", "value": "ASK_PASSWORD"}]}
    return Scene(world, world.invite("jane"), body)


def extendable(world: World) -> Scene:
    return Scene(world, world.invite("jane"), {"expiryTime": -1})


def unconfirmed(world: World) -> Scene:
    new = NewUser(UserName("PRIMARY", "jane"), Profile(emails=(Email("jane@example.com"),)), PASSWORD, verify_email=True)
    return Scene(world, users.create(world.house, world.by, new, world.now), {"code": code_of(world)})


def code_of(world: World) -> str:
    return codes.text_of(world.house, world.live_code("jane"))


def holding(world: World, **more: str) -> Scene:
    user = world.invite("jane")
    return Scene(world, user, {"code": code_of(world)} | more)


def settable(world: World) -> Scene:
    user = world.invite("jane")
    return Scene(world, user, {"key": code_of(world), "password": PASSWORD})


def member(world: World) -> Scene:
    return Scene(world, world.add("jane"), {"user": {"username": "jane"}})


def found(world: World) -> Scene:
    return Scene(world, world.add("jane"), {"claims": [{"uri": USERNAME, "value": "jane"}]})


def on_the_way(step: Step, key: str) -> Callable[[World], Scene]:
    def scene(world: World) -> Scene:
        user = world.add("jane")
        text = flows.sign(world.house, world.tenant, Flow(UserName("PRIMARY", "jane"), "EMAIL_LINK"), step, world.now)
        return Scene(world, user, {key: text})

    return scene


def confirmable(world: World) -> Scene:
    user = world.invite("jane")
    return Scene(world, user, {"confirmationCode": code_of(world)})


def resettable(world: World) -> Scene:
    user = world.invite("jane")
    ticket = recovery.open_link(world.house, world.tenant, code_of(world), world.now)
    return Scene(world, user, {"resetCode": ticket, "password": PASSWORD})


def linkable(world: World) -> Scene:
    return Scene(world, world.add("jane", None), {"username": "jane"})


def kinds(scene: Scene) -> list[str]:
    return list(Message.objects.within(scene.world.tenant).order_by("created").values_list("kind", flat=True))


def sent(kind: str) -> Callable[[Scene, Answer], bool]:
    return lambda scene, _: kinds(scene)[-1:] == [kind]


def signs_in(scene: Scene, _: Answer) -> bool:
    return bool(scene.world.sign_in("jane"))


def names_jane(scene: Scene, answer: Answer) -> bool:
    return bool((answer.body.get("user") or answer.body)["userId"] == str(scene.user.id))


def live(scene: Scene) -> Any:
    return codes.live(scene.world.tenant, scene.user.id)


OLD, V2, V1 = "/api/identity/recovery/v0.9", "/api/users/v2/recovery/password", "/api/users/v1"
USER = "/api/identity/user/v1.0"
TABLE: dict[tuple[str, str], tuple[str, Callable[[World], Scene], int, Callable[[Scene, Answer], bool]]] = {
    ("POST", f"{USER}/resend-code"): (p.CODE_CREATE, resendable, 201, sent("resendAskPassword")),
    ("POST", f"{USER}/validate-code"): (p.CODE_CREATE, unconfirmed, 202, signs_in),
    ("POST", f"{USER}/introspect-code"): (p.CODE_VIEW, holding, 202, names_jane),
    ("POST", f"{OLD}/validate-code"): (p.RECOVERY_CREATE, holding, 202, names_jane),
    ("POST", f"{OLD}/set-password"): (p.RECOVERY_CREATE, settable, 200, signs_in),
    ("POST", f"{OLD}/recover-password"): (p.RECOVERY_CREATE, member, 202, sent("PasswordReset")),
    ("POST", f"{V2}/init"): (p.USER_RECOVERY, found, 200, lambda _, answer: len(answer.body) == 1),
    ("POST", f"{V2}/recover"): (p.USER_RECOVERY, on_the_way("recover", "recoveryCode"), 202, sent("PasswordReset")),
    ("POST", f"{V2}/resend"): (p.USER_RECOVERY, on_the_way("resend", "resendCode"), 202, sent("resendPasswordReset")),
    ("POST", f"{V2}/confirm"): (p.USER_RECOVERY, confirmable, 200, lambda _, answer: len(answer.body["resetCode"]) == 43),
    ("POST", f"{V2}/reset"): (p.USER_RECOVERY, resettable, 200, signs_in),
    ("POST", f"{V1}/recovery/password/{{step}}"): (p.USER_RECOVERY, found, 406, lambda _, answer: answer.body["code"] == "UAR-10017"),
    ("POST", f"{V1}/offline-invite-link"): (p.OFFLINE_INVITE, linkable, 201, lambda scene, answer: live(scene) and "http" in answer.text),
    ("GET", f"{V1}/{{user}}/invitations"): (p.USER_VIEW, invited, 200, lambda _, answer: answer.body[0]["state"] == "queued"),
    ("POST", f"{V1}/{{user}}/invitations"): (p.CODE_CREATE, invited, 201, sent("resendAskPassword")),
    ("PATCH", f"{V1}/{{user}}/invitations"): (p.CODE_CREATE, extendable, 200, lambda scene, _: live(scene).expires is None),
    ("DELETE", f"{V1}/{{user}}/invitations"): (p.CODE_DELETE, invited, 204, lambda scene, _: live(scene) is None),
    ("POST", f"{V1}/{{user}}/password-reset"): (p.CODE_CREATE, member, 202, sent("AdminForcedPasswordReset")),
}
"""Scope, what has to be there, status of a good call, and its effect."""

MINE = [item for item in ROUTES if item.path.startswith(("/api/identity/", "/api/users/")) and item.authenticate is None]


def _name(item: Route) -> str:
    return f"{item.method} {item.path}"


def ask(rest: Rest, item: Route, scene: Scene) -> Answer:
    path = item.path.replace("{user}", str(scene.user.id)).replace("{step}", "init")
    return rest.send(item.method, path, b"" if item.body is None else scene.body)


def state(scene: Scene) -> tuple[Any, ...]:
    """What no refused call may change."""
    row, entries = live(scene), AuditEntry.objects.within(scene.world.tenant).exclude(event__startswith="client:")
    standing = users.get(scene.world.by, scene.user.id).standing
    code = row and (row.id, row.expires, row.opened, row.tries)
    return code, standing, kinds(scene), entries.exclude(event__startswith="token:").count()


def test_the_table_knows_every_route_of_users_codes_and_recovery() -> None:
    assert {(item.method, item.path) for item in MINE} == set(TABLE)
    assert {(item.method, item.path): item.scope for item in MINE} == {key: row[0] for key, row in TABLE.items()}


@pytest.mark.parametrize("item", MINE, ids=_name)
def test_its_scope_opens_a_route_to_the_end(world: World, item: Route) -> None:
    scope, prepare, status, effect = TABLE[item.method, item.path]
    scene = prepare(world)
    for prefix in ("", "/t/carbon.super"):
        answer = ask(holder(world, scope, prefix=prefix), item, scene)
        assert answer.status == status, answer.text
        assert effect(scene, answer)
        if item.path.endswith(("/set-password", "/reset", "password-reset", "/validate-code", "/offline-invite-link", "/recover", "/resend",
                               "/recover-password")):
            break  # done once is done


@pytest.mark.parametrize("item", MINE, ids=_name)
def test_no_other_scope_opens_it_and_nothing_happens(world: World, item: Route) -> None:
    """A-130"""
    scope, prepare, _, _ = TABLE[item.method, item.path]
    scene = prepare(world)
    before = state(scene)
    answer = ask(holder(world, *(other for other in SCOPES if other != scope)), item, scene)
    assert scope in answer.problem(403)["description"]
    assert f'scope="{scope}"' in answer.headers["WWW-Authenticate"]
    assert state(scene) == before


@pytest.mark.parametrize("item", MINE, ids=_name)
def test_no_token_and_no_foreign_token_opens_it_and_nothing_happens(world: World, item: Route) -> None:
    """A-136"""
    scene = TABLE[item.method, item.path][1](world)
    other, before = other_world(world), state(scene)
    strangers = [Rest(), Rest("Bearer " + "x" * 43), holder(other, *SCOPES), holder(other, *SCOPES, prefix="/t/carbon.super")]
    for stranger in strangers:
        ask(stranger, item, scene).problem(401)
    assert state(scene) == before


@pytest.mark.parametrize("item", MINE, ids=_name)
def test_another_tenant_at_its_own_address_reaches_nobody_here(world: World, item: Route) -> None:
    """A-025: the very same call, with every scope, by a tenant that has no such user and no such code."""
    scene = TABLE[item.method, item.path][1](world)
    other, before = other_world(world), state(scene)
    ask(holder(other, *SCOPES, prefix="/t/acme.example"), item, scene)
    assert state(scene) == before


def test_a_token_ends_with_the_scope_that_was_taken_away(world: World) -> None:
    """A-148"""
    scene = resendable(world)
    rest = holder(world, p.CODE_CREATE, p.USER_VIEW)
    (client,) = clients.listing(world.by)
    clients.set_scopes(world.by, client.client_id, [p.USER_VIEW], world.now)
    rest.post(f"{USER}/resend-code", scene.body).problem(403)
