"""How the settings of `core.properties` are laid out on pages: headings, groups, and methods of which one can be chosen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from housekey.core import properties as names
from housekey.core.properties import PROPERTIES
from housekey.core.properties import Form as Part
from housekey.web.forms import Words


@dataclass(frozen=True, slots=True)
class Radio:
    """Switches of which at most one is on, shown as one choice. `none` is the choice that leaves all of them off."""

    name: str
    legend: Words
    members: tuple[str, ...]
    none: Words
    none_hint: Words
    none_first: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    parts: tuple[str | Radio, ...]
    heading: Words = ""
    lead: Words = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of settings. `address` is its URL name."""

    heading: Words
    lead: Words
    address: str
    sections: tuple[Section, ...]

    @property
    def radios(self) -> Iterator[Radio]:
        return (part for section in self.sections for part in section.parts if isinstance(part, Radio))


INVITE_METHOD = Radio(
    "invitation-method", _("Choose invitation method"), (names.INVITE_EMAIL_OTP, names.INVITE_SMS_OTP),
    _("Email with password setup link"), _("The invitation is an e-mail with a link to choose a password."), none_first=True,
)
RESET_METHOD = Radio(
    "reset-method", _("Choose reset method"), (names.RESET_LINK, names.RESET_EMAIL_OTP, names.RESET_SMS_OTP, names.RESET_OFFLINE),
    _("Off"), _("Nobody can force a reset. Requests for one are refused and name this setting."),
)
_CODES = _("OTP Code Configuration")

SHEETS: dict[Part, Sheet] = {
    "invite": Sheet(
        _("Invite User to Set Password"),
        _("How new users get their first password: they receive a link or a code and choose it themselves."),
        "console-onboarding",
        (
            Section((names.ENABLE, INVITE_METHOD, names.INVITE_EXPIRY, names.INVITE_REMINDER, names.ACTIVATION_NOTICE, names.LOCK)),
            Section((names.OTP_UPPER, names.OTP_LOWER, names.OTP_DIGITS, names.OTP_LENGTH), _CODES,
                    _("How a code looks, wherever an invitation, a confirmation or a recovery carries one.")),
            Section((names.OFFER_ASK_PASSWORD, names.INVITE_WITHOUT_PASSWORD, names.CONFIRM_EXPIRY, names.CONFIRM_BY_OTP, names.INTERNAL),
                    _("More")),
        ),
    ),
    "reset": Sheet(
        _("Admin Initiated Password Reset"),
        _("How a user gets a new password after an administrator demanded one. The old password stops working at once."),
        "console-reset",
        (
            Section((RESET_METHOD, names.RESET_EXPIRY, names.RESET_REMINDER)),
            Section((names.RESET_OTP_UPPER, names.RESET_OTP_LOWER, names.RESET_OTP_DIGITS, names.RESET_OTP_LENGTH), _CODES,
                    _("How the code of a forced reset looks: by e-mail, by SMS and offline.")),
        ),
    ),
    "recovery": Sheet(
        _("Password Recovery"),
        _("What people can do themselves who have forgotten their password."),
        "console-recovery",
        (
            Section((names.RECOVERY, names.RECOVERY_LINK, names.RECOVERY_EMAIL_OTP, names.RECOVERY_SMS_OTP, names.RECOVERY_EXPIRY,
                     names.RECOVERY_OTP_EXPIRY)),
            Section((names.RECOVERY_HINT, names.RECOVERY_INTERNAL, names.CALLBACKS), _("More")),
        ),
    ),
    "password": Sheet(
        _("Password Validation"),
        _("What a new password must look like. These are the rules people see and the rules enforced."),
        "console-password",
        (Section((names.MIN_LENGTH, names.MAX_LENGTH)), Section((names.AGE, names.AGE_DAYS), _("Password age"))),
    ),
    "organization": Sheet(
        _("Organisation"),
        _("The name people know you by, and whom they can ask for help."),
        "console-organization",
        (Section((names.ORGANIZATION, names.SUPPORT)),),
    ),
}


def placed(part: str | Radio) -> tuple[str, ...]:
    """The properties behind one part of a page."""
    return part.members if isinstance(part, Radio) else (part,)


def sections(form: Part) -> tuple[Section, ...]:
    """The groups of a page. A setting that nobody gave a place stands at the end, so that none is ever missing."""
    laid = SHEETS[form].sections
    seen = {name for section in laid for part in section.parts for name in placed(part)}
    rest = tuple(item.name for item in PROPERTIES if item.form == form and item.name not in seen)
    return (*laid, Section(rest)) if rest else laid
