"""Invitations in the console: what is out, how far each got, and what can be done about one, several or all of them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest

from housekey.core.principal import HELP_DESK
from housekey.core.users import Changes
from housekey.operations import job_worker, onboarding, users
from housekey.store.models import AuditEntry, Code, Job
from tests.doors.console.support import deliver, stranger
from tests.doors.pages.support import Browser, decide
from tests.operations.support import PASSWORD, World, code_in, counts, link_in, other_world
from tests.support.smtp import Sink

LIST, MANY = "/console/invitations/", "/console/invitations/many"


def people(world: World, number: int = 3) -> list[str]:
    return [str(world.invite(f"p{index}", f"p{index}@example.com").id) for index in range(number)]


def shown(page: str) -> list[str]:
    """The users of the list, in its order."""
    return re.findall(r'<td><a href="/console/users/[^"]+">([^<]+)</a>', page)


def row(page: str, name: str) -> str:
    """One line of the list without its markup."""
    found = next(part for part in page.partition("<tbody>")[2].split("</tr>") if f">{name}</a>" in part)
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())


def ask(guest: Browser, deed: str, **fields: Any) -> Browser:
    return guest.get(f"{MANY}?{urlencode({'deed': deed, **fields}, doseq=True)}")


def do(guest: Browser, deed: str, **fields: Any) -> Browser:
    ask(guest, deed, **{name: value for name, value in fields.items() if name != "minutes"})
    return guest.post(MANY, {"deed": deed, **fields})


def work(world: World) -> None:
    while job_worker.step(world.house, world.now):
        pass


def test_each_line_tells_how_far_it_got(guest: Browser, world: World, smtp: Sink) -> None:
    smtp.rules["lost@example.com"] = "550 5.1.1 no such user"
    for name in ("lost", "seen", "fresh"):
        world.invite(name, f"{name}@example.com")
    deliver(world, smtp)
    text = next(one.message for one in smtp.messages if one.recipients == ("seen@example.com",))
    Browser().get(f"/accountrecoveryendpoint/confirmrecovery.do?confirmation={code_in(link_in(text))}")
    page = guest.get(LIST).page
    assert sorted(shown(page)) == ["fresh", "lost", "seen"]
    for part in ("Invitation · link by e-mail", "Not delivered", "The mail server refused it", "lost@example.com", "no such user"):
        assert part in row(page, "lost"), part
    for part in ("Opened", "opened (may be a mail scanner) just now", "Taken by the mail server", "expires in 24 hours"):
        assert part in row(page, "seen"), part
    assert "Sent" in row(page, "fresh")
    assert "sent just now" in row(page, "fresh")


def test_the_address_is_the_whole_state_of_the_list(guest: Browser, world: World) -> None:
    people(world)
    world.add("jane")
    users.change(world.house, world.by, users.by_name(world.by, "jane").id, Changes(force_reset=True), world.now)
    onboarding.revoke(world.house, world.by, users.by_name(world.by, "p0").id, world.now)
    onboarding.extend(world.house, world.by, users.by_name(world.by, "p1").id, 4000, world.now)
    world.redeem(world.newest_code("p2@example.com"))
    for query, names in (("", ["jane", "p0", "p1"]), ("?state=revoked", ["p0"]), ("?state=waiting", ["jane", "p1"]),
                         ("?state=soon", ["jane"]), ("?state=redeemed", ["p2"]), ("?purpose=reset", ["jane"]),
                         ("?purpose=invitation&state=waiting", ["p1"]), ("?q=P1", ["p1"]),
                         ("?state=nonsense&purpose=1&sort=2", ["jane", "p0", "p1"])):
        assert sorted(shown(guest.get(LIST + query).page)) == names, query
        assert re.search(rf"1–{len(names)} of {len(names)}<", guest.page), "each list has its count"
    assert shown(guest.get(LIST + "?sort=expires&state=waiting").page) == ["jane", "p1"]
    assert 'aria-sort="ascending"' in guest.page
    assert 'href="?sort=-expires&state=waiting"' in guest.page or 'href="?state=waiting&sort=-expires"' in guest.page
    assert shown(guest.get(LIST + "?sort=-expires&state=waiting").page) == ["p1", "jane"]
    page = guest.get(LIST + "?state=soon&q=jane&purpose=reset").page
    assert re.search(r'<option value="reset" selected', page)
    assert re.search(r'class="chip" href="[^"]*state=soon[^"]*" aria-current="true"', page)
    assert 'value="jane"' in page


def test_what_was_used_is_listed_and_nothing_offered(guest: Browser, world: World) -> None:
    world.invite()
    world.redeem(world.newest_code())
    page = guest.get(LIST + "?state=redeemed").page
    assert "Used" in row(page, "jane")
    for part in ("Send again", 'type="checkbox"', 'name="deed"'):
        assert part not in page.partition("<tbody>")[2].partition("<footer")[0]


@pytest.mark.parametrize(("query", "words"), [("", "Nothing is out"), ("?state=failed", "Nothing matches"), ("?q=xyz", "Nothing matches"),
                                              ("?page=99", "Nothing is out")])
def test_an_empty_list_says_what_to_do(guest: Browser, query: str, words: str) -> None:
    assert words in guest.get(LIST + query).page


def test_the_pages_of_a_long_list_show_each_once(guest: Browser, world: World) -> None:
    people(world, 53)
    first = shown(guest.get(LIST + "?sort=expires").page)
    assert "1–50 of 53" in guest.page
    second = shown(guest.get(LIST + "?sort=expires&page=2").page)
    assert (len(first), len(second), len({*first, *second})) == (50, 3, 53)
    assert "All 53 that match, on other pages too" in guest.get(LIST).page


def test_one_is_sent_again_at_once(guest: Browser, world: World, smtp: Sink) -> None:
    [user] = people(world, 1)
    deliver(world, smtp)
    before = counts(audit=True)
    ask(guest, "invite", id=user)
    assert guest.heading == "Send a message to 1 user?"
    assert "<li>p0</li>" in guest.page
    assert counts(audit=True) == before, "a question changes nothing"
    assert guest.post(MANY, {"deed": "invite", "id": user}).location == LIST + "?done=invited"
    assert "The invitation is on its way." in guest.follow().page
    assert not Job.objects.within(world.tenant).exists()
    deliver(world, smtp)
    assert len(smtp.messages) == 2


def test_one_gets_more_time_and_the_link_stays(guest: Browser, world: World, smtp: Sink) -> None:
    [user] = people(world, 1)
    deliver(world, smtp)
    ask(guest, "extend", id=user, state="waiting")
    assert 'name="minutes"' in guest.page
    for wrong in ("", "soon", "-2", "99999999999", "1.5"):
        assert guest.post(MANY, {"deed": "extend", "id": user, "minutes": wrong}).status == 400, wrong
        assert "<h1>Give 1 user more time?</h1>" in guest.page
        assert 'aria-invalid="true"' in guest.page
    done = guest.post(MANY, {"deed": "extend", "id": user, "minutes": "2880", "state": "waiting"})
    assert done.location == LIST + "?state=waiting&done=extended"
    assert "expires in 2 days" in row(guest.follow().page, "p0")
    deliver(world, smtp)
    assert len(smtp.messages) == 1, "nothing is sent"
    world.redeem(code_in(link_in(smtp.messages[0].message)), now=world.now + timedelta(hours=47))


def test_one_is_withdrawn_and_the_link_is_dead(guest: Browser, world: World) -> None:
    [user] = people(world, 1)
    code = world.newest_code("p0@example.com")
    assert do(guest, "revoke", id=user).location == LIST + "?done=revoked"
    assert "Withdrawn" in row(guest.follow().page, "p0")
    page = Browser().get(f"/accountrecoveryendpoint/confirmrecovery.do?confirmation={code}").page
    assert "reset-password2" not in page
    assert do(guest, "extend", id=user, minutes="60").status == 400
    assert "Nothing is pending for this user, so there is nothing to extend." in guest.page


def test_the_address_is_corrected_on_the_page_of_the_user(guest: Browser, world: World) -> None:
    [user] = people(world, 1)
    assert f'href="/console/users/{user}/edit#mail"' in guest.get(LIST).page
    assert 'id="mail"' in guest.get(f"/console/users/{user}/edit").page


@pytest.mark.parametrize(("deed", "state", "said"), [("invite", "sent", "Invite or send again"), ("extend", "", "Give more time"),
                                                     ("revoke", "revoked", "Withdraw what was sent")])
def test_several_are_done_in_the_background_and_told_row_by_row(
    guest: Browser, world: World, deed: str, state: str, said: str
) -> None:
    ids = people(world)
    world.mails()
    onboarding.revoke(world.house, world.by, UUID(ids[2]), world.now)
    do(guest, deed, id=ids, minutes="5000")
    assert re.fullmatch(r"/console/jobs/[-0-9a-f]{36}/\?done=job-started", guest.location)
    work(world)
    page = guest.follow().page
    assert said in page
    lost = 1 if deed == "extend" else 0
    job = Job.objects.within(world.tenant).get()
    assert (job.state, job.done, job.failed) == ("finished", 3 - lost, lost)
    if lost:
        assert "Nothing is pending for this user, so there is nothing to extend." in page
        ends = Code.objects.within(world.tenant).filter(dead__isnull=True).values_list("expires", flat=True)
        assert set(ends) == {world.now + timedelta(minutes=5000)}
    if state == "revoked":
        assert sorted(shown(guest.get(LIST + "?state=revoked").page)) == ["p0", "p1", "p2"]
    if state == "sent":
        assert len(world.mails()) == 6


def test_all_that_the_list_shows_are_meant_on_other_pages_too(guest: Browser, world: World) -> None:
    people(world, 53)
    world.invite("jane", "jane@elsewhere.example")
    ask(guest, "revoke", all="yes", q="example.com", state="waiting")
    assert guest.heading == "Withdraw what was sent to 53 users?"
    assert "and 43 more" in guest.page
    guest.post(MANY, {"deed": "revoke", "all": "yes", "q": "example.com", "state": "waiting", "expected": "53"})
    work(world)
    assert shown(guest.get(LIST + "?state=waiting").page) == ["jane"]


def test_nobody_is_meant_who_came_after_the_question(guest: Browser, world: World) -> None:
    people(world)
    ask(guest, "revoke", all="yes")
    world.invite("late", "late@example.com")
    assert guest.post(MANY, {"deed": "revoke", "all": "yes", "expected": "3"}).status == 409
    assert guest.heading == "Withdraw what was sent to 4 users?"
    assert "More match by now." in guest.page
    assert guest.post(MANY, {"deed": "revoke", "all": "yes", "expected": "x"}).status == 409
    assert not Job.objects.within(world.tenant).exists()


def test_nobody_chosen_says_so(guest: Browser, world: World) -> None:
    for fields in ({}, {"id": ["nonsense", str(uuid4())]}, {"all": "yes", "q": "nobody"}):
        page = ask(guest, "revoke", **fields).page
        assert "Nobody was chosen. Tick somebody in the list first." in page
        assert re.search(r'<button class="button danger" disabled>', page)
        assert guest.post(MANY, {"deed": "revoke", "expected": "0", **fields}).status in {400, 404}  # type: ignore[dict-item] # lists
    for unknown in ("", "delete", "lock"):
        assert ask(guest, unknown).status == 404
    assert not Job.objects.within(world.tenant).exists()


def test_the_help_desk_sends_and_does_not_withdraw(guest: Browser, world: World) -> None:
    ids = people(world)
    world.add("hanna", role=HELP_DESK)
    hanna = Browser().signed_in("hanna", PASSWORD)
    page = hanna.get(LIST).page
    assert "Send again" in row(page, "p0")
    assert "Withdraw" not in row(page, "p0")
    assert re.search(r'value="revoke" disabled aria-describedby="why-revoke"', page)
    assert "You do not hold this permission yourself." in page
    assert re.search(r'danger" disabled', ask(hanna, "revoke", id=ids[0]).page)
    for chosen in (ids[:1], ids):
        assert hanna.post(MANY, {"deed": "revoke", "id": chosen}).status == 403  # type: ignore[dict-item] # a list is several values
    world.add("nobody")
    for address in (LIST, f"{MANY}?deed=invite&id={ids[0]}"):
        assert Browser().signed_in("nobody", PASSWORD).get(address).status == 403
        assert Browser().get(address).status == 302
    assert shown(guest.get(LIST + "?state=revoked").page) == []


def test_the_help_desk_touches_no_administrator(guest: Browser, world: World) -> None:
    """A-135."""
    boss = world.invite("boss", "boss@example.com")
    world.give(boss.id, "admin")
    world.add("hanna", role=HELP_DESK)
    hanna = Browser().signed_in("hanna", PASSWORD)
    assert do(hanna, "extend", id=str(boss.id), minutes="9000").status == 403
    assert do(hanna, "invite", id=str(boss.id)).status == 403
    assert do(hanna, "invite", id=[str(boss.id), *people(world, 1)]).status == 303
    work(world)
    job = Job.objects.within(world.tenant).get()
    assert (job.done, job.failed) == (1, 1)
    assert Code.objects.within(world.tenant).filter(account_id=boss.id).count() == 1


def test_what_is_switched_off_says_where_it_is_switched_on(guest: Browser, world: World) -> None:
    ids = people(world)
    decide(world, ENABLE="false")
    page = guest.get(LIST).page
    assert re.search(r'value="invite" disabled aria-describedby="why-invite"', page)
    assert "Inviting users is switched off." in page
    assert 'href="/console/onboarding/"' in page
    assert do(guest, "invite", id=ids).status == 400
    assert "Inviting users is switched off." in guest.page


def test_no_tenant_sees_or_moves_what_another_sent(guest: Browser, world: World) -> None:
    """A-025: in the list, in the question, one by one, in bulk and by 'all'."""
    ids = people(world)
    before = list(Code.objects.within(world.tenant).order_by("id").values())
    theirs = stranger(other_world(world), LIST)
    here = "/t/acme.example"
    assert shown(theirs.page) == []
    for query in ("?state=waiting", "?q=p0", "?sort=expires"):
        assert "p0" not in shown(theirs.get(here + LIST + query).page)
    for deed in ("invite", "extend", "revoke"):
        for chosen in (ids[:1], ids):
            page = theirs.get(f"{here}{MANY}?{urlencode({'deed': deed, 'id': chosen}, doseq=True)}").page
            assert "Nobody was chosen." in page
            assert "p0@" not in page
            fields = {"deed": deed, "id": chosen, "minutes": "60"}
            assert theirs.post(here + MANY, fields).status in {400, 404}  # type: ignore[arg-type] # a list is several values
        theirs.post(here + MANY, {"deed": deed, "all": "yes", "expected": "9", "minutes": "60"})
    while job_worker.step(world.house, world.now):
        pass
    assert list(Code.objects.within(world.tenant).order_by("id").values()) == before
    assert not AuditEntry.objects.within(world.tenant).filter(actor__contains="boss").exists()


def test_names_and_errors_are_text_and_never_markup(guest: Browser, world: World, smtp: Sink) -> None:
    smtp.rules["*"] = "550 5.1.1 <b>no</b>"
    user = world.invite("<b>x", "x@example.com")
    deliver(world, smtp)
    for address in (LIST, f"{MANY}?deed=revoke&id={user.id}", LIST + "?q=<b>x"):
        text = guest.client.get(address, secure=True).content.decode()
        assert "<b>x" not in text
        assert "<b>no" not in text
