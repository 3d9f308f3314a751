"""Settings as WSO2's governance API arranges them: categories, connectors, their properties in WSO2's order and under its labels.

Source: reference server 2.1–2.4. Every setting of `core.properties` stands in exactly one connector. Of WSO2's connectors those are left
out that hold nothing Housekey decides.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from housekey.core import properties as p
from housekey.core.properties import BY_NAME, Property

LONGEST_ID = 400
"""Characters of an id that is read."""


def public_id(name: str) -> str:
    """WSO2's id of a thing that has a name: base64url of the name, without padding."""
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def name_of(wanted: str) -> str:
    """The name that an id was made of; padding is passed over. Raises ValueError where none was."""
    text = wanted.rstrip("=")
    if not text or len(text) > LONGEST_ID:
        raise ValueError("That is no id.")
    name = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    if public_id(name) != text:
        raise ValueError("That is no id.")
    return name


@dataclass(frozen=True, slots=True)
class Item:
    """One property of a connector. `name` is a setting's; `label` and `kind` (`boolean`, `integer`, `string`) are WSO2's."""

    name: str
    label: str
    kind: str

    @property
    def definition(self) -> Property:
        return BY_NAME[self.name]


@dataclass(frozen=True, slots=True)
class Connector:
    name: str
    category: str
    friendly: str
    items: tuple[Item, ...]
    order: int = 0

    @property
    def id(self) -> str:
        return public_id(self.name)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(item.name for item in self.items)


@dataclass(frozen=True, slots=True)
class Category:
    name: str
    connectors: tuple[Connector, ...]

    @property
    def id(self) -> str:
        return public_id(self.name)

    def connector(self, wanted: str) -> Connector | None:
        """By its id."""
        return next((item for item in self.connectors if item.id == wanted), None)


_KINDS = {"boolean": "boolean", "minutes": "integer", "number": "integer", "text": "string"}


def _items(*given: tuple[str, str]) -> tuple[Item, ...]:
    """Pairs of a setting's name and WSO2's label; an empty label: the setting's own."""
    return tuple(Item(name, label or BY_NAME[name].label, _KINDS[BY_NAME[name].kind]) for name, label in given)


def _otp(upper: str, lower: str, digits: str, length: str) -> tuple[Item, ...]:
    """WSO2 types the length as a text."""
    classes = _items(
        (upper, "Include uppercase characters in OTP"), (lower, "Include lowercase characters in OTP"), (digits, "Include numbers in OTP"),
    )
    return (*classes, Item(length, "OTP length", "string"))


_ONBOARDING = Connector(
    "user-email-verification", "User Onboarding", "Ask Password",
    (
        *_items(
            (p.ENABLE, "Enable user email verification"),
            (p.CONFIRM_BY_OTP, "Send OTP in e-mail"),
            (p.INVITE_EMAIL_OTP, "Send email OTP to setup the password"),
            (p.INVITE_SMS_OTP, "Send SMS OTP to setup the password"),
        ),
        *_otp(p.OTP_UPPER, p.OTP_LOWER, p.OTP_DIGITS, p.OTP_LENGTH),
        *_items(
            (p.LOCK, "Enable account lock on creation"),
            (p.INTERNAL, "Manage notifications sending internally"),
            (p.ACTIVATION_NOTICE, "Send account activation email"),
            (p.CONFIRM_EXPIRY, "Email verification code expiry time"),
            (p.INVITE_EXPIRY, "Ask password code expiry time"),
            (p.INVITE_REMINDER, ""),
            (p.OFFER_ASK_PASSWORD, ""),
            (p.INVITE_WITHOUT_PASSWORD, ""),
        ),
    ),
)
_RESET = Connector(
    "admin-forced-password-reset", "Account Management", "Password Reset",
    (
        *_items(
            (p.RESET_LINK, "Enable password reset via recovery e-mail"),
            (p.RESET_EMAIL_OTP, "Enable password reset via Email OTP"),
            (p.RESET_SMS_OTP, "Enable password reset via SMS OTP"),
            (p.RESET_OFFLINE, "Enable password reset offline"),
            (p.RESET_EXPIRY, "Admin forced password reset code expiry time"),
            (p.RESET_REMINDER, ""),
        ),
        *_otp(p.RESET_OTP_UPPER, p.RESET_OTP_LOWER, p.RESET_OTP_DIGITS, p.RESET_OTP_LENGTH),
    ),
)
_RECOVERY = Connector(
    "account-recovery", "Account Management", "Account Recovery",
    _items(
        (p.RECOVERY, "Notification based password recovery"),
        (p.RECOVERY_LINK, ""),
        (p.RECOVERY_EMAIL_OTP, "Send OTP in e-mail"),
        (p.RECOVERY_SMS_OTP, ""),
        (p.RECOVERY_EXPIRY, "Recovery callback expiry time"),
        (p.RECOVERY_OTP_EXPIRY, ""),
        (p.RECOVERY_INTERNAL, "Manage notifications sending internally"),
        (p.CALLBACKS, ""),
        (p.RECOVERY_HINT, ""),
    ),
)
_EXPIRY = Connector(
    "passwordExpiry", "Password Policies", "Password Expiry",
    _items((p.AGE, "Enable Password Expiry"), (p.AGE_DAYS, "Password expiry time in days")),
)
_PATTERN = Connector("passwordPolicy", "Password Policies", "Password Validation", _items((p.MIN_LENGTH, ""), (p.MAX_LENGTH, "")))
_ORGANIZATION = Connector("organization", "Other Settings", "Organisation", _items((p.ORGANIZATION, ""), (p.SUPPORT, "")))

CONNECTORS: tuple[Connector, ...] = (_ONBOARDING, _RESET, _RECOVERY, _EXPIRY, _PATTERN, _ORGANIZATION)


def _categories(connectors: Iterable[Connector]) -> tuple[Category, ...]:
    grouped: dict[str, list[Connector]] = {}
    for connector in connectors:
        grouped.setdefault(connector.category, []).append(connector)
    return tuple(Category(name, tuple(members)) for name, members in grouped.items())


CATEGORIES: tuple[Category, ...] = _categories(CONNECTORS)
CATEGORY_BY_ID: dict[str, Category] = {item.id: item for item in CATEGORIES}
CONNECTOR_BY_NAME: dict[str, Connector] = {item.name: item for item in CONNECTORS}
