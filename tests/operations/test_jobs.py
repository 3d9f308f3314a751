"""Work on many users: each once, with what the one who started it may do, and to be watched, stopped and gone on with."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from housekey.core.errors import Invalid, NotFound, NotPermitted
from housekey.core.jobs import Deed, JobView
from housekey.core.principal import HELP_DESK
from housekey.core.properties import INTERNAL
from housekey.core.users import Changes
from housekey.operations import audit, job_worker, jobs, roles, users
from housekey.store.models import Job, JobRow
from tests.operations.support import World, other_world

SHEET = "username,givenname,email\nmei,Mei,mei@example.com\ntom,Tom,tom@example.com\nmei,Again,m@example.com\nno mail,,x\nann,Ann,\n"


@pytest.fixture
def boss(world: World) -> World:
    """The world as an administrator who is signed in sees it."""
    world.add("boss", role="admin")
    return world


def worked(world: World, job: JobView) -> JobView:
    while job_worker.step(world.house, world.now):
        pass
    return jobs.get(world.by, job.id)


def people(world: World, number: int = 3) -> list[UUID]:
    return [world.add(f"p{index}", mail=f"p{index}@example.com").id for index in range(number)]


def begun(world: World, deed: Deed, ids: list[UUID]) -> JobView:
    return jobs.start(world.house, world.acting_as("boss"), deed, ids, world.now)


@pytest.mark.parametrize(("deed", "label"), [("lock", "locked"), ("disable", "disabled"), ("force-reset", "reset"), ("delete", "")])
def test_a_deed_is_done_to_every_one_of_them(boss: World, deed: Deed, label: str) -> None:
    ids = people(boss)
    job = worked(boss, begun(boss, deed, ids))
    assert (job.state, job.total, job.done, job.failed, job.percent) == ("finished", 3, 3, 0, 100)
    there = [user for user in users.listing(boss.by).users if user.id in ids]
    assert {user.standing.label for user in there} == ({label} if label else set())


def test_locked_and_disabled_are_opened_again(boss: World) -> None:
    ids = people(boss)
    for deed in ("lock", "disable", "unlock", "enable"):
        worked(boss, begun(boss, deed, ids))
    assert boss.sign_in("p0").token


def test_those_not_invited_are_invited_and_those_invited_get_a_new_message(boss: World) -> None:
    bare = [boss.add(f"b{index}", None, mail=f"b{index}@example.com").id for index in range(2)]
    waiting = boss.invite("jane").id
    job = worked(boss, begun(boss, "invite", [*bare, waiting, boss.add("done").id]))
    assert (job.done, job.failed) == (3, 1)
    [failed] = jobs.rows(boss.by, job.id, state="failed")
    assert failed.subject == "done"
    assert "has set a password already" in failed.sentence
    assert sorted(str(mail["To"]) for mail in boss.mails()) == ["b0@example.com", "b1@example.com", "jane@example.com"]


def test_everybody_whom_the_list_shows_is_meant(boss: World) -> None:
    people(boss)
    boss.invite("jane")
    job = worked(boss, jobs.start_matching(boss.house, boss.acting_as("boss"), "lock", "active", "p1", boss.now))
    assert [row.subject for row in jobs.rows(boss.by, job.id)] == ["p1"]


def test_nobody_is_done_twice_when_a_worker_goes_on_where_another_died(boss: World) -> None:
    bare = [boss.add(f"b{index}", None, mail=f"b{index}@example.com").id for index in range(3)]
    job = begun(boss, "invite", bare)
    row = JobRow.objects.within(boss.tenant).order_by("number").first()
    assert row is not None
    stale = JobRow.objects.within(boss.tenant).get(id=row.id)
    held = Job.objects.within(boss.tenant).get(id=job.id)
    job_worker._do(boss.house, boss.acting_as("boss"), held, row, boss.now)
    job_worker._do(boss.house, boss.acting_as("boss"), held, stale, boss.now)
    assert worked(boss, job).done == 3
    assert len(boss.mails()) == 3


def test_a_row_that_another_worker_dealt_with_is_passed_over_also_where_nothing_is_left_to_do(boss: World) -> None:
    job = begun(boss, "delete", people(boss, 2))
    rows = list(JobRow.objects.within(boss.tenant).order_by("number"))
    held = Job.objects.within(boss.tenant).get(id=job.id)
    for row in (rows[0], JobRow.objects.within(boss.tenant).get(id=rows[0].id)):
        job_worker._do(boss.house, boss.acting_as("boss"), held, row, boss.now)
    job = worked(boss, job)
    assert (job.done, job.failed) == (2, 0)


def test_a_lease_keeps_other_workers_away_until_it_ends(boss: World) -> None:
    job = begun(boss, "lock", people(boss))
    assert job_worker._leased(boss.now)
    assert job_worker._leased(boss.now) is None
    assert not job_worker.step(boss.house, boss.now + timedelta(seconds=59))
    assert job_worker.step(boss.house, boss.now + timedelta(seconds=61))
    assert jobs.get(boss.by, job.id).state == "finished"


def test_each_row_takes_what_its_starter_may_do_at_that_moment(boss: World) -> None:
    """A-135: somebody who lost the role meanwhile does nothing more."""
    ids = people(boss)
    job = begun(boss, "delete", ids)
    boss.add("keeper", role="admin")
    roles.deny(boss.by, users.by_name(boss.by, "boss").id, "admin", boss.now)
    job = worked(boss, job)
    assert (job.state, job.done, job.left) == ("stopped", 0, 3)
    assert "boss" in job.why


def test_nobody_above_the_starter_is_touched(boss: World) -> None:
    """A-135."""
    boss.add("clerk", role=HELP_DESK)
    admin = users.by_name(boss.by, "boss").id
    bare = boss.add("bare", None, mail="bare@example.com").id
    job = worked(boss, jobs.start(boss.house, boss.acting_as("clerk"), "invite", [admin, bare], boss.now))
    assert (job.done, job.failed) == (1, 1)
    for deed in ("lock", "delete", "revoke"):
        with pytest.raises(NotPermitted):
            jobs.start(boss.house, boss.acting_as("clerk"), deed, [bare], boss.now)


def test_what_is_stopped_stays_as_it_was(boss: World) -> None:
    ids = people(boss)
    job = begun(boss, "lock", ids)
    assert jobs.stop(boss.acting_as("boss"), job.id, boss.now).state == "stopped"
    assert worked(boss, job).done == 0
    assert boss.sign_in("p0").token


def test_an_import_is_looked_through_before_anybody_is_created(boss: World) -> None:
    boss.add("ann")
    job, sheet = jobs.draft(boss.house, boss.acting_as("boss"), SHEET, "people.csv", boss.now)
    assert (job.state, job.total, job.failed, sheet.columns) == ("draft", 5, 3, ("username", "givenname", "email"))
    assert [(row.number, row.subject) for row in jobs.rows(boss.by, job.id, state="failed")] == [(4, "mei"), (5, "no mail"), (6, "ann")]
    assert worked(boss, job).state == "draft"
    assert boss.mails() == []
    jobs.confirm(boss.house, boss.acting_as("boss"), job.id, boss.now)
    job = worked(boss, job)
    assert (job.state, job.done, job.failed) == ("finished", 2, 3)
    assert users.by_name(boss.by, "mei").profile.given_name == "Mei"
    assert sorted(str(mail["To"]) for mail in boss.mails()) == ["mei@example.com", "tom@example.com"]
    assert not JobRow.objects.within(boss.tenant).exclude(input={}).exists(), "what was imported is not kept twice"
    with pytest.raises(Invalid, match="begun"):
        jobs.confirm(boss.house, boss.acting_as("boss"), job.id, boss.now)


def test_a_name_taken_in_between_is_told_in_its_row(boss: World) -> None:
    job, _ = jobs.draft(boss.house, boss.acting_as("boss"), "username,email\nmei,mei@example.com\n", "x.csv", boss.now)
    boss.add("mei")
    jobs.confirm(boss.house, boss.acting_as("boss"), job.id, boss.now)
    assert worked(boss, job).failed == 1
    assert "already" in jobs.rows(boss.by, job.id)[0].sentence


def test_the_names_of_a_file_are_looked_up_one_by_one(boss: World) -> None:
    """However many users there are: not by going through all of them."""
    with CaptureQueriesContext(connection) as asked:
        jobs.draft(boss.house, boss.acting_as("boss"), SHEET, "people.csv", boss.now)
    [query] = [query["sql"] for query in asked if "store_account" in query["sql"] and " IN (" in query["sql"]]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {query}")
            assert all("name_key=?" in step for *_, step in cursor.fetchall())


def test_codes_that_another_system_delivers_cannot_be_made_for_many(boss: World) -> None:
    boss.set(**{INTERNAL: "false"})
    with pytest.raises(Invalid, match="SCIM"):
        begun(boss, "invite", people(boss, 1))


def test_a_job_belongs_to_its_tenant(boss: World) -> None:
    job = begun(boss, "lock", people(boss, 1))
    other = other_world(boss)
    for asked in (lambda: jobs.get(other.by, job.id), lambda: jobs.rows(other.by, job.id), lambda: jobs.stop(other.by, job.id, other.now)):
        with pytest.raises(NotFound):
            asked()
    with pytest.raises(Invalid, match="nobody"):
        jobs.start(boss.house, boss.acting_as("boss"), "lock", [uuid4()], boss.now)


def test_what_is_over_is_forgotten_after_a_month_and_a_draft_after_a_day(boss: World) -> None:
    draft, _ = jobs.draft(boss.house, boss.acting_as("boss"), SHEET, "people.csv", boss.now)
    done = worked(boss, begun(boss, "lock", people(boss, 1)))
    for days, left in ((0.9, {draft.id, done.id}), (1.1, {done.id}), (29.9, {done.id}), (30.1, set())):
        jobs.sweep(boss.now + timedelta(days=days))
        assert {job.id for job in jobs.listing(boss.by)} == left


def test_changes_of_one_stay_changes_of_one(boss: World) -> None:
    """The page of a user and a job of one user come to the same."""
    alone, many = boss.add("alone"), boss.add("many")
    users.change(boss.house, boss.acting_as("boss"), alone.id, Changes(locked=True), boss.now)
    worked(boss, begun(boss, "lock", [many.id]))
    one, other = (users.by_name(boss.by, name) for name in ("alone", "many"))
    assert (one.standing, one.version) == (other.standing, other.version)


def test_a_long_job_lets_others_have_their_turn(boss: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small job that was started later does not wait for the end of a large one."""
    monkeypatch.setattr(job_worker, "SLICE", 1e-3)
    ids = people(boss, 12)
    large, small = begun(boss, "lock", ids), begun(boss, "unlock", ids[:1])
    Job.objects.within(boss.tenant).filter(id=large.id).update(created=boss.now - timedelta(minutes=1))
    second = 0
    while jobs.get(boss.by, small.id).state == "running":
        second += 1
        assert job_worker.step(boss.house, boss.now + timedelta(seconds=second))
    assert jobs.get(boss.by, large.id).left > 0


def test_an_import_is_done_as_whoever_began_it(boss: World) -> None:
    """Not as whoever had looked the file through: what is done takes the rights, and bears the name, of the one who said so."""
    boss.add("other", role="admin")
    job, _ = jobs.draft(boss.house, boss.acting_as("boss"), "username,email\nmei,mei@example.com\n", "x.csv", boss.now)
    jobs.confirm(boss.house, boss.acting_as("other"), job.id, boss.now)
    roles.deny(boss.by, users.by_name(boss.by, "boss").id, "admin", boss.now)
    job = worked(boss, job)
    assert (job.state, job.done, job.by) == ("finished", 1, "other")
    assert [entry.actor for entry in audit.recent(boss.by, users.by_name(boss.by, "mei").id) if entry.event == "user:create"] == ["other"]


def test_a_row_that_the_database_does_not_take_holds_up_nobody_behind_it(boss: World) -> None:
    sheet = f"username,email,locale\nmei,mei@example.com,{'x' * 200}\ntom,tom@example.com,en\n"
    job, _ = jobs.draft(boss.house, boss.acting_as("boss"), sheet, "x.csv", boss.now)
    assert [row.number for row in jobs.rows(boss.by, job.id, state="failed")] == [2]
    jobs.confirm(boss.house, boss.acting_as("boss"), job.id, boss.now)
    job = worked(boss, job)
    assert (job.state, job.done, job.failed) == ("finished", 1, 1)
