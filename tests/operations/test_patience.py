"""A search that takes the database too long is given up, and what is asked next is answered (A-107)."""

from __future__ import annotations

import pytest
from django.db import connection

from housekey.core.errors import TooMany
from housekey.store import patience
from tests.operations.support import World

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT max(i) FROM n"


def test_a_search_without_end_is_given_up_and_the_next_one_is_answered(world: World) -> None:
    for _ in range(2):
        with pytest.raises(TooMany, match="userName"), patience.at_most(1), connection.cursor() as cursor:
            cursor.execute(ENDLESS)
        with patience.at_most(1), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM store_account")
            assert cursor.fetchone() == (0,)
    world.add("tom")
    assert world.sign_in("tom").token


def test_another_trouble_of_the_database_is_not_taken_for_it(world: World) -> None:
    with pytest.raises(Exception, match="nothing_of_that_name"), patience.at_most(10), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM nothing_of_that_name")
