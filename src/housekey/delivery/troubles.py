"""What can go wrong between us and a mail server, in words for the administrator who has to mend it. Never with a secret."""

from __future__ import annotations

import smtplib
import socket
import ssl

from housekey.conf.schema import EmailSender
from housekey.delivery.reach import Forbidden

_LARGE_PROVIDERS = ("gmail.com", "googlemail.com", "google.com", "outlook.com", "office365.com", "hotmail.com", "live.com", "yahoo.com",
                    "icloud.com", "me.com")


class ServerTrouble(Exception):
    """The server cannot be used as configured. The text is for an administrator."""


def words_for(error: Exception, email: EmailSender) -> str:
    """A sentence or two for an exception of smtplib, ssl or socket."""
    where = f"{email.hostname}:{email.port}"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return _sign_in_refused(error, email)
    if isinstance(error, smtplib.SMTPResponseException):
        return f"The mail server {where} refuses the connection. {said(error.smtp_code, error.smtp_error)}"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return f"The mail server {where} closed the connection."
    if isinstance(error, smtplib.SMTPNotSupportedError | smtplib.SMTPException):
        return f"The mail server {where} offers no way to sign in that we know (PLAIN, LOGIN, CRAM-MD5)."
    if isinstance(error, UnicodeError):
        return "The username or password for the mail server has characters beyond ASCII, which SMTP sign-in cannot carry."
    if isinstance(error, ssl.SSLCertVerificationError):
        return (f"The certificate of {where} cannot be trusted: {error.verify_message.rstrip('.')}. If it comes from a private certificate "
                "authority, name that authority's PEM file in ca_file.")
    return _network(error, where)


def _network(error: Exception, where: str) -> str:
    if isinstance(error, Forbidden):
        return str(error)
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "reason", None) or "TLS failed"
        return (f"No encrypted connection to {where} ({reason}). Port 465 usually wants enable_tls = true, "
                "port 587 enable_start_tls = true.")
    if isinstance(error, TimeoutError):
        return f"The mail server {where} did not answer in time."
    if isinstance(error, ConnectionRefusedError):
        return f"Nothing listens at {where}. Check hostname and port, and that the mail server runs."
    if isinstance(error, socket.gaierror):
        return f"The name of the mail server {where} cannot be resolved."
    why = error.strerror if isinstance(error, OSError) else ""
    return f"The mail server {where} cannot be reached ({why or type(error).__name__})."


def _sign_in_refused(error: smtplib.SMTPAuthenticationError, email: EmailSender) -> str:
    hint = "Check username and password in [output_adapter.email]."
    if f".{email.hostname.lower()}".endswith(tuple(f".{name}" for name in _LARGE_PROVIDERS)) or error.smtp_code == 534:
        hint = ("This provider takes no ordinary account password here: create an application password in the account's security settings "
                "(two-step verification must be on) and use that one.")
    return f"The mail server does not accept our sign-in. {hint} {said(error.smtp_code, error.smtp_error)}"


def said(code: int, answer: bytes | str) -> str:
    """What the server said, quoted: `The server said: 550 5.1.1 no such user`."""
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return f"The server said: {code} {' '.join(text.split())[:400]}"
