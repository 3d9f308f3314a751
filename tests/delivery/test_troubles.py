"""Promises of the words an administrator reads when mail does not leave."""

from __future__ import annotations

import smtplib
import socket
import ssl

import pytest

from housekey.conf.schema import EmailSender
from housekey.delivery.troubles import words_for

GMAIL = EmailSender(hostname="smtp.gmail.com", username="u@gmail.com", password="hunter2-hunter2")
OWN = EmailSender(hostname="mail.acme.com", username="u", password="hunter2-hunter2")


@pytest.mark.parametrize(("error", "email", "words"), [
    (smtplib.SMTPAuthenticationError(535, b"5.7.8 Username and Password not accepted"), GMAIL, "application password"),
    (smtplib.SMTPAuthenticationError(534, b"5.7.9 Application-specific password required"), OWN, "application password"),
    (smtplib.SMTPAuthenticationError(535, b"5.7.8 no"), OWN, "Check username and password"),
    (smtplib.SMTPServerDisconnected("x"), OWN, "closed the connection"),
    (smtplib.SMTPConnectError(554, b"go away"), OWN, "554 go away"),
    (smtplib.SMTPException("No suitable authentication method found."), OWN, "no way to sign in"),
    (UnicodeEncodeError("ascii", "ä", 0, 1, "x"), OWN, "beyond ASCII"),
    (TimeoutError(), OWN, "did not answer in time"),
    (ConnectionRefusedError(), OWN, "Nothing listens at mail.acme.com:587"),
    (socket.gaierror(-2, "Name or service not known"), OWN, "cannot be resolved"),
    (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), OWN, "enable_tls = true"),
    (OSError(101, "Network is unreachable"), OWN, "Network is unreachable"),
])
def test_every_trouble_is_told_in_words_and_without_the_password(error: Exception, email: EmailSender, words: str) -> None:
    sentence = words_for(error, email)
    assert words in sentence
    assert "hunter2" not in sentence
