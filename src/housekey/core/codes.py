"""One-time codes: how they are made, recognised and how long they live.

A link code is *derived*: HMAC of the row's id and a random nonce under a key that the database does not hold. A retry of
the message carries the same link and nothing secret rests in the outbox. What the database holds is a second HMAC, of the
code itself, by which a presented code is found.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

MAX_MINUTES = 10_080
"""Seven days: the longest finite validity the console and the API take (reference ui 1.3)."""

_LINK = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Keys:
    """The secret keys, newest first: `(id, 32 bytes)`. The newest signs, all verify."""

    ring: tuple[tuple[str, bytes], ...] = field(repr=False)

    @property
    def newest(self) -> tuple[str, bytes]:
        return self.ring[0]

    def by_id(self, key_id: str) -> bytes:
        """Raises KeyError for an id the file lacks."""
        return dict(self.ring)[key_id]


def new_nonce() -> bytes:
    """16 random bytes: what makes two codes for one row differ."""
    return secrets.token_bytes(16)


def derive_link(key: bytes, row_id: UUID, nonce: bytes) -> str:
    """The 43-character base64url code for a link. Same key, row and nonce: same code."""
    mac = hmac.digest(key, b"housekey link\0" + row_id.bytes + nonce, hashlib.sha256)
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def digest(key: bytes, purpose: str, code: str) -> bytes:
    """What the database keeps of a code (32 bytes). `purpose` binds it to one use (A-005)."""
    return hmac.digest(key, f"housekey {purpose}\0{code}".encode(), hashlib.sha256)


def digests(keys: Keys, purpose: str, code: str) -> list[bytes]:
    """The digests under every key of the ring, for lookup after a key change."""
    return [digest(key, purpose, code) for _, key in keys.ring]


def new_token() -> str:
    """256 random bits, base64url, 43 characters: for tickets and sessions."""
    return secrets.token_urlsafe(32)


def is_link_shaped(code: str) -> bool:
    """Only exactly 43 base64url characters can be a link code or a token (A-009)."""
    return bool(_LINK.fullmatch(code))


def expiry(issued: datetime, minutes: int) -> datetime | None:
    """When a code issued at `issued` ends: None = never (-1), `issued` itself = at once (0)."""
    return None if minutes < 0 else issued + timedelta(minutes=minutes)


def is_live(expires: datetime | None, now: datetime) -> bool:
    """A code is good strictly before its end; validity 0 is therefore never good."""
    return expires is None or now < expires
