"""The secret keys in `keys.json`: made once, readable by nobody else, the same for every process that starts."""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
import stat
from pathlib import Path

from housekey.conf.schema import ConfigErrors, Finding
from housekey.core.codes import Keys

KEY_BYTES = 32


def private_directory(path: Path) -> None:
    """Create a directory (and its parents) that only its owner can enter. An existing one is left as it is.

    Raises ConfigErrors when that is impossible.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _refusal(path, f"The data directory {path} cannot be created: {error.strerror}.") from None


def load_or_create(path: Path, now_iso: str) -> Keys:
    """The key ring of `path`, newest first; a file with one new key is made if there is none.

    `now_iso` is the time of creation in ISO 8601, for people who rotate keys. Raises ConfigErrors for a file that others can
    read, that is damaged or that cannot be made.
    """
    if not path.exists():
        _create(path, now_iso)
    return _read(path)


def new_keys() -> Keys:
    """A ring that exists in memory only: nothing sealed with it outlives this process."""
    return Keys(((secrets.token_hex(4), secrets.token_bytes(KEY_BYTES)),))


def _create(path: Path, now_iso: str) -> None:
    """Write the complete file aside, then link it into place: of two processes one wins, and nobody sees half a file."""
    private_directory(path.parent)
    (key_id, secret), = new_keys().ring
    entry = {"id": key_id, "created": now_iso, "secret": base64.urlsafe_b64encode(secret).rstrip(b"=").decode()}
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write_private(aside, json.dumps({"keys": [entry]}, indent=2) + "\n")
        try:
            os.link(aside, path)
        except FileExistsError:
            return  # the other process was first: its keys are the keys
        finally:
            aside.unlink()
        _sync_directory(path.parent)
    except OSError as error:
        raise _refusal(path, f"The keys file {path} cannot be created: {error.strerror}.") from None


def _write_private(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    """Make the new name itself survive a power cut: codes that were mailed must still verify afterwards."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path) -> Keys:
    try:
        with path.open(encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise _refusal(path, f"The keys file {path} can be read by others (mode {mode:04o}). Run: chmod 600 {path}")
            document = json.load(file)
    except OSError as error:
        raise _refusal(path, f"The keys file {path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise _refusal(path, f"The keys file {path} is damaged: it is not JSON. Restore it from a backup; "
                             "without it no link that was sent can be used.") from None
    return Keys(_ring(path, document))


def _ring(path: Path, document: object) -> tuple[tuple[str, bytes], ...]:
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise _refusal(path, f"The keys file {path} is damaged: it lists no keys. Restore it from a backup.")
    ring = tuple(_entry(path, number, entry) for number, entry in enumerate(entries, 1))
    if len({key_id for key_id, _ in ring}) != len(ring):
        raise _refusal(path, f"The keys file {path} is damaged: two keys have the same id.")
    return ring


def _entry(path: Path, number: int, entry: object) -> tuple[str, bytes]:
    """One `{"id", "created", "secret"}` as `(id, 32 bytes)`. The sentence names the position, never the secret."""
    key_id = entry.get("id") if isinstance(entry, dict) else None
    text = entry.get("secret") if isinstance(entry, dict) else None
    if not isinstance(key_id, str) or not key_id or not isinstance(text, str):
        raise _refusal(path, f"The keys file {path} is damaged: key {number} needs an id and a secret.")
    try:
        secret = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != KEY_BYTES:
        raise _refusal(path, f"The keys file {path} is damaged: the secret of key {number} is not {KEY_BYTES} bytes in base64url.")
    return key_id, secret


def _refusal(path: Path, sentence: str) -> ConfigErrors:
    return ConfigErrors([Finding("error", sentence, key="secrets.keys_file", source=path.name)])
