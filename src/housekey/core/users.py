"""A user as doors, operations and stores hand it around."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from housekey.core.account import Standing
from housekey.core.attributes import HOUSEKEY_URN
from housekey.core.groups import GroupRef
from housekey.core.names import UserName
from housekey.core.scenario import EMAIL, SMS, Method


@dataclass(frozen=True, slots=True)
class Email:
    """One address of a user. `type` is `work`, `home`, `other` or empty."""

    value: str
    type: str = ""
    primary: bool | None = None
    """None: nobody said so or not."""
    display: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a user store keeps about a person: the RFC 7643 core attributes by name, the rest in `more` (SCIM names and shapes)."""

    given_name: str = ""
    family_name: str = ""
    emails: tuple[Email, ...] = ()
    locale: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def mail(self) -> str:
        """Where mail goes: the primary address, else the first untyped, else the first (spec S2); `""` if there is none."""
        chosen = next((mail for mail in self.emails if mail.primary), None)
        chosen = chosen or next((mail for mail in self.emails if not mail.type), None)
        chosen = chosen or next(iter(self.emails), None)
        return chosen.value if chosen else ""

    @property
    def mobile(self) -> str:
        """Where text messages go: the primary number of type mobile, else the first of that type; `""` if there is none."""
        numbers = self.more.get("phoneNumbers", [])
        mobiles = [row for row in numbers if isinstance(row, dict) and str(row.get("type", "")).lower() == "mobile"]
        chosen = next((row for row in mobiles if row.get("primary") is True), None) or next(iter(mobiles), {})
        return str(chosen.get("value") or "")

    @property
    def channel(self) -> str:
        """The channel the person is better reached by, EMAIL or SMS; `""`: as the tenant's settings have it."""
        own = self.more.get(HOUSEKEY_URN)
        return str(own.get("preferredChannel") or "") if isinstance(own, dict) else ""

    def suited(self, method: Method) -> Method:
        """The tenant's method, or the one of its kind by the person's own channel where she can be reached there."""
        if method != "OFFLINE" and self.channel == SMS and self.mobile:
            return "SMS_OTP"
        return "EMAIL_OTP" if method == "SMS_OTP" and self.channel == EMAIL and self.mail else method

    @property
    def full_name(self) -> str:
        formatted = self.more.get("name", {}).get("formatted", "") if isinstance(self.more.get("name"), dict) else ""
        return str(formatted) or " ".join(part for part in (self.given_name, self.family_name) if part)


NOBODY = Profile()


@dataclass(frozen=True, slots=True)
class User:
    """A user of one tenant: name and profile from the user store, standing and times from the account."""

    id: UUID
    name: UserName
    profile: Profile
    standing: Standing
    created: datetime
    modified: datetime
    version: int = 1
    email_verified: bool = False
    phone_verified: bool = False
    unassigned: frozenset[str] = frozenset()
    """Of `active` and `accountLocked`: what a client took away. It reads as false and is not shown until somebody writes it again."""
    roles: tuple[str, ...] = ()
    groups: tuple[GroupRef, ...] = ()
    code: str = field(default="", repr=False, compare=False)
    """Set only on the answer of the operation that issued a code for another system to deliver (InternallyManage = false), and for
    a link to hand over: the code, or the link."""


@dataclass(frozen=True, slots=True)
class Invite:
    """How one invitation or reset differs from the tenant's settings. `method` OFFLINE: the link is returned instead of sent."""

    method: Method | None = None
    minutes: int | None = None
    """How long it can be used; -1 for ever."""
    locale: str = ""


@dataclass(frozen=True, slots=True)
class NewUser:
    """What a door asks to be created. Exactly one of: ask_password, a password, or neither (not invited yet)."""

    name: UserName
    profile: Profile
    password: str | None = field(default=None, repr=False)
    ask_password: bool = False
    """Invite the user. A password given beside it is read and ignored (spec section 12)."""
    verify_email: bool = False
    """Keep the given password and ask the owner of the address to confirm it (reference 3.3)."""
    invite: Invite = Invite()
    disabled: bool = False
    locked: bool = False
    """Locked by the administrator from the start."""
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What a door asks to be changed on a user. None = leave it."""

    profile: Profile | None = None
    """The whole next profile (the door has applied its own patch dialect to the present one)."""
    disabled: bool | None = None
    locked: bool | None = None
    """True adds, False removes the administrator's lock; it never ends a pending state."""
    taken_away: frozenset[str] = frozenset()
    """Which of `active` and `accountLocked` is not to be shown any more; `disabled` and `locked` say what that means."""
    password: str | None = field(default=None, repr=False)
    ask_password: bool = False
    force_reset: bool = False
    """Demand a new password by the tenant's method; accountLocked in the same request is then without meaning."""
    invite: Invite = Invite()
    version: int | None = None
    """The version the caller saw; Stale if it is no longer the present one."""


InvitationState = Literal["issued", "queued", "sent", "failed", "opened", "redeemed", "expired", "superseded", "revoked", "exhausted"]
"""`issued`: nobody was written to by us; it is handed over in person, or another system delivers it."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """One invitation and its life, as an administrator reads it (spec section 5)."""

    id: UUID
    scenario: str
    recipient: str
    state: InvitationState
    issued: datetime
    expires: datetime | None
    sent: datetime | None = None
    opened: datetime | None = None
    ended: datetime | None = None
    error: str = ""
    attempts: int = 0
    channel: str = ""
    """EMAIL, SMS, or `""` for a code handed over in person."""
    tries: int = 0
    """Counted wrong tries of a one-time code."""


@dataclass(frozen=True, slots=True)
class Issued:
    """What the operation that issued a code tells its caller."""

    invitation: Invitation
    code: str = field(default="", repr=False)
    """The code itself, only where another system delivers it (InternallyManage = false) or it is handed over in person."""


@dataclass(frozen=True, slots=True)
class UserPage:
    """One page of a list: the rows and the total over all pages."""

    users: list[User]
    total: int
