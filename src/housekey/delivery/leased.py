"""A stored message in the hands of one worker, as plain data: what is sent, and what may stand against sending it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from housekey.core.codes import is_live
from housekey.core.messages import ASK_PASSWORD, RESEND_ASK_PASSWORD
from housekey.core.names import Tenant
from housekey.store.models import Message

LINK_KINDS = frozenset({ASK_PASSWORD, RESEND_ASK_PASSWORD})
"""Messages that are nothing without their link."""


@dataclass(frozen=True, slots=True)
class Link:
    """What the link of a message is derived from, and until when it is good (None: for ever)."""

    code_id: uuid.UUID
    nonce: bytes
    key_name: str
    expires: datetime | None
    domain: str
    """The user-store domain of the account."""


@dataclass(frozen=True, slots=True)
class LeasedMessage:
    """A message in the hands of one worker."""

    id: uuid.UUID
    tenant: Tenant
    kind: str
    channel: str
    recipient: str
    locale: str
    fields: dict[str, str]
    created: datetime
    retry_from: datetime
    """From here on its patience counts."""
    attempts: int
    leased_by: str
    link: Link | None = None
    obstacle: str = ""
    """Why it must not be sent any more, in words; empty: nothing speaks against it."""


def leased(row: Message, who: str, accounts: set[uuid.UUID], now: datetime) -> LeasedMessage:
    """The row in the hands of `who`. `accounts`: ids of those accounts of the batch that still exist."""
    return LeasedMessage(
        id=row.pk, tenant=Tenant(row.tenant.pk, row.tenant.domain, row.tenant.name), kind=row.kind, channel=row.channel,
        recipient=row.recipient, locale=row.locale, fields={str(name): str(value) for name, value in row.fields.items()},
        created=row.created, retry_from=row.retry_from, attempts=row.attempts, leased_by=who, link=link_of(row),
        obstacle=_obstacle(row, accounts, now),
    )


def link_of(row: Message) -> Link | None:
    """What the link of a stored message is derived from; None where it carries none. Reads `row.code.account`."""
    code = row.code
    return None if code is None else Link(code.pk, bytes(code.nonce), code.key_name, code.expires, code.account.domain)


def _obstacle(row: Message, accounts: set[uuid.UUID], now: datetime) -> str:
    """Why this message must not be sent (any more), in words."""
    code = row.code
    if (row.account_id is not None and row.account_id not in accounts) or (code is None and row.kind in LINK_KINDS):
        return "Not sent: the account it was meant for no longer exists."
    if not row.tenant.active:
        return "Not sent: the tenant is switched off."
    if code is None:
        return ""
    if code.spent is not None:
        return "Not sent: its link was used before."
    if code.dead is not None:
        return "Not sent: a newer link was sent." if code.dead_reason == "superseded" else "Not sent: its link was withdrawn."
    if code.expires != code.issued and not is_live(code.expires, now):  # validity 0: its owner is to get the mail, and the true answer
        before = f" The last trouble: {row.error}" if row.error else ""
        return f"Not sent: its link expired before the message could be delivered.{before}"
    return ""
