"""The life of an account: what is pending, why it is locked, and what WSO2's three claims then say (reference 3.1).

    created without password ──invite──▶ PENDING_AP ──password set──▶ active
    active ──forced reset──▶ PENDING_FUPR ──password set──▶ active
    created with verifyEmail ──▶ PENDING_EV ──address confirmed──▶ active
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

    def reset_forced(self) -> Standing:
        """An administrator demands a new password. The old hash stays for the history but opens nothing; nothing but a new password
        ends this (decisions, Forced reset)."""
        return replace(self, pending="PENDING_FUPR", locks=(self.locks - PASSWORD_LOCKS) | {PENDING_FORCED_RESET})

    def awaiting_confirmation(self, *, lock: bool) -> Standing:
        """Created with a password, but the address has to be confirmed first (verifyEmail)."""
        return replace(self, pending="PENDING_EV", locks=self.locks | {PENDING_EMAIL} if lock else self.locks)

    def address_confirmed(self) -> Standing:
        return replace(self, pending="" if self.pending == "PENDING_EV" else self.pending, locks=self.locks - {PENDING_EMAIL})

    def password_set(self) -> Standing:
        """A password was accepted: every set-password matter ends, other lock reasons stay; an address may still wait to be confirmed."""
        waiting: Pending = "PENDING_EV" if self.pending == "PENDING_EV" or PENDING_EMAIL in self.locks else ""
        return replace(self, pending=waiting, locks=self.locks - PASSWORD_LOCKS, has_password=True)

    @property
    def never_activated(self) -> bool:
        """Has this account never had a password? A forced reset of it is an invitation (spec section 3)."""
        return not self.has_password

    def locked_by(self, reason: str) -> Standing:
        return replace(self, locks=self.locks | {reason})

    def unlocked_from(self, reason: str) -> Standing:
        return replace(self, locks=self.locks - {reason})
