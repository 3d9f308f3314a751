"""What every HTTP call out of the house has in common: certificates checked, redirects not followed, answers read only so far, and
where it matters the address looked at before it is called (`conf.reach`, A-071).
"""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from housekey.conf.reach import addresses

if TYPE_CHECKING:
    import httpx2

MOST_READ = 65_536
"""Bytes of an answer that are read."""
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request. It holds a secret: never log it. `extensions`: of the HTTP client."""

    method: str
    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    content: bytes | None = field(default=None, repr=False)
    extensions: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; of the body only its beginning."""

    status: int
    body: bytes = b""
    retry_after: str = ""


@dataclass(frozen=True, slots=True)
class Manner:
    """How sentences about a connection speak. `what` is at the other end; the other two are hints, whole sentences."""

    what: str
    untrusted: str = ""
    nobody: str = ""


def opened(tls: ssl.SSLContext, timeout: float, *, proxies: bool, **headers: str) -> httpx2.Client:
    """A client to be closed by the caller. `timeout`: seconds for each step of a call; `proxies`: those of the environment are used."""
    import httpx2

    # It tells every URL it calls, and a URL may hold a secret.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    plain = {"User-Agent": "Housekey", "Accept-Encoding": "identity"} | headers
    return httpx2.Client(verify=tls, timeout=timeout, headers=plain, follow_redirects=False, trust_env=proxies)


def trusted(ca_file: Path | None = None) -> ssl.SSLContext:
    """Whose certificates are believed: those of a PEM file, else of the system or of SSL_CERT_FILE. Raises OSError."""
    return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)


def pinned(call: Call, *, private: bool) -> list[Call]:
    """The call once for each address it may go to: the certificate is still checked against the name. Raises Forbidden, socket.gaierror."""
    url = urlsplit(call.url)
    host = url.hostname or ""
    found = []
    for address in addresses(host, url.port or 443, private=private):
        shown = f"[{address}]" if ":" in address else address
        netloc = f"{shown}:{url.port}" if url.port else shown
        found.append(replace(call, url=url._replace(netloc=netloc).geturl(), headers=call.headers | {"Host": url.netloc},
                             extensions=call.extensions | {"sni_hostname": host}))
    return found


def exchange(client: httpx2.Client, ways: list[Call], patience: float) -> Answer:
    """The answer of the first of `ways` that can be connected to. `patience`: seconds for reading its body. Raises httpx2.HTTPError."""
    import httpx2

    for number, call in enumerate(ways, 1):
        try:
            with client.stream(call.method, call.url, content=call.content, headers=call.headers, extensions=call.extensions) as response:
                return Answer(response.status_code, _beginning(response, patience), response.headers.get("retry-after", ""))
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            if number == len(ways):
                raise
    raise httpx2.ConnectError("no address")


def _beginning(response: httpx2.Response, patience: float) -> bytes:
    """Of the body. What the other end decided is in the status: a body that breaks off does not change it."""
    import httpx2

    found, last = bytearray(), time.monotonic() + patience
    with contextlib.suppress(httpx2.HTTPError):
        for piece in response.iter_raw(8192):
            found += piece
            if len(found) >= MOST_READ or time.monotonic() > last:
                break
    return bytes(found[:MOST_READ])


@contextlib.contextmanager
def at_most(seconds: float, call: Call) -> Iterator[Call]:
    """The same call, cut off after so long in all: the client counts each of its steps alone, and a byte now and then would hold it for
    hours. Looking up the name is not counted. Raises TimeoutError where that is why the call broke."""
    lines: list[socket.socket] = []
    over = threading.Event()

    def follow(event: str, info: dict[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            line: socket.socket = info["return_value"].get_extra_info("socket")
            lines.append(line.dup())  # ours stays when TLS takes the other over, and leads to the same connection
            if over.is_set():
                cut()

    def cut() -> None:
        over.set()
        for line in lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield replace(call, extensions=call.extensions | {"trace": follow})
    except Exception:
        if over.is_set():
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()
        timer.join()
        for line in lines:
            line.close()


def words_for(error: Exception, where: str, manner: Manner) -> str:
    """A sentence for what lies at the bottom of an exception of the HTTP client. Never its own text: that may quote the URL."""
    reasons: list[BaseException] = [error]
    while (deeper := reasons[-1].__cause__ or reasons[-1].__context__) is not None and len(reasons) < 10:
        reasons.append(deeper)
    for reason in reversed(reasons):
        if isinstance(reason, ssl.SSLCertVerificationError):
            return f"The certificate of {where} cannot be trusted: {reason.verify_message.rstrip('.')}. {manner.untrusted}".rstrip()
        if isinstance(reason, ssl.SSLError):
            return f"No encrypted connection to {manner.what} {where} ({reason.reason or 'TLS failed'})."
        if isinstance(reason, TimeoutError):
            return f"{_capital(manner.what)} {where} did not answer in time."
        if isinstance(reason, ConnectionRefusedError):
            return f"Nothing listens at {where}. {manner.nobody}".rstrip()
        if isinstance(reason, socket.gaierror):
            return f"The name of {manner.what} {where} cannot be resolved."
    return f"{_capital(manner.what)} {where} cannot be reached ({type(error).__name__})."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
