"""A real SMTP server on loopback: STARTTLS demanded, sign-in demanded, refusals by recipient."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.ports import free_port

USERNAME = "housekey"
PASSWORD = "relay-secret"


@dataclass(frozen=True)
class Received:
    """One accepted message. `tls` says whether it came encrypted, `login` who had signed in ("" for nobody)."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    tls: bool
    login: str

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)


@dataclass
class Handler:
    """What the server does with a conversation; aiosmtpd calls the `handle_` methods by name."""

    received: list[Received] = field(default_factory=list)
    rules: dict[str, str] = field(default_factory=dict)
    lines: set[Any] = field(default_factory=set)
    """Transports of the conversations so far; a client may keep its connection open for the next message."""

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        self.lines.add(server.transport)
        answer = self.rules.get(address, self.rules.get("*", ""))
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        login = session.auth_data.login.decode() if session.auth_data else ""
        self.received.append(Received(str(envelope.mail_from), tuple(envelope.rcpt_tos), content, session.ssl is not None, login))
        return "250 Taken"


class Sink:
    """The running server. `rules` maps a recipient (or `*`) to the answer it gets, e.g. `550 5.1.1 no such user`."""

    def __init__(self, ca: trustme.CA, ca_file: Path, *, starttls: bool = True, auth: bool = True, hostname: str = "localhost") -> None:
        self.hostname, self.ca_file, self.port = "localhost", ca_file, free_port()
        self.username, self.password = USERNAME, PASSWORD
        self._handler = Handler()
        options: dict[str, Any] = {"enable_SMTPUTF8": True, "ident": "test relay"}
        if starttls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            ca.issue_cert(hostname, "127.0.0.1", common_name=hostname).configure_cert(context)
            options |= {"tls_context": context, "require_starttls": True}
        if auth:
            options |= {"authenticator": self._authenticate, "auth_required": True, "auth_require_tls": starttls}
        self._controller = Controller(self._handler, hostname="127.0.0.1", port=self.port, **options)

    @property
    def messages(self) -> list[Received]:
        return self._handler.received

    @property
    def rules(self) -> dict[str, str]:
        return self._handler.rules

    def toml(self) -> str:
        """The `[output_adapter.email]` table that sends to this server."""
        return (f'[output_adapter.email]\nhostname = "localhost"\nport = {self.port}\nfrom_address = "housekey@example.com"\n'
                f'username = "{self.username}"\npassword = "{self.password}"\nca_file = "{self.ca_file}"\n')

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        """Also safe on a server that was stopped already: a test may do it to play an outage."""
        if self._controller.server is not None:
            for line in self._handler.lines:
                self._controller.loop.call_soon_threadsafe(line.abort)
            self._controller.stop()

    def _authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (self.username.encode(), self.password.encode())
        return AuthResult(success=good, handled=good, auth_data=data if good else None)


def make_ca(directory: Path) -> tuple[trustme.CA, Path]:
    """A private certificate authority and its PEM file."""
    ca = trustme.CA()
    ca_file = directory / "relay-ca.pem"
    ca.cert_pem.write_to_path(ca_file)
    return ca, ca_file
