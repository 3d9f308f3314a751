"""Senders of tenants' own that lead to the test servers of this machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.sms import Gateway
from tests.support.smtp import Sink

if TYPE_CHECKING:
    from housekey.conf.house import House
    from housekey.operations.senders import NewSender


def private(house: House) -> House:
    """The house that lets tenants' senders reach this machine."""
    from housekey.conf.schema import OutputAdapter

    return replace(house, config=replace(house.config, output=OutputAdapter(allow_private_networks=True)))


def trusting(monkeypatch: pytest.MonkeyPatch, directory: Path, *authorities: bytes) -> None:
    """Have the process believe these certificate authorities, and no others."""
    file = directory / "authorities.pem"
    file.write_bytes(b"\n".join(authorities))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))


def mail_sender(sink: Sink, **changes: str) -> NewSender:
    """The settings that fit a mail server of the tests: STARTTLS and its sign-in."""
    from housekey.operations.senders import NewSender

    values = {"host": sink.hostname, "port": str(sink.port), "from_address": "hello@a.example", "username": sink.username} | changes
    return NewSender("SMTP", values, sink.password)


def text_sender(gateway: Gateway, provider: str = "Custom", **changes: str) -> NewSender:
    from housekey.operations.senders import NewSender

    keys = {} if provider == "Custom" else {"key": "AC123", "sender": "Acme"}
    return NewSender(provider, {"url": f"{gateway.url}/send"} | keys | changes, None if provider == "Custom" else "t0ps3cret")
