"""Two nodes, one PostgreSQL, real browsers' requests: a link is good for one password."""

from __future__ import annotations

import os
from collections import Counter
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from tests.support.at_once import at_once
from tests.support.served import Served
from tests.support.visitor import Visitor

if TYPE_CHECKING:
    from tests.races.nodes import Nodes

pytestmark = [pytest.mark.postgres, pytest.mark.serve, pytest.mark.slow]

LINKS, BROWSERS = 20, 50
FREE_TRIES, SHORTEST_PAUSE = 5, 5.0
"""Guesses without a pause, and the seconds after which a further one may be evaluated."""
URL = "HOUSEKEY__DATABASE__URL"


def run_races(nodes: Nodes, links: int, browsers: int) -> list[str]:
    """The same for the true server and for the one with the mistake: what `violations` finds."""
    from tests.races.nodes import race, violations

    names = [f"person{number}" for number in range(links)]
    races = [race(nodes, name, link, browsers) for name, link in nodes.invite(names).items()]
    assert len(races) == links
    assert all(len(run.submissions) == browsers for run in races)
    return violations(races, nodes.passwords_set())


def test_twenty_links_in_fifty_browsers_each_over_two_nodes_have_one_winner_each(tmp_path: Path) -> None:
    from tests.races.nodes import two_nodes

    with two_nodes(Served, tmp_path, os.environ[URL]) as nodes:
        assert run_races(nodes, LINKS, BROWSERS) == []


def test_a_build_that_reads_the_code_first_and_writes_it_afterwards_is_caught(tmp_path: Path) -> None:
    from tests.races.nodes import Planted, two_nodes

    with two_nodes(Planted, tmp_path, os.environ[URL]) as nodes:
        found = run_races(nodes, 4, BROWSERS)
    assert [sentence for sentence in found if "told that they won" in sentence and ": 0 " not in sentence], found


def test_two_hundred_guesses_over_two_nodes_share_one_budget(tmp_path: Path) -> None:
    """A-031: parallel guesses on two nodes are evaluated no more often than one after another would be."""
    import psycopg

    from tests.races.nodes import ADMIN, two_nodes

    with two_nodes(Served, tmp_path, os.environ[URL]) as nodes:
        guesses = [partial(_guess, nodes.nodes[number % 2], ADMIN, f"guess number {number}") for number in range(50)]
        began = monotonic()
        ends = Counter(str(end) for _ in range(4) for end in at_once(guesses))
        took = monotonic() - began
        with psycopg.connect(nodes.url) as connection:
            row = connection.execute("SELECT count(*) FROM store_auditentry WHERE event = 'sign-in' AND outcome = 'refused'").fetchone()
    assert set(ends) == {"200", "429"}, ends
    assert row is not None
    assert row[0] == ends["200"]
    assert 1 <= ends["200"] <= FREE_TRIES + took // SHORTEST_PAUSE


def _guess(node: Served, name: str, password: str) -> int:
    with Visitor(node.url, node.tls()) as visitor:
        visitor.get("/authenticationendpoint/login.do")
        return visitor.post("/authenticationendpoint/login.do", username=name, password=password).status
