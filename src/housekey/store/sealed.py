"""One-time codes that somebody still has to read, encrypted under a key that the database does not hold (decisions, At rest).

AES-256-GCM, the row's id as additional data: a sealed code moved to another row does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


def seal(key: bytes, row_id: UUID, text: str) -> bytes:
    """`key` is one of the ring's; 12 bytes nonce, then the text and its 16 bytes tag."""
    nonce = os.urandom(_NONCE)
    return nonce + _cipher(key).encrypt(nonce, text.encode(), row_id.bytes)


def unseal(key: bytes, row_id: UUID, sealed: bytes) -> str:
    """Raises ValueError for what was not sealed with this key for this row."""
    try:
        return _cipher(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], row_id.bytes).decode()
    except InvalidTag:
        raise ValueError("this was not sealed with this key for this row") from None


def _cipher(key: bytes) -> AESGCM:
    return AESGCM(hmac.digest(key, b"housekey seal\0", hashlib.sha256))
