"""The ways a message can leave, behind one protocol, and which of them this house uses."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from housekey.conf.house import House
from housekey.core.messages import EMAIL
from housekey.delivery.files import FileChannel, TextFileChannel
from housekey.delivery.letter import Letter
from housekey.delivery.mime import BadAddress, sender_of
from housekey.delivery.outcomes import Outcome
from housekey.delivery.sms import SmsChannel
from housekey.delivery.smtp import SmtpChannel


class Channel(Protocol):
    """One way out, used by one thread at a time. `send` never raises for what a server or a disk does."""

    def send(self, letter: Letter, now: datetime) -> Outcome:
        """Hand over one letter and say what became of it."""
        ...

    def tidy(self) -> None:
        """Called when there is nothing to do: close what has been idle for long."""
        ...

    def close(self) -> None:
        """Let go of every connection."""
        ...


class BrokenChannel:
    """Stands in where the configuration makes sending impossible: messages wait, and say why."""

    def __init__(self, why: str) -> None:
        self._why = why

    def send(self, letter: Letter, now: datetime) -> Outcome:  # noqa: ARG002 - the protocol's shape
        return Outcome("connection", self._why)

    def tidy(self) -> None:
        """Nothing is kept open."""

    def close(self) -> None:
        """Nothing is kept open."""


def channel_for(house: House, way: str = EMAIL) -> Channel:
    """A new channel as configured, `way` being EMAIL or SMS: through the server or gateway that is named, files otherwise."""
    config = house.config
    if way != EMAIL:
        return SmsChannel(config.sms) if config.sms.configured else TextFileChannel(config.sms_directory)
    try:
        sender = sender_of(config)
    except BadAddress:
        return BrokenChannel("The sender's address (from_address or reply_to of [output_adapter.email]) is not an e-mail address.")
    if config.email.configured:
        return SmtpChannel(config.email, sender, config.server.hostname)
    return FileChannel(config.mail_directory, sender)
