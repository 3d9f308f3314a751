"""`Idempotency-Key` on single writes: carried out once, answered alike, never mixed up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from housekey.core import principal as p
from housekey.core.properties import INTERNAL
from housekey.delivery.sweep import ANSWERS_STAY, sweep
from housekey.operations import idempotency, users
from housekey.store.models import Kept, Message
from tests.doors.scim.anywhere import Bearer, add_group, ask
from tests.doors.scim.support import HOUSEKEY, WSO2, Answer, Scim, invited, person
from tests.operations.support import World, counts, other_world

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


def send(scim: Scim, body: object, method: str = "POST", path: str = "/Users", key: str = KEY, **headers: str) -> Answer:
    return ask(scim, method, path, body, Idempotency_Key=key, **headers)


def same(first: Answer, second: Answer) -> bool:
    kept = ("Location", "ETag", "Content-Type", "Ask-Password-Confirmation-Code")
    return (first.status, first.text) == (second.status, second.text) and all(first.headers.get(k) == second.headers.get(k) for k in kept)


def test_a_creation_sent_twice_makes_one_user_one_mail_and_one_answer(world: World, scim: Scim) -> None:
    first = send(scim, invited())
    after = counts(audit=True)
    again = send(scim, invited(), key=f'"{KEY}"')
    assert first.status == 201
    assert same(first, again)
    assert counts(audit=True) == after
    assert len(world.mails()) == 1


def test_the_first_answer_stays_the_answer_whatever_came_since(world: World, scim: Scim) -> None:
    first = send(scim, invited())
    scim.delete(first.body["id"])
    assert same(first, send(scim, invited()))
    assert scim.named("jane").body["totalResults"] == 0


@pytest.mark.parametrize(
    "other",
    [
        {"body": invited("tom")},
        {"body": invited(displayName="Jane"), "path": "/Groups"},
        {"body": invited(), "path": "/Users?attributes=id"},
        {"body": invited(), "method": "PUT"},
    ],
)
def test_the_key_belongs_to_one_request(scim: Scim, other: dict[str, Any]) -> None:
    send(scim, invited(displayName="Jane"))
    if other.get("method") == "PUT":
        other["path"] = "/Users/" + scim.named("jane").body["Resources"][0]["id"]
    before = counts(audit=True)
    answer = send(scim, **other)
    assert answer.status == 422
    assert "Idempotency-Key" in answer.detail
    assert counts(audit=True) == before


def test_callers_and_tenants_have_keys_of_their_own(world: World, scim: Scim) -> None:
    """A key is no secret: knowing somebody else's opens nothing (A-025's kin)."""
    send(scim, invited())
    assert send(Bearer(world, p.USER_CREATE), invited()).status == 409
    acme = other_world(world)
    stranger = Bearer(acme, p.USER_CREATE)
    stranger.prefix = f"/t/{acme.tenant.domain}"
    assert send(stranger, invited()).status == 201


def test_a_refusal_is_not_kept_so_the_next_try_may_succeed(world: World, scim: Scim) -> None:
    world.add("jane")
    assert send(scim, invited()).status == 409
    scim.delete(str(users.by_name(world.by, "jane").id))
    assert send(scim, invited()).status == 201


@pytest.mark.parametrize("key", ["", " ", '""', "x" * 256, "ключ", "a\tb"])
def test_a_key_that_cannot_be_is_refused(scim: Scim, key: str) -> None:
    before = counts()
    answer = send(scim, invited(), key=key)
    assert (answer.status, counts()) == (400, before)


def test_a_forced_reset_sent_twice_mails_once(world: World, scim: Scim) -> None:
    jane = world.add("jane")
    body = {"Operations": [{"op": "add", "value": {WSO2: {"forcePasswordReset": True}}}]}
    first = send(scim, body, "PATCH", f"/Users/{jane.id}")
    assert first.status == 200
    assert same(first, send(scim, body, "PATCH", f"/Users/{jane.id}"))
    assert len(world.mails()) == 1


def test_a_condition_met_the_first_time_is_not_asked_again(world: World, scim: Scim) -> None:
    jane = world.add("jane")
    tag = scim.get(str(jane.id)).headers["ETag"]
    body = {"Operations": [{"op": "replace", "path": "name.givenName", "value": "Jo"}]}
    first = send(scim, body, "PATCH", f"/Users/{jane.id}", If_Match=tag)
    assert first.status == 200
    assert same(first, send(scim, body, "PATCH", f"/Users/{jane.id}", If_Match=tag))
    assert send(scim, None, "DELETE", f"/Users/{jane.id}", key="other").status == 204
    assert send(scim, None, "DELETE", f"/Users/{jane.id}", key="other").status == 204


def test_groups_take_a_key_too(world: World, scim: Scim) -> None:
    body = {"displayName": "Staff"}
    first = send(scim, body, path="/Groups")
    assert first.status == 201
    assert same(first, send(scim, body, path="/Groups"))
    group = add_group(scim, "Others")
    patch = {"Operations": [{"op": "replace", "path": "displayName", "value": "Team"}]}
    assert same(send(scim, patch, "PATCH", f"/Groups/{group}", key="2"), send(scim, patch, "PATCH", f"/Groups/{group}", key="2"))
    assert same(send(scim, None, "DELETE", f"/Groups/{group}", key="3"), send(scim, None, "DELETE", f"/Groups/{group}", key="3"))


def test_codes_and_links_come_again_and_rest_sealed(world: World, scim: Scim) -> None:
    """decisions, At rest: what another system delivers is in the answer, and in no table as text."""
    world.set(**{INTERNAL: False})
    first = send(scim, invited())
    code = first.headers["Ask-Password-Confirmation-Code"]
    assert same(first, send(scim, invited()))
    world.set(**{INTERNAL: True})
    linked = send(scim, invited("tom") | {HOUSEKEY: {"invitation": {"returnLink": True}}}, key="2")
    link = linked.body[HOUSEKEY]["invitation"]["link"]
    rows = [bytes(row.answer) + bytes(row.fingerprint) + bytes(row.handle) for row in Kept.objects.within(world.tenant)]
    assert len(rows) == 2
    for secret in (code, link, link.partition("confirmation=")[2][:43], "jane"):
        assert all(secret.encode() not in row for row in rows)


def test_nothing_is_kept_of_what_was_undone(world: World, scim: Scim, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is kept in the transaction of the deed: if that fails at its very end, neither is there."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("cut")

    monkeypatch.setattr(idempotency, "keep", fail)
    with pytest.raises(RuntimeError):
        send(scim, invited())
    monkeypatch.undo()
    assert (Kept.objects.within(world.tenant).count(), Message.objects.within(world.tenant).count()) == (0, 0)
    assert send(scim, invited()).status == 201


def test_another_nodes_answer_is_the_answer(world: World, scim: Scim, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other node commits after we have looked and before we write: our own deed is undone and its answer told."""
    first = send(scim, invited())
    looked: list[object] = []
    find = idempotency.find

    def late(*arguments: Any) -> str | None:
        looked.append(arguments)
        return None if len(looked) == 1 else find(*arguments)

    monkeypatch.setattr(idempotency, "find", late)
    assert same(first, send(scim, invited()))
    assert len(looked) == 2


def test_while_one_is_worked_on_the_second_is_told_to_come_again(world: World, scim: Scim) -> None:
    slip = idempotency.slip(world.acting_as("admin"), KEY, "")
    with idempotency.in_flight(slip):
        answer = send(scim, invited())
        assert (answer.status, answer.headers["Retry-After"]) == (409, "2")
        assert "scimType" not in answer.body
    assert send(scim, invited()).status == 201


def test_answers_are_kept_for_a_day(world: World, scim: Scim) -> None:
    send(scim, invited())
    kept = Kept.objects.within(world.tenant)
    sweep(world.house.config, world.now + ANSWERS_STAY - timedelta(minutes=1))
    assert kept.count() == 1
    sweep(world.house.config, world.now + ANSWERS_STAY + timedelta(minutes=1))
    assert kept.count() == 0


def test_without_a_key_nothing_is_kept(world: World, scim: Scim) -> None:
    scim.create(person())
    assert Kept.objects.within(world.tenant).count() == 0
