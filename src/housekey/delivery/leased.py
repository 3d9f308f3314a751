"""A stored message in the hands of one worker, as plain data: what is sent, and what may stand against sending it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from housekey.core.codes import is_live
from housekey.core.messages import REMINDER
from housekey.core.names import Tenant
from housekey.core.otp import OtpShape
from housekey.core.scenario import BY_NAME, SCENARIOS, Purpose
from housekey.store.models import Code, Message

CODE_KINDS = frozenset(kind.lower() for item in SCENARIOS for kind in (item.first, item.again) if kind)
"""Messages that are nothing without their link or code, in lower case, of all channels."""


@dataclass(frozen=True, slots=True)
class Secret:
    """What the link or one-time code of a message is made from, and until when it is good (None: for ever)."""

    code_id: uuid.UUID
    nonce: bytes
    key_name: str
    expires: datetime | None
    domain: str
    """The user-store domain of the account."""
    purpose: Purpose = "invitation"
    length: int = 0
    """Characters of a one-time code; 0: it is a link."""
    sealed: bytes | None = field(default=None, repr=False)
    """The one-time code, encrypted; None once it was erased."""

    @property
    def erased(self) -> bool:
        return self.length > 0 and self.sealed is None


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
    """The date it carries: of a reminder not the day it was planned."""
    retry_from: datetime
    """From here on its patience counts."""
    attempts: int
    leased_by: str
    secret: Secret | None = None
    obstacle: str = ""
    """Why it must not be sent any more, in words; empty: nothing speaks against it."""


def leased(row: Message, who: str, accounts: set[uuid.UUID], now: datetime) -> LeasedMessage:
    """The row in the hands of `who`. `accounts`: ids of those accounts of the batch that still exist."""
    return LeasedMessage(
        id=row.pk, tenant=row.tenant.brief, kind=row.kind, channel=row.channel,
        recipient=row.recipient, locale=row.locale, fields={str(name): str(value) for name, value in row.fields.items()},
        created=row.retry_from if REMINDER in row.fields else row.created, retry_from=row.retry_from, attempts=row.attempts,
        leased_by=who, secret=secret_of(row),
        obstacle=_obstacle(row, accounts, now),
    )


def secret_of(row: Message) -> Secret | None:
    """What the link or code of a stored message is made from; None where it carries none. Reads `row.code.account`."""
    code = row.code
    if code is None:
        return None
    known = BY_NAME.get(code.scenario)
    return Secret(
        code.pk, bytes(code.nonce), code.key_name, code.expires, code.account.domain, known.purpose if known else "invitation",
        OtpShape.of(code.shape).length if code.shape else 0, bytes(code.sealed) if code.sealed else None,
    )


def _obstacle(row: Message, accounts: set[uuid.UUID], now: datetime) -> str:
    """Why this message must not be sent (any more), in words."""
    code = row.code
    if (row.account_id is not None and row.account_id not in accounts) or (code is None and row.kind.lower() in CODE_KINDS):
        return "Not sent: the account it was meant for no longer exists."
    return "" if code is None else _dead(code, row.error, now)


def _dead(code: Code, trouble: str, now: datetime) -> str:
    what = "code" if code.shape else "link"
    if code.spent is not None:
        return f"Not sent: its {what} was used before."
    if code.dead is not None:
        reasons = {"superseded": f"a newer {what} was sent.", "exhausted": "its code was mistyped too often."}
        return f"Not sent: {reasons.get(code.dead_reason, f'its {what} was withdrawn.')}"
    if code.expires != code.issued and not is_live(code.expires, now):  # validity 0: its owner is to get the mail, and the true answer
        before = f" The last trouble: {trouble}" if trouble else ""
        return f"Not sent: its {what} expired before the message could be delivered.{before}"
    if code.shape and not code.sealed:
        return "Not sent: its code was erased after it had been sent before. Send a new one to the user instead."
    return ""
