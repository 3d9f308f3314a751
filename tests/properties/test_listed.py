"""The console's list of users: whatever is searched, sorted and paged, it is what a plain reading of the users says, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from housekey.core.account import ADMIN_INITIATED
from housekey.core.users import User
from housekey.operations import users
from housekey.store.models import Account
from housekey.userstores import listed
from tests.operations.support import World

NAMES = [f"{first}{second}{number}" for number, (first, second)
         in enumerate((a, b) for a in ("Ann", "bob", "Čarda", "50_\\") for b in ("", "a", "-x"))]
STATUSES: dict[str, dict[str, Any]] = {
    "locked": {"locks": ADMIN_INITIATED}, "disabled": {"disabled": True}, "invited": {"pending": "PENDING_AP"}, "active": {},
}


@pytest.fixture
def crowd(world: World) -> list[User]:
    """Everybody in the tenant, read one by one."""
    for number, name in enumerate(NAMES):
        user = world.add(name, mail=f"m{number % 3}-{number}@example.com")
        Account.objects.within(world.tenant).filter(id=user.id).update(
            created=world.now + timedelta(days=number * 5 % 7, seconds=number + 1),
            modified=world.now + timedelta(days=number * 3 % 13 + 1),
            **STATUSES[list(STATUSES)[number % len(STATUSES)]])
    return [users.get(world.by, id) for id in Account.objects.within(world.tenant).values_list("id", flat=True)]


def holds(user: User, word: str) -> bool:
    texts = (user.name.bare, user.profile.given_name, user.profile.family_name, *(mail.value for mail in user.profile.emails))
    return any(word in text.lower() for text in texts)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.sampled_from(["", "a", "ann", "m1-", "m", "%", "50_\\", "ČARDA", "example.com", "an -x", "nobody"]),
       status=st.sampled_from(["", *STATUSES]), sort=st.sampled_from(["name", "-name", "created", "-created", "changed", "-changed"]),
       offset=st.integers(0, 8), few=st.sampled_from([2, 2000]))
def test_the_list_is_what_the_users_are(
    world: World, crowd: list[User], words: str, status: str, sort: str, offset: int, few: int
) -> None:
    before, listed.FEW = listed.FEW, few
    try:
        page = users.listing(world.by, search=words, status=status, sort=sort, offset=offset, limit=5)
    finally:
        listed.FEW = before
    meant = [user for user in crowd
             if (not status or user.standing.label == status) and all(holds(user, word) for word in words.lower().split())]
    keys = {"name": lambda user: user.name.key, "created": lambda user: user.created, "changed": lambda user: user.modified}
    meant.sort(key=keys[sort.removeprefix("-")], reverse=sort.startswith("-"))
    assert page.total == len(meant)
    assert [user.name.bare for user in page.users] == [user.name.bare for user in meant[offset:offset + 5]]


def test_who_is_called_so_is_suggested_before_who_only_holds_it(world: World) -> None:
    for name in ("emma.jansen", "jane", "ben", "janosch"):
        world.add(name, mail=f"{name}@example.com")
    assert [user.name.bare for user in users.suggestions(world.by, "JAN", most=3)] == ["jane", "janosch", "emma.jansen"]
    assert [user.name.bare for user in users.suggestions(world.by, "JAN", most=1)] == ["jane"]
    assert users.suggestions(world.by, "nobody", most=3) == []
    assert [user.name.bare for user in users.suggestions(world.by, "%", most=3)] == []
