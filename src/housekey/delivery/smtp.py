"""Mail over SMTP: one connection kept open and used again, encrypted or not at all, every refusal in words.

What a refusal means is decided here. Trouble with the server or with our own account on it concerns every message, so it is
`connection` and no message is given up for it; only what the server says about one recipient or one message counts there.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import time
from datetime import datetime

from housekey.conf.schema import EmailSender
from housekey.delivery.letter import Letter
from housekey.delivery.mime import BadAddress, Sender, compose, wire_address
from housekey.delivery.outcomes import Outcome
from housekey.delivery.troubles import ServerTrouble, said, words_for

IDLE_SECONDS = 10.0
"""A connection that was not used for so long is closed."""

_ACCOUNT_REFUSALS = frozenset({421, 530, 534, 535, 538})
"""Answers that are never about one recipient: going away, sign in first, encrypt first."""


class SmtpChannel:
    """One sending thread's connection to the mail server. Not shared between threads."""

    def __init__(self, email: EmailSender, sender: Sender, own_name: str, *, plain: type[smtplib.SMTP] = smtplib.SMTP,
                 implicit: type[smtplib.SMTP_SSL] = smtplib.SMTP_SSL) -> None:
        """`plain` and `implicit` make the connections: those of `delivery.reach` look where they lead."""
        self._email, self._sender = email, sender
        self._plain, self._implicit = plain, implicit
        self._own_name = own_name if own_name.isascii() else "localhost"
        self._server: smtplib.SMTP | None = None
        self._context: ssl.SSLContext | None = None
        self._used = 0.0

    def send(self, letter: Letter, now: datetime) -> Outcome:
        """Hand one letter to the mail server. Never raises for what the server or the network does."""
        try:
            recipient, data = wire_address(letter.recipient), compose(letter, self._sender, now)
        except BadAddress as error:
            return Outcome("permanent", str(error))
        try:
            server = self._begin(recipient)
            if server is None:
                return Outcome("permanent", "The address has characters beyond ASCII before the @, and the mail server does not take such "
                                            "addresses (SMTPUTF8).")
        except ServerTrouble as trouble:
            self._drop()
            return Outcome("connection", str(trouble))
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            self._drop()
            return Outcome("connection", words_for(error, self._email))
        outcome = self._transfer(server, recipient, data)
        self._used = time.monotonic()
        return outcome

    def _begin(self, recipient: str) -> smtplib.SMTP | None:
        """A server that has accepted our MAIL command; None if it cannot take such a recipient.

        A kept connection may have died while it was idle, or have carried as many mails as the server allows: one more try
        on a new one. Nothing was handed over yet, so nothing can arrive twice.
        """
        if self._server is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException, ServerTrouble):
                return self._mail(self._server, recipient)
            self._drop()
        return self._mail(self._connect(), recipient)

    def _mail(self, server: smtplib.SMTP, recipient: str) -> smtplib.SMTP | None:
        options = ""
        if not recipient.isascii() or not self._sender.address.isascii():
            if not server.has_extn("smtputf8"):
                return None
            options = " SMTPUTF8 BODY=8BITMIME"
            server.command_encoding = "utf-8"
        code, answer = server.docmd("MAIL", f"FROM:<{self._sender.address}>{options}")
        server.command_encoding = "ascii"
        if code != 250:
            raise ServerTrouble(f"The mail server does not take mail from {self._sender.address} (from_address). {said(code, answer)}")
        return server

    def _transfer(self, server: smtplib.SMTP, recipient: str, data: bytes) -> Outcome:
        """The rest of the conversation. What goes wrong from here on is this message's own trouble and counts against it."""
        try:
            server.command_encoding = "ascii" if recipient.isascii() else "utf-8"
            code, answer = server.docmd("RCPT", f"TO:<{recipient}>")
            server.command_encoding = "ascii"
            if code not in (250, 251):
                return self._refused(server, code, answer, "The mail server does not take mail for this address.")
            code, answer = server.data(data)
        except smtplib.SMTPDataError as error:
            return self._refused(server, error.smtp_code, error.smtp_error, "The mail server does not take this message.")
        except (OSError, smtplib.SMTPException) as error:
            # Whether the server has taken the message is unknown; it is sent again under the same Message-ID (RFC 5321 6.1).
            self._drop()
            return Outcome("temporary", f"The connection broke while the message was being sent. {words_for(error, self._email)}")
        if code == 250:
            return Outcome("sent", f"Taken by {self._email.hostname}. {said(code, answer)}")
        return self._refused(server, code, answer, "The mail server does not take this message.")

    def _refused(self, server: smtplib.SMTP, code: int, answer: bytes | str, sentence: str) -> Outcome:
        if code in _ACCOUNT_REFUSALS:
            self._drop()
            return Outcome("connection", f"The mail server refuses to work for us. {said(code, answer)}")
        try:
            server.rset()
        except (OSError, smtplib.SMTPException):
            self._drop()
        return Outcome("permanent" if code >= 500 else "temporary", f"{sentence} {said(code, answer)}")

    def _connect(self) -> smtplib.SMTP:
        email = self._email
        server: smtplib.SMTP
        if email.enable_tls:
            server = self._implicit(email.hostname, email.port, self._own_name, timeout=email.timeout, context=self._tls())
        else:
            server = self._plain(email.hostname, email.port, self._own_name, timeout=email.timeout)
        try:
            server.ehlo_or_helo_if_needed()
            if email.enable_start_tls and not email.enable_tls:
                self._encrypt(server)
            if email.enable_authentication and email.username:
                self._sign_in(server)
        except BaseException:
            server.close()
            raise
        self._server, self._used = server, time.monotonic()
        return server

    def _encrypt(self, server: smtplib.SMTP) -> None:
        if not server.has_extn("starttls"):
            # Going on in the clear is what somebody in between, who strips this word, is waiting for.
            raise ServerTrouble(f"{self._email.hostname} does not offer STARTTLS, so nothing was sent. If the server expects TLS from the "
                                "first byte (usually port 465), set enable_tls = true.")
        server.starttls(context=self._tls())
        server.ehlo()

    def _sign_in(self, server: smtplib.SMTP) -> None:
        if not server.has_extn("auth"):
            raise ServerTrouble(f"{self._email.hostname} does not offer to sign in. If it takes mail without, set "
                                "enable_authentication = false.")
        server.login(self._email.username, self._email.password)

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            ca_file = self._email.ca_file
            try:
                # Without a file of its own this reads the system's authorities, or those of SSL_CERT_FILE.
                self._context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
            except OSError as error:
                why = error.strerror or "not a PEM file"
                raise ServerTrouble(f"The certificate authority in ca_file cannot be read ({why}).") from error
        return self._context

    def tidy(self) -> None:
        """Close the connection if it has been idle for `IDLE_SECONDS`."""
        if self._server is not None and time.monotonic() - self._used > IDLE_SECONDS:
            self.close()

    def close(self) -> None:
        """Take leave of the server, without waiting for it."""
        server, self._server = self._server, None
        if server is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                if server.sock is not None:
                    server.sock.settimeout(2)
                server.quit()
            server.close()

    def _drop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
