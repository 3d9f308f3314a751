"""The outbox as a list: found by its address, each message with its tries, one or many sent again or withdrawn."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from housekey.core.principal import CONSOLE, OUTBOX_VIEW
from housekey.operations import onboarding, users
from housekey.store.models import Message, Role
from tests.doors.console.support import deliver, stranger
from tests.doors.pages.support import Browser
from tests.operations.support import PASSWORD, World, counts, other_world
from tests.support.smtp import Sink

LIST, MANY = "/console/outbox/", "/console/outbox/many"


def recipients(page: str) -> list[str]:
    return re.findall(r"<span>([^<>\s]+@[^<>\s]+)</span>", page)


def ids(world: World, *names: str) -> list[str]:
    rows = Message.objects.within(world.tenant).order_by("recipient")
    return [str(row.id) for row in rows if not names or row.recipient.partition("@")[0] in names]


def states(world: World) -> dict[str, str]:
    return {row.recipient.partition("@")[0]: row.state for row in Message.objects.within(world.tenant)}


def ask(guest: Browser, verb: str, **fields: Any) -> Browser:
    return guest.get(f"{MANY}?{urlencode({'verb': verb, **fields}, doseq=True)}")


def do(guest: Browser, verb: str, **fields: Any) -> Browser:
    ask(guest, verb, **fields)
    return guest.post(MANY, {"verb": verb, **fields})


@pytest.fixture
def sent(world: World, smtp: Sink) -> Sink:
    """A mail server that has taken `good`, refused `bad` and asked to be left alone with `slow`; `wait` has not been tried."""
    smtp.rules.update({"bad@example.com": "550 5.1.1 no such user", "slow@example.com": "451 4.7.1 try later"})
    for name in ("good", "bad", "slow"):
        world.invite(name, f"{name}@example.com")
    deliver(world, smtp)
    world.invite("wait", "wait@example.com")
    return smtp


def test_each_state_has_a_word_a_sentence_and_its_last_try(guest: Browser, sent: Sink) -> None:
    page = guest.get(LIST).page
    assert sorted(recipients(page)) == ["bad@example.com", "good@example.com", "slow@example.com", "wait@example.com"]
    for part in ("Could not be delivered. It is not tried again by itself.", "The mail server refused it", "no such user",
                 "The mail server took it.", "Taken by the mail server", "The mail server said: not now", "next try", "Not tried yet."):
        assert part in page, part


@pytest.mark.parametrize(("query", "found"), [
    ("?state=failed", ["bad"]), ("?state=queued", ["slow", "wait"]), ("?state=sent", ["good"]), ("?state=withdrawn", []),
    ("?q=GOOD", ["good"]), ("?channel=SMS", []), ("?channel=EMAIL&state=failed", ["bad"]), ("?kind=AskPassword&q=slow", ["slow"]),
    ("?kind=PasswordReset", []), ("?kind=nonsense", []), ("?state=nonsense&channel=x", ["bad", "good", "slow", "wait"]), ("?q=a%00b", []),
])
def test_the_address_is_the_whole_state_of_the_list(guest: Browser, sent: Sink, query: str, found: list[str]) -> None:
    page = guest.get(LIST + query).page
    assert guest.status == 200
    assert sorted(recipients(page)) == [f"{name}@example.com" for name in found]
    assert (f"1–{len(found)} of {len(found)}<" in page) == bool(found)


def test_each_message_tells_every_try_with_time_and_outcome(guest: Browser, world: World, sent: Sink) -> None:
    [slow] = ids(world, "slow")
    sent.rules.clear()
    Message.objects.within(world.tenant).filter(id=slow).update(due=world.now)
    deliver(world, sent)
    page = guest.get(f"{LIST}{slow}/").page
    assert page.index("The mail server said: not now") < page.index("Taken by the mail server")
    assert "try later" in page
    assert page.count("<time ") >= 2


def test_those_ticked_are_asked_about_and_sent_again(guest: Browser, world: World, sent: Sink) -> None:
    chosen = ids(world, "bad")
    before = counts(audit=True)
    ask(guest, "redrive", id=chosen, state="failed", q="bad")
    assert guest.heading == "Send 1 message again?"
    assert "<li>Invitation · bad@example.com · Failed</li>" in guest.page
    assert counts(audit=True) == before, "a question changes nothing"
    done = guest.post(MANY, {"verb": "redrive", "id": chosen, "state": "failed"})  # type: ignore[dict-item] # a list is several values
    assert done.location == LIST + "?state=failed&done=redriven-many"
    assert "The messages are queued again." in guest.follow().page
    sent.rules.clear()
    deliver(world, sent)
    assert ("bad@example.com",) in [one.recipients for one in sent.messages]
    assert states(world)["bad"] == "sent"


def test_many_are_withdrawn_and_never_sent(guest: Browser, world: World, sent: Sink) -> None:
    assert do(guest, "withdraw", id=ids(world, "slow", "wait")).location == LIST + "?done=withdrawn-many"
    deliver(world, sent, now=world.now + timedelta(hours=20))
    assert states(world) == {"good": "sent", "bad": "failed", "slow": "withdrawn", "wait": "withdrawn"}
    assert [one.recipients for one in sent.messages] == [("good@example.com",)]


def test_what_could_not_be_moved_is_named_with_the_reason(guest: Browser, world: World, sent: Sink) -> None:
    assert do(guest, "withdraw", id=ids(world)).status == 200
    assert guest.heading == "Not all could be done"
    assert "2 messages were changed. 2 stayed as they were." in guest.page
    assert "good@example.com: The message is sent; this needs one that is queued." in guest.page
    assert do(guest, "withdraw", id=ids(world)).status == 400, "none of them any more"
    assert "0 messages were changed." in guest.page


def test_what_is_no_good_any_more_does_not_go_out_again(guest: Browser, world: World, sent: Sink) -> None:
    onboarding.revoke(world.house, world.by, users.by_name(world.by, "bad").id, world.now)
    do(guest, "redrive", id=ids(world, "bad"))
    sent.rules.clear()
    deliver(world, sent)
    assert states(world)["bad"] in {"withdrawn", "failed"}
    assert ("bad@example.com",) not in [one.recipients for one in sent.messages]


def test_nothing_chosen_says_so(guest: Browser, world: World, sent: Sink) -> None:
    before = states(world)
    for fields in ({}, {"id": ["nonsense", str(uuid4())]}):
        assert "Nothing was chosen. Tick a message in the list first." in ask(guest, "withdraw", **fields).page
        assert re.search(r'danger" disabled', guest.page)
        assert guest.post(MANY, {"verb": "withdraw", **fields}).status == 400  # type: ignore[dict-item] # a list is several values
    for unknown in ("", "delete"):
        assert ask(guest, unknown).status == 404
    assert states(world) == before


def test_who_may_only_look_moves_nothing(world: World, sent: Sink) -> None:
    Role.objects.create(tenant_id=world.tenant.id, name="onlooker", permissions=[CONSOLE, OUTBOX_VIEW])
    world.add("otto", role="onlooker")
    otto = Browser().signed_in("otto", PASSWORD)
    page = otto.get(LIST).page
    assert 'name="verb"' not in page
    assert 'type="checkbox"' not in page
    before = states(world)
    assert ask(otto, "withdraw", id=ids(world)).status == 403
    assert otto.post(MANY, {"verb": "withdraw", "id": ids(world)}).status == 403  # type: ignore[dict-item] # a list is several values
    assert states(world) == before


def test_no_tenant_sees_or_moves_the_messages_of_another(world: World, sent: Sink) -> None:
    """A-025."""
    before = states(world)
    theirs = stranger(other_world(world), LIST)
    here = "/t/acme.example"
    assert recipients(theirs.page) == []
    chosen = ids(world)
    for verb in ("redrive", "withdraw"):
        page = theirs.get(f"{here}{MANY}?{urlencode({'verb': verb, 'id': chosen}, doseq=True)}").page
        assert "Nothing was chosen." in page
        assert "good@" not in page
        fields = {"verb": verb, "id": chosen}
        assert theirs.post(here + MANY, fields).status == 400  # type: ignore[arg-type] # a list is several values
        assert theirs.get(f"{here}{LIST}{chosen[0]}/").status == 404
    assert states(world) == before
