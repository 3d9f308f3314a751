"""Applications are told of sign-outs (OpenID Connect Back-Channel Logout 1.0): soon, whatever happens, and never about in the house."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from housekey.conf.schema import OAuth
from housekey.core.codes import Keys
from housekey.core.users import Changes
from housekey.delivery import backchannel
from housekey.operations import ending, farewells, resets, sessions, signing, users
from housekey.operations.transactions import durable
from housekey.store.models import AuditEntry, Client, Farewell, Grant, Session
from housekey.store.models import Tenant as TenantRow
from tests.operations.support import World, other_world
from tests.support.applications import PATH, Start, applications, claims_of, leave, left, registered, signed_in
from tests.support.at_once import at_once, with_own_connection
from tests.support.sms import Reply

pytestmark = pytest.mark.django_db(transaction=True)

SECOND = timedelta(seconds=1)


@pytest.fixture
def start(world: World) -> Iterator[Start]:
    with applications(world) as begin:
        yield begin


def entries(outcome: str = "done") -> list[AuditEntry]:
    return list(AuditEntry.objects.across_tenants("a test looks").filter(event="client:farewell", outcome=outcome))


def browser(world: World, user_id: UUID) -> Session:
    """A session of hers."""
    world.sign_in("jane")
    row: Session = Session.objects.within(world.tenant).get(account_id=user_id)
    return row


# --- what is told, and to whom ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_an_application_is_told_with_a_token_that_it_can_verify(world: World, start: Start, alg: str) -> None:
    wiki, jane, now = start(alg=alg), world.add(), world.now
    grant = signed_in(wiki.row, jane.id, now)
    leave(world, jane.id)
    assert farewells.step(world.house, now) == 1
    [call] = wiki.told
    assert (call.method, call.path, call.headers["content-type"]) == ("POST", PATH, "application/x-www-form-urlencoded")
    assert call.headers["host"] == wiki.there.url.removeprefix("http://")
    header, claims = claims_of(world.house, world.tenant, call, now)
    assert (header["typ"], header["alg"]) == ("logout+jwt", alg)
    moment = int(now.timestamp())
    assert claims.pop("jti")
    assert claims == {
        "iss": world.house.config.base_url, "aud": wiki.row.client_id, "sub": str(jane.id), "sid": str(grant.sid), "iat": moment,
        "exp": moment + 120, "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }
    assert left() == []
    [entry] = entries()
    assert (entry.target, entry.target_id, entry.detail) == ("wiki", jane.id, {"tries": 1})


def test_only_who_was_given_tokens_is_told_and_once_for_each_session(world: World, start: Start) -> None:
    wiki, shop, jane, sid = start("wiki"), start("shop"), world.add(), uuid4()
    silent = registered(world.tenant, "silent", "", world.now)
    for _ in range(3):
        signed_in(wiki.row, jane.id, world.now, sid=sid)
    signed_in(wiki.row, jane.id, world.now)
    signed_in(shop.row, jane.id, world.now, redeemed=False)
    signed_in(silent, jane.id, world.now)
    leave(world, jane.id)
    assert farewells.step(world.house, world.now) == 2
    assert (len(wiki.told), len(shop.told)) == (2, 0)


def test_nobody_is_told_of_what_did_not_happen(world: World, start: Start) -> None:
    """The farewell is a row of the deed's own transaction."""
    wiki, jane = start(), world.add()
    signed_in(wiki.row, jane.id, world.now)
    farewells.bell.clear()
    with suppress(RuntimeError), durable():
        ending.everything(world.tenant, jane.id, world.now)
        raise RuntimeError
    assert (left(), Grant.objects.within(world.tenant).count(), farewells.bell.is_set()) == ([], 1, False)
    leave(world, jane.id)
    assert farewells.bell.is_set()


@pytest.mark.parametrize("deed", [
    lambda world, jane: users.change(world.house, world.by, jane, Changes(locked=True), world.now),
    lambda world, jane: users.change(world.house, world.by, jane, Changes(disabled=True), world.now),
    lambda world, jane: users.change(world.house, world.by, jane, Changes(password="nine blue ladders at noon"), world.now),
    lambda world, jane: resets.force(world.house, world.by, jane, world.now),
    lambda world, jane: users.delete(world.by, jane, world.now),
    lambda world, jane: sessions.end_of(world.by, jane, world.now),
], ids=["lock", "disable", "password", "reset", "delete", "sign-out"])
def test_whatever_ends_her_sessions_tells_her_applications(world: World, start: Start, deed: Callable[[World, UUID], object]) -> None:
    wiki, jane = start(), world.add()
    session = browser(world, jane.id)
    sid = signed_in(wiki.row, jane.id, world.now, sid=session.sid, session=session).sid
    deed(world, jane.id)
    assert Grant.objects.within(world.tenant).count() == 0
    farewells.step(world.house, world.now)
    [call] = wiki.told
    _, claims = claims_of(world.house, world.tenant, call, world.now)
    assert (claims["sub"], claims["sid"]) == (str(jane.id), str(sid))


# --- what an answer means ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_application_that_has_heard_is_not_told_again(world: World, start: Start, status: int) -> None:
    wiki, jane = start(), world.add()
    wiki.there.replies = [Reply(status, "")]
    signed_in(wiki.row, jane.id, world.now)
    leave(world, jane.id)
    farewells.step(world.house, world.now)
    assert (left(), len(entries())) == ([], 1)


@pytest.mark.parametrize(("status", "body", "words"), [
    (400, '{"error": "invalid_request", "error_description": "no\\n such session"}', "answered 400: invalid_request – no such session."),
    (404, "<html>", "answered 404."), (410, '["error"]', "answered 410."),
])
def test_a_no_is_a_no(world: World, start: Start, status: int, body: str, words: str) -> None:
    wiki, jane = start(), world.add()
    wiki.there.replies = [Reply(status, body)]
    signed_in(wiki.row, jane.id, world.now)
    leave(world, jane.id)
    farewells.step(world.house, world.now)
    assert (left(), len(wiki.told), entries()) == ([], 1, [])
    [entry] = entries("refused")
    assert words in entry.detail["why"]


def test_a_failure_is_tried_again_ever_more_seldom_and_given_up_at_last(world: World, start: Start) -> None:
    wiki, jane, now = start(), world.add(), world.now
    wiki.there.replies = [Reply(503, "")]
    signed_in(wiki.row, jane.id, now)
    leave(world, jane.id)
    for number, wait in enumerate([2, 10, 30, 120, 600], 1):
        assert farewells.step(world.house, now) == 1
        assert farewells.step(world.house, now + (wait - 1) * SECOND) == 0
        [row] = left()
        assert (row.attempts, row.error) == (number, "The application answered 503.")
        now += wait * SECOND
    farewells.step(world.house, now)
    assert (left(), len(wiki.told)) == ([], 6)
    [entry] = entries("refused")
    assert entry.detail == {"why": "The application answered 503.", "tries": 6}


def test_one_that_comes_back_is_told_what_waited_with_a_fresh_token(world: World, start: Start) -> None:
    wiki, jane, now = start(), world.add(), world.now
    wiki.there.replies = [Reply(500, ""), Reply(200, "")]
    signed_in(wiki.row, jane.id, now)
    leave(world, jane.id)
    farewells.step(world.house, now)
    farewells.step(world.house, now + 2 * SECOND)
    first, second = (claims_of(world.house, world.tenant, call, now)[1] for call in wiki.told)
    assert second["exp"] == first["exp"] + 2
    assert second["jti"] != first["jti"]
    assert (left(), entries()[0].detail) == ([], {"tries": 2})


def test_an_application_without_an_address_any_more_is_left_alone(world: World, start: Start) -> None:
    wiki, jane = start(), world.add()
    signed_in(wiki.row, jane.id, world.now)
    leave(world, jane.id)
    Client.objects.within(world.tenant).update(backchannel_logout_uri="")
    farewells.step(world.house, world.now)
    assert (left(), wiki.told) == ([], [])


def test_a_signing_key_that_cannot_be_opened_is_said_and_tried_again(world: World, start: Start) -> None:
    wiki, jane = start(), world.add()
    signed_in(wiki.row, jane.id, world.now)
    signing.jwks(world.house, world.tenant, world.now)
    signing.forget()
    leave(world, jane.id)
    without = replace(world.house, keys=Keys((("other", b"o" * 32),)))
    farewells.step(without, world.now)
    assert ([row.error for row in left()], wiki.told) == (["The tenant's signing key cannot be opened."], [])
    farewells.step(world.house, world.now + 2 * SECOND)
    assert len(wiki.told) == 1


# --- one application does not hold up another -------------------------------------------------------------------------


@pytest.fixture
def running(world: World) -> Iterator[Callable[[], None]]:
    """Starts the thread of a server."""
    stop, threads = threading.Event(), list[threading.Thread]()

    def begin() -> None:
        thread = threading.Thread(target=farewells.run, args=(world.house, stop, lambda: datetime.now(UTC)), daemon=True)
        threads.append(thread)
        thread.start()

    yield begin
    stop.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def test_an_application_that_hangs_delays_only_its_own(world: World, start: Start, running: Callable[[], None]) -> None:
    """A-184"""
    hung, wiki, jane, sam = start("hung"), start("wiki"), world.add(), world.add("sam", mail="sam@example.com")
    held = threading.Event()
    hung.there.before_reply = lambda: held.wait(4)
    for application in (hung, wiki):
        for user in (jane, sam):
            signed_in(application.row, user.id, world.now)
    running()
    leave(world, jane.id)
    hung.until(1)
    wiki.until(1)
    leave(world, sam.id)
    wiki.until(2)
    assert (len(hung.told), held.is_set()) == (1, False), "it was called a second time while it held the first call"
    held.set()
    hung.until(2)


def test_those_that_never_answer_do_not_take_every_hand(world: World, start: Start, running: Callable[[], None],
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    """A-184: who did not answer last time is called a few at a time."""
    monkeypatch.setattr(backchannel, "SECONDS", 0.3)
    monkeypatch.setattr(farewells, "THREADS", 3)
    monkeypatch.setattr(farewells, "TROUBLED", 1)
    monkeypatch.setattr(farewells, "WAITS", (timedelta(hours=1),) * 5)
    hung, wiki, held = [start(f"hung {number}") for number in range(3)], start("wiki"), threading.Event()
    jane, sam = world.add(), world.add("sam", mail="sam@example.com")
    for application in hung:
        application.there.before_reply = lambda: held.wait(60)
        signed_in(application.row, jane.id, world.now)
    signed_in(wiki.row, sam.id, world.now)
    leave(world, jane.id)
    running()
    deadline = time.monotonic() + 20
    while [row.attempts for row in left()] != [1, 1, 1]:
        assert time.monotonic() < deadline, left()
        time.sleep(0.02)
    monkeypatch.setattr(backchannel, "SECONDS", 60.0)
    with durable():
        Farewell.objects.across_tenants("due again").update(due=world.now)
        ending.everything(world.tenant, sam.id, world.now + SECOND)
    farewells.bell.set()
    wiki.until(1)  # it comes after them
    again = sum(len(application.told) for application in hung) - 3
    held.set()
    assert again == 1


def test_what_waited_when_the_server_ended_is_sent_after_its_start(world: World, start: Start, running: Callable[[], None]) -> None:
    wiki, jane = start(), world.add()
    signed_in(wiki.row, jane.id, world.now)
    leave(world, jane.id)
    farewells.bell.clear()
    running()
    wiki.until(1)


def test_an_application_that_does_not_answer_fails_once_for_all_it_should_hear(world: World, start: Start,
                                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    wiki, jane, held = start(), world.add(), threading.Event()
    monkeypatch.setattr(backchannel, "SECONDS", 0.3)
    wiki.there.before_reply = lambda: held.wait(10)
    for _ in range(3):
        signed_in(wiki.row, jane.id, world.now)
    leave(world, jane.id)
    farewells.step(world.house, world.now)
    held.set()
    assert (len(wiki.told), [row.attempts for row in left()]) == (1, [1, 1, 1])
    assert {row.error for row in left()} == {f"The application at {wiki.there.url.removeprefix('http://')} did not answer in time."}


def test_two_nodes_never_send_the_same(world: World, start: Start) -> None:
    wiki, jane = start(), world.add()
    wiki.there.before_reply = lambda: time.sleep(0.05)
    for _ in range(6):
        signed_in(wiki.row, jane.id, world.now)
    leave(world, jane.id)
    found = at_once([with_own_connection(lambda: farewells.step(world.house, world.now))] * 4)
    assert sum(calls for calls in found if isinstance(calls, int)) == 6, found
    assert len({claims_of(world.house, world.tenant, call, world.now)[1]["sid"] for call in wiki.told}) == len(wiki.told) == 6


def test_a_sender_that_lost_its_lease_writes_nothing(world: World, start: Start) -> None:
    wiki, jane = start(), world.add()
    signed_in(wiki.row, jane.id, world.now)
    leave(world, jane.id)
    another = world.now + timedelta(minutes=5)

    def overtaken() -> None:
        with_own_connection(lambda: Farewell.objects.across_tenants("another node").update(leased_until=another))()

    wiki.there.before_reply = overtaken
    farewells.step(world.house, world.now)
    [row] = left()
    assert (row.leased_until, row.attempts, entries()) == (another, 0, [])


def test_for_a_suspended_tenant_nobody_is_called(world: World, start: Start) -> None:
    """It waits, and nothing is given up."""
    acme = other_world(world)
    trusting = replace(world.house, config=replace(world.house.config, oauth=OAuth(allow_private_networks=True)))
    wiki, jane = start(tenant=acme.tenant), acme.add()
    signed_in(wiki.row, jane.id, world.now)
    leave(acme, jane.id)
    TenantRow.objects.filter(pk=acme.tenant.id).update(active=False)
    assert farewells.step(trusting, world.now + timedelta(days=1)) == 0
    assert (len(left()), wiki.told) == (1, [])
    TenantRow.objects.filter(pk=acme.tenant.id).update(active=True)
    assert farewells.step(trusting, world.now + timedelta(days=1)) == 1


# --- what is over -----------------------------------------------------------------------------------------------------


def test_a_session_that_goes_leaves_what_was_meant_to_outlive_it(world: World, start: Start) -> None:
    """OpenID Connect Core 1.0 section 11; Back-Channel Logout 1.0 section 2.7."""
    wiki, jane, now = start(), world.add(), world.now
    session = browser(world, jane.id)
    signed_in(wiki.row, jane.id, now, sid=session.sid, session=session)
    lasting = signed_in(wiki.row, jane.id, now, sid=session.sid, session=session, scopes=["openid", "offline_access"])
    with durable():
        ending.sessions(world.tenant, Session.objects.within(world.tenant).filter(account_id=jane.id), now)
    assert list(Grant.objects.within(world.tenant).values_list("id", "session")) == [(lasting.id, None)]
    assert farewells.step(world.house, now) == 1
