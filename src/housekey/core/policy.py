"""What a tenant may decide, defined once: the console form, the governance API and `deployment.toml` all read this table.

Names and defaults are WSO2's (reference server 1.1, ui 1.3) except where spec section 12 decides otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from housekey.core.codes import MAX_MINUTES
from housekey.core.errors import Invalid

Kind = Literal["boolean", "minutes", "number", "text"]
Form = Literal["invite", "password", "organization"]


@dataclass(frozen=True, slots=True)
class Property:
    """One setting. `name` is WSO2's property, `toml` the `table.key` of deployment.toml, `default` the built-in value as text."""

    name: str
    toml: str
    form: Form
    kind: Kind
    default: str
    label: str
    hint: str
    legacy_label: str = ""
    """What the 5.x or 7.0 console called it, so that a search for the old words finds it."""
    low: int = 0
    high: int = 0
    unit: str = ""


ENABLE = "EmailVerification.Enable"
LOCK = "EmailVerification.LockOnCreation"
INVITE_EXPIRY = "EmailVerification.AskPassword.ExpiryTime"
ACTIVATION_NOTICE = "EmailVerification.AskPassword.AccountActivation"
OFFER_ASK_PASSWORD = "EnableAskPasswordAdminUI"  # noqa: S105 - WSO2's name of a setting
MIN_LENGTH = "passwordPolicy.min.length"
MAX_LENGTH = "passwordPolicy.max.length"
SUPPORT = "organization.support.mail"
ORGANIZATION = "organization.name"

PROPERTIES: tuple[Property, ...] = (
    Property(
        ENABLE,
        "identity_mgt.user_onboarding.enable_email_verification",
        "invite",
        "boolean",
        "true",
        "Invite users to set their own password",
        "When this is off, nobody can be invited: creating a user with askPassword is refused.",
        "Enable User Email Verification",
    ),
    Property(
        INVITE_EXPIRY,
        "identity_mgt.user_onboarding.ask_password_email_validity",
        "invite",
        "minutes",
        "1440",
        "Invitation link/OTP expiry time",
        "How long an invitation can be used. -1 means it never expires, 0 means it expires at once. "
        "A change applies to invitations sent from now on.",
        "Ask password code expiry time",
        low=-1,
        high=MAX_MINUTES,
        unit="minutes",
    ),
    Property(
        ACTIVATION_NOTICE,
        "identity_mgt.user_onboarding.ask_password_account_activation",
        "invite",
        "boolean",
        "true",
        "Send account activation notification",
        "Tells people by e-mail that their password was set and the account is open.",
        "Send account activation email",
    ),
    Property(
        LOCK,
        "identity_mgt.user_onboarding.lock_on_creation",
        "invite",
        "boolean",
        "true",
        "Lock account until password is set",
        "The account stays locked until the invitation is used.",
        "Enable account lock on creation",
    ),
    Property(
        OFFER_ASK_PASSWORD,
        "identity_mgt.user_onboarding.ask_password_from_user",
        "invite",
        "boolean",
        "true",
        "Offer the invitation in the console",
        "When this is off, the console only lets administrators set a password themselves.",
        "Ask password from user",
    ),
    Property(
        MIN_LENGTH,
        "identity_mgt.password_policy.min_length",
        "password",
        "number",
        "8",
        "Minimum password length",
        "8 is the least NIST SP 800-63B-4 allows; it recommends 15 where the password is the only factor.",
        low=8,
        high=64,
        unit="characters",
    ),
    Property(
        MAX_LENGTH,
        "identity_mgt.password_policy.max_password_allowed_length",
        "password",
        "number",
        "128",
        "Maximum password length",
        "Long passphrases should fit. At least 64.",
        low=64,
        high=256,
        unit="characters",
    ),
    Property(
        ORGANIZATION,
        "organization.name",
        "organization",
        "text",
        "",
        "Organisation name",
        "Shown on pages and in messages. Empty: the tenant’s name, else the host name.",
        high=100,
    ),
    Property(
        SUPPORT,
        "organization.support_mail",
        "organization",
        "text",
        "",
        "Support contact",
        "An address or a sentence shown on every page and in every message: whom to ask for help.",
        high=200,
    ),
)

BY_NAME: dict[str, Property] = {item.name: item for item in PROPERTIES}
BY_TOML: dict[str, Property] = {item.toml: item for item in PROPERTIES}

_TRUE = {"true", "1", "on", "yes"}
_FALSE = {"false", "0", "off", "no"}


def clean(name: str, value: str) -> str:
    """Check a value somebody wants to set and return its canonical text. Raises Invalid naming the property."""
    item = BY_NAME.get(name)
    if item is None:
        raise Invalid(f"There is no setting called {name}.", field=name)
    text = value.strip()
    if item.kind == "boolean":
        if text.lower() in _TRUE | _FALSE:
            return "true" if text.lower() in _TRUE else "false"
        raise Invalid(f"{item.label}: expected true or false, not “{text[:40]}”.", field=name)
    if item.kind == "text":
        return _clean_text(item, text)
    try:
        number = int(text)
    except ValueError:
        raise Invalid(f"{item.label}: expected a whole number of {item.unit}, not “{text[:40]}”.", field=name) from None
    if not item.low <= number <= item.high:
        raise Invalid(f"{item.label}: choose a number from {item.low} to {item.high}.", field=name)
    return str(number)


def _clean_text(item: Property, text: str) -> str:
    if len(text) > item.high:
        raise Invalid(f"{item.label}: at most {item.high} characters.", field=item.name)
    if any(ord(char) < 32 or ord(char) == 127 for char in text):
        raise Invalid(f"{item.label}: line breaks and control characters are not allowed.", field=item.name)
    return text


@dataclass(frozen=True, slots=True)
class Effective:
    """One setting as it is in force: its value as text and where that comes from."""

    definition: Property
    value: str
    origin: str
    """`stored`, `deployment.toml line 12`, `environment` or `built in`."""
    version: int = 0
    """Version of the stored value, 0 when none is stored; sent back with a form to detect a lost race."""
    default: str = ""
    """What *revert* would bring back."""
    pinned: str = ""
    """The key of deployment.toml that decides this for all tenants; `""` where a tenant may decide."""

    @property
    def on(self) -> bool:
        return self.value == "true"

    @property
    def number(self) -> int:
        return int(self.value)

    @property
    def stored(self) -> bool:
        return self.origin == "stored"


@dataclass(frozen=True, slots=True)
class Policy:
    """All settings of one tenant in force at one moment."""

    items: dict[str, Effective]

    def on(self, name: str) -> bool:
        return self.items[name].on

    def number(self, name: str) -> int:
        return self.items[name].number

    def text(self, name: str) -> str:
        return self.items[name].value

    def form(self, form: Form) -> list[Effective]:
        return [item for item in self.items.values() if item.definition.form == form]
