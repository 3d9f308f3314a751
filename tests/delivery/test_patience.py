"""How long a message stays in one pair of hands, and how long it is tried, also when it is put back by hand."""

from __future__ import annotations

import socket
import threading
from datetime import datetime, timedelta

import pytest

from housekey.conf.house import House
from housekey.core.codes import is_live
from housekey.core.messages import NewMessage
from housekey.core.names import Tenant
from housekey.core.principal import system
from housekey.delivery import outbox, worker
from housekey.delivery.outbox import Result
from housekey.delivery.outcomes import Outcome
from housekey.operations import outbox as operations
from tests.delivery.helpers import Enqueue, sender, stored, tries, with_email
from tests.support.at_once import with_own_connection
from tests.support.smtp import Sink

pytestmark = pytest.mark.django_db(transaction=True)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.mark.parametrize(("timeout", "seconds"), [(1, 60), (7, 60), (20, 162), (300, 2402)])
def test_a_message_stays_with_its_worker_for_as_long_as_a_slow_mail_server_may_take(house: House, smtp: Sink, timeout: int,
                                                                                   seconds: int) -> None:
    slow = worker.Sender(with_email(house, sender(smtp, timeout=timeout)))
    assert slow.lease == timedelta(seconds=seconds)


def test_without_a_mail_server_a_lease_is_a_minute(filing: House) -> None:
    assert worker.Sender(filing).lease == MINUTE


def test_nobody_else_takes_a_message_while_its_worker_may_still_be_sending_it(house: House, smtp: Sink, enqueue: Enqueue,
                                                                             now: datetime) -> None:
    message_id = enqueue()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        slow = with_email(house, sender(smtp, hostname="127.0.0.1", port=silent.getsockname()[1], timeout=60))
        sending = threading.Thread(target=with_own_connection(worker.Sender(slow, lambda: now).batch))
        sending.start()
        line, _ = silent.accept()
        assert stored(message_id).state == "sending"
        assert outbox.lease("other", now + timedelta(seconds=480), 10) == []
        line.close()
        sending.join(30)
    assert [outcome for outcome, _ in tries(message_id)] == ["connection"]


def test_a_link_that_ends_at_once_is_mailed_all_the_same(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    """Validity 0: whoever opens the link is told honestly that it has expired."""
    message_id = enqueue(expires=timedelta(0))
    code = stored(message_id).code
    assert code is not None
    assert not is_live(code.expires, now)
    assert worker.drain(mailing, now + timedelta(seconds=1)) == 1
    assert stored(message_id).state == "sent"
    assert len(smtp.messages) == 1


def test_a_link_that_ends_at_once_is_tried_again_like_any_other(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    smtp.rules["*"] = "451 later"
    message_id = enqueue(expires=timedelta(0))
    worker.drain(mailing, now)
    assert stored(message_id).state == "queued"
    del smtp.rules["*"]
    assert worker.drain(mailing, stored(message_id).due) == 1
    assert stored(message_id).state == "sent"


def test_what_was_kept_before_there_was_a_mail_server_can_be_sent_afterwards(filing: House, mailing: House, smtp: Sink, enqueue: Enqueue,
                                                                            tenant: Tenant, now: datetime) -> None:
    message_id = enqueue()
    worker.drain(filing, now)
    assert stored(message_id).state == "kept"
    later = now + timedelta(hours=1)
    operations.redrive(system(tenant), message_id, later)
    assert worker.drain(mailing, later) == 1
    assert stored(message_id).state == "sent"
    assert [outcome for outcome, _ in tries(message_id)] == ["kept", "sent"]


def test_a_message_put_back_is_as_old_as_it_is_and_is_given_the_whole_time_again(enqueue: Enqueue, tenant: Tenant, now: datetime) -> None:
    message_id = enqueue(expires=None)
    [leased] = outbox.lease("one", now, 1)
    outbox.settle([Result(leased, Outcome("permanent", "no"))], now, DAY)
    later = now + 3 * DAY
    operations.redrive(system(tenant), message_id, later)
    assert stored(message_id).created == now
    assert outbox.give_up(later + 20 * MINUTE, DAY) == 0
    [leased] = outbox.lease("two", later + DAY - MINUTE, 1)
    outbox.settle([Result(leased, Outcome("connection", "down"))], later + DAY - MINUTE, DAY)
    assert stored(message_id).state == "queued"
    assert outbox.give_up(later + DAY + 20 * MINUTE, DAY) == 1


def test_the_time_a_message_was_held_back_does_not_count_against_it(tenant: Tenant, now: datetime) -> None:
    due = now + 2 * DAY
    message_id = outbox.enqueue(tenant, NewMessage("accountActivationSuccess", "jane@example.com", not_before=due), now)
    [leased] = outbox.lease("one", due, 1)
    outbox.settle([Result(leased, Outcome("connection", "down"))], due, DAY)
    assert stored(message_id).state == "queued"
