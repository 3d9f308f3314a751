"""A letter as the bytes of an e-mail: two parts, quoted-printable, CRLF only, the same Message-ID at every retry.

Written out by hand: the standard library takes 1–2 ms for the same bytes, more than the mail server takes to accept them.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache
from urllib.parse import urlsplit

from housekey.conf.schema import Config
from housekey.delivery.branding import Picture
from housekey.delivery.letter import Letter

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Exactly what can stand between < and > on the wire without quoting. smtplib would silently rewrite anything else.
_ADDRESS = re.compile(r"[^\s\x00-\x20\x7f-\x9f<>()\[\]\\,;:@\"]{1,64}@[^\s\x00-\x20\x7f-\x9f<>()\[\]\\,;:@\"]{1,255}")


class BadAddress(ValueError):
    """An address no mail can be sent to. The text is for an administrator."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} Correct it in the user's profile and send a new message.")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the mail comes from. `address` is the bare address, ASCII wherever its domain can be made so."""

    address: str
    name: str = ""
    reply_to: str = ""

    @property
    def host(self) -> str:
        return self.address.rpartition("@")[2] or "localhost"


def sender_of(config: Config) -> Sender:
    """The sender from the configuration; `no-reply@<public host>` where none is set. Raises BadAddress."""
    name, address = parseaddr(config.email.from_address)
    if not address:
        address = config.email.username if "@" in config.email.username else f"no-reply@{urlsplit(config.base_url).hostname or 'localhost'}"
    reply_to = wire_address(config.email.reply_to) if config.email.reply_to else ""
    return Sender(wire_address(address), config.email.signature or name, reply_to)


def wire_address(address: str) -> str:
    """The address as it goes over the wire: unchanged but for an international domain, which becomes punycode.

    Raises BadAddress for anything that would have to be quoted or that names more than one mailbox.
    """
    if not _ADDRESS.fullmatch(address):
        raise BadAddress("This is not an e-mail address that mail can be sent to.")
    if address.isascii():
        return address
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise BadAddress("The domain of this e-mail address cannot exist.") from None


def message_id(letter: Letter, sender: Sender) -> str:
    """The same for every try, so that a mailbox can recognise a message that was delivered twice."""
    return f"<{letter.id}@{sender.host}>"


def compose(letter: Letter, sender: Sender, now: datetime) -> bytes:
    """The e-mail, headers and body, lines ending in CRLF. Non-ASCII only in the To and From addresses. Raises BadAddress."""
    boundary = f"=_{letter.id.hex}"
    headers = [
        f"Date: {format_datetime(now)}", f"From: {_mailbox(sender.name, sender.address)}", f"To: {wire_address(letter.recipient)}",
        f"Subject: {_unstructured(letter.subject)}", f"Message-ID: {message_id(letter, sender)}",
        *([f"Reply-To: {sender.reply_to}"] if sender.reply_to else []),
        "Auto-Submitted: auto-generated", "MIME-Version: 1.0", f'Content-Type: multipart/alternative; boundary="{boundary}"',
    ]
    head = "\r\n".join(headers).encode()
    edge = f"--{boundary}".encode()
    page = _part("html", letter.html) if letter.logo is None else _with_logo(letter, letter.logo)
    return b"\r\n".join([head, b"", edge, _part("plain", letter.text), edge, page, edge + b"--", b""])


def _with_logo(letter: Letter, logo: Picture) -> bytes:
    """The HTML and its image as one part (RFC 2387): the mail loads nothing from anywhere."""
    boundary = f"=_logo_{letter.id.hex}"
    head = f'Content-Type: multipart/related; type="text/html"; boundary="{boundary}"\r\n'.encode()
    image = (f"Content-Type: {logo.kind}\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <{logo.id}>\r\n"
             "Content-Disposition: inline\r\n\r\n").encode()
    lines = base64.encodebytes(logo.data).replace(b"\n", b"\r\n").removesuffix(b"\r\n")
    edge = f"--{boundary}".encode()
    return b"\r\n".join([head, edge, _part("html", letter.html), edge, image + lines, edge + b"--", b""])


def _part(subtype: str, text: str) -> bytes:
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n".encode()
    # A lone CR or LF inside a message is how one mail is smuggled behind another.
    lines = f"{text}\n".replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    return head + binascii.b2a_qp(lines.encode(errors="replace"), istext=True)


@lru_cache(maxsize=256)
def _unstructured(text: str) -> str:
    """A subject for the header: on one line, RFC 2047 where it is not plain ASCII."""
    line = _UNSAFE.sub(" ", text).encode(errors="replace").decode()
    if line.isascii() and len(line) <= 60 and "=?" not in line:
        return line
    return Header(line, "utf-8", maxlinelen=70).encode(linesep="\r\n")


@lru_cache(maxsize=64)
def _mailbox(name: str, address: str) -> str:
    line = _UNSAFE.sub(" ", name).strip()
    return formataddr((line, address)) if line and address.isascii() else address
