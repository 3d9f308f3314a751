"""A job is stopped while a worker is at one of its rows: neither waits for the other, and every row is either done or left."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from housekey.core.jobs import JobView
from housekey.operations import job_worker, jobs
from housekey.store.models import JobRow
from tests.operations.support import World
from tests.support.at_once import at_once, with_own_connection

pytestmark = pytest.mark.postgres

ROUNDS, USERS = 25, 12


def stop_in_the_middle(world: World, job: JobView) -> None:
    while not JobRow.objects.within(world.tenant).filter(job_id=job.id, state="done").exists():
        continue
    jobs.stop(world.acting_as("boss"), job.id, world.now)


def test_a_job_is_stopped_while_it_is_at_work(world: World) -> None:
    world.add("boss", role="admin")
    ids = [world.add(f"p{number}", mail=f"p{number}@example.com").id for number in range(USERS)]
    for number in range(ROUNDS):
        job = jobs.start(world.house, world.acting_as("boss"), "unlock" if number % 2 else "lock", ids, world.now)
        hands: list[Callable[[], object]] = [partial(stop_in_the_middle, world, job), partial(job_worker.step, world.house, world.now)]
        assert not [end for end in at_once([with_own_connection(hand) for hand in hands]) if isinstance(end, Exception)]
        job = jobs.get(world.by, job.id)
        done = JobRow.objects.within(world.tenant).filter(job_id=job.id, state="done").count()
        assert (job.state in {"stopped", "finished"}, job.done) == (True, done)
