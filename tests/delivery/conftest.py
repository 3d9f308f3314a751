"""Fixtures of the tests of delivery. Django is not loaded yet when this file is read, so what needs it is imported late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.support.sms import Gateway
from tests.support.smtp import Sink, make_ca

if TYPE_CHECKING:
    from housekey.conf.house import House
    from housekey.core.names import Tenant
    from tests.delivery.helpers import Enqueue, Wire


@pytest.fixture
def mailing(house: House, smtp: Sink) -> House:
    """The house, sending through the `smtp` server."""
    from tests.delivery.helpers import sender, with_email

    return with_email(house, sender(smtp))


@pytest.fixture
def filing(house: House, tmp_path: Path) -> House:
    """The house without a mail server."""
    from housekey.conf.schema import EmailSender

    return replace(house, config=replace(house.config, data=tmp_path, email=EmailSender()))


@pytest.fixture
def other_smtp(tmp_path: Path) -> Iterator[Callable[..., Sink]]:
    """Further mail servers: `other_smtp(starttls=False)`."""
    with ExitStack() as stack:

        def start(**options: Any) -> Sink:
            directory = tmp_path / uuid4().hex
            directory.mkdir()
            sink = Sink(*make_ca(directory), **options)
            sink.start()
            stack.callback(sink.stop)
            return sink

        yield start


@pytest.fixture
def wire(smtp: Sink) -> Iterator[Wire]:
    """The way to the `smtp` server, which can be cut; down at first."""
    from tests.delivery.helpers import Wire

    wire = Wire(smtp.port)
    yield wire
    wire.down()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """An SMS gateway that takes everything."""
    gateway = Gateway()
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture
def texting(filing: House, gateway: Gateway) -> House:
    """The house without a mail server, its text messages going to the `gateway`."""
    from tests.delivery.helpers import with_sms

    return with_sms(filing, provider="Custom", provider_url=f"{gateway.url}/send")


@pytest.fixture
def enqueue(tenant: Tenant, house: House, now: datetime) -> Enqueue:
    """Put an invitation (account, code, message) into the outbox; the id of the message."""
    from tests.delivery.helpers import Enqueue

    return Enqueue(house, tenant, now)
