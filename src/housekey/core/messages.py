"""A message is a fact, not a text: its kind and the fields its template names. Rendered when it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

ASK_PASSWORD = "AskPassword"  # noqa: S105 - WSO2's name of a template
RESEND_ASK_PASSWORD = "resendAskPassword"  # noqa: S105 - likewise
ACTIVATED = "accountActivationSuccess"
PASSWORD_CHANGED = "passwordResetSucess"  # noqa: S105 - WSO2's own spelling
PASSWORD_SET_SMS = "askPasswordSetSuccess"  # noqa: S105 - WSO2's name of a template
ADDRESS_CHANGED = "notifyOnExistingEmailUpdateWithoutVerification"
TEST = "HousekeyTest"

REMINDER = "reminder"
"""The field that a message has which reminds of an earlier one."""

EMAIL, SMS = "EMAIL", "SMS"
CHANNELS = (EMAIL, SMS)
"""The ways a message can leave. The same kind may exist for both, in WSO2's other capitals."""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """What an operation hands to the outbox, inside its transaction."""

    kind: str
    recipient: str
    """The stored address or number, copied: a later change of the user does not redirect a message that is on its way."""
    fields: dict[str, str] = field(default_factory=dict)
    """Placeholder name -> value, e.g. `user-name`, `organization-name`. Never a secret: a link is derived, a code unsealed, when sent."""
    locale: str = "en"
    account_id: UUID | None = None
    code_id: UUID | None = None
    """The code that this message carries, as it is or in a link; a code that has died takes its message along."""
    channel: str = EMAIL
    not_before: datetime | None = None
