"""What the tests of delivery put into the database, and how they look at it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from housekey.conf.house import House
from housekey.conf.schema import EmailSender, SmsSender
from housekey.core.messages import NewMessage
from housekey.core.names import Tenant
from housekey.core.otp import OtpShape
from housekey.core.principal import system
from housekey.core.scenario import of
from housekey.delivery import outbox
from housekey.operations import codes
from housekey.store.models import Account, Attempt, Code, Message
from tests.support.ports import free_port
from tests.support.smtp import Sink


class Wire:
    """A TCP forwarder in front of a mail server: cuts connections, and goes away for a while, at a port that stays the same."""

    def __init__(self, target: int) -> None:
        self.port, self._target = free_port(), target
        self._listener: socket.socket | None = None
        self._ends: list[socket.socket] = []
        self.longest = 1 << 30
        """Bytes in one piece from which a connection is cut instead."""

    def up(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def down(self) -> None:
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        self.cut()

    def cut(self) -> None:
        """End every connection there is."""
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._ends += [near, far]
                pumps = [threading.Thread(target=self._pump, args=pair, daemon=True) for pair in ((near, far), (far, near))]
                threading.Thread(target=_close_after, args=(pumps, near, far), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while (data := source.recv(65536)) and len(data) < self.longest:
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def _close_after(pumps: list[threading.Thread], *ends: socket.socket) -> None:
    for pump in pumps:
        pump.start()
    for pump in pumps:
        pump.join()
    for end in ends:
        end.close()


def sender(sink: Sink, **changes: Any) -> EmailSender:
    """The settings that fit a mail server of the tests."""
    return replace(EmailSender(hostname=sink.hostname, port=sink.port, from_address="housekey@example.com", username=sink.username,
                               password=sink.password, ca_file=sink.ca_file, timeout=5), **changes)


def with_email(house: House, email: EmailSender) -> House:
    return replace(house, config=replace(house.config, email=email))


def with_sms(house: House, **settings: Any) -> House:
    return replace(house, config=replace(house.config, sms=SmsSender(**settings)))


OTP = OtpShape(6, "ud")


@dataclass(frozen=True)
class Enqueue:
    """Callable: a pending account, its code and the message, written as an operation writes them. A scenario with a one-time code
    gets one, and its own kind of message and channel."""

    house: House
    tenant: Tenant
    now: datetime

    def __call__(self, recipient: str = "jane@example.com", *, expires: timedelta | None = timedelta(days=1), kind: str = "",
                 at: datetime | None = None, fields: dict[str, str] | None = None, scenario: str = "ASK_PASSWORD",
                 locale: str = "en") -> UUID:
        moment, why = at or self.now, of(scenario)
        with transaction.atomic(durable=True):
            account = Account.objects.create(id=uuid4(), tenant_id=self.tenant.id, domain="PRIMARY", name_key=uuid4().hex,
                                             pending="PENDING_AP", created=moment, modified=moment)
            minutes = -1 if expires is None else int(expires.total_seconds() // 60)
            code = codes.issue(self.house, system(self.tenant), account.id, scenario=why, recipient=recipient, minutes=minutes, now=moment,
                               shape=OTP if why.otp else None)
            if expires is not None and code.expires != moment + expires:  # finer than minutes
                Code.objects.across_tenants("a test").filter(pk=code.id).update(expires=moment + expires)
            shown = {"user-name": "jane", "user.claim.givenname": "Jane", "organization-name": "Acme"} | (fields or {})
            message = NewMessage(kind or why.first, recipient, shown, locale, account.id, code.id, why.channel)
            return outbox.enqueue(self.tenant, message, moment)


def code_of(house: House, message_id: UUID) -> str:
    """The code a message carries, while it can be known."""
    code = stored(message_id).code
    assert code is not None
    return codes.text_of(house, code)


def stored(message_id: UUID) -> Message:
    row: Message = Message.objects.across_tenants("a test looks").select_related("tenant", "code__account").get(pk=message_id)
    return row


def tries(message_id: UUID) -> list[tuple[str, str]]:
    rows = Attempt.objects.across_tenants("a test looks").filter(message_id=message_id).order_by("at", "pk")
    return list(rows.values_list("outcome", "detail"))
