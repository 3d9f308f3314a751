"""The story of one user on her page: one list, newest first, with words for each step of what was sent to her."""

from __future__ import annotations

import re
from datetime import timedelta

from housekey.core.principal import HELP_DESK
from housekey.operations import onboarding
from housekey.store.models import Message
from tests.doors.console.support import deliver
from tests.doors.pages.support import Browser
from tests.operations.support import PASSWORD, World, code_in, link_in
from tests.support.smtp import Sink


def moments(page: str) -> list[str]:
    """The sentences of the timeline, oldest first."""
    story = page.partition('id="timeline"')[2].partition("</section>")[0]
    return list(reversed(re.findall(r"<li>.*?<strong>([^<]+)</strong>", story)))


def in_order(found: list[str], *wanted: str) -> bool:
    rest = iter(found)
    return all(step in rest for step in wanted)


def test_a_user_is_followed_from_her_creation_to_her_password(guest: Browser, world: World, smtp: Sink) -> None:
    smtp.rules["jane@example.com"] = "451 4.7.1 try later"
    jane = world.invite(now=world.now - timedelta(minutes=1))
    deliver(world, smtp, now=world.now)
    smtp.rules.clear()
    Message.objects.within(world.tenant).update(due=world.now)
    deliver(world, smtp, now=world.now + timedelta(seconds=1))
    world.redeem(code_in(link_in(smtp.messages[0].message)), now=world.now + timedelta(seconds=2))
    page = guest.get(f"/console/users/{jane.id}/").page
    found = moments(page)
    assert in_order(found, "User added", "Message queued", "The mail server said: not now", "Taken by the mail server", "Link opened",
                    "Used"), found
    for part in ("try later", "Attempt 2", "Opened may also mean: looked at by a mail scanner.", "to jane@example.com", "by system"):
        assert part in page, part
    assert page.count('class="timeline"') == 1, "one list"
    assert re.search(r'<a href="/console/outbox/[-0-9a-f]{36}/">Open the message</a>', page)


def test_what_ended_otherwise_says_how(guest: Browser, world: World) -> None:
    jane = world.invite(now=world.now - timedelta(days=3))
    assert "Expired" in moments(guest.get(f"/console/users/{jane.id}/").page)
    onboarding.resend(world.house, world.by, jane.id, world.now)
    onboarding.revoke(world.house, world.by, jane.id, world.now)
    found = moments(guest.get(f"/console/users/{jane.id}/").page)
    assert in_order(found, "Replaced by a newer one", "Withdrawn"), found


def test_who_may_not_open_messages_gets_no_link_to_them(guest: Browser, world: World) -> None:
    jane = world.invite()
    world.add("hanna", role=HELP_DESK)
    page = Browser().signed_in("hanna", PASSWORD).get(f"/console/users/{jane.id}/").page
    assert "Message queued" in moments(page)
    assert "/console/outbox/" not in page


def test_what_servers_and_people_said_is_text(guest: Browser, world: World, smtp: Sink) -> None:
    smtp.rules["*"] = "550 5.1.1 <b>gone</b>"
    jane = world.invite()
    deliver(world, smtp)
    assert "<b>gone" not in guest.client.get(f"/console/users/{jane.id}/", secure=True).content.decode()
    assert "gone" in guest.get(f"/console/users/{jane.id}/").page
