"""The same request at two nodes at the same moment, and groups that several change at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from housekey.core.errors import NotFound
from housekey.core.groups import GroupChanges, NewGroup, split_group
from housekey.operations import groups, idempotency, users
from housekey.store.models import Account, Group, GroupMember, Kept, Message
from tests.doors.scim.anywhere import ask, bulk, post, statuses
from tests.doors.scim.support import Answer, Scim, invited
from tests.operations.support import World
from tests.support.at_once import at_once, with_own_connection

pytestmark = pytest.mark.postgres
NODES = 6


@pytest.fixture
def scim(world: World, monkeypatch: pytest.MonkeyPatch) -> Scim:
    """A client; what one process knows of requests under way, another does not."""

    @contextmanager
    def unseen(_: object) -> Iterator[None]:
        yield

    monkeypatch.setattr(idempotency, "in_flight", unseen)
    world.add("boss", role="admin")
    return boss()


def boss() -> Scim:
    return Scim("boss", "correct horse battery staple")


def together(deed: Callable[[Scim], Answer]) -> list[Answer]:
    answers = at_once([with_own_connection(partial(deed, boss())) for _ in range(NODES)])
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    return [answer for answer in answers if isinstance(answer, Answer)]


def test_one_creation_is_made_and_everybody_gets_its_answer(world: World, scim: Scim) -> None:
    answers = together(lambda one: ask(one, "POST", "/Users", invited(), Idempotency_Key="k"))
    assert Counter(answer.status for answer in answers) == {201: NODES}
    assert len({answer.text for answer in answers}) == 1
    assert Message.objects.within(world.tenant).count() == Kept.objects.within(world.tenant).count() == 1


def test_one_bulk_is_carried_out_by_all_of_them_once(world: World, scim: Scim) -> None:
    mixed = [post(f"b{number}", invited(f"p{number}", emails=[f"p{number}@example.com"])) for number in range(12)]
    mixed.append(post("g", {"displayName": "G", "members": [f"bulkId:b{number}" for number in range(12)]}, "/Groups"))
    answers = together(lambda one: bulk(one, *mixed, key="k"))
    assert all(statuses(answer) == ["201"] * 13 for answer in answers)
    assert statuses(bulk(scim, *mixed, key="k")) == ["201"] * 13
    assert Account.objects.within(world.tenant).filter(name_key__startswith="p").count() == 12
    assert Message.objects.within(world.tenant).count() == GroupMember.objects.within(world.tenant).count() == 12
    assert Group.objects.within(world.tenant).count() == 1


def test_members_added_at_once_are_all_there(world: World) -> None:
    group = groups.create(world.by, NewGroup(split_group("Staff")), world.now)
    people = [world.add(f"p{number}", mail=f"p{number}@example.com").id for number in range(NODES)]
    deeds = [
        with_own_connection(partial(groups.change, world.by, group.id, GroupChanges(added=frozenset({person, people[0]})), world.now))
        for person in people
    ]
    assert all(not isinstance(result, Exception) for result in at_once(deeds))
    assert {member.id for member in groups.get(world.by, group.id).members} == set(people)


def test_who_is_deleted_at_the_moment_of_joining_is_in_no_group(world: World) -> None:
    group = groups.create(world.by, NewGroup(split_group("Staff")), world.now)
    for number in range(5):
        jane = world.add(f"jane{number}", mail=f"jane{number}@example.com")
        join = partial(groups.change, world.by, group.id, GroupChanges(added=frozenset({jane.id})), world.now)
        outcome = at_once([with_own_connection(deed) for deed in (join, partial(users.delete, world.by, jane.id, world.now))])
        assert outcome[1] is None, outcome
        with pytest.raises(NotFound):
            users.get(world.by, jane.id)
    assert groups.get(world.by, group.id).members == ()
    assert GroupMember.objects.within(world.tenant).count() == 0
