"""Promises about a tenant's own senders, whatever door they come through."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from housekey.core.errors import Invalid, NotPermitted, Stale, Throttled, Unavailable
from housekey.core.messages import EMAIL, SMS
from housekey.core.principal import SENDER_UPDATE, SENDER_VIEW
from housekey.core.senders import MASK
from housekey.delivery.own import opened_of
from housekey.operations import outbox, senders
from housekey.operations.senders import NewSender
from housekey.store.models import AuditEntry, Sender
from tests.operations.support import World
from tests.support.ports import free_port
from tests.support.senders import private

MAIL = {"host": "smtp.a.example", "from_address": "hello@a.example", "username": "mailer"}
GATEWAY = {"url": "https://sms.a.example/send", "authentication": "BEARER"}


def save(world: World, channel: str, provider: str, values: dict[str, str], secret: str | None = None, headers: str | None = None,
         **more: Any) -> senders.SenderView:
    return senders.save(world.house, world.by, channel, NewSender(provider, values, secret, headers), world.now, **more)


def opened(world: World) -> dict[str, Any]:
    return opened_of(world.house, Sender.objects.within(world.tenant).get())


def test_what_is_left_out_has_its_default(world: World) -> None:
    view = save(world, EMAIL, "SMTP", MAIL, "pw")
    assert (view.name, view.values["port"], view.values["security"]) == ("EmailPublisher", "587", "starttls")
    assert (view.secret, view.version) == (True, 1)


def test_a_secret_is_kept_while_it_goes_where_it_went(world: World) -> None:
    """A-138: the mask, or nothing, sent back keeps it."""
    save(world, EMAIL, "SMTP", MAIL, "pw")
    for secret in (None, MASK):
        save(world, EMAIL, "SMTP", MAIL | {"from_address": "new@a.example"}, secret)
        assert opened(world)["secret"] == "pw"


@pytest.mark.parametrize("change", [{"host": "evil.example"}, {"port": "2525"}, {"username": "other"}, {"security": "tls"}])
def test_a_secret_is_not_carried_to_another_server(world: World, change: dict[str, str]) -> None:
    """A-138: who may change a sender and not read its password could else have it sent to a server of her own."""
    save(world, EMAIL, "SMTP", MAIL, "pw")
    with pytest.raises(Invalid, match="Type the secret again"):
        save(world, EMAIL, "SMTP", MAIL | change, MASK)
    found = senders.find(world.house, world.by, EMAIL)
    assert found is not None
    assert found.values["host"] == "smtp.a.example"


def test_headers_are_kept_by_name_and_not_carried_along_either(world: World) -> None:
    """A-138"""
    save(world, SMS, "Custom", GATEWAY, "tok", "X-Token: one\nX-Team: blue")
    save(world, SMS, "Custom", GATEWAY, None, f"x-token: {MASK}\nX-New: 2")
    assert opened(world) == {"secret": "tok", "headers": {"x-token": "one", "X-New": "2"}}
    with pytest.raises(Invalid, match="X-Other"):
        save(world, SMS, "Custom", GATEWAY, None, f"X-Other: {MASK}")
    with pytest.raises(Invalid, match="X-New"):
        save(world, SMS, "Custom", GATEWAY | {"url": "https://evil.example/"}, "tok", f"X-New: {MASK}")
    with pytest.raises(Invalid, match="headers again"):
        save(world, SMS, "Custom", GATEWAY | {"url": "https://evil.example/"}, "tok")


def test_a_secret_that_is_not_used_is_not_kept(world: World) -> None:
    save(world, EMAIL, "SMTP", MAIL, "pw")
    assert save(world, EMAIL, "SMTP", MAIL | {"username": ""}).secret is False
    assert Sender.objects.within(world.tenant).get().sealed is None


def test_two_administrators_do_not_overwrite_each_other(world: World) -> None:
    save(world, EMAIL, "SMTP", MAIL, "pw", version=0)
    with pytest.raises(Stale):
        save(world, EMAIL, "SMTP", MAIL, "pw", version=0)
    assert save(world, EMAIL, "SMTP", MAIL, None, version=1).version == 2


def test_changing_needs_its_permission_and_looking_too(world: World) -> None:
    nobody = replace(world.by, permissions=frozenset({SENDER_VIEW}))
    with pytest.raises(NotPermitted):
        senders.save(world.house, nobody, EMAIL, NewSender("SMTP", MAIL, "pw"), world.now)
    with pytest.raises(NotPermitted):
        senders.in_force(world.house, replace(world.by, permissions=frozenset({SENDER_UPDATE})), EMAIL)
    for deed in (lambda: senders.send_test(world.house, nobody, EMAIL, "", world.now),
                 lambda: senders.delete(world.house, nobody, EMAIL, world.now)):
        with pytest.raises(NotPermitted):
            deed()


def test_with_a_sender_of_its_own_a_tenants_messages_are_not_read_in_the_outbox(world: World) -> None:
    """A-044"""
    assert not outbox.has_server(world.house, world.tenant, EMAIL)
    save(world, EMAIL, "SMTP", MAIL, "pw")
    assert outbox.has_server(world.house, world.tenant, EMAIL)
    assert not outbox.has_server(world.house, world.tenant, SMS)


def test_a_test_goes_through_what_is_in_force_and_its_failure_is_told(world: World) -> None:
    world.add("boss", mail="", role="admin")
    me = world.acting_as("boss")
    with pytest.raises(Invalid, match="no e-mail address"):
        senders.send_test(world.house, me, EMAIL, "", world.now)
    with pytest.raises(Invalid, match="mobile number"):
        senders.send_test(world.house, me, SMS, "12 apples", world.now)
    assert senders.send_test(world.house, me, SMS, "+49 170 1234567", world.now)
    house = private(world.house)
    dead = NewSender("Custom", {"url": f"https://127.0.0.1:{free_port()}/"})
    senders.save(house, world.by, SMS, dead, world.now)
    with pytest.raises(Unavailable, match=r"Through the tenant's own SMSPublisher\. Nothing listens"):
        senders.send_test(house, me, SMS, "+49 170 1234567", world.now)
    results = [row.detail["result"] for row in AuditEntry.objects.within(world.tenant).filter(event="sender:test").order_by("id")]
    assert results == ["kept", "connection"]


def test_tests_have_an_end(world: World) -> None:
    world.add("boss", mail="", role="admin")
    me = world.acting_as("boss")
    refused = 0
    for _ in range(30):
        try:
            senders.send_test(world.house, me, SMS, "+49 170 1234567", world.now)
        except Throttled:
            refused += 1
    assert refused >= 10


def test_the_last_results_are_found_without_going_through_all_deliveries(world: World) -> None:
    """A page for every look, of a table that only grows."""
    world.invite()
    world.mails()
    with CaptureQueriesContext(connection) as asked:
        shown = senders.in_force(world.house, world.by, EMAIL)
    assert [outcome for _, outcome, _ in shown.last] == ["kept"]
    if connection.vendor == "sqlite":
        [query] = [query["sql"] for query in asked if "store_attempt" in query["sql"]]
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {query}")
            assert not [step for *_, step in cursor.fetchall() if step == "SCAN store_attempt"]
