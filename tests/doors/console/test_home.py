"""The first page: what is counted leads to what was counted, what to do next comes most urgent first, and inviting is drawn over time."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from housekey.conf.schema import EmailSender
from housekey.core.principal import CONSOLE, HELP_DESK
from housekey.core.users import Changes
from housekey.operations import jobs, onboarding, users
from housekey.store.models import Account, Code, Job, Role
from tests.doors.console.support import deliver, stranger
from tests.doors.pages.support import Browser, decide
from tests.operations.support import PASSWORD, World, other_world
from tests.support.smtp import Sink

HOME = "/console/"


def tiles(page: str) -> dict[str, tuple[str, str]]:
    """Each tile's address and number, by its word."""
    found = re.findall(r'<a class="tile" href="([^"]+)">.*?</svg> ([^<]+)<b>(\d+)</b>', page)
    return {word: (address, number) for address, word, number in found}


def advice(page: str) -> list[str]:
    return re.findall(r"<p><strong>([^<]+)</strong>", page.partition("What to do next")[2].partition("</ol>")[0])


def set_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a mail server, and nobody has the default password."""
    with_mail = world.configured(email=EmailSender(hostname="mail.example.com"))
    monkeypatch.setattr("housekey.console.views.overview.house", lambda: with_mail)
    users.change(world.house, world.by, users.by_name(world.by, "admin").id, Changes(password=PASSWORD), world.now)


def test_each_number_leads_to_a_list_of_that_length(guest: Browser, world: World, smtp: Sink) -> None:
    smtp.rules["lost@example.com"] = "550 5.1.1 no such user"
    for name in ("lost", "found", "later"):
        world.invite(name, f"{name}@example.com")
    onboarding.extend(world.house, world.by, users.by_name(world.by, "later").id, 60 * 24 * 3, world.now)
    deliver(world, smtp)
    world.add("shut")
    users.change(world.house, world.by, users.by_name(world.by, "shut").id, Changes(locked=True), world.now)
    world.add("bare", None)
    shown = tiles(guest.get(HOME).page)
    numbers = {"Waiting": "3", "Expires within 24 hours": "2", "Failed": "1", "Locked": "1", "Not invited yet": "1"}
    assert {word: shown[word][1] for word in numbers} == numbers
    for word in numbers:
        page = guest.get(shown[word][0]).page
        rows = page.partition("<tbody>")[2].partition("</tbody>")[0]
        assert (guest.status, rows.count("<tr")) == (200, int(numbers[word])), word
    assert "lost@example.com" in guest.get(shown["Failed"][0]).page


def test_what_to_do_next_comes_most_urgent_first_and_at_most_five(guest: Browser, world: World, smtp: Sink) -> None:
    smtp.rules["*"] = "550 5.1.1 no such user"
    world.invite()
    deliver(world, smtp)
    world.add("shut")
    users.change(world.house, world.by, users.by_name(world.by, "shut").id, Changes(locked=True), world.now)
    world.add("bare", None)
    assert advice(guest.get(HOME).page) == [
        "The first administrator still has the default password.", "1 message could not be delivered.", "No mail server is set up.",
        "1 invitation expires within 24 hours.", "1 user is locked.",
    ]
    decide(world, ENABLE="false")
    assert advice(guest.get(HOME).page)[1] == "Inviting users is switched off."


def test_each_advice_leads_where_it_can_be_followed(guest: Browser, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(world, monkeypatch)
    world.invite()
    Code.objects.within(world.tenant).update(expires=world.now - timedelta(hours=1))
    world.add("bare", None)
    admin = Browser().signed_in("admin", PASSWORD)
    page = admin.get(HOME).page
    assert advice(page) == ["1 invitation has expired.", "1 user was not invited yet."]
    for action, name in (("Send new ones", "jane"), ("Invite them", "bare")):
        link = re.search(rf'<a class="button" href="([^"]+)">{action}</a>', page)
        assert link
        assert f">{name}</a>" in admin.get(link[1]).page


def test_nothing_to_do_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(world, monkeypatch)
    page = Browser().signed_in("admin", PASSWORD).get(HOME).page
    assert "Nothing needs your attention." in page
    assert "Nobody was invited in this time." in page
    assert "<figure" not in page


def test_the_chart_has_the_same_numbers_as_a_table(guest: Browser, world: World) -> None:
    """Whoever cannot see the drawing reads it."""
    world.invite()
    world.invite("john", "john@example.com")
    world.redeem(world.newest_code())
    page = guest.get(HOME).page
    assert re.search(r'<svg viewBox="0 0 600 100"[^>]* aria-hidden="true">', page)
    assert re.findall(r'<rect class="chart-(\d)" x="(\d+)"', page) == [("1", "582"), ("2", "582"), ("3", "582"), ("4", "582")]
    table = page.partition("Show the numbers as a table")[2].partition("</table>")[0]
    assert re.findall(r'scope="col">([^<]+)<', table) == ["Day of adding", "Added and invited", "Message sent", "Opened", "Password set"]
    today = table.partition("<tbody>")[2].partition("</tbody>")[0].strip().rsplit("<tr>", 1)[1]
    assert re.findall(r">(\d+)</td>", today) == ["2", "2", "1", "1"]
    total = table.partition("<tfoot>")[2]
    assert re.findall(r">(\d+)</td>", total) == ["2", "2", "1", "1"]


def test_days_without_anybody_are_drawn_too(guest: Browser, world: World) -> None:
    user = world.invite()
    Account.objects.within(world.tenant).filter(id=user.id).update(created=world.now - timedelta(days=29))
    page = guest.get(HOME).page
    assert page.count('<tr><th scope="row">') == 31, "thirty days and their sum"
    assert re.findall(r'height="(100\.0|100)"', page)


def test_work_that_goes_on_is_shown_and_work_that_is_over_is_not(guest: Browser, world: World) -> None:
    ids = [world.add("p1").id, world.add("p2").id]
    assert "Going on right now" not in guest.get(HOME).page
    job = jobs.start(world.house, world.acting_as("admin"), "lock", ids, world.now)
    page = guest.get(HOME).page
    assert "Going on right now" in page
    assert f'href="/console/jobs/{job.id}/">Lock users</a>' in page
    assert "0 done and 0 failed of 2" in page
    Job.objects.within(world.tenant).update(state="finished", ended=world.now)
    assert "Going on right now" not in guest.get(HOME).page


def test_who_may_less_sees_less(guest: Browser, world: World) -> None:
    world.invite("gone", "gone@example.com")
    world.add("hanna", role=HELP_DESK)
    page = Browser().signed_in("hanna", PASSWORD).get(HOME).page
    assert "Waiting" in tiles(page)
    assert "Failed" not in tiles(page), "the outbox is not hers"
    assert not {"The first administrator still has the default password.", "No mail server is set up."} & set(advice(page))
    Role.objects.create(tenant_id=world.tenant.id, name="onlooker", permissions=[CONSOLE])
    world.add("otto", role="onlooker")
    page = Browser().signed_in("otto", PASSWORD).get(HOME).page
    assert tiles(page) == {}
    assert "<figure" not in page
    assert "Nothing needs your attention." in page


def test_no_number_of_another_tenant_is_shown(guest: Browser, world: World) -> None:
    """A-025."""
    other = other_world(world)
    other.invite()
    assert tiles(guest.get(HOME).page)["Waiting"][1] == "0"
    assert "<figure" not in guest.page
    theirs = stranger(other, HOME)
    assert tiles(theirs.page)["Waiting"] == ("/t/acme.example/console/invitations/?state=waiting", "1")
    assert "<figure" in theirs.page


def test_names_on_the_first_page_are_text(guest: Browser, world: World) -> None:
    decide(world, ORGANIZATION="<i>Acme</i>")
    assert "<i>Acme" not in guest.client.get(HOME, secure=True).content.decode()
