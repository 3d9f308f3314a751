"""Cursors (RFC 9865): where a walk through a list has got to, as a text that only we can write.

A cursor holds the last user's sort key and id, so that a walk goes on from there whoever is created or deleted meanwhile; the server keeps
nothing. It is signed together with the tenant and the question, so that it answers no other one (A-104).
"""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from housekey.core.codes import Keys, digest
from housekey.core.errors import Invalid
from housekey.userstores.pages import Place

TIMEOUT = 3_600
"""Seconds for which a cursor is good; ServiceProviderConfig says so."""
MOST_CHARACTERS = 4_000
_TAG = 16
_PURPOSE = "list cursor"

Trouble = Literal["invalidCursor", "expiredCursor", "invalidCount"]


class BadCursor(Invalid):
    """A cursor or count that cannot be used. `scim_type` is RFC 9865's word for it."""

    def __init__(self, scim_type: Trouble, sentence: str) -> None:
        super().__init__(sentence, field="count" if scim_type == "invalidCount" else "cursor")
        self.scim_type = scim_type


@dataclass(frozen=True, slots=True)
class Mark:
    """What a cursor says. `total`: how many the question found when the walk began."""

    place: Place
    total: int


def write(keys: Keys, question: str, mark: Mark, now: datetime) -> str:
    """`question` is everything that has to be the same on every page, tenant included. Only unreserved characters (RFC 3986)."""
    place = mark.place
    body = json.dumps([int(now.timestamp()), mark.total, place.direction, place.key, place.id.hex], ensure_ascii=False).encode()
    _, key = keys.newest
    return _text(_tag(key, question, body) + body)


def read(keys: Keys, question: str, text: str, now: datetime) -> Mark:
    """Raises BadCursor for a cursor that is not ours, belongs to another question or tenant, or is too old."""
    body = _verified(keys, question, text)
    issued, total, direction, key, user_id = json.loads(body)
    if now - datetime.fromtimestamp(issued, UTC) > timedelta(seconds=TIMEOUT):
        raise BadCursor("expiredCursor", f"The cursor has expired. Ask for the next page within {TIMEOUT} seconds, or begin anew.")
    return Mark(Place(direction, key, UUID(user_id)), total)


def _verified(keys: Keys, question: str, text: str) -> bytes:
    try:
        whole = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True) if len(text) <= MOST_CHARACTERS else b""
    except ValueError:
        whole = b""
    if _text(whole) != text:  # one cursor has one spelling
        whole = b""
    tag, body = whole[:_TAG], whole[_TAG:]
    if not any(hmac.compare_digest(tag, _tag(key, question, body)) for _, key in keys.ring):
        raise BadCursor(
            "invalidCursor",
            "This cursor does not belong to this question. Leave it empty for the first page; for the others take nextCursor or "
            "previousCursor, with the same filter and order.",
        )
    return body


def _text(whole: bytes) -> str:
    return base64.urlsafe_b64encode(whole).rstrip(b"=").decode()


def _tag(key: bytes, question: str, body: bytes) -> bytes:
    return digest(key, _PURPOSE, f"{len(question)}\0{question}\0{body.hex()}")[:_TAG]
