"""A mail server in a process of its own that does as little as one can: STARTTLS, take it, note when."""

from __future__ import annotations

import multiprocessing
import re
import socket
import ssl
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

import trustme

_TO = re.compile(rb"RCPT TO:<([^>]+)>", re.IGNORECASE)


class Relay:
    """Use it as a context manager. `taken()` tells and forgets what came: recipient and the moment of acceptance (time.time())."""

    def __init__(self, directory: Path, port: int) -> None:
        self.port, self.ca_file = port, directory / "relay-ca.pem"
        self.last_size = 0
        """Bytes of the newest mail that `taken` told of."""
        ca = trustme.CA()
        ca.cert_pem.write_to_path(self.ca_file)
        ca.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(directory / "relay.pem")
        self._pem = directory / "relay.pem"

    def toml(self) -> str:
        return (f'[output_adapter.email]\nhostname = "localhost"\nport = {self.port}\nfrom_address = "housekey@example.com"\n'
                f'enable_authentication = false\nca_file = "{self.ca_file}"\n')

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_listen, args=(self.port, str(self._pem), theirs), daemon=True)
        self._process.start()
        assert self._ours.recv() == "ready"
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.join()

    def taken(self) -> list[tuple[str, float, int]]:
        """Recipient, moment and size in bytes of each mail since the last call."""
        self._ours.send("tell")
        found: list[tuple[str, float, int]] = self._ours.recv()
        self.last_size = found[-1][2] if found else self.last_size
        return found

    def wait_for(self, count: int, seconds: float) -> list[tuple[str, float, int]]:
        """Until `count` mails have come. Raises TimeoutError."""
        found: list[tuple[str, float, int]] = []
        end = time.monotonic() + seconds
        while len(found) < count:
            if time.monotonic() > end:
                raise TimeoutError(f"{len(found)} of {count} mails within {seconds:.0f} s")
            time.sleep(0.05)
            found += self.taken()
        return found


def _listen(port: int, pem: str, pipe: Connection) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    taken: list[tuple[str, float, int]] = []
    door = socket.create_server(("127.0.0.1", port))

    def accept() -> None:
        while True:
            client, _ = door.accept()
            threading.Thread(target=_guarded, args=(client, context, taken), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    pipe.send("ready")
    while pipe.recv() == "tell":
        count = len(taken)
        pipe.send(taken[:count])
        del taken[:count]


def _guarded(client: socket.socket, context: ssl.SSLContext, taken: list[tuple[str, float, int]]) -> None:
    try:
        _converse(client, context, taken)
    except OSError:
        client.close()


def _converse(client: socket.socket, context: ssl.SSLContext, taken: list[tuple[str, float, int]]) -> None:
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.sendall(b"220 relay\r\n")
    lines: Any = client.makefile("rb")
    recipient, encrypted = "", False
    while line := lines.readline():
        word = line[:4].upper()
        if word == b"DATA":
            client.sendall(b"354 go on\r\n")
            size = 0
            while (part := lines.readline()) != b".\r\n":
                size += len(part)
            taken.append((recipient, time.time(), size))
            client.sendall(b"250 taken\r\n")
        elif word == b"EHLO":
            client.sendall(b"250-relay\r\n250 8BITMIME\r\n" if encrypted else b"250-relay\r\n250 STARTTLS\r\n")
        elif word == b"STAR":
            client.sendall(b"220 go on\r\n")
            client = context.wrap_socket(client, server_side=True)
            lines, encrypted = client.makefile("rb"), True
        elif word == b"QUIT":
            client.sendall(b"221 bye\r\n")
            client.close()
            return
        else:
            found = _TO.match(line)
            recipient = found[1].decode() if found else recipient
            client.sendall(b"250 ok\r\n")
