"""No mail server, no gateway: a message becomes a file, an e-mail one that any mail program opens."""

from __future__ import annotations

import os
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path

from housekey.delivery.letter import Letter
from housekey.delivery.mime import BadAddress, Sender, compose
from housekey.delivery.numbers import BadNumber, wire_number
from housekey.delivery.outcomes import Outcome

_UNSAFE = re.compile(r"[^A-Za-z0-9.+-]+")


class FileChannel:
    """Writes `<UTC time>-<kind>-<recipient>.eml`, readable by the owner only: the file holds a link that opens an account."""

    def __init__(self, directory: Path, sender: Sender) -> None:
        self.directory = directory
        self._sender = sender

    def send(self, letter: Letter, now: datetime) -> Outcome:
        """Write the file, whole or not at all. Kept, permanent (address), or connection (the disk cannot take it)."""
        try:
            data = compose(letter, self._sender, now)
        except BadAddress as error:
            return Outcome("permanent", str(error))
        return _keep(self.directory, letter, data, "eml", "No mail server is configured.")

    def tidy(self) -> None:
        """Nothing is kept open."""

    def close(self) -> None:
        """Nothing is kept open."""


class TextFileChannel:
    """Likewise for text messages: `<UTC time>-<kind>-<number>.txt`, the number on the first line, the text below."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def send(self, letter: Letter, now: datetime) -> Outcome:  # noqa: ARG002 - the protocol's shape
        """Write the file, whole or not at all. Kept, permanent (number), or connection (the disk cannot take it)."""
        try:
            data = f"To: {wire_number(letter.recipient)}\n\n{letter.text}\n".encode(errors="replace")
        except BadNumber as error:
            return Outcome("permanent", str(error))
        return _keep(self.directory, letter, data, "txt", "No SMS gateway is configured.")

    def tidy(self) -> None:
        """Nothing is kept open."""

    def close(self) -> None:
        """Nothing is kept open."""


def _keep(directory: Path, letter: Letter, data: bytes, ending: str, why: str) -> Outcome:
    try:
        return Outcome("kept", f"{why} Written to {_write(directory, letter, data, ending).name}.")
    except OSError as error:
        what = f"The message cannot be written to the {directory.name} directory"
        return Outcome("connection", f"{what}: {error.strerror or type(error).__name__}.")


def _write(directory: Path, letter: Letter, data: bytes, ending: str) -> Path:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"{_stem(letter)}.{ending}"
    partial = directory / f".{letter.id.hex}-{secrets.token_hex(4)}.part"
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _stem(letter: Letter) -> str:
    """From the time the message was created, so that a retry writes the same file again."""
    recipient = _UNSAFE.sub("_", letter.recipient).strip("._-")[:80] or "nobody"
    return f"{letter.created.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{_UNSAFE.sub('_', letter.kind)}-{recipient}"
