"""How inviting goes, what is out, and the story of one user: counted and told from what was issued, sent and done."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from housekey.core.errors import Invalid, NotPermitted
from housekey.core.names import split_username
from housekey.core.properties import INVITE_EXPIRY
from housekey.core.users import Changes, NewUser, Profile
from housekey.delivery import worker
from housekey.operations import insights, invitations, onboarding, recovery, users
from housekey.operations.insights import Step
from housekey.operations.invitations import SOON, Wanted
from housekey.store.models import Account, Code, Message
from tests.delivery.helpers import sender, with_email
from tests.operations.support import World, code_in, link_in, other_world
from tests.support.smtp import Sink

DAY = timedelta(days=1)


@pytest.fixture
def noon(world: World) -> datetime:
    """Yesterday at noon: whatever is done an hour earlier or later is done on the same day. Invitations live for a week."""
    world.set(**{INVITE_EXPIRY: 10080})
    return datetime.combine(world.now.date() - DAY, time(12), UTC)


def open_link(world: World, mail: str, moment: datetime) -> None:
    recovery.open_link(world.house, world.tenant, world.newest_code(mail), moment)


def names(world: World, state: str, moment: datetime | None = None, **more: str) -> list[str]:
    found = invitations.listing(world.by, Wanted(state, **more), moment or world.now)
    assert found.total == len(found.rows)
    return sorted(str(row.name) for row in found.rows)


def deliver(world: World, smtp: Sink) -> None:
    worker.drain(with_email(world.house, sender(smtp)), max(world.now, datetime.now(UTC)))


def test_the_funnel_counts_people_by_the_day_they_were_added(world: World, noon: datetime) -> None:
    world.invite("eva", "eva@example.com", now=noon - 2 * DAY)
    for name in ("ann", "bea", "cid", "dan"):
        world.invite(name, f"{name}@example.com", now=noon)
    Message.objects.within(world.tenant).filter(recipient="dan@example.com").update(state="withdrawn")
    open_link(world, "bea@example.com", noon + timedelta(hours=1))
    world.redeem(world.newest_code("cid@example.com"), now=noon + timedelta(hours=2))
    steps = insights.funnel(world.by, world.now)
    assert len(steps) == insights.DAYS
    assert steps[-1].day == world.now.date(), "oldest first, today included"
    assert steps[-2] == Step(noon.date(), created=4, sent=3, opened=2, done=1)
    assert steps[-4] == Step(noon.date() - 2 * DAY, created=1, sent=1)
    assert sum(step.created for step in steps) == 5


def test_the_funnel_knows_only_those_who_were_invited_and_each_of_them_once(world: World, noon: datetime) -> None:
    world.add("chosen")
    world.add("bare", None)
    user = world.invite(now=noon)
    for hour in range(1, 4):
        onboarding.resend(world.house, world.by, user.id, noon + timedelta(hours=hour))
    world.redeem(world.newest_code(), now=noon + timedelta(hours=4))
    users.change(world.house, world.by, user.id, Changes(force_reset=True), noon + timedelta(hours=5))
    assert insights.funnel(world.by, world.now)[-2] == Step(noon.date(), 1, 1, 1, 1)


def test_the_funnel_takes_a_link_handed_over_for_a_message_that_went_out(world: World, noon: datetime) -> None:
    user = users.create(world.house, world.by, NewUser(split_username("jane"), Profile()), noon)
    onboarding.offline_link(world.house, world.by, user.id, noon)
    assert insights.funnel(world.by, world.now)[-2] == Step(noon.date(), created=1, sent=1)


def test_the_funnel_ends_where_its_days_end(world: World, noon: datetime) -> None:
    world.invite("old", "old@example.com", now=noon - 40 * DAY)
    assert not any(step.created for step in insights.funnel(world.by, world.now))
    assert len(insights.funnel(world.by, world.now, 3)) == 3
    assert insights.funnel(world.by, noon - 40 * DAY)[-1].created == 1


def test_the_funnel_is_one_query_over_the_accounts_of_its_days(world: World, noon: datetime) -> None:
    for number in range(5):
        world.invite(f"p{number}", f"p{number}@example.com", now=noon)
    with CaptureQueriesContext(connection) as asked:
        assert insights.funnel(world.by, world.now)[-2].created == 5
    assert len(asked) == 1
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + asked[0]["sql"])
            plan = " ".join(row[3] for row in cursor.fetchall())
        assert "SCAN store" not in plan, plan


def test_a_tenant_counts_and_lists_its_own_only(world: World, noon: datetime) -> None:
    """A-025: neither numbers nor names nor the story of a user leave the tenant."""
    other = other_world(world)
    jane = other.invite(now=noon)
    assert insights.funnel(other.by, world.now)[-2].created == 1
    assert not any(step.created for step in insights.funnel(world.by, world.now))
    assert names(other, "") == ["jane"]
    assert names(world, "") == []
    assert invitations.counts(world.by, world.now)["waiting"] == 0
    assert invitations.matching(world.by, Wanted(), world.now, most=10) == []
    story = insights.story(world.by, jane.id, world.now)
    assert (story.events, story.issued) == ([], [])
    assert insights.story(other.by, jane.id, world.now).issued


def test_who_may_not_list_users_is_told_nothing(world: World) -> None:
    world.add("nobody")
    nobody = world.acting_as("nobody")
    jane = world.invite("jane", "j@example.com")
    for ask in (lambda: insights.funnel(nobody, world.now), lambda: insights.story(nobody, jane.id, world.now),
                lambda: invitations.counts(nobody, world.now), lambda: invitations.listing(nobody, Wanted(), world.now),
                lambda: invitations.matching(nobody, Wanted(), world.now, most=1)):
        with pytest.raises(NotPermitted):
            ask()


def test_what_is_out_is_found_by_how_far_it_got(world: World, smtp: Sink) -> None:
    smtp.rules["lost@example.com"] = "550 5.1.1 no such user"
    for name in ("lost", "seen", "fresh", "done", "back"):
        world.invite(name, f"{name}@example.com")
    onboarding.extend(world.house, world.by, users.by_name(world.by, "fresh").id, 60 * 24 * 7, world.now)
    onboarding.revoke(world.house, world.by, users.by_name(world.by, "back").id, world.now)
    deliver(world, smtp)
    for name in ("seen", "done"):
        text = next(one.message for one in smtp.messages if one.recipients == (f"{name}@example.com",))
        if name == "seen":
            recovery.open_link(world.house, world.tenant, code_in(link_in(text)), world.now)
        else:
            world.redeem(code_in(link_in(text)))
    assert names(world, "waiting") == ["fresh", "lost", "seen"]
    assert names(world, "failed") == ["lost"]
    assert names(world, "opened") == ["seen"]
    assert names(world, "revoked") == ["back"]
    assert names(world, "redeemed") == ["done"]
    assert names(world, "") == ["back", "fresh", "lost", "seen"]
    later = world.now + 31 * DAY
    assert names(world, "expired", later) == ["fresh", "lost", "seen"]
    assert names(world, "redeemed", later) == []
    counted = invitations.counts(world.by, world.now)
    assert {state: len(names(world, state)) for state in counted if state} == {state: counted[state] for state in counted if state}
    lost = next(row for row in invitations.listing(world.by, Wanted("failed"), world.now).rows)
    assert (lost.delivery, lost.outcome) == ("failed", "permanent")
    assert "no such user" in lost.it.error


def test_soon_is_within_a_day_and_not_over(world: World) -> None:
    user = world.invite()
    end = Code.objects.within(world.tenant).get().expires
    assert end
    for moment, found in ((end - SOON - timedelta(seconds=1), []), (end - SOON, ["jane"]), (end - timedelta(seconds=1), ["jane"]),
                          (end, [])):
        assert names(world, "soon", moment) == found
    onboarding.extend(world.house, world.by, user.id, -1, world.now)
    assert names(world, "soon", end - SOON) == []
    assert names(world, "waiting", end + 999 * DAY) == ["jane"], "what never ends is never over"


def test_only_the_newest_of_each_user_is_listed(world: World) -> None:
    user = world.invite()
    for minute in range(1, 4):
        onboarding.resend(world.house, world.by, user.id, world.now + timedelta(minutes=minute))
    assert names(world, "") == ["jane"]
    onboarding.revoke(world.house, world.by, user.id, world.now + timedelta(minutes=4))
    assert names(world, "") == names(world, "revoked") == ["jane"]
    onboarding.resend(world.house, world.by, user.id, world.now + timedelta(minutes=5))
    assert names(world, "revoked") == []


def test_what_is_out_is_narrowed_by_purpose_and_by_words(world: World) -> None:
    world.invite("jane", "jane@example.com")
    world.add("john", mail="john@elsewhere.example")
    users.change(world.house, world.by, users.by_name(world.by, "john").id, Changes(force_reset=True), world.now)
    assert names(world, "", purpose="invitation") == ["jane"]
    assert names(world, "", purpose="reset") == ["john"]
    assert names(world, "", purpose="confirmation") == []
    assert names(world, "", search="JAN example.com") == ["jane"], "every word, in any case, in name or address"
    assert names(world, "", search="elsewhere") == ["john"]
    assert names(world, "", search="a\0b") == names(world, "", search="' OR 1=1 --") == []
    assert names(world, "", search=" ".join(["jane"] * 500)) == []
    for wrong in (Wanted("nonsense"), Wanted(purpose="recovery")):
        with pytest.raises(Invalid):
            invitations.listing(world.by, wrong, world.now)
    with pytest.raises(Invalid):
        invitations.listing(world.by, Wanted(), world.now, order="recipient")


def test_what_ends_first_comes_first_and_what_never_ends_last(world: World) -> None:
    for name, minutes in (("mid", 600), ("ever", -1), ("soon", 60)):
        user = world.invite(name, f"{name}@example.com")
        onboarding.extend(world.house, world.by, user.id, minutes, world.now)

    def order(by: str) -> list[str]:
        return [str(row.name) for row in invitations.listing(world.by, Wanted(), world.now, order=by).rows]

    assert order("expires") == ["soon", "mid", "ever"]
    assert order("-expires") == ["mid", "soon", "ever"]
    pages = [invitations.listing(world.by, Wanted(), world.now, order="expires", offset=offset, limit=1) for offset in range(4)]
    assert [str(row.name) for page in pages for row in page.rows] == ["soon", "mid", "ever"]
    assert {page.total for page in pages} == {3}


def test_the_list_asks_no_more_the_longer_it_is(world: World) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            invitations.listing(world.by, Wanted(), world.now)
        return len(queries)

    world.invite("p0", "p0@example.com")
    first = asked()
    for number in range(1, 6):
        world.invite(f"p{number}", f"p{number}@example.com")
    assert asked() == first


def test_a_story_tells_each_code_with_the_fate_of_its_message(world: World, smtp: Sink) -> None:
    smtp.rules["jane@example.com"] = "451 4.7.1 try later"
    jane = world.invite()
    deliver(world, smtp)
    [issued] = insights.story(world.by, jane.id, world.now).issued
    assert [one.outcome for one in issued.tries] == ["temporary"]
    assert "try later" in issued.tries[0].detail
    assert issued.queued == world.now
    smtp.rules.clear()
    Message.objects.within(world.tenant).update(due=world.now)
    deliver(world, smtp)
    onboarding.resend(world.house, world.by, jane.id, world.now + timedelta(minutes=1))
    newest, oldest = insights.story(world.by, jane.id, world.now).issued
    assert [one.outcome for one in oldest.tries] == ["temporary", "sent"]
    assert oldest.it.state == "superseded"
    assert newest.tries == ()
    assert newest.message_id != oldest.message_id
    assert not Account.objects.within(world.tenant).get(id=jane.id).has_password
