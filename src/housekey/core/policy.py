"""What is in force for a tenant, and what a new value has to be like. The settings themselves are in `core.properties`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from housekey.core.claim_rules import Rules
from housekey.core.errors import FeatureOff, Invalid
from housekey.core.otp import OtpShape
from housekey.core.properties import (
    BY_NAME,
    CALLBACKS,
    CHOICES,
    CONFIRM_BY_OTP,
    CONFIRM_EXPIRY,
    INVITE_EMAIL_OTP,
    INVITE_EXPIRY,
    INVITE_REMINDER,
    INVITE_SMS_OTP,
    OTP_CLASSES,
    OTP_DIGITS,
    OTP_LENGTH,
    OTP_LOWER,
    OTP_UPPER,
    RECOVERY,
    RECOVERY_EMAIL_OTP,
    RECOVERY_EXPIRY,
    RECOVERY_LINK,
    RECOVERY_OTP_EXPIRY,
    RECOVERY_SMS_OTP,
    REMINDERS,
    RESET_CHOICE,
    RESET_EMAIL_OTP,
    RESET_EXPIRY,
    RESET_LINK,
    RESET_OFFLINE,
    RESET_OTP_DIGITS,
    RESET_OTP_LENGTH,
    RESET_OTP_LOWER,
    RESET_OTP_UPPER,
    RESET_REMINDER,
    RESET_SMS_OTP,
    Form,
    Property,
)
from housekey.core.scenario import Method, Scenario, scenario_for

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
    if item.name == CALLBACKS:
        for address in text.split():
            _check_callback(item, address)
    return text


def _check_callback(item: Property, address: str) -> None:
    """People are led there after setting a password: only to a whole web address (A-064)."""
    try:
        parts = urlsplit(address)
        good = parts.scheme in {"https", "http"} and bool(parts.hostname) and "@" not in parts.netloc and "\\" not in address
    except ValueError:
        good = False
    if not good:
        raise Invalid(f"{item.label}: “{address[:80]}” is not a whole address. Write it as https://app.example.com/done.", field=item.name)


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
    rules: Rules = field(default_factory=dict)
    """What the tenant asks of the values of attributes."""

    def on(self, name: str) -> bool:
        return self.items[name].on

    def number(self, name: str) -> int:
        return self.items[name].number

    def text(self, name: str) -> str:
        return self.items[name].value

    def form(self, form: Form) -> list[Effective]:
        return [item for item in self.items.values() if item.definition.form == form]

    @property
    def invitation_method(self) -> Method:
        """E-mail OTP before SMS OTP before link, should a file have switched several on (spec section 12)."""
        if self.on(INVITE_EMAIL_OTP):
            return "EMAIL_OTP"
        return "SMS_OTP" if self.on(INVITE_SMS_OTP) else "EMAIL_LINK"

    @property
    def reset_method(self) -> Method:
        """Link before SMS before e-mail OTP before offline. Raises FeatureOff if every one is off."""
        methods: dict[str, Method] = {
            RESET_LINK: "EMAIL_LINK", RESET_SMS_OTP: "SMS_OTP", RESET_EMAIL_OTP: "EMAIL_OTP", RESET_OFFLINE: "OFFLINE",
        }
        for name in RESET_CHOICE.members:
            if self.on(name):
                return methods[name]
        raise FeatureOff(
            "Password resets by an administrator are switched off. Switch a method on: Account Recovery ▸ Admin Initiated Password Reset "
            f"in the console, or {RESET_LINK} (enable_emailed_link_based_reset in deployment.toml).",
            setting=BY_NAME[RESET_LINK].toml, field="forcePasswordReset",
        )

    @property
    def recovery_methods(self) -> tuple[Method, ...]:
        """The ways "Forgot password?" offers, empty where it is off."""
        offered: tuple[tuple[str, Method], ...] = (
            (RECOVERY_LINK, "EMAIL_LINK"), (RECOVERY_EMAIL_OTP, "EMAIL_OTP"), (RECOVERY_SMS_OTP, "SMS_OTP"),
        )
        return tuple(method for name, method in offered if self.on(name)) if self.on(RECOVERY) else ()

    @property
    def confirmation(self) -> Scenario:
        return scenario_for("confirmation", "EMAIL_OTP" if self.on(CONFIRM_BY_OTP) else "EMAIL_LINK")

    def minutes(self, scenario: Scenario) -> int:
        """How long a code of this scenario lives; -1 for ever."""
        if scenario.purpose == "recovery":
            return self.number(RECOVERY_OTP_EXPIRY if scenario.otp else RECOVERY_EXPIRY)
        names = {"invitation": INVITE_EXPIRY, "reset": RESET_EXPIRY, "confirmation": CONFIRM_EXPIRY}
        return self.number(names[scenario.purpose])

    def reminder(self, scenario: Scenario) -> int:
        """Minutes before the end of a code at which its owner is reminded; 0 for not at all."""
        names = {"invitation": INVITE_REMINDER, "reset": RESET_REMINDER}
        return self.number(names[scenario.purpose]) if scenario.purpose in names and scenario.channel else 0

    def shape(self, scenario: Scenario) -> OtpShape:
        """How a one-time code of this scenario looks. A forced reset uses A–Z 0–9 unless the tenant sets otherwise (spec section 4)."""
        if scenario.purpose != "reset":
            return OtpShape(self.number(OTP_LENGTH), self._classes(OTP_UPPER, OTP_LOWER, OTP_DIGITS))
        classes = self._classes(RESET_OTP_UPPER, RESET_OTP_LOWER, RESET_OTP_DIGITS)
        return OtpShape(self.number(RESET_OTP_LENGTH), "x" if classes == "ud" else classes)

    def _classes(self, upper: str, lower: str, digits: str) -> str:
        chosen = "".join(letter for letter, name in (("u", upper), ("l", lower), ("d", digits)) if self.on(name))
        return chosen or "d"  # a file may have switched all of them off; a code needs some characters


def settle_choices(items: dict[str, Effective]) -> dict[str, Effective]:
    """A built-in default gives way as soon as another method of the same choice is on (spec section 6)."""
    for choice in CHOICES:
        default = items.get(choice.default)
        if default and default.origin == "built in" and any(items[name].on for name in choice.members if name != choice.default):
            items[choice.default] = replace(default, value="false")
    return items


def check_together(before: Policy, after: Mapping[str, str]) -> None:
    """Judge a change by its end state: one method of each choice, at least one class of characters. Raises Invalid.

    `after` holds the values of all settings as they would be in force; `before` only serves to say what was on already.
    """
    for choice in CHOICES:
        on = [name for name in choice.members if after[name] == "true"]
        if len(on) > 1:
            kept = next((name for name in on if before.on(name)), on[0])
            second = next(name for name in on if name != kept)
            raise Invalid(
                f"“{BY_NAME[kept].label}” is on already, and there can be only one {choice.label}. "
                f"Switch it off to use “{BY_NAME[second].label}”.",
                field=second,
            )
    for classes in OTP_CLASSES:
        if all(after[name] == "false" for name in classes):
            sentence = "A one-time code needs some characters: leave uppercase letters, lowercase letters or numbers on."
            raise Invalid(sentence, field=classes[2])
    for name, lifetime in REMINDERS:
        if 0 < int(after[lifetime]) <= int(after[name]):
            raise Invalid(
                f"{BY_NAME[name].label}: choose fewer minutes than “{BY_NAME[lifetime].label}” has, {after[lifetime]}, or 0 for none.",
                field=name,
            )
