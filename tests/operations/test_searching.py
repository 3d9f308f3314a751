"""Finding people by what one remembers of them, however many they are."""

from __future__ import annotations

from uuid import uuid4

import pytest

from housekey.core.names import split_username
from housekey.core.users import Email, NewUser, Profile
from housekey.operations import users
from housekey.store.models import Account, SqlUser
from tests.operations.support import World, other_world


def found(world: World, search: str) -> list[str]:
    return [str(user.name) for user in users.listing(world.by, search=search).users]


@pytest.fixture
def people(world: World) -> World:
    for username, given, family in (("jd1", "Jane", "Doe"), ("jd2", "John", "Doe"), ("mj", "Mary Jane", "Dolittle")):
        profile = Profile(given, family, (Email(f"{username}@example.com", primary=True),))
        users.create(world.house, world.by, NewUser(split_username(username), profile), world.now)
    return world


@pytest.mark.parametrize(("search", "names"), [
    ("Jane Doe", ["jd1"]), ("doe jane", ["jd1"]), (" jane  doe ", ["jd1"]), ("jane do", ["jd1", "mj"]), ("Mary Jane Dolittle", ["mj"]),
    ("doe", ["jd1", "jd2"]), ("doe jd2@example", ["jd2"]), ("Jane Smith", []), ("100% Doe", []),
])
def test_people_are_found_by_their_full_name_in_any_order(people: World, search: str, names: list[str]) -> None:
    assert found(people, search) == names


def test_a_very_long_search_finds_nobody_and_breaks_nothing(people: World) -> None:
    assert found(people, "doe " * 2000) == []


def test_a_search_stays_in_its_tenant(people: World) -> None:
    assert found(other_world(people), "Jane Doe") == []


def test_more_than_a_thousand_are_counted_and_leafed_through(world: World) -> None:
    ids = {number: uuid4() for number in range(1203)}
    Account.objects.bulk_create(Account(id=key, tenant_id=world.tenant.id, domain="PRIMARY", name_key=f"crowd{number:04}",
                                        created=world.now, modified=world.now) for number, key in ids.items())
    SqlUser.objects.bulk_create(SqlUser(id=key, tenant_id=world.tenant.id, domain="PRIMARY", username=f"crowd{number:04}",
                                        name_key=f"crowd{number:04}") for number, key in ids.items())
    page = users.listing(world.by, search="crowd", offset=1200, limit=50)
    assert (page.total, [str(user.name) for user in page.users]) == (1203, ["crowd1200", "crowd1201", "crowd1202"])
