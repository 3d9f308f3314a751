"""The life of an account: what is pending, why it is locked, and what WSO2's three claims then say (reference 3.1).

    created without password ──invite──▶ PENDING_AP ──password set──▶ active
    active ──forced reset──▶ PENDING_FUPR ──password set──▶ active
    any ──lock──▶ locked for a reason ──that reason removed──▶ as before

Lock reasons are a set and are removed one by one: redeeming an invitation removes only its own (A-023).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Pending = Literal["", "PENDING_AP", "PENDING_FUPR", "PENDING_EV"]

ADMIN_INITIATED = "ADMIN_INITIATED"
PENDING_ASK_PASSWORD = "PENDING_ASK_PASSWORD"  # noqa: S105 - WSO2's name of a lock reason, no secret
PENDING_FORCED_RESET = "PENDING_ADMIN_FORCED_USER_PASSWORD_RESET"
PENDING_EMAIL = "PENDING_EMAIL_VERIFICATION"
MAX_ATTEMPTS = "MAX_ATTEMPTS_EXCEEDED"

PRECEDENCE = (ADMIN_INITIATED, PENDING_ASK_PASSWORD, PENDING_FORCED_RESET, PENDING_EMAIL, MAX_ATTEMPTS)
"""Which reason is told when there are several (decisions, SCIM while pending)."""

PASSWORD_LOCKS = frozenset({PENDING_ASK_PASSWORD, PENDING_FORCED_RESET})


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an account stands. Immutable: each transition returns the next standing."""

    pending: Pending = ""
    locks: frozenset[str] = frozenset()
    disabled: bool = False
    has_password: bool = False

    @property
    def locked(self) -> bool:
        return bool(self.locks)

    @property
    def locked_reason(self) -> str:
        return next((reason for reason in PRECEDENCE if reason in self.locks), "")

    @property
    def state(self) -> str:
        """WSO2's accountState."""
        if self.disabled:
            return "DISABLED"
        if self.pending:
            return self.pending
        return "LOCKED" if self.locks else "UNLOCKED"

    @property
    def label(self) -> str:
        """The state as the console names it: one of active, invited, reset, locked, disabled, not-invited."""
        if self.disabled:
            return "disabled"
        if self.locks - PASSWORD_LOCKS - {PENDING_EMAIL}:
            return "locked"
        if self.pending:
            return "reset" if self.pending == "PENDING_FUPR" else "invited"
        if self.locks:
            return "locked"
        return "active" if self.has_password else "not-invited"

    @property
    def may_sign_in(self) -> bool:
        return self.has_password and not self.locks and not self.disabled and self.pending not in {"PENDING_AP", "PENDING_FUPR"}

    def invited(self, *, lock: bool) -> Standing:
        """An invitation is issued: no usable password, locked if the tenant wants so. Supersedes what was pending."""
        locks = self.locks - PASSWORD_LOCKS
        return replace(self, pending="PENDING_AP", locks=locks | {PENDING_ASK_PASSWORD} if lock else locks, has_password=False)

    def password_set(self) -> Standing:
        """A password was accepted: every set-password matter ends, other lock reasons stay."""
        return replace(
            self,
            pending="" if self.pending in {"PENDING_AP", "PENDING_FUPR"} else self.pending,
            locks=self.locks - PASSWORD_LOCKS,
            has_password=True,
        )

    def locked_by(self, reason: str) -> Standing:
        return replace(self, locks=self.locks | {reason})

    def unlocked_from(self, reason: str) -> Standing:
        return replace(self, locks=self.locks - {reason})
