"""No mail server: a message becomes a file that any mail program opens."""

from __future__ import annotations

import os
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path

from housekey.delivery.letter import Letter
from housekey.delivery.mime import BadAddress, Sender, compose
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
        try:
            return Outcome("kept", f"No mail server is configured. Written to {self._write(letter, data).name}.")
        except OSError as error:
            return Outcome("connection", f"The message cannot be written to the mail directory: {error.strerror or type(error).__name__}.")

    def _write(self, letter: Letter, data: bytes) -> Path:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.directory / file_name(letter)
        partial = self.directory / f".{letter.id.hex}-{secrets.token_hex(4)}.part"
        try:
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        return path

    def tidy(self) -> None:
        """Nothing is kept open."""

    def close(self) -> None:
        """Nothing is kept open."""


def file_name(letter: Letter) -> str:
    """From the time the message was created, so that a retry writes the same file again."""
    recipient = _UNSAFE.sub("_", letter.recipient).strip("._-")[:80] or "nobody"
    return f"{letter.created.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{_UNSAFE.sub('_', letter.kind)}-{recipient}.eml"
