"""Many users at once in the console: chosen, asked about, done in the background, watched, stopped, and told row by row."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest

from housekey.core.errors import Invalid
from housekey.core.names import split_username
from housekey.core.principal import HELP_DESK
from housekey.core.users import Changes, NewUser
from housekey.operations import job_worker, jobs, users
from housekey.store.models import Account, Job
from tests.doors.pages.support import Browser, decide
from tests.operations.support import PASSWORD, World, counts, other_world

LIST, MANY, JOBS = "/console/users/", "/console/users/many", "/console/jobs/"


def people(world: World, number: int = 3) -> list[str]:
    return [str(world.add(f"p{index}", mail=f"p{index}@example.com").id) for index in range(number)]


def ask(guest: Browser, deed: str, **fields: Any) -> Browser:
    """Press the button of the bar below the list."""
    return guest.get(f"{MANY}?{urlencode({'deed': deed, **fields}, doseq=True)}")


def do(guest: Browser, deed: str, **fields: Any) -> Browser:
    ask(guest, deed, **fields)
    return guest.post(MANY, {"deed": deed, **fields})


def work(world: World) -> None:
    while job_worker.step(world.house, world.now):
        pass


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_those_ticked_are_asked_about_and_then_done_in_the_background(guest: Browser, world: World) -> None:
    ids = people(world)
    before = counts(audit=True)
    ask(guest, "lock", id=ids)
    assert guest.heading == "Lock 3 users?"
    assert "They are signed out everywhere" in guest.page
    assert "This can be undone" in guest.page
    assert all(f"<li>p{index}</li>" in guest.page for index in range(3))
    assert counts(audit=True) == before, "a question changes nothing"
    guest.post(MANY, {"deed": "lock", "id": ids})  # type: ignore[dict-item] # a list is several values
    assert re.fullmatch(r"/console/jobs/[-0-9a-f]{36}/\?done=job-started", guest.location)
    assert "Running" in guest.follow().page
    assert "The work has begun." in guest.page
    work(world)
    assert {users.by_name(world.by, f"p{index}").standing.label for index in range(3)} == {"locked"}
    assert "Lock users" in guest.get(JOBS).page


def test_everybody_who_matches_is_meant_on_other_pages_too(guest: Browser, world: World) -> None:
    people(world, 12)
    world.add("other", mail="other@example.org")
    ask(guest, "disable", all="yes", status="active", q="example.com")
    assert guest.heading == "Disable 12 users?"
    assert guest.page.count("<li>p") == 10
    assert "and 2 more" in guest.page
    guest.post(MANY, {"deed": "disable", "all": "yes", "status": "active", "q": "example.com", "expected": "12"})
    work(world)
    page = guest.follow().page
    assert "Finished" in page
    assert users.listing(world.by, status="disabled").total == 12
    assert users.by_name(world.by, "other").standing.label == "active"


def test_nobody_is_meant_who_came_after_the_question(guest: Browser, world: World) -> None:
    people(world)
    ask(guest, "delete", all="yes", q="p")
    world.add("p9")
    guest.post(MANY, {"deed": "delete", "all": "yes", "q": "p", "expected": "3"})
    assert guest.status == 409
    assert guest.heading == "Delete 4 users?"
    assert "More users match by now." in guest.page
    assert not Job.objects.within(world.tenant).exists()


@pytest.mark.parametrize("fields", [{}, {"id": ["nonsense", str(uuid4())]}, {"all": "yes", "q": "nobody at all"}])
def test_nobody_selected_says_what_to_do(guest: Browser, world: World, fields: dict[str, Any]) -> None:
    assert "Nobody is selected." in ask(guest, "lock", **fields).page
    assert guest.post(MANY, {"deed": "lock", **fields}).status == 400
    assert not Job.objects.within(world.tenant).exists()


def test_an_unknown_deed_is_no_page(guest: Browser, world: World) -> None:
    for deed in ("", "import", "revoke", "drop"):
        assert ask(guest, deed).status == 404


def test_the_bar_offers_what_one_may_do_and_says_why_not(guest: Browser, world: World) -> None:
    world.add("hanna", role=HELP_DESK)
    decide(world, RESET_LINK="false")
    page = guest.get(LIST).page
    assert re.search(r'value="force-reset" disabled aria-describedby="why-force-reset"', page)
    assert "No method for password resets is switched on." in page
    assert re.search(r'value="delete">', page)
    hanna = Browser().signed_in("hanna", PASSWORD)
    page = hanna.get(LIST).page
    assert re.search(r'value="invite">', page)
    for closed in ("force-reset", "lock", "unlock", "disable", "enable", "delete"):
        assert f'value="{closed}" disabled' in page
    ids = people(world)
    assert re.search(r"danger\" disabled", ask(hanna, "delete", id=ids).page)
    assert hanna.post(MANY, {"deed": "delete", "id": ids}).status == 403  # type: ignore[dict-item] # a list is several values
    decide(world, ENABLE="false")
    assert "Inviting users is switched off." in guest.get(LIST).page
    assert do(guest, "invite", id=ids).status == 400


def test_all_on_a_page_are_ticked_without_a_script(guest: Browser, world: World) -> None:
    people(world)
    page = guest.get(LIST).page
    assert 'name="id"' in page
    assert "checked" not in page
    assert 'href="?ticked=page"' in page
    assert guest.get(f"{LIST}?ticked=page").page.count(" checked>") == 4


def test_the_list_is_sorted_by_its_address(guest: Browser, world: World) -> None:
    for days, name in enumerate(("bob", "alf", "cyd")):
        user = world.add(name)
        Account.objects.within(world.tenant).filter(id=user.id).update(
            created=world.now - timedelta(days=days), modified=world.now + timedelta(days=days))

    def shown(address: str) -> list[str]:
        return [name for name in re.findall(r'id="u\d+" href="[^"]+">(\w+)</a>', guest.get(LIST + address).page) if name != "admin"]

    assert shown("") == shown("?sort=name") == shown("?sort=nonsense") == ["alf", "bob", "cyd"]
    assert shown("?sort=-name") == ["cyd", "bob", "alf"]
    assert shown("?sort=-created") == ["bob", "alf", "cyd"]
    assert 'aria-sort="descending"' in guest.page
    assert 'href="?sort=created"' in guest.page, "a second click turns it round"
    assert shown("?sort=created&q=b") == ["bob"]
    assert shown("?sort=changed") == ["bob", "alf", "cyd"]
    assert shown("?sort=-changed&status=active") == ["cyd", "alf", "bob"]


def test_each_filter_shows_where_people_really_stand(guest: Browser, world: World) -> None:
    by, house, now = world.by, world.house, world.now
    for name in ("locked", "disabled", "reset"):
        world.add(name)
    for name, changes in (("locked", Changes(locked=True)), ("disabled", Changes(disabled=True)), ("reset", Changes(force_reset=True))):
        users.change(house, by, users.by_name(by, name).id, changes, now)
    world.add("bare", None)
    world.invite("invited")
    profile = users.by_name(by, "invited").profile
    users.create(house, by, NewUser(split_username("proving"), profile, PASSWORD, verify_email=True), now)
    for status, name in (("not-invited", "bare"), ("invited", "invited"), ("reset", "reset"), ("locked", "locked"),
                         ("disabled", "disabled"), ("unconfirmed", "proving"), ("active", "admin")):
        assert [str(user.name) for user in users.listing(by, status=status).users] == [name]
        assert f">{name}</a>" in guest.get(f"{LIST}?status={status}").page
    assert users.listing(by).total == 7
    for wrong in ({"status": "nonsense"}, {"sort": "password"}):
        with pytest.raises(Invalid):
            users.listing(by, **wrong)  # type: ignore[arg-type] # the two texts that are looked at


def begun(world: World, guest: Browser, deed: str = "invite") -> str:
    """The page of a job on three users, of whom two can be invited."""
    ids = [str(world.add(f"b{index}", None, mail=f"b{index}@example.com").id) for index in range(2)]
    do(guest, deed, id=[*ids, str(world.add("done").id)])
    return guest.location.partition("?")[0]


def test_a_job_is_watched_and_its_result_is_a_file(guest: Browser, world: World) -> None:
    address = begun(world, guest)
    guest.get(address)
    assert guest.headers["Refresh"] == "5", "a browser without scripts looks again by itself"
    assert "Refresh" not in guest.get(address + "?live=yes").headers
    assert f'data-live="{address}progress"' in guest.page
    assert 'data-state="running"' in guest.get(address + "progress").page
    work(world)
    assert 'data-state="finished"' in guest.get(address + "progress").page
    page = guest.get(address).page
    assert "Refresh" not in guest.headers
    assert "Finished, not all done" in page
    assert 'value="100"' in page
    assert f'href="/console/users/{users.by_name(world.by, "b0").id}/"' in page
    failed = guest.get(address + "?rows=failed").page
    assert ">done</a>" in failed
    assert ">b0</a>" not in failed
    assert ">b1</a>" in guest.get(address + "?rows=done").page
    assert "No row in this state" in guest.get(address + "?rows=waiting").page
    rows = table(guest.get(address + "result.csv").page)
    assert rows[0] == ["Number", "Username", "Status", "Reason"]
    assert [row[:3] for row in rows[1:]] == [["1", "b0", "Done"], ["2", "b1", "Done"], ["3", "done", "Failed"]]
    assert guest.headers["Content-Disposition"].startswith('attachment; filename="invite-result-')
    [heading, row] = table(guest.get(address + "failed.csv").page)
    assert heading == ["Number", "Username", "Reason"]
    assert row[:2] == ["3", "done"]
    assert row[2]
    assert re.search(r'data-label="Done">2<.*data-label="Failed">1<', guest.get(JOBS).page)


def test_a_job_is_stopped_after_a_question(guest: Browser, world: World) -> None:
    address = begun(world, guest, "lock")
    assert guest.get(address + "stop").heading == "Stop this job?"
    assert jobs.get(world.by, UUID(address.split("/")[-2])).state == "running"
    assert guest.post(address + "stop").location == address + "?done=job-stopped"
    page = guest.follow().page
    assert "admin stopped it." in page
    work(world)
    assert users.by_name(world.by, "b0").standing.label == "not-invited"
    assert guest.get(address + "stop").location == address


def test_time_left_is_told_once_there_is_a_pace(guest: Browser, world: World) -> None:
    address = begun(world, guest, "lock")
    assert "will be done" not in guest.get(address).page
    Job.objects.within(world.tenant).update(created=world.now - timedelta(minutes=10), done=1)
    assert re.search(r"will be done <time[^>]*>in 20 minutes", guest.get(address).page)


def test_jobs_belong_to_their_tenant_and_to_those_who_may(guest: Browser, world: World) -> None:
    """A-142."""
    address = begun(world, guest, "delete")
    other_world(world)
    world.add("hanna", role=HELP_DESK)
    world.add("nobody")
    hanna = Browser().signed_in("hanna", PASSWORD)
    page = hanna.get(address).page
    assert hanna.status == 200
    assert address + "stop" not in page
    assert hanna.get(address + "stop").status == 403
    assert hanna.post(address + "stop").status == 403
    for part in ("", "progress", "result.csv", "failed.csv", "stop"):
        assert Browser().get(address + part).status == 302
        assert Browser().signed_in("nobody", PASSWORD).get(address + part).status == 403
        assert guest.get(f"/t/acme.example{address}{part}").status != 200
        assert guest.get(JOBS + f"00000000-0000-4000-8000-000000000000/{part}").status == 404


def test_what_is_not_there_yet_says_so(guest: Browser, world: World) -> None:
    assert "No jobs yet" in guest.get(JOBS).page
    assert guest.get(JOBS + "?page=99").status == 200
    assert 'href="/console/jobs/"' in guest.page, "the navigation leads there"


def test_each_name_is_text_and_never_markup(guest: Browser, world: World) -> None:
    user = world.add("<b>x", mail="x@example.com")
    do(guest, "lock", id=[str(user.id)])
    for address in (f"{MANY}?deed=lock&id={user.id}", guest.location):
        assert "<b>x" not in guest.client.get(address, secure=True).content.decode()
