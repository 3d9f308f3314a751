"""Noting what was sent while the person it was sent to is being deleted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from housekey.delivery import outbox
from housekey.delivery.outbox import Result
from housekey.delivery.outcomes import Outcome
from housekey.operations import users
from housekey.store.models import Account, Message
from tests.operations.support import World
from tests.support.at_once import at_once, with_own_connection

pytestmark = pytest.mark.postgres

Execute = Callable[..., Any]


def after(statement: str, deed: Callable[[], object]) -> Callable[..., Any]:
    """Does `deed` right after the first statement of this connection that begins with `statement`."""
    done = threading.Event()

    def run(execute: Execute, sql: str, params: object, many: bool, context: object) -> Any:
        result = execute(sql, params, many, context)
        if sql.startswith(statement) and not done.is_set():
            done.set()
            deed()
        return result

    return run


def test_a_user_is_deleted_while_her_mail_is_noted_as_sent_and_neither_waits_for_the_other_for_ever(world: World) -> None:
    user = world.invite()
    [leased] = outbox.lease("one", world.now, 10)
    code_held, message_held = threading.Event(), threading.Event()

    def hold() -> None:
        code_held.set()
        message_held.wait(1)

    def delete() -> None:
        with connection.execute_wrapper(after('UPDATE "store_code"', hold)):
            users.delete(world.by, user.id, world.now)

    def settle() -> None:
        assert code_held.wait(10)
        with connection.execute_wrapper(after('SELECT "store_message"', message_held.set)):
            outbox.settle([Result(leased, Outcome("sent"))], world.now, timedelta(days=1))

    assert at_once([with_own_connection(partial(deed)) for deed in (delete, settle)]) == [None, None]
    assert not Account.objects.within(world.tenant).filter(id=user.id).exists()
    assert list(Message.objects.within(world.tenant).values_list("state", flat=True)) == ["sent"]
