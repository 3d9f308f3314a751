"""What nobody can use any more does not stay for ever; what somebody can, stays."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from housekey.conf.house import House
from housekey.core.names import Tenant
from housekey.delivery import outbox, sweep, worker
from housekey.operations import throttle
from housekey.store.models import Account, Client, Code, Grant, RefreshToken, Session, Throttle, Ticket, Token
from tests.delivery.helpers import Enqueue, stored
from tests.support.applications import registered, signed_in
from tests.support.at_once import at_once, with_own_connection

pytestmark = pytest.mark.django_db(transaction=True)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def code(enqueue: Enqueue) -> Code:
    found = stored(enqueue()).code
    assert found is not None
    return found


def ticket(code: Code, expires: datetime) -> bytes:
    digest = uuid4().bytes * 2
    Ticket.objects.create(tenant_id=code.tenant_id, digest=digest, code=code, created=expires - HOUR, expires=expires)
    return digest


def session(account: Account, seen: datetime) -> bytes:
    digest = uuid4().bytes * 2
    Session.objects.create(tenant_id=account.tenant_id, digest=digest, account=account, credential_version=1, created=seen - HOUR,
                           authenticated=seen - HOUR, last_seen=seen)
    return digest


def counter(last: datetime) -> bytes:
    key = uuid4().bytes * 2
    Throttle.objects.create(key=key, failures=3, last=last.timestamp(), until=last.timestamp())
    return key


def left(model: type[Ticket] | type[Session] | type[Throttle] | type[Token]) -> set[bytes]:
    column = "key" if model is Throttle else "digest"
    return {bytes(value) for value in model._base_manager.values_list(column, flat=True)}


def test_a_ticket_goes_a_day_after_its_end(mailing: House, code: Code, now: datetime) -> None:
    ticket(code, now - DAY - HOUR)
    kept = {ticket(code, now - DAY + HOUR), ticket(code, now + HOUR)}
    worker.Sender(mailing, lambda: now).sweep()
    assert left(Ticket) == kept


def test_a_session_goes_when_it_has_ended(mailing: House, code: Code, now: datetime) -> None:
    limits = mailing.config.sessions
    session(code.account, now - timedelta(minutes=limits.idle + 1))
    session(code.account, now - timedelta(minutes=limits.absolute + 1))
    kept = {session(code.account, now - timedelta(minutes=limits.idle - 1)), session(code.account, now)}
    worker.Sender(mailing, lambda: now).sweep()
    assert left(Session) == kept


def test_a_counter_of_failures_goes_when_even_the_slowest_has_leaked_empty(mailing: House, db: None, now: datetime) -> None:
    """A-032: the budget of one-time codes takes a day to leak; forgotten earlier it would be refilled."""
    assert timedelta(seconds=throttle.CODES.free * throttle.CODES.leak) <= sweep.COUNTERS_STAY
    counter(now - sweep.COUNTERS_STAY - timedelta(minutes=1))
    kept = {counter(now - sweep.COUNTERS_STAY + timedelta(minutes=1)), counter(now)}
    worker.Sender(mailing, lambda: now).sweep()
    assert left(Throttle) == kept


def test_an_access_token_goes_with_its_end(mailing: House, tenant: Tenant, now: datetime) -> None:
    client = Client.objects.create(tenant_id=tenant.id, client_id="hr", name="hr", secret=b"x" * 32, created=now, created_by="admin")
    for number, seconds in enumerate((-1, 1)):
        Token.objects.create(tenant_id=tenant.id, digest=bytes([number]) * 32, client=client, issued=now - HOUR,
                             expires=now + timedelta(seconds=seconds))
    worker.Sender(mailing, lambda: now).sweep()
    assert left(Token) == {b"\x01" * 32}


def test_a_sign_in_to_an_application_goes_when_nothing_of_it_is_good_any_more(mailing: House, code: Code, now: datetime) -> None:
    client = registered(Tenant(code.tenant_id, "", ""), "wiki", "", now)
    account, minute = code.account_id, timedelta(minutes=1)
    gone = signed_in(client, account, now - DAY, expires=now - minute)
    signed_in(client, account, now - DAY, redeemed=False, code_expires=now - DAY - minute, expires=now + DAY)
    kept = signed_in(client, account, now - DAY, expires=now + minute)
    waiting = signed_in(client, account, now - DAY, redeemed=False, code_expires=now - DAY + minute, expires=now + DAY)
    for grant, expires in ((gone, now + minute), (kept, now - minute), (kept, now + minute)):
        for model in (Token, RefreshToken):
            more = {"client": client} if model is Token else {}
            model.objects.create(tenant_id=code.tenant_id, digest=uuid4().bytes * 2, grant=grant, issued=now - DAY, expires=expires, **more)
    worker.Sender(mailing, lambda: now).sweep()
    assert set(Grant._base_manager.values_list("id", flat=True)) == {kept.id, waiting.id}
    for model in (Token, RefreshToken):
        assert list(model._base_manager.values_list("grant", "expires")) == [(kept.id, now + minute)]


def test_a_session_that_idled_out_leaves_what_applications_were_given(mailing: House, code: Code, now: datetime) -> None:
    client = registered(Tenant(code.tenant_id, "", ""), "wiki", "", now)
    session(code.account, now - DAY)
    grant = signed_in(client, code.account_id, now - DAY, session=Session._base_manager.get(), expires=now + DAY)
    worker.Sender(mailing, lambda: now).sweep()
    grant.refresh_from_db()
    assert (left(Session), grant.session_id) == (set(), None)


def test_much_is_swept_in_small_pieces(mailing: House, now: datetime, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "BATCH", 3)
    for _ in range(8):
        counter(now - 2 * DAY)
    assert sweep.sweep(mailing.config, now) == 8
    assert left(Throttle) == set()


@pytest.mark.postgres
def test_two_nodes_sweep_at_once(mailing: House, code: Code, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "BATCH", 7)
    for _ in range(100):
        counter(now - 2 * DAY)
        session(code.account, now - 2 * DAY)
    deeds: list[Callable[[], int]] = [with_own_connection(lambda: sweep.sweep(mailing.config, now))] * 4
    results = at_once(deeds)
    assert all(isinstance(result, int) for result in results), results
    assert (left(Throttle), left(Session)) == (set(), set())


def test_the_worker_sweeps_by_itself(filing: House, tenant: Tenant, now: datetime) -> None:
    counter(now - 2 * DAY)
    one = replace(filing, config=replace(filing.config, outbox=replace(filing.config.outbox, connections=1)))
    stop, done = threading.Event(), threading.Event()

    def watch() -> None:
        worker.run(one, stop)
        done.set()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        for _ in range(100):
            if not left(Throttle):
                break
            done.wait(0.1)
    finally:
        stop.set()
        outbox.wake.set()
        thread.join(30)
    assert left(Throttle) == set()
