"""Sweeping up and ending sessions meet at the same rows, from two sides; nobody waits for somebody who waits for him."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from housekey.core.users import Changes
from housekey.delivery import sweep
from housekey.operations import clients, users
from housekey.store.models import Grant, RefreshToken, Session, Token
from tests.doors.oauth.application import application, signed_in, tokens
from tests.operations.support import World
from tests.support.at_once import at_once, with_own_connection

pytestmark = pytest.mark.postgres


def _swept(rows: QuerySet[Any]) -> object:
    """As the sweep does it, but only when somebody waits for what it holds."""

    def deed(held: QuerySet[Any]) -> object:
        last = time.monotonic() + 5
        with connection.cursor() as cursor:
            while time.monotonic() < last:
                cursor.execute("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
                if cursor.fetchone():
                    break
                time.sleep(0.02)
        return held.delete()

    return sweep._end(rows, time.monotonic() + 10, deed)


@pytest.mark.parametrize("what", [Session, Grant])
@pytest.mark.parametrize("end", ["reset", "secret renewed"])
def test_what_is_over_is_swept_while_everything_of_somebody_ends(world: World, what: type[Session] | type[Grant], end: str) -> None:
    jane, app = world.add(), application(world)
    tokens(app, signed_in())
    deeds: dict[str, Callable[[], object]] = {
        "reset": partial(users.change, world.house, world.by, jane.id, Changes(force_reset=True), world.now),
        "secret renewed": partial(clients.rotate, world.house, world.by, app.program.id, world.now),
    }
    rows = what.objects.across_tenants("a test").filter(tenant_id=world.tenant.id)

    def late() -> object:
        time.sleep(0.3)  # until the sweep holds its rows
        return deeds[end]()

    outcome = at_once([with_own_connection(partial(_swept, rows)), with_own_connection(late)])
    assert not [one for one in outcome if isinstance(one, Exception)], outcome
    assert Token.objects.within(world.tenant).count() == RefreshToken.objects.within(world.tenant).count() == 0
